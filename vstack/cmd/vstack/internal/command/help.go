package command

import (
	"fmt"
	"go/doc/comment"
	"go/parser"
	"go/token"
	"io"
	"slices"
	"strings"
)

// help prints the part of the reference that a topic names, or what stands before the
// first one. The headings are the topics. The reference is the comment of package main, so
// that it stands on the package's page too.
func help(topics []string, reference string, stdout, stderr io.Writer) int {
	file, err := parser.ParseFile(token.NewFileSet(), "doc.go", reference, parser.ParseComments|parser.PackageClauseOnly)
	if err != nil {
		fmt.Fprintf(stderr, "vstack: help: %v\n", err)
		return exitFound
	}
	topic := strings.Join(topics, " ")
	wanted := topic
	if slices.Contains([]string{"test", "run", "install", "vet", "clean"}, topic) {
		wanted = "build" // which tells of them all
	}
	var p comment.Parser
	doc := p.Parse(file.Doc.Text())
	section, found, known := []comment.Block(nil), wanted == "", []string(nil)
	at := ""
	for _, block := range doc.Content {
		if h, ok := block.(*comment.Heading); ok {
			at = text(h)
			known = append(known, at)
			found = found || at == wanted
		} else if at == wanted {
			section = append(section, block)
		}
	}
	if !found {
		fmt.Fprintf(stderr, "vstack: help %s: the topics are %s\n", topic, strings.Join(known, ", "))
		return exitUsage
	}
	out := comment.Printer{TextCodePrefix: "    ", TextWidth: 92}
	_, _ = stdout.Write(out.Text(&comment.Doc{Content: section}))
	return exitOK
}

// text returns a heading's.
func text(h *comment.Heading) string {
	var words strings.Builder
	for _, t := range h.Text {
		if plain, ok := t.(comment.Plain); ok {
			words.WriteString(string(plain))
		}
	}
	return words.String()
}
