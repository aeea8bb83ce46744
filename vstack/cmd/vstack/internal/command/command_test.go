package command_test

import (
	"bytes"
	"encoding/json"
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
