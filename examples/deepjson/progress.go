package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/vstack-go/vstack/examples/internal/measure"
)

// progress passes a large input on and says on a terminal how much of it has
// been read.
type progress struct {
	in       io.Reader
	terminal io.Writer // nil: say nothing
	every    time.Duration

	total measure.Size // 0: unknown
	read  measure.Size
	last  time.Time
	shown bool
}

// progressFrom is how large an input must be to be worth a line.
const progressFrom = 64 << 20

// showProgress makes a progress for in that shows on stderr if that is a
// terminal, and stdout is not: the two would get in each other's way.
func showProgress(in io.Reader, stdout, stderr io.Writer) *progress {
	p := &progress{in: in, every: time.Second / 10}
	if measure.Terminal(stderr) && !measure.Terminal(stdout) {
		p.terminal = stderr
	}
	if file, ok := in.(*os.File); ok {
		if info, err := file.Stat(); err == nil && info.Mode().IsRegular() {
			p.total = measure.Size(info.Size())
		}
	}
	return p
}

const progressWidth = 50

func (p *progress) Read(buf []byte) (int, error) {
	n, err := p.in.Read(buf)
	p.read += measure.Size(n)
	if p.terminal != nil && max(p.read, p.total) > progressFrom {
		if now := time.Now(); now.Sub(p.last) >= p.every {
			p.last, p.shown = now, true
			line := fmt.Sprintf("%v read", p.read)
			if p.total > 0 {
				line = fmt.Sprintf("%v of %v read, %d%%", p.read, p.total, min(100*p.read/p.total, 100))
			}
			fmt.Fprintf(p.terminal, "\r%-*s", progressWidth, line)
		}
	}
	return n, err
}

// clear takes the line away.
func (p *progress) clear() {
	if p.shown {
		fmt.Fprintf(p.terminal, "\r%*s\r", progressWidth, "")
	}
}
