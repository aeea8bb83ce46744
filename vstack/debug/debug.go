// Package debug serves a page that shows the live virtual stacks of a program
// while it runs: how deep they are, what they hold, and where they are, folded.
//
// It is mounted as net/http/pprof is. Importing it adds it to
// [http.DefaultServeMux] at /debug/vstack/:
//
//	import _ "github.com/vstack-go/vstack/vstack/debug"
//
// With another mux, mount [Handler]:
//
//	mux.Handle("/debug/vstack/", debug.Handler())
//
// The same data is there as JSON with ?as=json, as text in the form of Go's
// tracebacks with ?id=N&as=text and, in a program that also imports
// github.com/vstack-go/vstack/vstack/profile, for go tool pprof with ?as=pprof.
//
// # What it costs, what it shows
//
// Nothing while nobody looks: no goroutine runs and nothing is recorded. A look asks the
// 20 deepest running stacks for a trace of 8 segments each, which holds each of them up
// for about a millisecond. That happens twice a second at most, however many people
// look at a time. Depth over time is what was seen by those who
// looked. Numbers, the names of stacks and the names and lines of functions are
// shown, and no arguments or values; still, like net/http/pprof, it is nothing to
// be open to everybody.
package debug

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/vstack-go/vstack/vstack"
	"github.com/vstack-go/vstack/vstack/internal/form"
	"github.com/vstack-go/vstack/vstack/internal/lanes"
)

func init() { http.Handle("/debug/vstack/", Handler()) }

// The bounds of the work that a request can cause.
const (
	mostStacks    = 200 // that are listed, the deepest first
	mostTraced    = 20
	listSegments  = 8  // of each that are read for the list
	pageSegments  = 16 // that are read for the page of one stack
	patience      = 100 * time.Millisecond
	fresh         = 500 * time.Millisecond // how long a list is served again
	mostSamples   = 120
	mostHistories = 1000
	mostPools     = 50
)

var handler = &page{
	histories: map[uint64]*history{},
	turn:      make(chan struct{}, 1),
}

// Handler returns the handler of the page, which links to itself by queries
// only, so that it may be mounted at any path. There is one for the whole
// program. It answers GET and HEAD.
func Handler() http.Handler { return handler }

type page struct {
	turn chan struct{} // one trace for the page of a stack at a time

	mu        sync.Mutex
	last      *list
	histories map[uint64]*history
	program   history // of all together
}

// A list is what was seen of all stacks at one time.
type list struct {
	Time   time.Time `json:"time"`
	Totals totals    `json:"totals"`
	Pools  []pool    `json:"pools"`
	Lanes  []lane    `json:"lanes,omitempty"`
	// Of all segments together, and of the memory that is idle.
	Growth *line   `json:"-"`
	Stacks []stack `json:"stacks"`
	More   int     `json:"more,omitempty"` // that are not listed
	Late   int     `json:"late"`           // that were asked and have not answered
	Pprof  bool    `json:"-"`
}

// totals are those of the program.
type totals struct {
	vstack.Totals
	IdleBytes int64 `json:"idleBytes"` // that stacks keep in pools
}

// A pool is what was seen of one, or of the ambient stacks, or of a budget without one.
type pool struct {
	Name   string           `json:"name,omitempty"`
	Stats  vstack.PoolStats `json:"stats"`
	Budget int64            `json:"budget,omitempty"`
	InUse  int64            `json:"inUse,omitempty"`
	Bare   bool             `json:"withoutPool,omitempty"` // a budget alone
}

// program returns what is to be seen of the whole program.
func program() (t totals, pools []pool) {
	t = totals{Totals: vstack.ReadTotals()}
	t.IdleBytes = t.Ambient.IdleBytes
	pools = append(pools, pool{Name: "ambient", Stats: t.Ambient, Budget: t.DefaultLimit, InUse: t.DefaultUsed})
	seen := map[*vstack.Budget]bool{}
	for _, p := range vstack.Pools() {
		if len(pools) == mostPools {
			break
		}
		one := pool{Name: p.Name(), Stats: p.Stats()}
		if b := p.Budget(); b != nil {
			one.Budget, one.InUse = b.Size(), b.InUse()
			seen[b] = true
		}
		t.IdleBytes += one.Stats.IdleBytes
		pools = append(pools, one)
	}
	names := map[*vstack.Budget]string{}
	for _, l := range lanes.Live() {
		names[l.Budget] = l.Name
	}
	for _, b := range vstack.Budgets() {
		if !seen[b] && len(pools) < mostPools {
			pools = append(pools, pool{Name: names[b], Budget: b.Size(), InUse: b.InUse(), Bare: true})
		}
	}
	return t, pools
}

// A lane is what was seen of one of package serve.
type lane struct {
	Name    string `json:"name"`
	Slots   int    `json:"slots"`
	Running int64  `json:"running"`
	Waiting int64  `json:"waiting"`
	Refused int64  `json:"refused"`
}

func seeLanes() (all []lane) {
	for _, l := range lanes.Live() {
		if len(all) == mostPools {
			break
		}
		all = append(all, lane{l.Name, l.Slots, l.Taken.Load(), l.Waiting.Load(), l.Refused.Load()})
	}
	return all
}

// A stack is what was seen of one.
type stack struct {
	ID         uint64        `json:"id"`
	Name       string        `json:"name,omitempty"`
	AgeSeconds float64       `json:"ageSeconds"`
	Stats      vstack.Stats  `json:"stats"`
	Depth      int64         `json:"depth,omitempty"` // in frames, about if Approximate
	About      bool          `json:"approximate,omitempty"`
	Summary    string        `json:"summary,omitempty"`
	Note       string        `json:"note,omitempty"`           // why there is no summary, or why it is old
	Late       bool          `json:"late,omitempty"`           // it has not answered
	SeenAgo    float64       `json:"seenSecondsAgo,omitempty"` // how old the summary is
	Ambient    bool          `json:"ambient,omitempty"`
	Line       *line         `json:"-"`
	Age        string        `json:"-"`
	Trace      *vstack.Trace `json:"-"`
	Places     []stuck       `json:"-"` // of the goroutines of its name, if it is late
	handle     *vstack.Stack
}

// ServeHTTP serves the list, or one stack with ?id=N.
func (p *page) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		h.Set("Allow", "GET, HEAD")
		http.Error(w, "vstack: this page is only to be read", http.StatusMethodNotAllowed)
		return
	}
	as, id := r.FormValue("as"), r.FormValue("id")
	switch {
	case id != "":
		p.serveStack(w, r, id, as)
	case as == "":
		render(w, "list", p.look(r.Context()))
	case as == "json":
		writeJSON(w, p.look(r.Context()))
	case as == "pprof":
		servePprof(w)
	default:
		http.Error(w, "vstack: as is json or pprof, or with an id json or text", http.StatusBadRequest)
	}
}

func (p *page) serveStack(w http.ResponseWriter, r *http.Request, id, as string) {
	n, err := strconv.ParseUint(id, 10, 64)
	stacks := vstack.Stacks()
	i := slices.IndexFunc(stacks, func(s *vstack.Stack) bool { return s.ID() == n })
	if err != nil || i < 0 {
		if as != "" {
			http.Error(w, fmt.Sprintf("vstack: stack %q is not alive: it was closed, or there never was one", id), http.StatusNotFound)
			return
		}
		renderWith(w, http.StatusNotFound, "gone", id)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), 5*patience)
	defer cancel()
	select {
	case p.turn <- struct{}{}:
		defer func() { <-p.turn }()
	case <-ctx.Done():
	}
	s := see(stacks[i], time.Now())
	s.trace(ctx, pageSegments)
	p.mu.Lock()
	one := []stack{s}
	p.explain(one, time.Now())
	s = one[0]
	s.Line = p.sample(&s, time.Now())
	p.mu.Unlock()
	if as != "" && s.Trace == nil {
		text := "vstack: " + s.Note
		if len(s.Places) == 0 {
			text += "\n" + noTrace
		}
		for _, p := range s.Places {
			text += fmt.Sprintf("\n\n%d × %s, the newest call first:\n%s", p.Count, p.What, p.Text)
		}
		http.Error(w, text, http.StatusServiceUnavailable)
		return
	}
	switch as {
	case "":
		render(w, "stack", s)
	case "json":
		writeJSON(w, s.Trace)
	case "text":
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = fmt.Fprintf(w, "%s\n\n%s", s.Trace.Summary(), s.Trace)
	default:
		http.Error(w, "vstack: as is json or text", http.StatusBadRequest)
	}
}

// noTrace says where to look for a stack that has never answered, and is between two
// functions for the goroutine profile.
const noTrace = "It has answered nobody who looked at this page, so there is no trace of it here. " +
	"Its goroutines are in /debug/pprof/goroutine?debug=2, which import _ \"net/http/pprof\" serves."

func servePprof(w http.ResponseWriter) {
	write := form.Write.Load()
	if write == nil {
		http.Error(w, "vstack: the pprof form is a package of its own; import it anywhere in the program:\n\n"+
			"\timport _ \"github.com/vstack-go/vstack/vstack/profile\"\n\n"+
			"after go get github.com/vstack-go/vstack/vstack/profile", http.StatusNotImplemented)
		return
	}
	var b bytes.Buffer
	if err := (*write)(&b); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Disposition", `attachment; filename="vstack.pb.gz"`)
	_, _ = w.Write(b.Bytes())
}

// look returns what is to be seen now, or was a moment ago.
func (p *page) look(ctx context.Context) *list {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if p.last != nil && now.Sub(p.last.Time) < fresh {
		return p.last
	}
	all := []stack{}
	for _, s := range vstack.Stacks() {
		all = append(all, see(s, now))
	}
	slices.SortStableFunc(all, func(a, b stack) int {
		if a.Stats.Running != b.Stats.Running {
			if a.Stats.Running {
				return -1
			}
			return 1
		}
		return cmp.Compare(b.Stats.Segments, a.Stats.Segments)
	})
	l := &list{Time: now, Stacks: all[:min(len(all), mostStacks)], Pprof: form.Write.Load() != nil}
	l.More = len(all) - len(l.Stacks)
	l.Totals, l.Pools = program()
	l.Lanes = seeLanes()

	// All at once, and not for long. One request's end must not spoil what
	// others will be served.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	var traces sync.WaitGroup
	for i := range l.Stacks {
		s := &l.Stacks[i]
		switch {
		case !s.Stats.Running:
			s.Note = "idle"
		case i >= mostTraced:
			s.Note = "not asked: only the deepest are"
		default:
			traces.Go(func() { s.trace(ctx, listSegments) })
		}
	}
	traces.Wait()
	p.explain(l.Stacks, now)
	l.Growth = p.grown(l.Totals.Bytes, now)
	for i := range l.Stacks {
		if l.Stacks[i].Late {
			l.Late++
		}
		l.Stacks[i].Line = p.sample(&l.Stacks[i], now)
		l.Stacks[i].handle = nil // the list is kept, and is to keep no stack alive
	}
	p.forget(now)
	p.last = l
	return l
}

// see returns what can be seen of a stack without asking it.
func see(s *vstack.Stack, now time.Time) stack {
	age := now.Sub(s.Made())
	return stack{
		ID:         s.ID(),
		Name:       s.Name(),
		Stats:      s.Stats(),
		AgeSeconds: age.Seconds(),
		Age:        short(age),
		Ambient:    s.Ambient(),
		handle:     s,
	}
}

// short prints a duration to about three digits.
func short(d time.Duration) string {
	switch {
	case d < time.Second:
		return d.Round(time.Millisecond).String()
	case d < time.Minute:
		return d.Round(100 * time.Millisecond).String()
	}
	return d.Round(time.Second).String()
}

// trace asks the stack where it is.
func (s *stack) trace(ctx context.Context, segments int) {
	t, err := s.handle.TraceContext(ctx, segments)
	switch {
	case err != nil:
		s.Late = true
		return
	case t.Depth == 0: // since it was seen
		s.Note = "idle"
		s.Stats = s.handle.Stats()
		s.Stats.Running, s.Stats.Segments = false, 0
	}
	s.agree(t)
	s.Trace = t
	s.Summary = t.Summary()
	s.Depth = t.Depth
	if t.Walked > 0 && t.Walked < t.Segments {
		s.Depth = t.Depth / int64(t.Walked) * int64(t.Segments)
		s.About = true
	}
}

// agree makes the counts those of the moment of the trace if the stack has gone on since they
// were read: 19 segments with 4 frames are no sight. Its branches, which the trace does not
// have, stay in the counts of one that has not.
func (s *stack) agree(t *vstack.Trace) {
	if t.Depth == 0 || t.Segments == s.Stats.Segments {
		return
	}
	before := s.Stats
	s.Stats = s.handle.Stats()
	if s.Stats.Running && s.Stats.Hops == before.Hops && s.Stats.Segments == before.Segments {
		return
	}
	s.Stats.Running, s.Stats.Segments, s.Stats.Bytes = true, t.Segments, t.Bytes
}

// explain adds what is known of the stacks that have not answered, and remembers the
// answers of the others. The caller has p.mu.
func (p *page) explain(stacks []stack, now time.Time) {
	var does map[string]doings // asked for when it is needed
	for i := range stacks {
		s := &stacks[i]
		h := p.history(s.ID)
		if s.Summary != "" {
			h.summary, h.depth, h.segments, h.seen = s.Summary, s.Depth, s.Stats.Segments, now
		}
		moved := h.looked && h.hops != s.Stats.Hops
		if s.Late { // it may have gone on since it was asked
			before := s.Stats
			s.Stats = s.handle.Stats()
			moved = moved || s.Stats.Hops != before.Hops || s.Stats.Segments != before.Segments
			if !s.Stats.Running {
				s.Late, s.Note = false, "idle"
			}
		}
		h.looked, h.hops = true, s.Stats.Hops
		if !s.Late {
			h.lateSince = time.Time{}
			continue
		}
		if h.lateSince.IsZero() || moved {
			h.lateSince = now
		}
		if does == nil && (!moved || h.summary == "") {
			does = waits()
		}
		s.Note = note(s, does[s.Name], moved, now.Sub(h.lateSince))
		s.Places = does[s.Name].places
		switch {
		case h.summary == "" && len(s.Places) > 0:
			s.Summary = does[s.Name].summary()
			s.Note += "; by the goroutine profile:"
		case h.summary != "":
			s.Summary = h.summary
			if h.segments == s.Stats.Segments { // otherwise it is deeper by now, or less deep
				s.Depth, s.About = h.depth, true
			}
			s.SeenAgo = now.Sub(h.seen).Seconds()
			s.Note += "; seen " + short(now.Sub(h.seen)) + " ago:"
		}
	}
}

// note is why a stack has not answered: it runs and has not come to a guard, or it waits.
func note(s *stack, does doings, moved bool, late time.Duration) string {
	text := "late"
	if late >= time.Second { // it is counted from when somebody looked, and it may be longer
		text += " for at least " + short(late)
	}
	group := "; all of its name: "
	if s.Name == "" {
		group = "; all without a name: "
	}
	runs := moved || does.waiting == 0 // with no goroutine at all it is between two segments
	switch {
	case s.Stats.Awaiting > 0 && !runs:
		if does.running+does.waiting == s.Stats.Awaiting {
			group = ""
		}
		return fmt.Sprintf("%s: %d in Await (%s)", text, s.Stats.Awaiting, strings.TrimPrefix(group, "; ")+does.text) + deadlock(does.text, late)
	case s.Stats.Awaiting > 0:
		return fmt.Sprintf("%s: it runs, with %d in Await", text, s.Stats.Awaiting)
	case runs && (moved || does.where == ""):
		return text + ": it runs"
	case runs:
		return text + ": it runs in " + does.where
	case does.running > 0:
		text += ": it runs or waits" + group + does.text
		if s.Name == "" {
			text += "; a name, vstack.WithName, would tell"
		}
		return text
	case does.waiting > 1:
		return text + ": it waits" + group + does.text + deadlock(does.text, late)
	}
	return text + ": it " + does.text + deadlock(does.text, late)
}

// deadlock says what long waiting may be.
func deadlock(does string, late time.Duration) string {
	if late < 10*time.Second || strings.Contains(does, "network") || strings.Contains(does, "sleeps") {
		return ""
	}
	return "; a deadlock, unless another goroutine is going to wake it"
}

// goKey is a name of a field of package vstack's at the start of a line.
var goKey = regexp.MustCompile(`(?m)^ *"[A-Z]`)

// writeJSON writes v with all names beginning with a small letter, as those of this package
// and of traces do; the counts of package vstack have no names for JSON.
func writeJSON(w http.ResponseWriter, v any) {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(append(goKey.ReplaceAllFunc(text, bytes.ToLower), '\n'))
}

var (
	//go:embed page.html
	text string
	//go:embed page.css
	style string
	//go:embed page.js
	script string

	pages = template.Must(template.New("").Funcs(template.FuncMap{
		"commas":  commas,
		"bytes":   size,
		"pieces":  pieces,
		"noTrace": func() string { return noTrace },
	}).Parse(text))

	// What the page may load: its own style and script, known by their hashes,
	// and itself again.
	policy = "default-src 'none'; connect-src 'self'; base-uri 'none'; form-action 'none'; " +
		"style-src '" + hash(style) + "'; script-src '" + hash(script) + "'"
)

func hash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

func render(w http.ResponseWriter, name string, data any) {
	renderWith(w, http.StatusOK, name, data)
}

func renderWith(w http.ResponseWriter, code int, name string, data any) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", policy)
	var b bytes.Buffer
	if err := pages.ExecuteTemplate(&b, name, map[string]any{
		"Style":  template.CSS(style),
		"Script": template.JS(script),
		"Data":   data,
	}); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.WriteHeader(code)
	_, _ = w.Write(b.Bytes())
}

// pieces are the pieces of a summary, each for a line of its own.
func pieces(summary string) []string {
	if summary == "" {
		return nil
	}
	return strings.Split(strings.ReplaceAll(summary, " -> ", " → "), "; ")
}

func commas(v any) string {
	s := fmt.Sprint(v)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// size prints bytes for people.
func size(n int64) string {
	switch {
	case n < 1<<20:
		return fmt.Sprintf("%d KiB", n>>10)
	case n < 1<<30:
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	}
	return fmt.Sprintf("%.2f GiB", float64(n)/(1<<30))
}
