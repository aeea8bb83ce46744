package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"text/tabwriter"
	"time"
)

// A report is what came of the requests.
type report struct {
	mu        sync.Mutex
	phase     string
	latencies map[string][]time.Duration // of ordinary requests that were answered, by phase
	statuses  map[string]map[int]int     // by kind; 0 for no answer
	failures  []string                   // the first few
	failed    int
	memory    int64 // of the server at its highest, in bytes
}

func newReport() *report {
	return &report{latencies: map[string][]time.Duration{}, statuses: map[string]map[int]int{}}
}

// An outcome is what came of a request.
type outcome struct {
	Kind    string
	Status  int    // 0: no answer
	Failure string // what is wrong with that; "" if nothing is
}

// judge says what came of req, which got this answer.
func judge(req request, status int, answer map[string]any, err error) outcome {
	o := outcome{Kind: req.kind, Status: status}
	text, _ := answer["error"].(string)
	if req.ok != nil &&
		(!slices.Contains(req.ok, status) || req.want != nil && answer["value"] != req.want || req.want == nil && text == "") {
		o.Failure = fmt.Sprintf("%s: status %d, answer %v, error %v", req.kind, status, answer, err)
	}
	return o
}

// answered notes what came of a request that took so long.
func (r *report) answered(o outcome, took time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.statuses[o.Kind] == nil {
		r.statuses[o.Kind] = map[int]int{}
	}
	r.statuses[o.Kind][o.Status]++
	switch {
	case o.Failure != "":
		if r.failed++; len(r.failures) < 10 {
			r.failures = append(r.failures, o.Failure)
		}
	case o.Kind == ordinaryKind:
		r.latencies[r.phase] = append(r.latencies[r.phase], took)
	}
}

// line is the progress in one line.
func (r *report) line() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var b strings.Builder
	fmt.Fprintf(&b, "%-6s ordinary %d answered", r.phase, r.statuses[ordinaryKind][200])
	total := map[int]int{}
	for kind, statuses := range r.statuses {
		if kind != ordinaryKind {
			for status, n := range statuses {
				total[status] += n
			}
		}
	}
	b.WriteString("; hostile")
	for _, status := range slices.Sorted(maps.Keys(total)) {
		fmt.Fprintf(&b, " %s:%d", name(status), total[status])
	}
	fmt.Fprintf(&b, "; unexpected %d; server %d MiB", r.failed, r.memory>>20)
	return b.String()
}

func name(status int) string {
	if status == 0 {
		return "none"
	}
	return fmt.Sprint(status)
}

// write writes the tables.
func (r *report) write(w io.Writer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "ordinary requests\tcount\tp50\tp99\tp999\tmax\t")
	for _, phase := range []string{quiet, attacked} {
		l := slices.Sorted(slices.Values(r.latencies[phase]))
		fmt.Fprintf(t, "%s\t%d\t%v\t%v\t%v\t%v\t\n", phase, len(l), quantile(l, 0.5), quantile(l, 0.99), quantile(l, 0.999), quantile(l, 1))
	}
	t.Flush()
	fmt.Fprintf(w, "p99 under attack is %.2f times p99 without\n\n", r.ratio())
	t = tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "kind\tanswers")
	for _, kind := range slices.Sorted(maps.Keys(r.statuses)) {
		fmt.Fprintf(t, "%s\t", kind)
		for _, status := range slices.Sorted(maps.Keys(r.statuses[kind])) {
			fmt.Fprintf(t, "%s:%d ", name(status), r.statuses[kind][status])
		}
		fmt.Fprintln(t)
	}
	t.Flush()
	fmt.Fprintf(w, "\nserver memory at most %d MiB; unexpected answers %d\n", r.memory>>20, r.failed)
	for _, failure := range r.failures {
		fmt.Fprintln(w, " ", failure)
	}
}

// ratio is p99 under attack by p99 without.
func (r *report) ratio() float64 {
	p99 := func(phase string) float64 {
		return float64(quantile(slices.Sorted(slices.Values(r.latencies[phase])), 0.99))
	}
	return p99(attacked) / p99(quiet)
}

// quantile returns the q-quantile of sorted, to the microsecond.
func quantile(sorted []time.Duration, q float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	i := min(int(q*float64(len(sorted))), len(sorted)-1)
	return sorted[i].Round(time.Microsecond)
}
