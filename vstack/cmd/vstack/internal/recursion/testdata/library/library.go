// Package library hands values that contain themselves to the standard library.
package library

import (
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"go/ast"
	"io"
	"reflect"
	"text/template"
)

type List struct {
	Value int
	Next  *List
}

type Flat struct {
	Names []string
	Sub   struct{ X, Y int }
}

type Expr interface{ expr() }

type Neg struct{ X Expr }

type Num int

func (*Neg) expr() {}
func (Num) expr()  {}

func ToJSON(l *List) ([]byte, error) {
	return json.Marshal(l) // want unguarded exported "encoding/json.Marshal in \w+ | encoding/json.Marshal goes as deep as values of type List do"
}

func ToXML(w io.Writer, l List) error {
	return xml.NewEncoder(w).Encode(l) // want unguarded "Encoder\).Encode in \w+ | .*List"
}

func ToGob(w io.Writer, l *List) error {
	return gob.NewEncoder(w).Encode(l) // want unguarded "Encoder\).Encode in \w+ | .*List"
}

func Same(a, b Expr) bool {
	return reflect.DeepEqual(a, b) // want unguarded "reflect.DeepEqual in \w+ | .*Expr"
}

// No type contains itself here.
func Fine(f *Flat, w io.Writer) {
	_, _ = json.Marshal(f)
	fmt.Fprintln(w, f, Num(1))
	_ = reflect.DeepEqual(f, f)
}

// Fmt prints pointers below the top as numbers.
func Pointers(l *List) string { return fmt.Sprint(l) }

type Tree struct {
	Kids []Tree
}

func Print(t Tree) string {
	return fmt.Sprintf("%v", t) // want unguarded "fmt.Sprintf in \w+ | .*Tree"
}

func Show(w io.Writer, t *template.Template, tree *Tree) error {
	return t.Execute(w, tree) // want unguarded "Execute in \w+ | .*Tree"
}

// What has a method is asked instead.
type Named struct{ Next *Named }

func (n *Named) MarshalJSON() ([]byte, error) { return []byte("{}"), nil }

func Asked(n *Named) ([]byte, error) { return json.Marshal(n) }

// Values in interfaces are compared with what is in them.
type Pair interface{ pair() }

type Cons struct {
	Head int
	Tail Pair
}

func (Cons) pair() {}

// It is what it is declared to be, so nothing is deeper.
var none Pair = Cons{}

func IsNone(p Pair) bool { return p == none }

// What both sides may be counts: a Rope is no Knot.
type Thread interface{ thread() }

type Knot interface {
	Thread
	knot()
}

type Rope struct{ Strand Thread }

func (Rope) thread() {}

type Loop struct{ Size int }

func (Loop) thread() {}

func (Loop) knot() {}

func IsKnot(a Thread, b Knot) bool { return a == b }

// Others are set later.
type Link interface{ link() }

type End struct{ Next Link }

func (End) link() {}

var last Link

func Keep(l Link) { last = l }

func IsLast(l Link) bool {
	return l == last // want unguarded "== in \w+ | .*Link"
}

func Equal(a, b Pair) bool {
	return a == b // want unguarded "== in \w+ | .*Pair"
}

func Has(seen map[Pair]bool, p Pair) bool {
	return seen[p] // want unguarded "a key of a map in \w+ | .*Pair"
}

// Trees of Go source are as deep as its parser allows.
func Count(n ast.Node) (count int) {
	ast.Inspect(n, func(ast.Node) bool { count++; return true })
	return count
}

func silenced(l *List) ([]byte, error) {
	return json.Marshal(l) //vstack:ok built from a flag
}

var _ = silenced
