//go:build !race && !asan && !msan

package vstack_test

const raceEnabled = false
