package main

import (
	"embed"
	"fmt"
	"io"
	"strings"
	"text/template"

	"github.com/vstack-go/vstack/docs/benchmarks/instead"
)

//go:embed *.tmpl
var templates embed.FS

// page writes RESULTS.md or TABLES.md, by the template of that name.
func (r *results) page(w io.Writer, name string) error {
	up := "../"
	if r.Quick {
		up = "../../"
	}
	t, err := template.New(name).Funcs(template.FuncMap{
		"up":     func() string { return up },
		"number": number,
	}).ParseFS(templates, name+".tmpl")
	if err != nil {
		return err
	}
	return t.ExecuteTemplate(w, name+".tmpl", r)
}

// A Promise is a line of RESULTS.md: the rows that promise the same.
type Promise struct {
	What, Against string
	Target        float64
	Ratios        string // at each place
	Reached       string
	Why           string
}

// Promises are the rows that have a target, one for each that are the same but for where.
func (r *results) Promises() []Promise {
	type key struct {
		what, against string
		target        float64
		absolute      bool
	}
	var order []key
	byKey := map[key][]result{}
	for _, row := range allRows(r.Quick) {
		if row.extra {
			continue
		}
		res := row.result(r)
		if !res.ok {
			continue
		}
		k := key{row.what, row.against, row.target, row.absolute}
		if byKey[k] == nil {
			order = append(order, k)
		}
		// Of several at one place the worst.
		same := -1
		for i, other := range byKey[k] {
			if other.at == res.at {
				same = i
			}
		}
		switch {
		case same < 0:
			byKey[k] = append(byKey[k], res)
		case res.ratio > byKey[k][same].ratio:
			byKey[k][same] = res
		}
	}
	var promises []Promise
	for _, k := range order {
		p := Promise{What: k.what, Against: k.against, Target: k.target}
		var ratios, not, why []string
		for _, res := range byKey[k] {
			text := number(res.ratio)
			if res.at != "" {
				text = res.at + " " + text
			}
			ratios = append(ratios, text)
			if res.Reached() != "yes" {
				not = append(not, res.at)
				if res.why != "" && !strings.Contains(strings.Join(why, "\n"), res.why) {
					why = append(why, res.why)
				}
			}
		}
		p.Ratios = strings.Join(ratios, ", ")
		switch {
		case len(not) == 0:
			p.Reached = "yes"
		case len(not) == len(byKey[k]):
			p.Reached = "**no**"
		default:
			p.Reached = "**not at " + strings.Join(not, ", ") + "**"
		}
		p.Why = strings.Join(why, " ")
		promises = append(promises, p)
	}
	return promises
}

// Kept counts the promises that are kept.
func (r *results) Kept() (n int) {
	for _, p := range r.Promises() {
		if p.Reached == "yes" {
			n++
		}
	}
	return n
}

// A Row is a line of the first table of TABLES.md.
type Row struct {
	What, Against, Target, Ratio, Low, High, Reached, Way, Base string
}

// Rows are all rows that were measured.
func (r *results) Rows() []Row {
	var rows []Row
	for _, row := range allRows(r.Quick) {
		res := row.result(r)
		if !res.ok {
			continue
		}
		x := Row{What: row.what, Against: row.against, Ratio: number(res.ratio), Low: number(res.low), High: number(res.high), Reached: res.Reached()}
		if row.at != "" {
			x.What += ", " + row.at
		}
		if row.best != nil || row.against == fastest {
			x.Against = peerTitle(row.base)
		}
		if !row.extra {
			x.Target = fmt.Sprint(row.target)
		} else {
			x.What = "*" + x.What + "*"
		}
		if !row.absolute {
			x.Way, x.Base = number(res.way), number(res.base)
		}
		rows = append(rows, x)
	}
	return rows
}

func peerTitle(name string) string {
	for _, p := range peers {
		if p.name == name {
			return p.title
		}
	}
	return name
}

// A Table is one of TABLES.md.
type Table struct {
	Title, Text string
	Head        []string
	Lines       [][]string
}

// Tables are the other tables, without those that nothing was measured of.
func (r *results) Tables() []Table {
	var tables []Table
	for _, t := range append([]Table{r.depthTable("cpu"), r.depthTable("first"), r.memoryTable()}, append(r.peerTables(), r.insteadTable("deep"), r.insteadTable("flat"), r.manyTable(), r.coresTable())...) {
		measured := false
		for _, line := range t.Lines {
			for _, cell := range line[1:] {
				measured = measured || cell != "-" && cell != ""
			}
		}
		if measured {
			tables = append(tables, t)
		}
	}
	return tables
}

func (r *results) depthTable(metric string) Table {
	ways := []struct{ title, way string }{
		{"plain, fresh goroutine", "plain fresh"}, {"handle-free, fresh goroutine", "free fresh"}, {"the same in two functions", "free-split fresh"},
		{"handle, new stack", "handle new"}, {"the same in two functions", "handle-split new"},
		{"handle, warm stack", "handle warm"}, {"the same in two functions", "handle-split warm"},
		{"vstack build, fresh goroutine", builtWay + "plain fresh"},
		{"plain, already grown", "plain grown"}, {"the same, the leaf makes 32 calls", "leaf grown"}, {"guarded, nil stack, already grown", "nil grown"},
	}
	t := Table{Title: "Depth: later calls", Text: "Linear recursion, nothing but calls: CPU time in ns a level, once the process has made the call before.", Head: []string{"levels"}}
	if metric == "first" {
		t.Title, t.Text = "Depth: the first call of a process", "The same, for the first call."
		ways = ways[:8]
	}
	for _, w := range ways {
		t.Head = append(t.Head, w.title)
	}
	for _, n := range depths(r.Quick) {
		line := []string{levels(n)}
		for _, w := range ways {
			group := "linear "
			if strings.HasPrefix(w.way, builtWay) {
				group = "built "
			}
			line = append(line, r.cell(group+levels(n), w.way, metric, 1))
		}
		t.Lines = append(t.Lines, line)
	}
	return t
}

func (r *results) memoryTable() Table {
	ways := []struct{ title, way string }{
		{"plain, fresh goroutine", "plain fresh-once"}, {"handle-free, fresh goroutine", "free fresh-once"}, {"the same in two functions", "free-split fresh-once"},
		{"handle, new stack", "handle new-once"}, {"the same in two functions", "handle-split new-once"},
	}
	t := Table{Title: "Memory", Text: "The most that a process has had resident that did nothing else, in MiB.", Head: []string{"levels"}}
	for _, w := range ways {
		t.Head = append(t.Head, w.title)
	}
	for _, n := range append(depths(r.Quick), deepest) {
		line := []string{levels(n)}
		for _, w := range ways {
			line = append(line, r.cell("once "+levels(n), w.way, "peak", mib))
		}
		t.Lines = append(t.Lines, line)
	}
	return t
}

// peerTables has a table for first calls, one for later ones and one for memory.
func (r *results) peerTables() []Table {
	ours := []struct{ title, linear, fib string }{
		{"plain Go, fresh goroutine each time", "plain fresh", "plain grown"},
		{"vstack, handle", "handle warm", "handle inside"}, {"vstack, handle, two functions", "handle-split warm", "handle-split inside"},
		{"vstack, handle-free", "free grown", "free grown"}, {"vstack, handle-free, two functions", "free-split grown", "free-split grown"},
		{"vstack, handle-free, fresh goroutine each time", "free fresh", ""},
		{"vstack build", builtWay + "plain grown", builtWay + "plain grown"},
	}
	table := func(title, text, metric string, unit float64) Table {
		t := Table{Title: title, Text: text, Head: []string{""}}
		for _, w := range peerWorks() {
			t.Head = append(t.Head, w.what)
		}
		for _, o := range ours {
			line := []string{o.title}
			for _, w := range peerWorks() {
				way := o.linear
				if w.work != "linear" {
					way = o.fib
				}
				line = append(line, r.cell(w.name, way, metric, unit))
			}
			t.Lines = append(t.Lines, line)
		}
		for _, p := range peers {
			line := []string{p.title}
			for _, w := range peerWorks() {
				line = append(line, r.cell(w.name, p.name, metric, unit))
			}
			t.Lines = append(t.Lines, line)
		}
		return t
	}
	return []Table{
		table("Peers: later calls", `CPU time in ns. The ones with a runtime of their own are compiled as they are for speed; see peers/build. stacker, recursive
and stacksafe run on the main thread's stack as it is, 8 MiB, and take a new one only beyond that. The JVM runs each workload for a second before. Its collector runs on threads
of its own, whose time counts.`, "cpu", 1),
		table("Peers: the first call of a process", "The same, for the first call. The JVM has compiled nothing then.", "first", 1),
		table("Peers: memory", "The most that the process has had resident, in MiB, its runtime included. Under 20 it is not told from what the program has that starts it.", "peak", mib),
	}
}

// insteadTable is what people write instead: on deep input, or on what is not.
func (r *results) insteadTable(kind string) Table {
	t := Table{Title: "What people write instead: deep", Text: `CPU time in ns for each unit of work, later calls; MiB resident at most; lines of code of the recursion. Each form computed the same result. A goroutine for each call was measured at a size where it fits
into memory: the levels that it can have are 2.6 KiB each. Plain recursion crashes where its stack would pass 1 GB. "Explicit" for the list and its trampoline are loops: no stack is needed there.`, Head: []string{"", "unit"}}
	if kind == "flat" {
		t.Title, t.Text = "What people write instead: ordinary input", "The same for input that is not deep."
	}
	t.Head = append(t.Head, instead.Ways...)
	for _, w := range instead.All {
		if strings.HasSuffix(w.Name, "flat") != (kind == "flat") {
			continue
		}
		line := []string{w.What, w.Unit}
		for _, way := range instead.Ways {
			g, name := "instead "+w.Name, w.Name+"/"+way
			cell := r.cell(g, name, "cpu", 1)
			if cell != "-" && cell != "failed" && cell != "**crash**" {
				cell += " ns, " + r.cell(g, name, "peak", mib) + " MiB"
			}
			source := w.Source[way]
			if way == "setmaxstack" {
				source = w.Source["plain"]
			}
			if n, err := lines(source); err == nil && n > 0 && cell != "-" {
				cell += fmt.Sprintf(", %d lines", n)
			}
			line = append(line, cell)
		}
		t.Lines = append(t.Lines, line)
	}
	return t
}

func (r *results) manyTable() Table {
	t := Table{Title: "Many stacks", Text: "So many goroutines at once, each 25,600 levels deep: 600 KiB of plain stack. CPU time in ns a level; MiB resident at most; how many ended in an overflow, if any did. 100,000 are the first call of a process.",
		Head: []string{"goroutines", "plain", "handle", "handle-free"}}
	for _, n := range []int{1, 10, 100, 1000, 10_000, 100_000} {
		line := []string{fmt.Sprint(n)}
		for _, way := range []string{"plain fresh", "handle new", "free fresh"} {
			g := fmt.Sprintf("many %d", n)
			cell := r.cell(g, way, "cpu", 1)
			if n >= 100_000 {
				cell = r.cell(g, way, "first", 1)
			}
			if _, ok := r.value(g, way, "first"); ok {
				cell += " ns, " + r.cell(g, way, "peak", mib) + " MiB"
			}
			if v, ok := r.value(g, way, "overflows"); ok && v > 0 {
				cell += fmt.Sprintf(", %.0f overflows", v)
			}
			line = append(line, cell)
		}
		t.Lines = append(t.Lines, line)
	}
	return t
}

func (r *results) coresTable() Table {
	t := Table{Title: "Processors", Text: "16 recursions of a million levels, as many at a time as GOMAXPROCS: ns a level of all of them, by the clock on the wall, and of CPU time.",
		Head: []string{"GOMAXPROCS", "plain", "handle, new stacks", "handle-free"}}
	for _, procs := range []int{1, 2, 4} {
		line := []string{fmt.Sprint(procs)}
		for _, way := range []string{"plain fresh", "handle new", "free fresh"} {
			name := fmt.Sprintf("%s, %d", way, procs)
			cell := r.cell("cores", name, "wall", 1)
			if cell != "-" {
				cell += ", CPU " + r.cell("cores", name, "cpu", 1)
			}
			line = append(line, cell)
		}
		t.Lines = append(t.Lines, line)
	}
	return t
}
