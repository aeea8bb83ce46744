package vstack_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/vstack-go/vstack/vstack"
)

func BenchmarkRunWarm(b *testing.B) {
	ctx := context.Background()
	fn := func(context.Context) error { return nil }
	b.Run("impl=vstack", func(b *testing.B) {
		s := vstack.New()
		defer s.Close()
		b.ReportAllocs()
		for b.Loop() {
			_ = s.Run(ctx, fn)
		}
	})
	b.Run("impl=goroutine", func(b *testing.B) {
		for b.Loop() {
			c := make(chan error)
			go func() { c <- fn(ctx) }()
			<-c
		}
	})
}

func BenchmarkRunCold(b *testing.B) {
	ctx := context.Background()
	for b.Loop() {
		_, _ = vstack.Run(ctx, func(_ context.Context, s *vstack.Stack) (int, error) { return count(s, 20), nil })
	}
}

func plainCount(n int) int {
	if n == 0 {
		return 0
	}
	return plainCount(n-1) + 1
}

// BenchmarkDepth recurses in a straight line, new and warm, against plain
// recursion on a fresh goroutine and on one whose stack has grown already. The
// depths stay within the 1 MiB of native stack that TestMain allows.
func BenchmarkDepth(b *testing.B) {
	const levels = 10_000
	perLevel := func(b *testing.B) {
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/levels, "ns/level")
	}
	for _, impl := range []struct {
		name string
		loop func(b *testing.B)
	}{
		{"new", func(b *testing.B) {
			for b.Loop() {
				s := vstack.New()
				count(s, levels)
				s.Close()
			}
		}},
		{"warm", func(b *testing.B) {
			s := vstack.New()
			defer s.Close()
			for b.Loop() {
				count(s, levels)
			}
		}},
		{"fresh-goroutine", func(b *testing.B) {
			for b.Loop() {
				c := make(chan int)
				go func() { c <- plainCount(levels) }()
				<-c
			}
		}},
		{"grown-goroutine", func(b *testing.B) {
			plainCount(levels)
			for b.Loop() {
				plainCount(levels)
			}
		}},
	} {
		b.Run(fmt.Sprint("impl=", impl.name), func(b *testing.B) {
			impl.loop(b)
			perLevel(b)
		})
	}
}
