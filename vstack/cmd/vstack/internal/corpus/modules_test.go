//go:build corpus

package corpus

// A module is one that the tool is tried on, and what its maintainer would add
// by hand: which fields to plumb, and where to set them.
type module struct {
	path, version string
	kind          string
	plumb         string
	wire          []wire
	crash         string   // reads input that nests n levels deep
	bench         []string // packages with benchmarks
	packages      string   // what to check; ./... if empty
}

// A wire replaces text in a file, once.
type wire struct{ file, old, new string }

// The stacks are set only for inputs over 64 KiB: a shorter one cannot nest deep
// enough to matter (1 GB has 16 KiB for each of its bytes), and a parser that runs
// for a microsecond need not pay for a stack.
var modules = []module{
	{
		path: "github.com/jmespath/go-jmespath", version: "v0.4.0", kind: "query language",
		plumb: "Parser.stack,treeInterpreter.stack",
		wire: []wire{{"parser.go", "	lexer := NewLexer()\n	p.expression", `	if len(expression) > 1<<16 {
		p.stack = vstack.New()
		defer func() { p.stack.Close(); p.stack = nil }()
	}
	lexer := NewLexer()
	p.expression`}},
		crash: `
	_, err := jmespath.NewParser().Parse(strings.Repeat("!", n) + "a")
	return err`,
		bench: []string{"."},
	},
	{
		path: "github.com/d5/tengo/v2", version: "v2.17.0", kind: "interpreter",
		plumb: "Parser.stack,Compiler.stack",
		wire: []wire{
			{"parser/parser.go", "	p.scanner = NewScanner(", `	if len(src) > 1<<16 {
		p.stack = vstack.New()
	}
	p.scanner = NewScanner(`},
		},
		crash: `
	src := []byte("a := " + strings.Repeat("(", n) + "1" + strings.Repeat(")", n))
	file := parser.NewFileSet().AddFile("x", -1, len(src))
	_, err := parser.NewParser(file, src, nil).ParseFile()
	return err`,
		bench: []string{"."},
	},
	{
		path: "github.com/aymerick/raymond", version: "v2.0.2+incompatible", kind: "template engine",
		plumb: "parser.stack",
		wire: []wire{{"parser/parser.go", `	return &parser{
		lex: lexer.Scan(input),
	}
`, `	p := &parser{
		lex: lexer.Scan(input),
	}
	if len(input) > 1<<16 {
		p.stack = vstack.New()
	}
	return p
`}},
		crash: `
	_, err := parser.Parse("{{a " + strings.Repeat("(a ", n) + strings.Repeat(")", n) + "}}")
	return err`,
		bench: []string{"."},
	},
	{
		path: "github.com/pelletier/go-toml/v2", version: "v2.2.3", kind: "serializer",
		plumb: "Parser.Stack,SeenTracker.stack",
		// A document has many expressions, each with a guard: Run once around
		// them all, where the outermost guard of each would hop.
		wire: []wire{{"unmarshaler.go", "	d.p.Reset(data)\n	return d.FromParser(v)", `	d.p.Reset(data)
	if len(data) > 1<<16 {
		d.p.Stack = vstack.New()
		defer d.p.Stack.Close()
		return d.p.Stack.Run(context.Background(), func(context.Context) error { return d.FromParser(v) })
	}
	return d.FromParser(v)`}, {"unmarshaler.go", "import (", "import (\n	\"context\""}},
		crash: `
	var v any
	return toml.Unmarshal([]byte("a = " + strings.Repeat("[", n) + strings.Repeat("]", n)), &v)`,
		bench: []string{".", "./unstable", "./benchmark"},
	},
	{
		// Its parser has a depth limit, and one way round that passes it by.
		path: "github.com/antchfx/xpath", version: "v1.3.2", kind: "query language",
		plumb: "parser.stack",
		wire: []wire{{"parse.go", "	p := &parser{r: r, namespaces: namespaces}\n", `	p := &parser{r: r, namespaces: namespaces}
	if len(expr) > 1<<16 {
		p.stack = vstack.New()
		defer p.stack.Close()
	}
`}},
		crash: `
	_, err := xpath.Compile("a/" + strings.Repeat("(", n) + "b" + strings.Repeat(")", n))
	return err`,
		bench: []string{"."},
	},
	{
		path: "github.com/hashicorp/hcl", version: "v1.0.0", kind: "configuration parser",
		plumb: "github.com/hashicorp/hcl/hcl/parser.Parser.stack,github.com/hashicorp/hcl/json/parser.Parser.stack,decoder.vstack",
		wire: []wire{{"hcl/parser/parser.go", "	p := newParser(src)\n	return p.Parse()", `	p := newParser(src)
	if len(src) > 1<<16 {
		p.stack = vstack.New()
		defer p.stack.Close()
	}
	return p.Parse()`}},
		crash: `
	_, err := parser.Parse([]byte(strings.Repeat("a {\n", n) + strings.Repeat("}\n", n)))
	return err`,
		bench: []string{"./hcl/printer"},
	},
	{
		path: "github.com/vmihailenco/msgpack/v5", version: "v5.4.1", kind: "serializer",
		plumb: "Decoder.stack,Encoder.stack",
		wire: []wire{{"decode.go", "	dec.Reset(bytes.NewReader(data))\n", `	dec.Reset(bytes.NewReader(data))
	if len(data) > 1<<16 {
		dec.stack = vstack.New()
		defer func(stack *vstack.Stack) { stack.Close() }(dec.stack)
	}
`}, {"decode.go", "	err := dec.Decode(v)\n\n	PutDecoder(dec)", "	err := dec.Decode(v)\n	dec.stack = nil\n\n	PutDecoder(dec)"}},
		crash: `
	var v any
	return msgpack.Unmarshal(append(bytes.Repeat([]byte{0x91}, n), 0xc0), &v)`,
		bench: []string{"."},
	},
	{
		path: "github.com/expr-lang/expr", version: "v1.16.9", kind: "expression language",
		plumb: "parser.stack,checker.stack,compiler.stack",
		wire: []wire{{"parser/parser.go", "	node := p.parseExpression(0)\n\n	if !p.current.Is(EOF)", `	if len(input) > 1<<16 {
		p.stack = vstack.New()
		defer p.stack.Close()
	}
	node := p.parseExpression(0)

	if !p.current.Is(EOF)`}},
		crash: `
	_, err := parser.Parse(strings.Repeat("(", n) + "1" + strings.Repeat(")", n))
	return err`,
		bench: []string{"."},
	},
	{
		path: "github.com/yuin/gopher-lua", version: "v1.1.1", kind: "interpreter",
		plumb: "funcContext.stack",
		wire: []wire{
			{"compile.go", "	fc.Blocks = []*codeBlock{fc.Block}\n	return fc", `	fc.Blocks = []*codeBlock{fc.Block}
	if parent != nil {
		fc.stack = parent.stack
	}
	return fc`},
			{"compile.go", "	context := newFuncContext(name, nil)\n", `	context := newFuncContext(name, nil)
	context.stack = vstack.New()
	defer context.stack.Close()
`},
		},
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
		plumb: "Parser.stack",
		wire: []wire{{"parser.go", "	p := &Parser{scanner: sc, Language: l}\n", `	p := &Parser{scanner: sc, Language: l}
	if len(expression) > 1<<16 {
		p.stack = vstack.New()
	}
`}},
		crash: `
	_, err := gval.Full().NewEvaluable(strings.Repeat("(", n) + "1" + strings.Repeat(")", n))
	return err`,
		bench: []string{"."},
	},
	{
		path: "howett.net/plist", version: "v1.0.1", kind: "parser and serializer",
		plumb: "textPlistParser.stack,Decoder.stack,Encoder.stack",
		wire: []wire{{"text_parser.go", "	p.input, err = guessEncodingAndConvert(buffer)\n", `	p.input, err = guessEncodingAndConvert(buffer)
	if len(buffer) > 1<<16 {
		p.stack = vstack.New()
		defer p.stack.Close()
	}
`}, {"decode.go", "	dec := NewDecoder(r)\n", `	dec := NewDecoder(r)
	if len(data) > 1<<16 {
		dec.stack = vstack.New()
		defer dec.stack.Close()
	}
`}},
		crash: `
	var v any
	_, err := plist.Unmarshal([]byte(strings.Repeat("(", n) + strings.Repeat(")", n)), &v)
	return err`,
		bench:    []string{"."},
		packages: ".",
	},
}

// An other is a module that is fixed with every field that the tool suggests, and no
// more. The tool was not made with it.
type other struct {
	path, version string
	avoid         []string // fields of what the tests compare with go-cmp, which panics at private ones
	except        []string // tests that look at the source: parts of "result package test"
}

var others = []other{
	{path: "github.com/CloudyKit/jet/v6", version: "v6.3.3"},
	{path: "github.com/dop251/goja", version: "v0.0.0-20260917113740-793a2a65c13b"},
	{path: "github.com/flosch/pongo2/v6", version: "v6.0.0"},
	{path: "github.com/fxamacker/cbor/v2", version: "v2.10.0"},
	{path: "github.com/goccy/go-yaml", version: "v1.19.2"},
	{path: "github.com/graph-gophers/graphql-go", version: "v1.11.0"},
	{path: "github.com/hashicorp/hcl/v2", version: "v2.25.0",
		avoid: []string{"Defaults.stack", "RelativeTraversalExpr.stack,ObjectConsKeyExpr.stack"}},
	{path: "github.com/ohler55/ojg", version: "v1.28.5"},
	{path: "github.com/osteele/liquid", version: "v1.6.0"},
	{path: "github.com/robertkrimen/otto", version: "v0.5.1"},
	{path: "github.com/vektah/gqlparser/v2", version: "v2.5.64"},
	{path: "github.com/yuin/goldmark", version: "v1.8.7"},
	{path: "go.starlark.net", version: "v0.0.0-20260908191801-89a6a09411d5", except: []string{
		"starlark TestDeps",                // which packages it may import
		"syntax TestParserCallGraphCycles", // which functions of the parser may call which
	}},
}
