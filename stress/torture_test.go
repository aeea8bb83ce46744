package stress

import "testing"

func TestTortures(t *testing.T) {
	for _, torture := range Tortures {
		t.Run(torture.Name, func(t *testing.T) {
			n := torture.N
			if testing.Short() {
				n = max(1, n/10)
			}
			// What is left must not grow with n.
			if err := Balanced(64<<10, func() error { return torture.Run(1, n) }); err != nil {
				t.Error(err)
			}
		})
	}
}
