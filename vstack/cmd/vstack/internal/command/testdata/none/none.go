// Package none has none.
package none

func Half(n int) int {
	if n == 0 {
		return 0
	}
	return Half(n / 2)
}
