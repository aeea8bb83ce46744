package build

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// A shadow is a module cache in which some files have guards. The go command takes
// files beneath the module cache to be what the checksums say, and refuses an overlay
// there; so it is told that the module cache is somewhere else. There each module is
// a link to the user's, or a copy if a file of it has a guard. The downloads, with
// their checksums and locks, are the user's own. So go.mod, go.sum, versions, vendor
// directories and workspaces mean what they mean without guards.
//
// The compiler would write the other paths into the binary; Toolexec tells it to
// write the user's.
type shadow struct {
	real    string                       // the user's module cache
	modules map[string]map[string][]byte // texts that differ, by file, by the module's directory
}

// add gives the file, in the module of the directory, another text.
func (s *shadow) add(module, file string, text []byte) {
	if s.modules[module] == nil {
		s.modules[module] = map[string][]byte{}
	}
	s.modules[module][file] = text
}

// root returns the directory of the shadow beneath dir. What a directory has never
// changes, since the go command knows by its name what is in it: another set of texts
// is another directory.
func (s *shadow) root(dir string) string {
	h := sha256.New()
	fmt.Fprintln(h, s.real)
	for _, mod := range sorted(s.modules) {
		for _, name := range sorted(s.modules[mod]) {
			fmt.Fprintf(h, "%s %x\n", name, sha256.Sum256(s.modules[mod][name]))
		}
	}
	return filepath.Join(dir, "mod", hex.EncodeToString(h.Sum(nil))[:16])
}

func sorted[V any](m map[string]V) (keys []string) {
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// make makes the shadow in root, with links to the modules in dirs too. Two builds
// may do it at once.
func (s *shadow) make(root string, dirs []string) error {
	if err := os.MkdirAll(root, 0o777); err != nil {
		return err
	}
	if err := link(filepath.Join(s.real, "cache"), filepath.Join(root, "cache")); err != nil {
		return err
	}
	for _, dir := range dirs {
		rel, err := filepath.Rel(s.real, dir)
		if err != nil {
			return err
		}
		to := filepath.Join(root, rel)
		if err := os.MkdirAll(filepath.Dir(to), 0o777); err != nil {
			return err
		}
		if texts := s.modules[dir]; texts == nil {
			err = link(dir, to)
		} else {
			err = mirror(dir, to, texts)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// link makes a link to a directory, if it is not there.
func link(dir, to string) error {
	if err := os.Symlink(dir, to); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%w: vstack build needs symbolic links in its cache; set VSTACK_CACHE to where they can be made, or use a vendor directory", err)
	}
	return nil
}

// mirror copies the module in dir to the directory to, with other texts for some
// files. It appears there when it is whole. The files are links to the same data where
// that is possible.
func mirror(dir, to string, texts map[string][]byte) error {
	if _, err := os.Stat(to); err == nil {
		return nil
	}
	tmp, err := os.MkdirTemp(filepath.Dir(to), ".new-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	err = filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, name)
		if err != nil {
			return err
		}
		into := filepath.Join(tmp, rel)
		switch {
		case d.IsDir():
			return os.MkdirAll(into, 0o777)
		case texts[name] != nil:
			return writeWhole(into, texts[name])
		case d.Type().IsRegular():
			if os.Link(name, into) == nil {
				return nil
			}
			return copyFile(name, into)
		}
		return nil // a module's zip has nothing else
	})
	if err != nil {
		return err
	}
	if err := os.Chmod(tmp, 0o755); err != nil {
		return err
	}
	if err := os.Rename(tmp, to); err != nil {
		if _, there := os.Stat(to); there == nil {
			return nil // another build was faster
		}
		return err
	}
	return nil
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	if closeErr := out.Close(); err == nil {
		err = closeErr
	}
	return err
}
