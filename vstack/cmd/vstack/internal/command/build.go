package command

import (
	"errors"
	"fmt"
	"io"
	"os/exec"

	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/build"
)

// clean empties the cache of the builds.
func clean(stderr io.Writer) int {
	if err := build.Clean(); err != nil {
		fmt.Fprintf(stderr, "vstack: %v\n", err)
		return exitFound
	}
	return exitOK
}

// toolexec runs a tool of the go command, as [build.Toolexec] says.
func toolexec(args []string, stdout, stderr io.Writer) int {
	err := build.Toolexec(args, stdout, stderr)
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() >= 0 {
		return exit.ExitCode()
	}
	if err != nil {
		fmt.Fprintf(stderr, "vstack: %v\n", err)
		return exitFound
	}
	return exitOK
}
