package build_test

import (
	"bufio"
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// Whole programs, which take minutes.

var (
	levels  = flag.Int("levels", 100_000, "how deep the values of TestSweep are")
	entries = flag.String("entries", "", "a regular expression: the entry points that TestSweep calls")
)

func skipShort(t *testing.T) {
	if !*long {
		t.Skip("without -long")
	}
}

// run runs a command that must succeed and returns what it prints.
func run(t *testing.T, dir string, env []string, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%.4000s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// TestSweep calls entry points of the standard library with values that are nested
// deep: -levels 3000000 is what kills a plain program. Each has a process; none may die.
func TestSweep(t *testing.T) {
	skipShort(t)
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("testdata/sweep")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module example.com/sweep\n\ngo 1.25\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	env := []string{"VSTACK_CACHE=" + filepath.Join(t.TempDir(), "cache"), "GOFLAGS=", "GOWORK=off"}
	run(t, dir, env, "vstack", "build", "-o", "sweep", ".")
	program := filepath.Join(dir, "sweep")
	names := strings.Split(strings.TrimSpace(run(t, dir, nil, program)), "\n")
	if len(names) < 50 {
		t.Errorf("%d entry points", len(names))
	}
	count := map[string]int{}
	for _, name := range names {
		if !regexp.MustCompile(*entries).MatchString(name) {
			continue
		}
		cmd := exec.Command(program, name, fmt.Sprint(*levels))
		var stderr head
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		text := strings.TrimSpace(string(out))
		kind, _, _ := strings.Cut(text, " ")
		count[strings.TrimSuffix(kind, ":")]++
		usage, _ := cmd.ProcessState.SysUsage().(*syscall.Rusage)
		t.Logf("%s: %s (%.1f s of CPU, %.1f GB)", name, text,
			(cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds(), float64(usage.Maxrss)/1e6)
		switch {
		case err != nil:
			t.Errorf("%s: %v: %.1500s", name, err, stderr.text)
		case kind == "panic" && !strings.Contains(text, "vstack: stack overflow"):
			t.Errorf("%s: %s", name, text)
		}
	}
	t.Log(len(names), "entry points:", count)
}

// A head keeps the first bytes that are written to it.
type head struct{ text []byte }

func (h *head) Write(p []byte) (int, error) {
	h.text = append(h.text, p[:min(len(p), 4096-min(4096, len(h.text)))]...)
	return len(p), nil
}

// hand is a guard that a person wrote.
var hand = regexp.MustCompile(`(?m)^\tif vstack\.Low\(\) \{\n.*\n\t\}\n`)

// TestExprserver takes the guards out of examples/exprserver. Built plainly it dies
// under its attack; built by vstack build it lives, and every ordinary request is
// answered right, which the attack sees to.
func TestExprserver(t *testing.T) {
	skipShort(t)
	root, err := filepath.Abs("../../../../..")
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "exprserver")
	if err := os.CopyFS(dir, os.DirFS(filepath.Join(root, "examples/exprserver"))); err != nil {
		t.Fatal(err)
	}
	guards := 0
	for _, name := range []string{"parser.go", "eval.go"} {
		name = filepath.Join(dir, name)
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		guards += len(hand.FindAll(text, -1))
		text = hand.ReplaceAll(text, nil)
		text = bytes.Replace(text, []byte("\t\"github.com/vstack-go/vstack/vstack\"\n"), nil, 1)
		if err := os.WriteFile(name, text, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if guards != 3 {
		t.Fatalf("%d guards were taken out", guards)
	}
	env := []string{"VSTACK_CACHE=" + filepath.Join(t.TempDir(), "cache"), "GOFLAGS=", "GOWORK=off"}
	run(t, dir, env, "go", "mod", "edit", "-replace=github.com/vstack-go/vstack="+root,
		"-replace=github.com/vstack-go/vstack/vstack/prometheus="+filepath.Join(root, "vstack/prometheus"))
	run(t, dir, env, "go", "build", "-o", "client", "./attack")
	run(t, dir, env, "go", "build", "-o", "plain", ".")
	run(t, dir, env, "vstack", "build", "-o", "guarded", ".")
	attack := func(server string) (answer, stderr string, err error) {
		cmd := exec.Command(filepath.Join(dir, server), "-addr", "127.0.0.1:0", "-deadline", "1m")
		cmd.Env = append(os.Environ(), "GOMEMLIMIT=off")
		var said head
		cmd.Stderr = &said
		stdout, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		line, err := bufio.NewReader(stdout).ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		addr := strings.TrimPrefix(strings.TrimSpace(line), "listening on ")
		client := exec.Command(filepath.Join(dir, "client"), "-addr", addr, "-depth", "4000000", "-nested", "-rounds", "1",
			"-hostile", "1", "-slow", "0", "-rate", "50", "-time", "5s")
		out, err := client.Output()
		cmd.Process.Kill() //nolint:errcheck // it may have died
		cmd.Wait()         //nolint:errcheck // it was killed
		return string(out), string(said.text), err
	}
	out, stderr, err := attack("plain")
	if err == nil || !strings.Contains(stderr, "fatal error: stack overflow") {
		t.Errorf("plain: %v\n%.2000s\n%s", err, stderr, out)
	}
	out, stderr, err = attack("guarded")
	if err != nil {
		t.Errorf("guarded: %v\n%.2000s\n%s", err, stderr, out)
	}
	t.Log("\n" + out)
}
