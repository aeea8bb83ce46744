package fix_test

import (
	"flag"
	"os"
	"os/exec"
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

// TestLiterals has function literals without a name to call themselves by.
func TestLiterals(t *testing.T) { golden(t, "literals", "literals", fix.Options{}) }
