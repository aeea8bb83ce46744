package build

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/build/rewrite"
)

// A toolbox is what Toolexec has to know, in a file of the build's directory.
type toolbox struct {
	Shadow, Real string // module caches
	// Files are those that have guards, by the name of the user's file.
	Files map[string]toolFile
}

// A toolFile is a file with guards.
type toolFile struct {
	Text    string // the file that has the text without guards
	Guarded string // the file that has it with them
	Funcs   []rewrite.Func
	Imports []string
	Serve   string
	Address string
}

const toolboxName = "tools.json"

// Toolexec is what the go command runs in place of its tools when there is a shadow,
// or when coverage is measured. The arguments are the build's directory and the
// tool's command line, which may begin with the user's own -toolexec.
//
// Compile and asm are told to write the user's paths for those of the shadow. Cover
// gets the files without guards, so that it counts what the user wrote, and what it
// has made of them gets the guards.
func Toolexec(args []string, stdout, stderr io.Writer) error {
	if len(args) < 2 {
		return fmt.Errorf("toolexec is for vstack build's own use")
	}
	text, err := os.ReadFile(filepath.Join(args[0], toolboxName))
	if err != nil {
		return err
	}
	var box toolbox
	if err := json.Unmarshal(text, &box); err != nil {
		return err
	}
	tool := slices.Clone(args[1:])
	after := func() error { return nil }
	if i := slices.IndexFunc(tool, func(arg string) bool { return toolName(arg) == "cover" }); i >= 0 {
		after = box.cover(tool[i+1:])
	}
	if i := slices.Index(tool, "-trimpath"); i > 0 && i+1 < len(tool) && box.Shadow != "" {
		// The first rule that fits counts.
		tool[i+1] = strings.TrimSuffix(tool[i+1], ";") + ";" + box.Shadow + "=>" + box.Real
	}
	cmd := exec.Command(tool[0], tool[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, stdout, stderr
	if err := cmd.Run(); err != nil {
		return err
	}
	return after()
}

func toolName(arg string) string { return strings.TrimSuffix(filepath.Base(arg), ".exe") }

// cover changes the arguments of the cover tool, and returns what to do when it has
// run.
func (box *toolbox) cover(args []string) (after func() error) {
	var outs string // the file that lists the outputs
	var files []toolFile
	inputs := 0
	for i := 0; i < len(args); i++ {
		if strings.HasPrefix(args[i], "-") {
			if args[i] == "-outfilelist" && i+1 < len(args) {
				outs = args[i+1]
			}
			if !strings.Contains(args[i], "=") {
				i++ // the go command writes the value as an argument of its own
			}
			continue
		}
		f := box.file(args[i])
		if f.Text != "" {
			args[i] = f.Text
		}
		files = append(files, f)
		inputs++
	}
	return func() error {
		if inputs == 0 || outs == "" {
			return nil
		}
		text, err := os.ReadFile(outs)
		if err != nil {
			return err
		}
		names := strings.Split(strings.TrimSpace(string(text)), "\n")
		// The first one has the counters.
		if len(names) != inputs+1 {
			return fmt.Errorf("the cover tool writes %d files for %d: coverage of this Go version is not known here; leave -cover out", len(names), inputs)
		}
		for i, f := range files {
			if f.Text == "" {
				continue
			}
			if err := f.guard(names[i+1]); err != nil {
				return err
			}
		}
		return nil
	}
}

// file returns what is known of a file that the go command names, which it does in
// one of three ways.
func (box *toolbox) file(name string) toolFile {
	if rest, ok := strings.CutPrefix(name, box.Shadow+string(filepath.Separator)); ok && box.Shadow != "" {
		name = filepath.Join(box.Real, rest)
	}
	if f, ok := box.Files[name]; ok {
		return f
	}
	for _, f := range box.Files {
		if f.Guarded == name {
			return f
		}
	}
	return toolFile{}
}

// guard puts the guards into what a tool has made of the file.
func (f toolFile) guard(derived string) error {
	text, err := os.ReadFile(f.Text)
	if err != nil {
		return err
	}
	made, err := os.ReadFile(derived)
	if err != nil {
		return err
	}
	out, _, err := rewrite.Rewrite(rewrite.File{Name: derived, Text: text, Derived: made, Funcs: f.Funcs,
		Imports: f.Imports, Serve: f.Serve, Address: f.Address})
	if err != nil {
		return err
	}
	return os.WriteFile(derived, out, 0o666)
}
