package plugin

import (
	"archive/zip"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/module"
	modzip "golang.org/x/mod/zip"
)

var golangci = flag.String("golangci-lint", "", "build this version of golangci-lint with the plugin and run it, as the package documentation says; takes 20 minutes of two processors the first time")

const (
	upstream = "github.com/golangci/golangci-lint"
	library  = "github.com/vstack-go/vstack"
	command  = library + "/vstack/cmd/vstack"
	released = "v0.0.0-try"
)

// TestGolangciLint does what somebody does who uses the plugin: golangci-lint custom with
// the .custom-gcl.yml of the documentation, and then the binary that it builds, with the
// .golangci.yml. What is not there yet is made from files: a proxy that has this
// repository's modules as a release would have them, and the repository that
// golangci-lint clones, made from the module that its release is.
func TestGolangciLint(t *testing.T) {
	if *golangci == "" {
		t.Skip("needs -golangci-lint v2.15.0")
	}
	work := t.TempDir()
	custom, config := documented(t)
	e := environment(t, work)

	e.run(t, work, "go", "install", upstream+"/v2/cmd/golangci-lint@"+*golangci)
	user := filepath.Join(work, "user")
	write(t, user, map[string]string{
		".custom-gcl.yml": regexp.MustCompile(`(?m)^version: v.*$`).ReplaceAllString(custom, "version: "+*golangci),
		".golangci.yml":   config,
		"go.mod":          "module example.com/user\n\ngo 1.26\n",
		"list.go": `package user

type List struct{ next *List }

func (l *List) Len() int {
	if l == nil {
		return 0
	}
	return 1 + l.next.Len()
}

func (l *List) Last() *List {
	if l.next == nil {
		return l
	}
	return l.next.Last()
}
`,
		"list_test.go": `package user

func in(l *List) int { return l.up() }

func (l *List) up() int {
	if l == nil {
		return 0
	}
	return 1 + l.next.up()
}

var _ = in
`,
	})
	start := time.Now()
	e.run(t, user, filepath.Join(work, "bin", "golangci-lint"), "custom", "-v")
	t.Logf("golangci-lint custom: %v", time.Since(start).Round(time.Second))

	text, code := e.output(t, user, "./custom-gcl", "run", "./...")
	t.Logf("custom-gcl run:\n%s", text)
	if code != 1 {
		t.Errorf("custom-gcl run ends with %d, want 1", code)
	}
	for _, want := range []string{`list\.go:5:16: .*\(\*List\)\.Len.*\(vstack\)`, `list\.go:12:16: .*\(\*List\)\.Last.*\(vstack\)`, `list_test\.go:5:16: .*\(\*List\)\.up.*\(vstack\)`} {
		if !regexp.MustCompile(want).MatchString(text) {
			t.Errorf("no issue %s", want)
		}
	}
	if !strings.Contains(text, "3 issues:") {
		t.Error("not an issue a cycle")
	}
	if text, _ := e.output(t, user, "./custom-gcl", "linters"); !strings.Contains(text, "vstack: Recursion that can run out of stack") {
		t.Errorf("golangci-lint does not list the linter:\n%s", text)
	}
}

// documented returns the two files of the package documentation.
func documented(t *testing.T) (custom, config string) {
	text, err := os.ReadFile("plugin.go")
	if err != nil {
		t.Fatal(err)
	}
	var blocks []string
	in := false
	for line := range strings.Lines(string(text)) {
		code, ok := strings.CutPrefix(line, "//\t")
		switch {
		case strings.HasPrefix(line, "package "):
			if len(blocks) != 2 {
				t.Fatalf("the package documentation has %d files, want 2", len(blocks))
			}
			return blocks[0], blocks[1]
		case ok && !in:
			blocks = append(blocks, code)
		case ok:
			blocks[len(blocks)-1] += code
		}
		in = ok
	}
	t.Fatal("no package documentation")
	return "", ""
}

// An env is the environment that the commands run in.
type env []string

func environment(t *testing.T, work string) env {
	proxy := filepath.Join(work, "proxy")
	root, err := filepath.Abs("../../../../..")
	if err != nil {
		t.Fatal(err)
	}
	serve(t, proxy, library, root)
	serve(t, proxy, command, filepath.Join(root, "vstack", "cmd", "vstack"))
	repository := repository(t, work)
	old := strings.Fields(strings.ReplaceAll(output(t, work, os.Environ(), "go", "env", "GOPROXY", "GOMODCACHE"), "\r", ""))
	return append(os.Environ(),
		// What is there already is not fetched again; modules of here do not stay.
		"GOPROXY=file://"+filepath.ToSlash(proxy)+",file://"+filepath.ToSlash(old[1])+"/cache/download,"+old[0],
		"GOMODCACHE="+filepath.Join(work, "cache"), "GONOSUMDB="+library+","+library+"/*", "GOWORK=off",
		// So that the cache of builds does not depend on where the modules are.
		"GOFLAGS=-mod=mod -modcacherw -trimpath -p=2", "GOBIN="+filepath.Join(work, "bin"),
		// What it remembers it remembers by the plugin's version.
		"GOLANGCI_LINT_CACHE="+filepath.Join(work, "results"),
		"GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=url.file://"+filepath.ToSlash(repository)+".insteadOf", "GIT_CONFIG_VALUE_0=https://"+upstream+".git")
}

// serve puts the module in dir into the files of a proxy. Its modules find each other by
// replace; a release has none.
func serve(t *testing.T, proxy, path, dir string) {
	text, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	mod := regexp.MustCompile(`(?m)^replace .*\n`).ReplaceAllString(string(text), "")
	mod = strings.ReplaceAll(mod, library+" v0.0.0", library+" "+released)
	at := filepath.Join(proxy, filepath.FromSlash(path), "@v")
	write(t, at, map[string]string{
		"list":             released + "\n",
		released + ".mod":  mod,
		released + ".info": fmt.Sprintf(`{"Version":%q,"Time":"2026-01-01T00:00:00Z"}`, released),
	})
	out, err := os.Create(filepath.Join(at, released+".zip"))
	if err != nil {
		t.Fatal(err)
	}
	var files []modzip.File
	checked, err := modzip.CheckDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range checked.Valid {
		name, err := filepath.Rel(dir, at)
		if err != nil {
			t.Fatal(err)
		}
		name = filepath.ToSlash(name)
		if name == ".git" { // of a worktree
			continue
		}
		if name == "go.mod" {
			files = append(files, memory{name, mod})
			continue
		}
		files = append(files, onDisk{name, at})
	}
	if err := modzip.Create(out, module.Version{Path: path, Version: released}, files); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
}

// repository makes a repository of the module of golangci-lint, which its release is.
func repository(t *testing.T, work string) string {
	var info struct{ Zip string }
	text := output(t, work, os.Environ(), "go", "mod", "download", "-json", upstream+"/v2@"+*golangci)
	if err := json.Unmarshal([]byte(text), &info); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(work, "upstream")
	z, err := zip.OpenReader(info.Zip)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	for _, f := range z.File {
		name := strings.TrimPrefix(f.Name, upstream+"/v2@"+*golangci+"/")
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		r.Close()
		if err != nil {
			t.Fatal(err)
		}
		write(t, dir, map[string]string{name: string(content)})
	}
	for _, args := range [][]string{
		{"init", "-q"}, {"add", "-A", "-f"},
		{"-c", "user.name=test", "-c", "user.email=test@localhost", "commit", "-q", "-m", *golangci}, {"tag", *golangci},
	} {
		output(t, dir, os.Environ(), "git", args...)
	}
	return dir
}

// A memory is a file of a module that is not on disk as it is.
type memory struct{ name, text string }

func (f memory) Path() string                 { return f.name }
func (f memory) Lstat() (os.FileInfo, error)  { return memoryInfo(f), nil }
func (f memory) Open() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(f.text)), nil }

type memoryInfo memory

func (f memoryInfo) Name() string       { return f.name }
func (f memoryInfo) Size() int64        { return int64(len(f.text)) }
func (f memoryInfo) Mode() fs.FileMode  { return 0o644 }
func (f memoryInfo) ModTime() time.Time { return time.Time{} }
func (f memoryInfo) IsDir() bool        { return false }
func (f memoryInfo) Sys() any           { return nil }

type onDisk struct{ name, at string }

func (f onDisk) Path() string                 { return f.name }
func (f onDisk) Lstat() (os.FileInfo, error)  { return os.Lstat(f.at) }
func (f onDisk) Open() (io.ReadCloser, error) { return os.Open(f.at) }

func write(t *testing.T, dir string, files map[string]string) {
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func (e env) run(t *testing.T, dir, name string, args ...string) {
	t.Helper()
	if text, code := e.output(t, dir, name, args...); code != 0 {
		t.Fatalf("%s %s: exit code %d\n%s", name, strings.Join(args, " "), code, text)
	}
}

func (e env) output(t *testing.T, dir, name string, args ...string) (text string, code int) {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Env = dir, e
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

func output(t *testing.T, dir string, env []string, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Env = dir, env
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %s: %v", name, strings.Join(args, " "), err)
	}
	return string(out)
}
