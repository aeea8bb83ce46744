package debug

import (
	"fmt"
	"strings"
	"time"
)

// A history is how deep one stack was when somebody looked, or how much memory all had.
type history struct {
	samples []sample // the last mostSamples, the newest last

	// What the stack said when it answered last, and since when it does not.
	summary   string
	depth     int64
	segments  int
	seen      time.Time
	looked    bool
	hops      int64 // when somebody looked last
	lateSince time.Time
}

type sample struct {
	at    time.Time
	value int
}

// A line is a history as a drawing in a box of lineWidth by lineHeight.
type line struct {
	Points string // of the line
	Area   string // below it
	X, Y   string // of its end
	Label  string // in words
}

const (
	lineWidth  = 160
	lineHeight = 28
)

// sample notes how deep s is. The caller has p.mu.
func (p *page) sample(s *stack, now time.Time) *line {
	h := p.history(s.ID)
	h.add(s.Stats.Segments, now)
	return h.line("depth", "segments")
}

// grown notes how much memory all segments hold together. The caller has p.mu.
func (p *page) grown(bytes int64, now time.Time) *line {
	p.program.add(int(bytes>>10), now)
	return p.program.line("memory of all segments", "KiB")
}

// history returns that of a stack. The caller has p.mu.
func (p *page) history(id uint64) *history {
	h := p.histories[id]
	if h == nil {
		h = new(history)
		p.histories[id] = h
	}
	return h
}

func (h *history) add(value int, now time.Time) {
	if n := len(h.samples); n == 0 || now.Sub(h.samples[n-1].at) >= fresh/2 {
		if n == mostSamples {
			copy(h.samples, h.samples[1:])
			h.samples = h.samples[:n-1]
		}
		h.samples = append(h.samples, sample{now, value})
	}
}

// forget drops the histories of stacks that were not seen this time if there
// are too many, or the last of them is old. The caller has p.mu.
func (p *page) forget(now time.Time) {
	for id, h := range p.histories {
		if len(h.samples) == 0 {
			delete(p.histories, id)
			continue
		}
		last := h.samples[len(h.samples)-1].at
		if last != now && (len(p.histories) > mostHistories || now.Sub(last) > time.Minute) {
			delete(p.histories, id)
		}
	}
}

func (h *history) line(what, unit string) *line {
	const margin = 3
	first, last := h.samples[0], h.samples[len(h.samples)-1]
	most, least := 1, last.value
	for _, s := range h.samples {
		most = max(most, s.value)
		least = min(least, s.value)
	}
	span := last.at.Sub(first.at)
	var points strings.Builder
	l := &line{}
	for i, s := range h.samples {
		x := float64(lineWidth - margin)
		if span > 0 {
			x = margin + (lineWidth-2*margin)*float64(s.at.Sub(first.at))/float64(span)
		}
		y := float64(lineHeight-margin) - (lineHeight-2*margin)*float64(s.value)/float64(most)
		if i > 0 {
			points.WriteByte(' ')
		}
		l.X, l.Y = fmt.Sprintf("%.1f", x), fmt.Sprintf("%.1f", y)
		points.WriteString(l.X + "," + l.Y)
	}
	l.Points = points.String()
	start, _, _ := strings.Cut(l.Points, ",")
	l.Area = fmt.Sprintf("%s,%d %s %s,%d", start, lineHeight, l.Points, l.X, lineHeight)
	l.Label = fmt.Sprintf("%s over the last %s: between %s and %s %s, now %s",
		what, short(span), commas(least), commas(most), unit, commas(last.value))
	return l
}
