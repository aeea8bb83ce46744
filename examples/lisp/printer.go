package main

import (
	"bufio"
	"io"
	"strconv"
	"strings"

	"github.com/vstack-go/vstack/vstack"
)

// A printer writes values as text: the second recursion over what the user made.
type printer struct {
	out   io.StringWriter
	room  int  // for so many more bytes
	plain bool // strings as they are, without quotes
}

var (
	boolNames = map[bool]string{true: "#t", false: "#f"}
	escaper   = strings.NewReplacer("\n", `\n`, "\t", `\t`, `"`, `\"`, `\`, `\\`)
)

func (p *printer) print(v value) {
	if vstack.Low() {
		vstack.Do(func() { p.print(v) })
		return
	}
	switch v := v.(type) {
	case nil:
	case null:
		p.text("()")
	case bool:
		p.text(boolNames[v])
	case int64:
		p.text(strconv.FormatInt(v, 10))
	case *symbol:
		p.text(v.name)
	case string:
		if !p.plain {
			v = `"` + escaper.Replace(v) + `"`
		}
		p.text(v)
	case *lambda:
		p.text("#<procedure " + v.name + ">")
	case *primitive:
		p.text("#<procedure " + v.name + ">")
	case *pair:
		p.list(v)
	}
}

// list recurses for the elements alone: a long list is not a deep one.
func (p *printer) list(l *pair) {
	p.text("(")
	for p.room > 0 {
		p.print(l.car)
		next, ok := l.cdr.(*pair)
		if !ok {
			break
		}
		l = next
		p.text(" ")
	}
	if l.cdr != (null{}) {
		p.text(" . ")
		p.print(l.cdr)
	}
	p.text(")")
}

func (p *printer) text(text string) {
	if p.room > 0 {
		p.out.WriteString(text) // the first failure stays with the writer until it is flushed
		p.room -= len(text)
	}
}

const maxInt = int(^uint(0) >> 1)

// write prints v to out, the way it would be typed in.
func (in *interp) write(out *bufio.Writer, v value) {
	(&printer{out: out, room: maxInt}).print(v)
}

// display prints v to out, the way it is meant to be read.
func (in *interp) display(out *bufio.Writer, v value) {
	(&printer{out: out, room: maxInt, plain: true}).print(v)
}

// show returns v for an error message, where a list of a million elements has no
// place.
func (in *interp) show(v value) string {
	if v == nil {
		return "nothing"
	}
	const most = 60
	var text strings.Builder
	(&printer{out: &text, room: most + 1}).print(v)
	if text.Len() > most {
		return text.String()[:most] + "..."
	}
	return text.String()
}
