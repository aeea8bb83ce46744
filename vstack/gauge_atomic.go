//go:build race || !(amd64 || arm64 || loong64 || mips64 || mips64le || ppc64 || ppc64le || riscv64 || s390x)

package vstack

import "sync/atomic"

// A gauge is a number that one goroutine at a time stores and anybody may load; see
// gauge.go.
type gauge struct{ atomic.Int64 }
