package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/vstack-go/vstack/stress/resident"
)

func TestMain(m *testing.M) {
	if isAttackers() {
		attackers()
		return
	}
	goleak.VerifyTestMain(m)
}

// A child is a server in a process of its own.
type child struct {
	cmd    *exec.Cmd
	addr   string
	page   string // the URL of its live page, if it was told to have one
	stderr bytes.Buffer
}

// startServer builds the server and starts it on a free port of the loopback.
func startServer(t *testing.T, tags string, args ...string) *child {
	t.Helper()
	exe := filepath.Join(t.TempDir(), "exprserver.exe")
	if out, err := exec.Command("go", "build", "-tags", tags, "-o", exe, "..").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	c := &child{cmd: exec.Command(exe, append(args, "-addr", "127.0.0.1:0")...)}
	c.cmd.Stderr = &c.stderr
	if tags != "" { // the collector need not fight for a limit that nothing keeps to
		c.cmd.Env = append(os.Environ(), "GOMEMLIMIT=off")
	}
	stdout, err := c.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.cmd.Process.Kill() //nolint:errcheck // it may have ended
		c.cmd.Wait()         //nolint:errcheck
	})
	lines := bufio.NewReader(stdout)
	says := func(what string) string {
		line, err := lines.ReadString('\n')
		rest, ok := strings.CutPrefix(strings.TrimSpace(line), what)
		if !ok {
			t.Fatalf("the server says %q, %v", line, err)
		}
		return rest
	}
	c.addr = says("listening on ")
	if slices.Contains(args, "-debug") {
		c.page = says("the page is ")
	}
	return c
}

// peak returns the most memory that the server had, in bytes; 0 where nothing
// tells.
func (c *child) peak() (bytes int64) {
	_, bytes = resident.Of(c.cmd.Process.Pid)
	return bytes
}

// look asks for the live page all the time, and counts what it says of stacks. It is an error
// if it does not know whether one runs: what is in the server's handlers has a name, and waits
// for nothing but the network.
func (c *child) look(t *testing.T, ended <-chan struct{}) map[string]int {
	rows := map[string]int{}
	tick := time.NewTicker(600 * time.Millisecond) // the page itself is served again for half a second
	defer tick.Stop()
	for {
		select {
		case <-ended:
			return rows
		case <-tick.C:
		}
		var list struct {
			Stacks []struct {
				Note string
				Late bool
			}
		}
		resp, err := http.Get(c.page + "?as=json")
		if err != nil {
			t.Error(err)
			return rows
		}
		err = json.NewDecoder(resp.Body).Decode(&list)
		resp.Body.Close()
		if err != nil {
			t.Error(err)
			return rows
		}
		for _, s := range list.Stacks {
			kind := "answered"
			switch {
			case s.Late && strings.Contains(s.Note, "runs or waits"):
				kind = "late, runs or waits"
			case s.Late && strings.Contains(s.Note, ": it runs"):
				kind = "late, runs"
			case s.Late:
				kind = "late, waits"
			case s.Note != "":
				kind, _, _ = strings.Cut(s.Note, ":")
			}
			rows[kind]++
			if s.Late && !strings.Contains(s.Note, ": it runs") && !strings.Contains(s.Note, "network") {
				t.Errorf("the page says %q", s.Note)
			}
		}
	}
}

// With the guards every ordinary request is answered, and every hostile one gets
// an error, within the memory that the server was given.
func TestGuarded(t *testing.T) {
	const budget = 256 << 20
	server := startServer(t, "", "-deadline", "3s")
	r := newReport()
	var lines atomic.Int32
	a := attack{addr: server.addr, depth: 20_000_000, rate: 100, hostile: 4, slow: 8, rounds: 1, phase: 2 * time.Second, apart: true}
	if err := a.run(context.Background(), r, func(string) { lines.Add(1) }); err != nil {
		t.Errorf("%v: %.2000s", err, &server.stderr)
	}
	var table strings.Builder
	r.write(&table)
	t.Log("\n" + r.line() + "\n" + table.String())
	if r.failed > 0 {
		t.Error("unexpected answers")
	}
	for _, phase := range []string{quiet, attacked} {
		if n := len(r.latencies[phase]); n < 10 {
			t.Errorf("%s: %d ordinary requests were answered", phase, n)
		}
	}
	for _, kind := range []string{"nested", "nested, announced", "unary chain", "spaces", "slow body", "aborted"} {
		if len(r.statuses[kind]) == 0 {
			t.Errorf("%s: nothing was sent", kind)
		}
	}
	if lines.Load() == 0 {
		t.Error("no progress was shown")
	}
	if peak := server.peak(); peak > budget+128<<20 {
		t.Errorf("the server used %d MiB", peak>>20)
	} else {
		t.Logf("the server used %d MiB at most", peak>>20)
	}
}

// Many attackers at a time with nothing but parentheses, 2 MB each: every ordinary
// request is answered, within the memory that the server was given. How long they take is
// in the log, over three quiet times and attacks in turn: the machine that runs the test is
// not only ours.
func TestFlood(t *testing.T) {
	if testing.Short() {
		t.Skip("takes some seconds")
	}
	for _, attackers := range []int{16, 64} {
		t.Run(fmt.Sprint(attackers), func(t *testing.T) {
			const memory = 256 << 20
			server := startServer(t, "", "-deadline", "5s", "-debug", "127.0.0.1:0")
			r := newReport()
			var rows map[string]int
			ended, looked := make(chan struct{}), make(chan struct{})
			go func() {
				defer close(looked)
				rows = server.look(t, ended)
			}()
			a := attack{addr: server.addr, depth: 1_000_000, rate: 100, hostile: attackers, nested: true, rounds: 3, phase: 2 * time.Second, apart: true}
			if err := a.run(context.Background(), r, func(string) {}); err != nil {
				t.Errorf("%v: %.2000s", err, &server.stderr)
			}
			close(ended)
			<-looked
			t.Logf("rows of the live page: %v", rows)
			var table strings.Builder
			r.write(&table)
			peak := server.peak()
			t.Logf("%d MiB at most\n%s", peak>>20, &table)
			if got := r.statuses[ordinaryKind]; r.failed > 0 || len(got) != 1 || got[200] < 200 {
				t.Errorf("ordinary requests: %v; %d unexpected answers", got, r.failed)
			}
			if peak > memory+128<<20 {
				t.Errorf("the server used %d MiB", peak>>20)
			}
		})
	}
}

// Where guards do nothing the same attack ends the process.
func TestUnguarded(t *testing.T) {
	if testing.Short() {
		t.Skip("needs 2 GB of memory")
	}
	server := startServer(t, "purego", "-deadline", "2m")
	a := attack{addr: server.addr, depth: 20_000_000, rate: 100, hostile: 4, slow: 0, rounds: 1, phase: 2 * time.Minute}
	r := newReport()
	if err := a.runPhase(context.Background(), r, attacked, func(string) {}); err != errGone {
		t.Errorf("the attack ended with %v", err)
	}
	err := server.cmd.Wait()
	if text := server.stderr.String(); err == nil || !strings.Contains(text, "fatal error: stack overflow") {
		t.Errorf("the server ended with %v: %.1000s", err, text)
	}
}

func TestQuantile(t *testing.T) {
	var l []time.Duration
	for i := range 1000 {
		l = append(l, time.Duration(i)*time.Millisecond)
	}
	for q, want := range map[float64]int{0: 0, 0.5: 500, 0.99: 990, 0.999: 999, 1: 999} {
		if got := quantile(l, q); got != time.Duration(want)*time.Millisecond {
			t.Errorf("%v: %v", q, got)
		}
	}
	if got := quantile(nil, 0.5); got != 0 {
		t.Error(got)
	}
}
