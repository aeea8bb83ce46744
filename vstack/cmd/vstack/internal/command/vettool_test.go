package command

import (
	"strings"
	"testing"
)

// TestVetTool makes sure that what go vet calls is told from what vstack build has the go
// command call, which runs go vet's tool too.
func TestVetTool(t *testing.T) {
	for args, want := range map[string]bool{
		"":                                  false,
		"check ./...":                       false,
		"-V=full":                           true,
		"-flags":                            true,
		"/tmp/b001/vet.cfg":                 true,
		"-vstack.tests /tmp/b001/vet.cfg":   true,
		"toolexec /d vet -V=full":           false,
		"toolexec /d vet -atomic d/vet.cfg": false,
		"toolexec /d link -importcfg a.cfg": false,
		"size a.cfg":                        false,
		"explain crash.cfg":                 false,
	} {
		if got := vetTool(strings.Fields(args)); got != want {
			t.Errorf("vetTool(%q) = %v", args, got)
		}
	}
}
