package build

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"reflect"
	"runtime"
	"runtime/debug"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/sync/errgroup"

	"github.com/vstack-go/vstack/scheduler"
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
	syncDir, err := sourceOf(errgroup.WithContext, "golang.org/x/sync", syncVersion(dir))
	if err != nil {
		return nil, err
	}
	for _, sub := range []string{"errgroup", "semaphore"} {
		if err := e.add(filepath.Join(syncDir, sub), path.Join(engineRoot, "x/sync", sub)); err != nil {
			return nil, err
		}
	}
	return e, nil
}

// hash tells the library's source from another version of it.
func (e *engine) hash() string {
	h := sha256.New()
	for _, name := range sorted(e.files) {
		fmt.Fprintf(h, "%s %x\n", name, sha256.Sum256(e.files[name]))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// defaultMux is the line of package debug that serves the page on the program's own
// default mux.
const defaultMux = `func init() { http.Handle("/debug/vstack/", Handler()) }`

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
		// There the page is served at an address of its own, and not beside whatever
		// else the program serves.
		text = bytes.Replace(text, []byte(defaultMux), nil, 1)
		rel, err := filepath.Rel(dir, name)
		if err != nil {
			return err
		}
		e.files[path.Join(to, filepath.ToSlash(rel))] = text
		return nil
	})
}

// library returns the directory of the library's source and its version.
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
	dir, err = sourceOf(scheduler.NewTurn, module, version)
	return dir, version, err
}

// syncVersion returns the version of x/sync that the library asks for.
func syncVersion(dir string) string {
	text, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	if err != nil {
		return ""
	}
	mod, err := modfile.ParseLax("go.mod", text, nil)
	if err != nil {
		return ""
	}
	for _, r := range mod.Require {
		if r.Mod.Path == "golang.org/x/sync" {
			return r.Mod.Version
		}
	}
	return ""
}

// sourceOf returns the directory of a module that this tool was built from: the
// compiler has written into the tool where the source of fn, a function in a package
// right beneath the module's directory, was. If it is not there any more the go
// command gets it, into the user's module cache or, should that be read-only, into
// one of the tool's own.
func sourceOf(fn any, mod, version string) (string, error) {
	file, _ := runtime.FuncForPC(reflect.ValueOf(fn).Pointer()).FileLine(reflect.ValueOf(fn).Pointer())
	if dir := filepath.Dir(filepath.Dir(file)); filepath.IsAbs(dir) {
		if text, err := os.ReadFile(filepath.Join(dir, "go.mod")); err == nil && modfile.ModulePath(text) == mod {
			return dir, nil
		}
	}
	if version == "" || version == "(devel)" {
		return "", fmt.Errorf("the source of %s, which the build needs, is not where this command was built from: install it with go install %s/vstack/cmd/vstack@latest, or set VSTACK_SOURCE to a checkout", mod, module)
	}
	dir, err := downloaded(mod, version)
	if err == nil {
		return dir, nil
	}
	cache, cacheErr := CacheDir()
	if cacheErr != nil {
		return "", cacheErr
	}
	if dir, again := downloaded(mod, version, "GOMODCACHE="+filepath.Join(cache, "source")); again == nil {
		return dir, nil
	}
	return "", err
}

// downloaded returns the directory of a module in the module cache.
func downloaded(modPath, version string, env ...string) (string, error) {
	cmd := exec.Command("go", "mod", "download", "-modcacherw", "-json", modPath+"@"+version)
	cmd.Dir = os.TempDir()
	cmd.Env = append(append(os.Environ(), "GOFLAGS=", "GOWORK=off"), env...)
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
