package git

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"
)

// checkout is the work tree that has the branch checked out.
type checkout struct{ top, gitDir string }

// checkout locks the index of a work tree and makes sure that nothing of the user's lies in our way.
func (r *Repo) checkout(ctx context.Context, top string, roots, files []string) (*checkout, error) {
	if !utf8.ValidString(top) {
		return nil, &Usage{Text: "the work tree's path is not UTF-8: " + quote(top)} // the journal could not name it
	}
	c := &checkout{top: top, gitDir: r.gitDir}
	if top != r.dir {
		out, err := r.run(ctx, call{dir: top, args: []string{"rev-parse", "--absolute-git-dir"}})
		if err != nil {
			return nil, err
		}
		c.gitDir = strings.TrimSuffix(out, "\n")
	}
	there := len(files) > 0
	dirs := slices.Clone(roots)
	for _, file := range files {
		if dir := path.Dir(file); dir != "." {
			dirs = append(dirs, dir)
		}
	}
	for _, root := range dirs {
		found, err := c.plainDirs(root)
		if err != nil {
			return nil, err
		}
		there = there || found
	}
	if err := r.lockIndex(ctx, c.gitDir); err != nil {
		return nil, err
	}
	if !there && unknownToIndex(filepath.Join(c.gitDir, "index"), roots) {
		return c, nil
	}
	return c, r.clean(ctx, top, append(roots, files...))
}

// unknownToIndex says that an index certainly has no entry below the roots, which saves asking git: it is not there, or it is of the plain form in which
// every entry has its whole path, and none of these is in it. An index that is compressed (version 4), split or sparse is left to git.
func unknownToIndex(index string, roots []string) bool {
	data, err := os.ReadFile(index)
	if errors.Is(err, fs.ErrNotExist) {
		return true
	}
	const header = "DIRC\x00\x00\x00"
	if err != nil || len(roots) > 16 || len(data) < 12 || string(data[:7]) != header || data[7] != 2 && data[7] != 3 ||
		bytes.Contains(data, []byte("link")) || bytes.Contains(data, []byte("sdir")) {
		return false
	}
	return !slices.ContainsFunc(roots, func(root string) bool { return root == "." || bytes.Contains(data, []byte(root)) })
}

// plainDirs walks down to a root in the work tree: what is there must be directories, and no other repository's.
func (c *checkout) plainDirs(root string) (there bool, err error) {
	at := c.top
	for part := range strings.SplitSeq(root, "/") {
		at = filepath.Join(at, part)
		fi, err := os.Lstat(at)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return false, nil
		case err != nil:
			return false, err
		case fi.Mode()&fs.ModeSymlink != 0:
			return false, &Outside{Text: at + " is a symlink: gitramp does not write through one"}
		case !fi.IsDir():
			return false, &Conflict{Text: at + " is in the way: a directory belongs there"}
		}
		if _, err := os.Lstat(filepath.Join(at, ".git")); err == nil && at != c.top {
			return false, &Outside{Text: at + " is a repository of its own: run gitramp there"}
		}
	}
	return true, nil
}

// clean refuses roots with uncommitted changes, staged or not.
func (r *Repo) clean(ctx context.Context, top string, roots []string) error {
	dirty, err := r.dirty(ctx, top, roots)
	if err == nil && len(dirty) > 0 {
		err = &Conflict{Text: "uncommitted changes, commit or restore them first", Files: dirty}
	}
	return err
}

// dirty lists the files below some paths that are other in the index or in the work tree than at its HEAD.
func (r *Repo) dirty(ctx context.Context, top string, roots []string) (names []string, err error) {
	args := append([]string{"status", "--porcelain", "-z", "--no-renames", "--untracked-files=no", "--"}, roots...)
	out, err := r.run(ctx, call{dir: top, args: args})
	if err != nil {
		return nil, err
	}
	for line := range strings.SplitSeq(out, "\x00") {
		if len(line) > 3 {
			names = append(names, line[3:])
		}
	}
	return names, nil
}

// Uncommitted lists the files below some paths that are other in the work tree than at its HEAD.
func (r *Repo) Uncommitted(ctx context.Context, roots []string) ([]string, error) {
	if r.bare || len(roots) == 0 {
		return nil, nil
	}
	return r.dirty(ctx, r.dir, roots)
}

func list(names []string) string {
	const most = 10
	if len(names) > most {
		names = append(names[:most:most], "...")
	}
	return strings.Join(names, ", ")
}

// untracked is the first thing in the work tree, on the way to a file or at its place, that the tip does not know: bringing the file along would
// overwrite it. "" is none.
func (c *checkout) untracked(tip *Reader, name string) (string, error) {
	parts := strings.Split(name, "/")
	for i := range parts {
		at := strings.Join(parts[:i+1], "/")
		fi, err := os.Lstat(filepath.Join(c.top, at))
		if err != nil {
			return "", ignore(err, fs.ErrNotExist)
		}
		if last := i == len(parts)-1; fi.IsDir() && !last {
			continue
		}
		known, err := tip.lookup(at)
		if err != nil {
			return "", err
		}
		if known.id == "" || known.mode == modeTree {
			return at, nil
		}
		return "", nil
	}
	return "", nil
}

// copyIndex makes our private copy of a work tree's index. It keeps the time stamp: git tells by it which entries may have changed unseen.
func (r *Repo) copyIndex(gitDir string) error {
	from, to := filepath.Join(gitDir, "index"), r.state("index")
	data, err := os.ReadFile(from)
	if errors.Is(err, fs.ErrNotExist) {
		return ignore(os.Remove(to), fs.ErrNotExist)
	}
	if err != nil {
		return err
	}
	fi, err := os.Stat(from)
	if err != nil {
		return err
	}
	if err := os.WriteFile(to, data, fi.Mode().Perm()); err != nil {
		return err
	}
	step("private index")
	return os.Chtimes(to, fi.ModTime(), fi.ModTime())
}

// bring takes the roots of index and work tree along to the new tip, where some files are gone.
func (r *Repo) bring(ctx context.Context, j *journal, lock *os.File, gone []string) error {
	if err := r.restore(ctx, j, lock, j.Roots, gone, "--staged", "--worktree"); err != nil {
		return err
	}
	return r.putIndex(j)
}

// restore works on the private copy of the index. Hooks do not see it, filters do. That it cannot remove a file is no failure to git, so it is looked whether
// those that have to go are gone.
func (r *Repo) restore(ctx context.Context, j *journal, lock *os.File, paths, gone []string, what ...string) error {
	if len(paths) == 0 {
		return nil
	}
	args := []string{"restore", "--quiet", "--source=" + j.New, "--no-recurse-submodules", "--ignore-skip-worktree-bits", "--pathspec-from-file=-", "--pathspec-file-nul"}
	_, warned, err := r.hear(ctx, call{args: append(args, what...), dir: j.Top, env: []string{"GIT_INDEX_FILE=" + r.state("index")}, stdin: strings.Join(paths, "\x00"), lock: lock})
	step("restored")
	for _, name := range gone {
		if err == nil && warned != "" && isThere(filepath.Join(j.Top, filepath.FromSlash(name))) { // one that git did not try to remove is of the user
			err = fmt.Errorf("%s is still there, and should not be: %s", name, warned)
		}
	}
	return err
}

// isThere says that there is a file of that very name. A file system that ignores case finds it under others too.
func isThere(at string) bool {
	if fi, err := os.Lstat(at); err != nil || fi.IsDir() {
		return false
	}
	list, err := os.ReadDir(filepath.Dir(at))
	return err != nil || slices.ContainsFunc(list, func(d fs.DirEntry) bool { return d.Name() == filepath.Base(at) })
}

// putIndex puts the private copy in place. Where nothing was restored on an unborn branch there is none.
func (r *Repo) putIndex(j *journal) error {
	err := os.Rename(r.state("index"), filepath.Join(j.GitDir, "index"))
	step("index")
	return ignore(err, fs.ErrNotExist)
}
