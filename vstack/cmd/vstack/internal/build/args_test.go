package build

import (
	"fmt"
	"strings"
	"testing"
)

// TestParse reads command lines. What is expected is what is not as without arguments.
func TestParse(t *testing.T) {
	for _, test := range []struct{ line, want string }{
		{"build", "[] [] []"},
		{"build -race -o bin ./cmd/...", "[-race -o bin] [./cmd/...] []"},
		{"build --tags=a,b -- -x", "[--tags=a,b] [-x] []"},
		{"build -all -net 64MiB -C dir -report .", "[] [.] [] all net=67108864 dir=dir report=text"},
		{"build -all=false -net=0 -debug :8080 -report=json", "[] [] [] net=0 debug=:8080 report=json"},
		{"run -v a.go b.go -x c.go", "[-v] [a.go b.go] [-x c.go]"},
		{"run ./cmd -all", "[] [./cmd] [-all]"},
		{"test ./... -run X -count=1", "[-run X -count=1] [./...] []"},
		{"test -test.run X . arg", "[-test.run X] [. arg] []"},
		{"test -unknown . -args -all", "[-unknown] [.] [-args -all]"},
		{"test -", "[] [-] []"},
		{"vet . -copylocks", "[-copylocks] [.] []"},
		{"build -args", "[-args] [] []"},
		{"build -unknown", "flag provided but not defined: -unknown"},
		{"build -o", "flag needs an argument: -o"},
		{"build -debug", "flag needs an argument: -debug"},
		{"build -net 1x", "-net 1x: it is a number of bytes, such as 256MiB; 0 turns the net off"},
		{"build -net=-1", "-net -1: it is a number of bytes, such as 256MiB; 0 turns the net off"},
		{"build -all=yes", "-all=yes: it is true or false"},
		{"build -report=html", "-report=html: it is text or json"},
		{"test -h -unknown", "help"},
	} {
		args := strings.Fields(test.line)
		in, err := parse(args[0], args[1:])
		got := ""
		if err != nil {
			got = err.Error()
		} else {
			got = describe(in)
		}
		if got != test.want {
			t.Errorf("%s:\ngot  %s\nwant %s", test.line, got, test.want)
		}
	}
}

// describe says what is in the invocation.
func describe(in *invocation) string {
	text := fmt.Sprint(in.flags, in.patterns, in.rest)
	if in.all {
		text += " all"
	}
	if in.net != defaultNet {
		text += fmt.Sprintf(" net=%d", in.net)
	}
	for _, v := range [][2]string{{"dir", in.dir}, {"debug", in.debug}, {"report", in.report}} {
		if v[1] != "" {
			text += " " + v[0] + "=" + v[1]
		}
	}
	return text
}
