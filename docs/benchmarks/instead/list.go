package instead

import "github.com/vstack-go/vstack/vstack"

// The length of a list and its reverse, by recursion.

var list = Work{
	Name: "list", What: "length and reverse of a list of 5,000,000", Unit: "cell",
	N: 5_000_000, Less: 500_000,
	Make: func(n int) Input {
		var l *cell
		for i := range n {
			l = &cell{i, l}
		}
		run := func(length func(*cell) int, reverse func(*cell) *cell) (int, error) {
			sum := length(l)
			l = reverse(l)
			sum = mix(sum, l.value)
			l = reverse(l)
			return mix(sum, l.value), nil
		}
		plain := func(*vstack.Stack) (int, error) { return run(length, reverse) }
		return Input{Count: 3 * n, Depth: n, Forms: map[string]Form{
			"plain": plain, "setmaxstack": plain,
			"counter": func(*vstack.Stack) (_ int, err error) {
				sum, _ := run(func(l *cell) (n int) {
					n, err = lengthCounter(l, 0)
					return n
				}, func(l *cell) (r *cell) {
					r, err = reverseCounter(l, 0)
					return r
				})
				return sum, err
			},
			"handle": func(s *vstack.Stack) (int, error) {
				return run(func(l *cell) int { return lengthHandle(s, l) }, func(l *cell) *cell { return reverseHandle(s, l) })
			},
			"free":       func(*vstack.Stack) (int, error) { return run(lengthFree, reverseFree) },
			"explicit":   func(*vstack.Stack) (int, error) { return run(lengthLoop, reverseLoop) },
			"goroutine":  func(*vstack.Stack) (int, error) { return run(lengthGoroutine, reverseGoroutine) },
			"trampoline": func(*vstack.Stack) (int, error) { return run(lengthTrampoline, reverseTrampoline) },
		}}
	},
	Source: map[string][]string{
		"plain": {"length", "reverse"}, "counter": {"lengthCounter", "reverseCounter"},
		"handle": {"lengthHandle", "reverseHandle"}, "free": {"lengthFree", "reverseFree"},
		"explicit": {"lengthLoop", "reverseLoop"}, "goroutine": {"lengthGoroutine", "reverseGoroutine"},
		"trampoline": {"lengthState", "lengthTrampoline", "reverseState", "reverseTrampoline"},
	},
}

type cell struct {
	value int
	next  *cell
}

func length(l *cell) int {
	if l == nil {
		return 0
	}
	return length(l.next) + 1
}

func reverse(l *cell) *cell {
	if l == nil || l.next == nil {
		return l
	}
	r := reverse(l.next)
	l.next.next, l.next = l, nil
	return r
}

func lengthCounter(l *cell, depth int) (int, error) {
	if depth > limit {
		return 0, ErrTooDeep
	}
	if l == nil {
		return 0, nil
	}
	n, err := lengthCounter(l.next, depth+1)
	return n + 1, err
}

func reverseCounter(l *cell, depth int) (*cell, error) {
	if depth > limit {
		return nil, ErrTooDeep
	}
	if l == nil || l.next == nil {
		return l, nil
	}
	r, err := reverseCounter(l.next, depth+1)
	if err != nil {
		return nil, err
	}
	l.next.next, l.next = l, nil
	return r, nil
}

func lengthHandle(s *vstack.Stack, l *cell) int {
	if s.Low() {
		return vstack.GrowOn(s, func() int { return lengthHandle(s, l) })
	}
	if l == nil {
		return 0
	}
	return lengthHandle(s, l.next) + 1
}

func reverseHandle(s *vstack.Stack, l *cell) *cell {
	if s.Low() {
		return vstack.GrowOn(s, func() *cell { return reverseHandle(s, l) })
	}
	if l == nil || l.next == nil {
		return l
	}
	r := reverseHandle(s, l.next)
	l.next.next, l.next = l, nil
	return r
}

func lengthFree(l *cell) int {
	if vstack.Low() {
		return vstack.Grow(func() int { return lengthFree(l) })
	}
	if l == nil {
		return 0
	}
	return lengthFree(l.next) + 1
}

func reverseFree(l *cell) *cell {
	if vstack.Low() {
		return vstack.Grow(func() *cell { return reverseFree(l) })
	}
	if l == nil || l.next == nil {
		return l
	}
	r := reverseFree(l.next)
	l.next.next, l.next = l, nil
	return r
}

// No stack is needed here: who writes this by hand writes a loop.

func lengthLoop(l *cell) (n int) {
	for ; l != nil; l = l.next {
		n++
	}
	return n
}

func reverseLoop(l *cell) (r *cell) {
	for l != nil {
		l.next, l, r = r, l.next, l
	}
	return r
}

func lengthGoroutine(l *cell) int {
	if l == nil {
		return 0
	}
	return spawn(func() int { return lengthGoroutine(l.next) }) + 1
}

func reverseGoroutine(l *cell) *cell {
	if l == nil || l.next == nil {
		return l
	}
	r := spawn(func() *cell { return reverseGoroutine(l.next) })
	l.next.next, l.next = l, nil
	return r
}

type lengthState struct {
	l *cell
	n int
}

func lengthTrampoline(l *cell) int {
	return bounce(func(s lengthState) trampoline[lengthState, int] {
		if s.l == nil {
			return trampoline[lengthState, int]{land: s.n, landed: true}
		}
		return trampoline[lengthState, int]{bounce: lengthState{s.l.next, s.n + 1}}
	}, lengthState{l, 0})
}

type reverseState struct{ l, r *cell }

func reverseTrampoline(l *cell) *cell {
	return bounce(func(s reverseState) trampoline[reverseState, *cell] {
		if s.l == nil {
			return trampoline[reverseState, *cell]{land: s.r, landed: true}
		}
		next := s.l.next
		s.l.next = s.r
		return trampoline[reverseState, *cell]{bounce: reverseState{next, s.l}}
	}, reverseState{l, nil})
}
