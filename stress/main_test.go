package stress

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"syscall"
	"testing"

	"go.uber.org/goleak"
)

// Set for a child process of a test: what it is to do, the bytes that a native
// stack may have, and whether the test is the long one.
const (
	childEnv    = "STRESS_TEST_CHILD"
	maxStackEnv = "STRESS_TEST_MAX_STACK"
	fullEnv     = "STRESS_TEST_FULL"
)

func TestMain(m *testing.M) {
	if n, err := strconv.Atoi(os.Getenv(maxStackEnv)); err == nil {
		SetMaxStack(n)
	}
	// On js/wasm the runtime has one goroutine that handles events.
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("runtime.handleEvent"))
}

// child runs tests of this package in a process of its own, with more in its
// environment, by way of a shell command if one is given.
func child(t *testing.T, tests, shell string, env ...string) (output string, err error) {
	t.Helper()
	if runtime.GOOS == "js" {
		t.Skip("no child processes here")
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	args := []string{"-test.run=" + tests, "-test.short", "-test.v"}
	cmd := exec.Command(exe, args...)
	if shell != "" {
		cmd = exec.Command("sh", append([]string{"-c", shell + `; exec "$0" "$@"`, exe}, args...)...)
	}
	cmd.Env = append(os.Environ(), env...)
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = cmd.Stdout
	if err := cmd.Start(); errors.Is(err, syscall.ENOEXEC) {
		t.Skip("no child processes under an emulator")
	} else if err != nil {
		t.Fatal(err)
	}
	// A crash prints the stacks of all goroutines: thousands, for seconds.
	out, _ := io.ReadAll(io.LimitReader(pipe, 64<<10))
	if len(out) == 64<<10 {
		_ = cmd.Process.Kill()
	}
	err = cmd.Wait()
	if shell != "" && cmd.ProcessState.ExitCode() == 126 { // as the shell says ENOEXEC
		t.Skip("no child processes under an emulator")
	}
	return string(out), err
}
