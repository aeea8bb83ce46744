package serve

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// lingerTime is how long a client that was refused may take to send what it is sending.
// nginx takes as long, and calls it lingering_time; an idle connection is kept for a minute.
const lingerTime = 30 * time.Second

// lingerBodies is how much of it is read, in bodies of the greatest length: nginx has no
// such bound, but here whoever sends without end is taken for an attacker.
const lingerBodies = 4

// lingering are the connections of clients that were answered while they sent.
//
// If a connection is closed with bytes of the client's unread, or before they arrive, the
// client's system gets a reset, and drops an answer that the client has not read yet; RFC
// 9112, section 9.6. net/http reads 256 KiB more, and after that closes in half a second, or
// at once if its read ran into the read deadline, as it does for whoever waited for a lane
// until then. Under load that is not enough: 1 of 600 attackers got a reset, and no answer.
type lingering struct {
	mu     sync.Mutex
	closed bool
	conns  map[net.Conn]bool
	wait   sync.WaitGroup
}

// refuse answers with an error. If the body is not at its end the connection is of no use
// any more: the answer goes out at once, and the connection lingers until the client ends it.
func (g *Gate) refuse(w http.ResponseWriter, r *http.Request, err error, ended bool) {
	c := http.NewResponseController(w)
	// Half of the server's WriteTimeout, or more on a busy machine, is over.
	_ = c.SetWriteDeadline(time.Now().Add(g.config.Deadline))
	if ended || r.ProtoMajor != 1 { // a stream of HTTP/2 ends without its connection
		g.config.Error(w, r, err)
		return
	}
	_ = c.EnableFullDuplex() // otherwise net/http reads first
	w.Header().Set("Connection", "close")
	a := &answer{ResponseWriter: w, code: http.StatusOK}
	g.config.Error(a, r, err)
	a.send()
	if c.Flush() != nil {
		return
	}
	if conn, _, err := c.Hijack(); err == nil { // recorders in tests have none
		g.lingering.add(conn, lingerBodies*g.config.Body)
	}
}

// add reads what comes, so many bytes at most, in a goroutine that close ends: the handler
// has returned by then, and the request is over for whoever measures its time.
func (l *lingering) add(conn net.Conn, most int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		conn.Close()
		return
	}
	if l.conns == nil {
		l.conns = map[net.Conn]bool{}
	}
	l.conns[conn] = true
	l.wait.Go(func() {
		if half, ok := conn.(interface{ CloseWrite() error }); ok {
			_ = half.CloseWrite() // the client knows that there is no more to come
		}
		_ = conn.SetReadDeadline(time.Now().Add(lingerTime))
		_, _ = io.CopyN(io.Discard, conn, most) // by 8 KiB that it has from a pool
		conn.Close()
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.conns, conn)
	})
}

// close closes them all.
func (l *lingering) close() {
	l.mu.Lock()
	l.closed = true
	for conn := range l.conns {
		conn.Close()
	}
	l.mu.Unlock()
	l.wait.Wait()
}

// An answer is kept until it is whole, and goes out with its length: the connection is taken
// from net/http before that would end it.
type answer struct {
	http.ResponseWriter
	wrote bool
	code  int
	text  bytes.Buffer
}

// WriteHeader keeps the status.
func (a *answer) WriteHeader(code int) {
	if !a.wrote {
		a.wrote, a.code = true, code
	}
}

// Write keeps p.
func (a *answer) Write(p []byte) (int, error) {
	a.wrote = true
	return a.text.Write(p)
}

// FlushError is for http.ResponseController, which would find that of the connection.
func (a *answer) FlushError() error { return nil }

// Unwrap is for http.ResponseController.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

func (a *answer) send() {
	if h := a.Header(); h.Get("Content-Length") == "" {
		h.Set("Content-Length", strconv.Itoa(a.text.Len()))
	}
	a.ResponseWriter.WriteHeader(a.code)
	_, _ = a.ResponseWriter.Write(a.text.Bytes())
}
