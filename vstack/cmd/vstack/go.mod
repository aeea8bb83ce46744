module github.com/vstack-go/vstack/vstack/cmd/vstack

go 1.25.0

replace github.com/vstack-go/vstack => ../../..

require (
	github.com/aymanbagabas/go-udiff v0.4.1
	github.com/golangci/plugin-module-register v0.1.2
	github.com/rogpeppe/go-internal v1.16.0
	github.com/vstack-go/vstack v0.0.0
	go.uber.org/goleak v1.3.0
	golang.org/x/mod v0.39.0
	golang.org/x/sync v0.22.0
	golang.org/x/tools v0.49.0
)

require golang.org/x/sys v0.47.0 // indirect
