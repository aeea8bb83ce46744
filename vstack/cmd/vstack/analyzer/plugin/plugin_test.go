package plugin

import (
	"testing"

	"github.com/golangci/plugin-module-register/register"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestPlugin(t *testing.T) {
	makePlugin, err := register.GetPlugin("vstack")
	if err != nil {
		t.Fatal(err)
	}
	linter, err := makePlugin(map[string]any{"tests": true})
	if err != nil {
		t.Fatal(err)
	}
	analyzers, err := linter.BuildAnalyzers()
	if err != nil || len(analyzers) != 1 || analyzers[0].Name != "vstack" {
		t.Fatalf("got %v, %v", analyzers, err)
	}
	if got := analyzers[0].Flags.Lookup("tests").Value.String(); got != "true" {
		t.Errorf("tests is %s", got)
	}
}
