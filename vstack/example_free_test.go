package vstack_test

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/vstack-go/vstack/vstack"
)

// brackets returns how deep the brackets of s are nested.
func brackets(s string) int {
	if vstack.Low() {
		return vstack.Grow(func() int { return brackets(s) })
	}
	if s == "" || s[0] != '[' {
		return 0
	}
	return 1 + brackets(s[1:])
}

func ExampleLow() {
	fmt.Println(brackets(strings.Repeat("[", 1_000_000)))
	// Output: 1000000
}

// A parser with an error as its second result.
func ExampleGrow2() {
	var parse func(s string) (int, error)
	parse = func(s string) (int, error) {
		if vstack.Low() {
			return vstack.Grow2(func() (int, error) { return parse(s) })
		}
		switch {
		case s == "":
			return 0, nil
		case s[0] != '[':
			return 0, fmt.Errorf("expected [, found %q", s[0])
		}
		n, err := parse(s[1:])
		return n + 1, err
	}
	_, err := parse(strings.Repeat("[", 1_000_000) + "x")
	fmt.Println(err)
	// Output: expected [, found 'x'
}

func ExampleDo() {
	type list struct{ next *list }
	length := 0
	var walk func(l *list)
	walk = func(l *list) {
		if vstack.Low() {
			vstack.Do(func() { walk(l) })
			return
		}
		if l != nil {
			length++
			walk(l.next)
		}
	}
	var l *list
	for range 1_000_000 {
		l = &list{l}
	}
	walk(l)
	fmt.Println(length)
	// Output: 1000000
}

// A library has guards inside and Catch where others enter it. The limit is its
// caller's.
func ExampleCatch() {
	depth := func(s string) (n int, err error) {
		defer vstack.Catch(&err)
		return brackets(s), nil
	}
	deep := strings.Repeat("[", 1_000_000)
	fmt.Println(depth(deep))
	_, err := vstack.Run(context.Background(), func(context.Context, *vstack.Stack) (int, error) {
		_, err := depth(deep)
		fmt.Println("inside:", errors.Is(err, vstack.ErrOverflow))
		return 0, nil
	}, vstack.WithMaxMemory(1<<20))
	fmt.Println(err)
	// Output:
	// 1000000 <nil>
	// inside: true
	// <nil>
}

// What is done on the way back up passes no guard.
func ExampleCheck() {
	ctx, cancel := context.WithCancel(context.Background())
	var text func(n int) string
	text = func(n int) string {
		if vstack.Low() {
			return vstack.Grow(func() string { return text(n) })
		}
		if n == 0 {
			cancel() // somebody does
			for {
				vstack.Check()
			}
		}
		inner := text(n - 1)
		vstack.Check() // the next line copies all that is below
		return "(" + inner + ")"
	}
	_, err := vstack.Run(ctx, func(context.Context, *vstack.Stack) (string, error) { return text(10_000), nil })
	fmt.Println(err)
	// Output: context canceled
}

func ExampleSetDefaultLimit() {
	defer vstack.SetDefaultLimit(vstack.SetDefaultLimit(1 << 20))
	depth := func(s string) (n int, err error) {
		defer vstack.Catch(&err)
		return brackets(s), nil
	}
	_, err := depth(strings.Repeat("[", 1_000_000))
	fmt.Println(errors.Is(err, vstack.ErrOverflow))
	// Output: true
}
