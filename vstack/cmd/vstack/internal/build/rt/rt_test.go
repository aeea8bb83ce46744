package rt

import (
	"bytes"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func read(name string) ([]byte, error) {
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return nil, err
	}
	return os.ReadFile(filepath.Join(strings.TrimSpace(string(root)), "src", "runtime", name))
}

// TestFiles edits this toolchain's own files: each edit stays within a line.
func TestFiles(t *testing.T) {
	files, why := Files(read)
	if why != nil {
		t.Fatal(why)
	}
	for _, name := range []string{Name, "runtime2.go", "stack.go"} {
		if _, err := parser.ParseFile(token.NewFileSet(), name, files[name], 0); err != nil {
			t.Error(err)
		}
		before, err := read(name)
		if err == nil && bytes.Count(before, []byte("\n")) != bytes.Count(files[name], []byte("\n")) {
			t.Errorf("%s has other lines now", name)
		}
	}
}

// TestOther gives it files that look different: it says so, and edits nothing.
func TestOther(t *testing.T) {
	for _, c := range []struct{ name, from, to string }{
		{"runtime2.go", "type g struct", "type gee struct"},
		{"stack.go", "gp.stack = new", "gp.stack = other(new)\n\tgp.stack = new"},
		{"stack.go", "package runtime", "package"},
	} {
		files, why := Files(func(name string) ([]byte, error) {
			text, err := read(name)
			if name == c.name {
				if !bytes.Contains(text, []byte(c.from)) {
					t.Fatalf("%s has no %q", name, c.from)
				}
				text = bytes.Replace(text, []byte(c.from), []byte(c.to), 1)
			}
			return text, err
		})
		if why == nil || !strings.HasPrefix(why.Error(), c.name) {
			t.Errorf("%s without %q: %v", c.name, c.from, why)
		}
		if len(files) != 1 || files[Name] == nil {
			t.Errorf("%s without %q: %d files", c.name, c.from, len(files))
		} else if _, err := parser.ParseFile(token.NewFileSet(), Name, files[Name], 0); err != nil {
			t.Error(err)
		}
	}
}
