// Package browsertest looks at the debug page with a real browser. It is a
// module of its own for what it depends on.
package browsertest

import (
	"bytes"
	"cmp"
	"context"
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"go.uber.org/goleak"

	"github.com/vstack-go/vstack/vstack"
	"github.com/vstack-go/vstack/vstack/debug"
	_ "github.com/vstack-go/vstack/vstack/profile"
	"github.com/vstack-go/vstack/vstack/serve"
)

var update = flag.Bool("update", false, "write the screenshots in docs anew; use go test -trimpath, so that they show no paths of yours")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const pageHeight = 900

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

// listen serves the page and returns its address.
func listen(t *testing.T) string {
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

// busy makes a gate with a request that runs in its large lane, until done is closed, three that
// wait for it, and five that were refused.
func busy(t *testing.T, done <-chan struct{}) {
	gate := serve.New(serve.Config{Name: "eval", Memory: 256 << 20, Large: 1, Deadline: time.Hour})
	t.Cleanup(gate.Close)
	entered := make(chan bool)
	h := gate.Handler(func(_ http.ResponseWriter, r *http.Request) error {
		switch r.URL.Path {
		case "/refused":
			return serve.ErrBusy
		case "/held":
			close(entered)
			waitForRates(done)
		}
		return nil
	})
	var wg sync.WaitGroup
	t.Cleanup(wg.Wait) // before Close
	request := func(path string, size int) {
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("POST", path, strings.NewReader(strings.Repeat("(", size))))
	}
	for range 5 {
		request("/refused", 10)
	}
	wg.Go(func() { request("/held", 20_000) })
	<-entered
	for range 3 {
		wg.Go(func() { request("/waits", 20_000) })
	}
	for gate.Stats().Large.Waiting < 3 {
		runtime.Gosched()
	}
}

// waitForRates is what a handler is stuck in that nobody looked at before.
//
//go:noinline
func waitForRates(done <-chan struct{}) { <-done }

// tooWide is whether something is beyond the edge.
const tooWide = `[document.documentElement, ...document.querySelectorAll(".wide, pre")].some(e => e.scrollWidth > e.clientWidth)`

func TestPage(t *testing.T) {
	ctx := browser(t)
	address := listen(t)
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
	done := make(chan struct{})
	defer close(done)
	busy(t, done)
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
		for _, part := range []string{"eval/large", "waits for a channel", "waitForRates"} {
			if !eval[bool](t, ctx, `document.querySelector("main").textContent.includes("`+part+`")`) {
				t.Errorf("%q is not on the page", part)
			}
		}
		shoot(t, ctx, map[string]string{"light": "debug-page", "dark": "debug-page-dark"}[scheme])
	}

	// Nothing is beyond the edge, however wide the window is and however long a name.
	long := vstack.New(vstack.WithName("import of customers/2026-11-26/with-a-long-file-name.json"))
	defer long.Close()
	if _, err := chromedp.Run(ctx, chromedp.Poll[bool](`document.querySelector("#stacks").textContent.includes("import of customers")`,
		chromedp.WithPollingTimeout(20*time.Second))); err != nil {
		t.Fatal(err)
	}
	do("resize", chromedp.EmulateViewport(390, 844))
	shoot(t, ctx, "debug-page-phone")
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
	picture, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile("../../../docs/"+name+".png", small(t, picture), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// small returns the picture with its 256 most frequent colors alone, which is half as long and
// looks the same: the others are at the edges of letters.
func small(t *testing.T, picture []byte) []byte {
	t.Helper()
	full, err := png.Decode(bytes.NewReader(picture))
	if err != nil {
		t.Fatal(err)
	}
	count := map[color.Color]int{}
	for y := range full.Bounds().Dy() {
		for x := range full.Bounds().Dx() {
			count[full.At(x, y)]++
		}
	}
	colors := slices.SortedFunc(maps.Keys(count), func(a, b color.Color) int {
		return cmp.Or(cmp.Compare(count[b], count[a]), cmp.Compare(fmt.Sprint(a), fmt.Sprint(b)))
	})
	out := image.NewPaletted(full.Bounds(), colors[:min(len(colors), 256)])
	draw.Draw(out, out.Bounds(), full, image.Point{}, draw.Src)
	var b bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&b, out); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
