package build

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
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
	fmt.Fprintf(w, "%d functions have a guard:\n", len(b.plan.Guards))
	for _, g := range b.plan.Guards {
		fmt.Fprintf(w, "\t%s:%d:%d: %s.%s: %s\n", g.File, g.Line, g.Column, g.Package, g.Func, g.Cycle)
	}
	fmt.Fprintf(w, "%d have none:\n", len(b.plan.Left))
	for _, g := range b.plan.Left {
		fmt.Fprintf(w, "\t%s:%d:%d: %s.%s: %s\n\t\t%s\n", g.File, g.Line, g.Column, g.Package, g.Func, g.Cycle, g.Reason)
	}
	return w.err
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
