package self

import "testing"

// A guard that seems low asks Look, and says what that says.
func TestLook(t *testing.T) {
	if !Supported {
		t.Skip("the guard is never low in this build")
	}
	before := Look
	defer func() { Look = before }()
	id, _, _ := Bounds()
	SlotOf(id).Mark()
	defer SlotOf(id).Unmark()
	asked, answer := 0, false
	Look = func() bool {
		asked++
		grown(100) // which has room to do as it likes
		return answer
	}
	for i := range 100 {
		answer = i%2 == 0
		if Low() != answer {
			t.Fatalf("the guard does not say what Look says, %v", answer)
		}
	}
	if asked != 100 {
		t.Errorf("asked %d times", asked)
	}
}

//go:noinline
func grown(n int) int {
	var pad [64]int
	pad[n%64] = n
	if n == 0 {
		return 0
	}
	return grown(n-1) + pad[(n+1)%64]
}
