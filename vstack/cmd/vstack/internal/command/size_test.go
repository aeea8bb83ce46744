package command

import (
	"bytes"
	"strings"
	"testing"
)

func TestSize(t *testing.T) {
	const crash = `runtime: goroutine stack exceeds 1000000000-byte limit
runtime: sp=0x31cb01810390 stack=[0x31cb01810000, 0x31cb21810000]
fatal error: stack overflow

goroutine 1 gp=0x31cade7641e0 m=0 mp=0x584f40 [running]:
main.expr({0x31cae087ffb7?, 0xfaf0c9?})
	main.go:9 +0x85 fp=0x31cb018103a0 sp=0x31cb01810398 pc=0x49ea05
main.term(...)
	main.go:13
main.factor({0x31cae087ffb7?, 0xfaf0c9?})
	main.go:9 +0x85 fp=0x31cb018103c0 sp=0x31cb018103a0 pc=0x49ea05
main.expr({0x31cae087ffb7?, 0xfaf0c9?})
	main.go:9 +0x85 fp=0x31cb01810400 sp=0x31cb018103c0 pc=0x49ea05
main.factor({0x31cae087ffb7?, 0xfaf0c9?})
	main.go:9 +0x85 fp=0x31cb01810420 sp=0x31cb01810400 pc=0x49ea05
main.expr({0x31cae087ffb7?, 0xfaf0c9?})
	main.go:9 +0x85 fp=0x31cb01810460 sp=0x31cb01810420 pc=0x49ea05
...additional frames elided...
`
	for _, c := range []struct {
		args  string
		stdin string
		code  int
		want  string
	}{
		{"-", crash, exitOK, "A level takes 96 bytes: main.expr, main.factor.\nThere were about 5,592,395 of them."},
		{"100", "", exitOK, " 10,000,000        1017 MiB      970 ms      620 ms   crashes"},
		{"-levels 1000 100", "", exitOK, "nothing"},
		{"-levels 1000 -handle 100", "", exitOK, " 1,000         640 KiB"},
		{"-limit 64MiB 100", "", exitOK, "64 MiB hold 634,060 levels of 100 bytes."},
		{"", "", exitUsage, "want the bytes of a level"},
		{"0", "", exitUsage, "0 bytes"},
		{"-levels -1 8", "", exitUsage, "-levels -1"},
		{"-limit 3x 8", "", exitUsage, "want a size such as 512MiB"},
		{"-", "nothing", exitUsage, "no recursion in it"},
		{"no-such-file", "", exitUsage, "no-such-file"},
		{"-h", "", exitOK, "Usage: vstack size"},
	} {
		var out bytes.Buffer
		code := runSize(strings.Fields(c.args), strings.NewReader(c.stdin), &out, &out)
		if code != c.code || !strings.Contains(out.String(), c.want) {
			t.Errorf("vstack size %s: exit code %d, want %d, and %q in:\n%s", c.args, code, c.code, c.want, out.String())
		}
	}
}
