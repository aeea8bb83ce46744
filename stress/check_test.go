package stress

import (
	"flag"
	"testing"
	"time"
)

var (
	programs = flag.Int("programs", 2_000, "how many random programs TestPrograms runs")
	from     = flag.Uint64("from", 0, "the seed of the first one")
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
