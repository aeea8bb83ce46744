// Package stress tries to break vstack, in two ways. Programs made from bytes run as plain
// recursion and through vstack, and must leave the same log ([Check]); what they are made
// of is in operations.go and body.go. Tortures do one unkind thing many times, and look at
// what is left behind: goroutines, bytes, deferred calls ([Tortures]).
//
// The tests of this package run both in a bounded form. FuzzPrograms runs programs for as
// long as it is let, and the program in soak mixes everything for hours.
//
// docs/reliability.md says what is promised, and which of these tests it.
package stress
