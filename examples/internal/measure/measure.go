// Package measure is what the examples share to say what a run has cost: the
// peak of a process's memory, and amounts that people can read and type.
package measure

import (
	"fmt"
	"math"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/vstack-go/vstack/stress/resident"
)

// Peak returns the most memory this process has had resident so far, and
// whether the system tells.
func Peak() (Size, bool) {
	// Linux first: what getrusage says there includes the program that started
	// this one, such as the go command.
	if _, peak := resident.Self(); peak > 0 {
		return Size(peak), true
	}
	return selfPeak()
}

// PeakText is [Peak] for printing: "n/a" where the system does not tell.
func PeakText() string { return text(Peak()) }

// ChildPeakText is the peak memory of a child process that has ended, for
// printing.
func ChildPeakText(cmd *exec.Cmd) string { return text(childPeak(cmd)) }

func text(peak Size, ok bool) string {
	if !ok {
		return "n/a"
	}
	return peak.String()
}

// Count is a number for printing, with commas: 5,000,000.
type Count int64

func (n Count) String() string {
	digits := strconv.FormatInt(int64(n), 10)
	sign := ""
	if n < 0 {
		sign, digits = "-", digits[1:]
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return sign + digits
}

// Seconds is a duration for printing, with the digits that mean something.
func Seconds(d time.Duration) string {
	if d < time.Second {
		return fmt.Sprintf("%.1f ms", float64(d)/float64(time.Millisecond))
	}
	return fmt.Sprintf("%.2f s", d.Seconds())
}

// Size is a number of bytes. It is a [flag.Value] that takes 500000, 64MiB and
// 1GB.
type Size int64

var units = []struct {
	name  string
	bytes int64
}{
	{"TiB", 1 << 40}, {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10},
	{"TB", 1e12}, {"GB", 1e9}, {"MB", 1e6}, {"KB", 1e3},
	{"T", 1 << 40}, {"G", 1 << 30}, {"M", 1 << 20}, {"K", 1 << 10},
	{"B", 1}, {"", 1},
}

// String returns the size in binary units, with three digits or so.
func (s Size) String() string {
	for _, u := range units[:4] {
		if n := float64(s) / float64(u.bytes); n >= 999.5 {
			return fmt.Sprintf("%.0f %s", n, u.name)
		} else if n >= 1 {
			return fmt.Sprintf("%.3g %s", n, u.name)
		}
	}
	return fmt.Sprintf("%d B", int64(s))
}

// Set reads a size as people write it.
func (s *Size) Set(text string) error {
	digits := strings.TrimRight(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ ")
	unit := strings.TrimSpace(text[len(digits):])
	for _, u := range units {
		if !strings.EqualFold(u.name, unit) {
			continue
		}
		n, err := strconv.ParseUint(digits, 10, 63)
		if err != nil || int64(n) > math.MaxInt64/u.bytes {
			break
		}
		*s = Size(int64(n) * u.bytes)
		return nil
	}
	return fmt.Errorf("want a whole number of bytes such as 500000, 64MiB or 1GB")
}

// Limit returns a function for [flag.FlagSet.Func] that sets the size to what it
// is given: 0 for no limit, or at least least.
func (s *Size) Limit(least Size) func(text string) error {
	return func(text string) error {
		if err := s.Set(text); err != nil {
			return err
		}
		if 0 < *s && *s < least {
			return fmt.Errorf("want at least %v, or 0 for no limit", least)
		}
		return nil
	}
}

// Terminal reports whether file is a terminal, and not a file, a pipe or
// something that is no [os.File] at all.
func Terminal(file any) bool {
	f, ok := file.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return false
	}
	null, err := os.Stat(os.DevNull) // a device, too
	return err != nil || !os.SameFile(info, null)
}
