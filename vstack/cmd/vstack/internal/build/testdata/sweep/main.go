// Sweep calls an entry point of the standard library with a value that is nested
// deep: sweep NAME LEVELS. Without arguments it lists the names.
//
// It imports nothing of vstack's, and no function of its own recurses unless a
// package calls it back.
package main

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
)

// ways are the entry points by name. Each builds a value of n levels and hands it to
// the package.
var ways = map[string]func(n int) error{}

// fewer says of which ways a level takes so much time or memory that they get a part
// of the levels: indentation, paths and copies that are as long as the level is deep.
var fewer = map[string]int{}

func main() {
	if len(os.Args) < 3 {
		for _, name := range slices.Sorted(maps.Keys(ways)) {
			fmt.Println(name)
		}
		return
	}
	n, err := strconv.Atoi(os.Args[2])
	if err != nil {
		panic(err)
	}
	if part := fewer[os.Args[1]]; part > 0 {
		n /= part
	}
	defer func() {
		if v := recover(); v != nil {
			fmt.Printf("panic after %d levels: %.200s\n", n, fmt.Sprint(v))
		}
	}()
	if err := ways[os.Args[1]](n); err != nil {
		fmt.Printf("error after %d levels: %.200s\n", n, strings.ReplaceAll(err.Error(), "\n", " "))
	} else {
		fmt.Printf("works: %d levels\n", n)
	}
}
