// Package corpus runs vstack check and vstack fix on modules from the wild. It
// has nothing but a test, which needs the module proxy and half an hour:
//
//	go test -tags corpus -timeout 2h -v ./internal/corpus -out table.md
package corpus
