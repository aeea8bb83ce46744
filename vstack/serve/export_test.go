package serve

import "time"

// Starve makes it so that goroutines had no processor for so long.
func Starve(g *Gate, d time.Duration) {
	g.watch.mu.Lock()
	defer g.watch.mu.Unlock()
	g.watch.lost += d
}

// Steady makes it so that goroutines always have a processor: what a test expects of a request
// that is to blame itself must not depend on what else the machine does.
func Steady(g *Gate) {
	g.watch.mu.Lock()
	defer g.watch.mu.Unlock()
	g.watch.armed, g.watch.due = true, time.Now().Add(24*time.Hour)
}
