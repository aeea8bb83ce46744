// Package programs builds programs from the module proxy with go build and with vstack
// build, attacks both, and compares their tests, their speed and their size. It has
// nothing but a test, which needs the module proxy, 12 GB of memory and an hour:
//
//	go test -tags programs -timeout 3h -v ./internal/programs -out table.md
package programs
