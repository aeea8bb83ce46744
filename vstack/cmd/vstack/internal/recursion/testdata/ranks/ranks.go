// Package ranks has recursion that is reached from all sides.
package ranks

import "net/http"

type Tree struct{ Left *Tree }

func decoded(t *Tree) { // want decoder "decoded → decoded"
	if t != nil {
		decoded(t.Left)
	}
}

type Doc struct{ t *Tree }

func (d *Doc) UnmarshalJSON([]byte) error { decoded(d.t); return nil }

func handled(t *Tree) { // want handler "handled → handled"
	if t != nil {
		handled(t.Left)
	}
}

type server struct{ t *Tree }

func (s server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	go onAnother(s.t)
	handled(s.t)
}

func onAnother(t *Tree) { // want handler "onAnother → onAnother"
	if t != nil {
		onAnother(t.Left)
	}
}

func exported(t *Tree) { // want exported "exported → exported"
	if t != nil {
		exported(t.Left)
	}
}

func Walk(t *Tree) { exported(t) }

func started(t *Tree) { // want main "started → started"
	if t != nil {
		started(t.Left)
	}
}

func init() { started(new(Tree)) }

func internal(t *Tree) { // want internal "internal → internal"
	if t != nil {
		internal(t.Left)
	}
}
