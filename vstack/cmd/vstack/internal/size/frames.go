package size

import (
	"bufio"
	"errors"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Frames is what the traceback of a stack overflow tells of the recursion that ended in it.
type Frames struct {
	Bytes int64    // of stack that a turn of the recursion takes
	Cycle []string // the functions of a turn, the deepest first
	Turns int64    // about how many there were; 0: not known
}

// ErrNoFrames says that a text has no such traceback.
var ErrNoFrames = errors.New(`no recursion in it: want the text that the program printed as it crashed, from "fatal error: stack overflow" on, with the frames' addresses, fp=0x and so on`)

var (
	inside = regexp.MustCompile(`\sfp=0x([0-9a-f]+) sp=0x([0-9a-f]+)`)
	bounds = regexp.MustCompile(`sp=0x([0-9a-f]+) stack=\[0x([0-9a-f]+), 0x([0-9a-f]+)\]`)
)

// ReadFrames reads the traceback that Go prints for a stack overflow: there, and only there,
// each frame comes with its address. Frames that were inlined have none.
func ReadFrames(r io.Reader) (*Frames, error) {
	type frame struct {
		name string
		fp   int64
	}
	var frames []frame
	var used int64
	name := ""
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		line := lines.Text()
		if m := bounds.FindStringSubmatch(line); m != nil && used == 0 {
			used = hex(m[3]) - hex(m[1])
		}
		if strings.Contains(line, "additional frames elided") {
			break
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
	if err := lines.Err(); err != nil {
		return nil, err
	}
	// A turn goes from one call of the function that is there most often to the next.
	count := map[string]int{}
	most := ""
	for _, f := range frames {
		count[f.name]++
		if count[f.name] > count[most] {
			most = f.name
		}
	}
	var turns []int64
	var cycle []string
	last := -1
	for i, f := range frames {
		if f.name != most {
			continue
		}
		if last >= 0 {
			turns = append(turns, f.fp-frames[last].fp)
			if cycle == nil {
				for _, in := range frames[last:i] {
					cycle = append(cycle, in.name)
				}
			}
		}
		last = i
	}
	if len(turns) < 2 {
		return nil, ErrNoFrames
	}
	slices.Sort(turns)
	bytes := turns[len(turns)/2]
	if bytes <= 0 {
		return nil, ErrNoFrames
	}
	return &Frames{Bytes: bytes, Cycle: cycle, Turns: used / bytes}, nil
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
