package names

import "github.com/vstack-go/vstack/vstack"

// set sets the handle, as a guard whose handle nobody sets guards nothing.
func set(s *vstack.Stack, st *state) { st.stack = s }
