//go:build gc && !purego && !vstackbuild

package self

import "testing"

func BenchmarkLow(b *testing.B) {
	for b.Loop() {
		Low()
	}
}

func BenchmarkBounds(b *testing.B) {
	for b.Loop() {
		Bounds()
	}
}

// What a worker pays to be known to other copies.
func BenchmarkEnterAndLeave(b *testing.B) {
	b.ReportAllocs()
	id, _, _ := Bounds()
	for b.Loop() {
		Enter(id)
		Leave(id)
	}
}

// What a hop pays when the worker runs for the one it ran for before.
func BenchmarkSetAgain(b *testing.B) {
	id, _, _ := Bounds()
	link := Enter(id)
	defer Leave(id)
	for b.Loop() {
		link.Set(1)
	}
}

// What a hop pays otherwise.
func BenchmarkSetAnother(b *testing.B) {
	id, _, _ := Bounds()
	link := Enter(id)
	defer Leave(id)
	var n uintptr
	for b.Loop() {
		n++
		link.Set(n)
	}
}

// What a look costs that finds a worker, among 10,000.
func BenchmarkWaiter(b *testing.B) {
	id, _, _ := Bounds()
	for i := range uintptr(10000) {
		Enter(id + i).Set(1)
		defer Leave(id + i)
	}
	for b.Loop() {
		Waiter(id)
	}
}

// What it costs on a goroutine that is no worker.
func BenchmarkWaiterOfNone(b *testing.B) {
	id, _, _ := Bounds()
	for i := range uintptr(10000) {
		Enter(id + 1 + i)
		defer Leave(id + 1 + i)
	}
	for b.Loop() {
		Waiter(id)
	}
}
