package main

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestServe(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Skip("no network:", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error)
	go func() { served <- serve(ctx, listener, 100_000) }()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	get := func(path string) string {
		resp, err := client.Get("http://" + listener.Addr().String() + path)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Fatal(resp.Status, err)
		}
		return string(body)
	}
	// The two may just be starting, or between two recursions.
	parts := []string{"tunnel walk", "evaluator", "walk.func1 → descend"}
	var body, missing string
	for started := time.Now(); time.Since(started) < time.Minute; {
		body, missing = get("/"), ""
		for _, part := range parts {
			if !strings.Contains(body, part) {
				missing = part
			}
		}
		if missing == "" {
			break
		}
	}
	if missing != "" {
		t.Errorf("%q is not on the page:\n%s", missing, body)
	}
	if state := get("/debug/vstack/?as=json"); !strings.Contains(state, "evaluator") {
		t.Errorf("no evaluator in %s", state)
	}
	cancel()
	if err := <-served; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
