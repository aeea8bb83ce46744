package recursion

func (f *finder) library() []*Cycle { return nil }
