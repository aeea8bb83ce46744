//go:build !race

package vstack_test

const raceEnabled = false
