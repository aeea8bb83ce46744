package vstack

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
)

// Tests that run in a process of their own: those that look at the memory of the whole
// process, and those whose limit is near what a new goroutine takes. For after a collection
// the runtime starts goroutines with as much stack as the others have on average
// (golang/go#18138): after the other tests that may be 512 KiB.

const ChildEnv = "VSTACK_TEST_CHILD"

// RunChild runs the calling test in a process of its own.
func RunChild(t *testing.T, env ...string) (output string, err error) {
	t.Helper()
	output, err = child(t, env...)
	if errors.Is(err, errors.ErrUnsupported) {
		t.Skip(err)
	}
	return output, err
}

func child(t *testing.T, env ...string) (output string, err error) {
	t.Helper()
	if runtime.GOOS == "js" {
		return "", fmt.Errorf("no child processes on js: %w", errors.ErrUnsupported)
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe, "-test.run=^"+strings.ReplaceAll(t.Name(), "/", "$/^")+"$", "-test.v", fmt.Sprintf("-test.short=%t", testing.Short()))
	cmd.Env = append(append(os.Environ(), ChildEnv+"=1"), env...)
	out, err := cmd.CombinedOutput()
	if errors.Is(err, syscall.ENOEXEC) {
		return "", fmt.Errorf("no child processes under an emulator: %w", errors.ErrUnsupported)
	}
	return string(out), err
}

// StartSmall is for InChild: goroutines start with as much stack as in a new program, also
// after collections.
var StartSmall = "GODEBUG=" + os.Getenv("GODEBUG") + ",adaptivestackstart=0"

// InChild reports whether this is a child process that is to run the test. In the parent it
// runs the child and fails with it.
func InChild(t *testing.T, env ...string) bool {
	t.Helper()
	if os.Getenv(ChildEnv) != "" {
		return true
	}
	out, err := RunChild(t, env...)
	report(t, out, err)
	return false
}

// Alone is InChild with StartSmall for tests that where there are no child processes run
// with all the others.
func Alone(t *testing.T) bool {
	t.Helper()
	if os.Getenv(ChildEnv) != "" {
		return true
	}
	out, err := child(t, StartSmall)
	if errors.Is(err, errors.ErrUnsupported) {
		return true
	}
	report(t, out, err)
	return false
}

func report(t *testing.T, out string, err error) {
	t.Helper()
	if err != nil {
		t.Errorf("in a child process: %v\n%s", err, out)
	}
	t.Log(out)
}
