package main

// A reason is the promise that something is to be said about.
type reason struct{ what, against string }

// reasons says why a promise is not kept, in RESULTS.md, which names those that are not. The
// rest is in docs/performance.md.
var reasons = map[reason]string{
	{"handle in two functions, fib(32)", "plain"}:                "0.15 ns of 1.2. Where the linker puts so small a function matters as much; it was 1.05 on another machine.",
	{"handle-free, fib(32)", "plain"}:                            "a call of assembly, 1 ns. The guard of `vstack build` is inlined.",
	{"handle-free, tree evaluator, balanced", "plain"}:           "the same 1 ns, of 2.4 that a node takes.",
	{"guard in deepjson's parser", "the same without"}:           "more than the guards can take (21,000 of 1 ns in 3 ms): where the code lies.",
	{"handle-free guard in others' parsers", "the same without"}: "the guard's call in each array and object; expr's parser allocates for most of its time, which varies.",
	{"handle-free, fresh goroutine", plainFresh}:                 "the goroutine's own 480 KiB grow by copying, half a millisecond, as plain recursion's do. Deeper a level has 32 bytes; the compiler inlines the plain function into itself, 16 bytes a level, which fit into the cache up to a million; and returns after a hop are predicted wrong.",
	{"handle, new stack", plainFresh}:                            "40 bytes a level against 16, and the returns after hops.",
	{"handle, warm stack", plainFresh}:                           "40 bytes a level against 16, and the returns after hops. Plain recursion's stack, which was freed, comes back from the runtime's cache.",
	{"handle, warm stack", plainGrown}:                           "the best case of plain recursion: no returns predicted wrong, and half the memory.",
	{"handle, warm stack, after a collection", plainGrownGC}:     "memory and returns again; the collection makes plain recursion grow half its stack anew.",
	{"handle-free, warm, after a collection", plainGrownGC}:      "memory and returns again; and the goroutine's own stack grows anew too.",
	{"warm `stack.Run`, one call", "a goroutine and its result"}: "two switches of goroutines, as the other; on a machine that is busy a new goroutine is as cheap as a warm one.",
	{"warm `stack.Run`", "before this issue"}:                    "1.04 to 1.18 in several comparisons, each with quartiles on both sides of 1: 20 to 70 ns more, for exact bounds, memory that is weighed, and the default budget.",
	{"a hop", "before this issue"}:                               "1.04 to 1.18 in several comparisons, each with quartiles on both sides of 1: 20 to 70 ns more, for exact bounds, memory that is weighed, and the default budget.",
	{"other shapes, handle, new stack", plainFresh}:              "Ackermann goes up and down through thousands of levels, and most of its returns come after a hop.",
	{"other shapes, handle, warm stack", plainFresh}:             "the same.",
	{"other shapes, handle-free", plainFresh}:                    "the same, and the call that the guard is.",
	{"handle, better form, later calls", fastest}:                "vuot, which keeps the 1.1 GB of its first call, takes the same at 10M.",
	{"handle-free, better form, later calls", fastest}:           "stacker and its kin stay on the main thread's 8 MiB and change no stack.",
	{"handle-free, better form, first call", fastest}:            "the goroutine grows its stack by copying; the main thread's stack of the others is there.",
	{"handle, better form, first call", fastest}:                 "the first stack of a process.",
	{"best form, later calls", "OCaml 5"}:                        "OCaml's frame has 16 bytes, vstack's 32, and past the cache time is memory.",
	{"best form, later calls", "GHC"}:                            "GHC's frame has 16 bytes, and it returns by jumps, which are predicted.",
	{"best form, first call", "OCaml 5"}:                         "twice the memory to get from the kernel.",
	{"best form, first call", "GHC"}:                             "twice the memory to get from the kernel.",
}
