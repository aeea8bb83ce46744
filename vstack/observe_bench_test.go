package vstack_test

import (
	"context"
	"testing"

	"github.com/vstack-go/vstack/vstack"
)

// What looking inside costs those who do not look: run these before and after a
// change, in turns.
func BenchmarkUnobserved(b *testing.B) {
	ctx := context.Background()
	nothing := func(context.Context) error { return nil }
	b.Run("warm-root", func(b *testing.B) {
		s := vstack.New()
		defer s.Close()
		for b.Loop() {
			_ = s.Run(ctx, nothing)
		}
	})
	b.Run("warm-nested", func(b *testing.B) {
		s := vstack.New()
		defer s.Close()
		_ = s.Run(ctx, func(ctx context.Context) error {
			for b.Loop() {
				_ = s.Run(ctx, nothing)
			}
			return nil
		})
	})
	b.Run("cold", func(b *testing.B) {
		for b.Loop() {
			_, _ = vstack.Run(ctx, func(context.Context, *vstack.Stack) (int, error) { return 0, nil })
		}
	})
	b.Run("cold-new", func(b *testing.B) {
		for b.Loop() {
			s := vstack.New()
			_ = s.Run(ctx, nothing)
			s.Close()
		}
	})
	b.Run("deep", func(b *testing.B) {
		const levels = 1_000_000
		s := vstack.New(vstack.WithMaxMemory(0), vstack.WithIdleMemory(1<<30))
		defer s.Close()
		_ = s.Run(ctx, func(context.Context) error {
			for b.Loop() {
				count(s, levels)
			}
			return nil
		})
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/levels, "ns/level")
	})
}

// What looking costs those who do.
func BenchmarkTrace(b *testing.B) {
	const levels = 1_000_000
	deep := func(name string, fn func(b *testing.B, s *vstack.Stack)) {
		b.Run(name, func(b *testing.B) {
			_, err := vstack.Run(context.Background(), func(_ context.Context, s *vstack.Stack) (int, error) {
				c := &calculator{s, binary, func() { fn(b, s) }}
				return c.eval(levels), nil
			}, vstack.WithMaxMemory(0))
			if err != nil {
				b.Error(err)
			}
		})
	}
	deep("whole", func(b *testing.B, s *vstack.Stack) {
		var frames int64
		b.ReportAllocs()
		for b.Loop() {
			frames = s.Trace().Depth
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(frames), "ns/frame")
	})
	deep("stats", func(b *testing.B, s *vstack.Stack) {
		for b.Loop() {
			_ = s.Stats()
		}
	})
	b.Run("overflow", func(b *testing.B) {
		_, _ = vstack.Run(context.Background(), func(ctx context.Context, s *vstack.Stack) (int, error) {
			c := &calculator{stack: s, kind: binary}
			c.leaf = func() {}
			// As deep as the limit allows, and then past it again and again.
			var last func()
			last = func() {
				defer func() {
					if recover() == nil {
						return
					}
					for b.Loop() {
						func() {
							defer func() { _ = recover() }()
							s.Do(func() {})
						}()
					}
				}()
				s.Do(last)
			}
			last()
			return 0, nil
		}, vstack.WithMaxMemory(64*mib))
	})
	b.Run("from-outside", func(b *testing.B) {
		s := vstack.New(vstack.WithMaxMemory(0))
		defer s.Close()
		ready, done, finished := make(chan struct{}), make(chan struct{}), make(chan struct{})
		go func() {
			defer close(finished)
			_ = s.Run(context.Background(), func(context.Context) error {
				c := &calculator{stack: s, kind: binary}
				c.leaf = func() {
					close(ready)
					for {
						select {
						case <-done:
							return
						default:
							count(s, 1)
						}
					}
				}
				c.eval(levels)
				return nil
			})
		}()
		<-ready
		for b.Loop() {
			_, _ = s.TraceContext(context.Background(), 8)
		}
		close(done)
		<-finished
	})
}
