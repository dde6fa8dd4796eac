package dir

import (
	"errors"
	"io/fs"
	"slices"
	"syscall"

	"github.com/gitramp/gitramp/render"
)

// apply makes the changes in the best way that this directory allows.
func (p *place) apply(tree render.Tree, changes []Change, have map[string]string) error {
	switch {
	case len(changes) == 0 && len(tree) == 0:
		return p.removeEmpty()
	case len(changes) == 0:
		return nil
	case p.dir == nil:
		return p.create(tree, changes)
	}
	if done, err := p.swap(tree, changes, have); done || !cannotSwap(err) {
		return err
	}
	return p.oneByOne(tree, changes, have)
}

// create renames a complete directory to where there is none.
func (p *place) create(tree render.Tree, changes []Change) error {
	s, err := begin(p.parent, p.name)
	if s == nil {
		return err
	}
	if err == nil {
		err = s.fill(tree, changes)
	}
	if err == nil {
		s.tree.Close()
		err = p.parent.Rename(s.name+"/"+building, p.name)
	}
	if err == nil {
		step("swapped")
		err = syncDir(p.parent)
	}
	return p.end(s, err)
}

// swap exchanges the directory with a complete new one, or, where nothing is to be left, moves it
// away. It is done from the moment of the exchange on, though clearing the old one may fail.
func (p *place) swap(tree render.Tree, changes []Change, have map[string]string) (done bool, err error) {
	if err := writable(p.dir); err != nil {
		return false, err
	}
	s, err := begin(p.parent, p.name)
	if s == nil {
		return false, err
	}
	known := disposable{}
	if err == nil {
		err = p.carry(s, changes, known)
	}
	empty := len(known) == 0 && len(tree) == 0
	if err == nil {
		err = s.fill(tree, changes)
	}
	if err == nil {
		for _, c := range changes {
			data, _ := tree.Get(c.Path)
			known.add(c.Path, have[c.Path], render.Digest(data))
		}
		err = s.sign(known)
	}
	if err == nil {
		step("signed")
		done, err = p.exchange(s, empty)
	}
	return done, p.end(s, err)
}

// carry links everything that stays into the new directory.
func (p *place) carry(s *stage, changes []Change, known disposable) error {
	entries, err := fs.ReadDir(p.dir.FS(), ".")
	if err != nil {
		return err
	}
	for _, e := range entries {
		if slices.ContainsFunc(changes, func(c Change) bool { return c.Path == e.Name() }) {
			continue
		}
		if e.IsDir() {
			return errors.ErrUnsupported
		}
		if err := p.parent.Link(p.name+"/"+e.Name(), s.name+"/"+building+"/"+e.Name()); err != nil {
			return err
		}
		info, err := s.tree.Lstat(e.Name())
		if err != nil {
			return err
		}
		known.add(e.Name(), ident(info))
	}
	step("carried")
	return nil
}

// exchange is the one moment at which OLD becomes NEW.
func (p *place) exchange(s *stage, empty bool) (done bool, err error) {
	fresh := s.name + "/" + building
	if empty {
		if err = s.root.Remove(building); err == nil {
			err = p.parent.Rename(p.name, fresh)
		}
	} else if err = likeness(p.dir, s.tree); err == nil {
		err = exchange(p.parent, fresh, p.name)
	}
	if err != nil {
		return false, err
	}
	step("swapped")
	return true, errors.Join(syncDir(s.root), syncDir(p.parent))
}

// oneByOne renames complete files into the directory, the lock last.
func (p *place) oneByOne(tree render.Tree, changes []Change, have map[string]string) error {
	s, err := begin(p.dir, p.name)
	if s == nil {
		return err
	}
	if err == nil {
		err = s.fill(tree, changes)
	}
	if err == nil {
		err = p.unchanged(changes, have)
	}
	for _, c := range inOrder(changes) {
		if err == nil && c.Path == render.LockFile {
			err = syncDir(p.dir)
		}
		if err == nil && c.Op == Delete {
			err = p.dir.Remove(c.Path)
		} else if err == nil {
			err = p.dir.Rename(s.name+"/"+building+"/"+c.Path, c.Path)
		}
		step(c.Op.String() + "d " + c.Path)
	}
	if err == nil {
		err = syncDir(p.dir)
	}
	return p.end(s, err)
}

// unchanged looks again, right before the first rename, at the files that will be replaced.
func (p *place) unchanged(changes []Change, have map[string]string) error {
	var names []string
	for _, c := range changes {
		names = append(names, c.Path)
	}
	now, err := p.look(names)
	if err != nil {
		return err
	}
	for _, name := range names {
		if now[name] != have[name] {
			return &Drift{Dir: p.path, Files: []string{name + ": changed while gitramp was about to write it"}}
		}
	}
	return nil
}

// removeEmpty takes the directory away where nothing is in it and the system lets it go.
func (p *place) removeEmpty() error {
	if p.dir == nil {
		return nil
	}
	entries, err := fs.ReadDir(p.dir.FS(), ".")
	if err != nil || len(entries) > 0 {
		return err
	}
	if err = p.parent.Remove(p.name); cannotSwap(err) {
		return nil
	}
	return err
}

// cannotSwap tells an error of this kind of place from one that file by file would meet as well.
func cannotSwap(err error) bool {
	return slices.ContainsFunc([]error{errors.ErrUnsupported, fs.ErrPermission, syscall.EINVAL, syscall.EBUSY, syscall.EXDEV, syscall.EMLINK},
		func(e error) bool { return errors.Is(err, e) })
}

// cause strips the operation and the (temporary) path.
func cause(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	return err
}
