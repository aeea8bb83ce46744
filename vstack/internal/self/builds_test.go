//go:build gc && !purego && !vstackbuild

package self

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

var (
	allBuilds = flag.Bool("builds", false, "TestBuilds: try every build mode and architecture; takes minutes")
	garble    = flag.String("garble", "", "TestBuilds: the `path` of garble, a command that obfuscates what it builds")
)

// A program with two copies of this package in it, under two paths, as a fork or a
// vendored copy of the library would be: it links, each copy is right, and they know
// each other's workers. Once, and with -builds in every way to build a program.
func TestBuilds(t *testing.T) {
	tool, err := exec.LookPath("go")
	if err != nil {
		t.Skip("there is no go command")
	}
	dir := probe(t)
	// output runs a command for the probe and returns what it printed.
	output := func(t *testing.T, env []string, command ...string) string {
		t.Helper()
		cmd := exec.Command(command[0], command[1:]...)
		cmd.Dir = dir
		cmd.Env = append(append(os.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off"), env...)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", strings.Join(command, " "), err, out)
		}
		return strings.TrimSpace(string(out))
	}
	host := strings.Fields(output(t, nil, tool, "env", "GOHOSTOS", "GOHOSTARCH"))
	if host[0] != runtime.GOOS || host[1] != runtime.GOARCH {
		t.Skip("the go command here is for another machine")
	}
	ok := func(t *testing.T, out string) {
		t.Helper()
		if out != "ok" {
			t.Errorf("the probe says %q", out)
		}
	}
	// try builds the probe and runs it.
	try := func(name string, env []string, run []string, flags ...string) {
		t.Run(name, func(t *testing.T) {
			exe := filepath.Join(t.TempDir(), "probe.exe")
			output(t, env, append([]string{tool, "build", "-o", exe}, append(flags, ".")...)...)
			ok(t, output(t, env, append(run, exe)...))
		})
	}
	noCgo := []string{"CGO_ENABLED=0"}
	try("as it is", noCgo, nil)
	if !*allBuilds {
		return
	}

	try("no optimisation", noCgo, nil, "-gcflags=all=-N -l")
	try("checkptr", noCgo, nil, "-gcflags=all=-d=checkptr=2")
	try("trimpath", noCgo, nil, "-trimpath", "-ldflags=-s -w")
	if *garble != "" {
		t.Run("garble", func(t *testing.T) {
			exe := filepath.Join(t.TempDir(), "probe.exe")
			output(t, noCgo, *garble, "build", "-o", exe, ".")
			ok(t, output(t, nil, exe))
		})
	} else {
		t.Log("skipped: garble; -garble says where it is")
	}

	for _, arch := range []struct{ goarch, qemu string }{
		{"386", ""}, {"amd64", "qemu-x86_64"}, {"arm64", "qemu-aarch64"}, {"arm", "qemu-arm"}, {"riscv64", "qemu-riscv64"},
		{"ppc64", "qemu-ppc64"}, {"ppc64le", "qemu-ppc64le"}, {"s390x", "qemu-s390x"}, {"loong64", "qemu-loongarch64"},
		{"mips", "qemu-mips"}, {"mipsle", "qemu-mipsel"}, {"mips64", "qemu-mips64"}, {"mips64le", "qemu-mips64el"},
	} {
		env := append(noCgo, "GOOS=linux", "GOARCH="+arch.goarch)
		switch _, err := exec.LookPath(arch.qemu); {
		case host[0] != "linux" || arch.goarch == host[1]:
		case err == nil:
			try(arch.goarch, env, []string{arch.qemu})
		case arch.goarch == "386" && host[1] == "amd64":
			try(arch.goarch, env, nil)
		default:
			t.Logf("skipped: %s, there is no %q", arch.goarch, arch.qemu)
		}
	}
	if _, err := exec.LookPath("node"); err == nil {
		script := filepath.Join(output(t, nil, tool, "env", "GOROOT"), "lib", "wasm", "go_js_wasm_exec")
		try("wasm", append(noCgo, "GOOS=js", "GOARCH=wasm"), []string{script})
	} else {
		t.Log("skipped: wasm, there is no node")
	}

	if output(t, nil, tool, "env", "CGO_ENABLED") != "1" {
		t.Log("skipped: what needs cgo")
		return
	}
	cgo := []string{"CGO_ENABLED=1"}
	try("cgo", cgo, nil)
	try("race", cgo, nil, "-race")
	try("pie", cgo, nil, "-buildmode=pie")
	try("pie, linked by the C compiler", cgo, nil, "-buildmode=pie", "-ldflags=-linkmode=external")
	try("asan", cgo, nil, "-asan")
	if _, err := exec.LookPath("clang"); err == nil {
		try("msan", append(cgo, "CC=clang"), nil, "-msan")
	} else {
		t.Log("skipped: msan, there is no clang")
	}
	cc := output(t, nil, tool, "env", "CC")
	for _, mode := range []string{"c-archive", "c-shared"} {
		t.Run(mode, func(t *testing.T) {
			lib, exe := filepath.Join(t.TempDir(), "libprobe.so"), filepath.Join(t.TempDir(), "main")
			output(t, cgo, tool, "build", "-buildmode="+mode, "-o", lib, ".")
			output(t, cgo, cc, "-o", exe, "c/main.c", lib, "-lpthread")
			ok(t, output(t, nil, exe))
		})
	}
	t.Run("plugin", func(t *testing.T) {
		lib, exe := filepath.Join(t.TempDir(), "probe.so"), filepath.Join(t.TempDir(), "host")
		output(t, cgo, tool, "build", "-buildmode=plugin", "-o", lib, ".")
		output(t, cgo, tool, "build", "-o", exe, "./host")
		ok(t, output(t, nil, exe, lib))
	})
}

// probe makes a module of testdata/probe and two copies of this package, and returns
// where it is.
func probe(t *testing.T) string {
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("testdata", "probe"))); err != nil {
		t.Fatal(err)
	}
	write := func(name string, content []byte) {
		t.Helper()
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, content, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	write("go.mod", []byte("module example.com/probe\n\ngo 1.25.0\n"))
	for _, file := range sources(t) {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		write(filepath.Join("one", file), content)
		write(filepath.Join("two", file), content)
	}
	return dir
}
