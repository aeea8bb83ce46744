package command

import "strings"

// vetTool reports whether it is go vet that runs the program: it asks for the version and
// the flags, and then names a file that describes a package, with nothing but flags before
// it. What the go command runs by way of vstack toolexec ends in such a file too.
func vetTool(args []string) bool {
	if len(args) == 0 {
		return false
	}
	first, last := args[0], args[len(args)-1]
	if strings.HasPrefix(first, "-V=") || first == "-flags" {
		return true
	}
	return strings.HasSuffix(last, ".cfg") && (len(args) == 1 || strings.HasPrefix(first, "-"))
}
