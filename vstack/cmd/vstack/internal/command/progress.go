package command

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"
)

// A progress says what a run does and for how long it has. On a terminal it keeps one
// line up to date. Elsewhere, in the log of a CI job for example, it writes a line for
// each step, but only once the run has taken a second: a short one says nothing.
type progress struct {
	w        io.Writer
	terminal bool
	start    time.Time

	mu    sync.Mutex
	what  string
	said  bool // that step, in a log
	speak bool // a second is over
	stop  chan struct{}
	ended chan struct{}
}

func newProgress(w io.Writer) *progress {
	p := &progress{w: w, start: time.Now(), stop: make(chan struct{}), ended: make(chan struct{})}
	if f, ok := w.(*os.File); ok {
		info, err := f.Stat()
		p.terminal = err == nil && info.Mode()&os.ModeCharDevice != 0
	}
	go p.run(time.Tick(time.Second))
	return p
}

func (p *progress) run(tick <-chan time.Time) {
	defer close(p.ended)
	for {
		select {
		case <-tick:
			p.mu.Lock()
			p.speak = true
			p.show()
			p.mu.Unlock()
		case <-p.stop:
			return
		}
	}
}

// step says what comes next.
func (p *progress) step(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.what, p.said = fmt.Sprintf(format, args...), false
	p.show()
}

func (p *progress) show() {
	switch {
	case p.what == "":
	case p.terminal:
		fmt.Fprintf(p.w, "\r\x1b[Kvstack: %s … %ds", p.what, int(time.Since(p.start).Seconds()))
	case p.speak && !p.said:
		fmt.Fprintf(p.w, "vstack: %s (%ds)\n", p.what, int(time.Since(p.start).Seconds()))
		p.said = true
	}
}

// done clears the line. It may be called again.
func (p *progress) done() {
	p.mu.Lock()
	select {
	case <-p.stop:
		p.mu.Unlock()
		return
	default:
	}
	close(p.stop)
	if p.terminal {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
	p.mu.Unlock()
	<-p.ended
}
