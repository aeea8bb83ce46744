package report

import (
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestURI(t *testing.T) {
	for file, want := range map[string]string{
		"lang/parser.go": "lang/parser.go",
		"a b/c%d#.go":    "a%20b/c%25d%23.go",
		"/src/fmt/x.go":  "file:///src/fmt/x.go",
	} {
		if got := uri(file); got != want {
			t.Errorf("uri(%q) = %q, want %q", file, got, want)
		}
	}
}
