// Package newfile writes a file whole or not at all, and refuses to take the place of one that is there.
package newfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// Write writes a new file. Where there is one (or anything else of the name) the error is fs.ErrExist, unless overwrite is set; a symbolic link is replaced,
// not followed.
func Write(path string, data []byte, overwrite bool) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, ignoreGone(os.Remove(f.Name()))) }()
	if _, err := f.Write(data); err != nil {
		return errors.Join(err, f.Close())
	}
	if err := errors.Join(f.Chmod(0o644), f.Sync(), f.Close()); err != nil {
		return err
	}
	if overwrite {
		return os.Rename(f.Name(), path)
	}
	return os.Link(f.Name(), path) // unlike rename, not over another
}

func ignoreGone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
