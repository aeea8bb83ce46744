package command

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/size"
)

// runSize says what memory a depth takes, or what depth a limit allows for.
func runSize(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("vstack size", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.Usage = func() {}
	levels := flags.Int64("levels", 0, "how many `levels` the recursion is to have; 0: a table")
	limit := flags.String("limit", "", "how much `memory` there is for it, such as 64MiB: how deep is that?")
	handle := flags.Bool("handle", false, "the recursion runs on a stack of its own, by vstack.Run, with guards that have a handle")
	wrong := func(format string, args ...any) int {
		fmt.Fprintf(stderr, "vstack: size: "+format+"\nRun \"vstack size -h\" for the flags.\n", args...)
		return exitUsage
	}
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprintf(stderr, "Usage: vstack size [flags] BYTES|FILE\n\nBYTES are those of stack that a level of the recursion takes; FILE is what a program printed\nas it ran out of stack, or a log with the line of an OverflowError (- for the standard input), where they are read off.\n")
		flags.SetOutput(stderr)
		flags.PrintDefaults()
		fmt.Fprintln(stderr, `"vstack help size" has more.`)
		return exitOK
	case err != nil:
		return wrong("%v", err)
	}
	if flags.NArg() != 1 {
		return wrong("want the bytes of a level, or a file with a traceback")
	}
	if *levels < 0 {
		return wrong("-levels %d: want a number of levels", *levels)
	}
	frame, err := strconv.ParseInt(flags.Arg(0), 10, 64)
	switch {
	case err == nil && frame <= 0:
		return wrong("%d bytes: a level takes at least 8", frame)
	case err != nil:
		frames, err := readFrames(flags.Arg(0), stdin)
		if err != nil {
			return wrong("%s: %v", flags.Arg(0), err)
		}
		frame = frames.Bytes
		cycle := ""
		if len(frames.Cycle) > 0 {
			cycle = ": " + strings.Join(frames.Cycle, ", ")
		}
		fmt.Fprintf(stdout, "A level takes %d bytes%s.\n", frame, cycle)
		if frames.Turns > 0 {
			fmt.Fprintf(stdout, "There were about %s of them.\n", grouped(frames.Turns))
		}
		fmt.Fprintln(stdout)
	}
	if *limit != "" {
		bytes, err := parseBytes(*limit)
		if err != nil {
			return wrong("-limit %s: %v", *limit, err)
		}
		fmt.Fprintf(stdout, "%s hold %s levels of %d bytes.\n", mebibytes(bytes), grouped(size.Levels(bytes, frame, *handle)), frame)
		return exitOK
	}
	depths := []int64{1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000}
	if *levels > 0 {
		depths = []int64{*levels}
	}
	table := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "levels\tlimit at least\tfirst call\tlater ones\tplain Go\t")
	for _, n := range depths {
		plain := size.Plain(n, frame)
		goes := mebibytes(plain)
		if plain > size.PlainLimit {
			goes = "crashes"
		}
		need := mebibytes(size.Bytes(n, frame, *handle))
		if size.Bytes(n, frame, *handle) == 0 {
			need = "nothing"
		}
		first, later := size.Nanoseconds(n, frame)
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t\n", grouped(n), need, duration(first), duration(later), goes)
	}
	if err := table.Flush(); err != nil {
		fmt.Fprintf(stderr, "vstack: %v\n", err)
		return exitFound
	}
	return exitOK
}

func readFrames(name string, stdin io.Reader) (*size.Frames, error) {
	if name == "-" {
		return size.ReadFrames(stdin)
	}
	f, err := os.Open(filepath.Clean(name))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return size.ReadFrames(f)
}

// parseBytes reads a size as GOMEMLIMIT has it.
func parseBytes(text string) (int64, error) {
	number, unit := text, int64(1)
	for suffix, bytes := range map[string]int64{"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40} {
		if rest, ok := strings.CutSuffix(text, suffix); ok {
			number, unit = rest, bytes
		}
	}
	if unit == 1 {
		number = strings.TrimSuffix(number, "B")
	}
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil || n <= 0 || n > (1<<62)/unit {
		return 0, errors.New("want a size such as 512MiB")
	}
	return n * unit, nil
}

func mebibytes(bytes int64) string {
	switch {
	case bytes < 1<<20:
		return fmt.Sprintf("%d KiB", (bytes+1<<10-1)>>10)
	case bytes < 1<<30:
		return fmt.Sprintf("%d MiB", (bytes+1<<20-1)>>20)
	}
	return fmt.Sprintf("%.1f GiB", float64(bytes)/(1<<30))
}

// duration has two digits: more is not known.
func duration(ns float64) string {
	unit := "us"
	ns /= 1e3
	for _, larger := range []string{"ms", "s"} {
		if ns >= 1000 {
			ns, unit = ns/1000, larger
		}
	}
	if ns < 9.95 {
		return fmt.Sprintf("%.1f %s", ns, unit)
	}
	tens := 1.0
	for ns/tens >= 99.5 {
		tens *= 10
	}
	return fmt.Sprintf("%.0f %s", math.Round(ns/tens)*tens, unit)
}

// grouped writes a number with commas between thousands.
func grouped(n int64) string {
	text := strconv.FormatInt(n, 10)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
