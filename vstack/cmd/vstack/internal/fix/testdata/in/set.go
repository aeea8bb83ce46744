package in

import "github.com/vstack-go/vstack/vstack"

// set sets the handles, as a guard whose handle nobody sets guards nothing.
func set(s *vstack.Stack, e *eval, z *lazy, o *outer, l *list[int], b *large) {
	e.stack, z.stack, o.in.vs, l.stack, b.stack = s, s, s, s, s
}
