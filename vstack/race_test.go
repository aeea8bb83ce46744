//go:build race || asan || msan

package vstack_test

// raceEnabled says that the build has memory of its own beside the program's: for the race
// detector, or a sanitizer.
const raceEnabled = true
