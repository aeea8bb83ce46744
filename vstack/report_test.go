package vstack_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"testing"

	"github.com/vstack-go/vstack/vstack"
)

// A climber parses by precedence climbing, as many hand-written parsers do: the same
// function once for each level of precedence, and then the next parenthesis.
type climber struct{ at int }

const precedences = 11

//go:noinline
func (c *climber) binary(level int) int {
	if vstack.Low() {
		return vstack.Grow(func() int { return c.binary(level) })
	}
	if level == precedences {
		return c.unary() + 1
	}
	return c.binary(level+1) + 1
}

//go:noinline
func (c *climber) unary() int { return c.primary() + 1 }

//go:noinline
func (c *climber) primary() int {
	c.at++
	return c.binary(0) + 1
}

func overflowOf(t *testing.T, fn func(), opts ...vstack.Option) *vstack.OverflowError {
	t.Helper()
	if !vstack.Supported {
		t.Skip("no guards in this build")
	}
	_, err := vstack.Run(context.Background(), func(context.Context, *vstack.Stack) (int, error) {
		fn()
		return 0, nil
	}, opts...)
	var overflow *vstack.OverflowError
	if !errors.As(err, &overflow) {
		t.Fatal(err)
	}
	return overflow
}

// The cycle in the report is the recursion's own, although one function of it comes back
// at once, and the report is short.
func TestReportOfClimber(t *testing.T) {
	c := new(climber)
	e := overflowOf(t, func() { c.binary(0) }, vstack.WithMaxMemory(16<<20), vstack.WithName("climber"))
	cycle, ok := e.Cycle()
	if !ok || len(cycle.Paths) != 1 || len(cycle.Paths[0].Frames) != precedences+3 {
		t.Errorf("%v with %d paths", cycle, len(cycle.Paths))
	}
	levels, each := e.Levels()
	if off := float64(levels) / float64(c.at); off < 0.8 || off > 1.25 {
		t.Errorf("%d levels, and it was %d", levels, c.at)
	}
	if each*levels > e.Bytes || each*levels < e.Bytes/2 {
		t.Errorf("%d levels of %d bytes are not %d", levels, each, e.Bytes)
	}
	report := fmt.Sprintf("%+v", e)
	if lines := strings.Count(report, "\n"); lines > 40 {
		t.Errorf("%d lines", lines)
	}
	for name, most := range map[string]int{").primary(...)": 1, ").unary(...)": 1, "Run[...](": 0} {
		if n := strings.Count(report, name); n > most {
			t.Errorf("%s is there %d times", name, n)
		}
	}
	if !regexp.MustCompile(`^vstack: stack overflow: "climber" is about [0-9,]+ levels deep, [0-9,]+ bytes a level: [0-9,]+ bytes of stack, and its limit is 16,777,216; the input is nested too deep for that\n`).MatchString(report) {
		t.Errorf("%s", report)
	}
	if !strings.Contains(report, "climber).primary(...)") || !strings.Contains(report, "TestReportOfClimber") || strings.Contains(report, "raise") {
		t.Errorf("%s", report)
	}
}

// The default limit is called that, with what sets it; a limit that somebody set is not.
func TestReportOfDefault(t *testing.T) {
	defer vstack.SetDefaultLimit(vstack.SetDefaultLimit(64 << 20))
	const advice = "(the default limit, of all stacks without one of their own: SetDefaultLimit or VSTACK_MAX_MEMORY changes it)"
	for name, test := range map[string]struct {
		option vstack.Option
		want   bool
	}{
		"default":      {vstack.WithName("default"), true},
		"own limit":    {vstack.WithMaxMemory(4 << 20), false},
		"small budget": {vstack.WithBudget(vstack.NewBudget(4 << 20)), false},
		"large budget": {vstack.WithBudget(vstack.NewBudget(1 << 30)), true},
	} {
		c := new(climber)
		e := overflowOf(t, func() { c.binary(0) }, test.option)
		if text := e.Error(); strings.HasSuffix(text, advice) != test.want || strings.Contains(text, "default limit") != test.want {
			t.Errorf("%s: %s", name, text)
		}
	}
}

// Whoever used the budget is told apart.
func TestReportOfBudget(t *testing.T) {
	budget := vstack.NewBudget(4 << 20)
	c := new(climber)
	e := overflowOf(t, func() { c.binary(0) }, vstack.WithBudget(budget))
	if text := e.Error(); e.ByLoad() || !strings.Contains(text, "most of the 4,194,304 bytes that it shares with others: the input is nested too deep") {
		t.Error(text)
	}
	other := vstack.New(vstack.WithBudget(budget))
	defer other.Close()
	err := other.Run(context.Background(), func(context.Context) error {
		defer func() { _ = recover() }()
		var hold func(n int)
		hold = func(n int) {
			if vstack.Low() {
				vstack.Do(func() { hold(n) })
				return
			}
			if other.Stats().Bytes < 3<<20 { // frames are larger in some builds
				hold(n + 1)
				return
			}
			e = overflowOf(t, func() { c.binary(0) }, vstack.WithBudget(budget))
		}
		hold(0)
		return nil
	})
	if text := e.Error(); err != nil || !e.ByLoad() || !strings.Contains(text, "the load did it, not this input") {
		t.Error(text, err)
	}
}

func TestLogValue(t *testing.T) {
	c := new(climber)
	e := overflowOf(t, func() { c.binary(0) }, vstack.WithMaxMemory(1<<20), vstack.WithName("climber"))
	var b bytes.Buffer
	log := slog.New(slog.NewTextHandler(&b, nil))
	log.Error("eval", "err", e, "trace", e.Trace)
	for _, part := range []string{`err.msg="vstack: stack overflow: \"climber\" is `, "err.limit=1048576", "err.levels=", "err.bytes_a_level=", "err.cycle=\"binary -> ", "err.stack.name=climber", "trace.frames=", "trace.summary="} {
		if !strings.Contains(b.String(), part) {
			t.Errorf("%s is not in %s", part, &b)
		}
	}
	log.Error("none", "trace", (*vstack.Trace)(nil), "err", &vstack.OverflowError{Limit: 1})
}
