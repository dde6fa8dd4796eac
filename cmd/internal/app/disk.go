package app

import (
	"io/fs"
	"os"
	"path/filepath"
)

// disk remembers where directories are: the specs of a fleet lie side by side, and to ask about every directory above each of them takes longer than to read them.
type disk struct {
	here string            // the current directory
	dirs map[string]string // what directories are once symlinks are followed
	tops map[string]string // the repository around a directory, "" for none
}

func (d *disk) abs(file string) (abs string, err error) {
	if filepath.IsAbs(file) {
		return filepath.Clean(file), nil
	}
	if d.here == "" {
		d.here, err = os.Getwd()
	}
	return filepath.Join(d.here, file), err
}

// dir is filepath.EvalSymlinks of an absolute directory.
func (d *disk) dir(name string) (string, error) {
	if known, ok := d.dirs[name]; ok {
		return known, nil
	}
	if filepath.Dir(name) == name {
		return name, nil
	}
	above, err := d.dir(filepath.Dir(name))
	if err != nil {
		return "", err
	}
	real := filepath.Join(above, filepath.Base(name))
	info, err := os.Lstat(real)
	if err == nil && info.Mode()&fs.ModeSymlink != 0 {
		real, err = filepath.EvalSymlinks(real)
	}
	if err == nil {
		d.dirs[name] = real
	}
	return real, err
}

// top is RepositoryAround.
func (d *disk) top(dir string) string {
	if known, ok := d.tops[dir]; ok {
		return known
	}
	top := dir
	if _, err := os.Lstat(filepath.Join(dir, ".git")); err != nil {
		if top = ""; filepath.Dir(dir) != dir {
			top = d.top(filepath.Dir(dir))
		}
	}
	d.tops[dir] = top
	return top
}
