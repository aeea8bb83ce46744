package main

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/vstack-go/vstack/vstack"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func values(l *node) (all []int) {
	for ; l != nil; l = l.next {
		all = append(all, l.value)
	}
	return all
}

func TestLists(t *testing.T) {
	{
		for _, n := range []int{1, 2, 3, 1000, 300_000} {
			list := upTo(n)
			want := values(list)
			if got := sum(list); int64(got) != int64(n)*int64(n+1)/2 && n < 60_000 {
				t.Errorf("the sum up to %d is %d", n, got)
			}
			twin := copyOf(list)
			if !slices.Equal(values(twin), want) {
				t.Errorf("the copy of %d nodes differs", n)
			}
			first, last := reverse(list)
			slices.Reverse(want)
			if !slices.Equal(values(first), want) || last.value != 1 || last.next != nil {
				t.Errorf("%d nodes are not reversed", n)
			}
			if twin.value != 1 {
				t.Errorf("the copy of %d nodes was reversed too", n)
			}
		}
		if sum(nil) != 0 || copyOf(nil) != nil {
			t.Error("the empty list")
		}
	}
}

func TestRun(t *testing.T) {
	var out strings.Builder
	if err := run(&out, 10_000); err != nil {
		t.Error(err)
	}
	if !regexp.MustCompile(`(?s)^a list of 10,000 nodes.*sum: 50,005,000 .*reverse: it starts with 10,000 .*copy: it starts with 10,000 .*peak memory`).MatchString(out.String()) {
		t.Error(out.String())
	}
}

// Each function is guarded: too deep is an error.
func TestOverflow(t *testing.T) {
	list := upTo(300_000)
	for name, f := range map[string]func(){
		"sum":     func() { sum(list) },
		"reverse": func() { reverse(list) },
		"copyOf":  func() { copyOf(list) },
	} {
		_, err := vstack.Run(t.Context(), func(context.Context, *vstack.Stack) (int, error) {
			f()
			return 0, nil
		}, vstack.WithMaxMemory(1<<20))
		if !errors.Is(err, vstack.ErrOverflow) {
			t.Errorf("%s: %v", name, err)
		}
	}
	var out strings.Builder
	if err := run(&out, 300_000, vstack.WithMaxMemory(1<<20)); !errors.Is(err, vstack.ErrOverflow) {
		t.Error(err)
	}
}
