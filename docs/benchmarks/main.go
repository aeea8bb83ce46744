// The benchmarks of vstack, and what RESULTS.md is made with:
//
//	go run .          all of it, some ten minutes
//	go run . -quick   less of everything, under two minutes
//	go run . -variants   instead, what other decisions would bring; VARIANTS.md
//
// Each way to do a thing runs in a child process of its own, and the ways that
// are compared take turns: plain, vstack, plain, vstack. A ratio is taken in each
// turn, of two children that ran one after the other, and what counts is the
// median of the ratios. So the machine may be slow or busy, as long as it is so
// to both.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == "child" {
		if err := childMain(os.Args[2:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "benchmarks:", err)
		os.Exit(1)
	}
}

func run() error {
	quick := flag.Bool("quick", false, "fewer turns, no more than a million levels and no peers; writes to quick/")
	only := flag.String("only", "", "measure only the groups, or variants, whose name matches this `regexp`; prints what it finds and writes nothing")
	turns := flag.Int("turns", 0, "how many `turns`; 0: ten, or four with -quick")
	merge := flag.Bool("merge", false, "with -only: put what was measured into the results of the last whole run")
	render := flag.Bool("render", false, "measure nothing; write RESULTS.md and the plots anew from results.json")
	vary := flag.Bool("variants", false, "measure other decisions than the library's instead, and write VARIANTS.md")
	flag.Parse()
	if flag.NArg() > 0 {
		return fmt.Errorf("unknown argument %q", flag.Arg(0))
	}
	out := "."
	if *quick {
		out = "quick"
	}
	if *turns == 0 {
		*turns = 10
		if *quick {
			*turns = 4
		}
	}
	pattern, err := regexp.Compile(*only)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(out, 0o777); err != nil {
		return err
	}
	saved := filepath.Join(out, "results.json")
	results := &results{Quick: *quick, Turns: *turns}
	if *render {
		text, err := os.ReadFile(saved)
		if err != nil {
			return err
		}
		if err := json.Unmarshal(text, results); err != nil {
			return err
		}
		return write(results, out)
	}

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	m, err := newMeasurer(ctx)
	if err != nil {
		return err
	}
	defer m.close()
	results.Machine = machine()
	results.Command = "go run ."
	if *quick {
		results.Command = "go run . -quick"
	}
	start := time.Now()
	results.Date = start.UTC().Format("2006-01-02 15:04 MST")
	results.Groups = map[string]map[string][]sample{}
	if *vary {
		results.Command = "go run . -variants"
		if err := m.measureVariants(results, pattern); err != nil {
			return err
		}
		results.Took = time.Since(start).Round(time.Second).String()
		if *only != "" {
			_, err := fmt.Print(results.variantsTable())
			return err
		}
		file := filepath.Join(out, "VARIANTS.md")
		fmt.Fprintln(os.Stderr, "writing", file)
		return os.WriteFile(file, []byte(results.variantsTable()), 0o666)
	}
	groups := allGroups(*quick)
	if !*quick {
		var left []string
		groups, left = m.addPeers(groups, pattern)
		results.Left = append(results.Left, left...)
	} else {
		results.Left = append(results.Left, "The peers were left out: -quick.")
	}
	groups = slices.DeleteFunc(groups, func(g group) bool { return !pattern.MatchString(g.name) })
	if err := m.measureAll(results, groups); err != nil {
		return err
	}
	results.Took = time.Since(start).Round(time.Second).String()
	if *only != "" {
		if err := results.print(os.Stdout); err != nil || !*merge {
			return err
		}
		if results, err = results.into(saved); err != nil {
			return err
		}
	}
	text, err := json.MarshalIndent(results, "", "\t")
	if err != nil {
		return err
	}
	if err := os.WriteFile(saved, append(text, '\n'), 0o666); err != nil {
		return err
	}
	return write(results, out)
}

func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}

func write(r *results, out string) error {
	if err := r.plot(out); err != nil {
		return err
	}
	file := filepath.Join(out, "RESULTS.md")
	if err := os.WriteFile(file, []byte(r.markdown()), 0o666); err != nil {
		return err
	}
	fmt.Fprintln(os.Stderr, "wrote", file)
	return nil
}

// measureAll measures the groups, as far as it can, and shows how far it is.
func (m *measurer) measureAll(results *results, groups []group) error {
	children := 0
	for _, g := range groups {
		children += g.turns(results.Turns) * len(g.ways)
	}
	bar := progressbar.NewOptions(children, progressbar.OptionSetWriter(os.Stderr), progressbar.OptionShowCount(),
		progressbar.OptionSetPredictTime(true), progressbar.OptionFullWidth(), progressbar.OptionClearOnFinish())
	for _, g := range groups {
		bar.Describe(g.name)
		samples, err := m.measure(g, results.Turns, func() { _ = bar.Add(1) })
		if m.ctx.Err() != nil {
			return m.ctx.Err()
		}
		if err != nil {
			// The others are worth having all the same.
			fmt.Fprintf(os.Stderr, "\n%s: %v\n", g.name, err)
			results.Left = append(results.Left, fmt.Sprintf("%s was left out: %v", g.name, firstLine(err)))
			continue
		}
		results.Groups[g.name] = samples
	}
	_ = bar.Finish()
	return nil
}

// A group is a thing that is measured in several ways, which take turns.
type group struct {
	name    string
	work    string // what the child does
	n       int    // for so many levels or so
	repeats int    // in one child
	ways    []string
	once    bool                                                     // one turn will do: the result does not vary
	command func(ctx context.Context, g group, way string) *exec.Cmd // nil: a child of this program
	parse   func(out string) (sample, error)                         // nil: it prints a sample as JSON
}

func (g group) turns(turns int) int {
	if g.once {
		return 1
	}
	return turns
}

// A measurer runs children.
type measurer struct {
	ctx   context.Context
	exe   string
	build string // a directory for what is built on the way
}

func newMeasurer(ctx context.Context) (*measurer, error) {
	exe, err := os.Executable()
	if err != nil {
		return nil, err
	}
	build, err := os.MkdirTemp("", "vstack-benchmarks")
	if err != nil {
		return nil, err
	}
	return &measurer{ctx, exe, build}, nil
}

func (m *measurer) close() { os.RemoveAll(m.build) }

// measure runs every way of g, in turn.
func (m *measurer) measure(g group, turns int, progress func()) (map[string][]sample, error) {
	samples := map[string][]sample{}
	for turn := range g.turns(turns) {
		for i := range g.ways {
			// Another one begins each time.
			way := g.ways[(i+turn)%len(g.ways)]
			s, err := m.child(g, way)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", way, err)
			}
			samples[way] = append(samples[way], s)
			progress()
		}
	}
	return samples, nil
}

// child runs one.
func (m *measurer) child(g group, way string) (sample, error) {
	ctx, cancel := context.WithTimeout(m.ctx, 3*time.Minute)
	defer cancel()
	var cmd *exec.Cmd
	if g.command != nil {
		cmd = g.command(ctx, g, way)
	} else {
		cmd = exec.CommandContext(ctx, m.exe, "child", g.work, way, strconv.Itoa(g.n), strconv.Itoa(g.repeats))
	}
	var errors tail
	cmd.Stderr = &errors
	text, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%w\n%s", err, errors)
	}
	if g.parse != nil {
		return g.parse(string(text))
	}
	s := sample{}
	return s, json.Unmarshal(text, &s)
}

// A tail keeps the start of what a child says that went wrong: a traceback of
// deep recursion is long.
type tail []byte

func (t *tail) Write(p []byte) (int, error) {
	if room := 2000 - len(*t); room > 0 {
		*t = append(*t, p[:min(room, len(p))]...)
	}
	return len(p), nil
}

// numbers parses lines of one number each; the sample is their median.
func numbers(out string) (sample, error) {
	var v []float64
	for line := range strings.Lines(out) {
		x, err := strconv.ParseFloat(strings.TrimSpace(line), 64)
		if err != nil {
			return nil, err
		}
		v = append(v, x)
	}
	if len(v) == 0 {
		return nil, fmt.Errorf("no numbers")
	}
	return sample{"ns": median(v)}, nil
}

// benchmark parses what a Go benchmark prints.
func benchmark(out string) (sample, error) {
	m := regexp.MustCompile(`([\d.]+) ns/op`).FindStringSubmatch(out)
	if m == nil {
		return nil, fmt.Errorf("no ns/op in %q", out)
	}
	ns, err := strconv.ParseFloat(m[1], 64)
	return sample{"ns": ns}, err
}

// parsePeer parses what a child of this program or a peer prints.
func parsePeer(out string) (sample, error) {
	if strings.HasPrefix(out, "{") {
		s := sample{}
		return s, json.Unmarshal([]byte(out), &s)
	}
	return numbers(out)
}
