package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	// The children of the demonstration die of their stack sooner, in tests.
	if n, err := strconv.Atoi(os.Getenv("DEEPJSON_TEST_MAX_STACK")); err == nil {
		debug.SetMaxStack(n)
	}
	if os.Getenv("DEEPJSON_TEST_MAIN") != "" || os.Getenv(demoVariable) != "" {
		main()
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

// self is a command that runs deepjson.
func self(t *testing.T, args ...string) *exec.Cmd {
	if runtime.GOOS == "js" {
		t.Skip("no processes here")
	}
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), "DEEPJSON_TEST_MAIN=1", "GOTRACEBACK=none")
	return cmd
}

func TestExitStatus(t *testing.T) {
	deep := strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000)
	for _, c := range []struct {
		args           string
		stdin          string
		status         int
		stdout, stderr string // patterns
	}{
		{"-", `{"a":[1,2]}`, 0, `^{\n  "a": \[\n    1,\n    2\n  \]\n}\n$`, `^$`},
		{"-indent 1", `[1]`, 0, `^\[\n 1\n\]\n$`, `^$`},
		{"-indent=0", `[1]`, 0, `^\[\n1\n\]\n$`, `^$`},
		{"-compact", "[ 1 , 2 ]", 0, `^\[1,2\]\n$`, `^$`},
		{"-check -", "[ 1 , 2 ]", 0, `^$`, `^$`},
		{"-check", deep, 0, `^$`, `^$`},
		{"-check -max-memory 0", deep, 0, `^$`, `^$`},
		{"-check", "[1,\n 2,]", 1, `^$`, `^<stdin>:2:4: expected a value, found '\]'\n$`},
		{"-check", "", 1, `^$`, `^<stdin>:1:1: expected a value, found the end of the input\n$`},
		{"-check -max-memory 1MiB", deep, 3, `^$`, `^<stdin>: nested too deep for the memory limit, at level [0-9]+,[0-9]{3}: vstack: stack overflow.* -max-memory\n$`},
		{"-max-memory 1MiB", deep, 3, ``, `stack overflow`},
		{"-check no-such-file", "", 1, `^$`, `^deepjson: open no-such-file: `},
		{"-generate 3", "", 0, `^\[{"in":\[0\]}\]\n$`, `^$`},
		{"-generate 0", "", 0, `^0\n$`, `^$`},
		{"-h", "", 0, `usage:`, `^$`},
		{"-indent", "", 2, `^$`, `^deepjson: flag needs an argument: -indent;`},
		{"-indent 17", "", 2, `^$`, `from 0 to 16`},
		{"-indent -1", "", 2, `^$`, `from 0 to 16`},
		{"-indent 2 -check", "", 2, `^$`, `-indent and -check do not go together`},
		{"-compact -check", "", 2, `^$`, `-compact and -check do not go together`},
		{"-max-memory 1XB", "", 2, `^$`, `-max-memory: want a whole number`},
		{"-max-memory 1", "", 2, `^$`, `-max-memory: want at least 256 KiB`},
		{"-generate x", "", 2, `^$`, `-generate: want a number`},
		{"-generate 3 file", "", 2, `^$`, `-generate takes nothing else`},
		{"-unknown", "", 2, `^$`, `^deepjson: flag provided but not defined: -unknown; deepjson -h explains\n$`},
		{"a b", "", 2, `^$`, `one FILE at most`},
		{"a -check", "", 2, `^$`, `one FILE at most`},
	} {
		var stdout, stderr bytes.Buffer
		status := run(strings.Fields(c.args), strings.NewReader(c.stdin), &stdout, &stderr)
		if status != c.status ||
			!regexp.MustCompile(c.stdout).Match(stdout.Bytes()) ||
			!regexp.MustCompile(c.stderr).Match(stderr.Bytes()) {
			t.Errorf("deepjson %s: status %d, want %d\nstdout: %.200q\nstderr: %.200q", c.args, status, c.status, &stdout, &stderr)
		}
	}
}

func TestMinMemory(t *testing.T) {
	var stdout, stderr bytes.Buffer
	if status := run([]string{"-compact", "-max-memory", fmt.Sprint(int64(minMemory))}, strings.NewReader("[]"), &stdout, &stderr); status != 0 {
		t.Errorf("status %d: %s", status, &stderr)
	}
}

// The same through a process, with a file.
func TestProcess(t *testing.T) {
	dir := t.TempDir()
	good, bad := filepath.Join(dir, "good.json"), filepath.Join(dir, "bad.json")
	if err := errors.Join(os.WriteFile(good, []byte("[ 1 ]\n"), 0o666), os.WriteFile(bad, []byte("[\n1 2]"), 0o666)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args   []string
		status int
		output string
	}{
		{[]string{"-compact", good}, 0, "[1]\n"},
		{[]string{bad}, 1, bad + ":2:3: expected ',' or ']', found '2'\n"},
		{[]string{"-x"}, 2, "deepjson: flag provided but not defined: -x; deepjson -h explains\n"},
		{[]string{dir}, 1, ""},
	} {
		cmd := self(t, c.args...)
		output, _ := cmd.CombinedOutput()
		if status := cmd.ProcessState.ExitCode(); status != c.status || c.output != "" && string(output) != c.output {
			t.Errorf("deepjson %v: status %d, output %q, want %d, %q", c.args, status, output, c.status, c.output)
		}
	}
}

// A reader of the output that goes away ends the program.
func TestClosedPipe(t *testing.T) {
	cmd := self(t, "-generate", "2000000000")
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	pipe.Close()
	if cmd.Wait() == nil {
		t.Error("exit status 0")
	}
}

// A full disk is reported.
func TestFullDevice(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip(err)
	}
	defer full.Close()
	var stderr bytes.Buffer
	if status := run([]string{"-compact"}, strings.NewReader("[]"), full, &stderr); status != exitFailed || !strings.Contains(stderr.String(), "write /dev/full") {
		t.Errorf("status %d, %q", status, &stderr)
	}
}

func TestDemo(t *testing.T) {
	if runtime.GOOS == "js" {
		t.Skip("no processes here")
	}
	t.Setenv("DEEPJSON_TEST_MAX_STACK", fmt.Sprint(4<<20))
	var out bytes.Buffer
	if err := demo(&out, 200_000); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`"twice": 2,`,
		`One nested 200,000 deep, 879 KiB:`,
		`(?m)^  encoding/json +.* error: .*exceeded max depth$`,
		`(?m)^  plain recursion +.* died: fatal error: stack overflow$`,
		`(?m)^  vstack +.* formatted$`,
	} {
		if !regexp.MustCompile(want).Match(out.Bytes()) {
			t.Errorf("no %s in\n%s", want, &out)
		}
	}
}

func TestFatalError(t *testing.T) {
	exit := errors.New("exit status 2")
	crash := "runtime: goroutine stack exceeds 1000000000-byte limit\nfatal error: stack overflow\n\nruntime stack:\n"
	if got := fatalError(crash, exit); got != "fatal error: stack overflow" {
		t.Error(got)
	}
	if got := fatalError("killed\n", exit); got != "exit status 2" {
		t.Error(got)
	}
}

func TestProgress(t *testing.T) {
	in := &repeat{strings.Repeat(" ", 1<<16), 1200} // 75 MiB
	var terminal bytes.Buffer
	p := &progress{in: in, terminal: &terminal}
	buf := make([]byte, 1<<20)
	for {
		if _, err := p.Read(buf); err != nil {
			break
		}
	}
	p.clear()
	lines := strings.Split(terminal.String(), "\r")
	if len(lines) < 4 || strings.TrimSpace(lines[1]) != "65 MiB read" || lines[len(lines)-1] != "" {
		t.Fatalf("%.300q", lines)
	}
	for _, line := range lines[1 : len(lines)-1] {
		if len(line) != progressWidth {
			t.Errorf("%q has %d bytes", line, len(line))
		}
	}

	terminal.Reset()
	p = &progress{in: strings.NewReader(strings.Repeat(" ", 100)), terminal: &terminal, total: 200 << 20, read: 100<<20 - 100}
	p.Read(buf)
	if got := strings.TrimSpace(terminal.String()); got != "100 MiB of 200 MiB read, 50%" {
		t.Errorf("%q", got)
	}
	terminal.Reset()
	p = &progress{in: strings.NewReader("[]"), terminal: &terminal, total: 2}
	p.Read(buf)
	p.clear()
	if terminal.Len() > 0 {
		t.Errorf("%q for a small input", &terminal)
	}
}
