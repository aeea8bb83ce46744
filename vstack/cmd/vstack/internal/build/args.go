package build

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// An invocation is a command line of vstack build, test, run, install or vet.
type invocation struct {
	verb string // of the go command
	dir  string // of -C
	// Flags of ours.
	all    bool
	net    int64  // bytes; 0 is off
	debug  string // address
	report string // "", "text" or "json"
	// What is left for the go command, in its order.
	flags    []string
	patterns []string // packages, or .go files
	rest     []string // arguments of the program, or of the test binary
}

// defaultNet is where the net hangs if nothing is said: a quarter of where the
// runtime gives up.
const defaultNet = 256 << 20

// valued are flags of the go command that take a value which may be the next
// argument. All others of the go command are boolean.
var valued = strings.Fields(`
	p covermode coverpkg asmflags buildmode compiler gccgoflags gcflags installsuffix ldflags mod modfile
	overlay pgo pkgdir tags toolexec o exec vettool
	bench benchtime blockprofile blockprofilerate count coverprofile cpu cpuprofile fuzz fuzzminimizetime
	fuzztime list memprofile memprofilerate mutexprofile mutexprofilefraction outputdir parallel run shuffle
	skip timeout trace vet artifacts`)

var boolean = strings.Fields(`
	a n race msan asan cover v work x linkshared modcacherw trimpath buildvcs json
	c i short failfast benchmem fullpath args`)

// errHelp is parse's error if help is all that is asked for.
var errHelp = errors.New("help")

// parse reads the arguments behind the verb.
func parse(verb string, args []string) (*invocation, error) {
	a := &arguments{in: &invocation{verb: verb, net: defaultNet}, left: args}
	for len(a.left) > 0 {
		if a.left[0] == "--" {
			a.left = a.left[1:]
			break
		}
		if !isFlag(a.left[0]) {
			if !a.packages() {
				break
			}
			continue
		}
		if err := a.flag(); err != nil {
			return nil, err
		}
	}
	a.behind()
	return a.in, nil
}

// arguments are a command line that is read from left to right.
type arguments struct {
	in   *invocation
	left []string // what is still to be read
}

// isFlag reports whether the argument is a flag; a single - is none.
func isFlag(arg string) bool { return len(arg) > 1 && arg[0] == '-' }

// packages takes the packages that stand before flags, as go test and go vet have it, and
// reports whether it did.
func (a *arguments) packages() bool {
	if a.in.verb != "test" && a.in.verb != "vet" || len(a.in.patterns) > 0 {
		return false
	}
	for len(a.left) > 0 && !isFlag(a.left[0]) {
		a.in.patterns = append(a.in.patterns, a.left[0])
		a.left = a.left[1:]
	}
	return true
}

// behind takes what stands behind all flags: packages, and what the program or the test
// binary gets.
func (a *arguments) behind() {
	switch in := a.in; {
	case in.verb == "run" && len(a.left) > 0:
		n := 1
		if strings.HasSuffix(a.left[0], ".go") {
			for n < len(a.left) && strings.HasSuffix(a.left[n], ".go") {
				n++
			}
		}
		in.patterns, in.rest = a.left[:n], a.left[n:]
	case in.verb == "test" || in.verb == "vet":
		in.rest = append(a.left, in.rest...)
	default:
		in.patterns = a.left
	}
}

// A flagArg is a flag as it stands in a command line.
type flagArg struct {
	text     string // the whole argument
	name     string
	value    string
	hasValue bool // in the same argument: -name=value
}

// flag takes a flag, with its value.
func (a *arguments) flag() error {
	f := &flagArg{text: a.left[0]}
	a.left = a.left[1:]
	f.name, f.value, f.hasValue = strings.Cut(strings.TrimPrefix(f.text[1:], "-"), "=")
	if a.in.verb == "test" {
		f.name = strings.TrimPrefix(f.name, "test.")
	}
	switch f.name {
	case "h", "help":
		return errHelp
	case "all", "net", "debug", "report", "C":
		return a.ours(f)
	case "args":
		if a.in.verb == "test" {
			a.in.rest, a.left = append([]string{f.text}, a.left...), nil
			return nil
		}
	}
	return a.goFlag(f)
}

// take gives the flag the next argument as its value, unless it has one.
func (a *arguments) take(f *flagArg) error {
	if f.hasValue {
		return nil
	}
	if len(a.left) == 0 {
		return fmt.Errorf("flag needs an argument: -%s", f.name)
	}
	f.value, a.left = a.left[0], a.left[1:]
	return nil
}

// ours sets a flag that is not handed on to the go command.
func (a *arguments) ours(f *flagArg) (err error) {
	switch f.name {
	case "all":
		if f.hasValue && f.value != "true" && f.value != "false" {
			return fmt.Errorf("-all=%s: it is true or false", f.value)
		}
		a.in.all = f.value != "false"
		return nil
	case "report":
		a.in.report = "text"
		if f.hasValue {
			a.in.report = f.value
		}
		if a.in.report != "text" && a.in.report != "json" {
			return fmt.Errorf("-report=%s: it is text or json", f.value)
		}
		return nil
	}
	if err := a.take(f); err != nil {
		return err
	}
	switch f.name {
	case "net":
		if a.in.net, err = size(f.value); err != nil {
			return fmt.Errorf("-net %s: %v", f.value, err)
		}
	case "debug":
		a.in.debug = f.value
	case "C":
		a.in.dir = f.value
	}
	return nil
}

// goFlag keeps a flag for the go command. test and vet have flags that the packages under
// test or the analyzers declare, so that not all can be known.
func (a *arguments) goFlag(f *flagArg) error {
	whole := []string{f.text}
	switch takes := slices.Contains(valued, f.name); {
	case takes && !f.hasValue:
		if err := a.take(f); err != nil {
			return err
		}
		whole = append(whole, f.value)
	case !takes && !slices.Contains(boolean, f.name) && a.in.verb != "test" && a.in.verb != "vet":
		return fmt.Errorf("flag provided but not defined: -%s", f.name)
	}
	a.in.flags = append(a.in.flags, whole...)
	return nil
}

// size reads a number of bytes such as 64MiB, 64MB, 64M or 67108864.
func size(text string) (int64, error) {
	number := strings.TrimRight(text, "kKmMgGiIbB")
	var n int64
	if _, err := fmt.Sscanf(number, "%d", &n); err != nil || n < 0 || fmt.Sprint(n) != number {
		return 0, fmt.Errorf("it is a number of bytes, such as 256MiB; 0 turns the net off")
	}
	switch strings.ToLower(strings.TrimSuffix(strings.TrimSuffix(strings.ToLower(text[len(number):]), "b"), "i")) {
	case "":
	case "k":
		n <<= 10
	case "m":
		n <<= 20
	case "g":
		n <<= 30
	default:
		return 0, fmt.Errorf("it is a number of bytes, such as 256MiB; 0 turns the net off")
	}
	return n, nil
}

// value returns the value of the go command's flag, the last one wins; "" if it is
// not there.
func (in *invocation) value(name string) string {
	return lastValue(in.flags, name)
}

func lastValue(flags []string, name string) (value string) {
	for i, arg := range flags {
		f, v, ok := strings.Cut(strings.TrimLeft(arg, "-"), "=")
		if !strings.HasPrefix(arg, "-") || f != name {
			continue
		}
		switch {
		case ok:
			value = v
		case slices.Contains(valued, name) && i+1 < len(flags):
			value = flags[i+1]
		default:
			value = "true"
		}
	}
	return value
}

// loading are the go command's flags that change which files and packages a build
// has.
var loading = []string{"mod", "modfile", "race", "msan", "asan", "compiler", "installsuffix", "buildmode", "modcacherw"}

// forLoading returns the flags that go list needs to see the same program.
func (in *invocation) forLoading() (flags []string) {
	for _, name := range loading {
		if v := in.value(name); v != "" {
			flags = append(flags, "-"+name+"="+v)
		}
	}
	return flags
}

// without returns the flags without those of that name.
func without(flags []string, name string) (rest []string) {
	for i := 0; i < len(flags); i++ {
		f, _, ok := strings.Cut(strings.TrimLeft(flags[i], "-"), "=")
		if strings.HasPrefix(flags[i], "-") && f == name {
			if !ok && slices.Contains(valued, name) {
				i++
			}
			continue
		}
		rest = append(rest, flags[i])
	}
	return rest
}
