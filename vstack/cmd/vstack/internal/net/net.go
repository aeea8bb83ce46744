package net

import (
	_ "embed"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Default is the bound of a net that was given none, in bytes: 256 MiB.
const Default = 256 << 20

// Least is the smallest bound that Patch takes, in bytes: a smaller net would stop programs that are in order.
const Least = 1 << 20

// Added is the name of the file that Patch adds to package runtime.
const Added = "vstack_net.go"

//go:embed runtime.go.txt
var added string

// minors are the Go versions whose runtime has been read and tested: shape alone does not tell what a line means.
var minors = []int{25, 26, 27}

// architectures are those whose tests pass.
var architectures = []string{"amd64", "arm64", "386"}

// An UnsupportedError says why there is no net for a toolchain. The build can go on without one.
type UnsupportedError struct{ Reason string }

func (e *UnsupportedError) Error() string { return "vstack: no net: " + e.Reason }

func unsupported(format string, args ...any) error {
	return &UnsupportedError{fmt.Sprintf(format, args...)}
}

// Supports returns nil if there is a net for goarch, and an [*UnsupportedError] if not. The operating system does
// not matter.
func Supports(goarch string) error {
	if !slices.Contains(architectures, goarch) {
		return unsupported("it is tested on %s, not on %s; overflows that no guard sees stay fatal", strings.Join(architectures, ", "), goarch)
	}
	return nil
}

// Patch returns the files of package runtime that have to replace those of goroot/src/runtime, or to be added to them,
// for a net at bytes: their content by name, as in "stack.go". The files of goroot are read and not changed. version is the toolchain's,
// as in "go1.26.8" (what go env GOVERSION prints). Without a net, bytes being 0, there are no files.
//
// An [*UnsupportedError] says that this Go is not known or that a file looks different from what is known, and which and how.
func Patch(goroot, version string, bytes int64) (map[string][]byte, error) {
	if bytes == 0 {
		return nil, nil
	}
	if bytes < Least {
		return nil, fmt.Errorf("vstack: a net at %d bytes: at least %d (1 MiB), or 0 for none", bytes, Least)
	}
	if minor, ok := minorOf(version); !ok || !slices.Contains(minors, minor) {
		return nil, unsupported("it is known to fit Go 1.%d to 1.%d, and this is %s; overflows that no guard sees stay fatal", minors[0], minors[len(minors)-1], version)
	}
	files := make(map[string][]byte)
	for _, name := range []string{"stack.go", "panic.go", "proc.go", "preempt.go"} {
		path := filepath.Join(goroot, "src", "runtime", name)
		source, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("vstack: the net reads the runtime's source: %w", err)
		}
		edited, err := edit(name, source)
		if err != nil {
			return nil, unsupported("%s of %s: %v", path, version, err)
		}
		files[name] = edited
	}
	if _, err := os.Stat(filepath.Join(goroot, "src", "runtime", Added)); err == nil {
		return nil, unsupported("%s has a file %s of its own", filepath.Join(goroot, "src", "runtime"), Added)
	}
	files[Added] = []byte(strings.Replace(added, "VSTACK_NET_BYTES", strconv.FormatInt(bytes, 10), 1))
	return files, nil
}

// minorOf returns 26 of "go1.26.8", "go1.26rc1", "go1.26.8-X:nogreenteagc" and "go1.26".
func minorOf(version string) (int, bool) {
	rest, ok := strings.CutPrefix(version, "go1.")
	if !ok {
		return 0, false
	}
	end := 0
	for end < len(rest) && '0' <= rest[end] && rest[end] <= '9' {
		end++
	}
	minor, err := strconv.Atoi(rest[:end])
	return minor, err == nil
}

// A file is one of the runtime's, with the edits made so far. Nothing is inserted but within lines, so that
// every line keeps its number.
type file struct {
	fset   *token.FileSet
	syntax *ast.File
	source []byte
	edits  []change
}

type change struct {
	from, to int // offsets
	text     string
}

func edit(name string, source []byte) ([]byte, error) {
	f := &file{fset: token.NewFileSet(), source: source}
	var err error
	if f.syntax, err = parser.ParseFile(f.fset, name, source, parser.SkipObjectResolution); err != nil {
		return nil, err
	}
	switch name {
	case "stack.go":
		err = firstError(f.stopInNewstack, f.guardIn("newstack"), f.guardInCopystack)
	case "panic.go":
		err = f.shrinkInRecovery()
	case "proc.go":
		err = firstError(f.guardIn("execute"), f.guardIn("exitsyscall"), f.sleepInSysmon)
	case "preempt.go":
		err = f.guardIn("suspendG")()
	}
	if err != nil {
		return nil, err
	}
	edited := f.apply()
	if _, err := parser.ParseFile(token.NewFileSet(), name, edited, 0); err != nil {
		return nil, err
	}
	return edited, nil
}

func firstError(steps ...func() error) error {
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// stopInNewstack asks the net before a stack grows.
func (f *file) stopInNewstack() error {
	body, err := f.body("newstack")
	if err != nil {
		return err
	}
	for _, needed := range []string{"gp := thisg.m.curg", "morebuf := thisg.m.morebuf", "stackguard0 := atomic.Loaduintptr(&gp.stackguard0)"} {
		if f.statement(body, needed) < 0 {
			return fmt.Errorf("newstack has no statement %q", needed)
		}
	}
	at := f.statement(body, "oldsize := gp.stack.hi - gp.stack.lo")
	if at < 1 || at+1 >= len(body) || f.text(body[at+1]) != "newsize := oldsize * 2" {
		return fmt.Errorf("newstack has no statements %q, %q", "oldsize := gp.stack.hi - gp.stack.lo", "newsize := oldsize * 2")
	}
	preempt, ok := body[at-1].(*ast.IfStmt)
	if !ok || f.text(preempt.Cond) != "preempt" || preempt.Init != nil || preempt.Else != nil || !strings.HasPrefix(f.text(preempt.Body.List[len(preempt.Body.List)-1]), "gopreempt_m(gp)") {
		return fmt.Errorf("newstack does not preempt, in %q, before it grows the stack", "if preempt { ... gopreempt_m(gp) }")
	}
	if f.text(body[len(body)-1]) != "gogo(&gp.sched)" {
		return fmt.Errorf("newstack does not end in %q", "gogo(&gp.sched)")
	}
	f.insert(preempt, "if vstackNetStop(gp, stackguard0, morebuf.pc, morebuf.sp, morebuf.lr) { gogo(&gp.sched) }; ")
	return nil
}

// guardIn lets the net be part of the guard that function sets.
func (f *file) guardIn(function string) func() error {
	return func() error {
		body, err := f.body(function)
		if err != nil {
			return err
		}
		return f.replaceGuard(function, body, "gp.stack.lo + stackGuard")
	}
}

func (f *file) guardInCopystack() error {
	body, err := f.body("copystack")
	if err != nil {
		return err
	}
	if at := f.statement(body, "gp.stack = new"); at < 0 || at+1 >= len(body) || f.text(body[at+1]) != "gp.stackguard0 = new.lo + stackGuard" {
		return fmt.Errorf("copystack has no statements %q, %q", "gp.stack = new", "gp.stackguard0 = new.lo + stackGuard")
	}
	return f.replaceGuard("copystack", body, "new.lo + stackGuard")
}

// replaceGuard replaces the right side of the one assignment gp.stackguard0 = value in body.
func (f *file) replaceGuard(function string, body []ast.Stmt, value string) error {
	var found []ast.Expr
	for _, statement := range body {
		ast.Inspect(statement, func(n ast.Node) bool {
			if a, ok := n.(*ast.AssignStmt); ok && a.Tok == token.ASSIGN && len(a.Lhs) == 1 && f.text(a.Lhs[0]) == "gp.stackguard0" && f.text(a.Rhs[0]) == value {
				found = append(found, a.Rhs[0])
			}
			return true
		})
	}
	if len(found) != 1 {
		return fmt.Errorf("%s has %d statements %q, not 1", function, len(found), "gp.stackguard0 = "+value)
	}
	f.edits = append(f.edits, change{f.offset(found[0].Pos()), f.offset(found[0].End()), "vstackNetGuard(gp)"})
	return nil
}

// sleepInSysmon has sysmon raise guards while it would sleep.
func (f *file) sleepInSysmon() error {
	body, err := f.body("sysmon")
	if err != nil {
		return err
	}
	var found []ast.Expr
	for _, statement := range body {
		ast.Inspect(statement, func(n ast.Node) bool {
			if c, ok := n.(*ast.CallExpr); ok && f.text(c) == "usleep(delay)" {
				found = append(found, c.Fun)
			}
			return true
		})
	}
	if len(found) != 1 {
		return fmt.Errorf("sysmon has %d calls %q, not 1", len(found), "usleep(delay)")
	}
	f.edits = append(f.edits, change{f.offset(found[0].Pos()), f.offset(found[0].End()), "vstackNetSleep"})
	return nil
}

// shrinkInRecovery gives memory back before a goroutine goes on after a panic.
func (f *file) shrinkInRecovery() error {
	body, err := f.body("recovery")
	if err != nil {
		return err
	}
	last := body[len(body)-1]
	if f.text(last) != "gogo(&gp.sched)" {
		return fmt.Errorf("recovery does not end in %q", "gogo(&gp.sched)")
	}
	for _, needed := range []string{"gp.sched.sp = sp", "gp.sched.pc = gotoPc", "gotoPc := f.entry() + uintptr(f.deferreturn)"} {
		if f.statement(body, needed) < 0 {
			return fmt.Errorf("recovery has no statement %q", needed)
		}
	}
	f.insert(last, "vstackNetShrink(gp); ")
	return nil
}

// body returns the statements of the one function of that name.
func (f *file) body(function string) ([]ast.Stmt, error) {
	for _, d := range f.syntax.Decls {
		if d, ok := d.(*ast.FuncDecl); ok && d.Recv == nil && d.Name.Name == function && d.Body != nil && len(d.Body.List) > 0 {
			return d.Body.List, nil
		}
	}
	return nil, fmt.Errorf("there is no function %s", function)
}

// statement returns the index of the one statement of body with that text, or -1.
func (f *file) statement(body []ast.Stmt, text string) int {
	return slices.IndexFunc(body, func(s ast.Stmt) bool { return f.text(s) == text })
}

func (f *file) text(n ast.Node) string { return string(f.source[f.offset(n.Pos()):f.offset(n.End())]) }

func (f *file) offset(p token.Pos) int { return f.fset.PositionFor(p, false).Offset }

func (f *file) insert(before ast.Node, text string) {
	at := f.offset(before.Pos())
	f.edits = append(f.edits, change{at, at, text})
}

func (f *file) apply() []byte {
	slices.SortFunc(f.edits, func(a, b change) int { return a.from - b.from })
	var edited []byte
	at := 0
	for _, e := range f.edits {
		edited = append(append(edited, f.source[at:e.from]...), e.text...)
		at = e.to
	}
	return append(edited, f.source[at:]...)
}
