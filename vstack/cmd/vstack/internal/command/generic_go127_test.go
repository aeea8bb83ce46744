//go:build go1.27

package command_test

import (
	"path/filepath"
	"strings"
	"testing"
)

// Generic methods, which Go has since 1.27, recurse too: through a method of the type
// argument, through a method value, and through a method expression. The go/ssa of
// x/tools up to v0.42 panics on them.
func TestGenericMethods(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "go.mod"), "module example.com/m\n\ngo 1.27\n")
	write(t, filepath.Join(dir, "m.go"), `package m

import "io"

type sink interface{ node(p *parser) error }

type group struct{}

func (group) node(p *parser) error { return p.value(group{}) }

type parser struct{ r io.ByteReader }

func (p *parser) value[T sink](v T) error {
	if c, err := p.r.ReadByte(); err != nil || c != '(' {
		return err
	}
	return v.node(p)
}

func Parse(r io.ByteReader) error { return (&parser{r}).value(group{}) }

type list[E any] struct{ r io.ByteReader }

func (l *list[E]) each[T any](f func(E) T) (n int, err error) {
	if c, err := l.r.ReadByte(); err != nil || c != '[' {
		return 0, err
	}
	next := l.each[T]
	n, err = next(f)
	return n + 1, err
}

func Walk(r io.ByteReader) (int, error) {
	return (&list[int]{r}).each(func(int) string { return "" })
}

type lines struct{ r io.ByteReader }

func (l lines) all[T any](mk func() T) (out []T) {
	for {
		c, err := l.r.ReadByte()
		if err != nil || c == ')' {
			return out
		}
		f := lines.all[T]
		out = append(out, f(l, mk)...)
	}
}

func List(r io.ByteReader) []*int { return lines{r}.all(func() *int { return new(1) }) }
`)
	out, _ := vstack(t, 1, "check", "-C", dir, "./...")
	for _, want := range []string{"(*parser).value → (group).node → (*parser).value", "(*list[E]).each → (*list[E]).each", "(lines).all → (lines).all"} {
		if !strings.Contains(out, "unguarded recursion: "+want) {
			t.Errorf("%s is not found in\n%s", want, out)
		}
	}
}
