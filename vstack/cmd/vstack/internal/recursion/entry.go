package recursion

import (
	"cmp"
	"go/types"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/tools/go/packages"

	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/knowledge"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/program"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/ssax"
)

// A Rank says who can drive a cycle, the worst first.
type Rank int

// The ranks.
const (
	Handler  Rank = iota // reached from a handler of HTTP or RPC requests
	Network              // from a function that is given a connection
	Decoder              // from an exported function that takes input: UnmarshalJSON, Decode, Parse and the like
	Exported             // from another exported function
	Main                 // from main or init
	Internal             // from nowhere that was found
)

// Ranks are the names of the ranks, in their order.
var Ranks = []string{"handler", "network", "decoder", "exported", "main", "internal"}

func (r Rank) String() string { return Ranks[r] }

// entries knows from where each function is reached.
type entries struct {
	reach []reach
	// tests is what functions reach that only tests may call.
	tests *ways
}

// A reach is what the entries of one rank reach.
type reach struct {
	rank Rank
	ways *ways
}

// far is the cost from which on a way is believed less than a shorter one from an
// entry of a lower rank: twenty calls that are certain, or three guesses. Almost
// everything is reached from some decoder by a way that is long enough.
const far = 250

// findEntries finds what each function is reached from. Functions in internal
// packages are no entries as long as something else is, or if only tests import them.
func findEntries(g *program.Graph) *entries {
	e := &entries{}
	ways := func(want func(rank Rank, public bool, path string) bool) *ways {
		var roots []*program.Func
		for _, fn := range g.Funcs {
			if fn.Pkg == nil || !g.Program.Named(fn.Pkg.Path()) {
				continue
			}
			if rank, public, ok := rootRank(fn); ok && want(rank, public, fn.Pkg.Path()) {
				roots = append(roots, fn)
			}
		}
		w := newWays(roots, func(fn *program.Func) []*program.Call { return outs(g, fn) })
		w.run()
		return w
	}
	for rank := Handler; rank < Internal; rank++ {
		e.reach = append(e.reach, reach{rank, ways(func(r Rank, public bool, _ string) bool { return public && r == rank })})
	}
	outside := testOnly(g)
	for _, rank := range []Rank{Decoder, Exported} {
		e.reach = append(e.reach, reach{rank, ways(func(r Rank, public bool, path string) bool {
			return !public && r == rank && !outside(path)
		})})
	}
	e.tests = ways(func(_ Rank, public bool, path string) bool { return !public && outside(path) })
	return e
}

// testOnly returns what says whether an internal package is imported by tests only: packages
// are named that may import it, and none does, nor does what they import. Whether they call
// it is not asked: a type of it may go out under another name, or in an interface.
func testOnly(g *program.Graph) func(path string) bool {
	imported := map[string]bool{}
	var public []string
	var work []*packages.Package
	for _, p := range g.Program.Packages {
		if !isInternal(p.Types.Path()) || p.Name == "main" {
			public = append(public, p.Types.Path())
			work = append(work, p)
		}
	}
	for len(work) > 0 {
		p := work[len(work)-1]
		work = work[:len(work)-1]
		for path, dep := range p.Imports {
			if !imported[path] {
				imported[path] = true
				work = append(work, dep)
			}
		}
	}
	return func(path string) bool {
		if imported[path] || knowledge.Opaque(path) {
			return false
		}
		parent, _, _ := strings.Cut("/"+path+"/", "/internal/")
		parent = strings.Trim(parent, "/")
		return slices.ContainsFunc(public, func(p string) bool {
			return parent == "" || p == parent || strings.HasPrefix(p, parent+"/")
		})
	}
}

// onlyTests reports whether nothing reaches fn but functions that only tests may call.
func (e *entries) onlyTests(fn *program.Func) bool {
	_, ok := e.tests.dist[fn]
	i, _ := e.best(fn)
	return ok && i == len(e.reach)
}

// outs returns the calls of fn, those of its go statements (esbuild prints each file on a
// goroutine of its own), and those of functions that it hands on: anybody may call them.
func outs(g *program.Graph, fn *program.Func) []*program.Call {
	calls := slices.Concat(fn.Out, fn.Goes, fn.Gives)
	for _, lit := range fn.SSA.AnonFuncs {
		if lit := g.Func(lit); lit != nil && !slices.ContainsFunc(calls, func(c *program.Call) bool { return c.To == lit }) {
			calls = append(calls, &program.Call{From: fn, To: lit, Callee: lit.SSA, How: program.Made, Fan: 1})
		}
	}
	return calls
}

// best returns the number of the reach that counts for fn, and the cost of the way.
func (e *entries) best(fn *program.Func) (i, dist int) {
	near, all := -1, -1
	for i, r := range e.reach {
		d, ok := r.ways.dist[fn]
		if !ok {
			continue
		}
		if d <= far && near < 0 {
			near = i
		}
		if all < 0 || d < e.reach[all].ways.dist[fn] {
			all = i
		}
	}
	if near < 0 {
		near = all
	}
	if near < 0 {
		return len(e.reach), 0
	}
	return near, e.reach[near].ways.dist[fn]
}

// compare puts the function first that is reached from the worse entry, by the
// shorter way.
func (e *entries) compare(a, b *program.Func) int {
	i, d := e.best(a)
	j, f := e.best(b)
	return cmp.Or(cmp.Compare(i, j), cmp.Compare(d, f))
}

// first returns the function of the list that the way from outside comes to first.
// Wrappers are no place to start.
func (e *entries) first(fns []*program.Func) *program.Func {
	source := slices.DeleteFunc(slices.Clone(fns), (*program.Func).Wrapper)
	if len(source) == 0 {
		source = fns
	}
	return slices.MinFunc(source, e.compare)
}

// way returns the rank of fn and the calls that lead to it.
func (e *entries) way(fn *program.Func) (Rank, []*program.Call) {
	i, _ := e.best(fn)
	if i == len(e.reach) {
		return Internal, nil
	}
	return e.reach[i].rank, e.reach[i].ways.to(fn)
}

var decoderName = regexp.MustCompile(`^(Unmarshal|Decode|Parse|Read|Scan|Load|Compile|Eval|Execute|Match|Query|Search|Convert|Render|Tokenize|Lex)`)

// rootRank returns the rank of a function that is called from outside, and whether
// everybody may call it.
func rootRank(fn *program.Func) (rank Rank, public, ok bool) {
	sig := fn.SSA.Signature
	obj := fn.Object()
	switch {
	case fn.SSA.Name() == "init" && fn.SSA.Synthetic != "":
		return Main, true, true
	case fn.Wrapper():
		return 0, false, false
	case isHandler(sig):
		return Handler, true, true
	case takes(sig, knowledge.Connections):
		return Network, true, true
	case obj == nil:
		return 0, false, false
	case obj.Name() == "init" && sig.Recv() == nil, obj.Name() == "main" && obj.Pkg().Name() == "main":
		return Main, true, true
	case !obj.Exported() || obj.Pkg().Name() == "main":
		return 0, false, false
	}
	public = !isInternal(obj.Pkg().Path())
	if recv := sig.Recv(); recv != nil {
		// Methods of unexported types may still be called through interfaces, and
		// then have a path in the graph.
		if named, ok := types.Unalias(ssax.Deref(recv.Type())).(*types.Named); ok && !named.Obj().Exported() {
			return 0, false, false
		}
	}
	if takes(sig, knowledge.Inputs) || decoderName.MatchString(obj.Name()) && (sig.Recv() != nil || sig.Params().Len() > 0) {
		return Decoder, public, true
	}
	return Exported, public, true
}

// isInternal reports whether only the module itself can import the package.
func isInternal(path string) bool { return slices.Contains(strings.Split(path, "/"), "internal") }

// takes reports whether a parameter is of one of the types.
func takes(sig *types.Signature, names map[string]bool) bool {
	for p := range sig.Params().Variables() {
		t := types.Unalias(p.Type())
		if names[types.TypeString(t, nil)] {
			return true
		}
	}
	return false
}

// isHandler reports whether a function of this type answers requests.
func isHandler(sig *types.Signature) bool {
	p := sig.Params()
	if p.Len() == 0 {
		return false
	}
	if takes(sig, knowledge.Requests) {
		return true
	}
	if takes(sig, knowledge.Writers) && takes(sig, knowledge.HTTPRequests) {
		return true
	}
	// A method of an RPC service is given a context and a message.
	return sig.Recv() != nil && p.Len() == 2 && sig.Results().Len() == 2 &&
		ssax.TypeName(p.At(0).Type()) == "context.Context" && isMessage(p.At(1).Type())
}

// isMessage reports whether t is a pointer to a message of protocol buffers.
func isMessage(t types.Type) bool {
	if _, ok := t.(*types.Pointer); !ok {
		return false
	}
	return types.NewMethodSet(t).Lookup(nil, "ProtoReflect") != nil
}
