package recursion

import (
	"slices"

	"golang.org/x/tools/go/ssa"

	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/knowledge"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/program"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/sizechange"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/ssax"
)

// What a decoder of the standard library has made of its input is as deep as the decoder
// lets it be: otto walks what encoding/json has read into a variable of type any.

// decoded returns the limit of the decoder that has made what the cycle walks; "" if
// something else may have made it.
func (f *finder) decoded(c *Cycle) string {
	reason := ""
	for _, g := range f.sizes.Groups(c.Calls) {
		if !slices.ContainsFunc(g, func(l sizechange.Link) bool { return l.Rel.Change == sizechange.Part }) {
			continue
		}
		for _, l := range g {
			if callable(l.To.Func) || l.To.Param() == nil {
				return ""
			}
			for _, in := range l.To.Func.Ins {
				if slices.Contains(c.Funcs, in.From) {
					continue
				}
				args := in.Site.Common().Args
				if in.How != program.Static || l.To.Index >= len(args) {
					return ""
				}
				why := decodedInto(args[l.To.Index])
				if why == "" {
					return ""
				}
				reason = why
			}
		}
	}
	return reason
}

// decodedInto returns the limit of the decoder that is given the address of the variable
// that v is read from; "" if none is, or if something else sets the variable.
func decodedInto(v ssa.Value) (reason string) {
	load, ok := v.(*ssa.UnOp)
	if !ok {
		return ""
	}
	variable, ok := load.X.(*ssa.Alloc)
	if !ok {
		return ""
	}
	for _, ref := range *variable.Referrers() {
		switch ref := ref.(type) {
		case *ssa.UnOp, *ssa.DebugRef:
		case *ssa.Store:
			if ref.Addr != ssa.Value(variable) || !ssax.Later(ref, load) {
				return ""
			}
		case *ssa.MakeInterface:
			for _, use := range *ref.Referrers() {
				call, ok := use.(*ssa.Call)
				if !ok || call.Common().StaticCallee() == nil {
					return ""
				}
				if reason = knowledge.Decoders[call.Common().StaticCallee().String()]; reason == "" {
					return ""
				}
			}
		default:
			return ""
		}
	}
	return reason
}
