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
	vstack(t, 2, "chekc")
	vstack(t, 2, "check", "-no")
	vstack(t, 2, "check", "-json", "-sarif")
	vstack(t, 2, "fix", "-plumb", "parser")
	vstack(t, 0, "help")
	vstack(t, 0, "check", "-h")
	if _, errs := vstack(t, 1, "check", "./testdata/missing"); !strings.Contains(errs, "vstack check: ") {
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
	root, err := filepath.Abs("../../../../..")
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "go.mod"), "module example.com/found\n\ngo 1.25\n\nreplace github.com/vstack-go/vstack => "+root+"\n")
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

func write(t *testing.T, file, text string) {
	t.Helper()
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
	_, errs := vstack(t, 1, "fix", "-C", dir, "-plumb", "node.stack")
	if !strings.Contains(errs, "go get github.com/vstack-go/vstack") {
		t.Errorf("got %s", errs)
	}
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
		"type set struct{ kids []*set }\n\nfunc (s *set) walk() {\n\tfor _, k := range s.kids {\n\t\tk.walk()\n\t}\n}\n\nvar all = set{nil}\nvar some = &set{[]*set{&all}}\n":    "makes a struct without the names of its fields",
		"func walk(kids [][]any) {\n\tfor _, k := range kids {\n\t\twalk(k[0].([][]any))\n\t}\n}\n":                                                                              "add a parameter stack *vstack.Stack",
		"func walk(s *vstack.Stack, walk []any) { again(s, walk) }\n\nfunc again(s *vstack.Stack, again []any) {\n\tfor _, k := range again {\n\t\twalk(s, k.([]any))\n\t}\n}\n": "a parameter or result has its name, so it cannot call itself: rename it\n",
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
