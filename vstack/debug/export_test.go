package debug

// Forget makes the next list a new one.
func Forget() {
	handler.mu.Lock()
	defer handler.mu.Unlock()
	handler.last = nil
}
