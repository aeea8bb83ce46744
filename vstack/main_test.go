package vstack_test

import (
	"flag"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/vstack-go/vstack/stress/resident"
	"github.com/vstack-go/vstack/vstack"
)

var deepTests = flag.Bool("deep", false, "run the tests that need up to 10 GiB of memory and a minute")

// TestMain lowers the runtime's own limit for the whole suite: a segment that
// ran away natively would kill the process. And the default limit is the same on all
// machines, that of one with 2 GiB: less is not enough for tests that do not ask about it
// when the runtime starts goroutines with 512 KiB.
func TestMain(m *testing.M) {
	debug.SetMaxStack(1 << 20)
	if os.Getenv(vstack.ChildEnv) == "" {
		vstack.SetDefaultLimit(1 << 30)
	}
	// On js/wasm the runtime has one goroutine that handles events.
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("runtime.handleEvent"))
}

// needsPreemption skips a test that spins until another goroutine does something:
// on js/wasm nothing interrupts it, nor with GODEBUG=asyncpreemptoff=1.
func needsPreemption(t *testing.T) {
	t.Helper()
	if runtime.GOOS == "js" || strings.Contains(os.Getenv("GODEBUG"), "asyncpreemptoff=1") {
		t.Skip("nothing preempts a goroutine here")
	}
}

// See child_test.go, which the tests inside the package share.
var (
	alone      = vstack.Alone
	inChild    = vstack.InChild
	runChild   = vstack.RunChild
	startSmall = vstack.StartSmall
)

var rss = resident.Self
