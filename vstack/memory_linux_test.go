package vstack_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/vstack-go/vstack/vstack"
	"github.com/vstack-go/vstack/vstack/serve"
)

// limitEnv says how the process of TestDefaultLimits is limited.
const limitEnv = "VSTACK_TEST_LIMIT"

// All that has a default limit, at once and more than once: ambient stacks, Run, pools and
// groups without options, and a gate of package serve. Each overflows, and the process
// stays within what it may have: by GOMEMLIMIT, which nothing enforces, and by ulimit -v,
// past which Go ends the process.
func TestDefaultLimits(t *testing.T) {
	if raceEnabled || !vstack.Supported {
		t.Skip("the race detector reserves more addresses than a limit leaves; or no guards here")
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	switch os.Getenv(limitEnv) {
	case "GOMEMLIMIT":
		overflowAll(t, 256*mib)
		return
	case "ulimit -v":
		// What is left of the addresses counts: Go has reserved many before it begins. And
		// the limit is one from the start. Threads of the C library take 72 MiB each; they
		// come as the processors do.
		limit := uint64(addresses(t) + 512*mib + int64(runtime.GOMAXPROCS(0)+4)*72*mib)
		if err := syscall.Setrlimit(syscall.RLIMIT_AS, &syscall.Rlimit{Cur: limit, Max: limit}); errors.Is(err, syscall.EPERM) {
			t.Skip("the tests run under a lower limit")
		} else if err != nil {
			t.Fatal(err)
		}
		os.Setenv(limitEnv, "limited") //nolint:errcheck // or the next line fails
		t.Fatal(syscall.Exec(exe, os.Args, os.Environ()))
	case "limited":
		var limit syscall.Rlimit
		if err := syscall.Getrlimit(syscall.RLIMIT_AS, &limit); err != nil {
			t.Fatal(err)
		}
		overflowAll(t, int64(limit.Cur)-addresses(t))
		return
	}
	for _, test := range []struct {
		name, limit string
		env         []string
	}{
		{"GOMEMLIMIT", "GOMEMLIMIT", []string{"GOMEMLIMIT=256MiB"}},
		{"ulimit -v", "ulimit -v", []string{"GOMEMLIMIT=off", "GOMAXPROCS=2"}},
		// With what a thread takes left out, this dies (nine times of ten).
		{"ulimit -v and 8 processors", "ulimit -v", []string{"GOMEMLIMIT=off", "GOMAXPROCS=8"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			cmd := exec.Command(exe, "-test.run=^TestDefaultLimits$", "-test.v")
			cmd.Env = append(append(os.Environ(), vstack.ChildEnv+"=1", limitEnv+"="+test.limit), test.env...)
			out, err := cmd.CombinedOutput()
			if errors.Is(err, syscall.ENOEXEC) {
				t.Skip("no child processes under an emulator")
			}
			if t.Logf("%.3000s", out); err != nil {
				t.Error(err)
			}
		})
	}
}

func overflowAll(t *testing.T, most int64) {
	now, _ := rss()
	pool := vstack.NewPool()
	defer pool.Close()
	gate := serve.New(serve.Config{})
	defer gate.Close()
	group := vstack.NewGroup(context.Background())
	endless := func(context.Context, *vstack.Stack) error { climbFree(0); return nil }
	handler := gate.Handler(func(_ http.ResponseWriter, r *http.Request) error { return endless(r.Context(), nil) })

	var wg sync.WaitGroup
	start := make(chan struct{})
	for range 3 {
		for name, work := range map[string]func() error{
			"ambient": func() (err error) { defer vstack.Catch(&err); return endless(nil, nil) },
			"Run": func() error {
				_, err := vstack.Run(context.Background(), func(context.Context, *vstack.Stack) (int, error) { return 0, endless(nil, nil) })
				return err
			},
			"pool": func() error { return pool.Run(context.Background(), endless) },
			"gate": func() error {
				w := httptest.NewRecorder()
				handler.ServeHTTP(w, httptest.NewRequest("POST", "/", strings.NewReader(strings.Repeat("(", 1<<20))))
				if w.Code != 422 && w.Code != 503 {
					return fmt.Errorf("%d %s", w.Code, w.Body)
				}
				return vstack.ErrOverflow
			},
		} {
			wg.Go(func() {
				<-start
				for range 2 {
					if err := work(); !errors.Is(err, vstack.ErrOverflow) {
						t.Errorf("%s: %v", name, err)
					}
				}
			})
		}
		group.Go(endless)
	}
	close(start)
	wg.Wait()
	if err := group.Wait(); !errors.Is(err, vstack.ErrOverflow) {
		t.Error("group:", err)
	}
	_, peak := rss()
	t.Logf("default limit %d MiB, gate %d MiB, together of %d MiB; resident %d MiB at most, %d before",
		vstack.ReadTotals().DefaultLimit/mib, gate.Config().Memory/mib, most/mib, peak/mib, now/mib)
	if peak > most+now {
		t.Errorf("%d bytes resident, of %d", peak, most)
	}
}

// climbFree recurses without end.
func climbFree(n int) int {
	if vstack.Low() {
		return vstack.Grow(func() int { return climbFree(n) })
	}
	return climbFree(n+1) + 1
}

// addresses returns how many bytes of addresses this process has.
func addresses(t *testing.T) int64 {
	t.Helper()
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Skip(err)
	}
	for line := range strings.Lines(string(text)) {
		var kib int64
		if n, _ := fmt.Sscanf(line, "VmSize: %d kB", &kib); n == 1 {
			return kib << 10
		}
	}
	t.Skip("the system does not say")
	return 0
}
