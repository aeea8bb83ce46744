package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/vstack-go/vstack/vstack"
)

// A parser reads one JSON document (RFC 8259) and hands it to a formatter piece
// by piece. It keeps a buffer of the input and the call stack, and nothing of
// the document.
//
// It is stricter than encoding/json in what the RFC leaves open: strings must be
// UTF-8, and escaped surrogates must come in pairs.
type parser struct {
	out *formatter

	in  io.Reader
	err error // what ended the input: io.EOF or a failure to read

	// buf[pos:end] is what has been read and not parsed. buf[end] is 0, which
	// is no part of any token, so that the loops need not look for the end.
	buf      []byte
	pos, end int
	token    int // where in buf the current token starts, what is left to write of it

	// Where buf[0] is in the document; all count from 0.
	offset, line, lineStart int64
}

const inputBuffer = 64 << 10

func newParser(in io.Reader, out *formatter) *parser {
	return &parser{in: in, out: out, buf: make([]byte, inputBuffer+1)}
}

// A syntaxError says where a document is not JSON and why.
type syntaxError struct {
	line, column    int64 // from 1; columns count bytes, as the Go compiler's do
	expected, found string
}

func (e *syntaxError) Error() string {
	return fmt.Sprintf("%d:%d: expected %s, found %s", e.line, e.column, e.expected, e.found)
}

// document parses the whole input.
func (p *parser) document() error {
	c := p.space()
	var err error
	if c == '[' || c == '{' {
		err = p.container()
	} else {
		err = p.scalar(c)
	}
	if err != nil {
		return err
	}
	if p.space() != 0 || !p.atEnd() {
		return p.expected("the end of the document")
	}
	if p.err != io.EOF {
		return p.err
	}
	return p.out.finish()
}

// container parses an array or an object, the byte at pos being its bracket. It
// is the one recursive function, so the guard is here: once for each container,
// while numbers and strings go without.
func (p *parser) container() error {
	if vstack.Low() {
		return vstack.Grow(p.container)
	}
	open := p.buf[p.pos]
	shut := open + 2 // in ASCII, both for [] and for {}
	p.pos++
	p.out.open(open)
	c := p.space()
	if c == shut {
		p.pos++
		p.out.shutEmpty(shut)
		return nil
	}
	for {
		p.out.item()
		if open == '{' {
			if err := p.key(c); err != nil {
				return err
			}
			c = p.space()
		}
		var err error
		if c == '[' || c == '{' {
			err = p.container()
		} else {
			err = p.scalar(c)
		}
		if err != nil {
			return err
		}
		switch p.space() {
		case ',':
			p.pos++
			p.out.comma()
			c = p.space()
		case shut:
			p.pos++
			p.out.shut(shut)
			return nil
		default:
			return p.expectedAfter(shut)
		}
	}
}

// key parses the name of an object's member and the colon after it. c is the
// byte at pos.
func (p *parser) key(c byte) error {
	if c != '"' {
		return p.expected("a string, the name of a member")
	}
	if err := p.string(); err != nil {
		return err
	}
	if p.space() != ':' {
		return p.expected("':'")
	}
	p.pos++
	p.out.colon()
	return nil
}

// scalar parses a value that is not a container. c is the byte at pos.
func (p *parser) scalar(c byte) error {
	switch c {
	case '"':
		return p.string()
	case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		return p.number(c)
	case 't':
		return p.word("true")
	case 'f':
		return p.word("false")
	case 'n':
		return p.word("null")
	}
	return p.expected("a value")
}

func (p *parser) word(word string) error {
	p.token = p.pos
	for i := range len(word) {
		if p.peek() != word[i] {
			return p.expected(word)
		}
		p.pos++
	}
	p.write()
	return nil
}

func (p *parser) number(c byte) error {
	p.token = p.pos
	if c == '-' {
		c = p.next()
	}
	switch {
	case c == '0':
		if c = p.next(); isDigit(c) {
			return p.expected("no digit after a leading 0")
		}
	case isDigit(c):
		c = p.digits()
	default:
		return p.expected("a digit")
	}
	if c == '.' {
		if c = p.next(); !isDigit(c) {
			return p.expected("a digit after the decimal point")
		}
		c = p.digits()
	}
	if c == 'e' || c == 'E' {
		if c = p.next(); c == '+' || c == '-' {
			c = p.next()
		}
		if !isDigit(c) {
			return p.expected("a digit in the exponent")
		}
		p.digits()
	}
	p.write()
	return nil
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// digits skips digits and returns the byte after them.
func (p *parser) digits() byte {
	for {
		buf, i := p.buf, p.pos
		for isDigit(buf[i]) {
			i++
		}
		p.pos = i
		if i < p.end || !p.fill() {
			return p.buf[p.pos]
		}
	}
}

// class says what a byte means inside a string; those of no class are plain.
var class = func() (class [256]uint8) {
	for c := range class {
		switch {
		case c < ' ':
			class[c] = inControl
		case c == '"' || c == '\\':
			class[c] = inEscape
		case c >= utf8.RuneSelf:
			class[c] = inRune
		}
	}
	return class
}()

const (
	inControl = iota + 1
	inEscape
	inRune
)

// string parses a string, the byte at pos being its quote.
func (p *parser) string() error {
	p.token = p.pos
	p.pos++
	for {
		buf, i := p.buf, p.pos
		for class[buf[i]] == 0 {
			i++
		}
		p.pos = i
		switch {
		case buf[i] == '"':
			p.pos++
			p.write()
			return nil
		case buf[i] == '\\':
			if err := p.escape(); err != nil {
				return err
			}
		case buf[i] >= utf8.RuneSelf:
			if err := p.runes(); err != nil {
				return err
			}
		case i < p.end:
			return p.expected("an escape such as \\n or \\u001f in the string")
		case !p.fill():
			return p.expected("'\"', the end of the string")
		}
	}
}

// runes skips the characters beyond ASCII at pos.
func (p *parser) runes() error {
	for {
		text := p.buf[p.pos:p.end]
		for len(text) > 0 && text[0] >= utf8.RuneSelf {
			if r, size := utf8.DecodeRune(text); r != utf8.RuneError || size > 1 {
				text = text[size:]
				continue
			}
			p.pos = p.end - len(text)
			if utf8.FullRune(text) {
				return p.expected("UTF-8")
			}
			if !p.fill() {
				p.pos = p.end
				return p.expected("the rest of a UTF-8 sequence")
			}
			text = p.buf[p.pos:p.end]
		}
		p.pos = p.end - len(text)
		return nil
	}
}

// escape skips an escape sequence, the byte at pos being its backslash.
func (p *parser) escape() error {
	switch p.next() {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		p.pos++
		return nil
	case 'u':
		r, err := p.hex4()
		if err != nil || !utf16.IsSurrogate(r) {
			return err
		}
		const high, low = "a high surrogate, \\ud800 to \\udbff, before the low one", "a low surrogate, \\udc00 to \\udfff, after the high one"
		if r >= 0xdc00 {
			return p.expectedEarlier(len(`\udc00`), high)
		}
		if p.peek() != '\\' || p.next() != 'u' {
			return p.expected(low)
		}
		r, err = p.hex4()
		if err == nil && (r < 0xdc00 || r > 0xdfff) {
			err = p.expectedEarlier(len(`\udc00`), low)
		}
		return err
	}
	return p.expected(`one of "\/bfnrtu after the backslash`)
}

// hex4 skips the byte at pos and four hexadecimal digits after it, and returns
// their value.
func (p *parser) hex4() (rune, error) {
	var r rune
	for range 4 {
		c := p.next()
		switch {
		case isDigit(c):
			c -= '0'
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return 0, p.expected("a hexadecimal digit")
		}
		r = r<<4 | rune(c)
	}
	p.pos++
	return r, nil
}

// space skips white space and returns the byte after it. Where a byte is
// returned and not passed over, here and below, 0 means the end of the input or
// a NUL, which is allowed nowhere.
func (p *parser) space() byte {
	if c := p.buf[p.pos]; c > ' ' {
		return c
	}
	return p.skipSpace()
}

func (p *parser) skipSpace() byte {
	for {
		buf, i := p.buf, p.pos
		for buf[i] == ' ' || buf[i] == '\n' || buf[i] == '\t' || buf[i] == '\r' {
			i++
		}
		p.pos, p.token = i, i
		if i < p.end || !p.fill() {
			return p.buf[p.pos]
		}
	}
}

// next skips the byte at pos and returns the one after it.
func (p *parser) next() byte {
	p.pos++
	return p.peek()
}

// peek returns the byte at pos.
func (p *parser) peek() byte {
	if p.pos < p.end || p.fill() {
		return p.buf[p.pos]
	}
	return 0
}

// write ends the current token: all of it up to pos goes out.
func (p *parser) write() { p.out.text(p.buf[p.token:p.pos]) }

// fill reads more input. What has been parsed leaves the buffer: so much of the
// current token as is there goes out, and its lines are counted. Without more
// input fill returns false, and so it does if the output has failed, since
// there is no point in going on then.
func (p *parser) fill() bool {
	p.write()
	done := p.buf[:p.pos]
	if n := bytes.Count(done, newline); n > 0 {
		p.line += int64(n)
		p.lineStart = p.offset + int64(bytes.LastIndexByte(done, '\n')) + 1
	}
	p.offset += int64(p.pos)
	p.end = copy(p.buf, p.buf[p.pos:p.end])
	p.pos, p.token = 0, 0
	if p.out.err != nil {
		p.err = p.out.err
	}
	got := 0
	for tries := 0; got == 0 && p.err == nil; tries++ {
		if tries == 100 {
			p.err = io.ErrNoProgress
			break
		}
		got, p.err = p.in.Read(p.buf[p.end : len(p.buf)-1])
	}
	p.end += got
	p.buf[p.end] = 0
	return got > 0
}

var newline = []byte{'\n'}

// atEnd reports whether all of the input has been parsed; it is asked where the
// byte at pos is 0.
func (p *parser) atEnd() bool { return p.pos == p.end }

// expected returns the error for a document that should go on with what instead
// of the byte at pos.
func (p *parser) expected(what string) error { return p.expectedEarlier(0, what) }

// expectedAfter is expected for what may follow an element or member.
func (p *parser) expectedAfter(shut byte) error {
	return p.expected(fmt.Sprintf("',' or '%c'", shut))
}

// expectedEarlier is expected for a place back bytes before pos, on the same line.
func (p *parser) expectedEarlier(back int, what string) error {
	if p.atEnd() && p.err != nil && !errors.Is(p.err, io.EOF) {
		return p.err // it is not the document's fault
	}
	start := p.lineStart
	done := p.buf[:p.pos]
	if i := bytes.LastIndexByte(done, '\n'); i >= 0 {
		start = p.offset + int64(i) + 1
	}
	e := &syntaxError{
		line:     p.line + int64(bytes.Count(done, newline)) + 1,
		column:   p.offset + int64(p.pos-back) - start + 1,
		expected: what,
	}
	for !utf8.FullRune(p.buf[p.pos:p.end]) && p.fill() {
		// The character that was found goes on past the end of the buffer.
	}
	r, size := utf8.DecodeRune(p.buf[p.pos:p.end])
	switch {
	case back > 0:
		e.found = "none"
	case p.atEnd():
		e.found = "the end of the input"
	case r == '\ufeff':
		e.found = "a byte order mark (U+FEFF), which JSON must not have"
	case r == utf8.RuneError && size <= 1:
		e.found = fmt.Sprintf("the byte 0x%02x", p.buf[p.pos])
	default:
		e.found = fmt.Sprintf("%q", r)
	}
	return e
}
