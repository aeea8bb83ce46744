// deep WORKLOAD N REPEATS BATCH; see ../build. It is for gccgo, whose stacks are split; with
// the gc toolchain it is plain recursion.
package main

import (
	"fmt"
	"os"
	"strconv"
	"syscall"
)

//go:noinline
func fib(n int) int {
	if n < 2 {
		return n
	}
	return fib(n-1) + fib(n-2)
}

//go:noinline
func linear(n int) int {
	if n == 0 {
		return 0
	}
	return linear(n-1) + 1
}

func calls(n int) int {
	if n < 2 {
		return 1
	}
	return calls(n-1) + calls(n-2) + 1
}

func cpu() float64 {
	var u syscall.Rusage
	syscall.Getrusage(0, &u)
	return float64(u.Utime.Nano() + u.Stime.Nano())
}

func main() {
	number := func(i int) int {
		n, err := strconv.Atoi(os.Args[i])
		if err != nil {
			panic(err)
		}
		return n
	}
	n := number(2)
	f, want, count := linear, n, n
	if os.Args[1] == "fib" {
		f, want, count = fib, fib(n), calls(n)
	}
	measure := func(times int) {
		start := cpu()
		for i := 0; i < times; i++ {
			if f(n) != want {
				panic("wrong")
			}
		}
		fmt.Println((cpu() - start) / float64(times) / float64(count))
	}
	done := make(chan bool)
	go func() {
		measure(1)
		for i := 0; i < number(3); i++ {
			measure(number(4))
		}
		done <- true
	}()
	<-done
}
