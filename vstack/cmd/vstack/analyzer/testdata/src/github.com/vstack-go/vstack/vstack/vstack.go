// Package vstack stands for the library, whose names are all that matters here.
package vstack

type Stack struct{}

func (s *Stack) Low() bool { return false }

func (s *Stack) Grow(fn func()) { fn() }

func Grow[R any](s *Stack, fn func() R) R { return fn() }
