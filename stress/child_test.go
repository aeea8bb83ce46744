package stress

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/vstack-go/vstack/stress/resident"
	"github.com/vstack-go/vstack/vstack"
)

const suite = "^(TestPrograms|TestTortures|FuzzPrograms)$"

// The whole suite with native stacks of 1 MiB at most: a segment that runs away
// natively kills the process. That it would is tested too.
func TestSmallStacks(t *testing.T) {
	out, err := child(t, suite, "", maxStackEnv+"=1048576")
	if err != nil || !strings.Contains(out, "PASS") {
		t.Errorf("%v\n%s", err, head(out))
	}
	out, err = child(t, "^TestRunaway$", "", maxStackEnv+"=1048576", childEnv+"=runaway")
	if err == nil || !strings.Contains(out, "stack overflow") {
		t.Errorf("2 MiB of native stack are allowed: %v\n%s", err, head(out))
	}
}

// TestRunaway is a child of TestSmallStacks.
func TestRunaway(t *testing.T) {
	if os.Getenv(childEnv) != "runaway" {
		t.Skip("kills its process; see TestSmallStacks")
	}
	_, _ = natively(&world{execution: newExecution(nil, 0)}, 2000, func() (int, error) { return 0, nil })
}

// Settings of the runtime that change when stacks move and goroutines switch.
func TestRuntimeSettings(t *testing.T) {
	for _, setting := range []string{"gcshrinkstackoff=1", "asyncpreemptoff=1", "gccheckmark=1"} {
		t.Run(setting, func(t *testing.T) {
			t.Parallel()
			tests := suite
			if setting == "gccheckmark=1" {
				// Every collection marks twice, with the world stopped.
				tests = "^(TestPrograms|FuzzPrograms|TestTortures)$/^(cancel_storm|overflows|unwinding|seed.*)$"
			}
			out, err := child(t, tests, "", "GODEBUG="+setting)
			if err != nil || !strings.Contains(out, "PASS") {
				t.Errorf("%v\n%s", err, head(out))
			}
		})
	}
}

// Stacks that overflow at once use 1.25 times the sum of their limits at most.
func TestPeakMemory(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector's own memory is several times that")
	}
	if os.Getenv(childEnv) != "peak" {
		full := ""
		if !testing.Short() {
			full = "1" // the child itself is always short
		}
		out, err := child(t, "^TestPeakMemory$", "", childEnv+"=peak", fullEnv+"="+full)
		if err != nil {
			t.Errorf("%v\n%s", err, head(out))
		}
		t.Log(head(out))
		return
	}
	const stacks = 64
	limit, rounds := int64(8<<20), 5
	if testing.Short() && os.Getenv(fullEnv) == "" {
		limit, rounds = 4<<20, 2
	}
	before, _ := resident.Self()
	if err := Overflows(rounds, stacks, limit); err != nil {
		t.Error(err)
	}
	_, peak := resident.Self()
	text := fmt.Sprintf("peak memory %d MiB, before %d MiB, the limits together %d MiB", peak>>20, before>>20, stacks*limit>>20)
	t.Log(text)
	if before > 0 && peak > before+stacks*limit*5/4 {
		t.Error(text)
	}
}

// A process that has run out of address space: with a limit on the stack that
// does not happen, without one the runtime ends the process.
func TestAddressSpace(t *testing.T) {
	switch os.Getenv(childEnv) {
	case "limit", "no limit":
		limit := int64(64 << 20)
		if os.Getenv(childEnv) == "no limit" {
			limit = 0
		}
		_, err := vstack.Run(context.Background(), func(_ context.Context, s *vstack.Stack) (int, error) {
			return depth(s, 1<<30), nil
		}, vstack.WithMaxMemory(limit))
		if !errors.Is(err, vstack.ErrOverflow) {
			t.Error(err)
		}
		return
	}
	if runtime.GOOS != "linux" || raceEnabled {
		t.Skip("needs ulimit -v, and the race detector needs all of the address space")
	}
	const shell = "ulimit -v 2000000"
	out, err := child(t, "^TestAddressSpace$", shell, childEnv+"=limit")
	if err != nil {
		t.Errorf("with a limit: %v\n%s", err, head(out))
	}
	out, err = child(t, "^TestAddressSpace$", shell, childEnv+"=no limit")
	if err == nil || !strings.Contains(out, "fatal error: ") || !strings.Contains(out, "memory") {
		t.Errorf("without a limit: %v\n%s", err, head(out))
	}
	t.Logf("without a limit: %v: %.200s", err, out[max(0, strings.Index(out, "fatal error")):])
}

// head returns the first lines of what a process has printed.
func head(text string) string {
	return text[:min(len(text), 3000)]
}
