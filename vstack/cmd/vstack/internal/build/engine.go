package build

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"

	"golang.org/x/mod/modfile"
)

// Where the library is in an instrumented build that does not import it itself: in
// the standard library, by overlay. There every program finds it, whatever its
// go.mod, go.work or vendor directory says, and none of these changes.
const (
	module     = "github.com/vstack-go/vstack"
	engineRoot = "vstackbuild"
)

// enginePath is the import path of the library in the standard library.
const enginePath = engineRoot + "/vstack"

// An engine is the library's source, as files of GOROOT/src.
type engine struct {
	files   map[string][]byte // by path beneath GOROOT/src
	version string
}

// moved are the import paths that change when the library moves.
var moved = strings.NewReplacer(
	module+"/", engineRoot+"/",
	"golang.org/x/sync/", engineRoot+"/x/sync/",
)

// readEngine reads the library that this tool was built with.
func readEngine() (*engine, error) {
	dir, version, err := library()
	if err != nil {
		return nil, err
	}
	e := &engine{files: map[string][]byte{}, version: version}
	for _, sub := range []string{"scheduler", "vstack"} {
		if err := e.add(filepath.Join(dir, sub), path.Join(engineRoot, sub)); err != nil {
			return nil, err
		}
	}
	// x/sync is all that the library depends on.
	text, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	if err != nil {
		return nil, err
	}
	mod, err := modfile.ParseLax("go.mod", text, nil)
	if err != nil {
		return nil, err
	}
	for _, r := range mod.Require {
		if r.Mod.Path != "golang.org/x/sync" {
			continue
		}
		syncDir, err := downloaded(r.Mod.Path, r.Mod.Version)
		if err != nil {
			return nil, err
		}
		for _, sub := range []string{"errgroup", "semaphore"} {
			if err := e.add(filepath.Join(syncDir, sub), path.Join(engineRoot, "x/sync", sub)); err != nil {
				return nil, err
			}
		}
	}
	return e, nil
}

// add adds the packages beneath dir, without tests and other modules.
func (e *engine) add(dir, to string) error {
	return filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			base := d.Name()
			if base == "testdata" || strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_") {
				return filepath.SkipDir
			}
			if _, err := os.Stat(filepath.Join(name, "go.mod")); err == nil && name != dir {
				return filepath.SkipDir
			}
			if base == "cmd" {
				return filepath.SkipDir
			}
			return nil
		}
		// Assembly cannot be built in a directory that only an overlay has, and is
		// not needed: package runtime tells what it reads.
		if strings.HasSuffix(name, "_test.go") || strings.HasSuffix(name, ".s") || !d.Type().IsRegular() {
			return nil
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		if strings.HasSuffix(name, ".go") {
			text = []byte(moved.Replace(string(text)))
		}
		rel, err := filepath.Rel(dir, name)
		if err != nil {
			return err
		}
		e.files[path.Join(to, filepath.ToSlash(rel))] = text
		return nil
	})
}

// library returns the directory of the library's source and its version: of the
// checkout that the tool was built from, or of the module cache.
func library() (dir, version string, err error) {
	if dir := os.Getenv("VSTACK_SOURCE"); dir != "" {
		return dir, "(devel)", nil
	}
	version = "(devel)"
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, d := range info.Deps {
			if d.Path == module && d.Replace == nil {
				version = d.Version
			}
		}
	}
	if version == "(devel)" {
		// Built in a checkout: the compiler knows where.
		if _, file, _, ok := runtime.Caller(0); ok && filepath.IsAbs(file) {
			dir := filepath.Join(filepath.Dir(file), "../../../../..")
			if text, err := os.ReadFile(filepath.Join(dir, "go.mod")); err == nil && bytes.Contains(text, []byte("module "+module+"\n")) {
				return dir, version, nil
			}
		}
		return "", "", fmt.Errorf("the library's source is not where this command was built from: install it with go install %s/vstack/cmd/vstack@latest, or set VSTACK_SOURCE to a checkout", module)
	}
	dir, err = downloaded(module, version)
	return dir, version, err
}

// downloaded returns the directory of a module in the module cache.
func downloaded(modPath, version string) (string, error) {
	cmd := exec.Command("go", "mod", "download", "-json", modPath+"@"+version)
	cmd.Dir = os.TempDir()
	cmd.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off")
	out, err := cmd.Output()
	var mod struct{ Dir, Error string }
	if json.Unmarshal(out, &mod) == nil && mod.Dir != "" {
		return mod.Dir, nil
	}
	if mod.Error != "" {
		return "", fmt.Errorf("%s %s is needed for the build: %s", modPath, version, mod.Error)
	}
	return "", fmt.Errorf("%s %s is needed for the build: %v", modPath, version, err)
}
