package fold

import (
	"runtime"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

//go:noinline
func even(n int, bottom func()) {
	if n == 0 {
		bottom()
		return
	}
	odd(n-1, bottom)
}

//go:noinline
func odd(n int, bottom func()) { even(n-1, bottom) }

// pcsAt returns the frames of a recursion that is n levels deep.
func pcsAt(n int) (pcs []uintptr) {
	even(n, func() {
		pcs = make([]uintptr, n+100)
		pcs = pcs[:runtime.Callers(1, pcs)]
	})
	return pcs
}

func TestFold(t *testing.T) {
	f := New()
	pcs := pcsAt(1000)
	half := len(pcs) / 2
	f.Segment(pcs[:half], 2, 300)
	f.Gap(3)
	f.Segment(pcs[half:], 1, 100)
	f.Cut()
	r := f.Result()
	var turns, skipped int64
	cut, bytes := false, int64(0)
	for _, p := range r.Parts {
		bytes += p.Bytes
		skipped += int64(p.Skipped)
		cut = cut || p.Cut
		for _, q := range p.Paths {
			if q.Count > 1 {
				turns += q.Count * int64(len(q.Frames))
			}
		}
	}
	if turns < 990 || skipped != 3 || !cut || bytes != 400 {
		t.Errorf("%d frames are in turns, want nearly 1000; %d segments skipped, cut %v, %d bytes", turns, skipped, cut, bytes)
	}
	if len(r.Top) != endFrames || !strings.Contains(r.Top[0].Function, "pcsAt") || r.Top[0].Segment != 2 || r.Top[0].SegmentBytes != 300 {
		t.Errorf("the top is %+v", r.Top)
	}
	if last := r.Root[len(r.Root)-1]; !strings.Contains(last.Function, "testing.tRunner") && !strings.Contains(last.Function, "runtime.") || last.Segment != 1 {
		t.Errorf("the root is %+v", last)
	}
}

// However long the recursion, what is kept is little.
func TestFoldIsSmall(t *testing.T) {
	f := New()
	pcs := pcsAt(1000)
	for range 1000 {
		f.Segment(pcs, 1, 1)
	}
	r := f.Result()
	kept := 0
	for _, p := range r.Parts {
		for _, q := range p.Paths {
			kept += len(q.Frames)
		}
	}
	if r.Depth < 1_000_000 || kept > maxParts*maxPlain/8 {
		t.Errorf("%d frames of %d are kept", kept, r.Depth)
	}
}
