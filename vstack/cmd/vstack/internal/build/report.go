package build

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// writeReport says what was guarded, what was left out and why.
func (b *builder) writeReport() error {
	if b.in.report == "json" {
		text, err := json.MarshalIndent(b.plan, "", "\t")
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(b.stdout, "%s\n", text)
		return err
	}
	w := &errWriter{w: b.stdout}
	src := filepath.Join(b.env.GOROOT, "src")
	std := 0
	for _, g := range b.plan.Guards {
		if beneath(g.File, src) {
			std++
		}
	}
	fmt.Fprintf(w, "guarded: %d functions of the program and its dependencies, %d of the standard library\n", len(b.plan.Guards)-std, std)
	for _, inStd := range []bool{false, true} {
		for _, g := range b.plan.Guards {
			if beneath(g.File, src) == inStd {
				fmt.Fprintf(w, "\t%s:%d:%d: %s.%s: %s\n", short(g.File), g.Line, g.Column, g.Package, g.Func, g.Cycle)
			}
		}
	}
	fmt.Fprintf(w, "left out: %d\n", len(b.plan.Left))
	for _, g := range b.plan.Left {
		fmt.Fprintf(w, "\t%s:%d:%d: %s.%s: %s\n\t\t%s\n", short(g.File), g.Line, g.Column, g.Package, g.Func, g.Cycle, g.Reason)
	}
	switch {
	case b.in.net == 0:
		fmt.Fprintln(w, "net: off")
	case b.plan.NoNet != "":
		fmt.Fprintf(w, "net: none: %s\n", b.plan.NoNet)
	default:
		fmt.Fprintf(w, "net: at %d bytes\n", b.in.net)
	}
	return w.err
}

// short names a file relative to the working directory if it is beneath it.
func short(name string) string {
	if wd, err := os.Getwd(); err == nil {
		if rel, err := filepath.Rel(wd, name); err == nil && !strings.HasPrefix(rel, "..") {
			return rel
		}
	}
	return name
}

// An errWriter keeps the first error.
type errWriter struct {
	w   io.Writer
	err error
}

func (w *errWriter) Write(p []byte) (int, error) {
	if w.err != nil {
		return 0, w.err
	}
	var n int
	n, w.err = w.w.Write(p)
	return n, w.err
}

// progress shows what a build does before the go command's own, on a terminal only.
type progress struct{ w io.Writer }

func newProgress(w io.Writer) *progress {
	if f, ok := w.(*os.File); ok {
		if info, err := f.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
			return &progress{w}
		}
	}
	return &progress{}
}

func (p *progress) step(format string, args ...any) {
	if p.w != nil {
		fmt.Fprintf(p.w, "\r\x1b[Kvstack: "+format+" …", args...)
	}
}

func (p *progress) done() {
	if p.w != nil {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}
