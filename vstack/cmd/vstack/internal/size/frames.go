package size

import (
	"bufio"
	"cmp"
	"errors"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/crash"
)

// Frames is what a program printed of a stack overflow tells of the recursion that ended in it.
type Frames struct {
	Bytes int64    // of stack that a turn of the recursion takes
	Cycle []string // the functions of a turn, the deepest first; none: not known
	Turns int64    // about how many there were; 0: not known
}

// ErrNoFrames says that a text has no such traceback.
var ErrNoFrames = errors.New(`no recursion in it: want the text that the program printed as it crashed, from "fatal error: stack overflow" on, with the frames' addresses, fp=0x and so on, or the line of a vstack.OverflowError, with how many levels deep it was`)

var (
	inside = regexp.MustCompile(`\sfp=0x([0-9a-f]+) sp=0x([0-9a-f]+)`)
	// The line of an OverflowError, also where a log has put it in quotes.
	overflow = regexp.MustCompile(`vstack: stack overflow: .*?([0-9,]+) levels? deep, ([0-9,]+) bytes? a level`)
	bounds   = regexp.MustCompile(`sp=0x([0-9a-f]+) stack=\[0x([0-9a-f]+), 0x([0-9a-f]+)\]`)
)

// ReadFrames reads the traceback that Go prints for a stack overflow: there, and only there,
// each frame comes with its address. Frames that were inlined have none. Without one it reads
// the last line of a vstack.OverflowError, as logs have it.
func ReadFrames(r io.Reader) (*Frames, error) {
	frames, used, logged, err := addressed(r)
	if err != nil {
		return nil, err
	}
	turns := turnsOf(frames)
	if len(turns) == 0 {
		if logged != nil {
			return logged, nil
		}
		return nil, ErrNoFrames
	}
	var cycle []string
	for _, f := range turns[0].frames {
		cycle = append(cycle, f.name)
	}
	slices.SortFunc(turns, func(a, b turn) int { return cmp.Compare(a.bytes, b.bytes) })
	bytes := turns[len(turns)/2].bytes
	if bytes <= 0 {
		return nil, ErrNoFrames
	}
	return &Frames{Bytes: bytes, Cycle: cycle, Turns: used / bytes}, nil
}

// A frame is one that the runtime printed with its address.
type frame struct {
	name string
	fp   int64
}

// addressed returns the frames down to where the runtime leaves some out, the deepest
// first, and how many bytes of the stack are used; 0 if the text does not say. Logged is
// what the last overflow of vstack's said of itself, nil if there is none.
func addressed(r io.Reader) (frames []frame, used int64, logged *Frames, err error) {
	name, ended := "", false
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		line := lines.Text()
		if m := overflow.FindStringSubmatch(line); m != nil && decimal(m[2]) > 0 {
			logged = &Frames{Bytes: decimal(m[2]), Turns: decimal(m[1])}
		}
		if m := bounds.FindStringSubmatch(line); m != nil && used == 0 {
			used = hex(m[3]) - hex(m[1])
		}
		// "...16690 frames elided...", or without the number; or the goroutine is at its end.
		ended = ended || strings.Contains(line, "frames elided") || len(frames) > 0 && strings.TrimSpace(line) == ""
		if ended {
			continue
		}
		if m := inside.FindStringSubmatch(line); m != nil && name != "" {
			if !strings.HasPrefix(name, "runtime.") {
				frames = append(frames, frame{name, hex(m[1])})
			}
			name = ""
		} else if !strings.HasPrefix(line, "\t") {
			name = function(line)
		}
	}
	return frames, used, logged, lines.Err()
}

// A turn of a recursion goes from one frame to the one that is in its place a level up.
type turn struct {
	bytes  int64
	frames []frame
}

// turnsOf returns the turns of the recursion that the frames are of. If what repeats has no
// period, as with input that nests in several ways, they go from one call to the next of the
// function that is there most often, and one turn is not enough to tell.
func turnsOf(frames []frame) (turns []turn) {
	names := make([]string, len(frames))
	for i, f := range frames {
		names[i] = f.name
	}
	most := mostOften(names)
	ends := func(i int) bool { return names[i] == most }
	start, period := crash.Period(names)
	if period > 0 {
		ends = func(i int) bool { return i >= start && (i-start)%period == 0 }
	}
	last := -1
	for i, f := range frames {
		if !ends(i) {
			continue
		}
		if last >= 0 {
			turns = append(turns, turn{f.fp - frames[last].fp, frames[last:i]})
		}
		last = i
	}
	if period == 0 && len(turns) < 2 {
		return nil
	}
	return turns
}

func mostOften(names []string) (most string) {
	count := map[string]int{}
	for _, name := range names {
		if count[name]++; count[name] > count[most] {
			most = name
		}
	}
	return most
}

// decimal returns 0 for what is no number with commas.
func decimal(s string) int64 {
	n, err := strconv.ParseInt(strings.ReplaceAll(s, ",", ""), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

func hex(s string) int64 {
	n, err := strconv.ParseInt(s, 16, 64)
	if err != nil {
		return 0
	}
	return n
}

// function returns the name in a line such as path.(*T).m({0xc000012345, ...}).
func function(line string) string {
	open := strings.LastIndex(line, "(")
	for i := strings.Index(line, "("); i >= 0 && i < len(line); i++ {
		// The receiver's brackets hold a type, those of the arguments what the runtime prints.
		if line[i] == '(' && (i == 0 || line[i-1] != '.') {
			open = i
			break
		}
	}
	if open <= 0 {
		return ""
	}
	return line[:open]
}
