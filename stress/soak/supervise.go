package main

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"
)

// workerEnv names a file to the process that does the work. There it says what it is at:
// 8 bytes for each of its workers, a seed plus 1.
const workerEnv = "SOAK_WORKER"

// beforeEnv tells it what the processes before it have done: a Report in JSON.
const beforeEnv = "SOAK_BEFORE"

// slice is how long one process works. The race detector keeps memory of its own
// for what has been, some 100 KiB a program: in an hour more than a machine has.
const slice = 5 * time.Minute

// supervise runs the work in processes of its own, one after the other. What
// kills one, as the runtime does when a native stack is too large, is a violation
// too.
func supervise(o options) (Report, error) {
	whole := &o.before
	whole.From = o.from
	for {
		report, err := superviseOne(o)
		if err != nil {
			return *whole, err
		}
		whole.add(report)
		o.from += uint64(report.Programs + report.Tortures)
		if whole.took() >= o.length || o.only || len(whole.Violations) > 0 {
			return *whole, nil
		}
	}
}

func superviseOne(o options) (Report, error) {
	done, err := json.Marshal(o.before)
	if err != nil {
		return Report{}, err
	}
	file, err := os.CreateTemp("", "soak")
	if err != nil {
		return Report{}, err
	}
	defer os.Remove(file.Name())
	defer file.Close()
	exe, err := os.Executable()
	if err != nil {
		return Report{}, err
	}
	cmd := exec.Command(exe, os.Args[1:]...)
	cmd.Args = append(cmd.Args, fmt.Sprintf("-from=%d", o.from))
	if o.only {
		cmd.Args = append(cmd.Args, fmt.Sprintf("-seed=%d", o.from))
	}
	cmd.Env = append(os.Environ(), workerEnv+"="+file.Name(), beforeEnv+"="+string(done))
	var out strings.Builder
	crash := &head{max: 8 << 10}
	cmd.Stdout, cmd.Stderr = &out, io.MultiWriter(os.Stderr, crash)
	runErr := cmd.Run()

	report := Report{From: o.from}
	if json.Unmarshal([]byte(out.String()), &report) == nil {
		return report, nil
	}
	if runErr == nil {
		return report, errors.New("the worker process said nothing")
	}
	seeds, _ := os.ReadFile(file.Name())
	for ; len(seeds) >= 8; seeds = seeds[8:] {
		if n := binary.LittleEndian.Uint64(seeds); n != 0 {
			report.Violations = append(report.Violations, Violation{n - 1, fmt.Sprintf(
				"the process died (%v) while this ran, maybe among others:\n%s", runErr, crash.text)})
		}
	}
	return report, nil
}

// A head keeps the first bytes that come after the progress line.
type head struct {
	max  int
	text []byte
}

func (h *head) Write(p []byte) (int, error) {
	if p[0] != '\r' && len(h.text) < h.max {
		h.text = append(h.text, p[:min(len(p), h.max-len(h.text))]...)
	}
	return len(p), nil
}
