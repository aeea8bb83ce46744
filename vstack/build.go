//go:build vstackbuild

package vstack

import (
	"fmt"
	"os"
	"runtime"
	"strings"

	"github.com/vstack-go/vstack/vstack/internal/self"
)

// buildHooks is the version of what a program that vstack build has made and the
// library know of each other: VstackSetHooks and VstackSetLimit in package runtime.
// The tool reads it in this file.
const buildHooks = 1

func init() {
	look := func() bool { return self.Look != nil && self.Look() }
	runtime.VstackSetHooks("github.com/vstack-go/vstack/vstack", look, goOn)
	restoreEnvironment()
	switch where := os.Getenv(traceVariable); where {
	case "":
	case "stderr":
		onOverflow = func(err *OverflowError) { fmt.Fprintf(os.Stderr, "%+v\n", err) }
	default:
		fmt.Fprintf(os.Stderr, "vstack: %s=%s: it can be stderr\n", traceVariable, where)
	}
}

// traceVariable is the environment variable that asks for a report of each overflow.
const traceVariable = "VSTACK_TRACE"

// restoreEnvironment takes back what vstack run and vstack test have set for the go
// command, so that the program sees its own environment.
func restoreEnvironment() {
	const name = "VSTACK_BUILD_RESTORE"
	text, ok := os.LookupEnv(name)
	if !ok {
		return
	}
	os.Unsetenv(name)
	for _, line := range strings.Split(text, "\n") {
		if name, value, ok := strings.Cut(line, "="); ok {
			os.Setenv(name, value)
		} else if name != "" {
			os.Unsetenv(name)
		}
	}
}

// goOn is called by a guard that vstack build has written, when it is low.
//
// The library calls functions of the standard library that may have such a guard
// themselves, and would ask it to go on again and again. So the guards of this
// goroutine are off while the library has it, on the way there and on the way back.
func goOn(fn func()) {
	from, _, _ := self.Bounds()
	runtime.VstackOff()
	defer runtime.VstackOn()
	Do(func() {
		runtime.VstackOn()
		if id, _, _ := self.Bounds(); id == from {
			defer runtime.VstackOff() // it went on where it was
		}
		fn()
	})
}
