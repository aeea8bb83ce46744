package instead

import (
	"github.com/vstack-go/vstack/stress/workload"
	"github.com/vstack-go/vstack/vstack"
)

var evalDeep = Work{
	Name: "eval deep", What: "tree evaluator, 5,000,000 operators below each other", Unit: "node",
	N: 5_000_000, Less: 200_000,
	Make:   func(n int) Input { return evalInput(workload.Leaning(n), 2*n+1, n+1) },
	Source: evalSource,
}

var evalFlat = Work{
	Name: "eval flat", What: "tree evaluator, a balanced tree of 1,048,575 nodes", Unit: "node",
	N: 19, Less: 19,
	Make:   func(n int) Input { return evalInput(workload.Balanced(n), 2<<n-1, n+1) },
	Source: evalSource,
}

var evalSource = map[string][]string{
	"plain": {"workload.Eval.Plain"}, "counter": {"evalCounter"},
	"handle": {"workload.Eval.Handle"}, "free": {"workload.Eval.Free"},
	"explicit": {"evalFrame", "evalExplicit"}, "goroutine": {"evalGoroutine"},
}

func evalInput(root *workload.Node, count, depth int) Input {
	names := workload.Names
	plain := func(*vstack.Stack) (int, error) { return (&workload.Eval{}).Plain(root, names) }
	return Input{Count: count, Depth: depth, Forms: map[string]Form{
		"plain": plain, "setmaxstack": plain,
		"counter":   func(*vstack.Stack) (int, error) { return evalCounter(root, names, 0) },
		"handle":    func(s *vstack.Stack) (int, error) { return (&workload.Eval{Stack: s}).Handle(root, names) },
		"free":      func(*vstack.Stack) (int, error) { return (&workload.Eval{}).Free(root, names) },
		"explicit":  func(*vstack.Stack) (int, error) { return evalExplicit(root, names) },
		"goroutine": func(*vstack.Stack) (int, error) { return evalGoroutine(root, names) },
	}}
}

func evalCounter(n *workload.Node, env *workload.Env, depth int) (int, error) {
	if depth > limit {
		return 0, ErrTooDeep
	}
	switch n.Op {
	case '0':
		return n.Value, nil
	case 'x':
		return env.Lookup(n.Name)
	}
	l, err := evalCounter(n.Left, env, depth+1)
	if err != nil {
		return 0, err
	}
	r, err := evalCounter(n.Right, env, depth+1)
	if err != nil {
		return 0, err
	}
	return workload.Apply(n.Op, l, r), nil
}

type evalFrame struct {
	n    *workload.Node
	left int
	half bool // left is known
}

func evalExplicit(n *workload.Node, env *workload.Env) (int, error) {
	var frames []evalFrame
	for {
		for n.Op != '0' && n.Op != 'x' {
			frames = append(frames, evalFrame{n: n})
			n = n.Left
		}
		value := n.Value
		if n.Op == 'x' {
			v, err := env.Lookup(n.Name)
			if err != nil {
				return 0, err
			}
			value = v
		}
		for {
			if len(frames) == 0 {
				return value, nil
			}
			f := &frames[len(frames)-1]
			if !f.half {
				f.left, f.half = value, true
				n = f.n.Right
				break
			}
			value = workload.Apply(f.n.Op, f.left, value)
			frames = frames[:len(frames)-1]
		}
	}
}

func evalGoroutine(n *workload.Node, env *workload.Env) (int, error) {
	switch n.Op {
	case '0':
		return n.Value, nil
	case 'x':
		return env.Lookup(n.Name)
	}
	l, err := spawn2(func() (int, error) { return evalGoroutine(n.Left, env) })
	if err != nil {
		return 0, err
	}
	r, err := spawn2(func() (int, error) { return evalGoroutine(n.Right, env) })
	if err != nil {
		return 0, err
	}
	return workload.Apply(n.Op, l, r), nil
}
