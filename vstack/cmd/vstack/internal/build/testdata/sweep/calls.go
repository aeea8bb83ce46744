package main

import (
	"bufio"
	"context"
	"debug/dwarf"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"sort"
	"strings"
	"sync"
)

// What wraps others of its kind, and what calls back.

// less makes a comparison that sorts again, n levels deep.
func less(n int, sorted func(less func() bool)) bool {
	if n > 0 {
		sorted(func() bool { return less(n-1, sorted) })
	}
	return false
}

func init() {
	ways["sort.Slice"] = func(n int) error {
		less(n, func(less func() bool) { sort.Slice([]int{2, 1}, func(i, j int) bool { return less() }) })
		return nil
	}
	ways["slices.SortFunc"] = func(n int) error {
		less(n, func(less func() bool) {
			slices.SortFunc([]int{2, 1}, func(a, b int) int { less(); return 0 })
		})
		return nil
	}
	ways["sort.Search"] = func(n int) error {
		less(n, func(less func() bool) { sort.Search(1, func(int) bool { return less() }) })
		return nil
	}
	ways["strings.Map"] = func(n int) error {
		less(n, func(less func() bool) { strings.Map(func(r rune) rune { less(); return r }, "x") })
		return nil
	}
	ways["sync.Once"] = func(n int) error {
		less(n, func(less func() bool) { new(sync.Once).Do(func() { less() }) })
		return nil
	}
	// It throws a panic of its function again, level by level: Go takes 7 s for 10,000 of
	// these and four times as long for twice as many. So not so deep that the net throws.
	fewer["sync.OnceValue"] = 10
	ways["sync.OnceValue"] = func(n int) error {
		less(n, func(less func() bool) { sync.OnceValue(less)() })
		return nil
	}
	ways["sync.Map.Range"] = func(n int) error {
		var m sync.Map
		m.Store(1, 1)
		less(n, func(less func() bool) { m.Range(func(k, v any) bool { return less() }) })
		return nil
	}
	fewer["iter.Pull"] = 10
	ways["iter.Pull"] = func(n int) error {
		var seq iter.Seq[int] = func(yield func(int) bool) { yield(1) }
		for range n {
			before := seq
			seq = func(yield func(int) bool) { before(yield) }
		}
		next, stop := iter.Pull(seq)
		defer stop()
		if v, ok := next(); !ok || v != 1 {
			return fmt.Errorf("%d, %v", v, ok)
		}
		return nil
	}
	ways["errors.Is"] = func(n int) error {
		err := io.EOF
		for range n {
			err = errors.Join(err)
		}
		if !errors.Is(err, io.EOF) || errors.Is(err, io.ErrNoProgress) {
			return fmt.Errorf("it is not")
		}
		return nil
	}
	ways["errors.As"] = func(n int) error {
		var err error = &fs.PathError{Op: "open", Err: io.EOF}
		for range n {
			err = errors.Join(err)
		}
		if to := new(fs.PathError); !errors.As(err, &to) {
			return fmt.Errorf("it is not")
		}
		return nil
	}
	ways["errors.Join Error"] = func(n int) error {
		err := io.EOF
		for range n {
			err = errors.Join(err)
		}
		_ = err.Error()
		return nil
	}
	fewer["context cancel"] = 10
	ways["context cancel"] = func(n int) error {
		ctx, cancel := context.WithCancel(context.Background())
		last := ctx
		for range n {
			var stop func()
			last, stop = context.WithCancel(last)
			_ = stop
		}
		cancel()
		if last.Err() == nil {
			return errors.New("the last one goes on")
		}
		return nil
	}
	fewer["context String"] = 150 // it copies
	ways["context String"] = func(n int) error {
		ctx := context.Background()
		for range n {
			ctx = context.WithValue(ctx, n, n)
		}
		_ = fmt.Sprint(ctx)
		return nil
	}
	ways["context Value"] = func(n int) error {
		ctx := context.WithValue(context.Background(), "a", 1) //nolint:staticcheck // a key like any other
		for range n {
			ctx = context.WithoutCancel(ctx)
		}
		if ctx.Value("a") != 1 {
			return fmt.Errorf("no value")
		}
		return nil
	}
	ways["io.TeeReader"] = func(n int) error {
		var r io.Reader = strings.NewReader("x")
		for range n {
			r = io.TeeReader(r, io.Discard)
		}
		_, err := io.ReadFull(r, make([]byte, 1))
		return err
	}
	ways["io.LimitReader"] = func(n int) error {
		var r io.Reader = strings.NewReader("x")
		for range n {
			r = io.LimitReader(r, 10)
		}
		_, err := io.ReadFull(r, make([]byte, 1))
		return err
	}
	ways["io.MultiReader"] = func(n int) error {
		var r io.Reader = strings.NewReader("x")
		for range n {
			r = io.MultiReader(r, strings.NewReader(""))
		}
		_, err := io.ReadAll(r)
		return err
	}
	fewer["io.MultiWriter"] = 100 // it copies
	ways["io.MultiWriter"] = func(n int) error {
		w := io.Discard
		for range n {
			w = io.MultiWriter(io.MultiWriter(w, io.Discard), io.Discard)
		}
		_, err := w.Write([]byte("x"))
		return err
	}
	fewer["bufio.Writer"] = 10
	ways["bufio.Writer"] = func(n int) error {
		var w io.Writer = struct{ io.Writer }{io.Discard}
		for range n {
			w = struct{ io.Writer }{bufio.NewWriterSize(w, 16)}
		}
		_, err := w.Write(make([]byte, 64))
		return err
	}
	fewer["bufio.Reader"] = 10
	ways["bufio.Reader"] = func(n int) error {
		var r io.Reader = strings.NewReader("x")
		for range n {
			r = struct{ io.Reader }{bufio.NewReaderSize(r, 16)}
		}
		_, err := io.ReadFull(r, make([]byte, 1))
		return err
	}
	fewer["fs.Sub"] = 10
	ways["fs.Sub"] = func(n int) error {
		var f fs.FS = struct{ fs.FS }{os.DirFS(".")}
		for range n {
			var err error
			if f, err = fs.Sub(f, "."); err != nil {
				return err
			}
			f = struct{ fs.FS }{f}
		}
		_, err := f.Open("there-is-no-such-file")
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	}
	ways["http.StripPrefix"] = func(n int) error {
		var h http.Handler = http.NotFoundHandler()
		for range n {
			h = http.StripPrefix("", http.AllowQuerySemicolons(h))
		}
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
		return nil
	}
	ways["http.MaxBytesHandler"] = func(n int) error {
		var h http.Handler = http.NotFoundHandler()
		for range n {
			h = http.MaxBytesHandler(h, 10)
		}
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
		return nil
	}
	fewer["dwarf String"] = 100 // it copies
	ways["dwarf String"] = func(n int) error {
		var t dwarf.Type = &dwarf.VoidType{}
		for range n {
			t = &dwarf.PtrType{Type: t}
		}
		_ = t.String()
		return nil
	}
	ways["dwarf Size"] = func(n int) error {
		var t dwarf.Type = &dwarf.CharType{BasicType: dwarf.BasicType{CommonType: dwarf.CommonType{ByteSize: 1}}}
		for range n {
			t = &dwarf.TypedefType{Type: &dwarf.QualType{Type: t}}
		}
		if t.Size() != 1 {
			return fmt.Errorf("%d bytes", t.Size())
		}
		return nil
	}
}
