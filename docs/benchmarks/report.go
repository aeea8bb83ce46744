package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
)

// results is what a run has measured, as it is kept in results.json.
type results struct {
	Date, Took, Command string
	Machine             []string
	Quick               bool
	Turns               int
	Left                []string // what was left out, and why
	Groups              map[string]map[string][]sample
}

// into returns the saved results with r's groups in place of theirs.
func (r *results) into(file string) (*results, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	saved := &results{}
	if err := json.Unmarshal(text, saved); err != nil {
		return nil, err
	}
	for name, samples := range r.Groups {
		saved.Groups[name] = samples
		saved.Left = slices.DeleteFunc(saved.Left, func(line string) bool { return strings.HasPrefix(line, name+" was ") })
		saved.Left = append(saved.Left, fmt.Sprintf("%s was measured by itself, %s, %d turns", name, r.Date, r.Turns))
	}
	return saved, nil
}

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

// value returns the median of a metric, and whether it was measured.
func (r *results) value(group, way, metric string) (float64, bool) {
	var v []float64
	for _, s := range r.Groups[group][way] {
		if x, ok := s[metric]; ok {
			v = append(v, x)
		}
	}
	return median(v), len(v) > 0
}

// cell is value for a table.
func (r *results) cell(group, way, metric string, scale float64) string {
	if v, ok := r.value(group, way, metric); ok {
		return number(v * scale)
	}
	return "-"
}

// print writes the medians of all that was measured.
func (r *results) print(w io.Writer) error {
	for _, name := range slices.Sorted(keys(r.Groups)) {
		for _, way := range slices.Sorted(keys(r.Groups[name])) {
			fmt.Fprintf(w, "%-24s %-18s", name, way)
			for _, metric := range slices.Sorted(keys(r.Groups[name][way][0])) {
				v, _ := r.value(name, way, metric)
				fmt.Fprintf(w, " %s %s", metric, number(v))
			}
			fmt.Fprintln(w)
		}
	}
	for _, row := range allRows(r.Quick) {
		if res := row.result(r.Groups); res.ok {
			fmt.Fprintf(w, "%-60s %-50s %s (%s to %s) %s\n", res.what, res.against, number(res.ratio), number(res.low), number(res.high), res.reached())
		}
	}
	return nil
}

func keys[V any](m map[string]V) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

func (r *results) markdown() string {
	var b strings.Builder
	p := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }

	p("# Results\n")
	p("Written by the program in this directory; do not edit. What the figures mean, and why a")
	p("target is not reached, is in [performance.md](%s).\n", map[bool]string{false: "../performance.md", true: "../../performance.md"}[r.Quick])
	p("Measured with: `%s` in docs/benchmarks, %s, %d turns, %s.\n", r.Command, r.Date, r.Turns, r.Took)
	for _, line := range r.Machine {
		p("- %s", line)
	}
	for _, line := range r.Left {
		p("- %s", line)
	}
	p("\nEvery figure is a median. Each way to do a thing ran in child processes of its own, in turn")
	p("with those it is compared with. A ratio is taken in each turn, of two children that ran one")
	p("after the other; in brackets are the quartiles. Plain recursion has `debug.SetMaxStack`")
	p("raised: without it the process ends at a stack of 1 GB. Warm stacks keep all their workers")
	p("(`WithIdleMemory`).")

	var rows []result
	for _, row := range allRows(r.Quick) {
		if res := row.result(r.Groups); res.ok {
			rows = append(rows, res)
		}
	}
	reached, targets := 0, 0
	for _, res := range rows {
		if !res.extra {
			targets++
			if res.reached() == "yes" {
				reached++
			}
		}
	}
	p("\n## Targets\n")
	p("%d of %d are reached. Rows without a target explain the others. Times are in ns for a call,", reached, targets)
	p("a level or a node unless the row says another unit; memory is in MiB.\n")
	p("| what | against | ratio to reach | ratio | reached | vstack | other |")
	p("|---|---|---|---|---|---|---|")
	for _, res := range rows {
		to, way, base := "", number(res.way), number(res.base)
		if !res.extra {
			to = target(res.target)
		}
		if res.unit == "us" {
			way, base = way+" us", base+" us"
		}
		if res.absolute {
			way, base = "", ""
		}
		what := res.what
		if res.extra {
			what = "*" + what + "*"
		}
		p("| %s | %s | %s | %s (%s to %s) | %s | %s | %s |", what, res.against, to, number(res.ratio), number(res.low), number(res.high), res.reached(), way, base)
	}
	p("\nNot reached:\n")
	for _, res := range rows {
		if res.reached() == "**no**" {
			p("- %s, against %s: %s instead of %s", res.what, res.against, number(res.ratio), number(res.target))
		}
	}

	p("\n## The guard in two functions\n")
	p("The same with the second line of the guard in a function of its own, which is not inlined:")
	p("the fastest form, see [the guide](%s).\n", map[bool]string{false: "../guide.md", true: "../../guide.md"}[r.Quick]+"#the-fastest-form")
	p("| what | against | ratio to reach | ratio | reached | guard in one |")
	p("|---|---|---|---|---|---|")
	for _, res := range rows {
		row, ok := res.split(r.Groups)
		if !ok || row.way == "split" && res.row.way != "guard" || res.extra {
			continue
		}
		split := row.result(r.Groups)
		p("| %s | %s | %s | %s (%s to %s) | %s | %s |", res.what, res.against, target(res.target), number(split.ratio), number(split.low), number(split.high), split.reached(), number(res.ratio))
	}

	p("\n## Depth\n")
	p("Linear recursion, nothing but calls: ns a level.\n")
	p("![time per level](time.svg)\n")
	p("| levels | plain, fresh goroutine | vstack, new stack | vstack, warm stack | plain, already grown | the same, leaf makes 32 calls | the guard alone, already grown |")
	p("|---|---|---|---|---|---|---|")
	for _, n := range depths(r.Quick) {
		g := "linear " + levels(n)
		fresh, once := "fresh", "new"
		if n == deep {
			fresh, once = "fresh-once", "new-once"
		}
		p("| %s | %s | %s | %s | %s | %s | %s |", levels(n), r.cell(g, fresh, "ns", 1), r.cell(g, once, "ns", 1), r.cell(g, "warm", "ns", 1),
			r.cell(g, "grown", "ns", 1), r.cell(g, "leaf", "ns", 1), r.cell(g, "guard-grown", "ns", 1))
	}
	p("\n\"Already grown\" is the best case of plain recursion: a goroutine that lives on and has been")
	p("as deep before, until a collection halves its idle stack. \"The guard alone\" is the guarded")
	p("function with a nil stack on such a goroutine: it never hops.")
	if !r.Quick {
		p("At %s levels plain recursion on a fresh goroutine and the new stack run once in each child,", levels(deep))
		p("with no run before; elsewhere the first run in a child does not count.")
	}
	p("\n## Memory\n")
	p("The most memory that a process has had resident that did nothing else, in MiB.\n")
	p("![peak memory](memory.svg)\n")
	p("| levels | plain, fresh goroutine | vstack, new stack |")
	p("|---|---|---|")
	for _, n := range depths(r.Quick) {
		g := once(n)
		p("| %s | %s | %s |", levels(n), r.cell(g, "fresh-once", "peak", 1.0/(1<<20)), r.cell(g, "new-once", "peak", 1.0/(1<<20)))
	}

	if peers := r.peers(); peers != "" {
		b.WriteString(peers)
	}
	return b.String()
}

// target prints a ratio to reach.
func target(ratio float64) string {
	if ratio == float64(int(ratio)) {
		return fmt.Sprint(int(ratio))
	}
	return number(ratio)
}

// once is the group where the memory at n levels is measured.
func once(n int) string {
	if n == deep {
		return "linear " + levels(n)
	}
	return "once " + levels(n)
}

// peers is the section on the peers, or "" without any.
func (r *results) peers() string {
	type peer struct{ way, title string }
	peers := []peer{
		{"rust stacker", "stacker (Rust)"}, {"rust recursive", "recursive (Rust)"}, {"rust reblessive", "reblessive (Rust)"},
		{"rust vuot", "vuot (Rust)"}, {"kotlin deep", "DeepRecursiveFunction (Kotlin)"},
	}
	var b strings.Builder
	p := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	measured := false
	var sentences []string
	p("\n## Peers\n")
	p("The same workloads on Rust crates and on Kotlin's `DeepRecursiveFunction`, from the same run,")
	p("in turn with vstack. `stacker` and `recursive` run on the main thread's stack as it is, 8 MiB")
	p("on most systems, and take a new one only beyond that: up to some 100,000 levels they measure")
	p("no more than their check. The JVM runs each workload for two seconds before the clock.\n")
	title := "| workload | vstack | guard in two functions | plain Go |"
	line := "|---|---|---|---|"
	for _, peer := range peers {
		title += " " + peer.title + " |"
		line += "---|"
	}
	p("%s plain Rust | plain Kotlin |", title)
	p("%s---|---|", line)
	for _, w := range peerWorks() {
		mine, ok := r.value(w.name, w.mine, "ns")
		if !ok {
			continue
		}
		split := r.cell(w.name, w.split, "ns", 1)
		cells := fmt.Sprintf("| %s | %s | %s | %s |", w.what, number(mine), split, r.cell(w.name, w.base, "ns", 1))
		for _, peer := range peers {
			cells += " " + r.cell(w.name, peer.way, "ns", 1) + " |"
			theirs, ok := r.value(w.name, peer.way, "ns")
			if !ok {
				continue
			}
			measured = true
			if mine >= theirs {
				sentence := fmt.Sprintf("- vstack is not ahead of %s on %s: %s against %s", peer.title, w.what, number(mine), number(theirs))
				if two, ok := r.value(w.name, w.split, "ns"); ok {
					sentence += ", with the guard in two functions " + number(two)
				}
				sentences = append(sentences, sentence+".")
			}
		}
		p("%s %s | %s |", cells, r.cell(w.name, "rust plain", "ns", 1), r.cell(w.name, "kotlin plain", "ns", 1))
	}
	if !measured {
		return ""
	}
	p("\nvstack's columns for linear recursion are a warm stack; on a new one it takes, in the same turns:")
	var fresh []string
	for _, w := range peerWorks() {
		if w.work == "linear" {
			fresh = append(fresh, r.cell(w.name, "new", "ns", 1)+" at "+levels(w.n))
		}
	}
	p("%s. Plain Go is there on a fresh goroutine.\n", strings.Join(fresh, ", "))
	if len(sentences) == 0 {
		p("vstack is ahead of each of them on each workload.")
	} else {
		p("Where vstack is not ahead:\n")
		p("%s", strings.Join(sentences, "\n"))
	}
	return b.String()
}
