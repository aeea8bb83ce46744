package profile_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"

	pprof "github.com/google/pprof/profile"

	"github.com/vstack-go/vstack/vstack"
	"github.com/vstack-go/vstack/vstack/profile"
)

// A profile is taken while another goroutine recurses; its values are frames and
// bytes.
func ExampleProfile() {
	stack := vstack.New(vstack.WithName("orders"))
	defer stack.Close()
	deep, taken, finished := make(chan struct{}), make(chan struct{}), make(chan error)
	go func() {
		finished <- stack.Run(context.Background(), func(context.Context) error {
			eval(stack, 10_000, func() {
				close(deep)
				for {
					select {
					case <-taken:
						return
					default:
						eval(stack, 10, runtime.Gosched) // it passes guards
					}
				}
			})
			return nil
		})
	}()
	<-deep
	p := profile.Profile()
	close(taken)
	fmt.Println(<-finished)
	frames := int64(0)
	for _, sample := range p.Sample {
		if sample.Label["vstack"][0] == "orders" {
			frames += sample.Value[0]
		}
	}
	fmt.Println(p.SampleType[0].Type, frames > 10_000)
	fmt.Println(p.SampleType[1].Type)
	// Output:
	// <nil>
	// depth true
	// bytes
}

// A handler of one's own, for go tool pprof; package debug has one too.
func ExampleWrite() {
	handler := func(w http.ResponseWriter, _ *http.Request) {
		var b bytes.Buffer
		if err := profile.Write(&b); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/octet-stream")
		_, _ = w.Write(b.Bytes())
	}
	w := httptest.NewRecorder()
	handler(w, httptest.NewRequest("GET", "/stacks", nil))
	p, err := pprof.Parse(w.Body)
	fmt.Println(w.Code, err, len(p.SampleType))
	// Output: 200 <nil> 2
}
