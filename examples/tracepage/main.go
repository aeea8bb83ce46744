// Tracepage serves the debug page of vstack over recursions that go on while you
// look: one that climbs slowly to a million levels and comes down again, and one
// that sorts out random expressions.
//
//	go run ./examples/tracepage
//
// and open the address that it prints. All that a program of yours needs for the
// page is the import of package debug, or [debug.Handler] on its own mux, as here.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"time"

	"github.com/vstack-go/vstack/vstack"
	"github.com/vstack-go/vstack/vstack/debug"
)

func main() {
	addr := flag.String("addr", "localhost:8080", "the `address` to listen on")
	levels := flag.Int("levels", 1_000_000, "how deep the slow recursion goes")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	listener, err := net.Listen("tcp", *addr)
	if err != nil {
		fmt.Fprintln(os.Stderr, "tracepage:", err)
		os.Exit(1)
	}
	fmt.Printf("http://%s/debug/vstack/\n", listener.Addr())
	if err := serve(ctx, listener, *levels); err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(os.Stderr, "tracepage:", err)
		os.Exit(1)
	}
}

// serve serves the page over the two recursions until ctx is done.
func serve(ctx context.Context, listener net.Listener, levels int) error {
	mux := http.NewServeMux()
	mux.Handle("/debug/vstack/", debug.Handler())
	mux.Handle("/{$}", http.RedirectHandler("/debug/vstack/", http.StatusFound))
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}

	var work sync.WaitGroup
	defer work.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for _, one := range []func(){
		func() { walk(ctx, levels) },
		func() { evaluate(ctx, levels/10) },
		func() { <-ctx.Done(); _ = server.Close() },
	} {
		work.Go(one)
	}
	err := server.Serve(listener)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// A walker goes down a tunnel, at a pace that people can watch.
type walker struct {
	pace *time.Ticker
}

func (w *walker) descend(level int) int {
	if vstack.Low() {
		return vstack.Grow(func() int { return w.descend(level) })
	}
	if level%1000 == 0 {
		<-w.pace.C
	}
	if level == 0 {
		return 0
	}
	return w.descend(level-1) + 1
}

func walk(ctx context.Context, levels int) {
	pace := time.NewTicker(10 * time.Millisecond)
	defer pace.Stop()
	for ctx.Err() == nil {
		_, _ = vstack.Run(ctx, func(context.Context, *vstack.Stack) (int, error) {
			w := &walker{pace}
			return w.descend(levels), nil
		}, vstack.WithName("tunnel walk"))
	}
}

// An evaluator evaluates expressions that it makes up on the way.
type evaluator struct {
	pace *time.Ticker
}

func (e *evaluator) eval(depth int) int {
	if vstack.Low() {
		return vstack.Grow(func() int { return e.eval(depth) })
	}
	switch {
	case depth == 0:
		<-e.pace.C
		return 1
	case rand.IntN(3) == 0:
		return e.call(depth)
	default:
		return e.binary(depth)
	}
}

//go:noinline
func (e *evaluator) binary(depth int) int { return e.eval(depth-1) + 1 }

//go:noinline
func (e *evaluator) call(depth int) int { return e.eval(depth-1) * 1 }

func evaluate(ctx context.Context, levels int) {
	pace := time.NewTicker(time.Millisecond)
	defer pace.Stop()
	stack := vstack.New(vstack.WithName("evaluator"))
	defer stack.Close()
	for ctx.Err() == nil {
		e := &evaluator{pace}
		_ = stack.Run(ctx, func(context.Context) error {
			e.eval(1 + rand.IntN(levels+1))
			return nil
		})
	}
}
