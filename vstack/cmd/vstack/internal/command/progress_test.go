package command

import (
	"bytes"
	"io"
	"os"
	"strings"
	"testing"
)

func TestProgress(t *testing.T) {
	var out bytes.Buffer
	p := &progress{&out}
	p.step("making the call graph of %d lines", 12)
	p.done()
	if got := out.String(); !strings.Contains(got, "vstack: making the call graph of 12 lines") || !strings.HasSuffix(got, "\r\x1b[K") {
		t.Errorf("got %q", got)
	}
	// Nothing in a log or a file.
	file, err := os.Create(t.TempDir() + "/log")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for _, w := range []io.Writer{&bytes.Buffer{}, file} {
		if newProgress(w).w != nil {
			t.Errorf("progress on a %T", w)
		}
	}
}
