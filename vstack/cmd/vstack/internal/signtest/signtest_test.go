package signtest

import (
	"math"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The true median is outside if fewer than rank of n values are on one side of it, as
// many heads as of n coins.
func TestInterval(t *testing.T) {
	for n := 6; n <= 100; n++ { // five coins are alike in more than 5 of 100 cases
		values := make([]float64, n)
		for i := range values {
			values[i] = float64(i + 1)
		}
		low, high := Interval(values)
		if low+high != float64(n+1) {
			t.Errorf("of %d values: %v and %v, not as far from either end", n, low, high)
		}
		outside, chance := 0.0, math.Pow(0.5, float64(n))
		for heads := range int(low) {
			outside += 2 * chance
			chance *= float64(n-heads) / float64(heads+1)
		}
		if outside > 0.05 {
			t.Errorf("of %d values: rank %v, outside in %.3f of the cases", n, low, outside)
		}
	}
}
