package build

import (
	"go/parser"
	"go/token"
	"strconv"
	"strings"
	"testing"
)

// TestEngine looks at the library as it becomes a part of the standard library.
func TestEngine(t *testing.T) {
	e, err := readEngine()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"vstackbuild/vstack/build.go", "vstackbuild/vstack/internal/self/self_build.go", "vstackbuild/scheduler/doc.go",
		"vstackbuild/x/sync/errgroup/errgroup.go", "vstackbuild/vstack/debug/build.go"} {
		if e.files[name] == nil {
			t.Errorf("%s is missing", name)
		}
	}
	for name, text := range e.files {
		if strings.HasSuffix(name, "_test.go") || strings.HasSuffix(name, ".s") || strings.Contains(name, "/cmd/") {
			t.Errorf("%s has nothing to do there", name)
		}
		if !strings.HasSuffix(name, ".go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, text, parser.ImportsOnly)
		if err != nil {
			t.Error(err)
			continue
		}
		for _, imp := range f.Imports {
			path, _ := strconv.Unquote(imp.Path.Value)
			if first, _, _ := strings.Cut(path, "/"); strings.Contains(first, ".") {
				t.Errorf("%s imports %s, which is not of the standard library", name, path)
			}
		}
		if strings.Contains(name, "/debug/") && strings.Contains(string(text), "func init() { http.Handle(") {
			t.Errorf("%s serves the page on the program's own default mux", name)
		}
	}
}
