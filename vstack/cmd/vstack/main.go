package main

import (
	_ "embed"
	"os"

	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/command"
)

// The package comment is what vstack help prints.
//
//go:embed doc.go
var reference string

func main() {
	os.Exit(command.Main(os.Args[1:], reference, os.Stdout, os.Stderr))
}
