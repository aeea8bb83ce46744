package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/vstack-go/vstack/vstack"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// tree makes a small tree: three files of 6 bytes together in three directories
// below its own.
func tree(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"a": "1", "b/c": "22", "b/d/e": "333"} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o777), os.WriteFile(path, []byte(text), 0o666)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "empty"), 0o777); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestWalk(t *testing.T) {
	before := openFiles()
	w, err := walk(t.Context(), tree(t), func(err error) { t.Error(err) })
	if err != nil || w.files != 3 || w.dirs != 4 || w.bytes != 6 || w.deepest != 3 || w.failures != 0 {
		t.Errorf("%+v, %v", w, err)
	}
	if after := openFiles(); after != before {
		t.Errorf("%d open files, %d before", after, before)
	}
}

// openFiles counts this process's, where that is easy.
func openFiles() int {
	files, _ := os.ReadDir("/proc/self/fd")
	return len(files)
}

// A path to the bottom of this tree would be longer than systems take.
func TestDeep(t *testing.T) {
	if runtime.GOOS == "windows" || runtime.GOOS == "js" {
		t.Skip("not every tool there could remove such a tree again")
	}
	const levels = 2500
	dir := t.TempDir()
	at, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	for range levels {
		if err := at.Mkdir("d", 0o777); err != nil {
			t.Fatal(err)
		}
		below, err := at.OpenRoot("d")
		if err != nil {
			t.Fatal(err)
		}
		at.Close()
		at = below
	}
	err = at.WriteFile("file", make([]byte, 1000), 0o666)
	at.Close()
	if err != nil {
		t.Fatal(err)
	}
	w, err := walk(t.Context(), dir, func(err error) { t.Log(err) })
	if err == nil && w.failures > 0 {
		t.Skipf("this system does not let us open %d directories at once", levels)
	}
	if err != nil || w.dirs != levels+1 || w.files != 1 || w.bytes != 1000 || w.deepest != levels+1 {
		t.Errorf("%d files in %d directories, %d deep, %d bytes, %v", w.files, w.dirs, w.deepest, w.bytes, err)
	}
}

func TestSymlink(t *testing.T) {
	dir := tree(t)
	if err := os.Symlink(dir, filepath.Join(dir, "loop")); err != nil {
		t.Skip(err)
	}
	w, err := walk(t.Context(), dir, func(err error) { t.Error(err) })
	if err != nil || w.dirs != 4 || w.files != 4 {
		t.Errorf("a link to a directory was followed: %+v, %v", w, err)
	}
}

func TestUnreadable(t *testing.T) {
	dir := tree(t)
	closed := filepath.Join(dir, "b", "d")
	if err := os.Chmod(closed, 0); err != nil {
		t.Fatal(err)
	}
	defer os.Chmod(closed, 0o777)
	if f, err := os.Open(closed); err == nil {
		f.Close()
		t.Skip("permissions do not bind this user")
	}
	var out, errs strings.Builder
	if run(t.Context(), &out, &errs, dir) {
		t.Error("all was read")
	}
	if !strings.HasPrefix(out.String(), "2 files in 3 directories, ") || !strings.Contains(out.String(), "1 could not be read\n") {
		t.Error(out.String())
	}
	if want := "walkdir: " + closed + ": permission denied\n"; errs.String() != want {
		t.Errorf("%q, want %q", errs.String(), want)
	}
}

func TestFailed(t *testing.T) {
	var got []error
	w := &walker{path: []string{"top", "sub"}, report: func(err error) { got = append(got, err) }}
	w.failed("gone", &fs.PathError{Op: "lstat", Path: "gone", Err: fs.ErrNotExist})
	w.failed("file", nil)
	w.failed("file", &fs.PathError{Op: "lstat", Path: "file", Err: fs.ErrPermission})
	w.failed("", errors.New("other"))
	w.path = append(w.path, strings.Repeat("x", 1000))
	w.failed("long", fs.ErrPermission)
	if len(got) != 3 || w.failures != 3 {
		t.Fatalf("%q, %d failures", got, w.failures)
	}
	if want := filepath.Join("top", "sub", "file") + ": permission denied"; got[0].Error() != want || !errors.Is(got[0], fs.ErrPermission) {
		t.Errorf("%q, want %q", got[0], want)
	}
	if want := filepath.Join("top", "sub") + ": other"; got[1].Error() != want {
		t.Errorf("%q, want %q", got[1], want)
	}
	if n := len(got[2].Error()); n > 250 {
		t.Errorf("an error of %d bytes", n)
	}
}

func TestCanceled(t *testing.T) {
	dir := tree(t)
	before := openFiles()
	ctx, cancel := context.WithCancel(context.Background())
	w := &walker{path: []string{dir}, report: func(err error) { t.Error(err) }}
	_, err := vstack.Run(ctx, func(context.Context, *vstack.Stack) (int, error) {
		top, err := os.OpenRoot(dir)
		if err != nil {
			return 0, err
		}
		defer top.Close()
		w.enter(top, "b")
		cancel()
		for !vstack.Low() {
			runtime.Gosched()
		}
		w.enter(top, "empty")
		t.Error("went on")
		return 0, nil
	})
	if err != context.Canceled || w.dirs != 2 || w.files != 2 || len(w.path) != 1 {
		t.Errorf("%v, %+v", err, w)
	}
	if after := openFiles(); after != before {
		t.Errorf("%d open files, %d before", after, before)
	}
}

func TestRun(t *testing.T) {
	var out, errs strings.Builder
	if !run(t.Context(), &out, &errs, tree(t)) || !regexp.MustCompile(`^3 files in 4 directories, 3 deep: 6 B\n.*, peak memory .*\n$`).MatchString(out.String()) {
		t.Error(out.String(), errs.String())
	}
	out.Reset()
	if run(t.Context(), &out, &errs, filepath.Join(t.TempDir(), "missing")) || out.Len() > 0 || !strings.Contains(errs.String(), "missing: ") {
		t.Error(out.String(), errs.String())
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	errs.Reset()
	if run(ctx, &out, &errs, t.TempDir()) || errs.String() != "walkdir: context canceled\n" {
		t.Error(out.String(), errs.String())
	}
}
