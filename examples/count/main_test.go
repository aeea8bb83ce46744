package main

import (
	"errors"
	"regexp"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/vstack-go/vstack/vstack"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestCount(t *testing.T) {
	for _, n := range []int{0, 1, 1000, 1_000_000} {
		if got := count(n); got != n {
			t.Errorf("count(%d) = %d", n, got)
		}
	}
}

func TestRun(t *testing.T) {
	var out strings.Builder
	if err := run(&out, 1_000_000); err != nil {
		t.Error(err)
	}
	if !regexp.MustCompile(`^counting 1,000,000 levels deep\ncounted 1,000,000, .* ns a level\n.*, peak memory .*\n$`).MatchString(out.String()) {
		t.Error(out.String())
	}
}

func TestOverflow(t *testing.T) {
	var out strings.Builder
	if err := run(&out, 1_000_000, vstack.WithMaxMemory(4<<20)); !errors.Is(err, vstack.ErrOverflow) {
		t.Error(err)
	}
	if !regexp.MustCompile(`\ntoo deep: .* of stack were in use and 4 MiB is the limit; -max-memory raises it\n`).MatchString(out.String()) {
		t.Error(out.String())
	}
}
