// Host opens the probe as a plugin and tries it there. One copy of package self is the
// host's then, and the other is the plugin's.
package main

import (
	"fmt"
	"os"
	"plugin"

	one "example.com/probe/one"
)

func main() {
	p, err := plugin.Open(os.Args[1])
	if err != nil {
		panic(err)
	}
	probe, err := p.Lookup("Plugged")
	if err != nil {
		panic(err)
	}
	probe.(func())()
	if one.Low() {
		panic("the host's guard is low")
	}
	fmt.Println("ok")
}
