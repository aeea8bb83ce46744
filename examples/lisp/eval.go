package main

import (
	"bufio"
	"errors"
	"fmt"

	"github.com/vstack-go/vstack/vstack"
)

// An interp is an interpreter: a plain recursive evaluator of expressions.
type interp struct {
	symbols map[string]*symbol
	begin   *symbol

	// calls are the program's procedures that are running, the outermost first.
	// An error leaves them as they were where it happened, and so does the panic
	// of an overflow: a trace costs a slot for each call, and nothing else.
	calls []*lambda
}

// newInterp makes an interpreter that prints to out.
func newInterp(out *bufio.Writer) *interp {
	in := &interp{symbols: make(map[string]*symbol)}
	for name, special := range specials() {
		in.symbol(name).special = special
	}
	in.begin = in.symbol("begin")
	in.install(out)
	return in
}

// symbol finds or makes the symbol of that name.
func (in *interp) symbol(name string) *symbol {
	s := in.symbols[name]
	if s == nil {
		s = &symbol{name: name}
		in.symbols[name] = s
	}
	return s
}

// eval evaluates x. All recursion of the evaluator goes through it: here is the
// guard, and nothing else in this file knows of stacks.
//
// What is in tail position (the branch of an if, the last expression of a body)
// is evaluated by the next round of the loop and not by a call, so a loop written
// as a tail call runs in one frame. Nothing in it may ever pass the guard, so tail
// calls look at it, too: that is how a timeout stops such a loop.
func (in *interp) eval(x value, s *scope) (value, error) {
	if vstack.Low() {
		// x and s are assigned below, and a closure that captured them would move
		// them to the heap, on every call of eval. So it gets copies.
		x, s := x, s
		return vstack.Grow2(func() (value, error) { return in.eval(x, s) })
	}
	height := len(in.calls)
	for {
		form, ok := x.(*pair)
		if !ok {
			v, err := atom(x, s)
			return in.ret(v, err, height)
		}
		if name, ok := form.car.(*symbol); ok && name.special != nil {
			v, tail, err := name.special(in, form.cdr, s)
			if tail == final || err != nil {
				return in.ret(v, err, height)
			}
			x, s = v, tail
			continue
		}
		f, err := in.eval(form.car, s)
		if err != nil {
			return nil, err
		}
		n := 0
		for rest, ok := form.cdr.(*pair); ok; rest, ok = rest.cdr.(*pair) {
			n++
		}
		args := make([]value, n)
		rest := form.cdr
		for i := range args {
			arg := rest.(*pair)
			if args[i], err = in.eval(arg.car, s); err != nil {
				return nil, err
			}
			rest = arg.cdr
		}
		if rest != (null{}) {
			return nil, fmt.Errorf("not a call: %s", in.show(form))
		}
		if f, args, err = in.unapply(f, args); err != nil {
			return nil, err
		}
		switch f := f.(type) {
		case *primitive:
			v, err := in.primitive(f, args)
			return in.ret(v, err, height)
		case *lambda:
			vstack.Check()                          // panics if the time has run out: a loop may pass no guard
			in.calls = append(in.calls[:height], f) // in the place of the one that makes a tail call
			if s, err = f.bind(args); err != nil {
				return nil, err
			}
			x = f.body
		default:
			return nil, fmt.Errorf("not a procedure: %s", in.show(f))
		}
	}
}

// ret ends a call that began with that many calls running.
func (in *interp) ret(v value, err error, height int) (value, error) {
	if err == nil {
		in.calls = in.calls[:height]
	}
	return v, err
}

func atom(x value, s *scope) (value, error) {
	name, ok := x.(*symbol)
	if !ok {
		if x == (null{}) {
			return nil, errors.New("() is not an expression; the empty list is '()")
		}
		return x, nil
	}
	place := s.find(name)
	switch {
	case place != nil:
		return *place, nil
	case name.special != nil:
		return nil, fmt.Errorf("%s is a keyword, not a variable", name.name)
	}
	return nil, fmt.Errorf("undefined: %s", name.name)
}

func (in *interp) primitive(f *primitive, args []value) (value, error) {
	if len(args) < f.least || len(args) > f.most && f.most >= 0 {
		return nil, wrongCount(f.name, f.least, f.most, len(args))
	}
	v, err := f.call(in, args)
	if err != nil && f.name != "error" {
		err = fmt.Errorf("%s: %w", f.name, err)
	}
	return v, err
}

// apply is the primitive that calls a procedure with the elements of a list.
var apply = &primitive{name: "apply", least: 2, most: 2}

// unapply turns a call of apply into the one it asks for, which so stays in tail
// position.
func (in *interp) unapply(f value, args []value) (value, []value, error) {
	for f == apply {
		if len(args) != 2 {
			return nil, nil, wrongCount("apply", 2, 2, len(args))
		}
		elements, err := slice(args[1])
		if err != nil {
			return nil, nil, fmt.Errorf("apply: %w, got %s", err, in.show(args[1]))
		}
		f, args = args[0], elements
	}
	return f, args, nil
}
