package measure

import (
	"os"
	"os/exec"
	"runtime"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if os.Getenv("MEASURE_TEST_CHILD") != "" {
		touched := make([]byte, 64<<20)
		for i := 0; i < len(touched); i += 4096 {
			touched[i] = 1
		}
		runtime.KeepAlive(touched)
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

func TestSizeSet(t *testing.T) {
	for text, want := range map[string]Size{
		"0": 0, "500000": 500000, "1B": 1, "64MiB": 64 << 20, "64mib": 64 << 20, "64 MiB": 64 << 20,
		"64M": 64 << 20, "1GB": 1e9, "2GiB": 2 << 30, "3k": 3 << 10, "1TB": 1e12,
		"9223372036854775807": 1<<63 - 1,
	} {
		var s Size
		if err := s.Set(text); err != nil || s != want {
			t.Errorf("Set(%q): %d, %v, want %d", text, s, err, want)
		}
	}
	for _, text := range []string{"", "-1", "+1", "MiB", "1.5GB", "1XB", "1 2", "x1", "9223372036854775808", "8388608TiB", "0x10", "1_000", " 1"} {
		s := Size(7)
		if err := s.Set(text); err == nil || s != 7 {
			t.Errorf("Set(%q): %d, %v, want an error", text, s, err)
		}
	}
}

func TestText(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{Size(0).String(), "0 B"},
		{Size(1023).String(), "1023 B"},
		{Size(1024).String(), "1 KiB"},
		{Size(1536).String(), "1.5 KiB"},
		{Size(22_500_000).String(), "21.5 MiB"},
		{Size(999 << 20).String(), "999 MiB"},
		{Size(999<<20 + 990<<10).String(), "1000 MiB"},
		{Size(1010 << 20).String(), "1010 MiB"},
		{Size(6 << 30).String(), "6 GiB"},
		{Count(0).String(), "0"},
		{Count(999).String(), "999"},
		{Count(1000).String(), "1,000"},
		{Count(-5_000_000).String(), "-5,000,000"},
		{Seconds(1500 * time.Microsecond), "1.5 ms"},
		{Seconds(2340 * time.Millisecond), "2.34 s"},
	} {
		if c.got != c.want {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
}

func TestPeak(t *testing.T) {
	peak, ok := Peak()
	if runtime.GOOS == "linux" && !ok {
		t.Error("no peak on Linux")
	}
	if ok && (peak < 1<<20 || peak > 1<<40) {
		t.Errorf("Peak() = %d bytes", peak)
	}
}

func TestChildPeak(t *testing.T) {
	if runtime.GOOS == "js" {
		t.Skip("no processes here")
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "MEASURE_TEST_CHILD=1")
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	if peak, ok := childPeak(cmd); ok && (peak < 64<<20 || peak > 1<<40) {
		t.Errorf("peak of a child that used 64 MiB: %v", peak)
	}
	if got := ChildPeakText(exec.Command("never-started")); got != "n/a" {
		t.Errorf("peak of a child that never ran: %q", got)
	}
}

func TestTerminal(t *testing.T) {
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	if Terminal(null) && runtime.GOOS != "windows" || Terminal(t) {
		t.Error("that is no terminal")
	}
	if file, err := os.Open("/dev/ptmx"); err == nil {
		defer file.Close()
		if !Terminal(file) {
			t.Error("that is one")
		}
	}
}

func TestLimit(t *testing.T) {
	for text, ok := range map[string]bool{"0": true, "1MiB": true, "2MiB": true, "1023KiB": false, "-1": false, "x": false} {
		size := Size(5)
		if err := size.Limit(1 << 20)(text); (err == nil) != ok {
			t.Errorf("%s: %v", text, err)
		}
	}
}
