// Exprserver is an HTTP service that evaluates arithmetic and boolean
// expressions from clients that nobody trusts:
//
//	exprserver &
//	curl -d '(1 + 2) * 3 >= 9 && !(4 < 3)' localhost:8080/eval
//
// Its parser and its evaluator are plain recursive functions with one guard line
// each. Package serve gives each request its share of stack, heap and time, so that
// 20 million nested parentheses are an error message for whoever sent them and
// nothing to everybody else. Built with the tag purego, where guards do nothing, the
// same code is plain recursion, and they end the process. Directory attack has a
// client that tries.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"net/http/pprof"
	"os"
	"os/signal"
	"time"

	"github.com/vstack-go/vstack/vstack/debug"
	"github.com/vstack-go/vstack/vstack/serve"
)

func main() {
	addr := flag.String("addr", "localhost:8080", "`address` to listen on; port 0 takes a free one")
	c := serve.Config{Memory: min(256<<20, serve.MostMemory()), Deadline: 2 * time.Second}
	flag.Int64Var(&c.Memory, "memory", c.Memory, "`bytes` of stack and trees that all requests use together, at most half of what the process may have; 0: a quarter of that, and at most 1 GiB")
	flag.DurationVar(&c.Deadline, "deadline", c.Deadline, "how long a request may take")
	page := flag.String("debug", "", "`address` for the pages /debug/vstack/ and /debug/pprof/, such as localhost:6060; they show the stacks of all requests")
	flag.Parse()
	if err := run(*addr, *page, c); err != nil {
		fmt.Fprintln(os.Stderr, "exprserver:", err)
		os.Exit(1)
	}
}

// run serves until it is interrupted.
func run(addr, page string, c serve.Config) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := checkMemory(c.Memory, serve.MostMemory()); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	s := newServer(c)
	defer s.Close()
	s.gate.LimitProcess()
	h := s.gate.Server(s.handler())
	fmt.Println("listening on", listener.Addr())
	if page != "" {
		closePage, err := servePage(page)
		if err != nil {
			return err
		}
		defer closePage()
	}
	done := make(chan struct{})
	context.AfterFunc(ctx, func() {
		defer close(done)
		ctx, cancel := context.WithTimeout(context.Background(), 2*c.Deadline)
		defer cancel()
		h.Shutdown(ctx) //nolint:errcheck // what is still running ends with the process
	})
	if err := h.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	<-done // Serve returns before the requests that are running have ended
	return nil
}

// checkMemory refuses what would end the process under an attack, or panic.
func checkMemory(bytes, most int64) error {
	const least = 16 << 20
	if bytes > most || bytes != 0 && bytes < least {
		return fmt.Errorf("-memory %d: want %d to %d bytes, which is half of what the process may have (cgroup, machine, ulimit -v), or 0 for the default", bytes, int64(least), most)
	}
	return nil
}

// servePage serves the live page for whoever runs the server, on a listener of its own.
func servePage(addr string) (closePage func() error, err error) {
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("/debug/vstack/", debug.Handler())
	mux.HandleFunc("/debug/pprof/", pprof.Index) // it has the goroutines that do not come to a guard
	page := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	fmt.Printf("the page is http://%s/debug/vstack/\n", listener.Addr())
	go page.Serve(listener) //nolint:errcheck // it ends with Close
	return page.Close, nil
}
