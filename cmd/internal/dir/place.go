package dir

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/gitramp/gitramp/render"
)

// lockWait is how long one gitramp waits for another.
var lockWait = 10 * time.Second

// step is called where a kill would be most awkward; only tests set it.
var step = func(string) {}

// place is where one output directory is: its parent, open and locked, and the directory.
type place struct {
	path   string   // base/rel, for messages
	name   string   // the last component of rel
	base   *os.Root // the base
	parent *os.Root // nil: does not exist
	dir    *os.Root // nil: does not exist
	lock   *os.File // nil: this file system knows no flock
	made   []string // directories made on the way, below base
}

// open walks from base to rel, refusing what is not plainly below, locks the parent and opens the
// directory. A writer also clears what dead runs left; create makes missing parents.
func open(base, rel string, writer, create bool) (*place, error) {
	if err := checkRel(rel); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(base)
	if err != nil {
		return nil, err
	}
	p := &place{path: filepath.Join(base, filepath.FromSlash(rel)), name: path.Base(rel), base: root}
	if err := p.enter(rel, writer, create); err != nil {
		p.unmake()
		p.close()
		if _, outside := errors.AsType[*Outside](err); outside {
			return nil, err
		}
		return nil, fmt.Errorf("open %s: %w", p.path, err)
	}
	return p, nil
}

func (p *place) enter(rel string, writer, create bool) (err error) {
	if p.parent, err = p.walk(path.Dir(rel), create); p.parent == nil || err != nil {
		return err
	}
	if p.lock, err = flock(p.parent, writer); err != nil {
		return fmt.Errorf("lock %s: %w", filepath.Dir(p.path), err)
	}
	alone := writer && p.lock != nil
	if alone {
		if err := p.sweep(p.parent); err != nil {
			return err
		}
	}
	if p.dir, err = sub(p.parent, rel, p.name); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil && alone {
		return p.sweep(p.dir)
	}
	return err
}

// walk opens the parent one component at a time; nil where it does not exist.
func (p *place) walk(parent string, create bool) (*os.Root, error) {
	at, err := p.base.OpenRoot(".")
	if err != nil || parent == "." {
		return at, err
	}
	components := strings.Split(parent, "/")
	for i, c := range components {
		next, err := sub(at, parent, c)
		if errors.Is(err, fs.ErrNotExist) && create {
			if err = at.Mkdir(c, 0o755); err == nil {
				p.made = append(p.made, path.Join(components[:i+1]...))
				step("parent made")
				err = syncDir(at)
			}
			if err == nil || errors.Is(err, fs.ErrExist) {
				next, err = sub(at, parent, c)
			}
		}
		at.Close()
		if errors.Is(err, fs.ErrNotExist) && !create {
			return nil, nil
		} else if err != nil {
			return nil, err
		}
		at = next
	}
	return at, nil
}

// sub opens a directory directly in root, refusing symlinks and repositories. Root.OpenRoot follows
// a symlink that stays inside; that it opened what Lstat saw is checked.
func sub(root *os.Root, rel, name string) (*os.Root, error) {
	info, err := root.Lstat(name)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return nil, &Outside{rel, name, "is " + kind(info) + ", not a directory"}
	}
	step("saw " + name)
	dir, err := root.OpenRoot(name)
	if err != nil {
		return nil, err
	}
	opened, err := dir.Stat(".")
	if err == nil && !os.SameFile(info, opened) {
		err = &Outside{rel, name, "was replaced while it was opened"}
	}
	if err == nil {
		if _, e := dir.Lstat(".git"); e == nil {
			err = &Outside{rel, name, "is a git repository of its own (a submodule?)"}
		} else if !errors.Is(e, fs.ErrNotExist) {
			err = e
		}
	}
	if err != nil {
		dir.Close()
		return nil, err
	}
	return dir, nil
}

// close unlocks. The directory itself may have been swapped away by now.
func (p *place) close() {
	for _, r := range []*os.Root{p.dir, p.parent, p.base} {
		if r != nil {
			r.Close()
		}
	}
	if p.lock != nil {
		p.lock.Close()
	}
}

// unmake takes away the parents made for nothing, while they are empty.
func (p *place) unmake() {
	for _, made := range slices.Backward(p.made) {
		_ = p.base.Remove(made)
	}
}

// checkRel refuses what does not lead from the base to a directory strictly below it.
func checkRel(rel string) error {
	if rel == "" || rel == "." || path.IsAbs(rel) || filepath.IsAbs(rel) {
		return &Outside{rel, rel, "is not a path below the base directory"}
	}
	for _, c := range strings.Split(rel, "/") {
		if reason := badName(c); reason != "" {
			return &Outside{rel, c, reason}
		}
	}
	return nil
}

// checkNames refuses file names that are not plain, whether rendered or read from a lock.
func checkNames(rel string, tree render.Tree, owned Owned) error {
	seen := map[string]string{}
	for _, f := range tree {
		folded := strings.ToLower(f.Path)
		if other, ok := seen[folded]; ok {
			return &Outside{rel, f.Path, "is the same file as " + other + " where case does not count"}
		}
		seen[folded] = f.Path
	}
	for _, name := range names(tree, owned) {
		if reason := badName(name); reason != "" {
			return &Outside{rel, name, reason}
		}
	}
	return nil
}

// badName says why a path component is refused. Windows and macOS know more spellings of ".git".
func badName(c string) string {
	git := strings.TrimRight(c, ". ")
	switch {
	case c == "" || c == "." || c == "..":
		return "is not a plain name"
	case strings.ContainsAny(c, "/\\\x00") || runtime.GOOS == "windows" && !filepath.IsLocal(c):
		return "is not a plain name"
	case strings.EqualFold(git, ".git") || strings.EqualFold(git, "git~1"):
		return "is git's own"
	case strings.HasPrefix(c, tempPrefix):
		return "is a name of gitramp's temporary directories"
	}
	return ""
}

// kind names what is not wanted.
func kind(info fs.FileInfo) string {
	switch mode := info.Mode(); {
	case mode.IsRegular():
		return "a file"
	case mode.IsDir():
		return "a directory"
	case mode&fs.ModeSymlink != 0:
		return "a symlink"
	case mode&fs.ModeNamedPipe != 0:
		return "a named pipe"
	case mode&fs.ModeSocket != 0:
		return "a socket"
	}
	return "a device"
}

// syncDir makes the entries of a directory durable, where the system can.
func syncDir(root *os.Root) error {
	f, err := root.Open(".")
	if err != nil || runtime.GOOS == "windows" {
		return err
	}
	defer f.Close()
	if err := f.Sync(); !errors.Is(err, errors.ErrUnsupported) && !errors.Is(err, syscall.EINVAL) {
		return err
	}
	return nil
}
