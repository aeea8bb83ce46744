package main

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// A record is a line of results.json: a sample, or what there is to say about a run.
type record struct {
	Info   *run1  `json:"info,omitempty"`
	Group  string `json:"group,omitempty"`
	Way    string `json:"way,omitempty"`
	Run    string `json:"run,omitempty"` // the date of it
	Turn   int    `json:"turn"`
	Sample sample `json:"sample,omitempty"`
}

// A run1 is one run of this program.
type run1 struct {
	Date, Took string
	Turns      int
	Machine    []string
}

// Load is the machine's load average before the run, "" if it is not known.
func (r run1) Load() string {
	for _, line := range r.Machine {
		if load, ok := strings.CutPrefix(line, "load average at the start: "); ok {
			first, _, _ := strings.Cut(load, ",")
			return first
		}
	}
	return ""
}

// results is what has been measured.
type results struct {
	Quick  bool
	Runs   []run1
	groups map[string]map[string][]record // by group and way, in the order of turns
}

func newResults() *results { return &results{groups: map[string]map[string][]record{}} }

func (r *results) add(x record) {
	if r.groups[x.Group] == nil {
		r.groups[x.Group] = map[string][]record{}
	}
	r.groups[x.Group][x.Way] = append(r.groups[x.Group][x.Way], x)
}

// load reads results.json, or makes new ones if there is none.
func load(file string) (*results, error) {
	r := newResults()
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return r, nil
	}
	if err != nil {
		return nil, err
	}
	for d := json.NewDecoder(bytes.NewReader(text)); ; {
		var x record
		switch err := d.Decode(&x); {
		case err == io.EOF:
			return r, nil
		case err != nil:
			return nil, fmt.Errorf("%s: %w", file, err)
		case x.Info != nil:
			r.Runs = append(r.Runs, *x.Info)
		default:
			r.add(x)
		}
	}
}

// merge puts the groups of fresh in place of r's, and drops runs nothing is left of.
func (r *results) merge(fresh *results) {
	for name, ways := range fresh.groups {
		r.groups[name] = ways
	}
	used := map[string]bool{}
	for _, ways := range r.groups {
		for _, records := range ways {
			for _, x := range records {
				used[x.Run] = true
			}
		}
	}
	for _, info := range fresh.Runs {
		r.Runs = slices.DeleteFunc(r.Runs, func(i run1) bool { return i.Date == info.Date })
	}
	r.Runs = slices.DeleteFunc(append(r.Runs, fresh.Runs...), func(i run1) bool { return !used[i.Date] })
}

// save writes results.json, a line a sample.
func (r *results) save(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	for _, info := range r.Runs {
		if err := e.Encode(struct {
			Info run1 `json:"info"`
		}{info}); err != nil {
			return err
		}
	}
	for _, name := range keysOf(r.groups) {
		for _, way := range keysOf(r.groups[name]) {
			for _, x := range r.groups[name][way] {
				for metric, v := range x.Sample {
					x.Sample[metric] = digits(v, 6)
				}
				if err := e.Encode(x); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// write writes results.json and what is made from it.
func (r *results) write(out string) error {
	if err := toFile(filepath.Join(out, "results.json"), r.save); err != nil {
		return err
	}
	if err := r.plot(out); err != nil {
		return err
	}
	for _, page := range []string{"RESULTS.md", "TABLES.md"} {
		if err := toFile(filepath.Join(out, page), func(w io.Writer) error { return r.page(w, page) }); err != nil {
			return err
		}
	}
	return nil
}

// toFile writes a file whole or not at all.
func toFile(file string, write func(w io.Writer) error) error {
	var b bytes.Buffer
	if err := write(&b); err != nil {
		return err
	}
	return os.WriteFile(file, b.Bytes(), 0o666)
}

// samples returns what a metric was in each turn.
func (r *results) samples(group, way, metric string) map[int]float64 {
	v := map[int]float64{}
	for _, x := range r.groups[group][way] {
		if value, ok := x.Sample[metric]; ok {
			v[x.Turn] = value
		}
	}
	return v
}

// value returns the median of a metric, and whether it was measured.
func (r *results) value(group, way, metric string) (float64, bool) {
	var v []float64
	for _, x := range r.samples(group, way, metric) {
		v = append(v, x)
	}
	return median(v), len(v) > 0
}

// ratios returns the ratio of the metric of two ways in each turn that has both.
func (r *results) ratios(group, way, base, metric string) (v []float64) {
	bases := r.samples(group, base, metric)
	for turn, x := range r.samples(group, way, metric) {
		if b, ok := bases[turn]; ok {
			v = append(v, x/b)
		}
	}
	return v
}

// cell is value for a table, divided by unit; "" stands for ns.
func (r *results) cell(group, way, metric string, unit float64) string {
	if v, ok := r.value(group, way, metric); ok {
		return number(v / unit)
	}
	for _, x := range r.groups[group][way] {
		if x.Sample["crashed"] > 0 {
			return "**crash**"
		}
		if x.Sample["failed"] > 0 {
			return "failed"
		}
	}
	return "-"
}

// print writes the medians of all that was measured, and the rows that can be had from them.
func (r *results) print(w io.Writer) {
	for _, name := range keysOf(r.groups) {
		for _, way := range keysOf(r.groups[name]) {
			fmt.Fprintf(w, "%-24s %-28s", name, way)
			metrics := map[string]bool{}
			for _, x := range r.groups[name][way] {
				for metric := range x.Sample {
					metrics[metric] = true
				}
			}
			for _, metric := range keysOf(metrics) {
				v, _ := r.value(name, way, metric)
				if metric == "peak" {
					metric, v = "MiB", v/(1<<20)
				}
				fmt.Fprintf(w, " %s %s", metric, number(v))
			}
			fmt.Fprintln(w)
		}
	}
	for _, row := range allRows(r.Quick) {
		if res := row.result(r); res.ok {
			fmt.Fprintf(w, "%-70s %s (%s to %s), to reach %v: %s\n", res.what+", against "+res.against, number(res.ratio), number(res.low), number(res.high), res.target, res.Reached())
		}
	}
}

func sorted[K cmp.Ordered](keys iter.Seq[K]) []K { return slices.Sorted(keys) }

// machine describes where this runs.
func machine() []string {
	cpu := runtime.GOARCH
	if name := field("/proc/cpuinfo", "model name"); name != "" {
		cpu = name
	}
	lines := []string{fmt.Sprintf("%s, %d cores, %s/%s", cpu, runtime.NumCPU(), runtime.GOOS, runtime.GOARCH)}
	if memory := field("/proc/meminfo", "MemTotal"); memory != "" {
		var kib int64
		fmt.Sscan(memory, &kib)
		lines[0] += fmt.Sprintf(", %d GiB of memory", (kib+1<<19)>>20)
	}
	lines = append(lines, runtime.Version()+fmt.Sprintf(", GOMAXPROCS %d", runtime.GOMAXPROCS(0)))
	if load, err := os.ReadFile("/proc/loadavg"); err == nil {
		fields := strings.Fields(string(load))
		lines = append(lines, "load average at the start: "+strings.Join(fields[:min(3, len(fields))], ", "))
	}
	return lines
}

// field returns what a file of "name: value" lines has for the name.
func field(file, name string) string {
	f, err := os.Open(file)
	if err != nil {
		return ""
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if key, value, ok := strings.Cut(lines.Text(), ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// digits rounds to so many digits.
func digits(x float64, n int) (rounded float64) {
	fmt.Sscan(fmt.Sprintf("%.*g", n, x), &rounded)
	return rounded
}

// number prints three digits, without an exponent.
func number(x float64) string {
	x = digits(x, 3)
	text := fmt.Sprintf("%.3f", x)
	switch {
	case x >= 100:
		text = fmt.Sprintf("%.0f", x)
	case x >= 10:
		text = fmt.Sprintf("%.1f", x)
	case x >= 1:
		text = fmt.Sprintf("%.2f", x)
	case x > 0 && x < 0.01:
		text = strings.TrimRight(fmt.Sprintf("%.6f", x), "0")
	}
	return text
}
