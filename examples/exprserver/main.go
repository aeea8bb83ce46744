// Exprserver is an HTTP service that evaluates arithmetic and boolean
// expressions from clients that nobody trusts:
//
//	exprserver &
//	curl -d '(1 + 2) * 3 >= 9 && !(4 < 3)' localhost:8080/eval
//
// Its parser and its evaluator are plain recursive functions with one guard line
// each. One pool lends them warm stacks, one budget bounds their memory, and
// each request has a deadline, so that 20 million nested parentheses are an
// error message for whoever sent them and nothing to everybody else. With
// -unguarded the same code runs without vstack, and they end the process.
// Directory attack has a client that tries.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"runtime/debug"
	"time"
)

func main() {
	addr := flag.String("addr", "localhost:8080", "`address` to listen on; port 0 takes a free one")
	c := defaults()
	flag.Int64Var(&c.budget, "budget", c.budget, "`bytes` of stack that all requests use together")
	flag.Int64Var(&c.stack, "stack", c.stack, "`bytes` of stack that one request uses")
	flag.DurationVar(&c.deadline, "deadline", c.deadline, "how long a request may take")
	flag.BoolVar(&c.unguarded, "unguarded", false, "use plain recursion: a deep expression ends the process")
	flag.Parse()
	if err := serve(*addr, c); err != nil {
		fmt.Fprintln(os.Stderr, "exprserver:", err)
		os.Exit(1)
	}
}

// serve serves until it is interrupted.
func serve(addr string, c config) error {
	if !c.unguarded && os.Getenv("GOMEMLIMIT") == "" {
		// Stacks count as live memory, so the collector would let the garbage
		// grow as large as the budget before it runs.
		debug.SetMemoryLimit(c.budget + 64<<20)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	s := newServer(c)
	defer s.pool.Close()
	h := &http.Server{
		Handler:           s.handler(),
		ReadHeaderTimeout: c.deadline,
		WriteTimeout:      2 * c.deadline,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    16 << 10,
	}
	fmt.Println("listening on", listener.Addr())
	done := make(chan struct{})
	context.AfterFunc(ctx, func() {
		defer close(done)
		ctx, cancel := context.WithTimeout(context.Background(), 2*c.deadline)
		defer cancel()
		h.Shutdown(ctx) //nolint:errcheck // what is still running ends with the process
	})
	if err := h.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	<-done // Serve returns before the requests that are running have ended
	return nil
}
