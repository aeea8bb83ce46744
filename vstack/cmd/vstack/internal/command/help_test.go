package command_test

import (
	"slices"
	"strings"
	"testing"
)

// Every line about a flag that a command prints for -h stands in the reference too, so the
// package's page and vstack help have all of them, in the same words.
func TestReferenceHasFlags(t *testing.T) {
	words := func(line string) string { return strings.Join(strings.Fields(line), " ") }
	for topic, flag := range map[string]string{
		"check": "-sarif", "fix": "-catch functions", "explain": "-C directory", "size": "-limit memory",
		"build": "-debug ADDR the program serves the debug page at that address",
	} {
		text, _ := vstack(t, 0, "help", topic)
		var there []string
		for line := range strings.Lines(text) {
			there = append(there, words(line))
		}
		if !slices.Contains(there, flag) {
			t.Errorf("vstack help %s has no line %q:\n%s", topic, flag, text)
		}
		out, errs := vstack(t, 0, topic, "-h")
		for line := range strings.Lines(out + errs) {
			if strings.HasPrefix(line, " ") || strings.HasPrefix(line, "\t") {
				if line = words(line); !slices.Contains(there, line) {
					t.Errorf("the section %s of doc.go lacks the line %q", topic, line)
				}
			}
		}
	}
}

func TestHelp(t *testing.T) {
	usage, _ := vstack(t, 0, "help")
	for _, want := range []string{"vstack check [flags] [packages]", "Exit codes:", "topic"} {
		if !strings.Contains(usage, want) {
			t.Errorf("vstack help has no %q:\n%s", want, usage)
		}
	}
	// The topics that it names are all there are.
	_, named, _ := strings.Cut(usage, "a part of this text: ")
	named, _, _ = strings.Cut(named, "vstack")
	named, _, _ = strings.Cut(named, "\n\n")
	_, errs := vstack(t, 2, "help", "nothing")
	_, known, _ := strings.Cut(errs, "the topics are ")
	if got, want := strings.Join(strings.Fields(named), " "), strings.TrimSpace(known); got != want || got == "" {
		t.Errorf("vstack help names the topics %q, and there are %q", got, want)
	}
	for topic := range strings.SplitSeq(strings.TrimSpace(known), ", ") {
		if text, _ := vstack(t, 0, "help", topic); len(text) < 300 {
			t.Errorf("vstack help %s: %q", topic, text)
		}
	}
	for topic, want := range map[string]string{
		"check": "decoder   an exported function", "status": "bounded    it halves", "fix": "n := n", "test": "VSTACK_CACHE",
	} {
		if text, _ := vstack(t, 0, "help", topic); !strings.Contains(text, want) {
			t.Errorf("vstack help %s has no %q:\n%s", topic, want, text)
		}
	}
	if _, errs := vstack(t, 2); !strings.Contains(errs, "vstack fix") {
		t.Errorf("got %s", errs)
	}
}
