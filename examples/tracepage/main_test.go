package main

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
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
	wait := func(path string, parts ...string) {
		for started := time.Now(); ; {
			body := get(path)
			missing := slices.IndexFunc(parts, func(part string) bool { return !strings.Contains(body, part) })
			if missing < 0 {
				return
			}
			if time.Since(started) > time.Minute {
				t.Fatalf("%q is not in %s:\n%s", parts[missing], path, body)
			}
		}
	}
	wait("/debug/vstack/?as=json", "descend", "evaluator")
	wait("/", "tunnel walk", "evaluator", "walk.func1 → descend")
	cancel()
	if err := <-served; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
