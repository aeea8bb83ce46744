package command_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
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
	if got := command.Main(args, reference(t), &out, &errs); got != code {
		t.Errorf("vstack %s: exit code %d, want %d\n%s%s", strings.Join(args, " "), got, code, out.String(), errs.String())
	}
	// On a busy machine a run takes long enough to say what it does.
	return out.String(), progressLine.ReplaceAllString(errs.String(), "")
}

// reference is the file with the package comment of the command.
func reference(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../doc.go")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

var progressLine = regexp.MustCompile(`(?m)^vstack: .* \(\d+s\)\n`)

func TestCheck(t *testing.T) {
	out, errs := vstack(t, 1, "check", "./testdata/found")
	const want = `testdata/found/found.go:6:6: unguarded recursion: Walk → Walk
	depth depends on data: n *found.node of Walk walks a structure
	reached from exported function Walk
	testdata/found/found.go:8:7: Walk calls Walk
vstack: 1 finding: 1 from other exported functions
`
	if out != want || errs != "" {
		t.Errorf("got\n%s%s\nwant\n%s", out, errs, want)
	}
	if out, _ := vstack(t, 0, "check", "./testdata/none"); out != "vstack: 0 findings\n" {
		t.Errorf("got %s", out)
	}
	out, _ = vstack(t, 0, "check", "-all", "./testdata/none")
	if !strings.Contains(out, "bounded recursion: Half → Half\n\tbounded: n halves") {
		t.Errorf("got %s", out)
	}
}

func TestJSON(t *testing.T) {
	out, _ := vstack(t, 1, "check", "-json", "./testdata/found")
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
	out, _ := vstack(t, 1, "check", "-sarif", "./testdata/found")
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

// sarifNeeds is what the schema of SARIF 2.1.0 requires of the objects that are used here,
// by the name of the property that an object is in.
var sarifNeeds = map[string][]string{
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

func TestSARIFIsValid(t *testing.T) {
	for name, code := range map[string]int{"found": 1, "none": 0, "chains": 1} {
		t.Run(name, func(t *testing.T) {
			out, _ := vstack(t, code, "check", "-sarif", "./testdata/"+name)
			var log map[string]any
			if err := json.Unmarshal([]byte(out), &log); err != nil {
				t.Fatal(err)
			}
			validSARIF(t, "", log)
		})
	}
}

// validSARIF looks at the value of the property in, and at what is in it.
func validSARIF(t *testing.T, in string, v any) {
	switch v := v.(type) {
	case map[string]any:
		for _, name := range sarifNeeds[in] {
			if v[name] == nil {
				t.Errorf("%s has no %s: %v", in, name, v)
			}
		}
		for name, v := range v {
			validSARIF(t, name, v)
		}
	case []any:
		if len(v) == 0 && in != "results" {
			t.Errorf("%s is empty", in)
		}
		for _, v := range v {
			validSARIF(t, in, v)
		}
	case nil:
		t.Errorf("%s is null", in)
	case float64:
		if v < 1 {
			t.Errorf("%s is %v", in, v)
		}
	case string:
		if u, err := url.Parse(v); strings.HasSuffix(in, "ri") && (v == "" || err != nil || u.String() != v) {
			t.Errorf("%q is no URI", v)
		}
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
	if _, errs := vstack(t, 3, "check", "-C", dir); strings.Count(errs, "cannot use") != 1 || !strings.Contains(errs, "bad.go:3:15") {
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
	diff, _ := vstack(t, 0, "fix", "-C", dir, "-diff")
	if !strings.Contains(diff, "+++ b/found.go\n") || !strings.Contains(diff, "+\tif vstack.Low() {\n") {
		t.Errorf("got %s", diff)
	}
	vstack(t, 1, "check", "-C", dir) // -diff has written nothing
	if _, errs := vstack(t, 0, "fix", "-C", dir); !strings.Contains(errs, "found.go:6:6: guard in Walk\n") {
		t.Errorf("got %s", errs)
	}
	vstack(t, 0, "check", "-C", dir)
	if diff, _ := vstack(t, 0, "fix", "-C", dir, "-diff"); diff != "" {
		t.Errorf("a second run changes\n%s", diff)
	}
	cmd := exec.Command("go", "build", ".")
	cmd.Dir = dir
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("go build: %v\n%s", err, text)
	}
}

// TestFixWithoutTheLibrary makes sure that what is missing is said before the work:
// the package that does not compile is not looked at.
func TestFixWithoutTheLibrary(t *testing.T) {
	dir := module(t, false)
	says := func(want string) {
		t.Helper()
		write(t, filepath.Join(dir, "bad.go"), "package found\n\nvar bad int = \"\"\n")
		if _, errs := vstack(t, 1, "fix", "-C", dir); !strings.HasSuffix(errs, want) {
			t.Errorf("got %s, want %s", errs, want)
		}
		// The diff is shown all the same.
		if err := os.Remove(filepath.Join(dir, "bad.go")); err != nil {
			t.Fatal(err)
		}
		if diff, errs := vstack(t, 1, "fix", "-C", dir, "-diff"); !strings.HasSuffix(errs, want) || !strings.Contains(diff, "vstack.Low()") {
			t.Errorf("got %s%s, want %s", diff, errs, want)
		}
	}
	says("vstack: go.mod replaces vstack but does not require it; write import _ \"" + guard.Path + "\" into a file, then run\n\tgo mod tidy\n")
	write(t, filepath.Join(dir, "go.mod"), "module example.com/found\n\ngo 1.25\n")
	says("vstack: " + guard.Path + " cannot be imported here (no required module provides package " + guard.Path + "); run this first:\n\tgo get " + guard.Path + "@latest\n")
	if err := os.Mkdir(filepath.Join(dir, "vendor"), 0o755); err != nil {
		t.Fatal(err)
	}
	says("into a file, then run\n\tgo get " + guard.Path + "@latest\n\tgo mod vendor\n")
	text, err := os.ReadFile(filepath.Join(dir, "found.go"))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), "Low") {
		t.Error("it wrote all the same")
	}
}

// TestFixSays looks at what is said of guards that are more than one statement, and
// of cycles without one.
func TestFixSays(t *testing.T) {
	const node = "type node struct{ kids []*node }\n\n"
	for _, test := range []struct {
		text, flags string
		code        int
		want        string
	}{
		{"// Code generated by stringer. DO NOT EDIT.\n\npackage found\n\n" + node + "func (n *node) walk() {\n\tfor _, k := range n.kids {\n\t\tk.walk()\n\t}\n}\n", "", 1,
			"(*node).walk: the file is generated by stringer, from a template of it or from a file beside it; put the guard there, or run with -generated\n"},
		{"// Code generated by stringer. DO NOT EDIT.\n\npackage found\n\n" + node + "func (n *node) walk() {\n\tfor _, k := range n.kids {\n\t\tk.walk()\n\t}\n}\n", "-generated", 0,
			"guard in (*node).walk\n\tthe file is generated: put the guard into what it is generated from too\n"},
		{"package found\n\n" + node + "var walk []func(*node)\n\nfunc add() {\n\twalk = append(walk, func(n *node) {\n\t\tfor _, k := range n.kids {\n\t\t\twalk[0](k)\n\t\t}\n\t})\n}\n", "", 0,
			"guard in add.func1, which is called self now\n"},
		{"package found\n\nimport \"" + guard.Path + "\"\n\n" + node + "func (n *node) walk(s *vstack.Stack) {\n\tfor _, k := range n.kids {\n\t\tk.walk(s)\n\t}\n}\n", "-handle", 0,
			"guard in (*node).walk, with s\n"},
		{"package found\n\n" + node + "func Walk(n *node) (err error) {\n\tdefer func() { recover() }()\n\treturn n.walk()\n}\n\nfunc (n *node) walk() error {\n\tfor _, k := range n.kids {\n\t\tk.walk()\n\t}\n\treturn nil\n}\n", "", 0,
			"walk.go:6:2: Walk recovers from every panic on the way to the guard in (*node).walk, so from a stack overflow too"},
		{"package found\n\n" + node + "func Walk(n *node) error { return n.walk() }\n\nfunc (n *node) walk() error {\n\tfor _, k := range n.kids {\n\t\tk.walk()\n\t}\n\treturn nil\n}\n", "", 0,
			"an overflow is a panic with a *vstack.OverflowError; to have it returned as an error: vstack fix -catch Walk -C "},
		{"package found\n\n" + node + "func Walk(n *node) error { return n.walk() }\n\nfunc (n *node) walk() error {\n\tfor _, k := range n.kids {\n\t\tk.walk()\n\t}\n\treturn nil\n}\n", "-catch Walk", 0,
			"walk.go:5:6: Walk returns an overflow as its error\n"},
		{"package found\n\n" + node + "func (n *node) Walk() error {\n\tfor _, k := range n.kids {\n\t\tk.Walk()\n\t}\n\treturn nil\n}\n", "-catch node.Walk", 0,
			"\tit calls itself, so each level has the deferred call"},
		{"package found\n\n" + node + "func (n *node) walk() {\n\tfor _, k := range n.kids {\n\t\tk.walk()\n\t}\n}\n", "-catch walk", 1,
			"no defer vstack.Catch in (*node).walk: it has no result of type error\n"},
	} {
		dir := module(t, true)
		if err := os.Remove(filepath.Join(dir, "found.go")); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, "walk.go"), test.text)
		if _, errs := vstack(t, test.code, append([]string{"fix", "-C", dir}, strings.Fields(test.flags)...)...); !strings.Contains(errs, test.want) {
			t.Errorf("got %s, want %s", errs, test.want)
		}
		cmd := exec.Command("go", "vet", ".")
		cmd.Dir = dir
		if text, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("go vet: %v\n%s", err, text)
		}
	}
}

// TestMisuse makes sure that what is wrong is said in a line of its own.
func TestMisuse(t *testing.T) {
	empty := t.TempDir()
	dir := module(t, true)
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
		{"fix -C " + dir + " -catch Eval", 1, "vstack: -catch Eval: there is no such function in the packages named on the command line\n"},
		{"check ./testdata/missing", 2, "vstack: stat "},
		{"check -C " + dir + " ./none/...", 2, "vstack: no packages match ./none/...\n"},
		{"check ./testdata", 2, "vstack: no Go files in "},
		{"check -C " + empty, 2, "vstack: pattern ./...: directory prefix . does not contain main module"},
		{"check -rank worst", 2, "vstack: -rank worst: want one of handler, network, decoder"},
		{"explain", 2, "vstack: explain needs a file"},
		{"explain ./testdata/found/found.go", 2, "vstack: ./testdata/found/found.go: no stack overflow in it"},
	} {
		if out, errs := vstack(t, test.code, strings.Fields(test.args)...); !strings.HasPrefix(errs, test.want) || out != "" {
			t.Errorf("vstack %s: got %s%s, want %s", test.args, out, errs, test.want)
		}
	}
}

// TestNothingChecked makes sure that what was not looked at does not pass for clean.
func TestNothingChecked(t *testing.T) {
	stale := t.TempDir() // go.sum lacks what the library requires
	write(t, filepath.Join(stale, "go.mod"), "module example.com/stale\n\ngo 1.25.0\n\nrequire github.com/vstack-go/vstack v0.0.0\n\nreplace github.com/vstack-go/vstack => "+root(t)+"\n")
	write(t, filepath.Join(stale, "stale.go"), "package stale\n\nimport _ \"github.com/vstack-go/vstack/vstack\"\n")
	out, errs := vstack(t, 3, "check", "-C", stale)
	if !strings.HasPrefix(errs, "vstack: example.com/stale was not checked: it imports a package that does not compile:\n") ||
		out != "vstack: 0 findings; 1 package not checked\n" {
		t.Errorf("got %s%s", out, errs)
	}
}

func TestFixReadOnly(t *testing.T) {
	dir := module(t, true)
	write(t, filepath.Join(dir, "first.go"), "package found\n\nfunc (n *node) again() {\n\tif n != nil {\n\t\tn.left.again()\n\t\tn.right.again()\n\t}\n}\n")
	file := filepath.Join(dir, "found.go")
	if err := os.Chmod(file, 0o444); err != nil {
		t.Fatal(err)
	}
	if _, errs := vstack(t, 1, "fix", "-C", dir); !strings.HasPrefix(errs, "vstack: "+file+" is read-only, so nothing was written\n") {
		t.Errorf("got %s", errs)
	}
	if text, err := os.ReadFile(filepath.Join(dir, "first.go")); err != nil || strings.Contains(string(text), "Low") {
		t.Errorf("it wrote the other file: %v\n%s", err, text)
	}
}

// TestFixAvoidsNames makes sure that the import has no name that a test, or a file
// for another system, declares.
func TestFixAvoidsNames(t *testing.T) {
	for _, name := range []string{"found_test.go", "found_plan9.go"} {
		dir := module(t, true)
		write(t, filepath.Join(dir, name), "package found\n\nvar vstack = 1\n")
		vstack(t, 0, "fix", "-C", dir)
		for _, goos := range []string{"linux", "plan9"} {
			cmd := exec.Command("go", "vet", ".")
			cmd.Dir = dir
			cmd.Env = append(os.Environ(), "GOOS="+goos)
			if text, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("go vet for %s: %v\n%s", goos, err, text)
			}
		}
	}
}

func TestFixAll(t *testing.T) {
	dir := module(t, true)
	write(t, filepath.Join(dir, "limited.go"), "package found\n\nfunc Limited(n *node, depth int) {\n\tif depth > 100 {\n\t\treturn\n\t}\n\tif n != nil {\n\t\tLimited(n.left, depth+1)\n\t\tLimited(n.right, depth+1)\n\t}\n}\n")
	const want = "limited.go:3:6: left alone: Limited → Limited\n\tlimited: the limit depth > 100 (limited.go:4)\n"
	if _, errs := vstack(t, 0, "fix", "-C", dir, "-all", "-diff"); !strings.Contains(errs, want) {
		t.Errorf("got %s", errs)
	}
	if _, errs := vstack(t, 0, "fix", "-C", dir, "-diff"); strings.Contains(errs, "left alone") {
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

// TestFixOldGo makes sure that a go line that is too old for the library is named as what
// is to be changed, before the work and beside a diff.
func TestFixOldGo(t *testing.T) {
	for _, line := range []string{"1.13", "1.17", "1.21.3", ""} {
		dir := module(t, false)
		mod := "module example.com/found\n\nreplace github.com/vstack-go/vstack => " + root(t) + "\n"
		if line != "" {
			mod += "\ngo " + line + "\n"
		}
		write(t, filepath.Join(dir, "go.mod"), mod)
		want := "\tgo mod tidy\nvstack: that raises the go line of example.com/found from " + cmp.Or(line, "1.16") + " to 1.25, which the library needs, and with it the defaults of GODEBUG\n"
		if _, errs := vstack(t, 1, "fix", "-C", dir); !strings.HasSuffix(errs, want) {
			t.Errorf("got %s, want %s", errs, want)
		}
		if diff, errs := vstack(t, 1, "fix", "-C", dir, "-diff"); !strings.HasSuffix(errs, want) || !strings.Contains(diff, "vstack.Low()") {
			t.Errorf("got %s%s, want %s", diff, errs, want)
		}
	}
	// In a workspace the library may be there all the same.
	work := t.TempDir()
	write(t, filepath.Join(work, "go.work"), "go 1.25.0\n\nuse (\n\t./old\n\t"+module(t, true)+"\n)\n")
	write(t, filepath.Join(work, "old/go.mod"), "module example.com/old\n\ngo 1.17\n")
	write(t, filepath.Join(work, "old/old.go"), "package old\n\ntype node struct{ next *node }\n\nfunc Length(n *node) int {\n\tif n == nil {\n\t\treturn 0\n\t}\n\treturn 1 + Length(n.next)\n}\n")
	dir := filepath.Join(work, "old")
	const want = "vstack: the go line of example.com/old says 1.17, and the library needs 1.25; run this in its directory first, which also raises the defaults of GODEBUG:\n\tgo get go@1.25\n"
	if _, errs := vstack(t, 1, "fix", "-C", dir); errs != want {
		t.Errorf("got %s, want %s", errs, want)
	}
	if diff, errs := vstack(t, 1, "fix", "-C", dir, "-diff"); !strings.HasSuffix(errs, want) || !strings.Contains(diff, "vstack.Low()") {
		t.Errorf("got %s%s, want %s", diff, errs, want)
	}
}

// TestGoLine compares what fix takes the library to need with what its go.mod says.
func TestGoLine(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root(t), "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), "\ngo "+guard.Go+".0\n") {
		t.Errorf("guard.Go is %s, and go.mod says\n%s", guard.Go, text)
	}
}
