package main

import "C"

// Probe is for C, which calls it on threads of its own.
//
//export Probe
func Probe() C.int {
	probe()
	return 1
}
