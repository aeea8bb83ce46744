// Vstack finds recursion in Go programs that can run out of stack, writes guards for it, and
// builds programs with guards in all that they consist of.
//
//	vstack check [flags] [packages]           what can data drive through the stack?
//	vstack fix [flags] [packages]             writes the guards
//	vstack explain [flags] FILE [packages]    which finding is this crash?
//	vstack size [flags] BYTES|FILE            what memory does a depth take?
//	vstack build [flags] [packages]           go build, with guards in everything
//	vstack test|run|install|vet ...           the same of the go command's others
//	vstack clean                              empties the cache of the builds
//	vstack version                            which one it is
//	vstack help [topic]                       a part of this text: check, status, fix, explain,
//	                                          size, build, analyzer
//
// Packages are named as for go build; ./... if there are none. Exit codes:
//
//	0  nothing was found (by check), every cycle has its guard (after fix)
//	1  something was found, or could not be done
//	2  wrong command line, or no such package
//	3  some packages do not compile, or cannot be loaded: they are named, and check and
//	   explain look at the others
//
// # check
//
// What can somebody outside drive through the stack of a Go program? Check lists cycles of
// calls whose depth depends on data and that nothing stops, with the way in.
//
//	parser.go:106:18: unguarded recursion: (*parser).expr → (*parser).term → (*parser).expr
//		depth depends on data: p of (*parser).term reads input: lang.parser moves on
//		reached from handler serve: serve → Parse → (*parser).file → (*parser).expr
//		parser.go:112:9: (*parser).expr calls (*parser).term
//		parser.go:140:9: (*parser).term calls (*parser).expr
//	vstack: 1 finding: 1 reached from handlers
//
// One finding is one guard. A component of a thousand functions is no finding: it is split at
// the functions where guards would end all of it, and each of these is a finding, with the
// likeliest way round through it. Together they have every such function. What one generator
// wrote is one finding with a count, and so is the same method of other types.
//
// The worst come first. The rank says from where a cycle is reached, by calls that are likely:
//
//	handler   a handler of HTTP or RPC requests, of net/http or a framework
//	network   a function that is given a connection
//	decoder   an exported function that takes input: by its parameters ([]byte, io.Reader)
//	          or its name (Unmarshal…, Parse…)
//	exported  another exported function
//	main      main or init
//	internal  nowhere that was found
//
// An exported function of an internal package is an entry only if it is not reached from
// another. Internal packages that no package named imports, where some might, are left out,
// and counted: tests use them, or a file for another system, or a module inside the module.
//
// Dependencies and the standard library are part of the program, as far as the packages named
// reach them. Where the standard library recurses on a value that is given to it
// (json.Marshal, xml, gob, fmt, reflect.DeepEqual, templates, == and keys of maps on
// interfaces) and the value's type contains itself, the call is reported, with what would
// help. What it limits itself is known and left out, and so are some dependencies
// (internal/knowledge).
//
// A call in tail position is pointed out: a loop would do. Go keeps the frame of a tail call,
// so it can overflow like any other.
//
// Check also reports guards that do not guard (a handle that nobody sets, a literal that
// leaves it out) and guards that cost: a closure that captures a named result, a parameter
// that is assigned to, has its address taken or is larger than 128 bytes (each moves to the
// heap on every call); a guard that is neither the first statement nor behind what only leaves
// the function; a guard that comes after a call that goes round; a guard that no cycle needs. A
// pointer or map that makes what a caller has on its stack move to the heap is a note: it is
// printed, and does not count for the exit code.
//
// The comment //vstack:ok with a reason silences a function (on its first line, or the line
// before, so also as the last line of its doc comment), or one call or guard (on its line).
// The reason is required.
//
// The call graph is that of variable type analysis over all that is reached, with class
// hierarchy analysis for calls through the program's own interfaces where it finds no value; a
// chain that needs one of these says so. A function that is handed on as a value, and a method
// that the standard library calls by its name, count as reached. Not seen: cycles through
// reflection, assembly and cgo; what somebody hands to the packages from outside. It can be
// wrong both ways: docs/corpus.md of the repository says how often. The same packages give the
// same output, to the byte. SARIF has the way in and round as a code flow, and fingerprints
// that stay when lines move.
//
// What the words before a cycle mean is in "vstack help status". Flags:
//
//	-C directory
//	    change to this directory first
//	-all
//	    list cycles that need no guard too, with the reason
//	-deps on
//	    on or off: look into dependencies and the standard library too, as far as they are
//	    reached; if off, a call into one is taken to call what it is given (default on)
//	-json
//	    print JSON
//	-pkg A,B
//	    only cycles through the packages A,B: import paths, with ... as in patterns
//	-rank RANK
//	    only what is reached from RANK or worse: handler, network, decoder, exported, main, internal
//	-sarif
//	    print SARIF 2.1.0
//	-tags A,B
//	    build with the tags A,B
//	-test
//	    look at test files too
//	-v  print every call of a long chain and of the way to it, and every function
//
// # status
//
// What check says of a cycle. Unguarded ones are always listed, the others with -all:
//
//	unguarded  the depth depends on data: something is walked, or read from; no guard, no limit
//	unclear    nothing was found that the depth depends on
//	limited    every way round passes a depth limit: a counter that is compared with a bound,
//	           one that a parse listener keeps, or one of what built the data
//	guarded    every way round passes Low and Grow, or goes through Call or Run
//	bounded    it halves, counts in a small type or from a constant, calls itself once or with
//	           something of another kind, is behind what is made or done once, goes down a table
//	           of the program, a path in the file system, along a chain of wrappers or decorators
//	           that the program does not build in a loop, or down a Go type
//	silenced   by a comment
//
// A vstack guard elsewhere is no limit: what guarded recursion builds is as deep as memory
// allows, so those who walk it are unguarded. To move from a depth counter to a guard, take the
// counter out first, or write the guard by hand: fix leaves what is limited alone.
//
// # fix
//
// Fix writes guards, the fewest that end every cycle that check finds in the packages named,
// each as the first statement of its function, but for tests that return and call nothing,
// such as if n == nil { return 0 }: there it goes behind them, and leaves cost nothing.
//
//	func (p *parser) expr(depth int) (Node, error) {
//		if vstack.Low() {
//			return vstack.Grow2(func() (Node, error) { return p.expr(depth) })
//		}
//
// Nothing else changes: no field, no parameter, no signature, no caller.
//
//	the function has             the guard goes on in
//	one result, or two           vstack.Grow(func() T { return f(x) }), Grow2
//	none                         vstack.Do(func() { f(x) }), then return
//	three or more                vstack.Do with a closure that assigns variables of the branch,
//	                             which it returns
//	no arguments                 the function itself: vstack.Grow2(p.expr)
//	a parameter that it assigns  a copy of it in the branch (n := n): if the closure captured
//	to                           the parameter, that would move to the heap on every call
//	unnamed parameters or an     names for them
//	unnamed receiver
//	a name that hides the        another one for what hides it
//	package, the function or a
//	type of its results
//
// A function literal that has no name to call itself by gets one. Where it is part of a
// statement, as in
//
//	return func(n *Node) error { ... }
//
// that is split:
//
//	var self func(n *Node) error
//	self = func(n *Node) error { ... }
//	return self
//
// and where it cannot be (a variable of the package, a condition that declares what the literal
// uses) a function is put around it.
//
// The import goes to those of other modules, in the order of their paths. Where a file has
// none, it goes where the rest of the module has them: beside its own, or in a group of its
// own. A single import becomes a block, a blank import of vstack becomes the import. Comments
// stay where they are.
//
// What stays without a guard, and it says why:
//
//	a function in a generated file  put the guard into the template, which the message names if
//	                                the file does (//line, the generator), or -generated
//	a function that calls recover,  move the recursion out of it: recover works only in the
//	if no other one of the cycle    function that was deferred itself
//	can have the guard
//	a call of json.Marshal and the  the message says what helps; vstack build guards the
//	like on a type that contains    standard library
//	itself
//	a cycle of a dependency         vstack build guards it; it does not count for the exit code
//
// The functions are chosen over all of a component of the call graph together: few first, then
// those where least changes (no literal to be named, no copies), that do most besides, and that
// run least, as far as the program's shape tells: in a list of values not the function for every
// value, but that for lists. What only a constant table or a Go type makes deep needs none: it
// is bounded.
//
// An overflow is a panic with a *vstack.OverflowError. Fix lists the exported functions from
// which check found the way to the recursion and that return an error, and
//
//	vstack fix -catch Parse,Eval ./...
//
// puts defer vstack.Catch(&err) into them, behind the guard if they have one, and names the
// result if it has no name. Parse is a function, or a method if no function has the name;
// Parser.Parse, lang.Parse and example.com/lang.Parse are more exact. It points out functions
// that recover from every panic between an entry and a guard: they take the overflow too.
//
// -handle uses a *vstack.Stack where one is in reach: a parameter, a field of the receiver or
// of a parameter, or a field of a struct in such a field. It is not used if nobody sets it, or
// behind a pointer that may be nil; those functions get the other form. It is worth it where a
// call does little else: docs/performance.md of the repository says what a guard costs. A guard
// with a handle that nobody sets guards nothing, and is replaced.
//
// A second run changes nothing. Nothing is written if a file is read-only, or if the result
// would not compile, which is checked in the process itself: the go command only looks for
// vstack and lists packages. If the module does not require vstack, that is said before the
// packages are loaded:
//
//	go get github.com/vstack-go/vstack/vstack
//
// That raises the module's go line to 1.25 if it is older, and with it the defaults of GODEBUG.
// With a replace for a clone, write import _ "github.com/vstack-go/vstack/vstack" into one file
// and run go mod tidy.
//
// Flags:
//
//	-C directory
//	    change to this directory first
//	-all
//	    say which cycles need no guard too, with the reason
//	-catch functions
//	    functions, such as Parse,(*Env).Eval, that return an overflow as their error
//	-deps on
//	    on or off: look into dependencies and the standard library too, as far as they are
//	    reached; if off, a call into one is taken to call what it is given (default on)
//	-diff
//	    print a unified diff and write nothing
//	-generated
//	    write into generated files too
//	-handle
//	    use a *vstack.Stack where a parameter or a field is one: fewer nanoseconds a call
//	-tags A,B
//	    build with the tags A,B
//	-test
//	    look at test files too
//
// # explain
//
//	$ server 2>crash.txt
//	$ vstack explain crash.txt ./...
//	The traceback repeats lang.(*parser).expr → lang.(*parser).term → lang.(*parser).expr.
//	It was entered from lang.Parse (parser.go:21).
//
//	It is this one:
//	parser.go:106:18: unguarded recursion: (*parser).expr → (*parser).term → (*parser).expr
//	...
//	A guard in (*parser).expr ends it; vstack fix chooses where: vstack fix example.com/lang
//
// If the crash went round another way of the finding than the likeliest, that is shown too.
//
// The file is what the program printed, or a log with that in it; - is the standard input. Exit
// code 1 says that no finding has the functions that repeat.
//
// Flags:
//
//	-C directory
//	    change to this directory first
//	-deps on
//	    on or off: look into dependencies and the standard library too, as far as they are
//	    reached; if off, a call into one is taken to call what it is given (default on)
//	-tags A,B
//	    build with the tags A,B
//	-test
//	    look at test files too
//
// # size
//
// Size says how much memory a depth takes, so that a limit can be set. It takes the bytes of
// stack of one level, or what a program printed as it ran out of stack: Go prints the addresses
// of the frames then. A log with the line of an OverflowError will do as well; of several the
// last one counts. - is the standard input.
//
//	vstack size crash.txt
//	vstack size -levels 1000000 96
//	vstack size -limit 64MiB -handle 96
//
// The first prints a table with the least limit for a thousand to a hundred million levels, the
// time that they take about, the first time and later, and what plain Go needs or whether it
// crashes. The second has that for one depth; the third says how deep a recursion gets with a
// limit. Without -handle it is meant to start on a goroutine of the program, with guards that
// have no handle; with it on a stack of its own, by vstack.Run. What the model is and how well
// it fits is in docs/performance.md of the repository.
//
// Flags:
//
//	-handle
//	    the recursion runs on a stack of its own, by vstack.Run, with guards that have a handle
//	-levels levels
//	    how many levels the recursion is to have; 0: a table
//	-limit memory
//	    how much memory there is for it, such as 64MiB: how deep is that?
//
// # build
//
// As go build, with guards against stack overflow in the program, its dependencies and the
// standard library, and a net under what no guard sees. No file of yours changes. The other
// verbs are the go command's too: test, run, install, and vet, which looks at the files as they
// are written. docs/build.md of the repository says how it works and what it cannot do.
//
// Flags beside those of the go command's verb:
//
//	-report[=json]  list what has a guard, what has none, and why
//	-all            guard recursion too of which nothing was found that its depth
//	                depends on
//	-net SIZE       where a stack that no guard sees becomes a panic, such as 64MiB;
//	                0 is never; 256MiB if nothing is said. It is for one goroutine and
//	                not in VSTACK_MAX_MEMORY: where many requests may recurse unseen at
//	                once, their number times SIZE has to fit beside that
//	-debug ADDR     the program serves the debug page at that address
//
// Environment of the program:
//
//	VSTACK_MAX_MEMORY=512MiB  the memory of the deep part of all stacks together; else half of
//	                          GOMEMLIMIT, else half of what the machine, its cgroup or its
//	                          ulimit allows; "off" is no limit. A goroutine of yours in which
//	                          nobody recovers ends the process by an overflow, as by any panic
//	VSTACK_TRACE=stderr       a report of each overflow: the recursion, folded, with the
//	                          frames at both ends
//
// The builds have a cache: vstack in the user's cache directory (os.UserCacheDir), or
// VSTACK_CACHE. "vstack clean" empties it.
//
// # analyzer
//
// The packages analyzer and analyzer/plugin are check for go vet and for golangci-lint. A
// driver shows it one package at a time, so it misses cycles through several packages.
//
//	go vet -vettool=$(which vstack) ./...
//	go vet -vettool=$(which vstack) -vstack.tests ./...   # test files too
//
// The documentation of analyzer/plugin has the two files that golangci-lint needs.
package main
