// The benchmarks of vstack, and what RESULTS.md and TABLES.md are made with:
//
//	go run .                   everything, about an hour
//	go run . -only 'fib|call'  the groups of that name, into the results of the others
//	go run . -quick            less of everything, under two minutes, into quick/
//	go run . -render           nothing; the pages and plots anew from results.json
//	go run . -variants         what other decisions would bring; VARIANTS.md
//
// Each way to do a thing runs in a child process of its own, and the ways that are compared
// take turns: plain, vstack, plain, vstack. A ratio is taken in each turn, of two
// children that ran one after the other, and what counts is the median of the ratios. So the
// machine may be slow or busy, as long as it is so to both; and what is measured is CPU
// time, unless a row says otherwise.
package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"time"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == "child" {
		if err := childMain(os.Args[2:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	if err := mainErr(); err != nil {
		fmt.Fprintln(os.Stderr, "benchmarks:", err)
		os.Exit(1)
	}
}

func mainErr() error {
	quick := flag.Bool("quick", false, "fewer turns, no more than a million levels and no peers; writes to quick/")
	only := flag.String("only", "", "measure only the groups, or variants, whose name matches this `regexp`")
	turns := flag.Int("turns", 0, "how many `turns`; 0: ten, or three with -quick")
	dry := flag.Bool("dry", false, "print what was measured, and write nothing")
	render := flag.Bool("render", false, "measure nothing; write the pages and the plots anew from results.json")
	vary := flag.Bool("variants", false, "measure other decisions than the library's instead, and write VARIANTS.md")
	before := flag.String("before", "", "a `program` like this one, built with the library as it was: it takes turns where before and after are compared")
	built := flag.String("built", "", "a `program` like this one, built by vstack build: it takes turns where plain recursion is instrumented")
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
			*turns = 3
		}
	}
	pattern, err := regexp.Compile(*only)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(out, 0o777); err != nil {
		return err
	}
	kept, err := load(filepath.Join(out, "results.json"))
	if err != nil {
		return err
	}
	kept.Quick = *quick
	if *render {
		return kept.write(out)
	}

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	m, err := newMeasurer(ctx, *turns)
	if err != nil {
		return err
	}
	defer m.close()
	m.before, m.built = *before, *built
	fresh := newResults()
	fresh.Quick = *quick
	info := run1{Date: time.Now().UTC().Format("2006-01-02 15:04 MST"), Turns: *turns, Machine: machine()}
	if *vary {
		start := time.Now()
		if err := m.measureVariants(fresh, pattern, info.Date); err != nil {
			return err
		}
		info.Took = time.Since(start).Round(time.Second).String()
		fresh.Runs = append(fresh.Runs, info)
		if *only != "" || *dry {
			return fresh.variantsTable(os.Stdout)
		}
		return toFile(filepath.Join(out, "VARIANTS.md"), fresh.variantsTable)
	}
	groups := allGroups(*quick)
	if !*quick {
		groups = append(groups, m.peerGroups(pattern)...)
	}
	groups = slices.DeleteFunc(groups, func(g group) bool { return !pattern.MatchString(g.name) })
	// What is measured is kept as soon as it is: a run takes long, and may be stopped.
	start := time.Now()
	var failed error
	m.measureAll(groups, info.Date, func(one *results) {
		info.Took = time.Since(start).Round(time.Second).String()
		fresh.Runs = []run1{info}
		fresh.merge(one)
		if *dry {
			return
		}
		one.Runs = fresh.Runs
		kept.merge(one)
		failed = cmp.Or(failed, toFile(filepath.Join(out, "results.json"), kept.save))
	})
	fresh.print(os.Stdout)
	if err := cmp.Or(failed, ctx.Err()); err != nil || *dry {
		return err
	}
	return kept.write(out)
}
