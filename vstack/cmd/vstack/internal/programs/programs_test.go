//go:build programs

package programs

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/signtest"
)

var (
	only   = flag.String("only", "", "a regular expression for names of programs")
	out    = flag.String("out", "", "write the table to this file")
	parts  = flag.String("parts", "build,attack,test,bench", "what to do; build measures builds from a cache that has the standard library only")
	rounds = flag.Int("rounds", 31, "of the benchmark")
	layout = flag.Int("layouts", 3, "of the functions in memory, for the benchmark")
	keep   = flag.String("keep", "", "work in this directory and keep it")
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// plain and guarded are the two ways to build.
const (
	plain   = 0
	guarded = 1
)

var ways = [2]string{"plain", "guarded"}

// A row is one of the table.
type row struct {
	program
	dir    string // a copy of the module
	died   string
	spent  string // by the attack in the guarded program
	tests  string
	slower string
	size   [2]int64
	build  [2]time.Duration
	again  [2]time.Duration
}

// A bench has what all programs share.
type bench struct {
	work, command string
	std           [2]string // build caches that have the standard library only
}

func TestPrograms(t *testing.T) {
	work := *keep
	if work == "" {
		work = t.TempDir()
	}
	work, err := filepath.Abs(work)
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{work: work, command: filepath.Join(work, "vstack")}
	t.Setenv("VSTACK_CACHE", filepath.Join(work, "cache"))
	t.Setenv("GOFLAGS", "-buildvcs=false")
	run(t, "../..", "go", "build", "-o", b.command, ".")
	var rows []*row
	for _, p := range programs {
		if regexp.MustCompile(*only).MatchString(p.name) {
			r := &row{program: p, dir: filepath.Join(work, p.name)}
			r.copy(t)
			rows = append(rows, r)
		}
	}
	if strings.Contains(*parts, "build") {
		b.warm(t, rows)
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) { r.try(t, b) })
	}
	table := "| program | what kills it | go build | vstack build | tests, plain and guarded | work, CPU time | size, MB | build, CPU s | again, s |\n" +
		"|---|---|---|---|---|---|---|---|---|\n"
	for _, r := range rows {
		table += fmt.Sprintf("| %s %s (%s) | [%s](%s), %d | %s | %s | %s | %s | %s | %s | %s |\n",
			r.name, r.version, r.kind, r.kills, r.public, r.n, r.died, r.spent, r.tests, r.slower,
			both(r.size, func(n int64) string { return fmt.Sprintf("%.1f", float64(n)/1e6) }), both(r.build, seconds), both(r.again, seconds))
	}
	t.Log("\n" + table)
	if *out != "" {
		if err := os.WriteFile(*out, []byte(table), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.1f", d.Seconds()) }

func both[T comparable](values [2]T, text func(T) string) string {
	var zero T
	if values == [2]T{zero, zero} {
		return ""
	}
	return text(values[plain]) + " → " + text(values[guarded])
}

// copy puts the module into r.dir. Its vendor directory goes: a module's zip has none
// of the packages.
func (r *row) copy(t *testing.T) {
	var info struct{ Dir string }
	text := run(t, t.TempDir(), "go", "mod", "download", "-json", r.path+"@"+r.version)
	if err := json.Unmarshal([]byte(text), &info); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(r.dir); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(r.dir, os.DirFS(info.Dir)); err != nil {
		t.Fatal(err)
	}
	run(t, r.dir, "chmod", "-R", "u+w", ".")
	if err := os.RemoveAll(filepath.Join(r.dir, "vendor")); err != nil {
		t.Fatal(err)
	}
}

// tool returns the command of a way to build.
func (b *bench) tool(way int) string {
	if way == guarded {
		return b.command
	}
	return "go"
}

// warm compiles all packages of the standard library that a program has, in both ways.
func (b *bench) warm(t *testing.T, rows []*row) {
	std := map[string]bool{}
	for _, r := range rows {
		for path := range strings.FieldsSeq(run(t, r.dir, "go", "list", "-deps", "-f", "{{if .Standard}}{{.ImportPath}}{{end}}", r.cmd)) {
			if !strings.Contains(path, "internal/") && !strings.HasPrefix(path, "vendor/") && !strings.HasSuffix(path, "internal") && path != "unsafe" {
				std[path] = true
			}
		}
	}
	text := "package main\n\nimport (\n"
	for _, path := range slices.Sorted(maps.Keys(std)) {
		text += fmt.Sprintf("\t_ %q\n", path)
	}
	dir := filepath.Join(b.work, "std")
	write(t, filepath.Join(dir, "main.go"), text+")\n\nfunc main() {}\n")
	write(t, filepath.Join(dir, "go.mod"), "module example.com/warm\n\ngo 1.25\n")
	for way := range ways {
		b.std[way] = filepath.Join(b.work, ways[way]+"-std")
		spent, _ := cpu(t, dir, []string{"GOCACHE=" + b.std[way]}, b.tool(way), "build", "-o", os.DevNull, ".")
		t.Logf("%s: the standard library: %s s of CPU", ways[way], seconds(spent))
	}
}

func (r *row) try(t *testing.T, b *bench) {
	var bin [2]string
	for way := range ways {
		bin[way] = filepath.Join(b.work, r.name+"."+ways[way])
		build := []string{"build", "-o", bin[way], r.cmd}
		var env []string
		if strings.Contains(*parts, "build") {
			cache := filepath.Join(b.work, ways[way]+"-"+r.name)
			if err := os.RemoveAll(cache); err != nil {
				t.Fatal(err)
			}
			run(t, b.work, "cp", "-al", b.std[way], cache)
			env = []string{"GOCACHE=" + cache}
		}
		first, _ := cpu(t, r.dir, env, b.tool(way), build...)
		start := time.Now()
		cpu(t, r.dir, env, b.tool(way), build...)
		if len(env) > 0 {
			r.build[way], r.again[way] = first, time.Since(start)
		}
		info, err := os.Stat(bin[way])
		if err != nil {
			t.Fatal(err)
		}
		r.size[way] = info.Size()
	}
	t.Logf("size %v, build %v, again %v", r.size, r.build, r.again)
	if strings.Contains(*parts, "attack") {
		r.attacked(t, bin)
	}
	if strings.Contains(*parts, "bench") {
		r.benchmark(t, b)
		t.Log(r.slower)
	}
	if strings.Contains(*parts, "test") {
		r.tested(t, b)
		t.Log(r.program.tests, r.tests)
	}
}

// start returns the program, ready to run with the input in a directory of its own.
func start(t *testing.T, bin string, in input) *exec.Cmd {
	dir := t.TempDir()
	for name, text := range in.files {
		write(t, filepath.Join(dir, name), text)
	}
	cmd := exec.Command(bin, in.args...)
	cmd.Dir = dir
	cmd.Stdin = strings.NewReader(in.stdin)
	return cmd
}

// attacked runs both programs with what kills one of them.
func (r *row) attacked(t *testing.T, bin [2]string) {
	in := r.attack(r.n)
	var stderr head
	cmd := start(t, bin[plain], in)
	cmd.Stderr = &stderr
	if err := cmd.Run(); err == nil || !strings.Contains(string(stderr.text), "fatal error: stack overflow") {
		t.Errorf("plain: %v, %.300s: not a stack overflow", err, stderr.text)
	}
	r.died = "dies"
	cmd = start(t, bin[guarded], in)
	var answer tail
	stderr = head{}
	all := io.MultiWriter(&answer, &stderr) // starlark prints to its standard error
	cmd.Stdout, cmd.Stderr = all, all
	err := cmd.Run()
	if err != nil || !strings.HasSuffix(string(answer.text), r.answer) {
		t.Errorf("guarded: %v: answer %q, %.500s", err, answer.text, stderr.text)
	}
	usage := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	r.spent = fmt.Sprintf("answers: %s s of CPU, %.1f GB", seconds(cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime()), float64(usage.Maxrss)/1e6)
	t.Log(r.spent)
}

// tested makes sure that each of the module's tests has the same result in both ways.
func (r *row) tested(t *testing.T, b *bench) {
	packages := r.program.tests
	if packages == "" {
		packages = "./..."
	}
	results := func(way int) map[string]int {
		cmd := exec.Command(b.tool(way), append([]string{"test", "-count=1", "-vet=off", "-json"}, strings.Fields(packages)...)...)
		cmd.Dir = r.dir
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		text, _ := cmd.Output() // some modules have tests that fail
		found := map[string]int{}
		for line := range bytes.Lines(text) {
			var e struct{ Action, Package, Test string }
			if json.Unmarshal(line, &e) != nil {
				continue
			}
			switch e.Action {
			case "pass", "fail", "skip":
				found[e.Action+" "+e.Package+" "+changing.ReplaceAllString(e.Test, "")]++
			}
		}
		if len(found) == 0 {
			t.Errorf("%s: no test ran: %.1000s", ways[way], stderr.String())
		}
		return found
	}
	was, is := results(plain), results(guarded)
	count := map[string]int{}
	for name, n := range was {
		if !strings.HasSuffix(name, " ") { // the result of a package
			count[name[:4]] += n
		}
		if is[name] != n {
			t.Errorf("%s: %d times, with guards %d times", name, n, is[name])
		}
	}
	for name := range is {
		if was[name] == 0 {
			t.Errorf("%s: only with guards", name)
		}
	}
	r.tests = fmt.Sprintf("%d pass, %d fail", count["pass"], count["fail"])
}

// changing is what differs in the names of tests from run to run: addresses and
// dates.
var changing = regexp.MustCompile(`0x[0-9a-f]+|time\.Date\([^)]*\)`)

// benchmark runs both programs with ordinary work, in turns. A round is a ratio of the
// CPU times of two runs, one right after the other; the figure is the median of these.
// The linker puts the functions of both into a few random orders, so that where a hot
// loop happens to lie does not count.
func (r *row) benchmark(t *testing.T, b *bench) {
	layouts := min(*rounds, *layout)
	bin := func(way, n int) string { return filepath.Join(b.work, fmt.Sprintf("%s.%s%d", r.name, ways[way], n)) }
	for way := range ways {
		for n := range layouts {
			run(t, r.dir, b.tool(way), "build", fmt.Sprintf("-ldflags=-randlayout=%d", n+1), "-o", bin(way, n), r.cmd)
		}
	}
	var outputs [2]string
	var pairs []float64
	var total time.Duration
	for round := range *rounds {
		var spent [2]time.Duration
		for k := range 2 {
			way := (k + round) % 2
			cmd := start(t, bin(way, round%layouts), r.work)
			cmd.Env = append(os.Environ(), "GOMAXPROCS=1")
			text, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatalf("%s: work: %v\n%.300s", ways[way], err, text)
			}
			outputs[way] = string(text)
			spent[way] = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
		}
		if outputs[plain] != outputs[guarded] || outputs[plain] == "" {
			t.Fatalf("work has other results: %.300q and %.300q", outputs[plain], outputs[guarded])
		}
		total += spent[plain]
		pairs = append(pairs, float64(spent[guarded])/float64(spent[plain]))
	}
	slices.Sort(pairs)
	low, high := signtest.Interval(pairs)
	r.slower = fmt.Sprintf("%+.1f%% (%+.1f to %+.1f) of %.2f s", 100*(pairs[len(pairs)/2]-1), 100*(low-1), 100*(high-1),
		total.Seconds()/float64(len(pairs)))
}

// A head keeps the first bytes that are written to it.
type head struct{ text []byte }

func (h *head) Write(p []byte) (int, error) {
	h.text = append(h.text, p[:min(len(p), 4096-min(4096, len(h.text)))]...)
	return len(p), nil
}

// A tail keeps the last bytes that are written to it.
type tail struct{ text []byte }

func (k *tail) Write(p []byte) (int, error) {
	k.text = append(k.text, p[max(0, len(p)-64):]...)
	k.text = k.text[max(0, len(k.text)-64):]
	return len(p), nil
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// cpu runs a command that must succeed and returns the CPU time that it and what it
// ran took.
func cpu(t *testing.T, dir string, env []string, name string, args ...string) (time.Duration, string) {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), env...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	text, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %s: %v\n%.4000s", filepath.Base(name), strings.Join(args, " "), err, stderr.String()+string(text))
	}
	return cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), string(text)
}

// run runs a command that must succeed and returns what it prints.
func run(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	_, text := cpu(t, dir, nil, name, args...)
	return text
}
