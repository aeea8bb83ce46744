package main

import "io"

// A nest is a document as a stream: arrays and objects by turns, each inside
// the one before, to any depth. It takes no memory to speak of.
type nest struct {
	depth   int
	level   int    // containers open
	closing bool   // past the middle
	rest    string // of the piece that is being read
	done    bool
}

func (g *nest) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		if g.rest == "" && !g.piece() {
			break
		}
		k := copy(p[n:], g.rest)
		g.rest = g.rest[k:]
		n += k
	}
	if n == 0 && len(p) > 0 {
		return 0, io.EOF
	}
	return n, nil
}

// piece puts the next piece of the document into rest.
func (g *nest) piece() bool {
	array := g.level%2 == 0 // of the container around the next level
	switch {
	case g.done:
		return false
	case !g.closing && g.level < g.depth:
		g.rest = `{"in":`
		if array {
			g.rest = `[`
		}
		g.level++
	case !g.closing:
		g.rest = `0`
		g.closing = true
	case g.level > 0:
		g.rest = `]`
		if array {
			g.rest = `}`
		}
		g.level--
	default:
		g.rest = "\n"
		g.done = true
	}
	return true
}
