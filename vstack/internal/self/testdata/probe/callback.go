package main

// int Probe(void);
// static int throughC(void) { return Probe(); }
import "C"

func init() {
	throughC = func() {
		if C.throughC() != 1 {
			panic("C did not call")
		}
	}
}
