// Soak runs package stress for as long as it is told: random programs against
// plain recursion on all processors, and every now and then a torture on its own,
// with what is left of goroutines and memory counted.
//
//	go run ./stress/soak -for 10m
//	go run -race ./stress/soak -for 10m
//	go run ./stress/soak -seed 123456        # replay what a report names
//
// It shows where it is on standard error, and ends with a report there and as
// JSON on standard output. It exits with 1 if anything was violated.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"time"
)

func main() {
	var o options
	flag.DurationVar(&o.length, "for", time.Minute, "how long to run")
	flag.Uint64Var(&o.from, "from", uint64(time.Now().UnixNano()), "the first seed")
	replay := flag.Uint64("seed", 0, "run this one seed, and nothing else")
	flag.IntVar(&o.workers, "parallel", 0, "programs at once; 0: one per processor")
	flag.Parse()
	flag.Visit(func(f *flag.Flag) {
		if f.Name == "seed" {
			o.from, o.only, o.workers = *replay, true, 1
		}
	})
	if flag.NArg() > 0 {
		fmt.Fprintln(os.Stderr, "soak: it takes no arguments, only flags")
		os.Exit(2)
	}

	var report Report
	if file := os.Getenv(workerEnv); file != "" {
		if err := json.Unmarshal([]byte(os.Getenv(beforeEnv)), &o.before); err != nil {
			fmt.Fprintf(os.Stderr, "soak: %s: %v\n", beforeEnv, err)
			os.Exit(2)
		}
		report = work(o, file)
	} else {
		var err error
		if report, err = supervise(o); err != nil {
			fmt.Fprintln(os.Stderr, "soak:", err)
			os.Exit(2)
		}
		report.print(os.Stderr)
	}
	text, err := json.MarshalIndent(report, "", "  ")
	if err != nil {
		panic(err)
	}
	fmt.Printf("%s\n", text)
	if len(report.Violations) > 0 {
		os.Exit(1)
	}
}
