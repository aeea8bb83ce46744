package resident

import (
	"os"
	"runtime"
	"testing"
)

func TestSelf(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux tells")
	}
	block := make([]byte, 64<<20)
	for i := range block {
		block[i] = 1
	}
	now, peak := Self()
	if now < 64<<20 || peak < now {
		t.Errorf("with 64 MiB in use %d resident, at most %d", now, peak)
	}
	if _, same := Of(os.Getpid()); same < now {
		t.Errorf("by its number the process had %d at most", same)
	}
	runtime.KeepAlive(block)
	if now, peak := Of(-1); now != 0 || peak != 0 {
		t.Errorf("a process that there is not has %d, %d", now, peak)
	}
}
