package profile_test

import (
	"bytes"
	"context"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	pprof "github.com/google/pprof/profile"
	"go.uber.org/goleak"

	"github.com/vstack-go/vstack/vstack"
	"github.com/vstack-go/vstack/vstack/debug"
	"github.com/vstack-go/vstack/vstack/profile"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func eval(s *vstack.Stack, n int, leaf func()) int {
	if s.Low() {
		return vstack.GrowOn(s, func() int { return eval(s, n, leaf) })
	}
	if n == 0 {
		leaf()
		return 0
	}
	return evalBinary(s, n, leaf)
}

//go:noinline
func evalBinary(s *vstack.Stack, n int, leaf func()) int { return eval(s, n-1, leaf) + 1 }

// during calls look while a stack is so many levels deep and passes guards.
func during(t *testing.T, levels int, look func()) {
	t.Helper()
	s := vstack.New(vstack.WithName("sums"), vstack.WithMaxMemory(0))
	defer s.Close()
	ready, done, finished := make(chan struct{}), make(chan struct{}), make(chan error)
	go func() {
		finished <- s.Run(context.Background(), func(context.Context) error {
			eval(s, levels, func() {
				close(ready)
				for {
					select {
					case <-done:
						return
					default:
						eval(s, 1, func() {})
					}
				}
			})
			return nil
		})
	}()
	<-ready
	look()
	close(done)
	if err := <-finished; err != nil {
		t.Error(err)
	}
}

// total adds up the values of the samples whose last call is of a function.
func total(p *pprof.Profile, function string) (depth, bytes int64) {
	for _, s := range p.Sample {
		if strings.HasSuffix(s.Location[0].Line[0].Function.Name, function) {
			depth += s.Value[0]
			bytes += s.Value[1]
		}
	}
	return depth, bytes
}

func TestProfile(t *testing.T) {
	for _, levels := range []int{20_000, 1_000_000} { // read whole, and scaled up
		during(t, levels, func() {
			var b bytes.Buffer
			if err := profile.Write(&b); err != nil {
				t.Fatal(err)
			}
			p, err := pprof.Parse(&b)
			if err != nil {
				t.Fatal(err)
			}
			if err := p.CheckValid(); err != nil {
				t.Fatal(err)
			}
			depth, bytes := total(p, ".evalBinary")
			if off := depth - int64(levels); off < -int64(levels)/20 || off > int64(levels)/20 || bytes < depth*32 || bytes > depth*400 {
				t.Errorf("%d levels: %d frames and %d bytes", levels, depth, bytes)
			}
			// Whole ancestries: from the newest call to the oldest.
			whole := false
			for _, s := range p.Sample {
				if s.Label["vstack"][0] != "sums" {
					t.Errorf("label %q", s.Label)
				}
				first, last := s.Location[0].Line[0].Function.Name, s.Location[len(s.Location)-1].Line[0].Function.Name
				if strings.HasSuffix(first, ".evalBinary") && strings.HasSuffix(last, ".during.func1") {
					whole = true
				}
			}
			if !whole {
				t.Errorf("no ancestry down to the root:\n%s", p)
			}
		})
	}
	if p := profile.Profile(); len(p.Sample) != 0 {
		t.Errorf("with no stack that runs: %s", p)
	}
}

func TestTop(t *testing.T) {
	goTool, err := exec.LookPath("go")
	if err != nil {
		t.Skip("no go command:", err)
	}
	file := filepath.Join(t.TempDir(), "stacks.pb.gz")
	during(t, 30_000, func() {
		f, err := os.Create(file)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if err := profile.Write(f); err != nil {
			t.Fatal(err)
		}
	})
	top := func(args ...string) string {
		out, err := exec.Command(goTool, append(append([]string{"tool", "pprof", "-symbolize=none"}, args...), file)...).CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		t.Logf("%s", out)
		return string(out)
	}
	row := regexp.MustCompile(`(?m)^\s*(\d+)\s+\S+%\s+\S+%\s+\S+\s+\S+%\s+\S*\.evalBinary`)
	m := row.FindStringSubmatch(top("-top"))
	if m == nil {
		t.Fatal("evalBinary is not in the list")
	}
	if n, _ := strconv.Atoi(m[1]); n != 30_000 && n != 30_001 { // one more while it waits
		t.Errorf("evalBinary has %d frames", n)
	}
	if out := top("-top", "-sample_index=bytes", "-tagfocus=vstack=sums"); !strings.Contains(out, ".evalBinary") {
		t.Error(out)
	}
	if out := top("-traces"); !strings.Contains(out, ".during.func1") {
		t.Error(out)
	}
}

// The import puts the form on the debug page.
func TestDebugPage(t *testing.T) {
	w := httptest.NewRecorder()
	debug.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/debug/vstack/?as=pprof", nil))
	if _, err := pprof.Parse(w.Body); w.Code != 200 || err != nil {
		t.Error(w.Code, err)
	}
	w = httptest.NewRecorder()
	debug.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/debug/vstack/", nil))
	if !strings.Contains(w.Body.String(), `href="?as=pprof"`) {
		t.Error("there is no link")
	}
}

// A stack that does not answer is in the profile all the same.
func TestSilent(t *testing.T) {
	done, waiting, finished := make(chan bool), make(chan bool), make(chan error)
	go func() {
		_, err := vstack.Run(context.Background(), func(context.Context, *vstack.Stack) (int, error) {
			close(waiting)
			<-done
			return 0, nil
		}, vstack.WithName("silent"))
		finished <- err
	}()
	<-waiting
	p := profile.Profile()
	close(done)
	if err := <-finished; err != nil {
		t.Error(err)
	}
	found := false
	for _, s := range p.Sample {
		found = found || s.Label["vstack"] != nil && s.Label["vstack"][0] == "silent" && s.Value[1] > 0 && s.Location[0].Line[0].Function.Name == "[vstack: no answer]"
	}
	if !found || len(p.Comments) != 1 || p.Comments[0] != "1 of 1 running stacks did not come to a guard within 500ms" {
		t.Error(p.Comments, p)
	}
}
