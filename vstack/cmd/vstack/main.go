// Vstack finds recursion in Go programs that can run out of stack, and writes
// vstack's guards for it.
package main

import (
	"fmt"
	"os"
	"runtime/debug"
	"strings"

	"golang.org/x/tools/go/analysis/unitchecker"

	"github.com/vstack-go/vstack/vstack/cmd/vstack/analyzer"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/command"
)

func main() {
	if vetTool(os.Args[1:]) {
		unitchecker.Main(analyzer.Analyzer)
	}
	if len(os.Args) == 2 && os.Args[1] == "version" {
		fmt.Println("vstack", version())
		return
	}
	os.Exit(command.Main(os.Args[1:], os.Stdout, os.Stderr))
}

// version returns the version of the module that the program was built from: that of the
// tag, or what the go command makes of a clone.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "(devel)"
	}
	return info.Main.Version
}

// vetTool reports whether it is go vet that runs the program: it asks for the
// version and the flags, and then names a file that describes a package.
func vetTool(args []string) bool {
	if len(args) == 0 {
		return false
	}
	last := args[len(args)-1]
	return strings.HasPrefix(args[0], "-V=") || args[0] == "-flags" || strings.HasSuffix(last, ".cfg")
}
