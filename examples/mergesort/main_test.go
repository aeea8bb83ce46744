package main

import (
	"context"
	"errors"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/vstack-go/vstack/examples/internal/measure"
	"github.com/vstack-go/vstack/vstack"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// enough memory for what the tests sort.
const enough measure.Size = 256 << 20

func keys(l *node) (keys []int) {
	for ; l != nil; l = l.next {
		keys = append(keys, l.key)
	}
	return keys
}

func TestSort(t *testing.T) {
	for _, n := range []int{0, 1, 2, 3, 7, 1000, 200_000} {
		want := keys(random(n))
		slices.Sort(want)
		for _, tasks := range []int{1, 2, 3, 8, n + 1} {
			if tasks > 1000 {
				continue
			}
			l, err := sorted(context.Background(), random(n), n, tasks, enough)
			if err == nil {
				err = check(l, n)
			}
			if err != nil || !slices.Equal(keys(l), want) {
				t.Errorf("%d numbers, %d tasks: %v", n, tasks, err)
			}
		}
	}
}

func TestCheck(t *testing.T) {
	list := func(nodes ...node) *node {
		for i := range nodes[1:] {
			nodes[i].next = &nodes[i+1]
		}
		return &nodes[0]
	}
	for want, l := range map[string]*node{
		"2 comes before 1": list(node{key: 2}, node{key: 1}),
		"1 comes before 1": list(node{key: 1, place: 1}, node{key: 1, place: 0}),
		"has 1 nodes of 2": list(node{key: 1}),
	} {
		if err := check(l, 2); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// One task overflows, the others end, and there is one error.
func TestOverflow(t *testing.T) {
	for _, tasks := range []int{1, 2, 8} {
		_, err := sorted(context.Background(), random(200_000), 200_000, tasks, 2<<20)
		if !errors.Is(err, vstack.ErrOverflow) {
			t.Errorf("%d tasks: %v", tasks, err)
		}
	}
}

func TestCanceled(t *testing.T) {
	cause := errors.New("enough")
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(cause)
	if _, err := sorted(ctx, random(1000), 1000, 4, enough); err != cause {
		t.Error(err)
	}

	// Somewhere in the middle: a task that ends it.
	ctx, cancel = context.WithCancelCause(context.Background())
	defer cancel(nil)
	_, err := vstack.Run(ctx, func(ctx context.Context, _ *vstack.Stack) (*node, error) {
		cancel(cause)
		return parallelSort(ctx, random(100_000), 100_000, 4)
	})
	if err != cause {
		t.Error(err)
	}
}

func TestRun(t *testing.T) {
	var out strings.Builder
	if err := run(&out, 1000, 3, enough); err != nil {
		t.Error(err)
	}
	if !regexp.MustCompile(`^1,000 random numbers in a list\nsorted by 1 at a time: .*\nsorted by 2 at a time: .*\nsorted by 3 at a time: .*\npeak memory `).MatchString(out.String()) {
		t.Error(out.String())
	}
	if err := run(&out, 200_000, 1, minMemory); !errors.Is(err, vstack.ErrOverflow) {
		t.Error(err)
	}
	if n := math.MaxInt16; sort(random(n), n) == nil {
		t.Error("without a stack")
	}
}
