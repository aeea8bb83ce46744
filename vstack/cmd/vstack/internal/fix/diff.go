package fix

import (
	"bytes"
	"fmt"
	"go/token"
	"regexp"
	"strconv"
	"strings"

	"github.com/aymanbagabas/go-udiff"
)

// A File is a file before and after.
type File struct {
	Name   string
	Before []byte
	After  []byte
	Edits  []Edit // of Before; After may be formatted too
	file   *token.File
}

// An Edit replaces what is between two offsets.
type Edit struct {
	From, To int
	Text     string
}

// Pos returns the position of an offset in Before.
func (f File) Pos(offset int) token.Pos { return f.file.Pos(offset) }

// Diff returns a unified diff under this name.
func (f File) Diff(name string) string {
	before, after := string(f.Before), string(f.After)
	// From the edits, unless formatting did more: udiff compares no further than
	// a hundred changed lines, and then takes the rest as one change.
	edits := f.lines()
	if got, err := udiff.Apply(before, edits); err != nil || got != after {
		edits = udiff.Lines(before, after)
	}
	diff, err := udiff.ToUnified("a/"+name, "b/"+name, before, edits, udiff.DefaultContextLines)
	if err != nil {
		diff = udiff.Unified("a/"+name, "b/"+name, before, after)
	}
	return renumber(diff)
}

var hunk = regexp.MustCompile(`(?m)^@@ -(\d+)(?:,(\d+))? \+(\d+)((?:,\d+)?) @@`)

// renumber counts the lines of the new file again: udiff v0.4.1 leaves out those
// between two edits of one hunk, so that all later hunks are off by as many. patch
// finds their places, but says that they had moved.
func renumber(diff string) string {
	moved := 0
	return hunk.ReplaceAllStringFunc(diff, func(header string) string {
		m := hunk.FindStringSubmatch(header)
		count := func(s string) int {
			if n, err := strconv.Atoi(strings.TrimPrefix(s, ",")); err == nil {
				return n
			}
			return 1
		}
		start, before, after := count(m[1]), count(m[2]), count(m[4])
		to := start + moved
		if before == 0 { // then the line is the one in front
			to++
		}
		if after == 0 {
			to--
		}
		moved += after - before
		from := m[1]
		if m[2] != "" {
			from += "," + m[2]
		}
		return fmt.Sprintf("@@ -%s +%d%s @@", from, to, m[4])
	})
}

// lines returns the edits as edits of whole lines, without those that stay.
func (f File) lines() (edits []udiff.Edit) {
	for i := 0; i < len(f.Edits); {
		from, to := lineStart(f.Before, f.Edits[i].From), 0
		var text []byte
		at := from
		// All that are on the same lines.
		for ; i < len(f.Edits) && (to == 0 || f.Edits[i].From < to); i++ {
			e := f.Edits[i]
			text = append(append(text, f.Before[at:e.From]...), e.Text...)
			at = e.To
			to = len(f.Before)
			if at > e.From && f.Before[at-1] == '\n' && e.Text == "" {
				to = at // whole lines went
			} else if n := bytes.IndexByte(f.Before[at:], '\n'); n >= 0 {
				to = at + n + 1
			}
		}
		text = append(text, f.Before[at:to]...)
		for n := lineEnd(text); n > 0 && bytes.HasPrefix(f.Before[from:to], text[:n]); n = lineEnd(text) {
			from, text = from+n, text[n:]
		}
		if rest, ok := bytes.CutSuffix(text, f.Before[from:to]); ok && (len(rest) == 0 || rest[len(rest)-1] == '\n') {
			text, to = rest, from
		}
		edits = append(edits, udiff.Edit{Start: from, End: to, New: string(text)})
	}
	return edits
}

func lineStart(src []byte, at int) int { return bytes.LastIndexByte(src[:at], '\n') + 1 }

// lineEnd returns the length of the first line with its newline; 0 without one.
func lineEnd(text []byte) int { return bytes.IndexByte(text, '\n') + 1 }
