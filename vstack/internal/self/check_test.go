//go:build gc && !purego && !vstackbuild

package self

import (
	"runtime"
	"strings"
	"testing"
)

// The check finds each kind of wrong figure. (That it finds nothing wrong with right
// ones is why this test runs at all.)
func TestCheck(t *testing.T) {
	var before, after figures
	fresh(func() {
		before = read()
		after = deeper(before, 64)
	})
	if text := wrong(before, after, true); text != "" {
		t.Fatal(text)
	}
	if before.hi == after.hi {
		t.Error("the stack has not grown")
	}
	for _, c := range []struct {
		what string // of the text
		edit func(f *figures)
	}{
		{"has no address", func(f *figures) { f.id = 0 }},
		{"ends before it begins", func(f *figures) { f.lo, f.hi = f.hi, f.lo }},
		{"ends before it begins", func(f *figures) { f.hi = 0 }},
		{"lies outside it", func(f *figures) { f.local = f.lo }},
		{"lies outside it", func(f *figures) { f.local = f.hi }},
		// The next words of g instead of the first two: stackguard0 is above lo.
		{"lies outside it", func(f *figures) { f.lo, f.hi = f.hi, f.hi+1<<20 }},
		{"larger than Go lets", func(f *figures) { f.hi = ^uintptr(0) }},
		// Half of lo, as if it had 32 bits.
		{"larger than Go lets", func(f *figures) { f.lo, f.local, f.hi = 1, 1<<30, 1<<31 }},
		// Half of a word, as if it had 32 bits.
		{"lies outside it", func(f *figures) { f.lo, f.hi = 0, f.hi>>16 }},
		{"more of it is used than there is", func(f *figures) { f.used = f.hi - f.lo + 1 }},
		{"more of it is used than there is", func(f *figures) { f.used = ^uintptr(0) }},
		{"does not end at the calling function", func(f *figures) { f.hi += 2 * page }},
		{"does not end at the calling function", func(f *figures) { f.used, f.lo = f.used+2*page, f.lo-4*page }},
		{"guard does not follow", func(f *figures) { f.low = true }},
	} {
		edited := before
		c.edit(&edited)
		expectText(t, wrong(edited, after, true), c.what)
		edited = after
		c.edit(&edited)
		expectText(t, wrong(before, edited, true), c.what)
	}
	another := after
	another.id++
	expectText(t, wrong(before, another, true), "its goroutine is another one")
	expectText(t, wrong(before, after, false), "the guard does not see a mark")
}

func expectText(t *testing.T, text, what string) {
	t.Helper()
	for _, part := range []string{
		"vstack: ", what, "Build with -tags purego", runtime.GOOS + "/" + runtime.GOARCH, runtime.Version(),
	} {
		if !strings.Contains(text, part) {
			t.Errorf("%q does not say %q", text, part)
		}
	}
}
