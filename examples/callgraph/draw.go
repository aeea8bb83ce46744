package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"

	"github.com/vstack-go/vstack/examples/internal/measure"
)

// maxDrawn is how many nodes a picture can have that somebody looks at.
const maxDrawn = 300

// drawn returns the nodes to draw: all, or those in cycles if all are too many.
func drawn(g *graph, p *partition) (map[int32]bool, error) {
	show := make(map[int32]bool)
	all := g.nodes() <= maxDrawn
	for i := range p.count() {
		if members := p.component(i); all || len(members) > 1 {
			for _, v := range members {
				show[v] = true
			}
		}
		if len(show) > maxDrawn {
			break
		}
	}
	if len(show) == 0 || len(show) > maxDrawn {
		return nil, fmt.Errorf("too large to draw: a picture has %d nodes at most, and this graph %v", maxDrawn, measure.Count(g.nodes()))
	}
	return show, nil
}

// writeDOT writes the graph in Graphviz's language, with a box around each cycle.
func writeDOT(w io.Writer, g *graph, p *partition) error {
	show, err := drawn(g, p)
	if err != nil {
		return err
	}
	out := bufio.NewWriter(w)
	fmt.Fprint(out, "digraph {\n\trankdir=LR\n\tnode [shape=box style=\"rounded,filled\" fillcolor=white fontname=\"sans-serif\" fontsize=11]\n")
	for i := p.count() - 1; i >= 0; i-- {
		members := p.component(i)
		if !show[members[0]] {
			continue
		}
		if len(members) > 1 {
			fmt.Fprintf(out, "\tsubgraph cluster_%d {\n\t\tstyle=\"rounded,filled\" color=\"#c02020\" fillcolor=\"#fdecea\"\n", i)
		}
		for _, v := range members {
			fmt.Fprintf(out, "\t\tn%d [label=%s]\n", v, quote(g.name(v)))
		}
		if len(members) > 1 {
			fmt.Fprint(out, "\t}\n")
		}
	}
	for v := range g.nodes() {
		for _, w := range g.out(v) {
			if show[v] && show[w] {
				fmt.Fprintf(out, "\tn%d -> n%d\n", v, w)
			}
		}
	}
	fmt.Fprint(out, "}\n")
	return out.Flush()
}

// quote returns text as a label: in DOT a backslash and a quote are escaped, and
// nothing else.
func quote(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
}

// errNoDot says how to get what is missing.
var errNoDot = errors.New("drawing needs Graphviz's program dot, which is not installed here: " +
	"apt install graphviz, brew install graphviz, winget install graphviz, or https://graphviz.org/download; " +
	"-dot FILE writes what it reads")

// svg returns a picture of the graph, drawn by dot.
func svg(g *graph, p *partition) ([]byte, error) {
	var dot, picture, complaint bytes.Buffer
	if err := writeDOT(&dot, g, p); err != nil {
		return nil, err
	}
	cmd := exec.Command("dot", "-Tsvg")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = &dot, &picture, &complaint
	err := cmd.Run()
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return nil, errNoDot
	case err != nil:
		return nil, fmt.Errorf("dot: %w: %s", err, strings.TrimSpace(complaint.String()))
	}
	return picture.Bytes(), nil
}
