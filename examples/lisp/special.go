package main

import (
	"errors"
	"fmt"
)

// A special is the meaning of a keyword: it gets what follows it in the list. It
// returns the expression in tail position and its scope, which eval evaluates next,
// or a value and the scope final.
type special func(in *interp, rest value, s *scope) (x value, tail *scope, err error)

var final = new(scope)

func specials() map[string]special {
	return map[string]special{
		"quote": quote, "if": ifElse, "cond": cond, "define": define, "set!": set, "lambda": lambdaForm,
		"let": let, "let*": letStar, "begin": begin, "and": and, "or": or,
	}
}

// parts returns the elements of a keyword's list, of which there must be enough.
func parts(rest value, least, most int, usage string) ([]value, error) {
	all, err := slice(rest)
	if err != nil || len(all) < least || len(all) > most && most >= 0 {
		return nil, fmt.Errorf("want %s", usage)
	}
	return all, nil
}

func quote(_ *interp, rest value, _ *scope) (value, *scope, error) {
	p, err := parts(rest, 1, 1, "(quote X)")
	if err != nil {
		return nil, nil, err
	}
	return p[0], final, nil
}

func ifElse(in *interp, rest value, s *scope) (value, *scope, error) {
	p, err := parts(rest, 2, 3, "(if TEST THEN) or (if TEST THEN ELSE)")
	if err != nil {
		return nil, nil, err
	}
	test, err := in.eval(p[0], s)
	switch {
	case err != nil:
		return nil, nil, err
	case isTrue(test):
		return p[1], s, nil
	case len(p) == 3:
		return p[2], s, nil
	}
	return nil, final, nil
}

func cond(in *interp, rest value, s *scope) (value, *scope, error) {
	const usage = "(cond (TEST X...) ... (else X...))"
	clauses, err := parts(rest, 1, -1, usage)
	if err != nil {
		return nil, nil, err
	}
	for _, clause := range clauses {
		c, ok := clause.(*pair)
		if !ok {
			return nil, nil, errors.New("want " + usage)
		}
		var test value = true
		if name, ok := c.car.(*symbol); !ok || name.name != "else" {
			if test, err = in.eval(c.car, s); err != nil {
				return nil, nil, err
			}
		}
		switch {
		case !isTrue(test):
		case c.cdr == null{}:
			return test, final, nil
		default:
			return &pair{in.begin, c.cdr}, s, nil
		}
	}
	return nil, final, nil
}

func define(in *interp, rest value, s *scope) (value, *scope, error) {
	const usage = "(define NAME X) or (define (NAME PARAMETER...) X...)"
	p, err := parts(rest, 2, -1, usage)
	if err != nil {
		return nil, nil, err
	}
	var v value
	target := p[0]
	if head, ok := target.(*pair); ok {
		target = head.car
		v, err = in.lambda(head.cdr, rest.(*pair).cdr, s)
	} else if len(p) == 2 {
		v, err = in.eval(p[1], s)
	} else {
		err = errors.New("want " + usage)
	}
	if err != nil {
		return nil, nil, err
	}
	name, ok := target.(*symbol)
	if !ok {
		return nil, nil, errors.New("want " + usage)
	}
	if name.special != nil {
		return nil, nil, fmt.Errorf("%s is a keyword and cannot be defined", name.name)
	}
	if f, ok := v.(*lambda); ok && f.name == anonymous {
		f.name = name.name
	}
	s.define(name, v)
	return nil, final, nil
}

func set(in *interp, rest value, s *scope) (value, *scope, error) {
	const usage = "(set! NAME X)"
	p, err := parts(rest, 2, 2, usage)
	if err != nil {
		return nil, nil, err
	}
	name, ok := p[0].(*symbol)
	if !ok {
		return nil, nil, errors.New("want " + usage)
	}
	v, err := in.eval(p[1], s)
	if err != nil {
		return nil, nil, err
	}
	place := s.find(name)
	if place == nil {
		return nil, nil, fmt.Errorf("set!: undefined: %s", name.name)
	}
	*place = v
	return nil, final, nil
}

func lambdaForm(in *interp, rest value, s *scope) (value, *scope, error) {
	if _, err := parts(rest, 2, -1, "(lambda (PARAMETER...) X...)"); err != nil {
		return nil, nil, err
	}
	form := rest.(*pair)
	f, err := in.lambda(form.car, form.cdr, s)
	return f, final, err
}

// lambda makes a procedure. body is a list with at least one element.
func (in *interp) lambda(params, body value, s *scope) (*lambda, error) {
	f := &lambda{name: anonymous, scope: s, body: &pair{in.begin, body}}
	if one := body.(*pair); one.cdr == (null{}) {
		f.body = one.car
	}
	for params != (null{}) {
		name := params
		if p, ok := params.(*pair); ok {
			name, params = p.car, p.cdr
		} else {
			f.rest, params = true, null{}
		}
		symbol, ok := name.(*symbol)
		if !ok || symbol.special != nil {
			return nil, fmt.Errorf("not the name of a parameter: %s", in.show(name))
		}
		f.params = append(f.params, symbol)
	}
	return f, nil
}

func let(in *interp, rest value, s *scope) (value, *scope, error) {
	p, err := parts(rest, 2, -1, "(let ((NAME X) ...) X...) or (let LOOP ((NAME X) ...) X...)")
	if err != nil {
		return nil, nil, err
	}
	body := rest.(*pair)
	loop, named := p[0].(*symbol)
	if named {
		if len(p) < 3 {
			return nil, nil, errors.New("want (let LOOP ((NAME X) ...) X...)")
		}
		body = body.cdr.(*pair)
	}
	names, inits, err := bindings(body.car)
	if err != nil {
		return nil, nil, err
	}
	values := make([]value, len(inits))
	for i, x := range inits {
		if values[i], err = in.eval(x, s); err != nil {
			return nil, nil, err
		}
	}
	if named {
		inner := &scope{outer: s}
		f := &lambda{name: loop.name, params: names, body: &pair{in.begin, body.cdr}, scope: inner}
		inner.define(loop, f)
		call := make([]value, 1, 1+len(values))
		call[0] = f
		for _, v := range values {
			call = append(call, list(in.symbol("quote"), v))
		}
		return list(call...), s, nil // a call like any other, so that traces name the loop
	}
	s = &scope{names, values, s}
	return &pair{in.begin, body.cdr}, s, nil
}

func letStar(in *interp, rest value, s *scope) (value, *scope, error) {
	p, err := parts(rest, 2, -1, "(let* ((NAME X) ...) X...)")
	if err != nil {
		return nil, nil, err
	}
	names, inits, err := bindings(p[0])
	if err != nil {
		return nil, nil, err
	}
	for i, x := range inits {
		v, err := in.eval(x, s)
		if err != nil {
			return nil, nil, err
		}
		s = &scope{names[i : i+1 : i+1], []value{v}, s}
	}
	s = &scope{outer: s} // for the definitions in the body
	return &pair{in.begin, rest.(*pair).cdr}, s, nil
}

// bindings takes the first part of a let apart.
func bindings(l value) (names []*symbol, inits []value, err error) {
	bad := errors.New("want a list of (NAME X) after let")
	all, err := slice(l)
	if err != nil {
		return nil, nil, bad
	}
	for _, b := range all {
		p, err := slice(b)
		if err != nil || len(p) != 2 {
			return nil, nil, bad
		}
		name, ok := p[0].(*symbol)
		if !ok || name.special != nil {
			return nil, nil, bad
		}
		names, inits = append(names, name), append(inits, p[1])
	}
	return names, inits, nil
}

func begin(in *interp, rest value, s *scope) (value, *scope, error) {
	return in.sequence(rest, s, "(begin X...)", func(value) bool { return false })
}

func and(in *interp, rest value, s *scope) (value, *scope, error) {
	if rest == (null{}) {
		return true, final, nil
	}
	return in.sequence(rest, s, "(and X...)", func(v value) bool { return !isTrue(v) })
}

func or(in *interp, rest value, s *scope) (value, *scope, error) {
	if rest == (null{}) {
		return false, final, nil
	}
	return in.sequence(rest, s, "(or X...)", isTrue)
}

// sequence evaluates expressions until one of the values is enough; the last is
// in tail position.
func (in *interp) sequence(rest value, s *scope, usage string, enough func(value) bool) (value, *scope, error) {
	for {
		p, ok := rest.(*pair)
		if !ok {
			return nil, nil, errors.New("want " + usage)
		}
		if p.cdr == (null{}) {
			return p.car, s, nil
		}
		v, err := in.eval(p.car, s)
		if err != nil || enough(v) {
			return v, final, err
		}
		rest = p.cdr
	}
}
