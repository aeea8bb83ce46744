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

// Cycle returns the functions that repeat, in the order in which they call each other.
func (t *Trace) Cycle() []string {
	names := make([]string, len(t.Top))
	for i, f := range t.Top {
		names[i] = f.Func
	}
	if start, period := Period(names); period > 0 {
		cycle := slices.Clone(names[start : start+period])
		slices.Reverse(cycle)
		return cycle
	}
	// Input that nests in several ways has no period: what is there twice repeats.
	count := map[string]int{}
	var cycle []string
	for _, name := range names {
		if count[name]++; count[name] == 2 {
			cycle = append(cycle, name)
		}
	}
	slices.Reverse(cycle)
	return cycle
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
