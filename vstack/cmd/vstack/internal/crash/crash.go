// Package crash reads what a Go program prints when it runs out of stack.
package crash

import (
	"bufio"
	"errors"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A Frame is one call of a traceback.
type Frame struct {
	Func string // as the runtime names it: path.(*T).m
	File string
	Line int
}

// A Trace is the traceback of the goroutine that overflowed.
type Trace struct {
	Top    []Frame // the deepest calls, the deepest first
	Bottom []Frame // after the frames that the runtime leaves out; none if it left out none
}

// ErrNone says that the text has no traceback of a stack overflow.
var ErrNone = errors.New("no stack overflow in it: want the text that the program printed, from \"fatal error: stack overflow\" on")

var (
	overflow  = regexp.MustCompile(`stack overflow|goroutine stack exceeds|stack exceeds .*limit`)
	goroutine = regexp.MustCompile(`goroutine \d+ .*\[`)
	place     = regexp.MustCompile(`^\s+(.+\.(?:go|s)):(\d+)(?:\s.*)?$`)
)

// Read reads a traceback, which may stand within other text.
func Read(r io.Reader) (*Trace, error) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	t := &Trace{}
	to := &t.Top
	found, in := false, false
	name := ""
	for lines.Scan() {
		line := lines.Text()
		switch {
		case !found:
			found = overflow.MatchString(line)
		case !in:
			in = goroutine.MatchString(line)
		case strings.Contains(line, "additional frames elided") || strings.Contains(line, "frames elided..."):
			to = &t.Bottom
		case strings.TrimSpace(line) == "" || strings.HasPrefix(strings.TrimSpace(line), "created by "):
			if len(t.Top) > 0 {
				return t, lines.Err()
			}
		default:
			if m := place.FindStringSubmatch(line); m != nil && name != "" {
				n, _ := strconv.Atoi(m[2])
				if !strings.HasPrefix(name, "runtime.") {
					*to = append(*to, Frame{name, m[1], n})
				}
				name = ""
			} else if n := function(line); n != "" {
				name = n
			}
		}
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	if len(t.Top) == 0 {
		return nil, ErrNone
	}
	return t, nil
}

// function returns the name in a line such as path.(*T).m(0xc000012345, ...): all
// before the arguments.
func function(line string) string {
	line = strings.TrimSpace(line)
	if !strings.HasSuffix(line, ")") {
		return ""
	}
	depth := 0
	for i := len(line) - 1; i >= 0; i-- {
		switch line[i] {
		case ')', '}', ']':
			depth++
		case '(', '{', '[':
			depth--
			if depth == 0 && line[i] == '(' {
				if name := line[:i]; name != "" && !strings.ContainsAny(name, " \t") {
					return name
				}
				return ""
			}
		}
	}
	return ""
}

// Round returns the frames of one time round, in the order in which they call each other,
// with the places where they do; none if nothing repeats in one order.
func (t *Trace) Round() []Frame {
	top := names(t.Top)
	start, period := Period(top)
	if period == 0 {
		start, period = longPeriod(top, names(t.Bottom))
	}
	if period == 0 {
		return nil
	}
	round := slices.Clone(t.Top[start : start+period])
	round[0] = t.Top[start+period] // the deepest frame overflowed; this one is at its call
	slices.Reverse(round)
	return round
}

// Cycle returns the functions that repeat, in the order in which they call each other.
func (t *Trace) Cycle() []string {
	if round := t.Round(); len(round) > 0 {
		return names(round)
	}
	top, bottom := names(t.Top), names(t.Bottom)
	// Input that nests in several ways has no period, and one may be longer than what is
	// shown: what is there twice repeats.
	var cycle []string
	for i, name := range top {
		first := !slices.Contains(top[:i], name)
		if first && (slices.Contains(top[i+1:], name) || slices.Contains(bottom, name)) {
			cycle = append(cycle, name)
		}
	}
	slices.Reverse(cycle)
	return cycle
}

func names(frames []Frame) []string {
	names := make([]string, len(frames))
	for i, f := range frames {
		names[i] = f.Func
	}
	return names
}

// longPeriod is [Period] for one that is longer than half of the frames at the top: those
// at the bottom, after the last that it was entered from, must go on with it. The runtime
// shows 50 at each end.
func longPeriod(top, bottom []string) (start, period int) {
	const overlap = 6 // of two ends, so that no two functions that call each other make a period
	for start := 0; start <= len(top)/3; start++ {
		rest := top[start:]
		for period := len(rest)/2 + 1; period <= len(rest)-overlap; period++ {
			if slices.Equal(rest[period:], rest[:len(rest)-period]) && goesOn(bottom, rest[:period]) {
				return start, period
			}
		}
	}
	return 0, 0
}

// goesOn reports whether the names begin somewhere in the cycle and follow it for a whole
// period, or up to the entry.
func goesOn(names, cycle []string) bool {
	for from := range cycle {
		n := 0
		for n < len(names) && names[n] == cycle[(from+n)%len(cycle)] {
			n++
		}
		if n >= len(cycle) || n >= len(names)/2 && n > 0 {
			return true
		}
	}
	return false
}

// Period returns how many names repeat from start on, down to the last; 0 if there is no
// such number. The deepest frames may have been on their way out of the recursion. A name
// may be in a period twice: a function that goes round by way of another one and itself.
func Period(names []string) (start, period int) {
	for start := 0; start <= len(names)/3; start++ {
		rest := names[start:]
		for period := 1; period <= len(rest)/2; period++ {
			if slices.Equal(rest[period:], rest[:len(rest)-period]) {
				return start, period
			}
		}
	}
	return 0, 0
}
