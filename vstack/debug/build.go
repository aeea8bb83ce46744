//go:build vstackbuild

package debug

import (
	"fmt"
	"net"
	"net/http"
	"os"
)

// BuildServe serves the page at the address that vstack build was given. It is called
// when the program starts.
func BuildServe(addr string) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		fmt.Fprintf(os.Stderr, "vstack: no debug page: %v\n", err)
		return
	}
	mux := http.NewServeMux()
	mux.Handle("/debug/vstack/", Handler())
	mux.Handle("/{$}", http.RedirectHandler("/debug/vstack/", http.StatusFound))
	go func() {
		if err := http.Serve(l, mux); err != nil {
			fmt.Fprintf(os.Stderr, "vstack: no debug page any more: %v\n", err)
		}
	}()
}
