package stress

import (
	"flag"
	"testing"
	"time"
)

var (
	programs = flag.Int("programs", 2_000, "how many random programs TestPrograms runs")
	from     = flag.Uint64("from", 0, "the seed of the first one")
	logs     = flag.Bool("logs", false, "TestLogs prints both logs of the first program, with its operations and what they threw")
)

func TestPrograms(t *testing.T) {
	start := time.Now()
	n := *programs
	if testing.Short() {
		n = min(n, 150)
	}
	run := func(n int) (sum Result) {
		for i := range n {
			seed := *from + uint64(i)
			r, err := Check(Program(seed))
			if err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			sum.Add(r)
		}
		return sum
	}
	sum := run(n)
	// Once more, with what is left counted.
	if err := Balanced(64<<10, func() error { run(min(n, 300)); return nil }); err != nil {
		t.Error(err)
	}
	t.Logf("%d programs from seed %d in %v: %+v", n, *from, time.Since(start), sum)
	// A generator that does nothing much would agree with anything.
	if n >= 150 && (sum.Frames < 5*n || sum.Lines < 50*n || sum.Overflow < n/10 || sum.Depth < 1000) {
		t.Errorf("the programs do too little: %+v", sum)
	}
}

// TestLogs is for who looks for the cause of a violation:
//
//	go test ./stress -run TestLogs -logs -v -from 4832
func TestLogs(t *testing.T) {
	if !*logs {
		t.Skip("prints what one program does; see -logs")
	}
	r := newRecord()
	for _, plain := range []bool{false, true} {
		x := newExecution(Program(*from), 0)
		x.verbose = true
		x.main(r, plain)
		t.Logf("plain: %v, violations: %q\n%s", plain, x.broken, x.log)
	}
}

func FuzzPrograms(f *testing.F) {
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 4<<10 {
			t.Skip("no new kind of program")
		}
		if _, err := Check(data); err != nil {
			t.Error(err)
		}
	})
}
