package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/vstack-go/vstack/vstack"
)

// A reader turns text into values: the first of the three recursions over what
// the user wrote. Somebody may write a million parentheses.
type reader struct {
	in   *bufio.Reader
	name func(string) *symbol // finds or makes a symbol

	line    int
	partial bool // in the middle of an expression
}

// A syntaxError says in which line of the input something is wrong.
type syntaxError struct {
	line int
	text string
}

func (e *syntaxError) Error() string { return e.text }

func (r *reader) wrong(format string, args ...any) error {
	return &syntaxError{r.line, fmt.Sprintf(format, args...)}
}

// read returns the next expression, or io.EOF if there is none.
func (r *reader) read() (value, error) {
	r.partial = false
	if _, err := r.peek(); err != nil {
		return nil, err
	}
	r.partial = true
	defer func() { r.partial = false }()
	return r.expression()
}

// expression reads one expression, of which there is at least one character. Lists
// and quotes call it again, so this is the place for the guard.
func (r *reader) expression() (value, error) {
	if vstack.Low() {
		return vstack.Grow2(r.expression)
	}
	c, err := r.peek()
	if err != nil {
		return nil, err
	}
	switch c {
	case '(':
		return r.list()
	case ')':
		r.in.Discard(1)
		return nil, r.wrong("a ) too many")
	case '\'':
		return r.quote()
	case '"':
		return r.string()
	}
	return r.atom()
}

func (r *reader) quote() (value, error) {
	line := r.line
	r.in.Discard(1)
	v, err := r.expression()
	if err != nil {
		return nil, r.unfinished(err, "a quote", line)
	}
	return list(r.name("quote"), v), nil
}

func (r *reader) list() (value, error) {
	line := r.line
	r.in.Discard(1)
	var first, last *pair
	for {
		c, err := r.peek()
		if err != nil {
			return nil, r.unfinished(err, "a (", line)
		}
		if c == ')' {
			r.in.Discard(1)
			if first == nil {
				return null{}, nil
			}
			last.cdr = null{}
			return first, nil
		}
		v, err := r.expression()
		if err != nil {
			return nil, r.unfinished(err, "a (", line)
		}
		if s, ok := v.(*symbol); ok && s.name == "." && first != nil {
			if last.cdr, err = r.expression(); err != nil {
				return nil, r.unfinished(err, "a (", line)
			}
			if c, err := r.peek(); err != nil || c != ')' {
				return nil, r.wrong("want one expression and a ) after the dot")
			}
			r.in.Discard(1)
			return first, nil
		}
		next := &pair{car: v}
		if first == nil {
			first = next
		} else {
			last.cdr = next
		}
		last = next
	}
}

func (r *reader) string() (value, error) {
	line := r.line
	r.in.Discard(1)
	var text strings.Builder
	for {
		c, err := r.in.ReadByte()
		if err != nil {
			return nil, r.unfinished(err, "a string", line)
		}
		switch c {
		case '"':
			return text.String(), nil
		case '\n':
			r.line++
		case '\\':
			if c, err = r.in.ReadByte(); err != nil {
				return nil, r.unfinished(err, "a string", line)
			}
			i := strings.IndexByte(`nt"\`, c)
			if i < 0 {
				return nil, r.wrong(`\%c: strings know \n, \t, \" and \\`, c)
			}
			c = "\n\t\"\\"[i]
		}
		text.WriteByte(c)
	}
}

// atom reads a number, #t, #f or a name.
func (r *reader) atom() (value, error) {
	var buf strings.Builder
	for {
		c, err := r.in.ReadByte()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		if strings.IndexByte(" \t\r\n()'\";", c) >= 0 {
			r.in.UnreadByte()
			break
		}
		buf.WriteByte(c)
	}
	text := buf.String()
	switch text {
	case "#t":
		return true, nil
	case "#f":
		return false, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err == nil {
		return n, nil
	}
	if errors.Is(err, strconv.ErrRange) {
		return nil, r.wrong("%s does not fit into 64 bits", text)
	}
	if c := strings.TrimLeft(text, "+-."); text[0] == '#' || c != "" && '0' <= c[0] && c[0] <= '9' {
		return nil, r.wrong("%s: numbers are whole and decimal here, and names start with something else", text)
	}
	return r.name(text), nil
}

// skip drops what has been read and not used: on a terminal, the rest of the line.
func (r *reader) skip() {
	rest, _ := r.in.Peek(r.in.Buffered())
	r.line += bytes.Count(rest, []byte("\n"))
	r.in.Discard(len(rest))
}

// peek skips white space and comments and returns the character after them,
// which it leaves to be read.
func (r *reader) peek() (byte, error) {
	comment := false
	for {
		c, err := r.in.ReadByte()
		switch {
		case err != nil:
			return 0, err
		case c == '\n':
			r.line++
			comment = false
		case comment, c == ' ', c == '\t', c == '\r':
		case c == ';':
			comment = true
		default:
			return c, r.in.UnreadByte()
		}
	}
}

// unfinished is the error for something that began in a line and is not whole:
// the innermost such error is kept.
func (r *reader) unfinished(err error, what string, line int) error {
	if err == io.EOF {
		return &syntaxError{r.line, fmt.Sprintf("the input ends inside %s that begins in line %d", what, line)}
	}
	return err
}
