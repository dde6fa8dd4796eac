// Package dir brings one directory on disk to hold exactly one rendered tree: OLD or NEW whatever
// kills it, and nothing touched that gitramp did not write.
//
// The default is the swap: the whole new directory is built in a hidden sibling
// (".gitramp-tmp-NAME-<random>"), the files that stay and everything foreign hard-linked into it,
// synced, and exchanged with the live one by one renameat2(RENAME_EXCHANGE). It is the default
// because it alone is atomic for several files. Its price: the directory is a new inode, so a shell
// standing in it (or an inotify watch on it) keeps the old one until it does `cd .`; mode and owner
// of the directory, and the inode and mtime of every file that did not change, are kept.
//
// File by file is the fallback where no swap is possible: another OS than Linux, a foreign
// subdirectory (directories cannot be hard-linked), a mount point, a parent that cannot be written,
// a directory with ACLs of its own, a file system without exchange or hard links. All files are
// written and synced in a hidden directory inside the live one first (a full disk changes nothing),
// then renamed one by one: new files, changed files, deletions, and gitramp.lock last. A kill between
// leaves each file old or new and the lock old; the rerun finishes, for a file that already equals
// the new tree is not drift.
//
// Writers and readers lock the parent directory (flock, ten seconds; on a file system or OS without
// flock there is no lock, and nothing is swept). Whoever holds it clears what a dead run left:
// hidden directories of exactly that name form with gitramp's marker in them, or empty. An entry that
// somebody put into the old directory in the instant of the swap is moved over, never deleted.
//
// It refuses: paths out of the base, through a symlink, into .git or another repository (Outside);
// files that are not as gitramp left them (Drift); and trees with anything but plain file names.
package dir

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/gitramp/gitramp/render"
)

// Owned says what a directory's lock claims gitramp wrote there: file name -> digest. nil: gitramp
// wrote nothing there. It has to list the lock itself too, with the digest of the bytes that were
// parsed: so a lock that changed in between is drift.
type Owned map[string]string

// Op is what happens to a file. The order is that of writing file by file.
type Op int

const (
	Create Op = iota
	Update
	Delete
)

func (o Op) String() string { return [...]string{"create", "update", "delete"}[o] }

// Change is one file that differs, or did.
type Change struct {
	Path string
	Op   Op
}

// Options of Write.
type Options struct {
	OverwriteDrift bool // write over, and delete, files that the lock lists and others changed; never files that gitramp did not write
}

// Drift is refused with exit code 5: files whose bytes are not what the lock says, or that exist
// though gitramp never wrote them.
type Drift struct {
	Dir   string
	Files []string // "name: reason", sorted

	foreign bool // one of them gitramp never wrote
}

func (d *Drift) Error() string {
	return fmt.Sprintf("%s: not as gitramp left it: %s", d.Dir, strings.Join(d.Files, "; "))
}

// Outside is refused with exit code 3: Component of Path is not where gitramp may read or write.
type Outside struct {
	Path, Component, Reason string
}

func (o *Outside) Error() string {
	if o.Component == o.Path {
		return fmt.Sprintf("%q %s", o.Path, o.Reason)
	}
	return fmt.Sprintf("%q: %q %s", o.Path, o.Component, o.Reason)
}

// Compare says what Write would create, change and remove, sorted by path. It reads only. Where there
// is drift it returns the changes and a *Drift.
func Compare(base, rel string, tree render.Tree, owned Owned) ([]Change, error) {
	if err := checkNames(rel, tree, owned); err != nil {
		return nil, err
	}
	p, err := open(base, rel, false, false)
	if err != nil {
		return nil, err
	}
	defer p.close()
	have, err := p.look(names(tree, owned))
	if err != nil {
		return nil, err
	}
	return p.compare(have, tree, owned)
}

// Write brings base/rel to hold the tree and returns what it changed. A directory that holds it
// already is not written. An empty tree is no directory, unless foreign entries are left in it.
func Write(base, rel string, tree render.Tree, owned Owned, o Options) ([]Change, error) {
	if err := checkNames(rel, tree, owned); err != nil {
		return nil, err
	}
	p, err := open(base, rel, true, len(tree) > 0)
	if err != nil {
		return nil, err
	}
	defer p.close()
	have, err := p.look(names(tree, owned))
	if err != nil {
		return nil, err
	}
	changes, err := p.compare(have, tree, owned)
	if drift, ok := errors.AsType[*Drift](err); err != nil && (!ok || !o.OverwriteDrift || drift.foreign) {
		return nil, err
	}
	if err := p.apply(tree, changes, have); err != nil {
		p.unmake()
		return nil, fmt.Errorf("write %s: %w", p.path, err)
	}
	return changes, nil
}

// Read returns the regular files directly in base/rel: nil where it does not exist.
func Read(base, rel string) (map[string][]byte, error) {
	p, err := open(base, rel, false, false)
	if err != nil {
		return nil, err
	}
	defer p.close()
	if p.dir == nil {
		return nil, nil
	}
	entries, err := fs.ReadDir(p.dir.FS(), ".")
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", p.path, err)
	}
	files := map[string][]byte{}
	for _, e := range entries {
		if !e.Type().IsRegular() {
			continue
		}
		if files[e.Name()], err = p.dir.ReadFile(e.Name()); err != nil {
			return nil, fmt.Errorf("read %s: %w", p.path, err)
		}
	}
	return files, nil
}

// Remove takes away the owned files of base/rel, and the directory itself where nothing else is left.
func Remove(base, rel string, owned Owned) ([]Change, error) {
	return Write(base, rel, nil, owned, Options{})
}

// look returns the digest of each file of the tree or the lock that exists. It asks the file system
// name by name, so that a name that differs only by case is met where the file system thinks so.
func (p *place) look(names []string) (map[string]string, error) {
	have := map[string]string{}
	if p.dir == nil {
		return have, nil
	}
	for _, name := range names {
		info, err := p.dir.Lstat(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		} else if err != nil {
			return nil, fmt.Errorf("read %s: %w", p.path, err)
		}
		if !info.Mode().IsRegular() {
			return nil, &Outside{p.path, name, "is " + kind(info) + ", not a regular file"}
		}
		data, err := p.dir.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", p.path, err)
		}
		have[name] = render.Digest(data)
	}
	return have, nil
}

// compare lists what differs, and as *Drift what of it is not gitramp's to change.
func (p *place) compare(have map[string]string, tree render.Tree, owned Owned) ([]Change, error) {
	var changes []Change
	var drift []string
	foreign := false
	for _, name := range names(tree, owned) {
		data, wanted := tree.Get(name)
		got, exists := have[name]
		listed, ours := owned[name]
		switch {
		case wanted && exists && got == render.Digest(data), !wanted && !exists:
			continue
		case !wanted:
			changes = append(changes, Change{name, Delete})
		case !exists:
			changes = append(changes, Change{name, Create})
		default:
			changes = append(changes, Change{name, Update})
		}
		switch {
		case !exists && ours && p.dir != nil:
			drift = append(drift, name+": deleted since gitramp wrote it")
		case exists && !ours:
			drift, foreign = append(drift, name+": no "+render.LockFile+" says that gitramp wrote it"), true
		case exists && got != listed:
			drift = append(drift, name+": changed since gitramp wrote it")
		}
	}
	if drift != nil {
		return changes, &Drift{p.path, drift, foreign}
	}
	return changes, nil
}

// names returns the names of both, sorted, each once.
func names(tree render.Tree, owned Owned) []string {
	var all []string
	for _, f := range tree {
		all = append(all, f.Path)
	}
	for name := range owned {
		all = append(all, name)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// inOrder sorts the changes as they may be made one by one: the lock last.
func inOrder(changes []Change) []Change {
	rank := func(c Change) int {
		if c.Path == render.LockFile {
			return int(Delete) + 1
		}
		return int(c.Op)
	}
	return slices.SortedStableFunc(slices.Values(changes), func(a, b Change) int { return rank(a) - rank(b) })
}
