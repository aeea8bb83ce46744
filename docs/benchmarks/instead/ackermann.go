package instead

import (
	"github.com/vstack-go/vstack/stress/workload"
	"github.com/vstack-go/vstack/vstack"
)

var ackermann = Work{
	Name: "ackermann", What: "Ackermann(3, 10)", Unit: "call",
	N: 10, Less: 6,
	Make: func(n int) Input {
		plain := func(*vstack.Stack) (int, error) { return (&workload.Ackermann{}).Plain(3, n), nil }
		return Input{Count: workload.AckermannCalls(n), Depth: 1 << (n + 3), Forms: map[string]Form{
			"plain": plain, "setmaxstack": plain,
			"counter":   func(*vstack.Stack) (int, error) { return ackermannCounter(3, n, 0) },
			"handle":    func(s *vstack.Stack) (int, error) { return (&workload.Ackermann{Stack: s}).Handle(3, n), nil },
			"free":      func(*vstack.Stack) (int, error) { return (&workload.Ackermann{}).Free(3, n), nil },
			"explicit":  func(*vstack.Stack) (int, error) { return ackermannExplicit(3, n), nil },
			"goroutine": func(*vstack.Stack) (int, error) { return ackermannGoroutine(3, n), nil },
		}}
	},
	Source: map[string][]string{
		"plain": {"workload.Ackermann.Plain"}, "counter": {"ackermannCounter"},
		"handle": {"workload.Ackermann.Handle"}, "free": {"workload.Ackermann.Free"},
		"explicit": {"ackermannExplicit"}, "goroutine": {"ackermannGoroutine"},
	},
}

func ackermannCounter(m, n, depth int) (int, error) {
	if depth > limit {
		return 0, ErrTooDeep
	}
	switch {
	case m == 0:
		return n + 1, nil
	case n == 0:
		return ackermannCounter(m-1, 1, depth+1)
	}
	n, err := ackermannCounter(m, n-1, depth+1)
	if err != nil {
		return 0, err
	}
	return ackermannCounter(m-1, n, depth+1)
}

func ackermannExplicit(m, n int) int {
	frames := []int{m}
	for len(frames) > 0 {
		top := len(frames) - 1
		switch m := frames[top]; {
		case m == 0:
			n++
			frames = frames[:top]
		case n == 0:
			n = 1
			frames[top] = m - 1
		default:
			n--
			frames[top] = m - 1
			frames = append(frames, m)
		}
	}
	return n
}

func ackermannGoroutine(m, n int) int {
	switch {
	case m == 0:
		return n + 1
	case n == 0:
		return spawn(func() int { return ackermannGoroutine(m-1, 1) })
	}
	inner := spawn(func() int { return ackermannGoroutine(m, n-1) })
	return spawn(func() int { return ackermannGoroutine(m-1, inner) })
}
