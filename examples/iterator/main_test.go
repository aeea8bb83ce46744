package main

import (
	"context"
	"errors"
	"iter"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/vstack-go/vstack/vstack"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// deep is enough for thousands of hops.
const deep = 300_000

// zigzag makes a tree in which left and right take turns.
func zigzag(low, high int) (tree *node) {
	place := &tree
	for left := true; low <= high; left = !left {
		if left {
			*place = &node{key: high}
			place = &(*place).left
			high--
		} else {
			*place = &node{key: low}
			place = &(*place).right
			low++
		}
	}
	return tree
}

func shapes(n int) map[string]*node {
	var shuffled *node
	for _, i := range rand.New(rand.NewPCG(1, 2)).Perm(n) {
		shuffled = shuffled.insert(i + 1)
	}
	return map[string]*node{"ascending": ascending(n), "descending": descending(n), "zigzag": zigzag(1, n), "shuffled": shuffled}
}

func TestAll(t *testing.T) {
	for _, n := range []int{0, 1, 2, 1000, deep} {
		for name, tree := range shapes(n) {
			want := 1
			for key := range tree.all() {
				if key != want {
					t.Fatalf("%s: key %d, want %d", name, key, want)
				}
				want++
			}
			if want != n+1 {
				t.Errorf("%s: %d keys, want %d", name, want-1, n)
			}
		}
	}
}

func TestInsert(t *testing.T) {
	var tree *node
	for key := 1; key <= 100; key++ {
		tree = tree.insert(key)
	}
	if !slices.Equal(slices.Collect(tree.all()), slices.Collect(ascending(100).all())) || tree.left != nil {
		t.Error("ascending keys do not make the tree that ascending makes")
	}
}

// The ways out of a loop, at its start, in the middle and at its end. The next
// loop is none the worse for it.
func TestLeave(t *testing.T) {
	for name, tree := range shapes(deep) {
		for _, at := range []int{1, 2, deep / 2, deep} {
			last := 0
			for key := range tree.all() {
				last = key
				if key == at {
					break
				}
			}
			if last != at {
				t.Errorf("%s: break at %d, ends at %d", name, at, last)
			}
			if got, ok := find(tree, at); got != at || !ok {
				t.Errorf("%s: return at %d: %d, %v", name, at, got, ok)
			}
			if value, _ := recovered(tree, at).(string); !strings.HasPrefix(value, "at ") {
				t.Errorf("%s: panic at %d: recovered %v", name, at, value)
			}
		outer:
			for range 2 {
				for key := range tree.all() {
					if key == at {
						continue outer
					}
				}
				t.Errorf("%s: continue outer at %d did not leave the loop", name, at)
			}
		}
		if _, ok := find(tree, deep+1); ok {
			t.Errorf("%s: found what is not there", name)
		}
	}
}

// A body may defer: the call is made when its function returns, not before.
func TestDefer(t *testing.T) {
	count := 0
	if early := defers(&count); early != 0 {
		t.Errorf("%d deferred calls in the loop", early)
	}
	if count != deep/100_000 {
		t.Errorf("%d deferred calls", count)
	}
}

// defers returns how many of the calls that its loop defers are made before it returns.
// Go 1.25 inlines a function that defers nowhere but in such a loop: then they are made
// when the caller returns.
//
//go:noinline
func defers(count *int) int {
	for key := range descending(deep).all() {
		if key%100_000 == 0 {
			defer func() { *count++ }()
		}
	}
	return *count
}

// A body may iterate again.
func TestNested(t *testing.T) {
	tree := descending(1000)
	pairs := 0
	for a := range descending(deep).all() {
		if a > 10 {
			break
		}
		for b := range tree.all() {
			if b > a {
				break
			}
			pairs++
		}
	}
	if pairs != 55 {
		t.Errorf("%d pairs", pairs)
	}
}

func TestPull(t *testing.T) {
	trees := shapes(50_000)
	for a, treeA := range trees {
		for b, treeB := range trees {
			if !sameKeys(treeA, treeB) {
				t.Errorf("%s and %s differ", a, b)
			}
		}
	}
	if sameKeys(ascending(1000), descending(1001)) || sameKeys(ascending(1001), descending(1000)) {
		t.Error("trees of different size are the same")
	}

	// A stop in the middle of it, and a panic in the recursion.
	next, stop := iter.Pull(descending(deep).all())
	if key, ok := next(); key != 1 || !ok {
		t.Error(key, ok)
	}
	stop()
	if sum(ascending(10)) != 55 {
		t.Error("wrong after stop")
	}
}

// An iter.Seq has no error to return, but Run has. Where there is none the loop
// panics, and can be recovered from.
func TestOverflow(t *testing.T) {
	tree := ascending(deep)
	small := vstack.New(vstack.WithMaxMemory(1 << 20))
	defer small.Close()
	seen := 0
	err := small.Run(context.Background(), func(context.Context) error {
		for range tree.all() {
			seen++
		}
		return nil
	})
	if !errors.Is(err, vstack.ErrOverflow) || seen == 0 || seen == deep {
		t.Errorf("%v after %d keys", err, seen)
	}
	func() {
		defer func() {
			if err, ok := recover().(error); !ok || !errors.Is(err, vstack.ErrOverflow) {
				t.Error(err)
			}
		}()
		small.Do(func() { sum(tree) })
	}()
}

// The guard notices when the context is done, also in loops without end.
func TestCanceled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	tree := ascending(deep)
	_, err := vstack.Run(ctx, func(context.Context, *vstack.Stack) (int, error) {
		for {
			for key := range tree.all() {
				if key == deep/2 {
					cancel()
				}
			}
		}
	})
	if err != context.Canceled {
		t.Error(err)
	}
}

func TestRun(t *testing.T) {
	var out strings.Builder
	if err := run(&out, 10_000); err != nil {
		t.Error(err)
	}
	if !regexp.MustCompile(`(?s)^two trees of 10,000 nodes.*right: *50,005,000 .*left: *50,005,000 .*: *1 comes first.*half way: *5,001 .*body: *at 10,000 .*step: true .*peak memory`).MatchString(out.String()) {
		t.Error(out.String())
	}
}
