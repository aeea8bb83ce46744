// Package build is vstack build, test, run, install and vet: the go command, with
// guards in the program that it compiles.
//
// Nothing of the user's changes. Guards are in copies of files, which the go command
// takes instead of the files through its -overlay flag. Docs/build.md tells the whole; here
// is why it is done so.
//
// # The guard
//
// It is in package runtime. The field that the build adds to g is 0 for all stacks below 512
// KiB; copystack sets it when a stack has grown. The library sets two hooks when the program
// starts: one that takes a closer look, one that goes on. An interrupt (a context is done,
// somebody asks for a trace) raises the field of the goroutine. Edited are runtime2.go and
// stack.go.
//
// # Where the library comes from
//
// If the program imports vstack, its own copy serves, in the version that go.mod asks for. If
// not, the copy that the tool was built with becomes a part of the standard library of this
// build, as vstackbuild/vstack. Every program finds it there, whatever its go.mod, go.work or
// vendor directory says. An alternative go.mod would have had to require vstack and x/sync, is
// refused in a workspace, and is "inconsistent vendoring" with a vendor directory.
//
// # Dependencies
//
// Since Go 1.25 the go command refuses overlays beneath the module cache. Replacing a module in
// an alternative go.work loses its version and checksum. So the build has a module cache of its
// own, in which a module without guards is a link to the user's, a module with guards is a copy,
// and the downloads are the user's. A vendor directory is in the user's tree, and so the overlay
// does.
//
// The compiler would write the other path into the binary. -toolexec adds one rule to the
// -trimpath argument of compile and asm. The user's own -toolexec runs behind it.
//
// Doing all of it by -toolexec, as orchestrion and garble do, was the alternative. The go
// command cannot see there that a file of one package has changed, so that each change of the
// plan would compile everything anew, the standard library included; and a guard in a package
// that does not import runtime needs its archive.
//
// # The cache
//
// It is vstack in os.UserCacheDir, or VSTACK_CACHE. Files appear there whole, under names made
// of what is in them, so builds may run at once. The compiled packages are in the go command's
// own cache, as always: it knows them by their text.
package build

import (
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/lockedfile"
	"golang.org/x/tools/go/packages"

	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/build/rewrite"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/build/rt"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/net"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/program"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/recursion"
)

// tag is set in an instrumented build. The library's side of the build is in files
// with it.
const tag = "vstackbuild"

// Main runs the go command's verb with these arguments, and returns the exit code.
func Main(verb string, args []string, stdout, stderr io.Writer) int {
	fail := func(code int, err error) int {
		fmt.Fprintf(stderr, "vstack: %v\n", err)
		return code
	}
	in, err := parse(verb, args)
	if errors.Is(err, errHelp) {
		fmt.Fprint(stdout, help(verb)) //nolint:errcheck // nobody reads it then
		return 0
	}
	if err != nil {
		return fail(2, err)
	}
	if in.dir != "" {
		if err := os.Chdir(in.dir); err != nil {
			return fail(2, err)
		}
	}
	if verb == "vet" {
		// It looks at the text that a person wrote, and runs nothing.
		if in.report != "" || in.all || in.debug != "" {
			return fail(2, errors.New("vet makes no binary, so -all, -debug and -report say nothing to it; leave them out"))
		}
		cmd := exec.Command("go", slices.Concat([]string{"vet"}, in.flags, in.patterns, in.rest)...)
		return exitCode(cmd, stdout, stderr)
	}
	b := &builder{in: in, stdout: stdout, stderr: stderr}
	if err := b.prepare(); err != nil {
		return fail(1, err)
	}
	if b.plan.NoNet != "" {
		fmt.Fprintf(stderr, "vstack: guards only, no net: %s (-net 0 says nothing of this)\n", b.plan.NoNet)
	}
	if b.plan.Table != "" {
		fmt.Fprintf(stderr, "vstack: guards are a little slower: package runtime of %s looks different: %s\n", b.env.GOVERSION, b.plan.Table)
	}
	if in.report != "" {
		if err := b.writeReport(); err != nil {
			return fail(1, err)
		}
	}
	return b.run()
}

// A builder makes one build.
type builder struct {
	in     *invocation
	stdout io.Writer
	stderr io.Writer
	env    *goEnv
	tags   string
	cache  cacheDir
	engine *engine
	plan   *Plan
	dir    string // of this build in the cache
	// The user's own overlay: the file that was given, and what it says.
	overlay string
	user    map[string]string
	// restore has the environment's variables that are set for the go command, as
	// they were: name=value, or the name alone if there was none.
	restore []string
}

// prepare does everything up to the go command's own build.
func (b *builder) prepare() error {
	var err error
	if b.env, err = environment(""); err != nil {
		return err
	}
	// From here on it is the go command that go.mod asks for, not the one in PATH.
	b.setenv("GOTOOLCHAIN", "local")
	b.setenv("PATH", filepath.Join(b.env.GOROOT, "bin")+string(filepath.ListSeparator)+os.Getenv("PATH"))
	if err := b.check(); err != nil {
		return err
	}
	goflags := strings.Fields(b.env.GOFLAGS)
	b.tags = b.in.value("tags")
	if b.tags == "" {
		b.tags = lastValue(goflags, "tags")
	}
	b.tags = strings.Trim(b.tags+","+tag, ",")
	if err := b.readOverlay(goflags); err != nil {
		return err
	}
	dir, err := CacheDir()
	if err != nil {
		return err
	}
	b.cache = cacheDir(dir)

	flags := append(b.in.forLoading(), "-tags="+b.tags)
	if b.overlay != "" {
		flags = append(flags, "-overlay="+b.overlay)
	}
	patterns := b.in.patterns
	if len(patterns) == 0 {
		patterns = []string{"."}
	}
	pkgs, err := list("", b.in.verb == "test", flags, patterns)
	if err != nil {
		return err
	}
	for _, p := range pkgs {
		if p.Error != nil {
			return errors.New(p.Error.Err)
		}
	}
	if b.engine, err = readEngine(); err != nil {
		return err
	}
	k, err := key(b.env, b.source, pkgs, b.engine.hash(), b.in.verb == "test", b.in.all, b.in.net, b.in.debug, b.tags, b.in.forLoading(), b.user)
	if err != nil {
		return err
	}
	b.dir = filepath.Join(string(b.cache), "build", k)
	if text, err := b.cache.read("build", k, "plan.json"); err != nil {
		return err
	} else if text != nil {
		var p savedPlan
		err := json.Unmarshal(text, &p)
		b.plan = p.Plan
		b.plan.Shadow = p.Shadow
		return err
	}
	return b.instrument(pkgs, flags, patterns)
}

// setenv sets a variable for the go command. A program or test that it runs does not
// see it: restoreVariable tells the library what to set back when it starts.
func (b *builder) setenv(name, value string) {
	if before, ok := os.LookupEnv(name); ok {
		b.restore = append(b.restore, name+"="+before)
	} else {
		b.restore = append(b.restore, name)
	}
	os.Setenv(name, value)
}

// restoreVariable is read by build.go of the library, too.
const restoreVariable = "VSTACK_BUILD_RESTORE"

// check refuses what cannot be built with guards.
func (b *builder) check() error {
	if c := b.in.value("compiler"); c != "" && c != "gc" {
		return fmt.Errorf("-compiler=%s: guards need Go's own compiler; build without the flag, or with go %s for a binary without guards", c, b.in.verb)
	}
	for _, pattern := range b.in.patterns {
		if strings.Contains(pattern, "@") {
			return fmt.Errorf("%s: a version cannot be given here; run this in a module that requires it, such as: go mod init x && go get %s && vstack %s %s",
				pattern, pattern, b.in.verb, pattern[:strings.Index(pattern, "@")])
		}
	}
	var major, minor int
	if _, err := fmt.Sscanf(b.env.GOVERSION, "go%d.%d", &major, &minor); err == nil && minor < 25 {
		return fmt.Errorf("%s is too old: guards need Go 1.25 or later; set GOTOOLCHAIN=go1.25.0 or the go line of go.mod", b.env.GOVERSION)
	}
	// The type checker is the one that this command was built with.
	var ours int
	if _, err := fmt.Sscanf(runtime.Version(), "go%d.%d", &major, &ours); err == nil && ours < minor {
		return fmt.Errorf("this command was built with %s and cannot read %s; install it anew: GOTOOLCHAIN=%s go install %s/vstack/cmd/vstack@latest",
			runtime.Version(), b.env.GOVERSION, b.env.GOVERSION, module)
	}
	return nil
}

// readOverlay reads the overlay that the user gave.
func (b *builder) readOverlay(goflags []string) error {
	name := b.in.value("overlay")
	if name == "" {
		name = lastValue(goflags, "overlay")
	}
	if name == "" {
		return nil
	}
	name, err := filepath.Abs(name) // go list runs in other directories too
	if err != nil {
		return err
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	b.overlay = name
	if lastValue(goflags, "overlay") != "" {
		b.setenv("GOFLAGS", strings.Join(without(goflags, "overlay"), " "))
	}
	var o overlay
	if err := json.Unmarshal(text, &o); err != nil {
		return fmt.Errorf("-overlay %s: %v", name, err)
	}
	b.user = map[string]string{}
	for from, to := range o.Replace {
		if from, err = filepath.Abs(from); err != nil {
			return err
		}
		if to != "" {
			if to, err = filepath.Abs(to); err != nil {
				return err
			}
		}
		b.user[from] = to
	}
	return nil
}

// An overlay is what the go command's -overlay flag reads.
type overlay struct{ Replace map[string]string }

// source returns the text of a file as the go command would see it.
func (b *builder) source(name string) ([]byte, error) {
	if to, ok := b.user[name]; ok {
		name = to
	}
	return os.ReadFile(name)
}

// instrument analyses the program and writes what the build needs into the cache.
func (b *builder) instrument(pkgs []*pkg, flags, patterns []string) error {
	if err := b.makePlan(flags, patterns); err != nil {
		return err
	}
	files, err := b.changes(pkgs)
	if err != nil {
		return err
	}
	out := &substitutes{cache: b.cache, overlay: overlay{Replace: map[string]string{}}, box: toolbox{Files: map[string]toolFile{}}}
	maps.Copy(out.overlay.Replace, b.user)
	if err := b.putProgram(out, files, pkgs); err != nil {
		return err
	}
	if err := b.putRuntime(out); err != nil {
		return err
	}
	src := filepath.Join(b.env.GOROOT, "src")
	for name, text := range b.engine.files {
		if err := out.put(filepath.Join(src, filepath.FromSlash(name)), text); err != nil {
			return err
		}
	}
	return b.save(out.overlay, out.box)
}

// substitutes are what the go command gets: files that it reads instead of others, and what
// Toolexec has to know.
type substitutes struct {
	cache   cacheDir
	overlay overlay
	box     toolbox
}

// put has the go command read the text where the file is.
func (s *substitutes) put(name string, text []byte) error {
	to, err := s.cache.store(filepath.Base(name), text)
	s.overlay.Replace[name] = to
	return err
}

// changes returns the program's files that are to be changed: those with functions that
// get a guard, and those of main packages, which import the library.
func (b *builder) changes(pkgs []*pkg) (map[string]*rewrite.File, error) {
	files := map[string]*rewrite.File{}
	file := func(name string) (*rewrite.File, error) {
		if f := files[name]; f != nil {
			return f, nil
		}
		text, err := b.source(name)
		if err != nil {
			return nil, err
		}
		files[name] = &rewrite.File{Name: name, Text: text}
		return files[name], nil
	}
	for _, g := range slices.Clone(b.plan.Guards) {
		fn := rewrite.Func{Name: g.Decl, Line: g.Line, Col: g.Column, Skip: g.Skip}
		f, err := file(g.File)
		if errors.Is(err, fs.ErrNotExist) {
			b.plan.leave(g.File, []rewrite.Left{{Func: fn, Reason: "its file is generated, and not there"}})
			continue
		} else if err != nil {
			return nil, err
		}
		f.Funcs = append(f.Funcs, fn)
	}
	for _, m := range b.mains(pkgs) {
		f, err := file(m.file)
		if err != nil {
			return nil, err
		}
		if m.engine != "" {
			f.Imports = append(f.Imports, m.engine)
		}
		if b.in.debug != "" {
			f.Serve, f.Address = m.debug, b.in.debug
		}
	}
	return files, nil
}

// putProgram puts the changed files of the program: into the overlay, or, if they are
// beneath the module cache, into a shadow of that.
func (b *builder) putProgram(out *substitutes, files map[string]*rewrite.File, pkgs []*pkg) error {
	sh := &shadow{real: b.env.GOMODCACHE, modules: map[string]map[string][]byte{}}
	dirs, moduleOf := b.modules(pkgs)
	for _, name := range sorted(files) {
		f := files[name]
		text, left, err := rewrite.Rewrite(*f)
		if err != nil {
			return err
		}
		b.plan.leave(name, left)
		if dir := moduleOf(name); dir != "" {
			sh.add(dir, name, text)
		} else if err := out.put(name, text); err != nil {
			return err
		}
		out.box.Files[name] = toolFile{Text: cmp.Or(b.user[name], name), Guarded: out.overlay.Replace[name],
			Funcs: f.Funcs, Imports: f.Imports, Serve: f.Serve, Address: f.Address}
	}
	// A downloaded toolchain is beneath the module cache too.
	if len(sh.modules) == 0 && !beneath(b.env.GOROOT, b.env.GOMODCACHE) {
		return nil
	}
	b.plan.Shadow = sh.root(string(b.cache))
	out.box.Shadow, out.box.Real = b.plan.Shadow, b.env.GOMODCACHE
	return sh.make(b.plan.Shadow, dirs)
}

// putRuntime puts the files of package runtime with the net and the guards' side of it.
func (b *builder) putRuntime(out *substitutes) error {
	dir := filepath.Join(b.env.GOROOT, "src", "runtime")
	texts, err := b.netFiles()
	if err != nil {
		return err
	}
	guards, why := rt.Files(func(name string) ([]byte, error) {
		if text := texts[name]; text != nil {
			return text, nil
		}
		return os.ReadFile(filepath.Join(dir, name))
	})
	if why != nil {
		b.plan.Table = why.Error()
	}
	maps.Copy(texts, guards)
	for name, text := range texts {
		if err := out.put(filepath.Join(dir, name), text); err != nil {
			return err
		}
	}
	return nil
}

// netFiles returns the files of package runtime with the net. A toolchain that it does
// not fit gets none, and the build says so.
func (b *builder) netFiles() (map[string][]byte, error) {
	if b.in.net == 0 {
		return map[string][]byte{}, nil
	}
	err := net.Supports(b.env.GOARCH)
	var files map[string][]byte
	if err == nil {
		files, err = net.Patch(b.env.GOROOT, b.env.GOVERSION, b.in.net)
	}
	var unsupported *net.UnsupportedError
	if errors.As(err, &unsupported) {
		b.plan.NoNet = unsupported.Reason
		return map[string][]byte{}, nil
	}
	if err != nil {
		return nil, errors.New(strings.TrimPrefix(err.Error(), "vstack: "))
	}
	return files, nil
}

// modules returns the directories of the program's modules beneath the module cache,
// and what tells in which of them a file is, "" if in none.
func (b *builder) modules(pkgs []*pkg) (dirs []string, of func(name string) string) {
	for _, p := range pkgs {
		if m := p.Module; m != nil && !m.Main && m.Dir != "" && beneath(m.Dir, b.env.GOMODCACHE) && !slices.Contains(dirs, m.Dir) {
			dirs = append(dirs, m.Dir)
		}
	}
	return dirs, func(name string) string {
		for _, dir := range dirs {
			if beneath(name, dir) {
				return dir
			}
		}
		return ""
	}
}

// makePlan chooses what gets a guard.
func (b *builder) makePlan(flags, patterns []string) error {
	// Without the build's own tag: package runtime as it is lacks what files with the
	// tag call, and nothing is guarded there.
	flags = slices.Clone(flags)
	for i, f := range flags {
		if f == "-tags="+b.tags {
			flags[i] = "-tags=" + strings.TrimSuffix(strings.TrimSuffix(b.tags, tag), ",")
		}
	}
	runtimeDeps, err := list("", false, nil, []string{"runtime"})
	if err != nil {
		return err
	}
	core := map[string]bool{}
	for _, p := range runtimeDeps {
		core[p.ImportPath] = true
	}
	step := newProgress(b.stderr)
	defer step.done()
	std, err := b.stdPlan(core, flags, step)
	if err != nil {
		return err
	}
	have := map[string]bool{}
	for _, g := range std.Guards {
		have[where(g)] = true
	}
	prog, err := program.Load(program.Config{Deps: true, Tests: b.in.verb == "test", Flags: flags, Progress: step.step}, patterns...)
	if err != nil {
		return err
	}
	count(prog, func(p *packages.Package) bool { return !prog.Std(p.Types) })
	r := recursion.Find(program.NewGraph(prog))
	b.plan = newPlan(r, choice{all: b.in.all, have: have, unfit: unfitFunc(r, closedFunc(core))})
	b.plan.Guards = append(b.plan.Guards, std.Guards...)
	b.plan.Left = append(b.plan.Left, std.Left...)
	b.plan.sort()
	return nil
}

// count makes packages of the program some of those whose every function counts: a
// method may be called through reflection, which the call graph does not see.
func count(prog *program.Program, which func(*packages.Package) bool) {
	named := map[*packages.Package]bool{}
	paths := map[string]bool{}
	for _, p := range prog.Packages {
		named[p] = true
		paths[p.PkgPath] = true
	}
	var more []*packages.Package
	packages.Visit(prog.Packages, nil, func(p *packages.Package) {
		if !named[p] && !paths[p.PkgPath] && prog.Source[p.Types] == p && which(p) {
			more = append(more, p)
		}
	})
	prog.Name(more...)
}

// stdPlan returns the plan for the standard library. It is the same for all programs,
// so that the go command compiles it once.
func (b *builder) stdPlan(core map[string]bool, flags []string, step *progress) (*Plan, error) {
	flags = b.forStd(flags)
	k, err := key(b.env, b.source, nil, "std", flags, b.stdOverlay())
	if err != nil {
		return nil, err
	}
	// It takes a gigabyte of memory: builds that need the same one wait for it.
	if err := os.MkdirAll(filepath.Join(string(b.cache), "build"), 0o777); err != nil {
		return nil, err
	}
	unlock, err := lockedfile.MutexAt(filepath.Join(string(b.cache), "build", "lock")).Lock()
	if err != nil {
		return nil, err
	}
	defer unlock()
	text, err := b.cache.read("build", "std-"+k+".json")
	if err != nil {
		return nil, err
	}
	p := &Plan{}
	if text != nil {
		return p, json.Unmarshal(text, p)
	}
	step.step("the standard library, once for each Go version")
	prog, err := program.Load(program.Config{Deps: true, Flags: append(slices.Clone(flags), "-mod=mod"), Dir: filepath.Join(b.env.GOROOT, "src")}, "std")
	if err != nil {
		return nil, err
	}
	r := recursion.Find(program.NewGraph(prog))
	p = newPlan(r, choice{std: true, unfit: unfitFunc(r, closedFunc(core))})
	if text, err = json.MarshalIndent(p, "", "\t"); err != nil {
		return nil, err
	}
	return p, writeWhole(filepath.Join(string(b.cache), "build", "std-"+k+".json"), text)
}

// forStd returns the flags that change which files the standard library has.
func (b *builder) forStd(flags []string) []string {
	for _, name := range []string{"mod", "modfile", "modcacherw", "buildmode"} {
		flags = without(flags, name)
	}
	if len(b.stdOverlay()) == 0 {
		flags = without(flags, "overlay")
	}
	return flags
}

// stdOverlay returns the hashes of the texts that the user's overlay has for files of
// the standard library.
func (b *builder) stdOverlay() (texts []string) {
	for _, name := range sorted(b.user) {
		if beneath(name, b.env.GOROOT) {
			text, _ := b.source(name) // what is not there is taken out
			texts = append(texts, fmt.Sprintf("%s %x", name, sha256.Sum256(text)))
		}
	}
	return texts
}

// save writes the overlay and then the plan, which says that the rest is there.
func (b *builder) save(o overlay, box toolbox) error {
	if err := os.MkdirAll(b.dir, 0o777); err != nil {
		return err
	}
	for _, f := range []struct {
		name string
		v    any
	}{
		{"overlay.json", o},
		{toolboxName, box},
		{"plan.json", savedPlan{b.plan, b.plan.Shadow}},
	} {
		text, err := json.MarshalIndent(f.v, "", "\t")
		if err != nil {
			return err
		}
		if err := writeWhole(filepath.Join(b.dir, f.name), text); err != nil {
			return err
		}
	}
	return nil
}

// A savedPlan is a plan in the cache.
type savedPlan struct {
	Plan   *Plan
	Shadow string
}

// leave moves guards that could not be written to those that were left out.
func (p *Plan) leave(file string, left []rewrite.Left) {
	for _, l := range left {
		i := slices.IndexFunc(p.Guards, func(g Guard) bool {
			return g.File == file && g.Line == l.Line && g.Column == l.Col
		})
		if i < 0 {
			continue
		}
		g := p.Guards[i]
		g.Reason = l.Reason
		p.Guards = slices.Delete(p.Guards, i, i+1)
		p.Left = append(p.Left, g)
	}
	p.sort()
}

// testMain is a file of the standard library that only the main packages of tests
// depend on. Tests get the library through it: the main package itself is not
// there before the go command has made it, and go vet looks at what a package's own
// files import.
const testMain = "testing/internal/testdeps/deps.go"

// A mainFile is a file of a main package. It imports the library, unless the program
// does already, and what serves the debug page if there is one.
type mainFile struct{ file, engine, debug string }

// mains returns a file of each main package.
func (b *builder) mains(pkgs []*pkg) (mains []mainFile) {
	if b.in.verb == "test" {
		return []mainFile{{filepath.Join(b.env.GOROOT, "src", filepath.FromSlash(testMain)), enginePath, enginePath + "/debug"}}
	}
	own := ""
	for _, p := range pkgs {
		if p.ImportPath == module+"/vstack" {
			// It may be of a version that does not know this tool.
			text, err := os.ReadFile(filepath.Join(p.Dir, "build.go"))
			if err == nil && strings.Contains(string(text), "\nconst buildHooks = 1\n") {
				own = p.ImportPath
			}
		}
	}
	for _, p := range pkgs {
		if p.Name != "main" || p.DepOnly || len(p.files()) == 0 {
			continue
		}
		m := mainFile{p.files()[0], enginePath, enginePath + "/debug"}
		if own != "" && slices.Contains(p.Deps, own) {
			m.engine, m.debug = "", own+"/debug"
		}
		if m.engine != "" || b.in.debug != "" {
			mains = append(mains, m)
		}
	}
	return mains
}

// run runs the go command, and returns its exit code.
func (b *builder) run() int {
	args := []string{b.in.verb}
	args = append(args, without(without(without(b.in.flags, "tags"), "overlay"), "toolexec")...)
	args = append(args, "-tags="+b.tags, "-overlay="+filepath.Join(b.dir, "overlay.json"))
	toolexec := b.in.value("toolexec")
	if toolexec == "" {
		toolexec = lastValue(strings.Fields(b.env.GOFLAGS), "toolexec")
	}
	if b.plan.Shadow != "" {
		b.setenv("GOMODCACHE", b.plan.Shadow)
	}
	if b.in.verb == "run" || b.in.verb == "test" {
		os.Setenv(restoreVariable, strings.Join(b.restore, "\n"))
	}
	if b.plan.Shadow != "" || b.covers() {
		exe, err := os.Executable()
		if err != nil {
			fmt.Fprintf(b.stderr, "vstack: %v\n", err)
			return 1
		}
		toolexec = strings.TrimSpace(fmt.Sprintf("%s toolexec %s %s", quote(exe), quote(b.dir), toolexec))
	}
	if toolexec != "" {
		args = append(args, "-toolexec="+toolexec)
	}
	args = append(append(args, b.in.patterns...), b.in.rest...)
	cmd := exec.Command("go", args...)
	return exitCode(cmd, b.stdout, b.stderr)
}

// exitCode runs a command as if it were this one.
func exitCode(cmd *exec.Cmd, stdout, stderr io.Writer) int {
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, stdout, stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() >= 0 {
		return exit.ExitCode()
	}
	if err != nil {
		fmt.Fprintf(stderr, "vstack: %v\n", err)
		return 1
	}
	return 0
}

// covers reports whether the build measures coverage.
func (b *builder) covers() bool {
	for _, name := range []string{"cover", "coverprofile", "covermode", "coverpkg"} {
		if v := b.in.value(name); v != "" && v != "false" || lastValue(strings.Fields(b.env.GOFLAGS), name) != "" {
			return true
		}
	}
	return false
}

// quote writes a word of a list of words as the go command reads it.
func quote(word string) string {
	if !strings.ContainsAny(word, " \t\n\r\"'") {
		return word
	}
	if !strings.Contains(word, "'") {
		return "'" + word + "'"
	}
	return `"` + word + `"`
}
