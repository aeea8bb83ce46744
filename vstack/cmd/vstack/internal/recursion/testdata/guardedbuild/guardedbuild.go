// Package guardedbuild walks what guarded recursion builds: it is as deep as memory
// allows, and the walker overflows.
package guardedbuild

import "github.com/vstack-go/vstack/vstack"

type object struct{ super *object }

type builder struct{ in []byte }

func (b *builder) build() *object { // want guarded "guard in \(\*builder\).build"
	if vstack.Low() { // want note "so a guardedbuild.builder of Size"
		return vstack.Grow(b.build)
	}
	if len(b.in) == 0 {
		return nil
	}
	b.in = b.in[1:]
	return &object{super: b.build()}
}

func (o *object) size() int { // want unguarded "o \*guardedbuild.object of \(\*object\).size walks a structure"
	if o == nil {
		return 0
	}
	return 1 + o.super.size()
}

func Size(in []byte) int { return (&builder{in}).build().size() }
