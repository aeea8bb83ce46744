// Package browsertest looks at the debug page with a real browser. It is a
// module of its own for what it depends on.
package browsertest

import (
	"context"
	"flag"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"go.uber.org/goleak"

	"github.com/vstack-go/vstack/vstack"
	"github.com/vstack-go/vstack/vstack/debug"
	_ "github.com/vstack-go/vstack/vstack/profile"
)

var update = flag.Bool("update", false, "write the screenshots in docs anew; use go test -trimpath, so that they show no paths of yours")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const pageHeight = 680

// browser starts a headless Chromium with an empty profile.
func browser(t *testing.T) context.Context {
	t.Helper()
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "headless-shell"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		t.Skip("no Chromium on this machine; on Debian: apt-get install chromium")
	}
	options := []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(path),
		chromedp.WindowSize(1280, pageHeight),
		chromedp.UserDataDir(t.TempDir()),
	}
	for _, flag := range []string{"headless", "no-sandbox", "no-first-run", "disable-gpu", "disable-quic", "disable-background-networking",
		"disable-component-update", "disable-sync", "disable-dev-shm-usage", "hide-scrollbars"} {
		options = append(options, chromedp.Flag(flag, true))
	}
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(stop)
	ctx, stop := chromedp.NewContext(allocator)
	t.Cleanup(func() {
		_ = chromedp.Cancel(ctx)
		stop()
	})
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// serve serves the page and returns its address.
func serve(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Skip("no network:", err)
	}
	mux := http.NewServeMux()
	mux.Handle("/debug/vstack/", debug.Handler())
	server := &http.Server{Handler: mux, ReadHeaderTimeout: time.Minute}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(listener)
	}()
	t.Cleanup(func() {
		_ = server.Close()
		<-done
	})
	return "http://" + listener.Addr().String() + "/debug/vstack/"
}

// A parser goes deeper while more is sent, and passes guards all the time.
type parser struct {
	stack *vstack.Stack
	more  chan int // levels to go
}

func (p *parser) value(n int) int {
	if p.stack.Low() {
		return vstack.GrowOn(p.stack, func() int { return p.value(n) })
	}
	for n == 0 {
		select {
		case levels, ok := <-p.more:
			if !ok {
				return 0
			}
			n = levels
		default:
			p.rest(1)
		}
	}
	return p.object(n)
}

//go:noinline
func (p *parser) object(n int) int { return p.value(n-1) + 1 }

func (p *parser) rest(n int) int {
	if p.stack.Low() {
		return vstack.GrowOn(p.stack, func() int { return p.rest(n) })
	}
	if n == 0 {
		return 0
	}
	return p.rest(n-1) + 1
}

// tooWide is whether something is beyond the edge.
const tooWide = `[document.documentElement, ...document.querySelectorAll(".wide, pre")].some(e => e.scrollWidth > e.clientWidth)`

func TestPage(t *testing.T) {
	ctx := browser(t)
	address := serve(t)
	s := vstack.New(vstack.WithName("json parser"), vstack.WithMaxMemory(0))
	defer s.Close()
	idle := vstack.New(vstack.WithName("spare"))
	defer idle.Close()
	p := &parser{s, make(chan int)}
	finished := make(chan error)
	go func() {
		finished <- s.Run(context.Background(), func(context.Context) error { p.value(0); return nil })
	}()
	p.more <- 200_000
	messages := chromedp.Console(ctx)
	do := func(what string, steps ...chromedp.Action[chromedp.Void]) {
		t.Helper()
		if err := chromedp.Do(ctx, steps...); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	do("open", chromedp.Navigate(address), chromedp.WaitVisible(chromedp.CSS(`tbody tr`)))
	const segments = `Number(document.querySelector("tbody tr:first-child .depth").textContent.replaceAll(",", ""))`
	first := eval[int](t, ctx, segments)

	// It grows on the page, without a reload, and what has the focus keeps it.
	do("focus", chromedp.Focus(chromedp.CSS(`tbody a`)))
	eval[bool](t, ctx, `window.same = true`)
	depth := first
	for range 8 {
		p.more <- 150_000
		if _, err := chromedp.Run(ctx, chromedp.Poll[bool](segments+" > "+strconv.Itoa(depth),
			chromedp.WithPollingInterval(50*time.Millisecond), chromedp.WithPollingTimeout(20*time.Second))); err != nil {
			t.Fatalf("the depth does not grow from %d: %v", depth, err)
		}
		depth = eval[int](t, ctx, segments)
	}
	same := eval[bool](t, ctx, `window.same === true`)
	focused := eval[string](t, ctx, `document.activeElement.id`)
	points := eval[string](t, ctx, `document.querySelector("polyline").getAttribute("points")`)
	if !same || !strings.HasPrefix(focused, "stack-") || len(strings.Fields(points)) < 5 || depth < 4*first {
		t.Errorf("the same page %v, focus on %q, line %q, from %d to %d segments", same, focused, points, first, depth)
	}
	for _, scheme := range []string{"light", "dark"} {
		if _, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
		}); err != nil {
			t.Fatal(err)
		}
		back := eval[string](t, ctx, `getComputedStyle(document.body).backgroundColor`)
		if (back == "rgb(255, 255, 255)") != (scheme == "light") {
			t.Errorf("%s: background %s", scheme, back)
		}
		shoot(t, ctx, map[string]string{"light": "debug-page", "dark": "debug-page-dark"}[scheme])
	}

	// Nothing is beyond the edge, however wide the window is and however long a name.
	long := vstack.New(vstack.WithName("import of customers/2026-11-26/with-a-long-file-name.json"))
	defer long.Close()
	if _, err := chromedp.Run(ctx, chromedp.Poll[bool](`document.querySelectorAll("#stacks tbody tr").length === 3`,
		chromedp.WithPollingTimeout(20*time.Second))); err != nil {
		t.Fatal(err)
	}
	for _, width := range []int64{320, 390, 820, 1024, 1280} {
		do("resize", chromedp.EmulateViewport(width, pageHeight))
		if eval[bool](t, ctx, tooWide) {
			t.Errorf("the page is wider than %d pixels", width)
		}
	}

	// By keyboard to the trace: the link has the focus.
	do("open the trace", chromedp.KeyEvent("\r"), chromedp.WaitVisible(chromedp.CSS(`#trace`)))
	trace := eval[string](t, ctx, `document.querySelector("#trace").textContent`)
	summary := eval[string](t, ctx, `document.querySelector("#summary").textContent`)
	if !strings.HasPrefix(trace, `virtual stack "json parser" [`) || !strings.Contains(trace, "(*parser).object(...)") ||
		!strings.Contains(summary, "value → object → value x ") {
		t.Errorf("the trace is\n%s\n%s", summary, trace)
	}
	shoot(t, ctx, "debug-trace")
	// On a phone the lines of the trace wrap.
	do("resize", chromedp.EmulateViewport(390, pageHeight))
	if eval[bool](t, ctx, tooWide) {
		t.Error("the trace is wider than a phone")
	}
	// The button that pauses it, by keyboard as well.
	do("pause", chromedp.Focus(chromedp.CSS(`#pause`)), chromedp.KeyEvent(" "))
	if pressed := eval[string](t, ctx, `document.querySelector("#pause").getAttribute("aria-pressed")`); pressed != "true" {
		t.Errorf("the button is pressed: %q", pressed)
	}
	close(p.more)
	if err := <-finished; err != nil {
		t.Error(err)
	}
	// Refused by the policy, or broken.
	eval[string](t, ctx, `console.log("the end"), ""`)
	for m, err := range messages {
		if err != nil {
			t.Fatal(err)
		}
		if m.Text == "the end" {
			break
		}
		if !strings.Contains(m.URL, "favicon") && !strings.Contains(m.Text, "favicon") {
			t.Errorf("in the browser's console: %s", m.Text)
		}
	}
}

func eval[T any](t *testing.T, ctx context.Context, script string) T {
	t.Helper()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](script))
	if err != nil {
		t.Fatalf("%s: %v", script, err)
	}
	return v
}

// shoot takes a picture for the documentation.
func shoot(t *testing.T, ctx context.Context, name string) {
	t.Helper()
	png, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile("../../../docs/"+name+".png", png, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
