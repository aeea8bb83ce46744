package debug_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/vstack-go/vstack/vstack"
	"github.com/vstack-go/vstack/vstack/debug"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// climb recurses; what it was called with must not be on the page.
func climb(s *vstack.Stack, secret string, n int, top func()) {
	if s.Low() {
		s.Do(func() { climb(s, secret, n, top) })
		return
	}
	if n == 0 {
		top()
		return
	}
	climb(s, secret, n-1, top)
}

func get(t *testing.T, target string) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	debug.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/debug/vstack/"+target, nil))
	return w
}

// answered gets a page for which all stacks that run have answered: on a busy
// machine that may be the second or third.
func answered(t *testing.T, target string) (w *httptest.ResponseRecorder) {
	t.Helper()
	for range 50 {
		debug.Forget()
		if w = get(t, target); !strings.Contains(w.Body.String(), `class="late"`) {
			break
		}
	}
	return w
}

// deep calls look while a stack of the given name is deep and passes guards.
func deep(t *testing.T, name string, levels int, look func(id uint64)) {
	t.Helper()
	s := vstack.New(vstack.WithName(name), vstack.WithMaxMemory(0))
	defer s.Close()
	ready, done, finished := make(chan struct{}), make(chan struct{}), make(chan error)
	go func() {
		finished <- s.Run(context.Background(), func(context.Context) error {
			climb(s, "secret", levels, func() {
				close(ready)
				for {
					select {
					case <-done:
						return
					default:
						climb(s, "secret", 1, func() {})
					}
				}
			})
			return nil
		})
	}()
	<-ready
	look(s.ID())
	close(done)
	if err := <-finished; err != nil {
		t.Error(err)
	}
}

func TestList(t *testing.T) {
	deep(t, `the "parser" <b>`, 300_000, func(id uint64) {
		w := answered(t, "")
		body := w.Body.String()
		if w.Code != 200 || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") {
			t.Fatal(w.Code, w.Header())
		}
		for _, part := range []string{
			"the &#34;parser&#34; &lt;b&gt;", fmt.Sprintf(`href="?id=%d"`, id), "running", "<svg", "<polyline",
			"climb → climb x ", "segments not walked", `href="?as=json"`, "prefers-color-scheme: dark", "about ",
		} {
			if !strings.Contains(body, part) {
				t.Errorf("%q is not on the page", part)
			}
		}
		check(t, w)
	})
}

// check looks for what must be on no page.
func check(t *testing.T, w *httptest.ResponseRecorder) {
	t.Helper()
	body := w.Body.String()
	for _, part := range []string{"secret", "<b>", "http://", "https://", " src=", "@import", "url("} {
		if strings.Contains(body, part) {
			t.Errorf("%q is on the page", part)
		}
	}
	policy := w.Header().Get("Content-Security-Policy")
	if !strings.HasPrefix(policy, "default-src 'none';") || strings.Contains(policy, "unsafe") {
		t.Errorf("the policy is %q", policy)
	}
	// The style and script are those that the policy allows.
	inline := regexp.MustCompile(`(?s)<(?:style|script)>(.*?)</(?:style|script)>`).FindAllStringSubmatch(body, -1)
	if len(inline) != 2 {
		t.Errorf("%d styles and scripts", len(inline))
	}
	for _, m := range inline {
		sum := sha256.Sum256([]byte(m[1]))
		if hash := base64.StdEncoding.EncodeToString(sum[:]); !strings.Contains(policy, "-src 'sha256-"+hash+"'") {
			t.Errorf("the policy is %q, not for %.60q", policy, m[1])
		}
	}
}

func TestStack(t *testing.T) {
	deep(t, "parser", 50_000, func(id uint64) {
		target := fmt.Sprintf("?id=%d", id)
		w := answered(t, target)
		body := w.Body.String()
		for _, part := range []string{"parser", "virtual stack &#34;parser&#34; [", "debug_test.climb(...)\n\t", "debug_test.go:", "frames above", "climb → climb x "} {
			if !strings.Contains(body, part) {
				t.Errorf("%q is not on the page", part)
			}
		}
		check(t, w)
		w = answered(t, target+"&as=text")
		if got := w.Body.String(); !strings.Contains(got, "climb -> climb x ") || !strings.Contains(got, "debug_test.climb(...)\n\t") {
			t.Error(got)
		}
		var trace struct {
			Name    string
			Summary string
		}
		if err := json.Unmarshal(answered(t, target+"&as=json").Body.Bytes(), &trace); err != nil || trace.Name != "parser" || !strings.Contains(trace.Summary, "climb") {
			t.Error(err, trace)
		}
		if w := get(t, target+"&as=pprof"); w.Code != http.StatusBadRequest {
			t.Error(w.Code)
		}
	})
}

func TestJSON(t *testing.T) {
	deep(t, "parser", 10_000, func(id uint64) {
		var list struct {
			Stacks []struct {
				ID         uint64
				Name       string
				AgeSeconds float64
				Stats      vstack.Stats
				Summary    string
			}
		}
		if err := json.Unmarshal(answered(t, "?as=json").Body.Bytes(), &list); err != nil {
			t.Fatal(err)
		}
		for _, s := range list.Stacks {
			if s.ID == id {
				if s.Name != "parser" || !s.Stats.Running || s.Stats.Segments < 2 || !strings.Contains(s.Summary, "climb -> climb x ") {
					t.Errorf("%+v", s)
				}
				return
			}
		}
		t.Errorf("the stack is not listed: %+v", list)
	})
}

// A stack that does not come to a guard holds up nobody for long, and its
// neighbours are shown.
func TestNoAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := vstack.New(vstack.WithName("blocked"))
		defer s.Close()
		done, finished := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(finished)
			_ = s.Run(t.Context(), func(context.Context) error { <-done; return nil })
		}()
		synctest.Wait()
		debug.Forget()
		start := time.Now()
		body := get(t, "").Body.String()
		if took := time.Since(start); took > time.Second || !strings.Contains(body, "blocked") || !strings.Contains(body, "late: it waits for a channel in debug_test.") {
			t.Errorf("after %v:\n%s", took, body)
		}
		target := fmt.Sprintf("?id=%d", s.ID())
		// Nobody has looked before it was stuck: its frames are those of the goroutine profile.
		const elsewhere = "debug_test.go:"
		for _, as := range []string{"json", "text"} {
			if w := get(t, target+"&as="+as); w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), elsewhere) {
				t.Error(w.Code, w.Body)
			}
		}
		if body := get(t, target).Body.String(); !strings.Contains(body, elsewhere) || !strings.Contains(body, "late for at least 1.6s: it waits for a channel in debug_test.") {
			t.Error(body)
		}
		close(done)
		<-finished
		debug.Forget()
	})
}

// What is listed is bounded, and kept alive by nobody.
func TestMany(t *testing.T) {
	for range 300 {
		s := vstack.New()
		defer s.Close()
	}
	debug.Forget()
	var list struct {
		Stacks []struct{ Note string }
		More   int
	}
	if err := json.Unmarshal(get(t, "?as=json").Body.Bytes(), &list); err != nil {
		t.Fatal(err)
	}
	if len(list.Stacks) != 200 || list.More < 100 || list.Stacks[0].Note != "idle" {
		t.Errorf("%d stacks and %d more", len(list.Stacks), list.More)
	}
	debug.Forget()
}

func TestOther(t *testing.T) {
	for target, code := range map[string]int{
		"?id=0": 404, "?id=-1": 404, "?id=%3Cb%3E": 404, "?id=18446744073709551615": 404, "?as=xml": 400,
		"?as=pprof": 501, // this program does not import package profile
	} {
		w := get(t, target)
		if w.Code != code {
			t.Errorf("%s: %d", target, w.Code)
		}
		if code == 404 {
			check(t, w)
		}
	}
	// Whoever asks for a form without HTML gets errors without it, which say what to do.
	for target, want := range map[string]string{
		"?id=1234567&as=text": "stack \"1234567\" is not alive", "?id=x&as=json": "stack \"x\" is not alive",
		"?as=pprof": `import _ "github.com/vstack-go/vstack/vstack/profile"`,
	} {
		w := get(t, target)
		if !strings.HasPrefix(w.Header().Get("Content-Type"), "text/plain") || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s: %v %s", target, w.Header(), w.Body)
		}
	}
	w := httptest.NewRecorder()
	debug.Handler().ServeHTTP(w, httptest.NewRequest("POST", "/debug/vstack/", nil))
	if w.Code != http.StatusMethodNotAllowed {
		t.Error(w.Code)
	}
	// The import has mounted it.
	w = httptest.NewRecorder()
	http.DefaultServeMux.ServeHTTP(w, httptest.NewRequest("GET", "/debug/vstack/", nil))
	if w.Code != 200 || !strings.Contains(w.Body.String(), "Virtual stacks") {
		t.Error(w.Code)
	}
}

func ExampleHandler() {
	mux := http.NewServeMux()
	mux.Handle("/debug/vstack/", debug.Handler())
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest("GET", "/debug/vstack/", nil))
	fmt.Println(w.Code, w.Header().Get("Content-Type"))
	// Output: 200 text/html; charset=utf-8
}
