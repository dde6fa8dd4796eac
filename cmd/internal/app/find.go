package app

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/gitramp/gitramp/render"
)

// specName is how a spec file is called, so that it can be found in a directory.
var specName = regexp.MustCompile(`^canary(?:\.[\w-]+)?\.ya?ml$`)

// IsSpecName says whether a file is called as specs are.
func IsSpecName(name string) bool { return specName.MatchString(name) }

// Usage is an invocation that cannot be carried out: exit code 2.
type Usage struct{ Text string }

func (e Usage) Error() string { return e.Text }

// Find lists the spec files that the arguments name: files as they are, directories searched for canary.yaml and canary.NAME.yaml, without hidden ones and without
// other repositories inside of theirs.
// No argument means the current directory.
func Find(args []string) ([]string, error) {
	if len(args) == 0 {
		args = []string{"."}
	}
	var files []string
	seen := map[string]bool{}
	add := func(path string) {
		if path = filepath.Clean(path); !seen[path] {
			seen[path] = true
			files = append(files, path)
		}
	}
	for _, arg := range args {
		info, err := os.Stat(arg)
		switch {
		case errors.Is(err, fs.ErrNotExist) && isLink(arg):
			return nil, toNothing(arg)
		case errors.Is(err, fs.ErrNotExist):
			return nil, Usage{fmt.Sprintf("%s: no such file or directory: allowed a spec, or a directory with specs named canary.yaml or canary.NAME.yaml", arg)}
		case err != nil:
			return nil, err
		case !info.IsDir():
			add(arg)
			continue
		}
		before := len(files)
		if err := walk(arg, add); err != nil {
			return nil, err
		}
		if len(files) == before {
			return nil, Usage{fmt.Sprintf("%s: no spec here: a spec is a file named canary.yaml or canary.NAME.yaml", arg)}
		}
	}
	return files, nil
}

// toNothing is what is wrong with a symlink whose target is not there.
func toNothing(file string) error {
	return Usage{file + ": is a symlink to nothing: allowed a spec, or a directory with specs named canary.yaml or canary.NAME.yaml"}
}

func isLink(file string) bool {
	info, err := os.Lstat(file)
	return err == nil && info.Mode()&fs.ModeSymlink != 0
}

// walk searches a directory. Within a repository it leaves out what is another one: a submodule, a linked work tree.
func walk(dir string, add func(string)) error {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	return search(dir, RepositoryAround(abs) != "", true, add)
}

func search(dir string, within, top bool, add func(string)) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	if within && !top && slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return e.Name() == ".git" }) {
		return nil
	}
	for _, e := range entries {
		switch path := filepath.Join(dir, e.Name()); {
		case e.IsDir() && !strings.HasPrefix(e.Name(), "."):
			if err := search(path, within, false, add); err != nil {
				return err
			}
		case !e.IsDir() && specName.MatchString(e.Name()):
			add(path)
		}
	}
	return nil
}

// source is where a spec file lies.
type source struct {
	file   string // as the user named it
	root   string // the top of the repository around it, "" where there is none
	origin string // its path below root; its name where there is no root
}

// locate finds the repository around a spec file, without running git. A symlink that leaves the repository is refused: a spec is reviewed where it lies.
func (d *disk) locate(file string) (source, error) {
	s := source{file: file, origin: filepath.Base(file)}
	abs, err := d.abs(file)
	if err != nil {
		return s, err
	}
	dir, err := d.dir(filepath.Dir(abs))
	if err != nil {
		return s, err
	}
	real := filepath.Join(dir, filepath.Base(abs))
	if isLink(real) {
		real, err = filepath.EvalSymlinks(real)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return s, toNothing(file)
	}
	if err != nil {
		return s, err
	}
	if s.root = d.top(dir); s.root == "" {
		return s, nil
	}
	rel, err := filepath.Rel(s.root, real)
	if err != nil {
		return s, err
	}
	if rel == ".." || strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
		return s, render.SpecError{{File: file, Problem: "is a symlink that leaves the repository", Allowed: "a spec inside " + s.root}}
	}
	own, err := filepath.Rel(s.root, filepath.Join(dir, filepath.Base(abs)))
	s.origin = filepath.ToSlash(own)
	if !utf8.ValidString(s.origin) || strings.ContainsFunc(s.origin, unicode.IsControl) {
		return s, render.SpecError{{File: strconv.Quote(file), Problem: "has a path that a lock cannot hold", Allowed: "UTF-8 without control characters"}}
	}
	return s, err
}

// RepositoryAround is the top of the repository that holds a directory, "" where there is none.
func RepositoryAround(dir string) string {
	for {
		if _, err := os.Lstat(filepath.Join(dir, ".git")); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return ""
		}
		dir = parent
	}
}
