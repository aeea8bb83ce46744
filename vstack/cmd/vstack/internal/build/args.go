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
	in := &invocation{verb: verb, net: defaultNet}
	for len(args) > 0 {
		arg := args[0]
		if arg == "--" {
			args = args[1:]
			break
		}
		name, ok := strings.CutPrefix(arg, "-")
		if !ok || name == "" {
			if verb == "test" && len(in.patterns) == 0 || verb == "vet" && len(in.patterns) == 0 {
				// go test takes flags behind the packages too.
				for len(args) > 0 && !strings.HasPrefix(args[0], "-") {
					in.patterns = append(in.patterns, args[0])
					args = args[1:]
				}
				continue
			}
			break
		}
		name = strings.TrimPrefix(name, "-")
		name, value, hasValue := strings.Cut(name, "=")
		if verb == "test" {
			name = strings.TrimPrefix(name, "test.")
		}
		take := func() error {
			if hasValue {
				return nil
			}
			if len(args) < 2 {
				return fmt.Errorf("flag needs an argument: -%s", name)
			}
			value, args = args[1], args[1:]
			return nil
		}
		switch name {
		case "h", "help":
			return nil, errHelp
		case "args":
			if verb == "test" {
				in.rest, args = args, nil
				continue
			}
		case "all":
			if hasValue && value != "true" && value != "false" {
				return nil, fmt.Errorf("-all=%s: it is true or false", value)
			}
			in.all = value != "false"
			args = args[1:]
			continue
		case "net":
			if err := take(); err != nil {
				return nil, err
			}
			n, err := size(value)
			if err != nil {
				return nil, fmt.Errorf("-net %s: %v", value, err)
			}
			in.net = n
			args = args[1:]
			continue
		case "debug":
			if err := take(); err != nil {
				return nil, err
			}
			in.debug = value
			args = args[1:]
			continue
		case "report":
			in.report = "text"
			if hasValue {
				in.report = value
			}
			if in.report != "text" && in.report != "json" {
				return nil, fmt.Errorf("-report=%s: it is text or json", value)
			}
			args = args[1:]
			continue
		case "C":
			if err := take(); err != nil {
				return nil, err
			}
			in.dir = value
			args = args[1:]
			continue
		}
		whole := []string{arg}
		if slices.Contains(valued, name) && !hasValue {
			if err := take(); err != nil {
				return nil, err
			}
			whole = append(whole, value)
		} else if !slices.Contains(boolean, name) && !slices.Contains(valued, name) && verb != "test" && verb != "vet" {
			return nil, fmt.Errorf("flag provided but not defined: -%s", name)
		}
		in.flags = append(in.flags, whole...)
		args = args[1:]
	}
	switch {
	case verb == "run" && len(args) > 0:
		n := 1
		if strings.HasSuffix(args[0], ".go") {
			for n < len(args) && strings.HasSuffix(args[n], ".go") {
				n++
			}
		}
		in.patterns, in.rest = args[:n], args[n:]
	case verb == "test" || verb == "vet":
		in.rest = append(args, in.rest...)
	default:
		in.patterns = args
	}
	return in, nil
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
