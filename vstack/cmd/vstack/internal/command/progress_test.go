package command

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestProgress looks at a log: a short run says nothing, a long one what it is doing
// after a second, and each further step.
func TestProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out strings.Builder
		p := newProgress(&out)
		p.step("loading packages")
		synctest.Wait()
		if out.Len() > 0 {
			t.Errorf("at once: %q", out.String())
		}
		time.Sleep(1500 * time.Millisecond) // of the bubble's clock
		synctest.Wait()
		p.step("making the call graph of %d lines", 12)
		p.done()
		p.done()
		if got, want := out.String(), "vstack: loading packages (1s)\nvstack: making the call graph of 12 lines (1s)\n"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		var out strings.Builder
		p := newProgress(&out)
		p.step("loading packages")
		p.done()
		if out.Len() > 0 {
			t.Errorf("a short run says %q", out.String())
		}
	})
}

func TestProgressOnATerminal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out strings.Builder
		p := newProgress(&out)
		p.terminal = true
		p.step("loading packages")
		p.done()
		if got := out.String(); !strings.Contains(got, "vstack: loading packages") || !strings.HasSuffix(got, "\r\x1b[K") {
			t.Errorf("got %q", got)
		}
	})
}
