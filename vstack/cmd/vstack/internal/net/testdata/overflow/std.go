package main

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"go/ast"
	"go/token"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"reflect"
	"runtime"
	"sort"
	"strconv"
	"strings"
	"sync"
	"text/template"
)

// The standard library, and what the runtime does by itself.

type list struct {
	V    int
	Next *list
}

type box struct{ in any }

func init() {
	ways["deepequal"] = func() error { a, b := lists(), lists(); return overflow(func() { reflect.DeepEqual(a, b) }) }
	ways["json"] = func() error {
		l := lists()
		return limited(func() error { return json.NewEncoder(io.Discard).Encode(l) })
	}
	ways["jsonarray"] = func() error {
		l := nested()
		return limited(func() error { _, err := json.Marshal(l); return err })
	}
	ways["sprint"] = func() error { l := nested(); return overflow(func() { fmt.Fprint(io.Discard, l) }) }
	ways["sprintv"] = func() error { l := boxes(1); return overflow(func() { fmt.Fprintf(io.Discard, "%+v", l) }) }
	ways["xml"] = func() error { l := lists(); return overflow(func() { xml.NewEncoder(io.Discard).Encode(l) }) }
	ways["gob"] = func() error { l := lists(); return overflow(func() { gob.NewEncoder(new(bytes.Buffer)).Encode(l) }) }
	ways["inspect"] = func() error {
		var e ast.Expr = &ast.BasicLit{Kind: token.INT, Value: "1"}
		for range levels {
			e = &ast.ParenExpr{X: e}
		}
		return overflow(func() { ast.Inspect(e, func(ast.Node) bool { return true }) })
	}
	ways["template"] = func() error {
		t := template.Must(template.New("x").Funcs(template.FuncMap{"deep": func() int { return plain(forever) }}).Parse(`{{deep}}`))
		// text/template makes errors of the panics of functions.
		err := t.Execute(io.Discard, nil)
		if err == nil || !strings.Contains(err.Error(), "vstack: stack overflow") {
			return fmt.Errorf("%v", err)
		}
		return nil
	}
	ways["sort"] = func() error {
		return overflow(func() { sort.Slice([]int{3, 2, 1}, func(i, j int) bool { return plain(forever) > 0 }) })
	}
	ways["sortrecursive"] = func() error {
		var less func(n int) bool
		less = func(n int) bool {
			s := []int{2, 1}
			sort.Slice(s, func(i, j int) bool { return less(n - 1) })
			return s[0] < s[1]
		}
		return overflow(func() { less(forever) })
	}
	ways["reflectcall"] = func() error {
		var v reflect.Value
		f := func(n int) int { return int(v.Call([]reflect.Value{reflect.ValueOf(n - 1)})[0].Int()) + 1 }
		v = reflect.ValueOf(f)
		return overflow(func() { f(forever) })
	}
	ways["makefunc"] = func() error {
		var f func(n int, s string) int
		f = reflect.MakeFunc(reflect.TypeOf(f), func(a []reflect.Value) []reflect.Value {
			return []reflect.Value{reflect.ValueOf(f(int(a[0].Int()-1), a[1].String()) + 1)}
		}).Interface().(func(int, string) int)
		return overflow(func() { f(forever, "x") })
	}
	ways["equal"] = func() error { a, b := boxes(1), boxes(1); return overflow(func() { println(a == b) }) }
	ways["equalarray"] = func() error {
		var a, b any
		for range levels {
			a, b = [2]any{1, a}, [2]any{1, b}
		}
		return overflow(func() { println(a == b) })
	}
	ways["maphash"] = func() error {
		a := boxes(1)
		m := map[any]int{}
		if err := overflow(func() { m[a] = 1 }); err != nil {
			return err
		}
		for i := range 1000 { // the map is as it was
			m[i] = i
		}
		if len(m) != 1000 {
			return fmt.Errorf("%d keys", len(m))
		}
		return overflow(func() { println(m[a]) })
	}
	ways["mapgrown"] = func() error {
		// The key is short enough to be hashed on an empty stack, and too long when the map is used further down.
		a := boxesOf(levels/400, 1)
		m := map[any]int{a: 1}
		var down func(n int) int
		down = func(n int) int {
			if n > 0 {
				return down(n-1) + 1
			}
			for i := range 200 {
				m[len(m)+i] = i // grows, and hashes what it has again
			}
			if m[a] != 1 {
				panic("lost")
			}
			return len(m)
		}
		for n := 10000; n < 1<<30; n += n / 10 {
			var r any
			func() {
				defer func() { r = recover() }()
				down(n)
			}()
			if r != nil {
				if err := isOverflow(r); err != nil {
					return err
				}
				if m[a] != 1 {
					return errors.New("lost")
				}
				for i := range 20000 {
					m[-i] = i
				}
				for i := range 20000 {
					if m[-i] != i {
						return fmt.Errorf("m[%d] is %d", -i, m[-i])
					}
				}
				return nil
			}
		}
		return errors.New("no panic")
	}
	ways["syncmap"] = func() error {
		var m sync.Map
		m.Store(1, 1)
		return overflow(func() { m.Range(func(k, v any) bool { return plain(forever) > 0 }) })
	}
	ways["once"] = func() error {
		var once sync.Once
		if err := overflow(func() { once.Do(func() { plain(forever) }) }); err != nil {
			return err
		}
		once.Do(func() { panic("again") })
		return nil
	}
	ways["mutex"] = func() error {
		// Whatever the overflow hits, deferred unlocks are done.
		var mu sync.RWMutex
		var f func(n int) int
		locks := 0
		f = func(n int) int {
			func() {
				mu.Lock()
				defer mu.Unlock()
				locks++
				helper(n)
			}()
			return f(n-1) + 1
		}
		for range 20 {
			if err := overflow(func() { f(forever) }); err != nil {
				return err
			}
			if !mu.TryLock() {
				return errors.New("left locked")
			}
			mu.Unlock()
			f2 := f
			f = func(n int) int { var pad [40]byte; pad[n%40] = 1; return f2(n) + int(pad[n%3]) }
		}
		return nil
	}
	ways["deferredcalls"] = func() error {
		// Deferred calls that the compiler makes itself, and that take more stack than all around them.
		open := 0
		pad := func() { var pad [1000]byte; pad[open&255] = 1; sink += int(pad[open&127]) }
		var f func(n int) int
		f = func(n int) int {
			func() {
				open++
				defer func() { open--; pad() }()
				helper(n)
			}()
			func() {
				opened++
				defer closeIt()
				helper(n)
			}()
			return f(n-1) + 1
		}
		for range 5 {
			if err := overflow(func() { f(forever) }); err != nil {
				return err
			}
			if open != 0 || opened != 0 {
				return fmt.Errorf("%d, %d deferred calls left out", open, opened)
			}
		}
		return nil
	}
	ways["pool"] = func() error {
		p := sync.Pool{New: func() any { return plain(forever) }}
		return overflow(func() { p.Get() })
	}
	ways["syscall"] = func() error {
		null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		defer null.Close()
		var f func(n int) int
		f = func(n int) int {
			io.WriteString(null, strconv.Itoa(n))
			return f(n-1) + 1
		}
		return overflow(func() { f(forever) })
	}
	ways["http"] = func() error { return serve(20) }
	ways["http10000"] = func() error { return serve(10000) }
}

// limited is overflow for packages that have a limit of their own in some versions of Go, and return an error.
func limited(f func() error) error {
	var err error
	if r := overflow(func() { err = f() }); err == nil {
		return r
	}
	return nil
}

const levels = 6_000_000

func lists() (l *list) {
	for i := range levels {
		l = &list{i, l}
	}
	return l
}

func nested() (l any) {
	for range levels {
		l = []any{l}
	}
	return l
}

func boxes(v any) any { return boxesOf(levels, v) }

func boxesOf(n int, v any) any {
	for range n {
		v = box{v}
	}
	return v
}

// serve has a handler overflow n times, and looks whether the server goes on and the memory stays.
func serve(n int) error {
	mux := http.NewServeMux()
	mux.HandleFunc("/deep", func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			if err := isOverflow(recover()); err != nil {
				http.Error(w, err.Error(), 418)
				return
			}
			http.Error(w, "too deep", 500)
		}()
		plain(forever)
	})
	mux.HandleFunc("/die", func(w http.ResponseWriter, r *http.Request) { plain(forever) })
	mux.HandleFunc("/flat", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "ok") })
	s := httptest.NewUnstartedServer(mux)
	s.Config.ErrorLog = nil
	stderr := os.Stderr
	os.Stderr, _ = os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	defer func() { os.Stderr = stderr }()
	s.Start()
	defer s.Close()
	get := func(path string) (int, error) {
		r, err := s.Client().Get(s.URL + path)
		if err != nil {
			return 0, err
		}
		defer r.Body.Close()
		_, err = io.Copy(io.Discard, r.Body)
		return r.StatusCode, err
	}
	early := 0
	for i := range n {
		if code, err := get("/deep"); code != 500 {
			return fmt.Errorf("/deep: %d, %v", code, err)
		}
		if i%10 == 0 {
			if _, err := get("/die"); err == nil { // net/http recovers and closes the connection
				return errors.New("/die: no error")
			}
		}
		if code, err := get("/flat"); code != 200 {
			return fmt.Errorf("/flat: %d, %v", code, err)
		}
		if i == min(n/2, 50) {
			early = memory()
		}
	}
	if n > 50 {
		runtime.GC()
		late := memory()
		fmt.Printf("memory after 50 requests %d MiB, after %d %d MiB\n", early>>20, n, late>>20)
		if late > early+32<<20 {
			return errors.New("memory grows")
		}
	}
	return nil
}

// memory is what the process has of the machine's, in bytes; 0 where /proc does not say.
func memory() int {
	status, _ := os.ReadFile("/proc/self/status")
	for _, line := range strings.Split(string(status), "\n") {
		if f := strings.Fields(line); len(f) > 1 && f[0] == "VmRSS:" {
			n, _ := strconv.Atoi(f[1])
			return n << 10
		}
	}
	return 0
}

var opened int

//go:noinline
func closeIt() {
	var pad [3000]byte
	pad[opened&255] = 1
	opened += int(pad[opened&127]>>1) - 1
}
