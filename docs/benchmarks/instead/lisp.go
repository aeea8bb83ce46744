package instead

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/vstack-go/vstack/vstack"
)

// A small Lisp: functions of numbers, if, arithmetic, calls.

var lispDeep = Work{
	Name: "lisp deep", What: "Lisp evaluator, (sum 500000), not a tail call", Unit: "evaluation",
	N: 500_000, Less: 50_000,
	Make: func(n int) Input {
		// 10 evaluations a call; the last one takes 5, and (sum n) itself 2.
		return lispInput("(define (sum n) (if (< n 1) 0 (+ n (sum (- n 1)))))", "sum", n, 10*n+7, 3*n)
	},
	Source: lispSource,
}

var lispFlat = Work{
	Name: "lisp flat", What: "Lisp evaluator, (fib 25)", Unit: "evaluation",
	N: 25, Less: 15,
	Make: func(n int) Input {
		// A leaf takes 5 evaluations, another call 13 with those of its arguments.
		leaves, inner := 1, 0
		for a, b, i := 1, 1, 0; i < n; i++ {
			a, b = b, a+b
			leaves, inner = a, a-1
		}
		return lispInput("(define (fib n) (if (< n 2) n (+ (fib (- n 1)) (fib (- n 2)))))", "fib", n, 5*leaves+13*inner+2, 4*n)
	},
	Source: lispSource,
}

var lispSource = map[string][]string{
	"plain": {"lispPlain"}, "counter": {"lispCounter"}, "handle": {"lispHandle"}, "free": {"lispFree"},
	"explicit": {"lispFrame", "lispExplicit"}, "goroutine": {"lispGoroutine"},
}

func lispInput(program, name string, n, count, depth int) Input {
	fn, err := readLisp(program, name)
	if err != nil {
		panic(err)
	}
	e := &expr{op: call, fn: fn, args: []*expr{{op: constant, value: n}}}
	plain := func(*vstack.Stack) (int, error) { return lispPlain(e, nil) }
	return Input{Count: count, Depth: depth, Forms: map[string]Form{
		"plain": plain, "setmaxstack": plain,
		"counter":   func(*vstack.Stack) (int, error) { return lispCounter(e, nil, 0) },
		"handle":    func(s *vstack.Stack) (int, error) { return lispHandle(s, e, nil) },
		"free":      func(*vstack.Stack) (int, error) { return lispFree(e, nil) },
		"explicit":  func(*vstack.Stack) (int, error) { return lispExplicit(e, nil) },
		"goroutine": func(*vstack.Stack) (int, error) { return lispGoroutine(e, nil) },
	}}
}

// The operations of an expression, besides the arithmetic ones, which are named as in Lisp.
const (
	constant = 'n'
	variable = 'v'
	cond     = 'i'
	call     = 'c'
)

type expr struct {
	op    byte
	value int // of a constant; a variable's place in the environment
	args  []*expr
	fn    *function
}

type function struct {
	params []string
	body   *expr
}

var errLisp = errors.New("no such operation")

func arithmetic(op byte, a, b int) (int, error) {
	switch op {
	case '+':
		return a + b, nil
	case '-':
		return a - b, nil
	case '*':
		return a * b, nil
	case '<':
		if a < b {
			return 1, nil
		}
		return 0, nil
	}
	return 0, errLisp
}

// readLisp reads definitions and returns the function of the name.
func readLisp(text, name string) (*function, error) {
	text = strings.NewReplacer("(", " ( ", ")", " ) ").Replace(text)
	r := &lispReader{words: strings.Fields(text), functions: map[string]*function{}}
	for len(r.words) > 0 {
		r.define()
	}
	f := r.functions[name]
	if r.err == nil && (f == nil || f.body == nil) {
		r.fail("no function %s", name)
	}
	return f, r.err
}

// A lispReader is for short programs: it recurses without a guard.
type lispReader struct {
	words     []string
	functions map[string]*function
	err       error
}

func (r *lispReader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf(format, args...)
	}
	r.words = nil
}

// word takes the next word, which is to be want, if that is not empty.
func (r *lispReader) word(want string) string {
	if len(r.words) == 0 || want != "" && r.words[0] != want {
		r.fail("want %q at %q", want, r.words)
		return ""
	}
	w := r.words[0]
	r.words = r.words[1:]
	return w
}

// more reports whether the list goes on; else it takes its end.
func (r *lispReader) more() bool {
	if len(r.words) > 0 && r.words[0] != ")" {
		return true
	}
	r.word(")")
	return false
}

func (r *lispReader) function(name string) *function {
	if r.functions[name] == nil {
		r.functions[name] = &function{}
	}
	return r.functions[name]
}

func (r *lispReader) define() {
	r.word("(")
	r.word("define")
	r.word("(")
	f := r.function(r.word(""))
	for r.more() {
		f.params = append(f.params, r.word(""))
	}
	f.body = r.expr(f)
	r.word(")")
}

func (r *lispReader) expr(in *function) *expr {
	w := r.word("")
	if w != "(" {
		for i, name := range in.params {
			if name == w {
				return &expr{op: variable, value: i}
			}
		}
		n, err := strconv.Atoi(w)
		if err != nil {
			r.fail("%v", err)
		}
		return &expr{op: constant, value: n}
	}
	e := &expr{}
	want := 2
	switch op := r.word(""); {
	case op == "if":
		e.op, want = cond, 3
	case len(op) == 1 && strings.Contains("+-*<", op):
		e.op = op[0]
	default:
		e.op, e.fn = call, r.function(op)
		want = len(e.fn.params)
	}
	for r.more() {
		e.args = append(e.args, r.expr(in))
	}
	if len(e.args) != want {
		r.fail("%d arguments instead of %d", len(e.args), want)
	}
	return e
}

func lispPlain(e *expr, env []int) (int, error) {
	switch e.op {
	case constant:
		return e.value, nil
	case variable:
		return env[e.value], nil
	case cond:
		c, err := lispPlain(e.args[0], env)
		if err != nil {
			return 0, err
		}
		if c != 0 {
			return lispPlain(e.args[1], env)
		}
		return lispPlain(e.args[2], env)
	case call:
		locals := make([]int, len(e.args))
		for i, arg := range e.args {
			v, err := lispPlain(arg, env)
			if err != nil {
				return 0, err
			}
			locals[i] = v
		}
		return lispPlain(e.fn.body, locals)
	}
	a, err := lispPlain(e.args[0], env)
	if err != nil {
		return 0, err
	}
	b, err := lispPlain(e.args[1], env)
	if err != nil {
		return 0, err
	}
	return arithmetic(e.op, a, b)
}

func lispCounter(e *expr, env []int, depth int) (int, error) {
	if depth > limit {
		return 0, ErrTooDeep
	}
	switch e.op {
	case constant:
		return e.value, nil
	case variable:
		return env[e.value], nil
	case cond:
		c, err := lispCounter(e.args[0], env, depth+1)
		if err != nil {
			return 0, err
		}
		if c != 0 {
			return lispCounter(e.args[1], env, depth+1)
		}
		return lispCounter(e.args[2], env, depth+1)
	case call:
		locals := make([]int, len(e.args))
		for i, arg := range e.args {
			v, err := lispCounter(arg, env, depth+1)
			if err != nil {
				return 0, err
			}
			locals[i] = v
		}
		return lispCounter(e.fn.body, locals, depth+1)
	}
	a, err := lispCounter(e.args[0], env, depth+1)
	if err != nil {
		return 0, err
	}
	b, err := lispCounter(e.args[1], env, depth+1)
	if err != nil {
		return 0, err
	}
	return arithmetic(e.op, a, b)
}

func lispHandle(s *vstack.Stack, e *expr, env []int) (int, error) {
	if s.Low() {
		return vstack.GrowOn2(s, func() (int, error) { return lispHandle(s, e, env) })
	}
	switch e.op {
	case constant:
		return e.value, nil
	case variable:
		return env[e.value], nil
	case cond:
		c, err := lispHandle(s, e.args[0], env)
		if err != nil {
			return 0, err
		}
		if c != 0 {
			return lispHandle(s, e.args[1], env)
		}
		return lispHandle(s, e.args[2], env)
	case call:
		locals := make([]int, len(e.args))
		for i, arg := range e.args {
			v, err := lispHandle(s, arg, env)
			if err != nil {
				return 0, err
			}
			locals[i] = v
		}
		return lispHandle(s, e.fn.body, locals)
	}
	a, err := lispHandle(s, e.args[0], env)
	if err != nil {
		return 0, err
	}
	b, err := lispHandle(s, e.args[1], env)
	if err != nil {
		return 0, err
	}
	return arithmetic(e.op, a, b)
}

func lispFree(e *expr, env []int) (int, error) {
	if vstack.Low() {
		return vstack.Grow2(func() (int, error) { return lispFree(e, env) })
	}
	switch e.op {
	case constant:
		return e.value, nil
	case variable:
		return env[e.value], nil
	case cond:
		c, err := lispFree(e.args[0], env)
		if err != nil {
			return 0, err
		}
		if c != 0 {
			return lispFree(e.args[1], env)
		}
		return lispFree(e.args[2], env)
	case call:
		locals := make([]int, len(e.args))
		for i, arg := range e.args {
			v, err := lispFree(arg, env)
			if err != nil {
				return 0, err
			}
			locals[i] = v
		}
		return lispFree(e.fn.body, locals)
	}
	a, err := lispFree(e.args[0], env)
	if err != nil {
		return 0, err
	}
	b, err := lispFree(e.args[1], env)
	if err != nil {
		return 0, err
	}
	return arithmetic(e.op, a, b)
}

func lispGoroutine(e *expr, env []int) (int, error) {
	switch e.op {
	case constant:
		return e.value, nil
	case variable:
		return env[e.value], nil
	case cond:
		c, err := spawn2(func() (int, error) { return lispGoroutine(e.args[0], env) })
		if err != nil {
			return 0, err
		}
		if c != 0 {
			return spawn2(func() (int, error) { return lispGoroutine(e.args[1], env) })
		}
		return spawn2(func() (int, error) { return lispGoroutine(e.args[2], env) })
	case call:
		locals := make([]int, len(e.args))
		for i, arg := range e.args {
			v, err := spawn2(func() (int, error) { return lispGoroutine(arg, env) })
			if err != nil {
				return 0, err
			}
			locals[i] = v
		}
		return spawn2(func() (int, error) { return lispGoroutine(e.fn.body, locals) })
	}
	a, err := spawn2(func() (int, error) { return lispGoroutine(e.args[0], env) })
	if err != nil {
		return 0, err
	}
	b, err := spawn2(func() (int, error) { return lispGoroutine(e.args[1], env) })
	if err != nil {
		return 0, err
	}
	return arithmetic(e.op, a, b)
}

// A lispFrame is an expression some of whose arguments are on the stack of values.
type lispFrame struct {
	e    *expr
	env  []int
	next int // the argument that is being evaluated
}

func lispExplicit(e *expr, env []int) (int, error) {
	var frames []lispFrame
	var values []int
	for {
		v := 0
		switch e.op {
		case constant:
			v = e.value
		case variable:
			v = env[e.value]
		default:
			frames = append(frames, lispFrame{e, env, 0})
			e = e.args[0]
			continue
		}
	value:
		if len(frames) == 0 {
			return v, nil
		}
		f := &frames[len(frames)-1]
		if f.e.op == cond {
			e, env = f.e.args[2], f.env
			if v != 0 {
				e = f.e.args[1]
			}
			frames = frames[:len(frames)-1]
			continue
		}
		f.next++
		if f.next < len(f.e.args) {
			values = append(values, v)
			e, env = f.e.args[f.next], f.env
			continue
		}
		if f.e.op == call {
			locals := make([]int, f.next)
			first := len(values) - (f.next - 1)
			copy(locals, values[first:])
			locals[f.next-1] = v
			values = values[:first]
			e, env = f.e.fn.body, locals
			frames = frames[:len(frames)-1]
			continue
		}
		a := values[len(values)-1]
		values = values[:len(values)-1]
		v, err := arithmetic(f.e.op, a, v)
		if err != nil {
			return 0, err
		}
		frames = frames[:len(frames)-1]
		goto value
	}
}
