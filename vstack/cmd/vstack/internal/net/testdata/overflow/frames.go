package main

// Frames of many sizes. The compiler keeps arrays on the stack up to 10 MB if they are variables.

func init() {
	ways["plain"] = func() error { return overflow(func() { plain(forever) }) }
	ways["args"] = func() error {
		return overflow(func() { args(forever, 1, 2, 3, 4, 5, "six", []int{7}, nil, 9, 10, 11.5) })
	}
	ways["results"] = func() error { return overflow(func() { results(forever) }) }
	ways["bigargs"] = func() error { return overflow(func() { bigArgs(forever, [100]*int{}) }) }
	ways["frame16"] = func() error { return overflow(func() { frame16(forever) }) }
	ways["frame64"] = func() error { return overflow(func() { frame64(forever) }) }
	ways["frame200"] = func() error { return overflow(func() { frame200(forever) }) }
	ways["frame1000"] = func() error { return overflow(func() { frame1000(forever) }) }
	ways["frame4096"] = func() error { return overflow(func() { frame4096(forever) }) }
	ways["frame5000"] = func() error { return overflow(func() { frame5000(forever) }) }
	ways["frame30000"] = func() error { return overflow(func() { frame30000(forever) }) }
	ways["frame131072"] = func() error { return overflow(func() { frame131072(forever) }) }
	ways["frame1048576"] = func() error { return overflow(func() { frame1048576(forever) }) }
}

//go:noinline
func plain(n int) int {
	if n == 0 {
		return 0
	}
	return plain(n-1) + 1
}

//go:noinline
func args(n, a, b, c, d, e int, f string, g []int, h any, i, j int, k float64) (int, string, error) {
	if n == 0 {
		return a + b + c + d + e, f, nil
	}
	x, y, z := args(n-1, b, c, d, e, a, f+"", g, &g, j, i, k+1)
	return x + len(y) + i, y, z
}

//go:noinline
func results(n int) (a, b, c *int, d string, e [4]*int) {
	if n == 0 {
		return
	}
	a, b, c, d, e = results(n - 1)
	return b, c, a, d, e
}

//go:noinline
func bigArgs(n int, p [100]*int) [100]*int {
	if n == 0 {
		return p
	}
	p[n%100] = &n
	q := bigArgs(n-1, p)
	q[n%100] = p[(n+1)%100]
	return q
}

//go:noinline
func frame16(n int) int {
	var a [16]byte
	a[n%16] = byte(n)
	if n == 0 {
		return 0
	}
	return frame16(n-1) + int(a[n%16])
}

//go:noinline
func frame64(n int) int {
	var a [64]byte
	a[n%64] = byte(n)
	if n == 0 {
		return 0
	}
	return frame64(n-1) + int(a[n%64])
}

//go:noinline
func frame200(n int) int {
	var a [200]byte
	a[n%200] = byte(n)
	if n == 0 {
		return 0
	}
	return frame200(n-1) + int(a[n%200])
}

//go:noinline
func frame1000(n int) int {
	var a [1000]byte
	a[n%1000] = byte(n)
	if n == 0 {
		return 0
	}
	return frame1000(n-1) + int(a[n%1000])
}

//go:noinline
func frame4096(n int) int {
	var a [4096]byte
	a[n%4096] = byte(n)
	if n == 0 {
		return 0
	}
	return frame4096(n-1) + int(a[n%4096])
}

//go:noinline
func frame5000(n int) int {
	var a [5000]byte
	a[n%5000] = byte(n)
	if n == 0 {
		return 0
	}
	return frame5000(n-1) + int(a[n%5000])
}

//go:noinline
func frame30000(n int) int {
	var a [30000]byte
	a[n%30000] = byte(n)
	if n == 0 {
		return 0
	}
	return frame30000(n-1) + int(a[n%30000])
}

//go:noinline
func frame131072(n int) int {
	var a [131072]byte
	a[n%131072] = byte(n)
	if n == 0 {
		return 0
	}
	return frame131072(n-1) + int(a[n%131072])
}

//go:noinline
func frame1048576(n int) int {
	var a, b, c, d, e, f, g, h [128 << 10]byte // the compiler puts larger ones on the heap
	i := n & 0xffff
	a[i], b[i], c[i], d[i], e[i], f[i], g[i], h[i] = 1, 1, 1, 1, 1, 1, 1, 1
	if n == 0 {
		return 0
	}
	r := frame1048576(n - 1)
	return r + int(a[r&0xffff]+b[r&0xffff]+c[r&0xffff]+d[r&0xffff]+e[r&0xffff]+f[r&0xffff]+g[r&0xffff]+h[r&0xffff])
}
