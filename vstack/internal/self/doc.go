// Package self tells a goroutine where its own stack is, and holds the guard that
// needs no handle.
//
// Go gives a program no way to ask how much of its stack a goroutine has used. The
// assembly in this package reads three things and nothing else: the address of the
// calling goroutine's g, and the first two words of it, stack.lo and stack.hi. The
// runtime promises cgo where these are ("offset known to runtime/cgo"), and they
// have been there from Go 1.3 to Go 1.27. What broke other libraries of this kind
// over the years were fields further down, and 32-bit moves of 64-bit words.
//
// The figures are checked when the program starts: see check.go. An address is a
// number here. None is ever turned back into a pointer.
package self

// Look is what the guard asks when the table says that it is low. Whoever uses the
// package sets it before the first goroutine is deep, and not again.
var Look func() bool
