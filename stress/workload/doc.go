// Package workload has the recursions that benchmarks measure, each in the same forms,
// which differ in the guard alone:
//
//	Plain        without a guard
//	Handle       a guard with a handle: e.Stack.Low(), vstack.GrowOn
//	HandleSplit  the same with its second line in a function of its own, which is not inlined
//	Free         a guard without a handle: vstack.Low(), vstack.Grow
//	FreeSplit    the same, split
//
// All forms of one recursion are methods of one type, so that they are called alike. The
// benchmarks of the library and the program in docs/benchmarks run the same code.
//
// A split guard is the fastest form. Its branch is a jump with the arguments in the registers
// where they are; with the closure in the branch the compiler stores them at the head of
// the function, and makes room in every frame for the arguments of Grow.
package workload
