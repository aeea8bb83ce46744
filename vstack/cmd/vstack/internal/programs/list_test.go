//go:build programs

package programs

import (
	"fmt"
	"strings"
)

// A program is a command from the module proxy, in a version that input which was made
// public kills.
type program struct {
	name          string
	path, version string // of the module
	cmd           string // the package of the command
	kind          string
	public        string // where it was made public what kills it
	kills         string // what kills it, in words

	// Input that kills it: files, arguments, standard input. N is how deep it is.
	n      int
	attack func(n int) input
	answer string // what is printed in the end if it does not die, the last bytes

	work  input  // an ordinary job
	tests string // packages to test; ./... if empty
}

// An input is what a program is run with.
type input struct {
	files map[string]string
	args  []string
	stdin string
}

func nested(open string, n int, middle, shut string) string {
	return strings.Repeat(open, n) + middle + strings.Repeat(shut, n)
}

// lines returns n lines of a format with the number of the line.
func lines(n int, format string) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.ReplaceAll(format, "%", fmt.Sprint(i)))
		b.WriteByte('\n')
	}
	return b.String()
}

var programs = []program{
	{
		name: "glua", path: "github.com/yuin/gopher-lua", version: "v1.1.1", cmd: "./cmd/glua", kind: "Lua",
		public: "https://github.com/yuin/gopher-lua/pull/525", kills: "a pattern on a long string",
		n: 4_000_000,
		attack: func(n int) input {
			return input{files: map[string]string{"a.lua": fmt.Sprintf("print(#string.match(string.rep('a', %d), 'a*'))", n)}, args: []string{"a.lua"}}
		},
		answer: "4000000\n",
		work: input{files: map[string]string{"b.lua": `
			local function fib(n) if n < 2 then return n end return fib(n-1) + fib(n-2) end
			local t = {}
			for i = 1, 60000 do t[#t+1] = string.format("%d:%s", i, string.rep("x", i % 10)) end
			table.sort(t)
			local n = 0
			for _, s in ipairs(t) do if string.match(s, "^%d*5:(x+)") then n = n + 1 end end
			print(fib(27), n)`}, args: []string{"b.lua"}},
	},
	{
		name: "starlark", path: "go.starlark.net", version: "v0.0.0-20260102030733-3fee463870c9", cmd: "./cmd/starlark", kind: "Starlark",
		public: "https://github.com/google/starlark-go/pull/644", kills: "nested parentheses",
		n: 250_000,
		attack: func(n int) input {
			return input{files: map[string]string{"a.star": "x = " + nested("(", n, "1", ")") + "\nprint('done')\n"}, args: []string{"a.star"}}
		},
		answer: "done\n",
		work: input{files: map[string]string{"b.star": `
def fib(n):
    a, b = 0, 1
    for _ in range(n):
        a, b = b, a + b
    return a

def main():
    d = {}
    for i in range(200000):
        d[str(i % 5000)] = d.get(str(i % 5000), 0) + i
    t = sorted([(v, k) for k, v in d.items()])
    print(len(t), fib(2000) % 1000007, len(str([t] * 20)))

main()
` + lines(4000, "def f%(a, b = [1, (2 + 3) * 4, {'k': [%]}]): return [x for x in b if x != (a or %)]")}, args: []string{"b.star"}},
	},
	{
		name: "mustache", path: "github.com/cbroglie/mustache", version: "v1.4.0", cmd: "./cmd/mustache", kind: "templates",
		public: "https://github.com/cbroglie/mustache/pull/96", kills: "nested sections",
		n: 2_000_000,
		attack: func(n int) input {
			return input{files: map[string]string{"a.yml": "b: 1\n", "a.mustache": nested("{{#a}}", n, "", "{{/a}}") + "done\n"}, args: []string{"a.yml", "a.mustache"}}
		},
		answer: "done\n",
		work: input{files: map[string]string{
			"b.yml":      "rows:\n" + lines(6000, "- {id: %, name: row %, tags: [a, b, c], owner: {name: o%, ok: true}}"),
			"b.mustache": strings.Repeat("{{#rows}}<p id={{id}}>{{name}} {{#owner}}{{#ok}}{{name}}{{/ok}}{{/owner}}{{#tags}}<i>{{.}}</i>{{/tags}}</p>\n{{/rows}}", 10),
		}, args: []string{"b.yml", "b.mustache"}},
	},
	{
		name: "jsonnet", path: "github.com/google/go-jsonnet", version: "v0.21.0", cmd: "./cmd/jsonnet", kind: "JSON with a language",
		public: "https://github.com/google/go-jsonnet/issues/870", kills: "nested parentheses",
		n: 50_000,
		attack: func(n int) input {
			return input{files: map[string]string{"a.jsonnet": nested("(", n, "1", ")")}, args: []string{"a.jsonnet"}}
		},
		answer: "1\n",
		work: input{files: map[string]string{"b.jsonnet": `
			local fib(n) = if n < 2 then n else fib(n - 1) + fib(n - 2);
			local base = { size: 1, double: self.size * 2, tags: [x for x in std.range(1, 20) if x % 3 == 0] };
			{ fib: fib(18), all: [base { size: i, name: 'n%d' % i } for i in std.range(1, 1500)],
			  joined: std.length(std.join(',', [std.toString(i) for i in std.range(1, 5000)])),
			  sorted: std.sort([(i * 7919) % 10007 for i in std.range(1, 3000)])[10] }`}, args: []string{"b.jsonnet"}},
	},
	{
		name: "tomll", path: "github.com/pelletier/go-toml/v2", version: "v2.2.3", cmd: "./cmd/tomll", kind: "TOML",
		public: "https://github.com/pelletier/go-toml/pull/1092", kills: "nested arrays",
		n:      500_000,
		attack: func(n int) input { return input{stdin: "a=" + nested("[", n, "", "]")} },
		answer: "]]]]]]]]\n",
		work:   input{stdin: lines(6000, "[t%]\nname = 'a string %'\nlist = [1, 2, [3, 4, {a = 5, b = 'x'}], 1.5]\nwhen = 2020-01-01T00:00:00Z\ndeep.er.still = %\n")},
	},
	{
		name: "hcldec", path: "github.com/hashicorp/hcl/v2", version: "v2.24.0", cmd: "./cmd/hcldec", kind: "schemas of configuration",
		public: "https://github.com/hashicorp/hcl/pull/819", kills: "nested parentheses",
		n: 125_000,
		attack: func(n int) input {
			return input{files: map[string]string{
				"a.hcldec": "object {\n  attr \"a\" {\n    type = number\n  }\n}\n",
				"a.hcl":    "a = " + nested("(", n, "1", ")") + "\n",
			}, args: []string{"--spec=a.hcldec", "a.hcl"}}
		},
		answer: "{\"a\":1}\n",
		work: input{files: map[string]string{
			"b.hcldec": "block_list {\n  block_type = \"b\"\n  object {\n    attr \"name\" {\n      type = string\n    }\n    attr \"v\" {\n      type = list(number)\n    }\n  }\n}\n",
			"b.hcl":    lines(8000, "b {\n  name = \"n-${% + 1}-${upper}\"\n  v = [1, 2 * (3 + %), (4 > 3 ? 5 : 6), [for x in [1, 2, 3] : x * 2 if x > 1][0]]\n}\n"),
		}, args: []string{"--spec=b.hcldec", "--vars={\"upper\":\"U\"}", "b.hcl"}},
	},
	{
		name: "opa", path: "github.com/open-policy-agent/opa", version: "v1.4.2", cmd: ".", kind: "policies",
		public: "https://github.com/open-policy-agent/opa/pull/7568", kills: "nested arrays in a policy",
		n: 1_000_000,
		attack: func(n int) input {
			return input{files: map[string]string{"a.rego": "package a\n\nx := " + nested("[", n, "1", "]") + "\n\ny := count(x)\n"},
				args: []string{"eval", "--format=raw", "--data=a.rego", "data.a.y"}}
		},
		answer: "1\n",
		work: input{files: map[string]string{
			"b.rego": "package b\n\nallowed contains [u, r] if { some u in numbers.range(1, 400); some r in numbers.range(1, 100); u % r == 0 }\n\nn := count(allowed)\n" +
				lines(2000, "p% if { input.a[_].b == {\"c\": [%, {\"d\": [1, 2, (3 + %)]}]} }"),
		}, args: []string{"eval", "--format=raw", "--data=b.rego", "data.b.n"}},
		tests: "./v1/ast/... ./v1/format/... ./v1/types/... ./v1/rego/...",
	},
}
