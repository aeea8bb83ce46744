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
// guard that costs) on its line. The words are its status, its rank, tail or
// stopped; what the regular expression matches is "chain | reason".
var want = regexp.MustCompile(`want ((?:\w+ )+)"(.*?)"(?:$| \*/)`)

type expectation struct {
	words []string
	text  *regexp.Regexp
}

func TestGolden(t *testing.T) {
	for _, name := range []string{"cycles", "depth", "limits", "guards", "ranks", "library", "wraps", "grammar", "guardedbuild", "once", "closures", "sources"} {
		t.Run(name, func(t *testing.T) {
			p, err := program.Load(program.Config{}, "./testdata/"+name)
			if err != nil {
				t.Fatal(err)
			}
			expected := map[string][]expectation{}
			for _, file := range p.Packages[0].Syntax {
				for _, group := range file.Comments {
					for _, c := range group.List {
						if m := want.FindStringSubmatch(c.Text); m != nil {
							at := line(p, c.Pos())
							text := regexp.MustCompile(strings.ReplaceAll(m[2], " | ", ` \| `))
							expected[at] = append(expected[at], expectation{strings.Fields(m[1]), text})
						}
					}
				}
			}
			r := recursion.Find(program.NewGraph(p))
			match := func(at, text string, words ...string) {
				i := slices.IndexFunc(expected[at], func(e expectation) bool {
					for _, w := range e.words {
						if !slices.Contains(words, w) {
							return false
						}
					}
					return e.text.MatchString(text)
				})
				if i < 0 {
					t.Errorf("%s: unexpected %s %q", at, words, text)
					return
				}
				expected[at] = slices.Delete(expected[at], i, i+1)
			}
			for _, c := range r.Cycles {
				words := []string{string(c.Status), c.Rank.String()}
				if c.Tail {
					words = append(words, "tail")
				}
				if len(c.Others) > 0 {
					words = append(words, "stopped")
				}
				head, _ := strings.CutPrefix(report.Headline(c), string(c.Status)+" recursion: ")
				match(line(p, c.Pos()), head+" | "+c.Reason, words...)
			}
			for _, c := range r.Costs {
				match(line(p, c.Pos), c.Message, "cost")
			}
			for at, left := range expected {
				for _, e := range left {
					t.Errorf("%s: not found: %s %q", at, e.words, e.text)
				}
			}
		})
	}
}

func line(p *program.Program, pos token.Pos) string {
	at := p.Fset.Position(pos)
	return fmt.Sprintf("%s:%d", report.Relative("", at.Filename)[strings.LastIndexByte(at.Filename, '/')+1:], at.Line)
}
