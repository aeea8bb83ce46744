// Attack sends a running exprserver ordinary expressions and, mixed in, what is
// meant to end it: 20 million nested parentheses, endless chains of unary
// operators, bodies without end, bodies that drip, requests that are aborted.
//
//	exprserver & attack
//
// It takes turns between quiet times, with ordinary requests alone, and attacks,
// shows what happens in one line, and at the end how long the ordinary requests
// took. It exits with 1 if one of them was not answered right, or a hostile one
// got anything but an error that says what is wrong with it.
//
// The attackers are a process of their own, at the lowest priority where there is
// nice: they would have processors of their own, and if those who wait for an
// ordinary answer had to wait for them, that would not be the server's fault.
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"sync"
	"time"
)

// The two phases.
const (
	quiet    = "quiet"
	attacked = "attack"
)

// An attack is what is sent to a server.
type attack struct {
	addr    string
	depth   int64         // of the nested parentheses
	rate    int           // ordinary requests a second
	hostile int           // hostile requests at a time
	slow    int           // slow ones at a time
	rounds  int           // each with a quiet phase and an attack
	phase   time.Duration // how long one takes
	nested  bool          // send nothing but nested parentheses
	apart   bool          // the attackers are in another process
}

func main() {
	if isAttackers() {
		attackers()
		return
	}
	a := attack{apart: true}
	flag.StringVar(&a.addr, "addr", "localhost:8080", "`address` of the server; not one that is not yours")
	flag.Int64Var(&a.depth, "depth", 20_000_000, "nested `parentheses`")
	flag.IntVar(&a.rate, "rate", 200, "ordinary requests a `second`")
	flag.IntVar(&a.hostile, "hostile", 4, "hostile requests at a time")
	flag.IntVar(&a.slow, "slow", 16, "slow bodies at a time")
	flag.IntVar(&a.rounds, "rounds", 3, "quiet times and attacks")
	flag.DurationVar(&a.phase, "time", 5*time.Second, "length of each of them")
	flag.BoolVar(&a.nested, "nested", false, "send nothing but nested parentheses: with -depth 1000000 that is 2 MB each")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()

	r := newReport()
	err := a.run(ctx, r, func(line string) { fmt.Fprintf(os.Stderr, "\r\x1b[K%s", line) })
	fmt.Fprintln(os.Stderr)
	r.write(os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, "attack:", err)
	}
	if err != nil || r.failed > 0 {
		os.Exit(1)
	}
}

// errGone says that the server does not answer any more.
var errGone = errors.New("the server is gone")

// run runs all phases and returns once every request has ended. It fails with
// errGone if the server ends.
func (a attack) run(ctx context.Context, r *report, progress func(line string)) error {
	for range a.rounds {
		for _, phase := range []string{quiet, attacked} {
			r.mu.Lock()
			r.phase = phase
			r.mu.Unlock()
			if err := a.runPhase(ctx, r, phase, progress); err != nil {
				return err
			}
		}
	}
	return nil
}

func (a attack) runPhase(ctx context.Context, r *report, phase string, progress func(line string)) error {
	gone, cancel := context.WithCancel(ctx)
	over, stop := context.WithTimeout(gone, a.phase)
	defer stop()
	var wg sync.WaitGroup
	defer func() {
		wg.Wait()
		cancel()
	}()
	wg.Go(func() {
		a.ordinary(over, &wg, func(req request, due time.Time) {
			status, answer, err := send(gone, a.addr, req)
			if gone.Err() == nil {
				r.answered(judge(req, status, answer, err), time.Since(due))
			}
		})
	})
	var failed error // of the attackers
	if phase == attacked {
		wg.Go(func() {
			count := func(o outcome) { r.answered(o, 0) }
			if !a.apart {
				a.hostilities(gone, over, count)
			} else if err := a.hostilitiesApart(gone, count); gone.Err() == nil {
				failed = err
			}
		})
	}
	ticker := time.NewTicker(250 * time.Millisecond)
	defer ticker.Stop()
	for {
		select {
		case <-over.Done():
			wg.Wait()
			return errors.Join(failed, ctx.Err())
		case <-ticker.C:
		}
		memory, err := a.memory(over)
		if err != nil && over.Err() == nil {
			cancel() // what is on its way never gets an answer
			return errGone
		}
		r.mu.Lock()
		r.memory = max(r.memory, memory)
		r.mu.Unlock()
		progress(r.line())
	}
}

// ordinary sends ordinary requests at the given rate whatever becomes of those
// before, and counts their time from when they were due: a server that is slow
// must not get fewer of them.
func (a attack) ordinary(ctx context.Context, wg *sync.WaitGroup, one func(request, time.Time)) {
	r := rand.New(rand.NewPCG(rand.Uint64(), 0))
	start := time.Now()
	for n := 0; ; n++ {
		due := start.Add(time.Duration(n) * time.Second / time.Duration(a.rate))
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Until(due)):
		}
		req := ordinary(r)
		wg.Go(func() { one(req, due) })
	}
}

// memory asks the server how much memory it has, in bytes; 0 where it does not
// know.
func (a attack) memory(ctx context.Context) (int64, error) {
	req, err := http.NewRequestWithContext(ctx, "GET", "http://"+a.addr+"/metrics", nil)
	if err != nil {
		return 0, err
	}
	req.Close = true
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	for lines.Scan() {
		if text, ok := strings.CutPrefix(lines.Text(), "process_resident_memory_bytes "); ok {
			bytes, err := strconv.ParseFloat(text, 64)
			return int64(bytes), err
		}
	}
	return 0, lines.Err()
}
