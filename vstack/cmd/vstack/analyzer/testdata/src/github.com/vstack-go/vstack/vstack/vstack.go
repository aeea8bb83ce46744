// Package vstack stands for the library, whose names are all that matters here.
package vstack

type Stack struct{}

func (s *Stack) Low() bool { return false }

func (s *Stack) Do(fn func()) { fn() }

func GrowOn[R any](s *Stack, fn func() R) R { return fn() }

func Low() bool { return false }

func Do(fn func()) { fn() }

func Grow[R any](fn func() R) R { return fn() }
