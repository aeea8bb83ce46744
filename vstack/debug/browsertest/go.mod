module github.com/vstack-go/vstack/vstack/debug/browsertest

go 1.25.0

require (
	github.com/chromedp/cdproto v0.159.2
	github.com/chromedp/chromedp v0.23.0
	github.com/vstack-go/vstack v0.0.0
	go.uber.org/goleak v1.3.0
)

require (
	github.com/go-json-experiment/json v0.0.0-20260213210345-44df1a37e875 // indirect
	github.com/google/pprof v0.0.0-20250403155104-27863c87afa6 // indirect
	golang.org/x/sync v0.22.0 // indirect
)

replace github.com/vstack-go/vstack => ../../..

replace github.com/vstack-go/vstack/vstack/profile => ../../profile

require github.com/vstack-go/vstack/vstack/profile v0.0.0
