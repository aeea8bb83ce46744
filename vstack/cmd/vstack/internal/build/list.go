package build

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// A pkg is a package of the program, as go list tells it.
type pkg struct {
	ImportPath   string
	Name         string
	Dir          string
	ForTest      string
	Standard     bool
	DepOnly      bool
	GoFiles      []string
	CgoFiles     []string
	TestGoFiles  []string
	XTestGoFiles []string
	Module       *struct {
		Path, Version, Dir string
		GoVersion          string
		Main               bool
		Replace            *struct{ Path, Version, Dir string }
	}
	Deps  []string
	Error *struct{ Err string }
}

// A goEnv is what the go command says of itself in the directory of the build.
type goEnv struct {
	GOROOT, GOVERSION, GOMODCACHE, GOCACHE, GOFLAGS, GOMOD, GOWORK string
	GOOS, GOARCH, GOEXPERIMENT, CGO_ENABLED, GOTOOLCHAIN           string
}

// environment asks the go command. It may be another version than the one in PATH:
// go.mod may ask for one.
func environment(dir string) (*goEnv, error) {
	cmd := exec.Command("go", "env", "-json", "GOROOT", "GOVERSION", "GOMODCACHE", "GOCACHE", "GOFLAGS", "GOMOD", "GOWORK",
		"GOOS", "GOARCH", "GOEXPERIMENT", "CGO_ENABLED", "GOTOOLCHAIN")
	cmd.Dir = dir
	out, err := output(cmd)
	if err != nil {
		return nil, err
	}
	e := &goEnv{}
	return e, json.Unmarshal(out, e)
}

// output runs a command; its error is what the command has said.
func output(cmd *exec.Cmd) ([]byte, error) {
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil && stderr.Len() > 0 {
		err = errors.New(strings.TrimSpace(stderr.String()))
	}
	return out, err
}

// list returns the packages that the patterns name, and all that they depend on.
func list(dir string, tests bool, flags []string, patterns []string) ([]*pkg, error) {
	args := []string{"list", "-deps", "-e", "-json=ImportPath,Name,Dir,ForTest,Standard,DepOnly,GoFiles,CgoFiles,TestGoFiles,XTestGoFiles,Module,Deps,Error"}
	if tests {
		args = append(args, "-test")
	}
	args = append(append(append(args, flags...), "--"), patterns...)
	cmd := exec.Command("go", args...)
	cmd.Dir = dir
	out, err := output(cmd)
	if err != nil {
		return nil, err
	}
	var pkgs []*pkg
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		p := &pkg{}
		if err := d.Decode(p); err == io.EOF {
			return pkgs, nil
		} else if err != nil {
			return nil, err
		}
		pkgs = append(pkgs, p)
	}
}

// files returns the package's Go files with their directory.
func (p *pkg) files() []string {
	var names []string
	for _, name := range slices.Concat(p.GoFiles, p.CgoFiles) {
		if !filepath.IsAbs(name) { // a generated test main has an absolute name
			name = filepath.Join(p.Dir, name)
		}
		names = append(names, name)
	}
	return names
}

// key is a hash of everything that what is built depends on. Files of the standard
// library and of the module cache do not change without their version.
func key(env *goEnv, read func(string) ([]byte, error), pkgs []*pkg, more ...any) (string, error) {
	h := sha256.New()
	fmt.Fprintln(h, self(), *env)
	fmt.Fprintln(h, more...)
	for _, p := range pkgs {
		fmt.Fprintln(h, p.ImportPath, p.Name, p.Dir, p.DepOnly, p.GoFiles, p.CgoFiles)
		if p.Standard || beneath(p.Dir, env.GOMODCACHE) {
			continue
		}
		for _, name := range p.files() {
			text, err := read(name)
			if err != nil {
				if strings.HasSuffix(p.ImportPath, ".test") {
					continue // the generated main is in the build cache
				}
				return "", err
			}
			fmt.Fprintf(h, "%s %x\n", name, sha256.Sum256(text))
		}
	}
	return hex.EncodeToString(h.Sum(nil))[:32], nil
}

func beneath(dir, root string) bool {
	return root != "" && (dir == root || strings.HasPrefix(dir, root+string(filepath.Separator)))
}

// self tells this build of the tool from others.
func self() string {
	exe, err := os.Executable()
	if err != nil {
		return ""
	}
	info, err := os.Stat(exe)
	if err != nil {
		return exe
	}
	return fmt.Sprint(exe, info.Size(), info.ModTime().UnixNano())
}
