// Package sources has parsers that read from something else than a type of their own.
package sources

import (
	"encoding/binary"
	"encoding/json"
	"io"
	"strings"
)

type token struct {
	kind int
	text string
}

// A position that is handed on by pointer.
func Position(tokens []token, pos *int) int { // want unguarded "pos of Position moves on"
	if *pos < len(tokens) && tokens[*pos].kind == '(' {
		*pos++
		return 1 + Position(tokens, pos)
	}
	return 0
}

// A helper moves it on.
func Helped(tokens []token, pos *int) int { // want unguarded "pos of Helped moves on"
	if accept(tokens, pos, '(') {
		return 1 + Helped(tokens, pos)
	}
	return 0
}

func accept(tokens []token, pos *int, kind int) bool {
	if *pos == len(tokens) || tokens[*pos].kind != kind {
		return false
	}
	*pos++
	return true
}

// A literal moves it on.
func Captured(tokens []token, pos *int) int { // want unguarded "pos of Captured moves on"
	advance := func() { *pos++ }
	if *pos < len(tokens) && tokens[*pos].kind == '(' {
		advance()
		return 1 + Captured(tokens, pos)
	}
	return 0
}

// What counts the levels is no position.
func Level(depth *int, flip bool) int { // want unclear "nothing was found"
	*depth++
	defer func() { *depth-- }()
	if *depth%2 == 0 == flip {
		return Level(depth, !flip)
	}
	return *depth
}

// The rest of the input, by pointer.
func Text(in *string) int { // want unguarded "in of Text moves on"
	if strings.HasPrefix(*in, "(") {
		*in = (*in)[1:]
		return 1 + Text(in)
	}
	return 0
}

type stack []*struct{ kids stack }

func (s *stack) Pop() int { // want unguarded "s of \(\*stack\).Pop moves on"
	top := (*s)[len(*s)-1]
	*s = append((*s)[:len(*s)-1], top.kids...)
	*s = (*s)[1:]
	if len(*s) > 0 {
		return 1 + s.Pop()
	}
	return 0
}

// A struct type without a name.
func Unnamed(in []byte, at *struct{ i int }) int { // want unguarded "at of Unnamed moves on"
	if at.i < len(in) && in[at.i] == '(' {
		at.i++
		return 1 + Unnamed(in, at)
	}
	return 0
}

// A cursor by value.
type cursor struct {
	in  []byte
	pos int
}

func (c cursor) Value() int { // want unguarded "c of \(cursor\).Value reads input: sources.cursor moves on"
	if c.pos == len(c.in) {
		return 0
	}
	c.pos++
	return 1 + c.Value()
}

// Tokens from a function, from a field that is one, and from a channel.
func Next(next func() token) int { // want unguarded "next of Next moves on"
	if next().kind == '(' {
		return 1 + Next(next)
	}
	return 0
}

type lexer struct{ next func() token }

func (l *lexer) Field() int { // want unguarded "l of \(\*lexer\).Field reads input: sources.lexer moves on"
	if l.next().kind == '(' {
		return 1 + l.Field()
	}
	return 0
}

func Channel(tokens <-chan token) int { // want unguarded "tokens of Channel moves on"
	if t, ok := <-tokens; ok && t.kind == '(' {
		return 1 + Channel(tokens)
	}
	return 0
}

func Selected(tokens <-chan token, done <-chan struct{}) int { // want unguarded "tokens of Selected moves on"
	select {
	case t := <-tokens:
		if t.kind == '(' {
			return 1 + Selected(tokens, done)
		}
	case <-done:
	}
	return 0
}

// A signal is no input, and neither is what a function makes that is called otherwise.
func Signal(done <-chan struct{}, clock func() int) int { // want unclear "nothing was found"
	select {
	case <-done:
		return clock()
	default:
		return Signal(done, clock)
	}
}

// An interface of the package's own.
type source interface{ next() token }

type bytes struct {
	in  []byte
	pos int
}

func (b *bytes) next() token {
	if b.pos == len(b.in) {
		return token{}
	}
	b.pos++
	return token{kind: int(b.in[b.pos-1])}
}

func items(from source) int { // want unguarded "from of items reads input: .*sources.source moves on"
	if from.next().kind == '(' {
		return 1 + items(from)
	}
	return 0
}

func Items(in []byte) int { return items(&bytes{in: in}) }

// One that gives always the same.
type constants interface{ next() token }

type one struct{}

func (one) next() token { return token{kind: '('} }

func ones(from constants, flip bool) int { // want unclear "nothing was found"
	if from.next().kind == '(' == flip {
		return 1 + ones(from, !flip)
	}
	return 0
}

func Ones() int { return ones(one{}, true) }

// A reader that is read by the standard library.
func Tagged(r io.Reader) (int, error) { // want unguarded "r of Tagged reads input: io.Reader moves on"
	var tag [1]byte
	if _, err := io.ReadFull(r, tag[:]); err != nil || tag[0] != 1 {
		return 0, err
	}
	n, err := Tagged(r)
	return n + 1, err
}

func Concrete(r *strings.Reader) (int, error) { // want unguarded "r of Concrete reads input: strings.Reader moves on"
	var kids uint8
	if err := binary.Read(r, binary.LittleEndian, &kids); err != nil {
		return 0, err
	}
	for range kids {
		if _, err := Concrete(r); err != nil {
			return 0, err
		}
	}
	return 0, nil
}

func Binary(r io.Reader) (int, error) { // want unguarded "r of Binary reads input: io.Reader moves on"
	var kids uint8
	if err := binary.Read(r, binary.LittleEndian, &kids); err != nil {
		return 0, err
	}
	for range kids {
		if _, err := Binary(r); err != nil {
			return 0, err
		}
	}
	return 0, nil
}

// Offsets that stand in the data.
func Offset(message []byte, at int) int { // want unguarded "at int of Offset walks a structure by index"
	if message[at]&0xc0 == 0xc0 {
		return Offset(message, int(message[at]&0x3f)<<8|int(message[at+1]))
	}
	return at
}

// Variables of the package.
var (
	text    []byte
	at      int
	current byte
	calls   int
)

func advance() {
	if at < len(text) {
		current = text[at]
		at++
	}
}

func Variables() int { // want unguarded "the variable at moves on"
	if current == '(' {
		advance()
		return 1 + Variables()
	}
	return 0
}

// What only counts is no place in the input.
func Counted(flip bool) int { // want unclear "nothing was found"
	calls++
	if calls%2 == 0 == flip {
		return Counted(!flip)
	}
	return calls
}

// A decoder fills a variable.
type record struct{ kids [][]byte }

func decode(in []byte, out *record) {
	for len(in) > 1 {
		n := int(in[0])
		out.kids = append(out.kids, in[1:1+n])
		in = in[1+n:]
	}
}

func Records(in []byte) (n int) { // want unguarded "in \[\]byte of Records walks a slice"
	var r record
	decode(in, &r)
	for _, kid := range r.kids {
		n += Records(kid)
	}
	return n
}

// encoding/json has looked through the whole text before: 10,000 levels are the most.
func Raw(in []byte) (n int) { // want unclear "nothing was found"
	var r struct{ Kids []json.RawMessage }
	if err := json.Unmarshal(in, &r); err != nil {
		return 0
	}
	for _, kid := range r.Kids {
		n += Raw(kid)
	}
	return n
}

// What is written to a buffer is no part of anything.
func Written(name string, flip bool) string { // want unclear "nothing was found"
	var b strings.Builder
	write(&b, name)
	if flip {
		return Written(b.String(), !flip)
	}
	return b.String()
}

func write(b *strings.Builder, name string) { b.WriteString(name) }
