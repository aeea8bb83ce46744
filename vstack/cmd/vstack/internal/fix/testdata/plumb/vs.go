package plumb

// vstack is a name that is taken.
func vstack() {}
