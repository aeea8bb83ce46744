package docs

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A goMod is what go mod edit -json prints.
type goMod struct {
	Module  struct{ Path string }
	Go      string
	Require []struct{ Path, Version string }
	Replace []struct {
		Old struct{ Path string }
		New struct{ Path string }
	}
}

func readMod(t *testing.T, dir string) (m goMod) {
	t.Helper()
	goCommand, err := exec.LookPath("go")
	if err != nil {
		t.Skip("no go command")
	}
	out, err := exec.Command(goCommand, "mod", "edit", "-json", filepath.Join(root, dir, "go.mod")).Output()
	if err != nil {
		t.Fatal(dir, err)
	}
	if err := json.Unmarshal(out, &m); err != nil {
		t.Fatal(dir, err)
	}
	return m
}

// The modules that users get are those that the release script lists. All but the command
// have one minimum of Go (CONTRIBUTING.md says why), and they replace only each other, which
// the script takes out. .ci/run tries the rest.
func TestReleasedModules(t *testing.T) {
	const own = "github.com/vstack-go/vstack"
	script, err := os.ReadFile(filepath.Join(root, ".ci", "release"))
	if err != nil {
		t.Skip(err)
	}
	_, list, _ := strings.Cut(string(script), "\nmodules=\"")
	list, _, _ = strings.Cut(list, "\"")
	modules := strings.Fields(list)
	if len(modules) < 4 || modules[0] != "." {
		t.Fatalf("the script releases %q", modules)
	}
	minimum := map[string]string{"vstack/cmd/vstack": "1.25.0"}
	for _, dir := range modules {
		m := readMod(t, dir)
		if want := strings.TrimSuffix(own+"/"+dir, "/."); m.Module.Path != want {
			t.Errorf("%s is %s", dir, m.Module.Path)
		}
		want, ok := minimum[dir]
		if !ok {
			want = "1.24.0"
		}
		if m.Go != want {
			t.Errorf("%s wants Go %s, the pages say %s", dir, m.Go, want)
		}
		for _, r := range m.Replace {
			if !strings.HasPrefix(r.Old.Path, own) || !strings.HasPrefix(r.New.Path, "../") {
				t.Errorf("%s replaces %s by %s", dir, r.Old.Path, r.New.Path)
			}
		}
		for _, r := range m.Require {
			if other, ours := strings.CutPrefix(r.Path, own); ours {
				if name := strings.TrimPrefix(other, "/"); name != "" && !slices.Contains(modules, name) {
					t.Errorf("%s requires %s, which is not released", dir, r.Path)
				}
			}
		}
	}
}
