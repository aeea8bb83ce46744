//go:build corpus

package corpus

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/fix"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/signtest"
)

var (
	only   = flag.String("only", "", "a regular expression for module paths")
	out    = flag.String("out", "", "write the table to this file")
	parts  = flag.String("parts", "vet,test,crash,bench", "what to do with the modules besides fixing them")
	rounds = flag.Int("rounds", 41, "of benchmarks")
	layout = flag.Int("layouts", 12, "of the functions in memory, for benchmarks")
	match  = flag.String("match", "", "a regular expression: the benchmarks to run")
	lib    = flag.String("lib", "", "where vstack is; the one that the test is of if empty")
	keep   = flag.String("keep", "", "work in this directory and keep it")
	inputs = flag.String("inputs", "", "a directory with more crash inputs: the body of func try(n int) error, in a file with the name of the module's path, / as _; its first lines may be imports")
	own    = flag.String("modules", "", "a file with other modules, a path and a version a line, instead of the corpus")
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A row is one of the table.
type row struct {
	module
	lines, found, guarded, guards, changed int
	library, outside                       int
	left                                   []string // what fix says of cycles without a guard
	levels                                 int
	before, after                          string
	tests                                  int
	slower                                 string
}

// setUp builds the command and returns it and where the library is.
func setUp(t *testing.T) (root, command string) {
	root, err := filepath.Abs("../../../../..")
	if err != nil {
		t.Fatal(err)
	}
	command = filepath.Join(t.TempDir(), "vstack")
	run(t, filepath.Join(root, "vstack/cmd/vstack"), "go", "build", "-o", command, ".")
	if *lib != "" {
		root = *lib
	}
	return root, command
}

func TestCorpus(t *testing.T) {
	root, command := setUp(t)
	var rows []row
	for _, m := range chosen(t) {
		if !regexp.MustCompile(*only).MatchString(m.path) {
			continue
		}
		t.Run(m.path, func(t *testing.T) {
			r := row{module: m}
			r.try(t, root, command)
			rows = append(rows, r)
		})
	}
	table := "| module | version | kind | lines | cycles found | guarded | calls of the standard library | cycles of other modules | guards inserted | lines changed | tests that pass, before and after | crash input | before | after | slowdown of all benchmarks, median and interval; worst |\n" +
		"|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|\n"
	left := ""
	for _, r := range rows {
		table += fmt.Sprintf("| %s | %s | %s | %d | %d | %d | %d | %d | %d | %d | %d | %d levels | %s | %s | %s |\n",
			r.path, r.version, r.kind, r.lines, r.found, r.guarded, r.library, r.outside, r.guards, r.changed, r.tests, r.levels, r.before, r.after, r.slower)
		for _, l := range r.left {
			left += r.path + ": " + l + "\n"
		}
	}
	write(t, table+"\n"+left)
}

func write(t *testing.T, table string) {
	t.Log("\n" + table)
	if *out != "" {
		if err := os.WriteFile(*out, []byte(table), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// A document is the part of check's JSON that is looked at here.
type document struct {
	Cycles []struct {
		Message, Where, Library string
	}
}

// count returns how many cycles are of the module's own calls, of its calls of the
// standard library on values that contain themselves, and of other modules.
func (d document) count() (own, library, outside int) {
	for _, c := range d.Cycles {
		switch {
		case c.Library != "":
			library++
		case c.Where == "own":
			own++
		default:
			outside++
		}
	}
	return own, library, outside
}

// A tool is the command, built, with the packages to use it on.
type tool struct{ path, packages string }

func (c tool) check(t *testing.T, dir string) (d document) {
	cmd := exec.Command(c.path, "check", "-json", c.packages)
	cmd.Dir = dir
	text, err := cmd.Output() // exit code 1 only says that something was found
	if err := json.Unmarshal(text, &d); err != nil {
		t.Fatalf("check: %v", err)
	}
	if code := cmd.ProcessState.ExitCode(); code > 1 {
		t.Fatalf("check: %v", err)
	}
	return d
}

// fix returns what the command prints. Its exit code 1 only says that some cycles
// have no stack in reach.
func (c tool) fix(t *testing.T, dir string, flags ...string) string {
	cmd := exec.Command(c.path, append(append([]string{"fix"}, flags...), c.packages)...)
	cmd.Dir = dir
	text, err := cmd.CombinedOutput()
	if code := cmd.ProcessState.ExitCode(); code > 1 || failure.Match(progress.ReplaceAll(text, nil)) {
		t.Fatalf("fix: %v\n%s", err, clip(string(text)))
	}
	return string(text)
}

// unchanged makes sure that a second run of fix would change nothing.
func (c tool) unchanged(t *testing.T, dir string, flags ...string) {
	if again := c.fix(t, dir, append(flags, "-diff")...); strings.Contains(again, "\n+++ ") {
		t.Errorf("a second run of fix changes something:\n%s", clip(again))
	}
}

// workDir returns an empty directory for the copies of a module.
func workDir(t *testing.T, path string) string {
	if *keep == "" {
		return t.TempDir()
	}
	work := filepath.Join(*keep, strings.ReplaceAll(path, "/", "_"))
	if err := os.RemoveAll(work); err != nil {
		t.Fatal(err)
	}
	return work
}

// chosen returns the modules to try.
func chosen(t *testing.T) []module {
	if *own == "" {
		return modules
	}
	text, err := os.ReadFile(*own)
	if err != nil {
		t.Fatal(err)
	}
	var all []module
	for line := range strings.Lines(string(text)) {
		if words := strings.Fields(line); len(words) == 2 {
			all = append(all, module{path: words[0], version: words[1]})
		}
	}
	return all
}

func (r *row) try(t *testing.T, root, command string) {
	work := workDir(t, r.path)
	before, after := filepath.Join(work, "before"), filepath.Join(work, "after")
	for _, dir := range []string{before, after} {
		r.copy(t, root, dir)
	}
	c := tool{command, "./..."}
	if r.packages != "" {
		c.packages = r.packages
	}
	r.found, r.library, r.outside = c.check(t, before).count()
	said := c.fix(t, after)
	r.guards = strings.Count(said, ": guard in ")
	r.changed, r.lines = changed(t, before, after)
	c.unchanged(t, after)
	left, _, _ := c.check(t, after).count()
	r.guarded = r.found - left
	for _, m := range unguarded.FindAllString(said, -1) {
		r.left = append(r.left, strings.Join(strings.Fields(m), " "))
	}
	run(t, after, "go", "build", "./...")
	if strings.Contains(*parts, "vet") {
		run(t, after, "go", "vet", "-vettool="+command, "-json", c.packages) // exits with 0 unless it breaks
	}

	t.Logf("%d cycles, %d guarded by %d guards in %d lines of %d; %d library calls, %d outside", r.found, r.guarded, r.guards, r.changed, r.lines, r.library, r.outside)
	if strings.Contains(*parts, "test") {
		r.tests = compare(t, before, []string{after}, r.except)
		t.Logf("%d tests pass", r.tests)
	}
	if strings.Contains(*parts, "crash") {
		r.crashes(t, before, after)
		t.Logf("%d levels: %s; %s", r.levels, r.before, r.after)
	}
	if strings.Contains(*parts, "bench") {
		r.benchmark(t, before, after)
		t.Logf("%s", r.slower)
	}
}

// unguarded is what fix says of a cycle without a guard.
var unguarded = regexp.MustCompile(`(?m)^\S+: no guard for .*\n(\t.*\n)+`)

// copy puts a copy of the module into dir that can use vstack.
func (r *row) copy(t *testing.T, root, dir string) {
	var info struct{ Dir string }
	text := run(t, t.TempDir(), "go", "mod", "download", "-json", r.path+"@"+r.version)
	if err := json.Unmarshal([]byte(text), &info); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(dir, os.DirFS(info.Dir)); err != nil {
		t.Fatal(err)
	}
	run(t, dir, "chmod", "-R", "u+w", ".")
	if err := os.RemoveAll(filepath.Join(dir, "vendor")); err != nil { // not of the go.mod below
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "go.mod")); err != nil {
		run(t, dir, "go", "mod", "init", r.path)
	}
	run(t, dir, "go", "mod", "edit", "-go=1.25",
		"-require=github.com/vstack-go/vstack@v0.0.0", "-replace=github.com/vstack-go/vstack="+root)
	// So that tidy keeps it.
	use := filepath.Join(dir, "vstackuse")
	if err := os.Mkdir(use, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(use, "use.go"), []byte("package vstackuse\n\nimport _ \"github.com/vstack-go/vstack/vstack\"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	run(t, dir, "go", "mod", "tidy")
	if err := os.RemoveAll(use); err != nil {
		t.Fatal(err)
	}
	// Files that the build leaves out anyway must not stop it.
	for _, cmd := range r.drop() {
		if err := os.RemoveAll(filepath.Join(dir, cmd)); err != nil {
			t.Fatal(err)
		}
	}
}

// drop lists what is taken out of a copy: a nested tool for a browser.
func (r *row) drop() []string {
	if r.path == "howett.net/plist" {
		return []string{"cmd"}
	}
	return nil
}

// changed counts the lines that differ, and those of all Go files.
func changed(t *testing.T, before, after string) (changed, lines int) {
	err := filepath.WalkDir(before, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		a, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		lines += bytes.Count(a, []byte("\n"))
		b, err := os.ReadFile(after + strings.TrimPrefix(path, before))
		if err != nil || bytes.Equal(a, b) {
			return err
		}
		for line := range strings.SplitSeq(fix.File{Before: a, After: b}.Diff("a"), "\n") {
			if strings.HasPrefix(line, "+") && !strings.HasPrefix(line, "+++") {
				changed++
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return changed, lines
}

// changing is what differs in the names of tests from run to run: addresses and
// dates.
var changing = regexp.MustCompile(`0x[0-9a-f]+|time\.Date\([^)]*\)`)

func union(a, b map[string]int) {
	for name, n := range b {
		a[name] = max(a[name], n)
	}
}

// compare makes sure that every test has the result in dirs that it has in before,
// and returns how many pass. Those whose "result package test" has a part that is in
// except do not count.
func compare(t *testing.T, before string, dirs, except []string) (passed int) {
	excepted := func(name string) bool {
		whole := strings.HasSuffix(name, " ") // the result of a package
		return len(except) > 0 && whole ||
			slices.ContainsFunc(except, func(part string) bool { return strings.Contains(name, part) })
	}
	was := tests(t, before)
	maps.DeleteFunc(was, func(name string, _ int) bool { return excepted(name) })
	for name, n := range was {
		if strings.HasPrefix(name, "pass ") {
			passed += n
		}
	}
	for _, dir := range dirs {
		is := tests(t, dir)
		// Some modules choose subtests by the order of a map: run again until all
		// have been seen.
		missing := func() bool {
			for name := range was {
				if is[name] == 0 {
					return true
				}
			}
			return false
		}
		for runs := 0; runs < 30 && missing(); runs++ {
			union(is, tests(t, dir))
		}
		for name := range was {
			if is[name] == 0 {
				t.Errorf("%s: test %s: not after", filepath.Base(dir), name)
			}
		}
		for name := range is {
			if strings.HasPrefix(name, "fail ") && was[name] == 0 && !excepted(name) {
				t.Errorf("%s: test %s: not before", filepath.Base(dir), name)
			}
		}
	}
	return passed
}

// tests runs the module's tests and counts the results by "result name".
func tests(t *testing.T, dir string) map[string]int {
	cmd := exec.Command("go", "test", "-count=1", "-vet=off", "-json", "./...")
	cmd.Dir = dir
	text, _ := cmd.Output() // some modules have tests that fail
	results := map[string]int{}
	for line := range strings.SplitSeq(string(text), "\n") {
		var e struct{ Action, Package, Test string }
		if json.Unmarshal([]byte(line), &e) != nil {
			continue
		}
		switch e.Action {
		case "pass", "fail", "skip":
			results[e.Action+" "+e.Package+" "+changing.ReplaceAllString(e.Test, "")]++
		}
	}
	if len(results) == 0 {
		t.Errorf("no test ran in %s", dir)
	}
	return results
}

// crashes finds a depth that kills the module as it was, and tries it after.
func (r *row) crashes(t *testing.T, before, after string) {
	if r.crash == "" && *inputs != "" {
		text, err := os.ReadFile(filepath.Join(*inputs, strings.ReplaceAll(r.path, "/", "_")))
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		r.crash = string(text)
	}
	if r.crash == "" {
		return
	}
	build := func(dir string) string {
		text := "package main\n\nimport (\n\t\"fmt\"\n\t\"os\"\n\t\"strconv\"\n"
		body := r.crash
		for strings.HasPrefix(body, "import ") {
			line, rest, _ := strings.Cut(body, "\n")
			text += "\t" + strings.TrimPrefix(line, "import ") + "\n"
			body = rest
		}
		for _, p := range []struct{ use, path string }{
			{"bytes.", "bytes"}, {"strings.", "strings"},
			{"jmespath.", r.path}, {"xpath.", r.path}, {"gval.", r.path}, {"plist.", r.path},
			{"toml.", r.path}, {"msgpack.", r.path},
			{"lua.", r.path}, {" parse.Parse", r.path + "/parse"}, {"parser.", r.parser()},
		} {
			if !strings.HasPrefix(r.crash, "import ") && strings.Contains(body, p.use) {
				name := strings.Trim(strings.TrimSuffix(p.use, "Parse"), " .")
				text += fmt.Sprintf("\t%s %q\n", name, p.path)
			}
		}
		text += ")\n\nfunc try(n int) error {" + body + "\n}\n\nfunc main() {\n\tn, _ := strconv.Atoi(os.Args[1])\n\tif err := try(n); err != nil {\n\t\tfmt.Printf(\"error: %.60s\\n\", err)\n\t} else {\n\t\tfmt.Println(\"works\")\n\t}\n}\n"
		cmd := filepath.Join(dir, "vstackcrash")
		if err := os.MkdirAll(cmd, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(cmd, "main.go"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		run(t, dir, "go", "build", "-o", "vstackcrash/crash", "./vstackcrash")
		return filepath.Join(cmd, "crash")
	}
	child := func(program string, n int) string {
		var stdout, stderr head
		cmd := exec.Command(program, strconv.Itoa(n))
		cmd.Stdout, cmd.Stderr = &stdout, &stderr
		err := cmd.Run()
		switch {
		case err == nil:
			return strings.TrimSpace(string(stdout.text))
		case strings.Contains(string(stderr.text), "stack overflow"):
			return "fatal error: stack overflow"
		}
		return fmt.Sprintf("%v: %.200s", err, stderr.text)
	}
	old, fixed := build(before), build(after)
	for r.levels = 250_000; r.levels <= 32_000_000; r.levels *= 2 {
		if r.before = child(old, r.levels); strings.HasPrefix(r.before, "fatal") {
			break
		}
	}
	if !strings.HasPrefix(r.before, "fatal") {
		t.Errorf("no input killed it: %s", r.before)
	}
	r.after = child(fixed, r.levels)
	if r.after != "works" && !strings.HasPrefix(r.after, "error: ") {
		t.Errorf("after fix: %s", r.after)
	}
}

// parser is the package that the crash program calls parser.
func (r *row) parser() string {
	if r.path == "github.com/hashicorp/hcl" {
		return r.path + "/hcl/parser"
	}
	return r.path + "/parser"
}

// A head keeps the first bytes that are written to it.
type head struct{ text []byte }

func (h *head) Write(p []byte) (int, error) {
	h.text = append(h.text, p[:min(len(p), 4096-min(4096, len(h.text)))]...)
	return len(p), nil
}

// progress is what the command says while it works.
var progress = regexp.MustCompile(`(?m)^vstack: .* \(\d+s\)$`)

var failure = regexp.MustCompile(`(?m)^vstack: `)

var result = regexp.MustCompile(`(?m)^(Benchmark\S+)\s+\d+\s+([\d.]+) ns/op`)

// benchmark runs the module's own benchmarks before and after, in turns, a
// process for each. What it takes is the processor time of the process for a
// number of iterations, not the time by the clock. A round gives a ratio of two
// short runs, one right after the other, since a machine can run at half its speed
// a second later; a benchmark's figure is the median of these ratios. The binaries
// of a round have their functions in a random order, by the linker: a line more
// anywhere moves all functions behind it, and where a hot loop lies can be worth
// more than what it does.
func (r *row) benchmark(t *testing.T, before, after string) {
	found := map[string][]float64{} // ratios of after to before, sorted
	for _, pkg := range r.bench {
		benchPackage(t, pkg, [2]string{before, after}, found)
	}
	var ratios, all []float64
	over, surely := 0, 0
	for _, name := range slices.Sorted(maps.Keys(found)) {
		pairs := found[name]
		ratio := median(pairs)
		low, high := signtest.Interval(pairs)
		all = append(all, pairs...)
		t.Logf("%-60s %+.1f%%, 95%% of %+.1f%% to %+.1f%%", name, 100*(ratio-1), 100*(low-1), 100*(high-1))
		if ratio > 1.03 {
			over++
		}
		if low > 1.03 {
			surely++
		}
		ratios = append(ratios, ratio)
	}
	if len(ratios) == 0 {
		r.slower = "no benchmarks"
		return
	}
	slices.Sort(all)
	low, high := signtest.Interval(all)
	r.slower = fmt.Sprintf("%+.1f%% (%+.1f%% to %+.1f%%), of %d; worst %+.1f%%, %d over 3%%, %d of them surely",
		100*(median(all)-1), 100*(low-1), 100*(high-1), len(ratios), 100*(slices.Max(ratios)-1), over, surely)
}

// benchPackage runs the benchmarks of a package in both directories, and adds the ratios
// of each.
func benchPackage(t *testing.T, pkg string, dirs [2]string, found map[string][]float64) {
	layouts := min(*rounds, *layout)
	bin := func(i, round int) string {
		return filepath.Join(dirs[i], "vstackcrash", fmt.Sprintf("bench%d", round%layouts))
	}
	for i, dir := range dirs {
		for layout := range layouts {
			run(t, filepath.Join(dir, pkg), "go", "test", "-vet=off", "-c", "-o", bin(i, layout),
				fmt.Sprintf("-ldflags=-randlayout=%d", layout+1), ".")
			defer os.Remove(bin(i, layout))
		}
	}
	bench := func(i, round int, pattern, count string) (string, float64) {
		cmd := exec.Command(bin(i, round), "-test.run=^$", "-test.bench="+pattern, "-test.benchtime="+count, "-test.cpu=1")
		cmd.Dir = filepath.Join(dirs[i], pkg)
		text, err := cmd.Output()
		if err != nil && len(text) == 0 {
			t.Errorf("benchmarks of %s: %v", pkg, err)
		}
		return string(text), float64(cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime())
	}
	// How long an iteration of each takes, with all its parts.
	each := map[string]float64{}
	text, _ := bench(0, 0, ".", "10ms")
	for _, m := range result.FindAllStringSubmatch(text, -1) {
		ns, err := strconv.ParseFloat(m[2], 64)
		if err != nil {
			t.Fatal(err)
		}
		name, _, _ := strings.Cut(m[1], "/")
		each[name] += ns
	}
	wanted := regexp.MustCompile(*match)
	for _, name := range slices.Sorted(maps.Keys(each)) {
		if !wanted.MatchString(name) {
			continue
		}
		count := fmt.Sprintf("%dx", max(1, int(50e6/each[name])))
		var pairs []float64
		for round := range *rounds {
			var spent [2]float64
			for k := range 2 {
				i := (k + round) % 2
				_, spent[i] = bench(i, round, "^"+name+"$", count)
			}
			pairs = append(pairs, spent[1]/spent[0])
		}
		slices.Sort(pairs)
		found[pkg+" "+name] = pairs
	}
}

func median(values []float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(values))
	return (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2
}

// run runs a command that must succeed and returns what it prints.
func run(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	text, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", filepath.Base(name), strings.Join(args, " "), err, clip(stderr.String()+string(text)))
	}
	return string(text)
}

func clip(s string) string { return s[:min(len(s), 4000)] }
