// Package plumb has no stack in reach.
package plumb

import "strings"

// A parser reads.
type parser struct {
	text string // the input
	pos  int    // in it
}

func newParser(text string) *parser { return &parser{text: text} }

func (p *parser) expr() int {
	n := 0
	for p.pos < len(p.text) && p.text[p.pos] == '(' {
		p.pos++
		n += p.expr()
	}
	return n
}

// Parse counts.
func Parse(s string) int { return newParser(strings.TrimSpace(s)).expr() }

type Node struct{ Left, Right *Node }

func count(n *Node) int {
	if n == nil {
		return 0
	}
	return 1 + count(n.Left) + count(n.Right)
}
