package recursion

import (
	"go/types"
	"regexp"

	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/program"
)

var decoderName = regexp.MustCompile(`^(Unmarshal|Decode|Parse|Read|Scan|Load|Compile|Eval|Execute|Match|Query|Search|Convert|Render)`)

// reach finds what each function is reached from: it walks the graph from all
// roots of a rank before it comes to the next.
func (f *finder) reach() {
	f.rank = map[*program.Func]Rank{}
	f.root = map[*program.Func]*program.Func{}
	for rank := Decoder; rank < Internal; rank++ {
		var queue []*program.Func
		for _, fn := range f.graph.Funcs {
			if r, ok := rootRank(fn); ok && r == rank {
				if _, seen := f.rank[fn]; !seen {
					f.rank[fn], f.root[fn] = rank, fn
					queue = append(queue, fn)
				}
			}
		}
		for len(queue) > 0 {
			fn := queue[0]
			queue = queue[1:]
			add := func(to *program.Func) {
				if _, seen := f.rank[to]; !seen {
					f.rank[to], f.root[to] = rank, f.root[fn]
					queue = append(queue, to)
				}
			}
			for _, c := range fn.Out {
				add(c.To)
			}
			// Who makes a function literal may hand it on to anybody.
			for _, lit := range fn.SSA.AnonFuncs {
				if lit := f.graph.Func(lit); lit != nil {
					add(lit)
				}
			}
		}
	}
}

// rootRank returns the rank of a function that is called from outside.
func rootRank(fn *program.Func) (Rank, bool) {
	if fn.SSA.Name() == "init" && fn.SSA.Synthetic != "" {
		return Main, true
	}
	if isHandler(fn.SSA.Signature) {
		return Handler, true
	}
	obj := fn.Object()
	if obj == nil {
		return 0, false
	}
	if obj.Name() == "init" || obj.Name() == "main" && obj.Pkg().Name() == "main" {
		return Main, true
	}
	if !obj.Exported() {
		return 0, false
	}
	if decoderName.MatchString(obj.Name()) {
		return Decoder, true
	}
	if recv := obj.Signature().Recv(); recv != nil {
		t := recv.Type()
		if ptr, ok := t.(*types.Pointer); ok {
			t = ptr.Elem()
		}
		// Methods of unexported types may still be called through interfaces,
		// and then have a path in the graph.
		if named, ok := t.(*types.Named); ok && !named.Obj().Exported() {
			return 0, false
		}
	}
	return Exported, true
}

func isHandler(sig *types.Signature) bool {
	p := sig.Params()
	return p.Len() == 2 && typeName(p.At(0).Type()) == "net/http.ResponseWriter" &&
		p.At(1).Type().String() == "*net/http.Request"
}
