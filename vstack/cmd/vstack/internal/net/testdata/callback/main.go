// Command callback overflows in Go that C has called, with the net: the panic goes through C as others do.
package main

/*
extern int goDeep(int n);
static int callDeep(int n) { return goDeep(n); }
*/
import "C"

import (
	"fmt"
	"os"
	"runtime"
)

//export goDeep
func goDeep(n C.int) C.int {
	if n > 0 {
		return C.callDeep(n - 1)
	}
	return C.int(deep(int(^uint(0) >> 2)))
}

//go:noinline
func deep(n int) int {
	if n == 0 {
		return 0
	}
	return deep(n-1) + 1
}

func overflow(f func()) (e runtime.Error) {
	defer func() { e, _ = recover().(runtime.Error) }()
	f()
	return nil
}

func main() {
	for i := range 20 {
		if e := overflow(func() { C.callDeep(C.int(i % 4)) }); e == nil {
			fmt.Println("no panic")
			os.Exit(1)
		}
		if i%5 == 0 {
			runtime.GC()
		}
	}
	fmt.Println("callback: ok")
}
