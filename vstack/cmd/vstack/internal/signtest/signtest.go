// Package signtest has the statistics of what is measured in turns.
package signtest

import "math"

// Interval returns two of the sorted values between which the true median is in 95 of
// 100 cases, whatever the distribution: the ranks of the sign test. It panics if there
// are none.
func Interval(sorted []float64) (low, high float64) {
	n := len(sorted)
	rank := max(0, int(float64(n)/2-0.98*math.Sqrt(float64(n)))-1)
	return sorted[rank], sorted[n-1-rank]
}
