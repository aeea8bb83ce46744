package build

import "fmt"

// ownFlags are those beside the go command's.
const ownFlags = `Flags beside those of go %s:
	-report[=json]  list what has a guard, what has none, and why
	-all            guard recursion too of which nothing was found that its depth
	                depends on
	-net SIZE       where a stack that no guard sees becomes a panic, such as 64MiB;
	                0 is never; 256MiB if nothing is said. It is for one goroutine and
	                not in VSTACK_MAX_MEMORY: where many requests may recurse unseen at
	                once, their number times SIZE has to fit beside that
	-debug ADDR     the program serves the debug page at that address

Environment of the program:
	VSTACK_MAX_MEMORY=512MiB  the memory of the deep part of all stacks together; else half of
	                          GOMEMLIMIT, else half of what the machine, its cgroup or its
	                          ulimit allows; "off" is no limit. A goroutine of yours in which
	                          nobody recovers ends the process by an overflow, as by any panic
	VSTACK_TRACE=stderr       a report of each overflow: the recursion, folded, with the
	                          frames at both ends

"go help %s" tells of all other flags, "vstack help build" of the rest.
`

// help says how the verb is used.
func help(verb string) string {
	takes := map[string]string{
		"build":   "[-o output] [flags] [packages]",
		"test":    "[flags] [packages] [flags of the test binary]",
		"run":     "[flags] package [arguments]",
		"install": "[flags] [packages]",
		"vet":     "[flags] [packages]",
	}
	usage := fmt.Sprintf("usage: vstack %s %s\n\n", verb, takes[verb])
	if verb == "vet" {
		return usage + "It is go vet, which looks at the files as they are written: \"go help vet\".\n"
	}
	return usage + fmt.Sprintf("As go %s, with guards against stack overflow in the program, its dependencies and the\nstandard library. No file of yours changes.\n\n", verb) +
		fmt.Sprintf(ownFlags, verb, verb)
}
