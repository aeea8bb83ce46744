package main

import (
	"errors"
	"fmt"
)

// A value is what the language computes with:
//
//	int64, bool, string    themselves
//	*symbol                a name
//	*pair                  a cell of a list
//	null                   the empty list
//	*lambda, *primitive    procedures
//	nil                    nothing: what define and set! give
type value any

type pair struct{ car, cdr value }

type null struct{}

// A symbol is a name. There is one for each spelling, so that comparing pointers
// compares names, and so the symbol is also the place for what the program has
// defined under it.
type symbol struct {
	name    string
	global  value
	defined bool
	special special // what its expressions mean, if it is a keyword
}

// A lambda is a procedure made by the program.
type lambda struct {
	name   string // the first that it was defined under, or anonymous
	params []*symbol
	rest   bool  // the last parameter takes a list of all remaining arguments
	body   value // one expression
	scope  *scope
}

const anonymous = "lambda"

// A primitive is a procedure that is part of the language.
type primitive struct {
	name        string
	least, most int // arguments; most < 0: any number
	call        func(in *interp, args []value) (value, error)
}

// A scope holds the variables of one call or let; nil is the global scope, whose
// variables are in the symbols.
type scope struct {
	names  []*symbol
	values []value
	outer  *scope
}

// find returns the place of a variable's value, or nil.
func (s *scope) find(name *symbol) *value {
	for ; s != nil; s = s.outer {
		for i, n := range s.names {
			if n == name {
				return &s.values[i]
			}
		}
	}
	if name.defined {
		return &name.global
	}
	return nil
}

func (s *scope) define(name *symbol, v value) {
	if s == nil {
		name.global, name.defined = v, true
		return
	}
	for i, n := range s.names {
		if n == name {
			s.values[i] = v
			return
		}
	}
	// The names are shared with the lambda: append must not write behind them.
	s.names = append(s.names[:len(s.names):len(s.names)], name)
	s.values = append(s.values, v)
}

// list makes a list.
func list(values ...value) (l value) {
	l = null{}
	for i := len(values) - 1; i >= 0; i-- {
		l = &pair{values[i], l}
	}
	return l
}

var errNoList = errors.New("want a list")

// slice returns the elements of a list.
func slice(l value) ([]value, error) {
	n := 0
	rest := l
	for p, ok := l.(*pair); ok; p, ok = rest.(*pair) {
		rest = p.cdr
		n++
	}
	if rest != (null{}) {
		return nil, errNoList
	}
	values := make([]value, n)
	for i := range values {
		p := l.(*pair)
		values[i], l = p.car, p.cdr
	}
	return values, nil
}

// isTrue: all values are, but #f.
func isTrue(v value) bool { return v != false }

// bind makes the scope in which fn's body is evaluated.
func (fn *lambda) bind(args []value) (*scope, error) {
	n := len(fn.params)
	if fn.rest {
		n--
	}
	if len(args) < n || len(args) > n && !fn.rest {
		most := n
		if fn.rest {
			most = -1
		}
		return nil, wrongCount(fn.name, n, most, len(args))
	}
	if fn.rest {
		args = append(args[:n:n], list(args[n:]...))
	}
	return &scope{fn.params, args, fn.scope}, nil
}

func wrongCount(name string, least, most, got int) error {
	want := fmt.Sprint(least)
	switch {
	case most < 0:
		want = fmt.Sprintf("%d or more", least)
	case most > least:
		want = fmt.Sprintf("%d to %d", least, most)
	}
	return fmt.Errorf("%s: want %s arguments, got %d", name, want, got)
}
