package command_test

import (
	"bytes"
	"encoding/json"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/command"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/guard"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/report"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func vstack(t *testing.T, code int, args ...string) (stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	if got := command.Main(args, &out, &errs); got != code {
		t.Errorf("vstack %s: exit code %d, want %d\n%s%s", strings.Join(args, " "), got, code, out.String(), errs.String())
	}
	return out.String(), errs.String()
}

func TestCheck(t *testing.T) {
	out, errs := vstack(t, 1, "check", "./testdata/found")
	const want = `testdata/found/found.go:6:6: unguarded recursion: Walk → Walk
	depth depends on data: n *found.node of Walk walks a structure
	reached from exported function Walk
	testdata/found/found.go:8:7: Walk calls Walk
`
	if out != want || errs != "" {
		t.Errorf("got\n%s%s\nwant\n%s", out, errs, want)
	}
	if out, _ := vstack(t, 0, "check", "./testdata/none"); out != "" {
		t.Errorf("got %s", out)
	}
	out, _ = vstack(t, 0, "check", "-all", "./testdata/none")
	if !strings.Contains(out, "bounded recursion: Half → Half\n\tbounded: n halves") {
		t.Errorf("got %s", out)
	}
}

func TestJSON(t *testing.T) {
	out, _ := vstack(t, 0, "check", "-json", "./testdata/found")
	var doc report.Document
	if err := json.Unmarshal([]byte(out), &doc); err != nil {
		t.Fatal(err)
	}
	if len(doc.Cycles) != 1 {
		t.Fatalf("got %d cycles", len(doc.Cycles))
	}
	c := doc.Cycles[0]
	if c.Status != "unguarded" || c.Rank != "exported" || len(c.Chain) != 1 || c.Chain[0].From != "Walk" || c.Position.Line != 6 {
		t.Errorf("got %+v", c)
	}
}

func TestSARIF(t *testing.T) {
	out, _ := vstack(t, 0, "check", "-sarif", "./testdata/found")
	var doc struct {
		Version string
		Runs    []struct {
			Results []struct {
				RuleID    string
				Level     string
				Locations []struct {
					PhysicalLocation struct {
						ArtifactLocation struct{ URI string }
						Region           struct{ StartLine int }
					}
				}
			}
		}
	}
	if err := json.Unmarshal([]byte(out), &doc); err != nil {
		t.Fatal(err)
	}
	if doc.Version != "2.1.0" || len(doc.Runs) != 1 || len(doc.Runs[0].Results) != 1 {
		t.Fatalf("got %s", out)
	}
	r := doc.Runs[0].Results[0]
	at := r.Locations[0].PhysicalLocation
	if r.RuleID != "unguarded-recursion" || r.Level != "warning" || at.ArtifactLocation.URI != "testdata/found/found.go" || at.Region.StartLine != 6 {
		t.Errorf("got %+v", r)
	}
}

// TestSARIFIsValid looks for what the schema of SARIF 2.1.0 requires of the
// objects that are used here.
func TestSARIFIsValid(t *testing.T) {
	for _, name := range []string{"found", "none", "chains"} {
		out, _ := vstack(t, 0, "check", "-sarif", "./testdata/"+name)
		var log map[string]any
		if err := json.Unmarshal([]byte(out), &log); err != nil {
			t.Fatal(err)
		}
		required := map[string][]string{ // by the name of the property that an object is in
			"":                 {"version", "runs"},
			"runs":             {"tool", "results"},
			"tool":             {"driver"},
			"driver":           {"name"},
			"rules":            {"id"},
			"results":          {"message", "ruleId"},
			"codeFlows":        {"threadFlows"},
			"threadFlows":      {"locations"},
			"location":         {"physicalLocation"},
			"physicalLocation": {"artifactLocation"},
			"artifactLocation": {"uri"},
			"region":           {"startLine"},
			"message":          {"text"},
			"shortDescription": {"text"},
			"help":             {"text"},
		}
		var walk func(in string, v any)
		walk = func(in string, v any) {
			switch v := v.(type) {
			case map[string]any:
				for _, name := range required[in] {
					if v[name] == nil {
						t.Errorf("%s: %s has no %s: %v", name, in, name, v)
					}
				}
				for name, v := range v {
					walk(name, v)
				}
			case []any:
				if len(v) == 0 && in != "results" {
					t.Errorf("%s: %s is empty", name, in)
				}
				for _, v := range v {
					walk(in, v)
				}
			case nil:
				t.Errorf("%s: %s is null", name, in)
			case float64:
				if v < 1 {
					t.Errorf("%s: %s is %v", name, in, v)
				}
			case string:
				if u, err := url.Parse(v); strings.HasSuffix(in, "ri") && (v == "" || err != nil || u.String() != v) {
					t.Errorf("%s: %q is no URI", name, v)
				}
			}
		}
		walk("", log)
	}
}

// TestChain makes sure that calls of wrappers, and those without a position, are
// shown as calls in the source.
func TestChain(t *testing.T) {
	out, _ := vstack(t, 1, "check", "./testdata/chains")
	for _, want := range []string{
		"chains.go:16:15: (*embedded).visit calls (*embedded).visit through visitor.visit\n",
		"chains.go:30:9: (*Node).All.func1 calls (*Node).All.func1 through a function value\n",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	if strings.Contains(out, "\t-:") || strings.Contains(out, "$") {
		t.Errorf("a call has no position, or a name that is not in the source:\n%s", out)
	}
}

func TestUsage(t *testing.T) {
	vstack(t, 2)
	vstack(t, 0, "help")
	if _, errs := vstack(t, 0, "check", "-h"); !strings.HasPrefix(errs, "Usage: vstack check [flags] [packages]\n") || !strings.Contains(errs, "-sarif") {
		t.Errorf("got %s", errs)
	}
	// What does not compile is said once.
	dir := module(t, false)
	write(t, filepath.Join(dir, "bad.go"), "package found\n\nvar bad int = \"\"\n")
	if _, errs := vstack(t, 1, "check", "-C", dir); strings.Count(errs, "cannot use") != 1 || !strings.Contains(errs, "bad.go:3:15") {
		t.Errorf("got %s", errs)
	}
}

// module makes a module with the package found.
func module(t *testing.T, require bool) string {
	t.Helper()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "go.mod"), "module example.com/found\n\ngo 1.25\n\nreplace github.com/vstack-go/vstack => "+root(t)+"\n")
	if require {
		// What go get does once there is a published version.
		write(t, filepath.Join(dir, "use.go"), "package found\n\nimport _ \"github.com/vstack-go/vstack/vstack\"\n")
		cmd := exec.Command("go", "mod", "tidy")
		cmd.Dir = dir
		if text, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("go mod tidy: %v\n%s", err, text)
		}
	}
	text, err := os.ReadFile("testdata/found/found.go")
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "found.go"), string(text))
	return dir
}

// root returns the directory of the library's module.
func root(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("../../../../..")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestFix(t *testing.T) {
	dir := module(t, true)
	if _, errs := vstack(t, 1, "fix", "-C", dir); !strings.Contains(errs, "no *vstack.Stack is in reach") || !strings.Contains(errs, "vstack fix -plumb node.stack") {
		t.Errorf("got %s", errs)
	}
	diff, _ := vstack(t, 0, "fix", "-C", dir, "-diff", "-plumb", "node.stack")
	if !strings.Contains(diff, "+++ b/found.go\n") || !strings.Contains(diff, "+\tif n != nil && n.stack.Low() {\n") {
		t.Errorf("got %s", diff)
	}
	vstack(t, 1, "check", "-C", dir) // -diff has written nothing
	vstack(t, 0, "fix", "-C", dir, "-plumb", "node.stack")
	vstack(t, 0, "check", "-C", dir)
	if diff, _ := vstack(t, 0, "fix", "-C", dir, "-diff", "-plumb", "node.stack"); diff != "" {
		t.Errorf("a second run changes\n%s", diff)
	}
}

func TestFixWithoutTheLibrary(t *testing.T) {
	dir := module(t, false)
	says := func(want string, args ...string) {
		t.Helper()
		if _, errs := vstack(t, 1, append([]string{"fix", "-C", dir}, args...)...); !strings.HasSuffix(errs, want) {
			t.Errorf("got %s, want %s", errs, want)
		}
	}
	says("vstack: go.mod replaces vstack but does not require it; write import _ \""+guard.Path+"\" into a file, then run\n\tgo mod tidy\n", "-plumb", "node.stack")
	write(t, filepath.Join(dir, "go.mod"), "module example.com/found\n\ngo 1.25\n")
	const get = "vstack: " + guard.Path + " cannot be imported here (no required module provides package " + guard.Path + "); run this first:\n\tgo get " + guard.Path + "@latest\n"
	says(get, "-plumb", "node.stack")
	// Also where there is nothing to write yet.
	says("add a field: vstack fix -plumb node.stack -C " + dir + " ./...\n" + get)
	if err := os.Mkdir(filepath.Join(dir, "vendor"), 0o755); err != nil {
		t.Fatal(err)
	}
	says("into a file, then run\n\tgo get "+guard.Path+"@latest\n\tgo mod vendor\n", "-plumb", "node.stack")
	text, err := os.ReadFile(filepath.Join(dir, "found.go"))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), "Low") {
		t.Error("it wrote all the same")
	}
}

// TestFixSaysWhatToDo looks at the advice for cycles without a guard.
func TestFixSaysWhatToDo(t *testing.T) {
	for text, want := range map[string]string{
		"func walk(kids [][]any) {\n\tvar rec func(kids [][]any)\n\trec = func(kids [][]any) {\n\t\tfor _, k := range kids {\n\t\t\trec(k[0].([][]any))\n\t\t}\n\t}\n\trec(kids)\n}\n":  "add a parameter stack *vstack.Stack to walk, pass",
		"var walk func(kids [][]any)\n\nfunc init() {\n\twalk = func(kids [][]any) {\n\t\tfor _, k := range kids {\n\t\t\twalk(k[0].([][]any))\n\t\t}\n\t}\n}\n":                        "add a parameter stack *vstack.Stack to init#1.func1, pass",
		"type node struct {\n\tup   *set\n\tkids []*node\n}\n\ntype set struct{ stack *vstack.Stack }\n\nfunc (n *node) walk() {\n\tfor _, k := range n.kids {\n\t\tk.walk()\n\t}\n}\n": "(*node).walk: no *vstack.Stack is in reach: n.up.stack is behind a pointer that may be nil",
		"type node struct{ kids []*node }\n\nfunc (n *node) walk(_ *vstack.Stack) {\n\tfor _, k := range n.kids {\n\t\tk.walk(nil)\n\t}\n}\n":                                           "the parameter of type *" + guard.Path + ".Stack has no name",
		"type set struct{ kids []*set }\n\nfunc (s *set) walk() {\n\tfor _, k := range s.kids {\n\t\tk.walk()\n\t}\n}\n\nvar all = set{nil}\nvar some = &set{[]*set{&all}}\n":           "makes a struct without the names of its fields",
		"func walk(kids [][]any) {\n\tfor _, k := range kids {\n\t\twalk(k[0].([][]any))\n\t}\n}\n":                                                                                     "add a parameter stack *vstack.Stack to walk, pass it on in the calls, and run vstack fix -C",
		"func walk(s *vstack.Stack, walk []any) { again(s, walk) }\n\nfunc again(s *vstack.Stack, again []any) {\n\tfor _, k := range again {\n\t\twalk(s, k.([]any))\n\t}\n}\n":        "a parameter or result has its name, so it cannot call itself: rename it\n",
	} {
		dir := module(t, true)
		if err := os.Remove(filepath.Join(dir, "found.go")); err != nil {
			t.Fatal(err)
		}
		head := "package found\n\n"
		if strings.Contains(text, "vstack.") {
			head += "import \"github.com/vstack-go/vstack/vstack\"\n\n"
		}
		write(t, filepath.Join(dir, "walk.go"), head+text)
		_, errs := vstack(t, 1, "fix", "-C", dir)
		if !strings.Contains(errs, want) || strings.Contains(errs, "rename") && strings.Contains(errs, "add a") {
			t.Errorf("got %s", errs)
		}
	}
}

// TestMisuse makes sure that what is wrong is said in a line of its own.
func TestMisuse(t *testing.T) {
	empty := t.TempDir()
	stale := t.TempDir() // go.mod must be written again first
	write(t, filepath.Join(stale, "go.mod"), "module example.com/stale\n\ngo 1.25\n\nrequire github.com/vstack-go/vstack v0.0.0\n\nreplace github.com/vstack-go/vstack => "+root(t)+"\n")
	write(t, filepath.Join(stale, "stale.go"), "package stale\n\nimport _ \"github.com/vstack-go/vstack/vstack\"\n")
	dir := module(t, true)
	write(t, filepath.Join(dir, "more.go"), "package found\n\ntype kids []node\n\ntype other = node\n")
	if err := os.Mkdir(filepath.Join(dir, "none"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		args string
		code int
		want string
	}{
		{"chekc", 2, "vstack: unknown command chekc\n"},
		{"check -no", 2, "vstack: flag provided but not defined: -no\nRun \"vstack check -h\" for the flags.\n"},
		{"check -json -sarif", 2, "vstack: -json and -sarif exclude each other\n"},
		{"check -C nowhere", 2, "vstack: -C nowhere: there is no such directory\n"},
		{"fix ./testdata/found -diff", 2, "vstack: -diff comes after a package: write flags first\n"},
		{"fix -plumb parser", 2, "vstack: invalid value \"parser\" for flag -plumb: want TYPE.FIELD, such as"},
		{"check ./testdata/missing", 1, "vstack: stat "},
		{"check -C " + dir + " ./none/...", 1, "vstack: no packages match ./none/...\n"},
		{"check ./testdata", 1, "vstack: no Go files in "},
		{"check -C " + empty, 1, "vstack: pattern ./...: directory prefix . does not contain main module"},
		{"check -C " + stale, 1, "vstack: no packages match ./...: go: updates to go.mod needed"},
		{"fix -C " + dir + " -plumb lexer.stack", 1, "vstack: -plumb lexer.stack: no struct type lexer in the packages named on the command line\n"},
		{"fix -C " + dir + " -plumb kids.stack", 1, "vstack: -plumb kids.stack: no struct type kids in the packages named on the command line: kids is []node\n"},
		{"fix -C " + dir + " -plumb other.stack", 1, "vstack: -plumb other.stack: no struct type other in the packages named on the command line: other is an alias of node\n"},
		{"fix -C " + dir + " -plumb node.left", 1, "vstack: -plumb node.left: the type has left *"},
	} {
		if out, errs := vstack(t, test.code, strings.Fields(test.args)...); !strings.HasPrefix(errs, test.want) || out != "" {
			t.Errorf("vstack %s: got %s%s, want %s", test.args, out, errs, test.want)
		}
	}
}

func TestFixReadOnly(t *testing.T) {
	dir := module(t, true)
	write(t, filepath.Join(dir, "first.go"), "package found\n\nfunc (n *node) again() {\n\tif n != nil {\n\t\tn.left.again()\n\t\tn.right.again()\n\t}\n}\n")
	file := filepath.Join(dir, "found.go")
	if err := os.Chmod(file, 0o444); err != nil {
		t.Fatal(err)
	}
	if _, errs := vstack(t, 1, "fix", "-C", dir, "-plumb", "node.stack"); !strings.HasPrefix(errs, "vstack: "+file+" is read-only, so nothing was written\n") {
		t.Errorf("got %s", errs)
	}
	if text, err := os.ReadFile(filepath.Join(dir, "first.go")); err != nil || strings.Contains(string(text), "Low") {
		t.Errorf("it wrote the other file: %v\n%s", err, text)
	}
}

// TestFixKeepsTheRestCompiling makes sure that a new field is not written if the
// package's tests, or packages that were not named, would not compile with it.
func TestFixKeepsTheRestCompiling(t *testing.T) {
	for name, text := range map[string]string{
		"found_test.go": "package found\n\nvar some = node{nil, nil}\n",
		"use/use.go":    "package use\n\nimport \"example.com/found\"\n\nvar some = struct{ Public []int }(found.Pair{})\n",
	} {
		dir := module(t, true)
		write(t, filepath.Join(dir, "pair.go"), "package found\n\ntype Pair struct{ Public []int }\n\nfunc (p *Pair) walk(n *node) {\n\tif n != nil {\n\t\tp.walk(n.left)\n\t\tp.walk(n.right)\n\t}\n}\n")
		vstack(t, 0, "fix", "-C", dir, "-diff", "-plumb", "node.stack,Pair.stack", ".")
		write(t, filepath.Join(dir, name), text)
		if _, errs := vstack(t, 1, "fix", "-C", dir, "-plumb", "node.stack,Pair.stack", "."); !strings.HasPrefix(errs, "vstack: the result would not compile, so nothing was written:\n") || !strings.Contains(errs, filepath.Base(name)) {
			t.Errorf("got %s", errs)
		}
		// What did not compile before is nothing that fix did.
		write(t, filepath.Join(dir, name), strings.Split(text, "\n")[0]+"\n\nvar some int = \"\"\n")
		vstack(t, 0, "fix", "-C", dir, "-plumb", "node.stack,Pair.stack", ".")
	}
}

func TestFixAll(t *testing.T) {
	dir := module(t, true)
	write(t, filepath.Join(dir, "limited.go"), "package found\n\nfunc Limited(n *node, depth int) {\n\tif depth > 100 {\n\t\treturn\n\t}\n\tif n != nil {\n\t\tLimited(n.left, depth+1)\n\t\tLimited(n.right, depth+1)\n\t}\n}\n")
	const want = "limited.go:3:6: left alone: Limited → Limited\n\tlimited: the limit depth > 100 (limited.go:4)\n"
	if _, errs := vstack(t, 0, "fix", "-C", dir, "-all", "-diff", "-plumb", "node.stack"); !strings.Contains(errs, want) {
		t.Errorf("got %s", errs)
	}
	if _, errs := vstack(t, 0, "fix", "-C", dir, "-diff", "-plumb", "node.stack"); strings.Contains(errs, "left alone") {
		t.Errorf("got %s", errs)
	}
}

func TestVetTool(t *testing.T) {
	tool := filepath.Join(t.TempDir(), "vstack")
	if text, err := exec.Command("go", "build", "-o", tool, "../..").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	text, err := exec.Command("go", "vet", "-vettool="+tool, "./testdata/found").CombinedOutput()
	if err == nil || !strings.Contains(string(text), "unguarded recursion: Walk → Walk") {
		t.Errorf("got %v\n%s", err, text)
	}
	// The exit codes are go vet's.
	if text, err := exec.Command("go", "vet", "-vettool="+tool, "./testdata/none").CombinedOutput(); err != nil {
		t.Errorf("got %v\n%s", err, text)
	}
}
