package debug

import (
	"fmt"
	"strings"
	"time"
)

// A history is how deep one stack was when somebody looked.
type history struct {
	samples []sample // the last mostSamples, the newest last
}

type sample struct {
	at       time.Time
	segments int
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
	h := p.histories[s.ID]
	if h == nil {
		h = new(history)
		p.histories[s.ID] = h
	}
	if n := len(h.samples); n == 0 || now.Sub(h.samples[n-1].at) >= fresh/2 {
		if n == mostSamples {
			copy(h.samples, h.samples[1:])
			h.samples = h.samples[:n-1]
		}
		h.samples = append(h.samples, sample{now, s.Stats.Segments})
	}
	return h.line()
}

// forget drops the histories of stacks that were not seen this time if there
// are too many, or the last of them is old. The caller has p.mu.
func (p *page) forget(now time.Time) {
	for id, h := range p.histories {
		last := h.samples[len(h.samples)-1].at
		if last != now && (len(p.histories) > mostHistories || now.Sub(last) > time.Minute) {
			delete(p.histories, id)
		}
	}
}

func (h *history) line() *line {
	const margin = 3
	first, last := h.samples[0], h.samples[len(h.samples)-1]
	most, least := 1, last.segments
	for _, s := range h.samples {
		most = max(most, s.segments)
		least = min(least, s.segments)
	}
	span := last.at.Sub(first.at)
	var points strings.Builder
	l := &line{}
	for i, s := range h.samples {
		x := float64(lineWidth - margin)
		if span > 0 {
			x = margin + (lineWidth-2*margin)*float64(s.at.Sub(first.at))/float64(span)
		}
		y := float64(lineHeight-margin) - (lineHeight-2*margin)*float64(s.segments)/float64(most)
		if i > 0 {
			points.WriteByte(' ')
		}
		l.X, l.Y = fmt.Sprintf("%.1f", x), fmt.Sprintf("%.1f", y)
		points.WriteString(l.X + "," + l.Y)
	}
	l.Points = points.String()
	start, _, _ := strings.Cut(l.Points, ",")
	l.Area = fmt.Sprintf("%s,%d %s %s,%d", start, lineHeight, l.Points, l.X, lineHeight)
	l.Label = fmt.Sprintf("depth over the last %s: between %s and %s segments, now %s",
		short(span), commas(least), commas(most), commas(last.segments))
	return l
}
