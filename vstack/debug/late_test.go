package debug_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/vstack-go/vstack/vstack"
	"github.com/vstack-go/vstack/vstack/debug"
	"github.com/vstack-go/vstack/vstack/serve"
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
			shownLate(t, "late "+name, func(done chan bool, ready func()) { ready(); test.wait(done) }, test.want)
		})
	}
}

// shownLate has a stack come to no guard, by wait, and looks for what the page says then: from
// when it is ready, so that nobody asks a stack that is still on its way there.
func shownLate(t *testing.T, name string, wait func(done chan bool, ready func()), want []string) {
	deep, answer, waiting, done, finished := make(chan bool), make(chan bool), make(chan bool), make(chan bool, 1), make(chan error)
	go func() {
		_, err := vstack.Run(context.Background(), func(_ context.Context, s *vstack.Stack) (int, error) {
			climb(s, "secret", 1000, func() {
				close(deep)
				for {
					select {
					case <-answer:
						wait(done, func() { close(waiting) })
						return
					default:
						climb(s, "secret", 1, func() {})
					}
				}
			})
			return 0, nil
		}, vstack.WithName(name))
		finished <- err
	}()
	<-deep
	// It has answered.
	look(200, func() string { return answered(t, "").Body.String() }, "climb → climb x ")
	answer <- true
	<-waiting
	body := look(50, func() string {
		debug.Forget()
		return get(t, "").Body.String()
	}, want[0])
	for _, part := range append(want, name, `class="late"`, "seen ", "climb → climb x ") {
		if !strings.Contains(body, part) {
			t.Errorf("%q is not on the page", part)
		}
	}
	if t.Failed() {
		t.Logf("%.1500s", body[max(strings.Index(body, name), 0):])
	}
	done <- true
	close(done)
	if err := <-finished; err != nil {
		t.Error(err)
	}
	debug.Forget()
}

// The segments and frames of a row are those of one moment.
func TestRowsAgree(t *testing.T) {
	if !vstack.Supported {
		t.Skip("no guards in this build")
	}
	s := vstack.New()
	defer s.Close()
	err := s.Run(t.Context(), func(context.Context) error {
		climb(s, "secret", 10, func() {
			var trace *vstack.Trace
			stats := debug.Agree(s, func() *vstack.Trace {
				climb(s, "secret", 100_000, func() { trace = s.Trace() })
				return trace
			})
			if stats.Segments != trace.Segments || stats.Bytes != trace.Bytes || trace.Segments < 5 {
				t.Errorf("%+v, and the trace has %d segments", stats, trace.Segments)
			}
			before := s.Stats()
			if stats := debug.Agree(s, func() *vstack.Trace { return trace }); stats != before { // as of a stack with branches
				t.Errorf("%+v, want %+v", stats, before)
			}
		})
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	// An old answer is not shown with the depth of today.
	shownLate(t, "late deeper", func(done chan bool, ready func()) {
		climb(vstack.Current(), "secret", 100_000, func() {
			body := look(50, func() string {
				debug.Forget()
				return get(t, "?as=json").Body.String()
			}, `"late": true`)
			var list struct {
				Stacks []struct {
					Name  string
					Late  bool
					Depth int64
					Stats vstack.Stats
				}
			}
			if err := json.Unmarshal([]byte(body), &list); err != nil {
				t.Error(err)
			}
			for _, s := range list.Stacks {
				if s.Name == "late deeper" && (!s.Late || s.Stats.Segments < 5 || s.Depth != 0) {
					t.Errorf("%+v", s)
				}
			}
			ready()
			<-done
		})
	}, []string{"late: it "})
}

// look looks at a page until it has the text, so many times at most.
func look(times int, page func() string, text string) (body string) {
	for range times {
		if body = page(); strings.Contains(body, text) {
			break
		}
	}
	return body
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
	body := look(50, func() string { // until they all wait
		debug.Forget()
		return get(t, "").Body.String()
	}, want)
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
	// A goroutine that is on no stack, though it waits in the library, is none of them.
	group, hold := vstack.NewGroup(context.Background(), vstack.WithName("group")), make(chan bool)
	group.Go(func(context.Context, *vstack.Stack) error { <-hold; return nil })
	waited := make(chan error)
	go func() { waited <- group.Wait() }()
	defer func() {
		close(hold)
		if err := <-waited; err != nil {
			t.Error(err)
		}
		debug.Forget()
	}()
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
		var notes []string
		said := func(note string) bool { return strings.HasPrefix(note, "late: it waits for a channel in debug_test.") }
		for range 50 { // until it waits
			debug.Forget()
			if notes = nameless(t); slices.ContainsFunc(notes, said) {
				break
			}
		}
		if !slices.ContainsFunc(notes, said) {
			t.Errorf("%d levels: %q", levels, notes)
		}
		close(done)
		if err := <-finished; err != nil {
			t.Error(err)
		}
		debug.Forget()
	}
}

// nameless returns what the page says of stacks without a name.
func nameless(t *testing.T) (notes []string) {
	t.Helper()
	for _, s := range rows(t) {
		if s.Name == "" {
			notes = append(notes, s.Note)
		}
	}
	return notes
}

// A row is what the page says of a stack.
type row struct {
	Name, Note string
	Late       bool
}

func rows(t *testing.T) []row {
	t.Helper()
	var list struct{ Stacks []row }
	if err := json.Unmarshal(get(t, "?as=json").Body.Bytes(), &list); err != nil {
		t.Fatal(err)
	}
	return list.Stacks
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
	// Names begin with small letters, those of package vstack's fields too.
	if text := get(t, "?as=json").Body.String(); regexp.MustCompile(`"[A-Z]\w*":`).MatchString(text) {
		t.Error(text)
	}
	_ = bare.InUse()
}

// The lanes of package serve are on the page, and their budgets have names.
func TestLanes(t *testing.T) {
	gate := serve.New(serve.Config{Name: "lanes", Memory: 32 << 20, Large: 1})
	defer gate.Close()
	entered, leave, done := make(chan bool), make(chan bool), make(chan bool, 2)
	h := gate.Handler(func(http.ResponseWriter, *http.Request) error { entered <- true; <-leave; return nil })
	request := func() {
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("POST", "/", strings.NewReader(strings.Repeat("[", 20_000))))
		done <- true
	}
	go request()
	<-entered
	go request()
	for gate.Stats().Large.Waiting == 0 {
		runtime.Gosched()
	}
	debug.Forget()
	body := get(t, "").Body.String()
	for _, part := range []string{"lanes/small", "lanes/large", `data-label="waiting">1<`} {
		if !strings.Contains(body, part) {
			t.Errorf("%q is not on the page", part)
		}
	}
	var list struct {
		Pools []struct {
			Name   string
			Budget int64
		}
		Lanes []struct {
			Name                             string
			Slots, Running, Waiting, Refused int64
		}
	}
	if err := json.Unmarshal(get(t, "?as=json").Body.Bytes(), &list); err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, l := range list.Lanes {
		if l.Name == "lanes/large" && l.Slots == 1 && l.Running == 1 && l.Waiting == 1 {
			found++
		}
	}
	for _, p := range list.Pools {
		if p.Name == "lanes/large" && p.Budget == 16<<20 {
			found++
		}
	}
	if found != 2 {
		t.Errorf("%+v", list)
	}
	leave <- true
	<-entered
	leave <- true
	<-done
	<-done
	gate.Close()
	debug.Forget()
	if body := get(t, "").Body.String(); strings.Contains(body, "lanes/") {
		t.Error("the lanes of a closed gate are on the page")
	}
}
