package net

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

var (
	long       = flag.Bool("net.long", false, "overflow in every way, and in builds of all kinds")
	toolchains = flag.String("net.toolchains", "", "comma-separated versions, as in go1.25.4, to run the tests with beside the installed one")
	bound      = flag.Int64("net.bound", 32<<20, "the net's size in bytes")
	runner     = flag.String("net.exec", "", "run children with this program, as in qemu-aarch64")
	goarch     = flag.String("net.goarch", runtime.GOARCH, "build children for this architecture")
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A toolchain is a Go that children are built with.
type toolchain struct{ version, goroot string }

// toolchainsUnderTest are the installed Go and those of -net.toolchains. A downloaded one lies in the module cache, where
// overlays are refused, so it is used through a directory of links.
func toolchainsUnderTest(t *testing.T) []toolchain {
	versions := []string{strings.TrimSpace(output(t, nil, "go", "env", "GOVERSION"))}
	if *toolchains != "" {
		versions = append(versions, strings.Split(*toolchains, ",")...)
	}
	var all []toolchain
	for i, version := range versions {
		env := []string{"GOTOOLCHAIN=" + version}
		if i == 0 {
			env = nil
		}
		goroot := strings.TrimSpace(output(t, env, "go", "env", "GOROOT"))
		if i > 0 {
			links := filepath.Join(cacheDir(t), version)
			if err := os.MkdirAll(links, 0o777); err != nil {
				t.Fatal(err)
			}
			entries, err := os.ReadDir(goroot)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range entries {
				if err := os.Symlink(filepath.Join(goroot, e.Name()), filepath.Join(links, e.Name())); err != nil && !errors.Is(err, os.ErrExist) {
					t.Fatal(err)
				}
			}
			goroot = links
		}
		all = append(all, toolchain{version, goroot})
	}
	return all
}

// cacheDir is where files lie whose names are part of the go command's cache keys: with other names each run would compile the standard
// library again.
func cacheDir(t *testing.T) string {
	dir, err := os.UserCacheDir()
	if err != nil {
		t.Skip(err)
	}
	return filepath.Join(dir, "vstack-net-test")
}

func output(t *testing.T, env []string, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = t.TempDir() // not this module, whose go.mod may want a newer Go
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %v: %v", name, args, err)
	}
	return string(out)
}

// build builds the child of testdata/name with the net, and returns the binary.
func (tc toolchain) build(t *testing.T, name string, size int64, env []string, flags ...string) string {
	t.Helper()
	files, err := Patch(tc.goroot, tc.version, size)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(cacheDir(t), fmt.Sprintf("%s-%d", tc.version, size))
	if err := os.MkdirAll(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	replace := make(map[string]string)
	for name, content := range files {
		path := filepath.Join(dir, name)
		if old, err := os.ReadFile(path); err != nil || !bytes.Equal(old, content) {
			if err := os.WriteFile(path, content, 0o666); err != nil {
				t.Fatal(err)
			}
		}
		replace[filepath.Join(tc.goroot, "src", "runtime", name)] = path
	}
	module := t.TempDir()
	write := func(name string, content []byte) {
		if err := os.WriteFile(filepath.Join(module, name), content, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	write("overlay.json", overlay)
	write("go.mod", []byte("module overflow\n\ngo 1.25\n"))
	sources, err := filepath.Glob(filepath.Join("testdata", name, "*.go"))
	if err != nil || len(sources) == 0 {
		t.Fatal(err, sources)
	}
	for _, source := range sources {
		content, err := os.ReadFile(source)
		if err != nil {
			t.Fatal(err)
		}
		write(filepath.Base(source), content)
	}
	binary := filepath.Join(module, name)
	args := append([]string{"build", "-overlay", "overlay.json", "-p", "2", "-o", binary}, flags...)
	cmd := exec.Command(filepath.Join(tc.goroot, "bin", "go"), append(args, ".")...)
	cmd.Dir = module
	cmd.Env = append(os.Environ(), "GOROOT="+tc.goroot, "GOTOOLCHAIN=local", "GOFLAGS=", "GOWORK=off", "GOARCH="+*goarch)
	if *goarch != runtime.GOARCH {
		cmd.Env = append(cmd.Env, "CGO_ENABLED=0")
	}
	cmd.Env = append(cmd.Env, env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build %v: %v\n%s", flags, err, out)
	}
	return binary
}

// run runs a child and returns what it printed.
func run(t *testing.T, env []string, binary string, args ...string) (string, error) {
	if *runner != "" {
		binary, args = *runner, append([]string{binary}, args...)
	}
	cmd := exec.Command(binary, args...)
	cmd.Env = append(os.Environ(), env...)
	cmd.WaitDelay = time.Second
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	timer := time.AfterFunc(10*time.Minute, func() { cmd.Process.Kill() })
	defer timer.Stop()
	err := cmd.Wait()
	return out.String(), err
}

// fatal are the ways that end the process.
var fatal = []string{"uncaught", "hopeless"}

// longest are the ways that take minutes.
var longest = []string{"again1000", "http10000"}

// short are the ways of the short set: one of each kind.
var short = []string{
	"plain", "args", "frame30000", "closure", "interface", "generic", "mutual", "helpers", "alloc", "stackpointers", "rangefunc", "trace",
	"leafconcat", "leafmapwrite", "leafpool", "leafprint", "deepequal", "json", "equal", "maphash", "mapgrown", "mutex", "deferredcalls", "makefunc", "http",
	"defer", "deferloop", "deferonly", "indefer", "nested", "nestedagain", "repanic", "goexit", "goexitdeep", "recovereach", "goroutines", "locked", "finalizer",
	"cleanup", "channels", "memory", "setmaxstack", "user", "nil",
}

func ways(t *testing.T, binary string) []string {
	out, err := run(t, nil, binary)
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	all := slices.DeleteFunc(strings.Fields(out), func(w string) bool { return slices.Contains(fatal, w) })
	if *long {
		return all
	}
	return slices.DeleteFunc(all, func(w string) bool { return !slices.Contains(short, w) })
}

func tail(s string) string {
	if len(s) > 6000 {
		return s[:3000] + "\n[...]\n" + s[len(s)-3000:]
	}
	return s
}

// TestOverflow overflows in many ways, each in a process of its own.
func TestOverflow(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles the standard library")
	}
	for _, tc := range toolchainsUnderTest(t) {
		t.Run(tc.version, func(t *testing.T) {
			binary := tc.build(t, "overflow", *bound, nil)
			for _, way := range ways(t, binary) {
				t.Run(way, func(t *testing.T) {
					if out, err := run(t, nil, binary, way); err != nil {
						t.Errorf("%v\n%s", err, tail(out))
					}
				})
			}
		})
	}
}

// TestCallback overflows in Go that C has called.
func TestCallback(t *testing.T) {
	if testing.Short() || *goarch != runtime.GOARCH {
		t.Skip("compiles the standard library with cgo")
	}
	if strings.TrimSpace(output(t, nil, "go", "env", "CGO_ENABLED")) != "1" {
		t.Skip("no cgo")
	}
	for _, tc := range toolchainsUnderTest(t) {
		t.Run(tc.version, func(t *testing.T) {
			if out, err := run(t, nil, tc.build(t, "callback", *bound, nil)); err != nil {
				t.Errorf("%v\n%s", err, tail(out))
			}
		})
	}
}

// TestFatal looks at what a process says that ends by an overflow.
func TestFatal(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles the standard library")
	}
	for _, tc := range toolchainsUnderTest(t) {
		t.Run(tc.version, func(t *testing.T) {
			binary := tc.build(t, "overflow", *bound, nil)
			out, err := run(t, nil, binary, "uncaught")
			for _, want := range []string{"panic: vstack: stack overflow: goroutine 1 uses", "main.plain", "main.main", "goroutine 1 [running]:"} {
				if !strings.Contains(out, want) || err == nil {
					t.Errorf("%v, no %q in\n%s", err, want, tail(out))
				}
			}
			out, err = run(t, nil, binary, "hopeless")
			if !strings.Contains(out, "stack overflow") || err == nil {
				t.Errorf("%v\n%s", err, tail(out))
			}
			out, err = run(t, []string{"VSTACK_TRACE=stderr"}, binary, "plain")
			if !strings.Contains(out, "vstack: stack overflow") || err != nil {
				t.Errorf("with VSTACK_TRACE=stderr: %v\n%s", err, tail(out))
			}
		})
	}
}

// TestBuilds overflows in builds and environments of other kinds.
func TestBuilds(t *testing.T) {
	if !*long {
		t.Skip("without -net.long")
	}
	some := []string{
		"plain", "args", "bigargs", "frame30000", "closurechain", "interface", "generic", "alloc", "stackpointers", "rangefunc", "leafconcat", "leafpool",
		"deepequal", "equal", "maphash", "mapgrown", "mutex", "deferredcalls", "makefunc", "defer", "deferloop", "deferonly", "indefer", "nested", "goexitdeep", "recovereach",
		"goroutines", "locked", "finalizer", "channels", "nil", "memory",
	}
	for _, tc := range toolchainsUnderTest(t) {
		for _, kind := range []struct {
			name  string
			flags []string
			env   []string
		}{
			{"race", []string{"-race"}, nil},
			{"asan", []string{"-asan"}, nil},
			{"cover", []string{"-cover"}, nil},
			{"N-l", []string{"-gcflags=all=-N -l"}, nil},
			{"trimpath", []string{"-trimpath"}, nil},
			{"pie", []string{"-buildmode=pie"}, nil},
			{"nocgo", nil, []string{"CGO_ENABLED=0"}},
			{"GOMAXPROCS=1", nil, []string{"GOMAXPROCS=1"}},
			{"GOGC=1", nil, []string{"GOGC=1"}},
			{"asyncpreemptoff", nil, []string{"GODEBUG=asyncpreemptoff=1"}},
			{"gcstoptheworld", nil, []string{"GODEBUG=gcstoptheworld=1,gccheckmark=1"}},
			{"efence", nil, []string{"GODEBUG=invalidptr=1,clobberfree=1"}},
		} {
			t.Run(tc.version+"/"+kind.name, func(t *testing.T) {
				binary := tc.build(t, "overflow", *bound, kind.env, kind.flags...)
				for _, way := range some {
					t.Run(way, func(t *testing.T) {
						if out, err := run(t, kind.env, binary, way); err != nil {
							t.Errorf("%v\n%s", err, tail(out))
						}
					})
				}
			})
		}
	}
}

// TestDefault overflows with the size of net that a build has by default.
func TestDefault(t *testing.T) {
	if !*long {
		t.Skip("without -net.long")
	}
	for _, tc := range toolchainsUnderTest(t) {
		t.Run(tc.version, func(t *testing.T) {
			binary := tc.build(t, "overflow", Default, nil)
			for _, way := range ways(t, binary) {
				if slices.Contains(longest, way) {
					continue
				}
				t.Run(way, func(t *testing.T) {
					if out, err := run(t, nil, binary, way); err != nil {
						t.Errorf("%v\n%s", err, tail(out))
					}
				})
			}
		})
	}
}

// TestPatch looks at the files: edits within lines, and nothing written to GOROOT.
func TestPatch(t *testing.T) {
	for _, tc := range toolchainsUnderTest(t) {
		files, err := Patch(tc.goroot, tc.version, Default)
		if err != nil {
			t.Fatal(err)
		}
		for name, content := range files {
			if name == Added {
				if !bytes.Contains(content, []byte("268435456")) {
					t.Errorf("%s: %s has no bound", tc.version, name)
				}
				continue
			}
			original, err := os.ReadFile(filepath.Join(tc.goroot, "src", "runtime", name))
			if err != nil {
				t.Fatal(err)
			}
			if a, b := bytes.Count(original, []byte("\n")), bytes.Count(content, []byte("\n")); a != b {
				t.Errorf("%s: %s has %d lines, not %d", tc.version, name, b, a)
			}
			if !bytes.Contains(content, []byte("vstackNet")) {
				t.Errorf("%s: %s is as it was", tc.version, name)
			}
		}
		if len(files) != 5 {
			t.Errorf("%s: %d files", tc.version, len(files))
		}
	}
}

// TestRefused changes what Patch looks for, one thing at a time: it must see that, and say where.
func TestRefused(t *testing.T) {
	tc := toolchainsUnderTest(t)[0]
	for _, change := range []struct{ file, old, new string }{
		{"stack.go", "func newstack()", "func newStack()"},
		{"stack.go", "gp := thisg.m.curg", "gp := thisg.m.g0"},
		{"stack.go", "\tmorebuf := thisg.m.morebuf\n\tthisg.m", "\tmorebuf := &thisg.m.morebuf\n\tthisg.m"},
		{"stack.go", "newsize := oldsize * 2", "newsize := oldsize * 4"},
		{"stack.go", "oldsize := gp.stack.hi - gp.stack.lo\n\tnewsize", "println()\n\toldsize := gp.stack.hi - gp.stack.lo\n\tnewsize"},
		{"stack.go", "gp.stackguard0 = new.lo + stackGuard", "gp.stackguard0 = new.lo"},
		{"stack.go", "\t\t\tgp.stackguard0 = gp.stack.lo + stackGuard", "\t\t\tsetGuard(gp)"},
		{"panic.go", "gp.sched.pc = gotoPc", "gp.sched.pc = pc"},
		{"panic.go", "\t}\n\tgogo(&gp.sched)\n}", "\t}\n\tgogo(&gp.sched)\n\tthrow(\"\")\n}"},
		{"proc.go", "\tgp.stackguard0 = gp.stack.lo + stackGuard\n\tif !inheritTime", "\tif !inheritTime"},
		{"proc.go", "usleep(delay)", "usleep(delay + 1)"},
		{"preempt.go", "gp.stackguard0 = gp.stack.lo + stackGuard", "gp.stackguard0 = 0"},
	} {
		goroot := changed(t, tc.goroot, change.file, change.old, change.new)
		_, err := Patch(goroot, tc.version, Default)
		var unsupported *UnsupportedError
		if !errors.As(err, &unsupported) || !strings.Contains(err.Error(), change.file) || !strings.HasPrefix(err.Error(), "vstack: ") {
			t.Errorf("%s with %q: %v", change.file, change.new, err)
		}
	}

	for _, version := range []string{"go1.24.9", "go1.28", "devel go1.28-abc", "", "go2"} {
		var unsupported *UnsupportedError
		if _, err := Patch(tc.goroot, version, Default); !errors.As(err, &unsupported) {
			t.Errorf("%q: %v", version, err)
		}
	}
	for _, size := range []int64{-1, 1000, Least - 1} {
		if files, err := Patch(tc.goroot, tc.version, size); err == nil || files != nil {
			t.Errorf("%d bytes: %v", size, err)
		}
	}
	if files, err := Patch(tc.goroot, "go1.99", 0); err != nil || len(files) != 0 {
		t.Errorf("no net: %d files, %v", len(files), err)
	}
	if Supports("amd64") != nil || Supports("wasm") == nil {
		t.Error("Supports")
	}
}

// changed copies the files of the runtime that Patch reads, one of them with a change in
// it, and returns the directory to use as GOROOT.
func changed(t *testing.T, from, file, before, after string) (goroot string) {
	t.Helper()
	goroot = t.TempDir()
	if err := os.MkdirAll(filepath.Join(goroot, "src", "runtime"), 0o777); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"stack.go", "panic.go", "proc.go", "preempt.go"} {
		content, err := os.ReadFile(filepath.Join(from, "src", "runtime", name))
		if err != nil {
			t.Fatal(err)
		}
		if name == file {
			if !bytes.Contains(content, []byte(before)) {
				t.Errorf("%s has no %q", name, before)
			}
			content = bytes.Replace(content, []byte(before), []byte(after), 1)
		}
		if err := os.WriteFile(filepath.Join(goroot, "src", "runtime", name), content, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return goroot
}

func TestMinorOf(t *testing.T) {
	for version, want := range map[string]int{"go1.26.8": 26, "go1.27rc1": 27, "go1.25.4-X:nodwarf5": 25, "go1.26": 26} {
		if minor, ok := minorOf(version); !ok || minor != want {
			t.Errorf("%s: %d, %v", version, minor, ok)
		}
	}
}
