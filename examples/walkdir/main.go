// Walkdir adds up the sizes of the files in a directory tree of any depth.
//
// The recursion does blocking I/O in its frames and holds something in each, an
// open directory that a deferred call closes. Neither is special: a frame is an
// ordinary call, and only the goroutine on top of the stack runs or blocks. When
// the context is done, the next guard unwinds the recursion with all deferred
// calls run, so Ctrl-C closes every directory and the totals so far are good.
//
// Directories are opened from the one above ([os.Root]), so that no path gets
// too long: [filepath.WalkDir] fails a few thousand levels down, where paths
// reach the system's limit. What limits this program is one open file for each
// level; it reports a directory that it cannot open and goes on.
//
//	go run ./examples/walkdir
//	go run ./examples/walkdir -timeout 1s /usr
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"time"

	"github.com/vstack-go/vstack/examples/internal/measure"
	"github.com/vstack-go/vstack/vstack"
)

// A walker walks one tree. Its totals are plain fields: a virtual stack runs one
// frame at a time, whichever goroutine that is on.
type walker struct {
	report func(error) // of what could not be read

	files, dirs, failures int
	bytes                 int64
	path                  []string // of the directory being walked
	deepest               int
}

// walk adds up what is in dir and below.
func (w *walker) walk(dir *os.Root) {
	if vstack.Low() {
		vstack.Do(func() { w.walk(dir) })
		return
	}
	w.dirs++
	w.deepest = max(w.deepest, len(w.path))
	entries, err := readDir(dir)
	w.failed("", err) // and some entries may have been read all the same
	for _, entry := range entries {
		vstack.Check() // a large directory takes long, and passes no guard
		if entry.IsDir() {
			w.enter(dir, entry.Name())
			continue
		}
		info, err := dir.Lstat(entry.Name())
		if err != nil {
			w.failed(entry.Name(), err)
			continue
		}
		w.files++
		w.bytes += info.Size()
	}
}

// enter walks a directory in parent. It and walk call each other, and one guard
// in each cycle of calls is enough.
func (w *walker) enter(parent *os.Root, name string) {
	dir, err := parent.OpenRoot(name)
	if err != nil {
		w.failed(name, err)
		return
	}
	w.path = append(w.path, name)
	defer func() {
		dir.Close()
		w.path = w.path[:len(w.path)-1]
	}()
	w.walk(dir)
}

func readDir(dir *os.Root) ([]os.DirEntry, error) {
	f, err := dir.Open(".")
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return f.ReadDir(-1)
}

// failed reports err for name in the current directory. What is gone since the
// directory was read is no failure: files come and go while a program runs.
func (w *walker) failed(name string, err error) {
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		return
	}
	w.failures++
	// The error knows the name alone, or a long path that nobody asked for.
	if cause := (*fs.PathError)(nil); errors.As(err, &cause) {
		err = cause.Err
	}
	path := filepath.Join(append(w.path[:len(w.path):len(w.path)], name)...)
	if len(path) > 200 {
		path = path[:100] + "..." + path[len(path)-97:]
	}
	w.report(fmt.Errorf("%s: %w", path, err))
}

func main() {
	timeout := flag.Duration("timeout", 0, "stop after this `time` (default never)")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "usage: walkdir [-timeout TIME] [DIRECTORY]")
		flag.PrintDefaults()
	}
	flag.Parse()
	if flag.NArg() > 1 || *timeout < 0 {
		flag.Usage()
		os.Exit(2)
	}
	path := "."
	if flag.NArg() == 1 {
		path = flag.Arg(0)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if *timeout > 0 {
		ctx, stop = context.WithTimeout(ctx, *timeout)
		defer stop()
	}
	if !run(ctx, os.Stdout, os.Stderr, path) {
		os.Exit(1)
	}
}

// run walks the tree at path and prints the totals. It reports whether all of
// the tree could be read.
func run(ctx context.Context, out, errs io.Writer, path string) bool {
	start := time.Now()
	w, err := walk(ctx, path, func(err error) { fmt.Fprintln(errs, "walkdir:", err) })
	if err != nil {
		fmt.Fprintln(errs, "walkdir:", err)
	}
	if w.dirs == 0 {
		return false
	}
	if err != nil {
		fmt.Fprint(out, "stopped after ")
	}
	fmt.Fprintf(out, "%v files in %v directories, %d deep: %v\n",
		measure.Count(w.files), measure.Count(w.dirs), w.deepest, measure.Size(w.bytes))
	if w.failures > 0 {
		fmt.Fprintf(out, "%v could not be read\n", measure.Count(w.failures))
	}
	fmt.Fprintf(out, "%s, peak memory %s\n", measure.Seconds(time.Since(start)), measure.PeakText())
	return err == nil && w.failures == 0
}

// walk walks the tree at path. The totals it returns hold for what was walked
// before an error.
func walk(ctx context.Context, path string, report func(error)) (*walker, error) {
	w := &walker{report: report}
	top, err := os.OpenRoot(path)
	if err != nil {
		return w, err
	}
	defer top.Close()
	_, err = vstack.Run(ctx, func(context.Context, *vstack.Stack) (struct{}, error) {
		w.path = []string{path}
		w.walk(top)
		return struct{}{}, nil
	})
	return w, err
}
