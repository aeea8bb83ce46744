package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"text/template"
)

// The decisions of the library that are numbers or small pieces of code, and
// what else one might have taken: each variant is the library with a few lines
// replaced, built with the go command's -overlay, and runs in turn with the
// library as it is.

type variant struct {
	name  string
	edits []edit
	env   []string
	pgo   bool // built with a profile of these very workloads
}

// An edit replaces text of one of the library's files. The text must be there:
// a variant that has become the same as the library would measure nothing.
type edit struct{ file, old, new string }

// asItIs is the library itself; its variant has no edits.
const asItIs = "as it is"

// huge is the library with huge segments of so many KiB: of as many blocks as fit.
func huge(kib int) []edit {
	names := strings.Split("abcdefgh", "")[:kib/128]
	each := func(format, between string) string {
		var parts []string
		for _, name := range names {
			parts = append(parts, strings.ReplaceAll(format, "x", name))
		}
		return strings.Join(parts, between)
	}
	return []edit{
		{"scheduler/size.go", "return 512 << 10", fmt.Sprintf("return %d << 10", kib)},
		{"scheduler/size.go", "var a, b, c, d block", "var " + each("x", ", ") + " block"},
		{"scheduler/size.go", "a[n], b[n], c[n], d[n] = byte(n), byte(n), byte(n), byte(n)", each("x[n] = byte(n)", "; ")},
		{"scheduler/size.go", "a[n/2] + b[n/2] + c[n/2] + d[n/2]", each("x[n/2]", " + ")},
	}
}

// next is the library with another choice of the next segment's size.
func next(old, new string) []edit {
	return []edit{{"vstack/account.go", old, new}}
}

// head is the library with so many KiB of each segment for calls between guards.
func head(kib int) []edit {
	return []edit{{"vstack/room.go", "\thead = 32 << 10", fmt.Sprintf("\thead = %d << 10", kib)}}
}

// growing is the library with segments that grow with depth: four times as large as
// soon as they are no more than a quarter of what the stack has, up to the last of the sizes, in MiB.
func growing(mib ...int) []edit {
	var sizes, cases, funcs, asm strings.Builder
	asm.WriteString("#include \"textflag.h\"\n#include \"funcdata.h\"\n")
	for _, n := range mib {
		fmt.Fprintf(&sizes, "\tSize%dM\n", n)
		fmt.Fprintf(&cases, "\tcase Size%dM:\n\t\tgrow%dM()\n", n, n)
		fmt.Fprintf(&funcs, "\nfunc grow%dM()\n", n)
		// The frame is what makes the runtime grow the stack, once.
		fmt.Fprintf(&asm, "\nTEXT ·grow%dM(SB), 0, $%d-0\n\tNO_LOCAL_POINTERS\n\tRET\n", n, n<<20-64<<10)
	}
	return []edit{
		{"scheduler/size.go", "\tHuge\n\n", "\tHuge\n" + sizes.String() + "\n"},
		{"scheduler/size.go", "return 512 << 10", "return 512 << 10 << (2 * (s - Huge))"},
		{"scheduler/size.go", "\tdefault:\n\t\thuge(0)\n", "\tcase Huge:\n\t\thuge(0)\n" + cases.String()},
		{"scheduler/size.go", "// An array over 128 KB", funcs.String() + "\n// An array over 128 KB"},
		{"scheduler/grow.s", "", asm.String()},
		{"vstack/account.go", "if size != scheduler.Huge {", "if size <= scheduler.Large {"},
		{"vstack/account.go", "\t\tsize = scheduler.Large\n", "\t\tsize--\n"},
		{"vstack/account.go", "\treturn scheduler.Huge\n", fmt.Sprintf(`
	size := scheduler.Huge
	for size < scheduler.Size%dM && size.Bytes()*4 <= s.account.used {
		size++
	}
	return size
`, mib[len(mib)-1])},
	}
}

// restDeep is the library with idle workers that park in a frame of over a quarter of
// their stacks, so that the collector does not halve them.
func restDeep(sizes string) []edit {
	return []edit{
		{"scheduler/worker.go", "\t\t\t<-w.baton\n\t\t}\n\t}\n\tw.ended()", "\t\t\tw.rest()\n\t\t}\n\t}\n\tw.ended()"},
		{"scheduler/size.go", "// An array over 128 KB", `
func (w *Worker) rest() {
	switch {
	case w.size == Huge:
		restHuge(w, 0)
	case w.size == Large && ` + sizes + `:
		restLarge(w, 0)
	default:
		<-w.baton
	}
}

//go:noinline
func restHuge(w *Worker, n int) byte {
	if n == 0 {
		<-w.baton
		return 0
	}
	var a, b block
	a[n], b[n] = byte(n), byte(n)
	return a[n/2] + b[n/2] + restHuge(w, n-1)
}

//go:noinline
func restLarge(w *Worker, n int) byte {
	if n == 0 {
		<-w.baton
		return 0
	}
	var a [48 << 10]byte
	a[n] = byte(n)
	return a[n/2] + restLarge(w, n-1)
}

// An array over 128 KB`},
	}
}

var variants = []variant{
	{name: asItIs},
	{name: "all segments of 128 KiB", edits: next("\treturn scheduler.Huge\n", "\treturn scheduler.Large\n")},
	{name: "huge segments of 256 KiB", edits: huge(256)},
	{name: "huge segments of 1 MiB", edits: huge(1024)},
	{name: "segments that grow with depth, to 2 MiB", edits: growing(2)},
	{name: "segments that grow with depth, to 8 MiB", edits: growing(2, 8)},
	{name: "segments that grow with depth, to 128 MiB", edits: growing(2, 8, 32, 128)},
	{name: "all segments of 512 KiB", edits: next("\t\t\treturn scheduler.Large\n", "\t\t\treturn scheduler.Huge\n")},
	{name: "the first of 128 KiB, always", edits: next("_, ok := s.sched.Idle(scheduler.Huge); !ok", "true")},
	{name: "8 KiB for calls between guards", edits: head(8)},
	{name: "16 KiB for calls between guards", edits: head(16)},
	{name: "64 KiB for calls between guards", edits: head(64)},
	{name: "two channels, buffered", edits: []edit{
		{"scheduler/scheduler.go", "baton: make(chan struct{})}", "baton: make(chan struct{}, 1), back: make(chan struct{}, 1)}"},
		{"scheduler/worker.go", "baton chan struct{} // both ways", "baton, back chan struct{} // both ways"},
		{"scheduler/worker.go", "w.baton <- struct{}{} // to the caller", "w.back <- struct{}{} // to the caller"},
		{"scheduler/worker.go", "\tfor {\n\t\t<-w.baton\n", "\tfor {\n\t\t<-w.back\n"},
	}},
	// What iter.Pull does. It is no option: a frame that locks its goroutine to a
	// thread, or a stack used on one that is locked, would end the process.
	{name: "coroutines instead of channels", edits: []edit{
		{"scheduler/worker.go", "package scheduler\n", "package scheduler\n\nimport \"iter\"\n"},
		{"scheduler/worker.go", "baton chan struct{} // both ways", "resume func() (struct{}, bool)\n\tyield func(struct{}) bool\n\tbaton chan struct{} // both ways"},
		{"scheduler/worker.go", "\t\tgo w.loop()\n\t} else {\n\t\tw.baton <- struct{}{}\n\t}", `
		w.resume, _ = iter.Pull(func(yield func(struct{}) bool) {
			w.yield = yield
			w.loop()
		})
	}`},
		{"scheduler/worker.go", "\t\t\t<-w.baton\n\t\t}\n\t}\n\tw.ended()", "\t\t\tw.yield(struct{}{})\n\t\t}\n\t}\n\tw.ended()"},
		{"scheduler/worker.go", "\tw.baton <- struct{}{} // to Trim, which waits\n", ""},
		{"scheduler/worker.go", "\t\tw.baton <- struct{}{} // to the caller\n", ""},
		{"scheduler/worker.go", "\tfor {\n\t\t<-w.baton\n", "\tfor {\n\t\tw.resume()\n"},
		{"scheduler/worker.go", "\t\tw.request = nil\n\t\tw.baton <- struct{}{}\n", "\t\tw.request = nil\n"},
		{"scheduler/worker.go", "\tw.baton <- struct{}{}\n\t<-w.baton\n}", "\tw.yield(struct{}{})\n}"},
		{"scheduler/scheduler.go", "\t\t\tw.baton <- struct{}{}\n\t\t\t<-w.baton\n", "\t\t\tw.resume()\n"},
	}},
	{name: "no growing beforehand", edits: []edit{{"scheduler/worker.go", "\t\tw.size.Pregrow()\n", ""}}},
	{name: "idle huge workers keep their stacks", edits: restDeep("false")},
	{name: "all idle workers keep their stacks", edits: restDeep("true")},
	{name: "profile-guided build", pgo: true},
	{name: "GOMAXPROCS 1", env: []string{"GOMAXPROCS=1"}},
	{name: "GOMAXPROCS 4", env: []string{"GOMAXPROCS=4"}},
}

// A measure is what the variants are compared by.
type measure struct {
	title, metric string
	unit          float64
	group
}

func measures() []measure {
	linear := func(n, repeats int, way string) group {
		return group{work: "linear", n: n, repeats: repeats, ways: []string{way}}
	}
	return []measure{
		{"fib, handle", "cpu", 0, group{work: "fib", n: 32, repeats: 3, ways: []string{"handle inside"}}},
		{"evaluator, handle", "cpu", 0, group{work: "evaluator", n: 14, repeats: 51, ways: []string{"handle inside"}}},
		{"10k levels, new stack", "cpu", 0, linear(10_000, 51, "handle new")},
		{"10k levels, handle-free, fresh goroutine", "cpu", 0, linear(10_000, 51, "free fresh")},
		{"10k levels, warm", "cpu", 0, linear(10_000, 51, "handle warm")},
		{"100k levels, warm", "cpu", 0, linear(100_000, 31, "handle warm")},
		{"1M levels, new stack", "cpu", 0, linear(1_000_000, 5, "handle new")},
		{"1M levels, handle-free, fresh goroutine", "cpu", 0, linear(1_000_000, 5, "free fresh")},
		{"1M levels, warm", "cpu", 0, linear(1_000_000, 5, "handle warm")},
		{"10M levels, warm", "cpu", 0, linear(10_000_000, 2, "handle warm")},
		{"1M levels, warm, after a collection", "cpu", 0, linear(1_000_000, 5, "handle warm-gc")},
		{"Ackermann(3, 10), warm", "cpu", 0, group{work: "ackermann", n: 10, repeats: 1, ways: []string{"handle warm"}}},
		{"bushy tree, warm", "cpu", 0, group{work: "bushy", n: 1_000_000, repeats: 1, ways: []string{"handle warm"}}},
		{"peak memory, 1M levels, MiB", "peak", mib, linear(1_000_000, 1, "handle new-once")},
		{"longest stop, 1M levels, us", "wall", us, group{work: "gap", n: 1_000_000, repeats: 3, ways: []string{"handle new"}}},
		{"warm Run", "cpu", 0, group{work: "call", n: 2000, repeats: 9, ways: []string{"warm"}}},
		{"hot split, mean", "mean", 0, group{work: "hotsplit", n: 15000, repeats: 2, ways: []string{"handle new"}}},
	}
}

// apply returns the files of the library under root that v edits, as they are with it.
func (v variant) apply(root string) (map[string]string, error) {
	texts := map[string]string{}
	for _, e := range v.edits {
		file := filepath.Join(root, filepath.FromSlash(e.file))
		if texts[file] == "" && e.old != "" {
			text, err := os.ReadFile(file)
			if err != nil {
				return nil, err
			}
			texts[file] = string(text)
		}
		if e.old == "" { // a new file
			texts[file] = e.new
			continue
		}
		if strings.Count(texts[file], e.old) != 1 {
			return nil, fmt.Errorf("%s: %q is not in %s once; mend this variant", v.name, e.old, e.file)
		}
		texts[file] = strings.Replace(texts[file], e.old, e.new, 1)
	}
	return texts, nil
}

// buildVariant builds this program with v instead of the library.
func (m *measurer) buildVariant(v variant, exe, root string) error {
	args := []string{"build", "-o", exe}
	texts, err := v.apply(root)
	if err != nil {
		return err
	}
	overlay := map[string]string{}
	for file, text := range texts {
		changed := fmt.Sprintf("%s-%d.go", exe, len(overlay))
		if err := os.WriteFile(changed, []byte(text), 0o666); err != nil {
			return err
		}
		overlay[file] = changed
	}
	text, err := json.Marshal(map[string]any{"Replace": overlay})
	if err != nil {
		return err
	}
	if err := os.WriteFile(exe+".json", text, 0o666); err != nil {
		return err
	}
	args = append(args, "-overlay", exe+".json")
	if v.pgo {
		profile := exe + ".pgo"
		cmd := exec.CommandContext(m.ctx, m.exe, "child", "linear", "handle warm", "10000", "1000")
		cmd.Env = append(os.Environ(), profileEnv+"="+profile)
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("%w\n%s", err, out)
		}
		args = append(args, "-pgo", profile)
	}
	return m.build1(v.name, exec.CommandContext(m.ctx, "go", append(args, ".")...))
}

// measureVariants measures every variant by everything.
func (m *measurer) measureVariants(r *results, wanted *regexp.Regexp, date string) error {
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		return err
	}
	exes, envs := map[string]string{}, map[string][]string{}
	var names []string
	for i, v := range variants {
		if v.name != asItIs && !wanted.MatchString(v.name) {
			continue
		}
		exe := filepath.Join(m.build, "variant"+strconv.Itoa(i))
		if err := m.buildVariant(v, exe, root); err != nil {
			return err
		}
		exes[v.name], envs[v.name] = exe, append(os.Environ(), v.env...)
		names = append(names, v.name)
	}
	var groups []group
	for _, me := range measures() {
		g := me.group
		way := g.ways[0]
		g.name, g.ways = me.title, names
		g.command = func(ctx context.Context, g group, name string) *exec.Cmd {
			cmd := exec.CommandContext(ctx, exes[name], "child", g.work, way, strconv.Itoa(g.n), strconv.Itoa(g.repeats))
			cmd.Env = envs[name]
			return cmd
		}
		groups = append(groups, g)
	}
	m.measureAll(groups, date, r.merge)
	return m.ctx.Err()
}

// variantsTable is VARIANTS.md.
func (r *results) variantsTable(w io.Writer) error {
	var lines [][]string
	for _, v := range variants {
		line, measured := []string{v.name}, false
		for _, me := range measures() {
			if v.name == asItIs {
				line = append(line, r.cell(me.title, asItIs, me.metric, cmp.Or(me.unit, 1)))
				measured = true
				continue
			}
			res := row{group: me.title, way: v.name, base: asItIs, metric: me.metric}.result(r)
			if !res.ok {
				line = append(line, "-")
				continue
			}
			measured = true
			line = append(line, number(res.ratio))
		}
		if measured {
			lines = append(lines, line)
		}
	}
	head := []string{"variant"}
	for _, me := range measures() {
		head = append(head, me.title)
	}
	t, err := template.ParseFS(templates, "VARIANTS.md.tmpl")
	if err != nil {
		return err
	}
	return t.Execute(w, struct {
		Runs  []run1
		Head  []string
		Lines [][]string
	}{r.Runs, head, lines})
}
