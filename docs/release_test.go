package docs

import (
	"encoding/json"
	"fmt"
	"io/fs"
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

// The modules that users get are those of the release script. They replace nothing but each
// other, which the script takes out. .ci/run tries the rest.
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
	for _, dir := range modules {
		m := readMod(t, dir)
		if want := strings.TrimSuffix(own+"/"+dir, "/."); m.Module.Path != want {
			t.Errorf("%s is %s", dir, m.Module.Path)
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

// There is one minimum of Go: every module has it, and the pages that name one name it.
func TestOneMinimum(t *testing.T) {
	want := readMod(t, ".").Go
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "testdata" || d.Name() == ".git") {
			return fs.SkipDir
		}
		if d.Name() == "go.mod" {
			dir, err := filepath.Rel(root, filepath.Dir(name))
			if err != nil {
				return err
			}
			if got := readMod(t, dir).Go; got != want {
				t.Errorf("%s wants Go %s, the root module %s", dir, got, want)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	says := fmt.Sprintf("Go %s or later", strings.TrimSuffix(want, ".0"))
	for _, page := range []string{"README.md", "CONTRIBUTING.md", "CHANGELOG.md"} {
		text, err := os.ReadFile(filepath.Join(root, page))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(text), says) {
			t.Errorf("%s does not say %q", page, says)
		}
	}
}
