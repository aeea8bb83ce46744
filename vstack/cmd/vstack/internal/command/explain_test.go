package command_test

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestExplain has programs crash, and looks at what is said of that.
func TestExplain(t *testing.T) {
	for name, test := range map[string]struct {
		text string
		want []string
	}{
		"parser": {`
type parser struct{ in []byte }

func (p *parser) list() int {
	n := 0
	for len(p.in) > 0 && p.in[0] == '(' {
		p.in = p.in[1:]
		n += p.group()
	}
	return n
}

func (p *parser) group() int { return 1 + p.list() }

func Parse(in []byte) int { return (&parser{in}).list() }

func main() {
	debug.SetMaxStack(1 << 20)
	println(Parse([]byte(strings.Repeat("(", 1<<20))))
}
`, []string{
			"The traceback repeats main.(*parser).group → main.(*parser).list → main.(*parser).group.\n",
			"It was entered from main.Parse (main.go:",
			"\nIt is this one:\nmain.go:10:18: unguarded recursion: (*parser).list → (*parser).group → (*parser).list\n",
			"\nA guard in (*parser).list ends it; vstack fix chooses where: vstack fix example.com/crash\n",
		}},
		"literal": {`
func walk(n int) int {
	in := func(n int) int {
		return 1 + walk(n+1)
	}
	if n < 0 {
		return 0
	}
	return in(n)
}

func main() {
	debug.SetMaxStack(1 << 20)
	println(walk(0))
}
`, []string{
			"\nIt is this one:\nmain.go:7:6: unguarded recursion: walk → walk.func1 → walk\n",
		}},
		// check shows walk → walk, the shortest way round, as vstack fix wants one guard for both.
		"longer": {`
type node struct {
	kind int
	kids []*node
}

func walk(n *node) int {
	sum := 1
	for _, k := range n.kids {
		if k.kind == 1 {
			sum += walk(k)
			continue
		}
		sum += list(k)
	}
	return sum
}

func list(n *node) int { return group(n) + 1 }

func group(n *node) int { return walk(n) - 1 }

func Walk(n *node) int { return walk(n) }

func main() {
	debug.SetMaxStack(1 << 20)
	n := new(node)
	for range 1 << 16 {
		n = &node{kids: []*node{n}}
	}
	println(Walk(n))
}
`, []string{
			"unguarded recursion: walk → walk (3 functions in all)\n",
			"\nThe crash went round it this way:\n\tmain.go:19: main.walk calls main.list\n\tmain.go:24: main.list calls main.group\n\tmain.go:26: main.group calls main.walk\n",
			"\nA guard in walk ends it",
		}},
		"library": {`
type list struct{ Next *list }

func main() {
	debug.SetMaxStack(1 << 20)
	var l *list
	for range 1 << 16 {
		l = &list{l}
	}
	println(reflect.DeepEqual(l, same(l)))
}

func same(l *list) (other *list) {
	for ; l != nil; l = l.Next {
		other = &list{other}
	}
	return other
}
`, []string{
			"The traceback repeats reflect.deepValueEqual → reflect.deepValueEqual.\n",
			"unguarded recursion: reflect.DeepEqual in main\n",
			"To end it: limit the depth where the value is built",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, filepath.Join(dir, "go.mod"), "module example.com/crash\n\ngo 1.25\n")
			imports := "import (\n\t\"runtime/debug\"\n"
			for _, pkg := range []string{"strings", "reflect"} {
				if strings.Contains(test.text, pkg+".") {
					imports += "\t\"" + pkg + "\"\n"
				}
			}
			write(t, filepath.Join(dir, "main.go"), "package main\n\n"+imports+")\n"+test.text)
			cmd := exec.Command("go", "run", ".")
			cmd.Dir = dir
			text, err := cmd.CombinedOutput()
			if err == nil {
				t.Fatalf("no crash: %s", text)
			}
			file := filepath.Join(dir, "crash.txt")
			write(t, file, "2026/11/26 serving\n"+string(text))
			out, _ := vstack(t, 0, "explain", "-C", dir, file)
			for _, want := range test.want {
				if !strings.Contains(out, want) {
					t.Errorf("no %q in\n%s", want, out)
				}
			}
		})
	}
}
