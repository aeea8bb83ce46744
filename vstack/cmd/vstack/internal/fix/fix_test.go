package fix_test

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
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
func plan(t *testing.T, name string, overlay map[string][]byte, o fix.Options) (*fix.Change, *program.Program, *recursion.Result) {
	t.Helper()
	p, err := program.Load(program.Config{Overlay: overlay}, "./testdata/"+name)
	if err != nil {
		t.Fatal(err)
	}
	r := recursion.Find(program.NewGraph(p))
	change, err := fix.Plan(p, r, o)
	if err != nil {
		t.Fatal(err)
	}
	return change, p, r
}

// golden compares the changes with testdata/name.diff, and makes sure that the
// result compiles, leaves nothing to report and is not changed again.
func golden(t *testing.T, name, dir string, o fix.Options) {
	change, p, _ := plan(t, dir, nil, o)
	for _, err := range fix.Verify(p, change) {
		t.Error(err)
	}
	diff := ""
	overlay := map[string][]byte{}
	for _, f := range change.Files {
		diff += f.Diff(filepath.Base(f.Name))
		overlay[f.Name] = f.After
		applies(t, f)
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

	again, _, r := plan(t, dir, overlay, o)
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

// applies makes sure that patch takes the diff as it is, every line where the diff
// says that it is.
func applies(t *testing.T, f fix.File) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "f.go"), f.Before, 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("git", "apply", "--verbose", "-")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GIT_CEILING_DIRECTORIES="+filepath.Dir(dir))
	cmd.Stdin = strings.NewReader(f.Diff("f.go"))
	text, err := cmd.CombinedOutput()
	after, _ := os.ReadFile(filepath.Join(dir, "f.go"))
	if err != nil || strings.Contains(string(text), "offset") || string(after) != string(f.After) {
		t.Errorf("git apply: %v\n%s\n%s", err, text, after)
	}
}

func TestFix(t *testing.T) { golden(t, "in", "in", fix.Options{}) }

func TestHandle(t *testing.T) { golden(t, "handle", "in", fix.Options{Handle: true}) }

// TestNames has names that are taken where a guard goes.
func TestNames(t *testing.T) { golden(t, "names", "names", fix.Options{}) }

// Of functions that would end the same cycles, the guard goes into the one that runs
// least: not where most values have no others in them.
func TestOften(t *testing.T) { golden(t, "often", "often", fix.Options{}) }

// TestLiterals has function literals without a name to call themselves by.
func TestLiterals(t *testing.T) { golden(t, "literals", "literals", fix.Options{}) }

// TestCRLF makes sure that the ends of lines stay as they are.
func TestCRLF(t *testing.T) {
	file, text := source(t, "in/in.go")
	crlf := strings.ReplaceAll(text, "\n", "\r\n")
	change, _, _ := plan(t, "in", map[string][]byte{file: []byte(crlf)}, fix.Options{})
	if len(change.Files) != 1 {
		t.Fatalf("%d files change, want 1", len(change.Files))
	}
	after := string(change.Files[0].After)
	if !strings.Contains(after, ".Low() {\r\n") || strings.Count(after, "\n") != strings.Count(after, "\r\n") {
		t.Errorf("got %q", after)
	}
}

// source returns a file of the test data.
func source(t *testing.T, name string) (file, text string) {
	t.Helper()
	file, err := filepath.Abs(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return file, string(b)
}

// changed plans for the package in with another text, and returns what becomes of it.
func changed(t *testing.T, text string, o fix.Options) (string, *fix.Change) {
	t.Helper()
	file, _ := source(t, "in/in.go")
	change, p, _ := plan(t, "in", map[string][]byte{file: []byte(text)}, o)
	for _, err := range fix.Verify(p, change) {
		t.Errorf("%v in\n%s", err, text)
	}
	switch len(change.Files) {
	case 0:
		return text, change
	case 1:
		return string(change.Files[0].After), change
	}
	t.Fatalf("%d files change", len(change.Files))
	return "", nil
}

const walk = "\ntype node struct{ kids []*node }\n\nfunc (n *node) walk() {\n\tfor _, k := range n.kids {\n\t\tk.walk()\n\t}\n}\n"

// TestImport makes sure that the import goes where the module has such, and that a
// comment stays behind what it is about.
func TestImport(t *testing.T) {
	const (
		lib   = `"github.com/vstack-go/vstack/vstack"`
		own   = `_ "github.com/vstack-go/vstack/vstack/cmd/vstack/internal/graph"`
		third = `_ "golang.org/x/tools/go/cfg"`
		early = `_ "github.com/aymanbagabas/go-udiff"`
	)
	for _, test := range []struct{ head, want string }{
		{"package in // import \"in\"\n", "package in // import \"in\"\n\nimport " + lib + "\n"},
		{"package in /* a */ // b\n", "package in /* a */ // b\n\nimport " + lib + "\n"},
		{"package in\n\n// c\n", "package in\n\nimport " + lib + "\n\n// c\n"},
		// One line becomes a block, several stay lines.
		{"package in\n\nimport _ \"embed\" // d\n", "package in\n\nimport (\n\t_ \"embed\" // d\n\n\t" + lib + "\n)\n"},
		{"package in\n\nimport " + early + "\n", "package in\n\nimport (\n\t" + early + "\n\t" + lib + "\n)\n"},
		{"package in\n\nimport _ \"embed\"\nimport _ \"sort\" // d\n", "package in\n\nimport _ \"embed\"\nimport _ \"sort\" // d\nimport " + lib + "\n"},
		// Only the standard library: a group of its own.
		{"package in\n\nimport (\n\t_ \"embed\" // e\n\t// f\n)\n", "package in\n\nimport (\n\t_ \"embed\" // e\n\n\t" + lib + "\n\t// f\n)\n"},
		// The group of other modules, wherever it is, in the order of paths.
		{"package in\n\nimport (\n\t_ \"embed\"\n\n\t" + early + "\n\t" + third + " // g\n\n\t" + own + "\n)\n",
			"package in\n\nimport (\n\t_ \"embed\"\n\n\t" + early + "\n\t" + lib + "\n\t" + third + " // g\n\n\t" + own + "\n)\n"},
		{"package in\n\nimport (\n\t_ \"embed\"\n\n\t// h\n\t" + third + "\n)\n",
			"package in\n\nimport (\n\t_ \"embed\"\n\n\t" + lib + "\n\t// h\n\t" + third + "\n)\n"},
		// With those of its own module, where it has no others.
		{"package in\n\nimport (\n\t_ \"embed\"\n\n\t" + own + "\n)\n", "package in\n\nimport (\n\t_ \"embed\"\n\n\t" + lib + "\n\t" + own + "\n)\n"},
		// The one that it has, whatever its name.
		{"package in\n\nimport v " + lib + "\n\nvar _ v.Stack\n", "package in\n\nimport v " + lib + "\n\nvar _ v.Stack\n"},
		{"package in\n\nimport _ " + lib + " // i\n", "package in\n\nimport " + lib + " // i\n"},
		{"package in\n\nimport . " + lib + "\n\nvar _ Stack\n", "package in\n\nimport . " + lib + "\n\nvar _ Stack\n"},
	} {
		after, _ := changed(t, test.head+walk, fix.Options{})
		if !strings.HasPrefix(after, test.want) {
			t.Errorf("%s gives\n%s, want\n%s first", test.head, after, test.want)
		}
		low := "if vstack.Low() {\n\t\tvstack.Do(n.walk)\n"
		switch {
		case strings.Contains(test.head, "import v "):
			low = "if v.Low() {\n\t\tv.Do(n.walk)\n"
		case strings.Contains(test.head, "import . "):
			low = "if Low() {\n\t\tDo(n.walk)\n"
		}
		if !strings.Contains(after, low) {
			t.Errorf("no %q in\n%s", low, after)
		}
	}
}

// TestTable makes sure that there is no guard where a table of the program says how
// deep a recursion goes, and one where the input does.
func TestTable(t *testing.T) {
	const table = `package in

var levels = [][]string{{"||"}, {"&&"}, {"==", "!="}, {"+", "-"}}

type parser struct {
	text string
	pos  int
}

func Parse(s string) int { return (&parser{text: s}).binary(0) }

func (p *parser) binary(level int) int {
	if level == len(levels) {
		return p.unary()
	}
	n := p.binary(level + 1)
	for _, op := range levels[level] {
		n += len(op) + p.binary(level+1)
	}
	return n
}

func (p *parser) unary() int {
	p.pos++
	return BODY
}
`
	_, change := changed(t, strings.Replace(table, "BODY", "p.pos", 1), fix.Options{})
	if len(change.Guards) != 0 {
		t.Errorf("a guard in %s", change.Guards[0].Func.Name())
	}
	_, change = changed(t, strings.Replace(table, "BODY", "p.binary(0)", 1), fix.Options{})
	if len(change.Guards) != 1 {
		t.Errorf("%d guards, want one for the way through unary", len(change.Guards))
	}
}

// TestGenerated makes sure that generated files stay as they are unless asked.
func TestGenerated(t *testing.T) {
	const head = "// Code generated by goyacc -o in.go in.y. DO NOT EDIT.\n\n"
	for text, want := range map[string]string{
		head + "package in\n" + walk: "the file is generated by goyacc -o in.go in.y, from a template of it or from a file beside it; put the guard there, or run with -generated",
		head + "package in\n" + strings.Replace(walk, "func", "//line in.y:7\nfunc", 1): "the file is generated by goyacc -o in.go in.y from in.y:7; put the guard there, or run with -generated",
	} {
		after, change := changed(t, text, fix.Options{})
		if after != text || len(change.Left) != 1 || len(change.Left[0].Missing) != 1 {
			t.Errorf("%d left, and this is written:\n%s", len(change.Left), after)
			continue
		}
		if m := change.Left[0].Missing[0]; m.Kind != fix.Generated || m.Error() != want {
			t.Errorf("got %s, want %s", m.Error(), want)
		}
		after, change = changed(t, text, fix.Options{Generated: true})
		if !strings.Contains(after, "vstack.Low()") || len(change.Guards) != 1 || !change.Guards[0].Generated {
			t.Errorf("got %s", after)
		}
	}
}

// TestMissing has cycles that cannot have a guard.
func TestMissing(t *testing.T) {
	for text, want := range map[string]fix.Kind{
		"func rescue(n *node) {\n\tif recover() == nil {\n\t\tfor _, k := range n.kids {\n\t\t\tdefer rescue(k)\n\t\t}\n\t}\n}\n":                                                                                             fix.Recovers,
		"func over(v any) {\n\tswitch vstack := v.(type) {\n\tcase *node:\n\t\tvar rec func(n *node)\n\t\trec = func(n *node) {\n\t\t\tfor _, k := range n.kids {\n\t\t\t\trec(k)\n\t\t\t}\n\t\t}\n\t\trec(vstack)\n\t}\n}\n": fix.None,
	} {
		text = "package in\n\ntype node struct{ kids []*node }\n\n" + text
		_, change := changed(t, text, fix.Options{})
		if want == fix.None {
			if len(change.Left) != 0 {
				t.Errorf("%s in\n%s", change.Left[0].Missing[0].Error(), text)
			}
			continue
		}
		if len(change.Left) != 1 || change.Left[0].Missing[0].Kind != want || change.Left[0].Missing[0].Error() == "" {
			t.Errorf("got %v for\n%s", change.Left, text)
		}
	}
}

const parser = `
type parser struct {
	text string
	pos  int
}

func (p *parser) expr() int {
	for p.pos < len(p.text) && p.text[p.pos] == '(' {
		p.pos++
		p.expr()
	}
	return p.pos
}
`

// TestLeaving looks at where the guard stands in functions that begin with what leaves
// them: behind it, if that can be done twice and cannot come back.
func TestLeaving(t *testing.T) {
	const low = "\tif vstack.Low() {\n"
	for _, test := range []struct{ body, want string }{
		{"\tif n == nil {\n\t\treturn 0\n\t}\n", "\t}\n" + low},
		{"\tif n == nil {\n\t\treturn 0\n\t} // a comment\n\n\tif len(n.kids) == 0 || n.v > int(n.w) {\n\t\tprintln(1)\n\t\treturn 1\n\t}\n\n", "\t\treturn 1\n\t}\n" + low},
		{"\tif k, ok := n.v.(fmt.Stringer); ok {\n\t\treturn len(k.String())\n\t}\n", "{\n" + low}, // it may come back from outside
		{"\tif k, ok := n.v.(fmt.Stringer); ok && k != nil {\n\t\tn.v = min(3, len(n.kids))\n\t\terr = errors.New(\"x\")\n\t\treturn 3\n\t}\n", "\t}\n" + low},
		{"\tif n == nil {\n\t\tn.c <- true\n\t\treturn 0\n\t}\n", "{\n" + low},
		{"\tif n == nil {\n\t\tfor range n.c {\n\t\t}\n\t\treturn 0\n\t}\n", "{\n" + low},
		{"\tif n == nil {\n\t\treturn 0\n\t} else {\n\t\tprintln()\n\t}\n", "{\n" + low},
		{"\tif n == nil {\n\t\tprintln()\n\t}\n", "{\n" + low},
		{"\tif n.next() {\n\t\treturn 0\n\t}\n", "{\n" + low},
		{"\tif <-n.c {\n\t\treturn 0\n\t}\n", "{\n" + low},
		{"\tif p := &n; *p == nil {\n\t\treturn 0\n\t}\n", "{\n" + low},
		{"\tif n == nil {\n\t\treturn 0\n\t}; println()\n", "{\n" + low},
		{"\tif len(n.kids) == 1 {\n\t\treturn walk(n.kids[0])\n\t}\n", "{\n" + low},
		{"\tif len(n.kids) == 1 {\n\t\treturn again(n.kids[0])\n\t}\n", "{\n" + low},
		{"\tif n.f != nil {\n\t\treturn n.f()\n\t}\n", "{\n" + low}, // it may be walk
	} {
		text := "package in\n\nimport (\n\t\"errors\"\n\t\"fmt\"\n)\n\nvar err error = errors.New(\"\")\n\nvar _ fmt.Stringer\n\ntype node struct {\n\tkids []*node\n\tv, w int\n\tc chan bool\n\tf func() int\n}\n\nfunc (n *node) next() bool { n.v++; return n.v == 3 }\n\n" +
			"func again(n *node) int { return walk(n) + 1 }\n\nfunc set(n *node) { n.f = func() int { return walk(n) } }\n\n" +
			"func walk(n *node) int {\n" + test.body + "\tfor _, k := range n.kids {\n\t\twalk(k)\n\t}\n\treturn 0\n}\n"
		text = strings.Replace(text, "n.v.(fmt", "any(n).(fmt", 1)
		after, change := changed(t, text, fix.Options{})
		_, walk, _ := strings.Cut(after, "func walk(n *node) int ")
		if !strings.Contains(walk, test.want) || strings.Count(after, low) != 1 || len(change.Left) != 0 {
			t.Errorf("got\n%s, want\n%s", walk, test.want)
		}
		if again, _ := changed(t, after, fix.Options{}); again != after {
			t.Errorf("a second run gives\n%s", again)
		}
	}
	// A guard that stands behind a call moves.
	late := "package in\n\nimport \"github.com/vstack-go/vstack/vstack\"\n\ntype node struct{ kids []*node }\n\nfunc walk(n *node) int {\n" +
		"\tif len(n.kids) == 1 {\n\t\treturn walk(n.kids[0])\n\t}\n\tif vstack.Low() {\n\t\treturn vstack.Grow(func() int { return walk(n) })\n\t}\n\tfor _, k := range n.kids {\n\t\twalk(k)\n\t}\n\treturn 0\n}\n"
	if after, _ := changed(t, late, fix.Options{}); !strings.Contains(after, "int {\n"+low) || strings.Count(after, low) != 1 {
		t.Errorf("got\n%s", after)
	}
}

// TestEscaping has a cycle where one of the two functions is given the address of a
// local variable of the other: a guard there would make an allocation of each call.
func TestEscaping(t *testing.T) {
	after, _ := changed(t, `package in

type node struct{ kids []*node; v int }

func depth(n *node) int {
	d := 0
	each(n, &d)
	return d + 1
}

func each(n *node, d *int) {
	if n.v > 3 {
		println(n.v, n.v*2, len(n.kids))
	}
	for i, k := range n.kids {
		if i%2 == 0 && k.v > n.v {
			println(i, k.v+n.v)
		}
		*d = max(*d, depth(k))
	}
}
`, fix.Options{})
	if !strings.Contains(after, "return vstack.Grow(func() int { return depth(n) })") || strings.Count(after, "Low()") != 1 {
		t.Errorf("got\n%s", after)
	}
}

// TestCatch looks at the results that get a name, and at where the call goes.
func TestCatch(t *testing.T) {
	for _, test := range []struct{ fn, want string }{
		{"func Parse(s string) (int, error) {\n\treturn (&parser{text: s}).expr(), nil\n}\n",
			"func Parse(s string) (_ int, err error) {\n\tdefer vstack.Catch(&err)\n\treturn"},
		{"func Parse(s string) error {\n\t(&parser{text: s}).expr()\n\treturn nil\n}\n",
			"func Parse(s string) (err error) {\n\tdefer vstack.Catch(&err)\n\t("},
		{"func Parse(s string) (n int, e error) { return (&parser{text: s}).expr(), nil }\n",
			"func Parse(s string) (n int, e error) {\n\tdefer vstack.Catch(&e)\n\treturn"},
		{"func Parse(s string) (n int, _ error) { // a\n\t// b\n\treturn (&parser{text: s}).expr(), nil }\n",
			"func Parse(s string) (n int, err error) { // a\n\tdefer vstack.Catch(&err)\n\t// b\n\treturn"},
		{"func Parse(s string) (int, error) {\n\tvar err error\n\treturn (&parser{text: s}).expr(), err\n}\n",
			"func Parse(s string) (_ int, caught error) {\n\tdefer vstack.Catch(&caught)\n\tvar err error\n"},
		{"func Parse(s string, defer_ ...int) (int, error) {\n\tif s == \"\" {\n\t\treturn 0, nil\n\t}\n\treturn Parse(s[1:])\n}\n\nvar _ = (&parser{}).expr()\n",
			"func Parse(s string, defer_ ...int) (_ int, err error) {\n\tdefer vstack.Catch(&err)\n\tif s == \"\" {\n\t\treturn 0, nil\n\t}\n\tif vstack.Low() {\n\t\treturn vstack.Grow2(func() (int, error) { return Parse(s, defer_...) })\n\t}\n\treturn"},
		{"func Parse(s string, n int) (int, error) {\n\tn++\n\treturn Parse(s[1:], n)\n}\n\nvar _ = (&parser{}).expr()\n",
			"func Parse(s string, n int) (_ int, err error) {\n\tif vstack.Low() {\n\t\tn := n\n\t\treturn vstack.Grow2(func() (int, error) { return Parse(s, n) })\n\t}\n\tdefer vstack.Catch(&err)\n\tn++\n"},
	} {
		after, change := changed(t, "package in\n"+parser+"\n"+test.fn, fix.Options{Catch: []string{"Parse"}})
		if !strings.Contains(after, test.want) || len(change.Catches) != 1 || len(change.Refused) != 0 {
			t.Errorf("got\n%s, want\n%s", after, test.want)
		}
		// It is there now, behind the guard if there is one.
		again, change := changed(t, after, fix.Options{Catch: []string{"Parse"}})
		if again != after || len(change.Catches) != 0 {
			t.Errorf("a second run gives\n%s", again)
		}
	}
	// After a guard that was there before.
	fn := "func Parse(s string) (int, error) {\n\treturn (&parser{text: s}).expr(), nil\n}\n"
	first, change := changed(t, "package in\n"+parser+"\n"+fn, fix.Options{})
	if len(change.Entries) != 1 || change.Entries[0].Name() != "Parse" {
		t.Errorf("the entries are %v, want Parse", change.Entries)
	}
	if after, _ := changed(t, first, fix.Options{Catch: []string{"in.Parse"}}); !strings.Contains(after, "defer vstack.Catch(&err)") {
		t.Errorf("got\n%s", after)
	}
	for name, want := range map[string]string{"parser.expr": "it has no result of type error", "(*parser).expr": "it has no result of type error", "expr": "it has no result of type error"} {
		_, change := changed(t, first, fix.Options{Catch: []string{name}})
		if len(change.Refused) != 1 || change.Refused[0].Why != want {
			t.Errorf("-catch %s: got %v, want %s", name, change.Refused, want)
		}
	}
	file, _ := source(t, "in/in.go")
	p, err := program.Load(program.Config{Overlay: map[string][]byte{file: []byte(first)}}, "./testdata/in")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fix.Plan(p, recursion.Find(program.NewGraph(p)), fix.Options{Catch: []string{"Eval"}}); err == nil || !strings.Contains(err.Error(), "-catch Eval: there is no such function") {
		t.Errorf("got %v", err)
	}
}

// TestEntries looks at which functions are offered: all by which a caller comes in, of
// those on one way the innermost, and no parts.
func TestEntries(t *testing.T) {
	_, change := changed(t, "package in\n"+parser+`
func Parse(s string) (int, error) { return (&parser{text: s}).expr(), nil }

func Check(s string) error { return (&Machine{s: s}).Run() }

type Machine struct {
	s     string
	parts []part
}

func (m *Machine) Run() error {
	for _, p := range m.parts {
		if err := p.Do(); err != nil {
			return err
		}
	}
	return nil
}

func (m *Machine) Start() error {
	errs := make(chan error)
	go func() { errs <- m.Run() }()
	return <-errs
}

type part interface{ Do() error }

type Count struct{ s string }

func (c *Count) Do() error {
	(&parser{text: c.s}).expr()
	return nil
}

func New(s string) *Machine { return &Machine{parts: []part{&Count{s}}} }
`, fix.Options{})
	var got []string
	for _, fn := range change.Entries {
		got = append(got, fn.Name())
	}
	if want := []string{"Parse", "(*Machine).Run"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestSwallow looks for what recovers between an entry and a guard.
func TestSwallow(t *testing.T) {
	for fn, want := range map[string]bool{
		"func Parse(s string) (n int, err error) {\n\tdefer func() {\n\t\tif r := recover(); r != nil {\n\t\t\terr = nil\n\t\t}\n\t}()\n\treturn (&parser{text: s}).expr(), nil\n}\n":   true,
		"func Parse(s string) (n int, err error) {\n\tdefer func() {\n\t\tif r := recover(); r != nil {\n\t\t\tpanic(r)\n\t\t}\n\t}()\n\treturn (&parser{text: s}).expr(), nil\n}\n":    false,
		"func Parse(s string) (n int, err error) {\n\tdefer rescue(&err)\n\treturn (&parser{text: s}).expr(), nil\n}\n\nfunc rescue(err *error) { recover() }\n":                        true,
		"func Parse(s string) (n int, err error) {\n\tn = (&parser{text: s}).expr()\n\tother()\n\treturn n, nil\n}\n\nfunc other() { defer rescue() }\n\nfunc rescue() { recover() }\n": false,
		"func Parse(s string) (n int, err error) {\n\tdefer func() { (&parser{text: s}).expr() }()\n\treturn 0, nil\n}\n":                                                               false,
	} {
		_, change := changed(t, "package in\n"+parser+"\n"+fn, fix.Options{})
		if got := len(change.Swallows) == 1 && change.Swallows[0].Func.Name() == "Parse"; got != want || len(change.Swallows) > 1 {
			t.Errorf("got %v, want %t, for\n%s", change.Swallows, want, fn)
		}
	}
}
