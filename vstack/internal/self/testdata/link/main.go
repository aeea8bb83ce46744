// Link is the smallest program with package self in it, for systems that it cannot be
// tested on here: it has to link.
package main

import "github.com/vstack-go/vstack/vstack/internal/self"

func main() {
	id, lo, hi := self.Bounds()
	println(id, lo, hi, self.Used(), self.Low())
}
