package build_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/goproxytest"
	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/mod/modfile"

	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/command"
)

// Each script in testdata/script is a module and what is done with it. All but the
// first compile the standard library once more, with other tags or for another
// machine, and need minutes:
//
//	go test ./internal/build -long -parallel 1 -timeout 1h
var long = flag.Bool("long", false, "run all scripts")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"vstack": func() { os.Exit(command.Main(os.Args[1:], "", os.Stdout, os.Stderr)) },
	})
}

func TestScripts(t *testing.T) {
	if testing.Short() {
		t.Skip("each script runs the go command")
	}
	names, err := filepath.Glob("testdata/script/*.txtar")
	if err != nil || len(names) == 0 {
		t.Fatal("no scripts", err)
	}
	var files []string
	for _, name := range names {
		if *long || filepath.Base(name) == "build.txtar" {
			files = append(files, name)
		}
	}
	proxy := goproxytest.NewTestServer(t, "testdata/mod", "")
	env := map[string]string{}
	for _, name := range []string{"GOCACHE", "GOMODCACHE", "GOPROXY"} {
		out, err := exec.Command("go", "env", name).Output()
		if err != nil {
			t.Fatal(err)
		}
		env[name] = strings.TrimSpace(string(out))
	}
	cache := t.TempDir() // of all scripts
	testscript.Run(t, testscript.Params{
		Files: files,
		Condition: func(name string) (bool, error) {
			if name == "asan" {
				return sanitizes(t.TempDir()), nil
			}
			return false, fmt.Errorf("%q is not a condition", name)
		},
		Setup: func(e *testscript.Env) error {
			e.Setenv("GOCACHE", env["GOCACHE"])
			e.Setenv("GOMODCACHE", env["GOMODCACHE"])
			e.Setenv("GOPROXY", proxy.URL+","+env["GOPROXY"]) // of toolchains
			e.Setenv("GOFLAGS", "-buildvcs=false")
			e.Setenv("GOTOOLCHAIN", "local")
			e.Setenv("VSTACK_CACHE", cache)
			source, err := filepath.Abs("../../../../..")
			if err != nil {
				return err
			}
			e.Setenv("SOURCE", source)
			// A go.mod cannot name the checkout otherwise.
			mod := filepath.Join(e.WorkDir, "go.mod")
			text, err := os.ReadFile(mod)
			if os.IsNotExist(err) {
				return nil
			}
			if err != nil || !bytes.Contains(text, []byte("$SOURCE")) {
				return err
			}
			sum, err := os.ReadFile(filepath.Join(source, "go.sum"))
			if err == nil {
				err = os.WriteFile(filepath.Join(e.WorkDir, "go.sum"), sum, 0o666)
			}
			if err != nil {
				return err
			}
			text = bytes.ReplaceAll(text, []byte("$SOURCE"), []byte(source))
			text = bytes.ReplaceAll(text, []byte("$SYNC"), []byte(version(t, filepath.Join(source, "go.mod"), "golang.org/x/sync")))
			return os.WriteFile(mod, text, 0o666)
		},
	})
}

// sanitizes reports whether programs can be built with the address sanitizer.
func sanitizes(dir string) bool {
	source := filepath.Join(dir, "main.c")
	if os.WriteFile(source, []byte("int main(void) { return 0; }\n"), 0o666) != nil {
		return false
	}
	return exec.Command("gcc", "-fsanitize=address", "-o", filepath.Join(dir, "main"), source).Run() == nil
}

// version returns the version of a module that the go.mod in file asks for.
func version(t *testing.T, file, module string) string {
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	mod, err := modfile.ParseLax(file, text, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range mod.Require {
		if r.Mod.Path == module {
			return r.Mod.Version
		}
	}
	t.Fatalf("%s does not require %s", file, module)
	return ""
}
