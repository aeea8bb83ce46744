package instead

import (
	"context"
	"testing"

	"go.uber.org/goleak"

	"github.com/vstack-go/vstack/vstack"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// All forms of each work compute the same, twice, and it is what the plain one does.
func TestFormsAgree(t *testing.T) {
	small := map[string]int{"eval flat": 8, "ackermann": 3, "lisp flat": 10, "flood": 40, "components": 5000}
	for _, work := range All {
		n := small[work.Name]
		if n == 0 {
			n = 300
		}
		input := work.Make(n)
		if len(input.Forms) < len(Ways)-1 || input.Count <= 0 {
			t.Errorf("%s: %d forms, %d units", work.Name, len(input.Forms), input.Count)
		}
		want, err := input.Forms["plain"](nil)
		if err != nil {
			t.Fatalf("%s: %v", work.Name, err)
		}
		for _, way := range Ways {
			form := input.Forms[way]
			if form == nil {
				continue
			}
			for range 2 {
				got, err := vstack.Run(t.Context(), func(_ context.Context, s *vstack.Stack) (int, error) { return form(s) })
				if got != want || err != nil {
					t.Errorf("%s, %s: %d, %v, want %d", work.Name, way, got, err, want)
				}
			}
		}
	}
}

// Bad expressions are errors in every form, and no form takes one for good.
func TestParseErrors(t *testing.T) {
	for _, text := range []string{"", "(", "(1", "1+", "-", "1*", "*1", "()", "(1+2", "x"} {
		for way, form := range parseInput(text, 1).Forms {
			if _, err := form(nil); err != errSyntax {
				t.Errorf("%s of %q: %v", way, text, err)
			}
		}
	}
	for text, want := range map[string]int{"1+2*3": 7, "2*3+1": 7, "-(1+2)*3": -9, "10-4-3": 3, "--2": 2, "2*-3": -6, "(2+3)*(4-1)": 15, "1-2*3*-1+4": 11} {
		for way, form := range parseInput(text, 1).Forms {
			if got, err := form(nil); got != want || err != nil {
				t.Errorf("%s of %q: %d, %v, want %d", way, text, got, err, want)
			}
		}
	}
}

// The results of the programs are right, and so is the number of evaluations.
func TestLisp(t *testing.T) {
	for _, c := range []struct {
		work Work
		n    int
		want int
	}{{lispDeep, 100, 5050}, {lispFlat, 15, 610}, {lispFlat, 1, 1}, {lispDeep, 0, 0}} {
		input := c.work.Make(c.n)
		if got, err := input.Forms["plain"](nil); got != c.want || err != nil {
			t.Errorf("%s %d: %d, %v", c.work.Name, c.n, got, err)
		}
		fn, _ := readLisp("(define (sum n) (if (< n 1) 0 (+ n (sum (- n 1))))) (define (fib n) (if (< n 2) n (+ (fib (- n 1)) (fib (- n 2)))))",
			map[string]string{"lisp deep": "sum", "lisp flat": "fib"}[c.work.Name])
		evaluated := 0
		var count func(e *expr, env []int) int
		count = func(e *expr, env []int) int {
			evaluated++
			switch e.op {
			case constant:
				return e.value
			case variable:
				return env[e.value]
			case cond:
				if count(e.args[0], env) != 0 {
					return count(e.args[1], env)
				}
				return count(e.args[2], env)
			case call:
				return count(e.fn.body, []int{count(e.args[0], env)})
			}
			v, _ := arithmetic(e.op, count(e.args[0], env), count(e.args[1], env))
			return v
		}
		count(&expr{op: call, fn: fn, args: []*expr{{op: constant, value: c.n}}}, nil)
		if evaluated != input.Count {
			t.Errorf("%s %d: %d evaluations, said to be %d", c.work.Name, c.n, evaluated, input.Count)
		}
	}
	for _, bad := range []string{"", "(", "(define", "(define (f n) (g n 1)", "(define (f n) (+ n))", "(define (f n) x)", "(define (g n) n)"} {
		if _, err := readLisp(bad, "f"); err == nil {
			t.Errorf("%q is read", bad)
		}
	}
}

// Tarjan's components are right: two nodes are in one if each is reached from the other.
func TestComponents(t *testing.T) {
	g := randomGraph(60, 90)
	n := len(g.start) - 1
	reach := make([][]bool, n)
	for v := range reach {
		reach[v] = make([]bool, n)
		reach[v][v] = true
		for work := []int32{int32(v)}; len(work) > 0; {
			x := work[len(work)-1]
			work = work[:len(work)-1]
			for _, w := range g.edges[g.start[x]:g.start[x+1]] {
				if !reach[v][w] {
					reach[v][w] = true
					work = append(work, w)
				}
			}
		}
	}
	tarjan := &tarjanExplicit{newTarjan(g), nil}
	for v := range n {
		if tarjan.index[v] == 0 {
			tarjan.visit(int32(v))
		}
	}
	for v := range n {
		for w := range n {
			if same := tarjan.component[v] == tarjan.component[w]; same != (reach[v][w] && reach[w][v]) {
				t.Errorf("%d and %d: the same component: %v", v, w, same)
			}
		}
	}
}
