package main

import (
	_ "embed"
	"os"
	"strings"

	"golang.org/x/tools/go/analysis/unitchecker"

	"github.com/vstack-go/vstack/vstack/cmd/vstack/analyzer"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/command"
)

// The package comment is what vstack help prints.
//
//go:embed doc.go
var reference string

func main() {
	if vetTool(os.Args[1:]) {
		unitchecker.Main(analyzer.Analyzer)
	}
	os.Exit(command.Main(os.Args[1:], reference, os.Stdout, os.Stderr))
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
