package vstack_test

import (
	"bytes"
	"context"
	"regexp"
	"runtime/pprof"
	"strconv"
	"strings"
	"testing"

	"github.com/vstack-go/vstack/vstack"
)

func withLabel(ctx context.Context, key, value string, fn func(context.Context)) {
	pprof.Do(ctx, pprof.Labels(key, value), fn)
}

// labelled returns the label of each live goroutine that has a function with
// name in its name on its stack; "" for one without the label.
func labelled(t *testing.T, name, key string) (values []string) {
	var text bytes.Buffer
	if err := pprof.Lookup("goroutine").WriteTo(&text, 1); err != nil {
		t.Fatal(err)
	}
	head := regexp.MustCompile(`(?m)^(\d+) @`)
	label := regexp.MustCompile(`"` + key + `":"([^"]*)"`)
	for _, block := range strings.Split(text.String(), "\n\n") {
		m := head.FindStringSubmatch(block)
		if m == nil || !strings.Contains(block, name) {
			continue
		}
		value := ""
		if l := label.FindStringSubmatch(block); l != nil {
			value = l[1]
		}
		n, _ := strconv.Atoi(m[1])
		for range n {
			values = append(values, value)
		}
	}
	return values
}

// The labels of a goroutine are not those of another one that has used the ambient
// stack before.
func TestAmbientLabels(t *testing.T) {
	vstack.CloseIdle()
	labels := func() (found string) {
		var b bytes.Buffer
		nativelyDown(485<<10, func() {
			vstack.Do(func() {
				if vstack.Current() == nil {
					t.Error("no ambient stack")
				}
				_ = pprof.Lookup("goroutine").WriteTo(&b, 1)
			})
		})
		return b.String()
	}
	onFresh(func() {
		pprof.Do(context.Background(), pprof.Labels("request", "somebodys"), func(context.Context) { labels() })
	})
	onFresh(func() {
		if text := labels(); strings.Contains(text, "somebodys") {
			t.Error("the ambient stack has the labels of the goroutine that used it before")
		}
	})
}
