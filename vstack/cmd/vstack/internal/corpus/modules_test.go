//go:build corpus

package corpus

// A module is one that the tool is tried on.
type module struct {
	path, version string
	kind          string
	crash         string   // reads input that nests n levels deep; "" to look in -inputs
	bench         []string // packages with benchmarks
	packages      string   // what to check; ./... if empty
	except        []string // tests that look at the source: parts of "result package test"
}

var modules = []module{
	{
		path: "github.com/jmespath/go-jmespath", version: "v0.4.0", kind: "query language",
		crash: `
	_, err := jmespath.NewParser().Parse(strings.Repeat("!", n) + "a")
	return err`,
		bench: []string{"."},
	},
	{
		path: "github.com/d5/tengo/v2", version: "v2.17.0", kind: "interpreter",
		crash: `
	src := []byte("a := " + strings.Repeat("(", n) + "1" + strings.Repeat(")", n))
	file := parser.NewFileSet().AddFile("x", -1, len(src))
	_, err := parser.NewParser(file, src, nil).ParseFile()
	return err`,
		bench: []string{"."},
	},
	{
		path: "github.com/aymerick/raymond", version: "v2.0.2+incompatible", kind: "template engine",
		crash: `
	_, err := parser.Parse("{{a " + strings.Repeat("(a ", n) + strings.Repeat(")", n) + "}}")
	return err`,
		bench: []string{"."},
	},
	{
		path: "github.com/pelletier/go-toml/v2", version: "v2.2.3", kind: "serializer",
		crash: `
	var v any
	return toml.Unmarshal([]byte("a = " + strings.Repeat("[", n) + strings.Repeat("]", n)), &v)`,
		bench: []string{".", "./unstable", "./benchmark"},
	},
	{
		// Its parser has a depth limit, and one way round that passes it by.
		path: "github.com/antchfx/xpath", version: "v1.3.2", kind: "query language",
		crash: `
	_, err := xpath.Compile("a/" + strings.Repeat("(", n) + "b" + strings.Repeat(")", n))
	return err`,
		bench: []string{"."},
	},
	{
		path: "github.com/hashicorp/hcl", version: "v1.0.0", kind: "configuration parser",
		crash: `
	_, err := parser.Parse([]byte(strings.Repeat("a {\n", n) + strings.Repeat("}\n", n)))
	return err`,
		bench: []string{"./hcl/printer"},
	},
	{
		path: "github.com/vmihailenco/msgpack/v5", version: "v5.4.1", kind: "serializer",
		crash: `
	var v any
	return msgpack.Unmarshal(append(bytes.Repeat([]byte{0x91}, n), 0xc0), &v)`,
		bench: []string{"."},
	},
	{
		path: "github.com/expr-lang/expr", version: "v1.16.9", kind: "expression language",
		crash: `
	_, err := parser.Parse(strings.Repeat("(", n) + "1" + strings.Repeat(")", n))
	return err`,
		bench: []string{"."},
	},
	{
		path: "github.com/yuin/gopher-lua", version: "v1.1.1", kind: "interpreter",
		crash: `
	chunk, err := parse.Parse(strings.NewReader("return " + strings.Repeat("not ", n) + "1"), "x")
	if err != nil {
		return err
	}
	_, err = lua.Compile(chunk, "x")
	return err`,
		bench: []string{"."},
	},
	{
		path: "github.com/PaesslerAG/gval", version: "v1.2.4", kind: "expression language",
		crash: `
	_, err := gval.Full().NewEvaluable(strings.Repeat("(", n) + "1" + strings.Repeat(")", n))
	return err`,
		bench: []string{"."},
	},
	{
		path: "howett.net/plist", version: "v1.0.1", kind: "parser and serializer",
		crash: `
	var v any
	_, err := plist.Unmarshal([]byte(strings.Repeat("(", n) + strings.Repeat(")", n)), &v)
	return err`,
		bench:    []string{"."},
		packages: ".",
	},

	// The tool was not made with these. What kills their current releases is not
	// shown here: see -inputs.
	{path: "github.com/CloudyKit/jet/v6", version: "v6.3.3", kind: "template engine", bench: []string{"."}},
	{path: "github.com/dop251/goja", version: "v0.0.0-20260917113740-793a2a65c13b", kind: "interpreter", bench: []string{"."}},
	{path: "github.com/flosch/pongo2/v6", version: "v6.0.0", kind: "template engine", bench: []string{"."}},
	{path: "github.com/fxamacker/cbor/v2", version: "v2.10.0", kind: "serializer", bench: []string{"."}},
	{path: "github.com/goccy/go-yaml", version: "v1.19.2", kind: "parser and serializer"},
	{path: "github.com/graph-gophers/graphql-go", version: "v1.11.0", kind: "query language", bench: []string{"."}},
	{path: "github.com/hashicorp/hcl/v2", version: "v2.25.0", kind: "configuration language", bench: []string{"./hclsyntax"}},
	{path: "github.com/ohler55/ojg", version: "v1.28.5", kind: "parser and serializer", bench: []string{"./oj", "./jp", "./alt"}},
	{path: "github.com/osteele/liquid", version: "v1.6.0", kind: "template engine", bench: []string{"."}},
	{path: "github.com/robertkrimen/otto", version: "v0.5.1", kind: "interpreter", bench: []string{"."}},
	{path: "github.com/vektah/gqlparser/v2", version: "v2.5.64", kind: "query language", bench: []string{"./parser", "./lexer", "./formatter"}},
	{path: "github.com/yuin/goldmark", version: "v1.8.7", kind: "parser"},
	{path: "go.starlark.net", version: "v0.0.0-20260908191801-89a6a09411d5", kind: "interpreter", bench: []string{"./starlark", "./syntax"}, except: []string{
		"starlark TestDeps",                // which packages it may import
		"syntax TestParserCallGraphCycles", // which functions of the parser may call which
	}},
}
