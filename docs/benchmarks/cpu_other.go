//go:build !unix

package main

import (
	"os"
	"time"
)

var start = time.Now()

// cpuTime is the time on the wall, where nothing better is to be had.
func cpuTime() float64 { return float64(time.Since(start)) }

// maxResident is not known here.
func maxResident(*os.ProcessState) float64 { return 0 }
