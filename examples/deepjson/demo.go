package main

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/vstack-go/vstack/examples/internal/measure"
)

//go:embed demo.json
var demoDocument string

// demoDepths: plain recursion survives the first one, just. The parser's frames
// are small, 56 bytes a level on amd64, so up to nine million levels fit the 1 GB
// that a goroutine's stack may have. It does not survive the second.
var demoDepths = []int{5_000_000, 10_000_000}

// ways are what the demonstration compares.
var ways = []struct {
	name   string
	format func(in io.Reader) error
}{
	{"encoding/json", func(in io.Reader) error {
		var value json.RawMessage
		return json.NewDecoder(in).Decode(&value)
	}},
	{"plain recursion", func(in io.Reader) error {
		return newParser(in, newFormatter(io.Discard, defaultIndent)).documentUnguarded()
	}},
	{"vstack", func(in io.Reader) error {
		_, err := format(in, io.Discard, defaultIndent)
		return err
	}},
}

// demo formats a small document, and then has deep ones formatted in every way,
// each in a process of its own: one will die of it, and peak memory is counted by
// process.
func demo(out io.Writer, depths ...int) error {
	fmt.Fprintf(out, "A small document, formatted:\n\n")
	if _, err := format(strings.NewReader(demoDocument), out, defaultIndent); err != nil {
		return err
	}
	for _, depth := range depths {
		size, _ := io.Copy(io.Discard, &nest{depth: depth})
		fmt.Fprintf(out, "\nOne nested %v deep, %v:\n\n", measure.Count(depth), measure.Size(size))
		const row = "  %-15s %8s %12s  %s\n"
		fmt.Fprintf(out, row, "", "time", "peak memory", "result")
		for i, way := range ways {
			result, took, peak := runDemoChild(i, depth)
			fmt.Fprintf(out, row, way.name, took, peak, result)
		}
	}
	_, err := fmt.Fprintf(out, "\nNow yours: deepjson FILE; deepjson -h lists the flags.\n")
	return err
}

// demoVariable tells a process that it is a child of the demonstration: which
// way, and how deep.
const demoVariable = "DEEPJSON_DEMO"

// demoChild does a child's part if this process is one.
func demoChild() bool {
	var way, depth int
	if n, _ := fmt.Sscan(os.Getenv(demoVariable), &way, &depth); n != 2 {
		return false
	}
	if err := ways[way].format(&nest{depth: depth}); err != nil {
		fmt.Println("error:", err)
	} else {
		fmt.Println("formatted")
	}
	return true
}

func runDemoChild(way, depth int) (result, took, peak string) {
	self, err := os.Executable()
	if err != nil {
		return err.Error(), "n/a", "n/a"
	}
	var stdout, stderr bytes.Buffer
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(),
		fmt.Sprintf("%s=%d %d", demoVariable, way, depth),
		"GOTRACEBACK=none") // the first lines of a crash will do
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	start := time.Now()
	err = cmd.Run()
	took = measure.Seconds(time.Since(start))
	result = strings.TrimSpace(stdout.String())
	if err != nil {
		result = "died: " + fatalError(stderr.String(), err)
	}
	return result, took, measure.ChildPeakText(cmd)
}

// fatalError finds what a process died of in what it wrote to stderr.
func fatalError(stderr string, err error) string {
	for line := range strings.Lines(stderr) {
		if strings.HasPrefix(line, "fatal error: ") {
			return strings.TrimSpace(line)
		}
	}
	return err.Error()
}
