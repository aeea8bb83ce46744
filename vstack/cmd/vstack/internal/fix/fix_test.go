package fix_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	_ "github.com/vstack-go/vstack/vstack" // for the test data
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/fix"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/program"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/recursion"
)

var update = flag.Bool("update", false, "write the golden files")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// plan loads ./testdata/name, with other contents for some files, and plans.
func plan(t *testing.T, name string, overlay map[string][]byte, fields ...fix.Field) (*fix.Change, *recursion.Result) {
	t.Helper()
	p, err := program.Load(program.Config{Overlay: overlay}, "./testdata/"+name)
	if err != nil {
		t.Fatal(err)
	}
	r := recursion.Find(program.NewGraph(p))
	change, err := fix.Plan(p, r, fields)
	if err != nil {
		t.Fatal(err)
	}
	return change, r
}

// golden compares the changes with testdata/name.diff, and makes sure that the
// result compiles, leaves nothing to report and is not changed again.
func golden(t *testing.T, name, dir string, fields ...fix.Field) {
	change, _ := plan(t, dir, nil, fields...)
	diff := ""
	overlay := map[string][]byte{}
	for _, f := range change.Files {
		base := filepath.Base(f.Name)
		diff += f.Diff(base)
		overlay[f.Name] = f.After
	}
	file := filepath.Join("testdata", name+".diff")
	if *update {
		if err := os.WriteFile(file, []byte(diff), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff != string(want) {
		t.Errorf("got\n%s\nwant\n%s", diff, want)
	}

	// Nothing but the first line of a function, its last, or a name changes.
	if n := strings.Count(diff, "\n-"); n > 8 {
		t.Errorf("the diff takes %d lines away", n)
	}

	again, r := plan(t, dir, overlay, fields...)
	for _, f := range again.Files {
		t.Errorf("a second run changes %s:\n%s", f.Name, f.Diff(f.Name))
	}
	for _, c := range r.Costs {
		t.Errorf("a guard that was written costs: %s", c.Message)
	}
	left := 0
	for _, c := range r.Cycles {
		if c.Status == recursion.Unguarded {
			left++
		}
	}
	if left != len(change.Left) {
		t.Errorf("%d cycles have no guard, want %d", left, len(change.Left))
	}
}

func TestFix(t *testing.T) { golden(t, "in", "in") }

func TestPlumb(t *testing.T) {
	golden(t, "plumb", "plumb", fix.Field{Type: "parser", Name: "stack"})
}

// TestNames has names that are taken where a guard goes.
func TestNames(t *testing.T) { golden(t, "names", "names") }

// TestCRLF makes sure that the ends of lines stay as they are.
func TestCRLF(t *testing.T) {
	file, err := filepath.Abs("testdata/in/in.go")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	crlf := strings.ReplaceAll(string(text), "\n", "\r\n")
	change, _ := plan(t, "in", map[string][]byte{file: []byte(crlf)})
	if len(change.Files) != 1 {
		t.Fatalf("%d files change, want 1", len(change.Files))
	}
	after := string(change.Files[0].After)
	if !strings.Contains(after, ".Low() {\r\n") || strings.Count(after, "\n") != strings.Count(after, "\r\n") {
		t.Errorf("got %q", after)
	}
}

// TestImportComments makes sure that a comment stays behind what it is about.
func TestImportComments(t *testing.T) {
	file, err := filepath.Abs("testdata/in/in.go")
	if err != nil {
		t.Fatal(err)
	}
	const lib = `"github.com/vstack-go/vstack/vstack"`
	for head, want := range map[string]string{
		"package in // import \"in\"\n":                           "package in // import \"in\"\n\nimport " + lib + "\n",
		"package in /* a */ // b\n":                               "package in /* a */ // b\n\nimport " + lib + "\n",
		"package in\n\n// c\n":                                    "package in\n\nimport " + lib + "\n\n// c\n",
		"package in\n\nimport _ \"embed\" // d\n":                 "package in\n\nimport _ \"embed\" // d\nimport " + lib + "\n",
		"package in\n\nimport (\n\t_ \"embed\" // e\n\t// f\n)\n": "package in\n\nimport (\n\t_ \"embed\" // e\n\n\t" + lib + "\n\t// f\n)\n",
	} {
		text := head + "\ntype node struct{ kids []*node }\n\nfunc (n *node) walk() {\n\tfor _, k := range n.kids {\n\t\tk.walk()\n\t}\n}\n"
		change, _ := plan(t, "in", map[string][]byte{file: []byte(text)}, fix.Field{Type: "node", Name: "stack"})
		if len(change.Files) != 1 || !strings.HasPrefix(string(change.Files[0].After), want) {
			t.Errorf("%q gives %v, want %q first", head, change.Files, want)
		}
	}
}

// TestUnusedField makes sure that a field is added only where there is no stack.
func TestUnusedField(t *testing.T) {
	change, _ := plan(t, "in", nil, fix.Field{Type: "large", Name: "more"})
	if len(change.Fields) != 0 || len(change.Unused) != 1 || change.Unused[0].Name != "more" {
		t.Errorf("added %v, unused %v", change.Fields, change.Unused)
	}
	// It is there: nothing to say.
	change, _ = plan(t, "in", nil, fix.Field{Type: "large", Name: "stack"})
	if len(change.Fields) != 0 || len(change.Unused) != 0 {
		t.Errorf("added %v, unused %v", change.Fields, change.Unused)
	}
}

func TestExplain(t *testing.T) {
	change, _ := plan(t, "plumb", nil)
	if len(change.Files) != 0 {
		t.Errorf("it changes %d files", len(change.Files))
	}
	if len(change.Left) != 2 {
		t.Fatalf("%d are left, want 2", len(change.Left))
	}
	got := strings.Join(change.Left[0].Fields, " ") + "; " + strings.Join(change.Left[1].Fields, " ")
	if want := "parser.stack; Node.stack"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestBadFields(t *testing.T) {
	p, err := program.Load(program.Config{}, "./testdata/plumb")
	if err != nil {
		t.Fatal(err)
	}
	r := recursion.Find(program.NewGraph(p))
	for field, want := range map[fix.Field]string{
		{Type: "lexer", Name: "stack"}: "no struct type lexer",
		{Type: "parser", Name: "text"}: "the type has text string",
	} {
		if _, err := fix.Plan(p, r, []fix.Field{field}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: got %v, want %q", field, err, want)
		}
	}
	if _, err := fix.ParseField("parser"); err == nil {
		t.Error("parser is taken for TYPE.FIELD")
	}
}
