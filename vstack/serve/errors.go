package serve

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"

	"github.com/vstack-go/vstack/vstack"
)

// ErrBusy is the error for a request that might have succeeded when the server has less
// to do: it waited for its lane in vain, or for its lane and for processors for a quarter of
// its deadline, and the rest was too short, or alone it would have had more memory.
var ErrBusy = errors.New("the server is busy")

// errDeadline is the cause that a handler's context has past the gate's deadline; it is
// context.DeadlineExceeded too, and so the log says whose deadline it was.
var errDeadline = fmt.Errorf("the request's own deadline: %w", context.DeadlineExceeded)

// A goneError is that of a Read after the client has gone.
type goneError struct{ err error }

func (e *goneError) Error() string { return "the client has gone: " + e.err.Error() }
func (e *goneError) Unwrap() error { return e.err }

// statusAborted is what nginx calls a request whose client has gone.
const statusAborted = 499

// Status returns the HTTP status for an error of a bound, and 0 for others:
//
//	408  the body did not arrive before the deadline
//	413  the body is longer than Config.Body, or what it describes does not fit the heap
//	422  it is nested too deep, or takes too long, whatever else the server has to do
//	499  the client has gone; there is nobody to answer
//	503  [ErrBusy], and a gate that is closed
//
// What the request is to blame for is 4xx. So whoever reads the log, or retries, knows
// what to do.
func Status(err error) int {
	var tooLarge *http.MaxBytesError
	var tooMuch *HeapError
	var overflow *vstack.OverflowError
	var gone *goneError
	switch {
	case errors.Is(err, ErrBusy), errors.Is(err, vstack.ErrClosed):
		return http.StatusServiceUnavailable
	case errors.As(err, &tooLarge), errors.As(err, &tooMuch):
		return http.StatusRequestEntityTooLarge
	case errors.As(err, &overflow):
		if overflow.Budget > 0 {
			return http.StatusServiceUnavailable
		}
		return http.StatusUnprocessableEntity
	case errors.Is(err, os.ErrDeadlineExceeded):
		return http.StatusRequestTimeout
	case errors.Is(err, context.DeadlineExceeded):
		return http.StatusUnprocessableEntity
	case errors.As(err, &gone), errors.Is(err, context.Canceled):
		return statusAborted
	}
	return 0
}

// Text returns the message for an error of [Status], for a client who does not know
// vstack, and the error's own for others.
func Text(err error) string {
	var tooLarge *http.MaxBytesError
	var overflow *vstack.OverflowError
	switch code := Status(err); {
	case errors.Is(err, vstack.ErrClosed):
		return "the server is going down"
	case code == http.StatusServiceUnavailable:
		return "the server is busy, try again later"
	case errors.As(err, &tooLarge):
		return fmt.Sprintf("the request is longer than %d bytes", tooLarge.Limit)
	case errors.As(err, &overflow):
		return fmt.Sprintf("nested too deeply: it needs more than %d bytes of stack", overflow.Limit)
	case code == http.StatusRequestTimeout:
		return "the request did not arrive in time"
	case code == http.StatusUnprocessableEntity:
		return "the request took too long"
	}
	return err.Error()
}

// Answer answers with an error: http.Error with [Status] and [Text], and 400 for errors that
// no bound has made. It is the default for Config.Error, and what is left to do for one
// that writes a log.
func Answer(w http.ResponseWriter, _ *http.Request, err error) {
	code := Status(err)
	switch code {
	case 0:
		code = http.StatusBadRequest
	case http.StatusServiceUnavailable:
		w.Header().Set("Retry-After", "1")
	}
	http.Error(w, Text(err), code)
}
