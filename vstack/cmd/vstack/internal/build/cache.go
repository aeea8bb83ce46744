package build

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// CacheDir is where builds keep what they have made: it is beneath the user's cache
// directory, and can be removed at any time.
func CacheDir() (string, error) {
	if dir := os.Getenv("VSTACK_CACHE"); dir != "" {
		return filepath.Abs(dir)
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, "vstack"), nil
}

// Clean empties the cache.
func Clean() error {
	dir, err := CacheDir()
	if err != nil {
		return err
	}
	for _, sub := range []string{"file", "build", "mod", "source"} {
		if err := os.RemoveAll(filepath.Join(dir, sub)); err != nil {
			return err
		}
	}
	return nil
}

// old is the time that a file of the cache bears. The go command does not trust what
// it knows of a directory if a file there is younger than two seconds; Go 1.25 then
// does not find packages that an overlay adds to the standard library. It takes a
// file with the same time and size to be the same, so the time depends on the text.
func old(sum [sha256.Size]byte) time.Time {
	return time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(binary.LittleEndian.Uint64(sum[:]) >> 12))
}

// store puts a text into the cache, under a name made of its hash and base, and
// returns the path. Two builds may do it at once: a file appears whole.
func (c cacheDir) store(base string, text []byte) (string, error) {
	sum := sha256.Sum256(text)
	dir := filepath.Join(string(c), "file", hex.EncodeToString(sum[:16]))
	name := filepath.Join(dir, base)
	if _, err := os.Stat(name); err == nil {
		return name, nil
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return "", err
	}
	return name, writeWhole(name, text)
}

type cacheDir string

// writeWhole writes a file that nobody sees half.
func writeWhole(name string, text []byte) error {
	f, err := os.CreateTemp(filepath.Dir(name), ".new-*")
	if err != nil {
		return err
	}
	at := old(sha256.Sum256(text))
	_, err = f.Write(text)
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Chmod(f.Name(), 0o666&^umask)
	}
	if err == nil {
		err = os.Chtimes(f.Name(), at, at)
	}
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}

const umask = 0o022

// read returns a file of the cache; nil if it is not there.
func (c cacheDir) read(elem ...string) ([]byte, error) {
	text, err := os.ReadFile(filepath.Join(append([]string{string(c)}, elem...)...))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return text, err
}
