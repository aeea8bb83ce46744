package debug_test

import (
	"context"
	"encoding/json"
	"fmt"
	"html"
	"strings"
	"sync"
	"testing"

	"github.com/vstack-go/vstack/vstack"
	"github.com/vstack-go/vstack/vstack/debug"
)

// A stack that got stuck before anybody looked is shown with its frames.
func TestStuckBeforeTheFirstLook(t *testing.T) {
	var mu sync.Mutex
	mu.Lock()
	for name, test := range map[string]struct {
		wait func(done chan bool)
		what string
	}{
		"channel": {stuckOnChannel, "waits for a channel"},
		"mutex":   {func(done chan bool) { go func() { <-done; mu.Unlock() }(); stuckOnMutex(&mu) }, "waits for a mutex"},
		"await":   {stuckInAwait, "waits for a channel"},
	} {
		for _, levels := range []int{3, 100_000} {
			if levels > 3 && name != "channel" {
				continue
			}
			t.Run(fmt.Sprint(name, levels), func(t *testing.T) {
				s := vstack.New(vstack.WithName("stuck " + name))
				defer s.Close()
				waiting, done, finished := make(chan bool), make(chan bool), make(chan error)
				go func() {
					finished <- s.Run(context.Background(), func(context.Context) error {
						climb(s, "secret", levels, func() { close(waiting); test.wait(done) })
						return nil
					})
				}()
				<-waiting
				function := map[string]string{"channel": "stuckOnChannel", "mutex": "stuckOnMutex", "await": "stuckInAwait"}[name]
				recursion := "climb → climb"
				if levels > 1000 {
					recursion = "climb → climb x 1" // 100 and some of 100,000
				}
				body := look(50, func() string { // until it waits
					debug.Forget()
					return row1(t, get(t, "").Body.String(), s)
				}, function)
				for _, part := range []string{"late", test.what, "by the goroutine profile", function, recursion} {
					if !strings.Contains(body, part) {
						t.Errorf("%q is not in the row:\n%s", part, body)
					}
				}
				one := fmt.Sprintf("?id=%d", s.ID())
				body = html.UnescapeString(get(t, one).Body.String())
				for _, part := range []string{"1 × " + test.what, "debug_test." + function, "stuck_test.go:", "debug_test.climb("} {
					if !strings.Contains(body, part) {
						t.Errorf("%q is not on the page of the stack", part)
					}
				}
				if text := get(t, one+"&as=text").Body.String(); !strings.Contains(text, "stuck_test.go:") || strings.Contains(text, "/debug/pprof/") {
					t.Error(text)
				}
				var list struct {
					Stacks []struct {
						ID      uint64
						Summary string
					}
				}
				if err := json.Unmarshal(get(t, "?as=json").Body.Bytes(), &list); err != nil {
					t.Fatal(err)
				}
				for _, row := range list.Stacks {
					if row.ID == s.ID() && !strings.Contains(row.Summary, function) {
						t.Errorf("%+v", row)
					}
				}
				done <- true
				if err := <-finished; err != nil {
					t.Error(err)
				}
				debug.Forget()
			})
		}
	}
}

//go:noinline
func stuckOnChannel(done chan bool) { <-done }

//go:noinline
func stuckOnMutex(mu *sync.Mutex) { mu.Lock() }

//go:noinline
func stuckInAwait(done chan bool) {
	_, _ = vstack.Await(vstack.Current(), func() (int, error) { <-done; return 0, nil })
}

// row1 returns the row of one stack in the list.
func row1(t *testing.T, body string, s *vstack.Stack) string {
	t.Helper()
	_, row, _ := strings.Cut(body, fmt.Sprintf(`id="stack-%d"`, s.ID()))
	row, _, _ = strings.Cut(row, "</tr>")
	return html.UnescapeString(row)
}

// Of several with one name it is shown where each of them is, and how many are there.
func TestStuckTogether(t *testing.T) {
	done, finished, entered := make(chan bool), make(chan error), make(chan bool)
	var mu sync.Mutex
	mu.Lock()
	var last *vstack.Stack
	for i := range 3 {
		s := vstack.New(vstack.WithName("stuck together"))
		defer s.Close()
		last = s
		go func() {
			finished <- s.Run(context.Background(), func(context.Context) error {
				entered <- true
				if i == 0 {
					stuckOnMutex(&mu)
				} else {
					stuckOnChannel(done)
				}
				return nil
			})
		}()
		<-entered
	}
	body := look(50, func() string {
		debug.Forget()
		row := row1(t, get(t, "").Body.String(), last)
		if !strings.Contains(row, "2 × waits") { // both
			return ""
		}
		return row
	}, "stuckOnMutex")
	for _, part := range []string{"all of its name", "2 × ", "1 × ", "→ stuckOnChannel</div>", "→ stuckOnMutex"} {
		if !strings.Contains(body, part) {
			t.Errorf("%q is not in the row:\n%s", part, body)
		}
	}
	mu.Unlock()
	close(done)
	for range 3 {
		if err := <-finished; err != nil {
			t.Error(err)
		}
	}
	debug.Forget()
}
