// Package fix writes guards into the functions of a program: Plan chooses the
// functions, analyses where each guard goes, renders it, and checks that the result
// compiles. Nothing is written to disk here.
package fix

import (
	"bytes"
	"fmt"
	"go/ast"
	"slices"
	"strings"

	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/program"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/recursion"
)

// Options say what Plan may write.
type Options struct {
	Handle    bool     // the form with a handle where a *vstack.Stack is in reach
	Generated bool     // into generated files too
	Catch     []string // names of functions that turn an overflow into their error
}

// A Change is what to do to a program's files.
type Change struct {
	Files    []File
	Guards   []Guard
	Catches  []Catch
	Refused  []Refusal       // functions of Options.Catch that cannot have it
	Entries  []*program.Func // that could have it
	Swallows []Swallow
	Left     []Left // what stays without a guard
}

// A Guard is one that was written.
type Guard struct {
	Func      *program.Func
	Stack     string // the handle that it uses; "" for the handle-free form
	Named     string // the name that the function literal was given; "" if it had one
	Generated bool   // the file says that it is generated
}

// Left is a cycle that has ways round without a guard, and why.
type Left struct {
	Cycle   *recursion.Cycle
	Missing []Missing
}

// Outside reports whether the cycle is none of the packages that were named.
func (l Left) Outside() bool {
	return !slices.ContainsFunc(l.Missing, func(m Missing) bool { return m.Kind != Outside })
}

// Missing is a guard that could not be written.
type Missing struct {
	Func   *program.Func
	Kind   Kind
	Detail string // what the kind leaves open, such as the name of the generator
}

// A Kind says why a guard could not be written.
type Kind int

// The reasons.
const (
	None      Kind = iota
	Outside        // the function is not in a package that was named
	Generated      // it is in a generated file
	Recovers       // it calls recover, which works in the deferred function itself only
	NoSource       // it has no body, or its file is not the one that was read
	Library        // the standard library recurses, on a value that the function gives it
	NameTaken      // something that cannot be renamed hides a name that the guard needs
)

// Error says what the reason is and what to do.
func (m Missing) Error() string {
	switch m.Kind {
	case Outside:
		return "it is in " + m.Detail + ", which was not named on the command line"
	case Generated:
		return fmt.Sprintf("%s; put the guard there, or run with -generated", m.Detail)
	case Recovers:
		return "it calls recover, which works only in the function that was deferred itself: move the recursion into a function of its own"
	case NoSource:
		return "its source cannot be changed: " + m.Detail
	case Library, NameTaken:
		return m.Detail
	}
	return "it can have one"
}

type fixer struct {
	program *program.Program
	options Options
	files   map[string]*source
	change  *Change
	habits  *habits // nil until an import is added
}

// Plan finds where guards are needed for the unguarded cycles of r, and writes them
// into copies of the files.
func Plan(p *program.Program, r *recursion.Result, o Options) (*Change, error) {
	f := &fixer{program: p, options: o, files: map[string]*source{}, change: &Change{}}
	var cycles []*recursion.Cycle
	for _, c := range r.Cycles {
		switch {
		case c.Status != recursion.Unguarded:
		case c.Library != "":
			f.change.Left = append(f.change.Left, Left{c, []Missing{{c.Start(), Library, c.Help}}})
		default:
			cycles = append(cycles, c)
		}
	}
	for _, findings := range components(cycles) {
		var missing []Missing
		for _, fn := range f.choose(findings) {
			if m := f.guard(fn); m.Kind != None {
				missing = append(missing, m)
			}
		}
		f.change.Left = append(f.change.Left, left(findings, missing)...)
	}
	f.change.Swallows = f.swallows(f.guarded(r))
	f.change.Entries = f.entries(r)
	if err := f.catch(r); err != nil {
		return nil, err
	}
	return f.change, f.finish()
}

// left tells which findings of a component have ways round without a guard: those
// with the functions that have none. One that is on none of them, as two findings may
// be joined by a third function, keeps the first.
func left(findings []*recursion.Cycle, missing []Missing) (all []Left) {
	on := make([][]Missing, len(findings))
	for _, m := range missing {
		found := false
		for i, c := range findings {
			if slices.Contains(c.Funcs, m.Func) {
				on[i] = append(on[i], m)
				found = true
			}
		}
		if !found {
			on[0] = append(on[0], m)
		}
	}
	for i, c := range findings {
		if len(on[i]) > 0 {
			all = append(all, Left{c, on[i]})
		}
	}
	return all
}

// guarded returns the functions that have a guard now, those that had one first.
func (f *fixer) guarded(r *recursion.Result) (fns []*program.Func) {
	for _, c := range r.Cycles {
		for _, fn := range c.Guards {
			if !slices.Contains(fns, fn) {
				fns = append(fns, fn)
			}
		}
	}
	for _, g := range f.change.Guards {
		if !slices.Contains(fns, g.Func) {
			fns = append(fns, g.Func)
		}
	}
	return fns
}

// guard writes a guard into fn, or says why not.
func (f *fixer) guard(fn *program.Func) Missing {
	s, m := f.analyse(fn)
	if m.Kind != None {
		return m
	}
	s.render()
	f.change.Guards = append(f.change.Guards, Guard{fn, s.stack, s.named(), ast.IsGenerated(s.file.file)})
	return Missing{}
}

// finish applies the edits of all files.
func (f *fixer) finish() error {
	for _, s := range f.files {
		if s == nil || !s.edited() {
			continue
		}
		file, err := s.finish()
		if err != nil {
			return err
		}
		if !bytes.Equal(file.Before, file.After) {
			f.change.Files = append(f.change.Files, file)
		}
	}
	slices.SortFunc(f.change.Files, func(a, b File) int { return strings.Compare(a.Name, b.Name) })
	return nil
}
