module github.com/vstack-go/vstack/vstack/profile

go 1.25.0

require (
	github.com/google/pprof v0.0.0-20250403155104-27863c87afa6
	github.com/vstack-go/vstack v0.0.0
	go.uber.org/goleak v1.3.0
)

require golang.org/x/sync v0.22.0 // indirect

replace github.com/vstack-go/vstack => ../..
