package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
)

// attackersEnv is set in the process of the attackers, to what they are to do
// as attackersFormat has it.
const (
	attackersEnv    = "EXPRSERVER_ATTACKERS"
	attackersFormat = "%q %d %d %d %d %t" // address, depth, hostile, slow, time, nested
)

func isAttackers() bool { return os.Getenv(attackersEnv) != "" }

// hostilities sends hostile requests until over is done, every kind at least
// once, however short that is, and all of them are answered; or until gone is done.
func (a attack) hostilities(gone, over context.Context, count func(outcome)) {
	var wg sync.WaitGroup
	defer wg.Wait()
	one := func(req request) {
		status, answer, err := send(gone, a.addr, req)
		if gone.Err() == nil {
			count(judge(req, status, answer, err))
		}
	}
	kinds := hostile(a.depth)
	if a.nested {
		kinds = kinds[:2]
	}
	for i := range a.hostile {
		wg.Go(func() {
			for n := 0; gone.Err() == nil && (over.Err() == nil || n < len(kinds)); n++ {
				one(kinds[(i+n)%len(kinds)]())
			}
		})
	}
	for range a.slow {
		wg.Go(func() {
			for n := 0; gone.Err() == nil && (over.Err() == nil || n == 0); n++ {
				one(slow())
			}
		})
	}
}

// hostilitiesApart is hostilities in another process, which writes one outcome
// after the other to its standard output.
func (a attack) hostilitiesApart(gone context.Context, count func(outcome)) error {
	exe, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(gone, exe)
	if nice, err := exec.LookPath("nice"); err == nil {
		cmd = exec.CommandContext(gone, nice, "-n", "19", exe)
	}
	cmd.Env = append(os.Environ(), attackersEnv+"="+
		fmt.Sprintf(attackersFormat, a.addr, a.depth, a.hostile, a.slow, a.phase, a.nested))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	var broken error
	for outcomes := json.NewDecoder(out); ; {
		var o outcome
		if err := outcomes.Decode(&o); err != nil {
			if err != io.EOF {
				broken = err
			}
			break
		}
		count(o)
	}
	if err := errors.Join(broken, cmd.Wait()); err != nil {
		return fmt.Errorf("the attackers ended: %w", err)
	}
	return nil
}

// attackers is the other process.
func attackers() {
	var a attack
	if _, err := fmt.Sscanf(os.Getenv(attackersEnv), attackersFormat, &a.addr, &a.depth, &a.hostile, &a.slow, &a.phase, &a.nested); err != nil {
		fmt.Fprintln(os.Stderr, "attack:", attackersEnv+":", err)
		os.Exit(1)
	}
	over, cancel := context.WithTimeout(context.Background(), a.phase)
	defer cancel()
	var mu sync.Mutex
	outcomes := json.NewEncoder(os.Stdout)
	a.hostilities(context.Background(), over, func(o outcome) {
		mu.Lock()
		defer mu.Unlock()
		if outcomes.Encode(o) != nil {
			os.Exit(1) // nobody listens any more
		}
	})
}
