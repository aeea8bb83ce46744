package main

import (
	"io"
	"strings"
)

// A formatter writes a document as the parser goes through it. It keeps an
// output buffer and the depth, and no record of what encloses what: the parser
// knows that.
type formatter struct {
	out io.Writer
	err error // the first failure to write; later output is dropped

	buf []byte
	n   int // bytes in buf

	depth   int    // containers open
	lines   int    // containers nested deeper than this stay on one line
	indent  int    // spaces for each level
	newline string // a line break and the widest indentation
}

const (
	outputBuffer = inputBuffer

	// maxLines bounds the depth that is laid out in lines. Indentation grows
	// with the depth, so a document of n levels would take n² bytes of it.
	maxLines = 1000
	// maxIndent keeps the widest indentation below the size of the buffer.
	maxIndent = 16
)

// newFormatter makes a formatter that puts every element and member on a line
// of its own, with that many spaces for each level; if indent is compact, one
// that writes no white space at all.
func newFormatter(out io.Writer, indent int) *formatter {
	f := &formatter{out: out, buf: make([]byte, outputBuffer)}
	if indent != compact {
		f.lines = maxLines
		f.indent = indent
		f.newline = "\n" + strings.Repeat(" ", maxLines*indent)
	}
	return f
}

const compact = -1

// open writes the bracket that opens a container.
func (f *formatter) open(bracket byte) {
	f.put(bracket)
	f.depth++
}

// item begins an element or member.
func (f *formatter) item() {
	if f.depth <= f.lines {
		f.breakLine(f.depth)
	}
}

// comma ends an element or member that is not the last.
func (f *formatter) comma() { f.put(',') }

// colon ends the name of a member.
func (f *formatter) colon() {
	f.put(':')
	if f.depth <= f.lines {
		f.put(' ')
	}
}

// shut writes the bracket that closes a container.
func (f *formatter) shut(bracket byte) {
	f.depth--
	if f.depth < f.lines {
		f.breakLine(f.depth)
	}
	f.put(bracket)
}

// shutEmpty is shut for a container with nothing in it.
func (f *formatter) shutEmpty(bracket byte) {
	f.depth--
	f.put(bracket)
}

// text writes a scalar or a piece of one: what of it the input's buffer held,
// which fits the output's.
func (f *formatter) text(text []byte) {
	if len(text) > len(f.buf)-f.n {
		f.flush()
	}
	f.n += copy(f.buf[f.n:], text)
}

// finish ends the document: it writes a line break and what is in the buffer,
// and returns the first failure to write.
func (f *formatter) finish() error {
	f.put('\n')
	f.flush()
	return f.err
}

func (f *formatter) put(c byte) {
	if f.n == len(f.buf) {
		f.flush()
	}
	f.buf[f.n] = c
	f.n++
}

func (f *formatter) breakLine(depth int) {
	line := f.newline[:1+depth*f.indent]
	if len(line) > len(f.buf)-f.n {
		f.flush()
	}
	f.n += copy(f.buf[f.n:], line)
}

func (f *formatter) flush() {
	if f.err == nil {
		_, f.err = f.out.Write(f.buf[:f.n])
	}
	f.n = 0
}
