package recursion_test

import (
	"fmt"
	"go/token"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"

	_ "github.com/vstack-go/vstack/vstack" // for the test data

	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/program"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/recursion"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/report"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A comment // want WORD... "regexp" expects a cycle (or, for the word cost, a
// guard that costs, for note one that costs what nobody may care for) on its line. The words are its status, its rank, tail or
// stopped; what the regular expression matches is "chain | reason".
var want = regexp.MustCompile(`want ((?:\w+ )+)"(.*?)"(?:$| \*/)`)

// expectations are those of a package's comments, by where they stand.
type expectations map[string][]expectation

type expectation struct {
	words []string
	text  *regexp.Regexp
}

func expected(p *program.Program) expectations {
	all := expectations{}
	for _, file := range p.Packages[0].Syntax {
		for _, group := range file.Comments {
			for _, c := range group.List {
				if m := want.FindStringSubmatch(c.Text); m != nil {
					at := line(p, c.Pos())
					text := regexp.MustCompile(strings.ReplaceAll(m[2], " | ", ` \| `))
					all[at] = append(all[at], expectation{strings.Fields(m[1]), text})
				}
			}
		}
	}
	return all
}

// meet takes out the expectation that a finding meets, and reports whether there is one.
func (all expectations) meet(at, text string, words []string) bool {
	i := slices.IndexFunc(all[at], func(e expectation) bool {
		missing := slices.ContainsFunc(e.words, func(w string) bool { return !slices.Contains(words, w) })
		return !missing && e.text.MatchString(text)
	})
	if i < 0 {
		return false
	}
	all[at] = slices.Delete(all[at], i, i+1)
	return true
}

// words are those that a comment may expect of a cycle.
func words(c *recursion.Cycle) []string {
	words := []string{string(c.Status), c.Rank.String()}
	if c.Tail {
		words = append(words, "tail")
	}
	if len(c.Others) > 0 {
		words = append(words, "stopped")
	}
	return words
}

func TestGolden(t *testing.T) {
	for _, name := range []string{"cycles", "depth", "limits", "guards", "ranks", "library", "wraps", "nesting", "grammar", "guardedbuild", "holds", "once", "closures", "sources"} {
		t.Run(name, func(t *testing.T) {
			p, err := program.Load(program.Config{}, "./testdata/"+name)
			if err != nil {
				t.Fatal(err)
			}
			expected := expected(p)
			match := func(pos token.Pos, text string, words ...string) {
				if at := line(p, pos); !expected.meet(at, text, words) {
					t.Errorf("%s: unexpected %s %q", at, words, text)
				}
			}
			r := recursion.Find(program.NewGraph(p))
			for _, c := range r.Cycles {
				head, _ := strings.CutPrefix(report.Headline(c), string(c.Status)+" recursion: ")
				match(c.Pos(), head+" | "+c.Reason, words(c)...)
			}
			for _, c := range r.Costs {
				word := "cost"
				if c.Note {
					word = "note"
				}
				match(c.Pos, c.Message, word)
			}
			for at, left := range expected {
				for _, e := range left {
					t.Errorf("%s: not found: %s %q", at, e.words, e.text)
				}
			}
		})
	}
}

// TestReached wants each recursion of a dependency to be found, however the program gets to
// it, and with a way from main.
func TestReached(t *testing.T) {
	p, err := program.Load(program.Config{Deps: true}, "./testdata/reach/app")
	if err != nil {
		t.Fatal(err)
	}
	graph := program.NewGraph(p)
	r := recursion.Find(graph)
	found := map[string]*recursion.Cycle{}
	for _, c := range r.Cycles {
		found[c.Start().Name()] = c
	}
	wanted := 0
	for _, fn := range graph.Funcs {
		if !strings.HasPrefix(fn.Name(), "depth") || fn.Pkg.Name() != "dep" {
			continue
		}
		wanted++
		if c := found[fn.Name()]; c == nil || c.Status != recursion.Unguarded || c.Rank != recursion.Main || len(c.Path) == 0 {
			t.Errorf("%s: %+v", fn.Name(), c)
		}
	}
	if wanted != 23 {
		t.Errorf("%d functions are in the graph, of 23", wanted)
	}
}

func line(p *program.Program, pos token.Pos) string {
	at := p.Fset.Position(pos)
	return fmt.Sprintf("%s:%d", report.Relative("", at.Filename)[strings.LastIndexByte(at.Filename, '/')+1:], at.Line)
}
