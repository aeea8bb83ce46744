//go:build !race && (amd64 || arm64 || loong64 || mips64 || mips64le || ppc64 || ppc64le || riscv64 || s390x)

package vstack

import "sync/atomic"

// A gauge is a number that one goroutine at a time stores and anybody may load. An
// atomic store would order it with all other memory, which on amd64 costs 5 ns, and a
// hop has three of them; nobody needs that order. Where a word has 64 bits a plain
// store of one is seen whole. The race detector cannot know, so it gets the other kind;
// see gauge_atomic.go.
type gauge struct{ value int64 }

func (g *gauge) Store(value int64) { g.value = value }
func (g *gauge) Load() int64       { return atomic.LoadInt64(&g.value) }
