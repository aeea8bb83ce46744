package vstack

import (
	"sync"
	"time"
)

// Ambient stacks: those that guards without a handle use on goroutines that run on no
// stack. They come from one pool of the whole program, and go back there when the
// function given to Grow has ended. How much memory they may use is in default.go.

// ambients is the default pool.
var ambients = sync.OnceValue(func() *Pool {
	return makePool([]Option{WithIdleTime(ambientIdleTime), func(o *options) { o.ambient = true }})
})

// ambientIdleTime is short, so that the memory comes back soon. And goleak looks for 400 ms
// whether goroutines end: so it finds none of ours in the tests of a user's users. A new
// stack costs only some microseconds more than a warm one, and whoever needs one has used
// 480 KiB of its own by then.
const ambientIdleTime = 100 * time.Millisecond

// ambient takes a stack of the default pool; the calling goroutine holds its baton.
func ambient() *Stack {
	p := ambients()
	for {
		one, err := p.take()
		if err != nil { // it is never closed
			panic(err)
		}
		s := one.stack
		s.pooled = one
		if s.claim() == nil {
			return s
		}
		// Somebody has found the stack in Stacks and uses it, which is not allowed.
		// Take another one.
		p.lose()
	}
}

// putAmbient gives it back.
func putAmbient(one *pooled) { ambients().put(one) }

// CloseIdle ends the idle goroutines of the default pool, from which guards without a
// handle take their stacks. Nothing is lost but some microseconds when the next one is
// needed. The pool does it by itself for stacks that were idle for 100 to 200 ms, so a
// test that looks for goroutines with goleak, which waits for longer than that, need not
// call it; one that counts goroutines at once does. It may be called at any time and
// from any goroutine.
func CloseIdle() { ambients().drop() }
