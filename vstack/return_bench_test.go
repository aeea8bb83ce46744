package vstack_test

import (
	"fmt"
	"testing"
)

//go:noinline
func callChain(k int) int {
	if k == 0 {
		return 0
	}
	return callChain(k-1) + 1
}

func downThenChain(n, k int) int {
	if n == 0 {
		return callChain(k)
	}
	return downThenChain(n-1, k) + 1
}

// BenchmarkReturnStack shows what a hop does to the returns after it, without
// vstack: plain recursion, 10,000 levels, on a stack that has grown, whose
// deepest call makes a chain of k calls. The chain overwrites k entries of the
// processor's return-address stack, which returns never fill again. See
// docs/performance.md.
func BenchmarkReturnStack(b *testing.B) {
	const levels = 10_000
	for _, k := range []int{0, 1, 2, 4, 8, 16, 24, 32, 64} {
		b.Run(fmt.Sprint("calls=", k), func(b *testing.B) {
			downThenChain(levels, k)
			for b.Loop() {
				downThenChain(levels, k)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/levels, "ns/level")
		})
	}
}
