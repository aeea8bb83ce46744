// Package net edits a Go runtime so that a stack overflow that no guard saw becomes a run-time panic: the net
// of vstack build.
//
// Go ends the process when a goroutine's stack would grow beyond 1 GB (that is, 512 MiB, since sizes are powers of two). With the
// net, a goroutine panics when 7/8 of the net's size are used, by default 224 of 256 MiB: with a [runtime.Error] whose
// text begins "vstack: stack overflow", says how much stack which goroutine used, and shows its folded trace. It can be recovered like any other panic, again and
// again, and the memory goes back to the system.
//
// [Patch] makes the edits to the files of the toolchain in use, which it finds in the syntax tree by the statements named below, and
// adds one file, runtime.go.txt. It knows Go 1.25 to 1.27 and refuses others, and files in which one
// of the statements is not there exactly once. Every line keeps its number. [Supports] says for which architectures there is a net.
//
// # The edits
//
//	stack.go    newstack      before "if preempt { ... gopreempt_m }": vstackNetStop, and if it says so, gogo(&gp.sched)
//	            newstack      gp.stackguard0 = vstackNetGuard(gp), where it was gp.stack.lo + stackGuard
//	            copystack     the same, where it was new.lo + stackGuard
//	proc.go     execute, exitsyscall    the same
//	            sysmon        vstackNetSleep for usleep
//	preempt.go  suspendG      the same guard
//	panic.go    recovery      vstackNetShrink before it goes on in the function that recovered
//
// # The protocol
//
// The guard. A function's prologue compares the stack pointer with g.stackguard0, the end of the stack, and calls morestack if it is
// below. vstackNetGuard puts the guard of a stack that is larger than the net's limit at the limit instead. There is no
// other state: a request is pending as long as the stack is deeper than the limit, and dropped when it is not. Goroutines whose stack
// is smaller than the limit have the guard they always had, and pay nothing.
//
// The decision. newstack runs on the thread's system stack, with the goroutine stopped in a prologue. vstackNetStop asks whether the new frame
// would end below the limit. If so, there are three ways on:
//
//   - The panic. gp.sched.pc becomes vstackNetPanic, and nothing else changes: not sp, not lr, not the frame pointer. The function that
//     was being entered has no frame yet and has run no instruction that counts, so this is as if its caller had called vstackNetPanic
//     instead. The caller stands at the return address of an ordinary call, where the collector, the unwinder, deferred calls and recover find
//     what they need; the arguments, in registers or on the stack, belong to a call that never happens. This differs from
//     the runtime's own injected calls (sigpanic, asyncPreempt, debugCall), which stand at any instruction: none of
//     what these need (conservative frames, saved registers, a saved LR) is needed here, and it is the same on every architecture.
//     The entered function's pc is handed over in gp.sigpc, as the signal handler does with sigpanic.
//   - Not yet, and the stack reaches: the guard goes down so that this function's frame fits, and it asks again a
//     bit deeper.
//   - Not yet, and the stack does not reach: it grows as ever, up to the runtime's own limit, which still throws.
//
// Where it may panic. Never if the goroutine holds a lock of the runtime, is in malloc, in a system call, in C, or cannot be preempted (what
// canPreemptM asks, and more). Never if the caller is the runtime, sync, syscall, internal/poll or others of vstackNetPrefixes, or this library; never in place of a function of
// sync and the like, or an Unlock would be lost. In place of a function of package runtime that compiled code calls, yes: such calls
// have stack maps, and most of these functions panic by themselves at times. Exceptions among callers: reflectcall; == and hashes of interfaces, which are
// recursive by themselves and panic on what has neither, unless a map is being written for which they are done (vstackNetMayCompare);
// and runtime functions that only make a value may be left half-way (vstackNetMayLeave).
//
// Where it is best. In the first quarter of the room behind the limit, only a function panics that is among the last 128 frames already: the panic comes
// at a recursive call and not in a helper that never failed before. After that, in any function. Deferred functions are not left out (they are
// known by their caller: deferreturn, gopanic, or a frame with the closure in a slot, vstackNetDefers) until three quarters of all room up to the
// runtime's limit are gone: recursion that consists of deferred calls must end somewhere, too.
//
// Raising the guard again. Take a recursion of frames of 100 bytes that calls, at each level, something in the runtime which takes 500. It is always
// the runtime that meets the guard first, is let through, and lowers it; the recursion never meets it. So a refusal
// requests to preempt the goroutine: at the end of a malloc or lock, or when sysmon says so, stackguard0 becomes
// stackPreempt, and the next prologue, whose it may be, comes to newstack. While this is wanted (20 ms after each refusal) sysmon
// makes such requests every 20 microseconds; and since execute restores the net's guard, the next prologue after that comes too. It is a matter
// of chance, but of thousands of tries. This is where more stack than the net's size can be used; the leaf ways of the tests measure it.
//
// The panic. vstackNetPanic collects the 96 innermost frames, and the outermost ones too if the time
// for that is at most a twentieth of the time since it was last done: walking 10,000,000 frames takes half a second, as gopanic's own walk
// to the first deferred call does. Then it calls panic. With VSTACK_TRACE=stderr in the environment it prints the error first.
//
// While it is not over (its value is in the gp._panic list: until recovery has removed it, so a deferred function that has called
// recover counts as well) the limit is lower: half of the room between where the panic came and twice the net's size. An overflow in a
// deferred function is a panic again, with half of the room again. With less than 16 KiB left there is no panic, and the runtime throws.
//
// The memory. recovery has unwound the stack; vstackNetShrink copies what is left to one that is at least twice as large as that, if shrinkstack
// could do so at this place, and lets the scavenger give the old one to the system at once. The stack map is that of the call of deferreturn, one
// byte behind the address that recovery goes to, as for frames below sigpanic. (In a collection stacks are freed at its end, and then
// the memory goes to the system as other free memory does.)
//
// # What it cannot do
//
//   - C's stack, the system stacks g0 and gsignal, and chains of nosplit functions: no prologue asks there.
//   - Recursion in the runtime that holds a lock, or comparison of keys in a map that is being written, or in sync.Map's
//     compare-and-swap: goes on to the runtime's own limit, and is fatal.
//   - Recursion whose every level has hardly a moment outside of the runtime, sync or syscall may not be met before 512 MiB. So it was for a function that does nothing
//     but defer itself, in a -race build.
//   - Code that does not expect panics: a call between mu.Lock() and mu.Unlock() without defer can leave mu locked, as with any
//     run-time panic. A deferred function is entered, but what it calls may panic.
//   - The stack's size: a program that uses more than 7/8 of the net's size and does not overflow panics too. A larger net, or none, helps it.
//   - Memory that the machine does not have: a stack of 256 MiB that has just been grown takes 490 MiB with the smaller ones that it came
//     from (measured; 70 MiB for a net of 32 MiB), as any stack that grows. A smaller net takes less.
//   - debug.SetMaxStack below the net's size lowers the net with it: it hangs at 7/8 of the largest power of two that is allowed. The other way,
//     a net of more than 512 MiB needs SetMaxStack to be raised.
package net
