package debug_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/vstack-go/vstack/vstack"
	"github.com/vstack-go/vstack/vstack/debug"
)

// A stack that comes to no guard is shown with its last answer, and with what it does
// according to the goroutine profile.
func TestLate(t *testing.T) {
	var mu sync.Mutex
	mu.Lock()
	for name, test := range map[string]struct {
		wait func(done chan bool)
		want []string
	}{
		"channel": {func(done chan bool) { <-done }, []string{"late: it waits for a channel in debug_test."}},
		"select": {func(done chan bool) {
			select {
			case <-done:
			case <-make(chan int):
			}
		}, []string{"late: it waits in a select in debug_test."}},
		"mutex": {func(done chan bool) { go func() { <-done; mu.Unlock() }(); mu.Lock() }, []string{"waits for a mutex in debug_test."}},
		"await": {func(done chan bool) {
			_, _ = vstack.Await(vstack.Current(), func() (int, error) { <-done; return 0, nil })
		}, []string{"late: 1 in Await", "(waits for a channel in debug_test."}},
		"busy": {func(done chan bool) {
			for len(done) == 0 {
			}
		}, []string{"late: it runs"}},
	} {
		t.Run(name, func(t *testing.T) {
			answer, waiting, done, finished := make(chan bool), make(chan bool), make(chan bool, 1), make(chan error)
			go func() {
				_, err := vstack.Run(context.Background(), func(_ context.Context, s *vstack.Stack) (int, error) {
					climb(s, "secret", 1000, func() {
						for {
							select {
							case <-answer:
								close(waiting)
								test.wait(done)
								return
							default:
								climb(s, "secret", 1, func() {})
							}
						}
					})
					return 0, nil
				}, vstack.WithName("late "+name))
				finished <- err
			}()
			before := ""
			for range 200 { // until it is deep, and has answered
				if before = answered(t, "").Body.String(); strings.Contains(before, "climb → climb x ") {
					break
				}
			}
			answer <- true
			<-waiting
			body := ""
			for range 50 { // until it waits
				debug.Forget()
				if body = get(t, "").Body.String(); strings.Contains(body, test.want[0]) {
					break
				}
			}
			for _, part := range append(test.want, "late "+name, `class="late"`, "seen ", "climb → climb x ") {
				if !strings.Contains(body, part) {
					t.Errorf("%q is not on the page", part)
				}
			}
			if t.Failed() {
				i := strings.Index(body, "late: ")
				t.Logf("%.300s", body[max(i, 0):])
			}
			done <- true
			close(done)
			if err := <-finished; err != nil {
				t.Error(err)
			}
			debug.Forget()
		})
	}
}

// The goroutine profile knows names. What it says of one that several stacks have is said
// of all of them.
func TestLateTogether(t *testing.T) {
	done, finished, entered := make(chan bool), make(chan error), make(chan bool)
	for range 3 {
		go func() {
			_, err := vstack.Run(context.Background(), func(context.Context, *vstack.Stack) (int, error) {
				entered <- true
				<-done
				return 0, nil
			}, vstack.WithName("together"))
			finished <- err
		}()
		<-entered
	}
	const want = "late: it waits; all of its name: 3 × waits for a channel in debug_test."
	body := ""
	for range 50 { // until they all wait
		debug.Forget()
		if body = get(t, "").Body.String(); strings.Contains(body, want) {
			break
		}
	}
	if !strings.Contains(body, want) {
		t.Errorf("%.300s", body[max(strings.Index(body, "late: "), 0):])
	}
	close(done)
	for range 3 {
		if err := <-finished; err != nil {
			t.Error(err)
		}
	}
	debug.Forget()
}

// Stacks without a name have no label in the goroutine profile. They are known by what is on
// their goroutines, and one that waits is told from those that run.
func TestLateWithoutName(t *testing.T) {
	for _, levels := range []int{10, 100_000} {
		done, finished, waiting := make(chan bool), make(chan error), make(chan bool)
		go func() {
			_, err := vstack.Run(context.Background(), func(_ context.Context, s *vstack.Stack) (int, error) {
				climb(s, "secret", levels, func() { close(waiting); <-done })
				return 0, nil
			})
			finished <- err
		}()
		<-waiting
		const want = "late: it waits for a channel in debug_test."
		body := ""
		for range 50 { // until it waits
			debug.Forget()
			if body = get(t, "").Body.String(); strings.Contains(body, want) {
				break
			}
		}
		if !strings.Contains(body, want) {
			t.Errorf("%d levels: %.300s", levels, body[max(strings.Index(body, "late: it"), 0):])
		}
		close(done)
		if err := <-finished; err != nil {
			t.Error(err)
		}
		debug.Forget()
	}
}

// Pools, budgets and totals are on the page.
func TestProgram(t *testing.T) {
	p := vstack.NewPool(vstack.WithName("requests"), vstack.WithBudget(vstack.NewBudget(64<<20)))
	defer p.Close()
	bare := vstack.NewBudget(32 << 20)
	if err := p.Run(t.Context(), func(context.Context, *vstack.Stack) error { return nil }); err != nil {
		t.Fatal(err)
	}
	debug.Forget()
	body := get(t, "").Body.String()
	for _, part := range []string{"requests", "ambient", "64.0 MiB", "a budget without a pool", "32.0 MiB", "Overflows", "Idle in pools", "memory of all segments over the last "} {
		if !strings.Contains(body, part) {
			t.Errorf("%q is not on the page", part)
		}
	}
	if text := get(t, "?as=json").Body.String(); !strings.Contains(text, `"idleBytes"`) || !strings.Contains(text, `"name": "requests"`) {
		t.Error(text)
	}
	_ = bare.InUse()
}
