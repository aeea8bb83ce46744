// Package depth has recursion of all depths.
package depth

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"sync/atomic"
)

func bytes(b []byte) int { // want unguarded "b \[\]byte of bytes walks a slice"
	if len(b) == 0 {
		return 0
	}
	return 1 + bytes(b[1:])
}

func runes(s string) int { // want unguarded "s string of runes walks along a string"
	if s == "" {
		return 0
	}
	return 1 + runes(s[1:])
}

func maps(m map[string]any) int { // want unguarded "walks a map"
	n := 0
	for _, v := range m {
		if m, ok := v.(map[string]any); ok {
			n += maps(m)
		}
	}
	return n
}

func values(v reflect.Value) int { // want unguarded "v reflect.Value of values walks a structure"
	n := 0
	for i := range v.NumField() {
		n += values(v.Field(i).Elem())
	}
	return n
}

// Structs in structs are as deep as the type is declared.
func fields(v reflect.Value) int { // want unclear "nothing was found"
	n := 0
	for i := range v.NumField() {
		n += fields(v.Field(i))
	}
	return n
}

// A tree in an array: the index is what walks.
type arena struct {
	nodes []struct{ left, right int }
}

func (a *arena) height(i int) int { // want unguarded "i int of \(\*arena\).height walks a structure by index"
	if i < 0 {
		return 0
	}
	return 1 + max(a.height(a.nodes[i].left), a.height(a.nodes[i].right))
}

// Nothing changes but what is read.
type parser struct {
	in  *bufio.Reader
	tok byte
}

func (p *parser) next() { p.tok, _ = p.in.ReadByte() }

func (p *parser) group() { // want unguarded "p of \(\*parser\).group reads input"
	for p.tok == '(' {
		p.next()
		p.group()
	}
}

type lexer struct {
	text string
	pos  int
}

func (l *lexer) accept(c byte) bool {
	if l.pos < len(l.text) && l.text[l.pos] == c {
		l.pos++
		return true
	}
	return false
}

func (l *lexer) term() { // want unguarded "l of \(\*lexer\).term reads input: depth.lexer moves on"
	if l.accept('-') {
		l.term()
	}
}

// The position is a variable that the closures capture.
func parse(text string) {
	pos := 0
	var expr func()
	expr = func() { // want unguarded "reads|captures|moves on"
		if pos < len(text) && text[pos] == '(' {
			pos++
			expr()
		}
	}
	expr()
}

// The call is the last thing done: Go keeps the frame.
type link struct{ next *link }

func last(l *link) *link { // want unguarded tail "l \*depth.link of last walks a structure"
	if l.next == nil {
		return l
	}
	return last(l.next)
}

// An integer that counts from anything.
func Fact(n int) int { // want unguarded "the integer n of Fact counts"
	if n == 0 {
		return 1
	}
	return n * Fact(n-1)
}

// It counts from a constant.
func bits(x []byte, n int) int { // want bounded "n counts from a constant \(64\)"
	if n == 0 {
		return 0
	}
	return int(x[n]) + bits(x, n-1)
}

func Bits(x []byte) int { return from(x, 64) }

func from(x []byte, n int) int { return bits(x, n) }

// It counts from a constant here, and from what is given to another goroutine.
func counts(n int, done chan int) int { // want unguarded "the integer n of counts counts"
	if n == 0 {
		return 0
	}
	return 1 + counts(n-1, done)
}

// It counts from a constant here, and from whatever for those that get it as a value.
func handed(n int) int { // want unguarded "the integer n of handed counts"
	if n == 0 {
		return 0
	}
	return 1 + handed(n-1)
}

func Handed() int {
	by.Store(handed)
	return handed(64)
}

var by atomic.Value

func Counts(n int) int {
	go counts(n, nil)
	return counts(64, nil)
}

// An integer of a small type.
func small(n uint8) int { // want bounded "n is a small integer \(uint8\)"
	if n == 0 {
		return 0
	}
	return 1 + small(n-1)
}

// Halves.
func find(a []int, x int) bool { // want bounded "a halves: the depth is the logarithm"
	if len(a) == 0 {
		return false
	}
	m := len(a) / 2
	if a[m] > x {
		return find(a[:m], x)
	}
	return a[m] == x || find(a[m+1:], x)
}

func search(a []int, lo, hi int) int { // want bounded "the logarithm"
	if lo >= hi {
		return lo
	}
	m := (lo + hi) / 2
	if a[m] < 0 {
		return search(a, m+1, hi)
	}
	return search(a, lo, m)
}

func digits(n int) int { // want bounded "n halves: the depth is the logarithm"
	if n == 0 {
		return 0
	}
	return 1 + digits(n/10)
}

// A flag that is set only at first.
func open(name string, retry bool) error { // want bounded "open calls itself at most once again"
	err := try(name)
	if err != nil && retry {
		return open(name+".bak", false)
	}
	return err
}

func try(name string) error { return io.ErrUnexpectedEOF }

// Directories are no deeper than a path is long.
func size(dir string) (n int) { // want bounded "dir is a path in a file system"
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		n += 1 + size(filepath.Join(dir, e.Name()))
	}
	return n
}

// A file name that changes places with a text is no path.
func Swapped(file, text string) int { // want unguarded "walks along a string"
	if _, err := os.Stat(file); err != nil || text == "" {
		return 0
	}
	return 1 + Swapped(text[1:], file)
}

// Readers are as deep as the program wraps them.
type limited struct {
	r io.Reader
	n int
}

func (l *limited) Read(p []byte) (int, error) { // want bounded "a io.Reader that wraps another"
	return l.r.Read(p[:min(l.n, len(p))])
}

func Limit(r io.Reader) io.Reader { return &limited{&limited{r, 2}, 1} }

// Types are as deep as the program declares them.
func encoder(t reflect.Type) int { // want bounded "t is a Go type, as deep as it is declared"
	if t.Kind() == reflect.Slice {
		return encoder(t.Elem())
	}
	return 0
}

// Nothing depends on data.
func Flush(full bool) { // want unclear "nothing was found"
	if full {
		Flush(os.Getenv("FLUSH") != "")
	}
}

// Of a chain of parents there is one for each call from outside.
type scope struct {
	parent *scope
	names  map[string]int
}

func (s *scope) find(name string) int { // want bounded "a chain of depth.scope, which the program makes neither in a loop"
	if n, ok := s.names[name]; ok || s.parent == nil {
		return n
	}
	return s.parent.find(name)
}

func Scope(parent *scope) *scope { return &scope{parent: parent, names: map[string]int{}} }

// This one is made in a loop.
type list struct {
	rest *list
	n    int
}

func (l *list) sum() int { // want unguarded "l \*depth.list of \(\*list\).sum walks a structure"
	if l == nil {
		return 0
	}
	return l.n + l.rest.sum()
}

func Make(ns []int) *list {
	var l *list
	for _, n := range ns {
		l = &list{l, n}
	}
	return l
}

// A limit by name, counted down from what a caller says.
func sort(a []int, limit int) { // want limited "the limit limit == 0"
	if limit == 0 {
		return
	}
	sort(a, limit-1)
}

func Sort(a []int) { sort(a, len(a)) }

// The same with a reader on the way, which has nothing to do with the depth.
func (p *parser) like(t reflect.Type) { // want bounded "t is a Go type"
	p.next()
	for i := range t.NumField() {
		p.like(t.Field(i).Type)
	}
}

// Values in interfaces have types of their own.
func encode(t reflect.Type, v reflect.Value) int { // want unguarded "v reflect.Value of encode walks a structure"
	switch t.Kind() {
	case reflect.Interface:
		return encode(v.Elem().Type(), v.Elem())
	case reflect.Struct:
		return encode(t.Field(0).Type, v.Field(0))
	}
	return 0
}

// Masked, or of a small type, where it starts.
func masked(n int) int { // want bounded "n counts from a constant \(63\)"
	if n == 0 {
		return 0
	}
	return 1 + masked(n-1)
}

func Masked(n int) int { return masked(n&63) + masked(n%10) }

func byte_(n int) int { // want bounded "n counts from a constant \(255\)"
	if n == 0 {
		return 0
	}
	return 1 + byte_(n-1)
}

func Byte(b byte) int { return byte_(int(b)) }

// Readers in readers are as deep as the program wraps them.
func known(r io.Reader) bool { // want unclear "nothing was found"
	switch r := r.(type) {
	case *limited:
		return known(r.r)
	case *bufio.Reader:
		return true
	}
	return false
}

// Archives in archives are not.
func unpack(r io.Reader) error { // want unguarded "r of unpack reads input: io.Reader moves on"
	var kind [1]byte
	if _, err := r.Read(kind[:]); err != nil {
		return err
	}
	return unpack(bufio.NewReader(r))
}

// Rows of a table of the program, which its init fills.
var operators []map[string]bool

func init() { operators = []map[string]bool{{"||": true}, {"&&": true}, {"+": true}} }

func (p *parser) Binary() { p.binary(operators) }

func (p *parser) binary(rows []map[string]bool) { // want bounded "rows goes down the table operators of the program"
	if len(rows) == 0 {
		p.next()
		return
	}
	p.binary(rows[1:])
	for rows[0][string(p.tok)] {
		p.next()
		p.binary(rows[1:])
	}
}

// Rows that somebody gives it.
func (p *parser) Given(rows []map[string]bool) { p.given(rows) }

func (p *parser) given(rows []map[string]bool) { // want unguarded "walks a slice"
	if len(rows) > 0 {
		p.given(rows[1:])
	}
}

// What encoding/json has decoded.
func Decode(text []byte) int {
	var v any
	if err := json.Unmarshal(text, &v); err != nil {
		return 0
	}
	return decoded(v)
}

func decoded(v any) (n int) { // want limited "encoding/json refuses more than 10,000 levels"
	for _, v := range v.([]any) {
		n += decoded(v)
	}
	return n
}

// It may be something else.
func Decoded(text []byte, v any) int {
	if err := json.Unmarshal(text, &v); err != nil {
		v = []any{v}
	}
	return undecoded(v)
}

func undecoded(v any) (n int) { // want unguarded "v any of undecoded walks a structure"
	for _, v := range v.([]any) {
		n += undecoded(v)
	}
	return n
}

// It is something else only later.
func Strip(text []byte) any {
	var v any
	if err := json.Unmarshal(text, &v); err != nil {
		return nil
	}
	v = strip(v)
	return v
}

func strip(v any) any { // want limited "encoding/json refuses more than 10,000 levels"
	all, _ := v.([]any)
	for i, e := range all {
		all[i] = strip(e)
	}
	return v
}

// It may be something else the next time round.
func Wrap(text []byte, n int) any {
	var v any
	if err := json.Unmarshal(text, &v); err != nil {
		return nil
	}
	for range n {
		v = wrap(v)
	}
	return v
}

func wrap(v any) any { // want unguarded "v any of wrap walks a structure"
	all, _ := v.([]any)
	for i, e := range all {
		all[i] = wrap(e)
	}
	return []any{v}
}

// A name that grows is no walk.
func name(prefix string, t reflect.Type) int { // want bounded "t is a Go type, as deep as it is declared"
	if t.Kind() != reflect.Pointer {
		return len(prefix)
	}
	return name(fmt.Sprintf("%s.%s", prefix, t.Name()), t.Elem())
}

// Each level has an iterator of its own.
type iterator struct{ at int }

func (i *iterator) next() bool { i.at++; return i.at < 10 }

func pointers(i iterator, v reflect.Value) bool { // want unclear "nothing was found"
	if v.Kind() == reflect.Pointer {
		return pointers(i, v.Elem())
	}
	return moves(i, v)
}

func moves(i iterator, v reflect.Value) bool { // want unguarded "i of moves reads input: depth.iterator moves on"
	if i.next() {
		return moves(i, v)
	}
	return false
}
