package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/vstack-go/vstack/examples/internal/measure"
)

// trace returns the names of the procedures that were running, the innermost first, and
// what repeats written once:
//
//	(even? <- odd?) x 617,283 <- main
//
// calls has the outermost first.
func trace(calls []*lambda) string {
	const most = 12 // a program that never repeats itself gets this many
	calls = slices.Clone(calls)
	slices.Reverse(calls)
	var parts []string
	for len(calls) > 0 {
		if len(parts) == most && len(calls) > 2 {
			outermost := calls[len(calls)-1].name
			parts = append(parts, fmt.Sprintf("... %v more ...", measure.Count(len(calls)-1)), outermost)
			break
		}
		period, times := cycle(calls)
		names := make([]string, period)
		for i, f := range calls[:period] {
			names[i] = f.name
		}
		part := strings.Join(names, " <- ")
		if period > 1 {
			part = "(" + part + ")"
		}
		if times > 1 {
			part += " x " + measure.Count(times).String()
		}
		parts = append(parts, part)
		calls = calls[period*times:]
	}
	return strings.Join(parts, " <- ")
}

// cycle finds the cycle that covers the most at the start of calls, and how often
// it is repeated; one call, once, if nothing is.
func cycle(calls []*lambda) (period, times int) {
	const longest = 8
	period, times = 1, 1
	for p := 1; p <= longest; p++ {
		n := p
		for n < len(calls) && calls[n].name == calls[n-p].name {
			n++
		}
		if n /= p; n > 1 && n*p > period*times {
			period, times = p, n
		}
	}
	return period, times
}
