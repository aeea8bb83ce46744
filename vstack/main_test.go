package vstack_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"
	"testing"

	"go.uber.org/goleak"

	"github.com/vstack-go/vstack/stress/resident"
)

var deepTests = flag.Bool("deep", false, "run the tests that need up to 10 GiB of memory and a minute")

// TestMain lowers the runtime's own limit for the whole suite: a segment that
// ran away natively would kill the process.
func TestMain(m *testing.M) {
	debug.SetMaxStack(1 << 20)
	// On js/wasm the runtime has one goroutine that handles events.
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("runtime.handleEvent"))
}

const childEnv = "VSTACK_TEST_CHILD"

// needsPreemption skips a test that spins until another goroutine does something:
// on js/wasm nothing interrupts it.
func needsPreemption(t *testing.T) {
	t.Helper()
	if runtime.GOOS == "js" {
		t.Skip("nothing preempts a goroutine here")
	}
}

// runChild runs the calling test in a process of its own.
func runChild(t *testing.T) (output string, err error) {
	t.Helper()
	if runtime.GOOS == "js" {
		t.Skip("no child processes here")
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe, "-test.run=^"+strings.ReplaceAll(t.Name(), "/", "$/^")+"$", "-test.v", fmt.Sprintf("-test.short=%t", testing.Short()))
	cmd.Env = append(os.Environ(), childEnv+"=1")
	out, err := cmd.CombinedOutput()
	if errors.Is(err, syscall.ENOEXEC) {
		t.Skip("no child processes under an emulator")
	}
	return string(out), err
}

// inChild reports whether this is a child process that is to run the test. In
// the parent it runs the child and fails with it: for tests that look at the
// memory of the whole process.
func inChild(t *testing.T) bool {
	t.Helper()
	if os.Getenv(childEnv) != "" {
		return true
	}
	out, err := runChild(t)
	if err != nil {
		t.Errorf("in a child process: %v\n%s", err, out)
	}
	t.Log(out)
	return false
}

var rss = resident.Self
