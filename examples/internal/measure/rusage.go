//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package measure

import (
	"os/exec"
	"runtime"
	"syscall"
)

func selfPeak() (Size, bool) {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0, false
	}
	return maxrss(&usage), true
}

func childPeak(cmd *exec.Cmd) (Size, bool) {
	if cmd.ProcessState == nil {
		return 0, false
	}
	usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0, false
	}
	return maxrss(usage), true
}

func maxrss(usage *syscall.Rusage) Size {
	if runtime.GOOS == "darwin" {
		return Size(usage.Maxrss) // the one system that counts bytes
	}
	return Size(usage.Maxrss) << 10
}
