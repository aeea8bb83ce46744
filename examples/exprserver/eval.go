package main

import (
	"errors"
	"fmt"
	"math"

	"github.com/vstack-go/vstack/vstack"
)

// A value is a number or a truth value.
type value struct {
	number float64 // for a truth value 1 or 0
	truth  bool    // it is one
}

func truthValue(b bool) value {
	if b {
		return value{1, true}
	}
	return value{0, true}
}

// JSON is what encoding/json writes for the value.
func (v value) JSON() any {
	switch {
	case v.truth:
		return v.number == 1
	case math.IsInf(v.number, 0): // JSON has no such number
		return fmt.Sprint(v.number)
	}
	return v.number
}

var (
	errZero    = errors.New("division by zero")
	errNumbers = errors.New("the operator needs numbers")
	errTruths  = errors.New("the operator needs truth values")
	errMixed   = errors.New("a number and a truth value cannot be compared")
)

// eval computes an expression. It works on the way down, and back up it does next to
// nothing; one that did more would call vstack.Check there, to notice the deadline.
func (n *node) eval() (value, error) {
	if vstack.Low() {
		return vstack.Grow2(n.eval)
	}
	switch n.op {
	case constant:
		return value{number: n.value}, nil
	case truth:
		return value{n.value, true}, nil
	}
	x, err := n.left.eval()
	if err != nil {
		return value{}, err
	}
	switch n.op {
	case neg:
		if x.truth {
			return value{}, errNumbers
		}
		return value{number: -x.number}, nil
	case not:
		if !x.truth {
			return value{}, errTruths
		}
		return truthValue(x.number == 0), nil
	case and, or:
		if !x.truth {
			return value{}, errTruths
		}
		if (x.number == 1) == (n.op == or) {
			return x, nil // the other side does not matter
		}
	}
	y, err := n.right.eval()
	if err != nil {
		return value{}, err
	}
	return apply(n.op, x, y)
}

// apply computes a binary operator.
func apply(o op, x, y value) (value, error) {
	switch o {
	case and, or:
		if !y.truth {
			return value{}, errTruths
		}
		return y, nil
	case eq, ne:
		if x.truth != y.truth {
			return value{}, errMixed
		}
		return truthValue((x.number == y.number) == (o == eq)), nil
	}
	if x.truth || y.truth {
		return value{}, errNumbers
	}
	a, b := x.number, y.number
	switch o {
	case lt:
		return truthValue(a < b), nil
	case le:
		return truthValue(a <= b), nil
	case gt:
		return truthValue(a > b), nil
	case ge:
		return truthValue(a >= b), nil
	case add:
		return value{number: a + b}, nil
	case sub:
		return value{number: a - b}, nil
	case mul:
		return value{number: a * b}, nil
	}
	if b == 0 {
		return value{}, errZero
	}
	if o == mod {
		return value{number: math.Mod(a, b)}, nil
	}
	return value{number: a / b}, nil
}
