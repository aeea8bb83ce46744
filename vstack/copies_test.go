package vstack_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// Two copies of the library in one binary, as of a fork or a vendored one. What runs on
// a stack of one, and comes to guards of the other that hop, and back to its own, still
// runs on its own stack: with that limit and that context.
func TestTwoCopies(t *testing.T) {
	if testing.Short() || runtime.GOOS == "js" {
		t.Skip("builds a program")
	}
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("there is no go command")
	}
	dir := t.TempDir()
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, text string) {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for _, pkg := range []string{"scheduler", "vstack", "vstack/internal/self", "vstack/internal/memlimit", "vstack/internal/fold"} {
		files, _ := filepath.Glob(filepath.Join(root, pkg, "*.[gs]*"))
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			write(filepath.Join("fork", pkg, filepath.Base(file)), strings.ReplaceAll(string(text), "github.com/vstack-go/vstack/", "example.com/fork/"))
		}
	}
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	sum, err := os.ReadFile(filepath.Join(root, "go.sum"))
	if err != nil {
		t.Fatal(err)
	}
	write("fork/go.mod", strings.Replace(string(mod), "module github.com/vstack-go/vstack", "module example.com/fork", 1))
	write("fork/go.sum", string(sum))
	write("go.sum", string(sum))
	write("go.mod", strings.Replace(string(mod), "module github.com/vstack-go/vstack", "module example.com/both", 1)+`
require github.com/vstack-go/vstack v0.0.0
require example.com/fork v0.0.0
replace github.com/vstack-go/vstack => `+filepath.ToSlash(root)+`
replace example.com/fork => ./fork
`)
	write("main.go", twoCopies)
	cmd := exec.Command("go", "run", "-mod=mod", ".")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off")
	out, err := cmd.CombinedOutput()
	if err != nil || strings.TrimSpace(string(out)) != "fine" {
		t.Errorf("%v\n%s", err, out)
	}
}

const twoCopies = `package main

import (
	"context"
	"errors"
	"fmt"

	fork "example.com/fork/vstack"
	"github.com/vstack-go/vstack/vstack"
)

var stack *vstack.Stack

// ours and theirs call each other.
func ours(n int, bottom func()) {
	if vstack.Low() {
		vstack.Do(func() {
			if vstack.Current() != stack {
				panic("a guard of ours hopped to another stack")
			}
			ours(n, bottom)
		})
		return
	}
	if n <= 0 {
		bottom()
		return
	}
	theirs(n-1, bottom)
}

func theirs(n int, bottom func()) {
	if fork.Low() {
		fork.Do(func() { theirs(n, bottom) })
		return
	}
	// Ten levels of theirs to one of ours, so that theirs hop first.
	if n%10 != 0 {
		theirs(n-1, bottom)
		return
	}
	ours(n-1, bottom)
}

func main() {
	// Ours take about a tenth of the frames, and the fork's the others, so that the
	// second recursion passes the limit of ours, and not that of the fork.
	for _, n := range []int{200_001, 50_000_001} {
		ctx, cancel := context.WithCancel(context.Background())
		reached := false
		_, err := vstack.Run(ctx, func(_ context.Context, s *vstack.Stack) (int, error) {
			stack = s
			ours(n, func() { reached = true })
			return 0, nil
		}, vstack.WithMaxMemory(16<<20))
		cancel()
		if n < 1_000_000 && (err != nil || !reached) || n > 1_000_000 && !errors.Is(err, vstack.ErrOverflow) {
			fmt.Println(n, err, reached)
			return
		}
	}
	fmt.Println("fine")
}
`
