package main

import (
	"bufio"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"strings"

	"github.com/vstack-go/vstack/vstack"
)

// install gives the program the primitives, which print to out.
func (in *interp) install(out *bufio.Writer) {
	add := func(name string, least, most int, call func(in *interp, args []value) (value, error)) {
		in.symbol(name).define(&primitive{name, least, most, call})
	}
	test := func(name string, is func(v value) bool) {
		add(name, 1, 1, func(_ *interp, args []value) (value, error) { return is(args[0]), nil })
	}
	in.symbol("apply").define(apply)

	add("+", 0, -1, arithmetic(0, func(a, b int64) (int64, bool) { c := a + b; return c, (c > a) == (b > 0) }))
	add("*", 0, -1, arithmetic(1, multiply))
	minus := arithmetic(0, func(a, b int64) (int64, bool) { c := a - b; return c, (c < a) == (b > 0) })
	add("-", 1, -1, func(in *interp, args []value) (value, error) {
		if len(args) == 1 {
			args = []value{int64(0), args[0]}
		}
		return minus(in, args)
	})
	add("quotient", 2, 2, division(func(a, b int64) int64 { return a / b }))
	add("remainder", 2, 2, division(func(a, b int64) int64 { return a % b }))
	add("modulo", 2, 2, division(func(a, b int64) int64 {
		r := a % b
		if r != 0 && (r < 0) != (b < 0) {
			r += b
		}
		return r
	}))

	add("=", 1, -1, comparison(func(a, b int64) bool { return a == b }))
	add("<", 1, -1, comparison(func(a, b int64) bool { return a < b }))
	add(">", 1, -1, comparison(func(a, b int64) bool { return a > b }))
	add("<=", 1, -1, comparison(func(a, b int64) bool { return a <= b }))
	add(">=", 1, -1, comparison(func(a, b int64) bool { return a >= b }))

	add("eq?", 2, 2, func(_ *interp, args []value) (value, error) { return args[0] == args[1], nil })
	add("equal?", 2, 2, func(in *interp, args []value) (value, error) { return in.equal(args[0], args[1]), nil })
	add("not", 1, 1, func(_ *interp, args []value) (value, error) { return !isTrue(args[0]), nil })
	test("null?", func(v value) bool { return v == null{} })
	test("pair?", func(v value) bool { _, ok := v.(*pair); return ok })
	test("number?", func(v value) bool { _, ok := v.(int64); return ok })
	test("boolean?", func(v value) bool { _, ok := v.(bool); return ok })
	test("string?", func(v value) bool { _, ok := v.(string); return ok })
	test("symbol?", func(v value) bool { _, ok := v.(*symbol); return ok })
	test("procedure?", func(v value) bool {
		switch v.(type) {
		case *lambda, *primitive:
			return true
		}
		return false
	})

	add("cons", 2, 2, func(_ *interp, args []value) (value, error) { return &pair{args[0], args[1]}, nil })
	add("car", 1, 1, func(in *interp, args []value) (value, error) {
		if p, ok := args[0].(*pair); ok {
			return p.car, nil
		}
		return nil, in.want("a pair", args[0])
	})
	add("cdr", 1, 1, func(in *interp, args []value) (value, error) {
		if p, ok := args[0].(*pair); ok {
			return p.cdr, nil
		}
		return nil, in.want("a pair", args[0])
	})
	add("list", 0, -1, func(_ *interp, args []value) (value, error) { return list(args...), nil })
	add("iota", 1, 1, iota)

	add("string-append", 0, -1, func(in *interp, args []value) (value, error) {
		var all strings.Builder
		for _, arg := range args {
			text, ok := arg.(string)
			if !ok {
				return nil, in.want("a string", arg)
			}
			all.WriteString(text)
		}
		return all.String(), nil
	})
	add("display", 1, 1, func(in *interp, args []value) (value, error) { in.display(out, args[0]); return nil, nil })
	add("write", 1, 1, func(in *interp, args []value) (value, error) { in.write(out, args[0]); return nil, nil })
	add("newline", 0, 0, func(*interp, []value) (value, error) { return nil, out.WriteByte('\n') })
	add("error", 1, -1, func(in *interp, args []value) (value, error) {
		text, ok := args[0].(string)
		if !ok {
			text = in.show(args[0])
		}
		for _, arg := range args[1:] {
			text += " " + in.show(arg)
		}
		return nil, errors.New(text)
	})
}

func (s *symbol) define(v value) { s.global, s.defined = v, true }

func (in *interp) want(what string, got value) error {
	return fmt.Errorf("want %s, got %s", what, in.show(got))
}

// arithmetic folds its arguments; op reports whether its result fits.
func arithmetic(start int64, op func(a, b int64) (int64, bool)) func(*interp, []value) (value, error) {
	return func(in *interp, args []value) (value, error) {
		sum := start
		for i, arg := range args {
			n, ok := arg.(int64)
			if !ok {
				return nil, in.want("a number", arg)
			}
			if i == 0 {
				sum = n
			} else if sum, ok = op(sum, n); !ok {
				return nil, errors.New("the result does not fit into 64 bits")
			}
		}
		return sum, nil
	}
}

func multiply(a, b int64) (int64, bool) {
	high, low := bits.Mul64(uint64(a), uint64(b)) // of the operands as unsigned numbers
	if a < 0 {
		high -= uint64(b)
	}
	if b < 0 {
		high -= uint64(a)
	}
	return int64(low), int64(high) == int64(low)>>63
}

func division(op func(a, b int64) int64) func(*interp, []value) (value, error) {
	return func(in *interp, args []value) (value, error) {
		a, ok := args[0].(int64)
		if !ok {
			return nil, in.want("a number", args[0])
		}
		b, ok := args[1].(int64)
		switch {
		case !ok:
			return nil, in.want("a number", args[1])
		case b == 0:
			return nil, errors.New("division by zero")
		case a == math.MinInt64 && b == -1:
			return nil, errors.New("the result does not fit into 64 bits")
		}
		return op(a, b), nil
	}
}

func comparison(holds func(a, b int64) bool) func(*interp, []value) (value, error) {
	return func(in *interp, args []value) (value, error) {
		all := true
		var last int64
		for i, arg := range args {
			n, ok := arg.(int64)
			if !ok {
				return nil, in.want("a number", arg)
			}
			if i > 0 && !holds(last, n) {
				all = false
			}
			last = n
		}
		return all, nil
	}
}

// iota makes the list 0, 1, ... n-1.
func iota(in *interp, args []value) (value, error) {
	n, ok := args[0].(int64)
	if !ok || n < 0 || n > 1<<30 {
		return nil, in.want("a number from 0 to 2^30", args[0])
	}
	var l value = null{}
	for n--; n >= 0; n-- {
		l = &pair{n, l}
	}
	return l, nil
}

// equal compares values by what they contain: the third recursion, and again with
// a guard of its own.
func (in *interp) equal(a, b value) bool {
	if vstack.Low() {
		x, y := a, b // a and b are assigned below
		return vstack.Grow(func() bool { return in.equal(x, y) })
	}
	for {
		p, ok := a.(*pair)
		if !ok {
			return a == b
		}
		q, ok := b.(*pair)
		if !ok || !in.equal(p.car, q.car) {
			return false
		}
		a, b = p.cdr, q.cdr
	}
}
