package dir

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/gitramp/gitramp/render"
)

// A temporary directory is tempPrefix + NAME + "-" + 16 hexadecimal digits. In it: the marker, that
// shows it is gitramp's; "new", the directory that is built; and, once that is complete, the passport
// that says which entries may be deleted from "new" after the swap, when it is the old directory.
const (
	tempPrefix = ".gitramp-tmp-"
	marker     = "gitramp"
	passport   = "disposable"
	building   = "new"
)

// stage is a temporary directory in home.
type stage struct {
	home, root, tree *os.Root
	name             string
}

// begin makes a stage; where it returns one along with an error, that has to be ended too.
func begin(home *os.Root, name string) (*stage, error) {
	var random [8]byte
	rand.Read(random[:])
	s := &stage{home: home, name: tempPrefix + name + "-" + hex.EncodeToString(random[:])}
	err := home.Mkdir(s.name, 0o755)
	if err != nil {
		return nil, err
	}
	step("stage")
	if s.root, err = home.OpenRoot(s.name); err == nil {
		err = write(s.root, marker, nil)
	}
	if err == nil {
		err = s.root.Mkdir(building, 0o755)
	}
	if err == nil {
		s.tree, err = s.root.OpenRoot(building)
	}
	return s, err
}

// fill writes those of the changed files that are to be.
func (s *stage) fill(tree render.Tree, changes []Change) error {
	for _, c := range changes {
		if data, ok := tree.Get(c.Path); ok {
			if err := write(s.tree, c.Path, data); err != nil {
				return err
			}
		}
	}
	return syncDir(s.tree)
}

// write makes a new file, durable but for its name.
func write(root *os.Root, name string, data []byte) error {
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err == nil {
		step("opened " + name)
		_, err = f.Write(data)
		err = errors.Join(err, f.Sync(), f.Close())
		step("wrote " + name)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", name, cause(err))
	}
	return nil
}

// sign writes the passport.
func (s *stage) sign(known disposable) error {
	data, err := json.Marshal(known)
	if err != nil {
		return err
	}
	if err := write(s.root, passport, data); err != nil {
		return err
	}
	return syncDir(s.root)
}

// disposable lists, per entry of the new and of the old directory, by which digest or inode it is
// known: one that gitramp wrote, or one that the other directory has too.
// Names are quoted: JSON would garble one that is not UTF-8.
type disposable map[string][]string

func (d disposable) add(name string, by ...string) { d[strconv.Quote(name)] = by }

// end closes and clears a stage. What cannot be cleared after another error, the next run sweeps.
func (p *place) end(s *stage, err error) error {
	for _, r := range []*os.Root{s.tree, s.root} {
		if r != nil {
			r.Close()
		}
	}
	if cleared := p.clear(s.home, s.name); err == nil {
		return cleared
	}
	return err
}

// clear deletes a stage, the marker last. What is not disposable in it goes back first.
func (p *place) clear(home *os.Root, name string) error {
	root, err := home.OpenRoot(name)
	if err != nil {
		return err
	}
	defer root.Close()
	if err := p.rescue(root, name); err != nil {
		return err
	}
	step("rescued")
	for _, entry := range []string{building, passport, marker} {
		if err := root.RemoveAll(entry); err != nil {
			return err
		}
		step("cleared " + entry)
	}
	return home.Remove(name)
}

// rescue puts back what is foreign in a stage that has been, or may have been, swapped.
func (p *place) rescue(root *os.Root, stage string) error {
	data, err := root.ReadFile(passport)
	known := disposable{}
	if errors.Is(err, fs.ErrNotExist) || err == nil && json.Unmarshal(data, &known) != nil {
		return nil // killed before the passport was complete: never swapped
	} else if err != nil {
		return err
	}
	old, err := root.OpenRoot(building)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	defer old.Close()
	entries, err := fs.ReadDir(old.FS(), ".")
	if err != nil {
		return err
	}
	for _, e := range entries {
		if ok, err := known.has(old, e.Name()); err != nil {
			return err
		} else if !ok {
			if err := p.putBack(stage+"/"+building+"/"+e.Name(), e.Name(), known); err != nil {
				return err
			}
		}
	}
	return nil
}

// has says whether the entry is what was written down.
func (d disposable) has(root *os.Root, name string) (bool, error) {
	info, err := root.Lstat(name)
	if err != nil {
		return false, err
	}
	by := d[strconv.Quote(name)]
	if slices.Contains(by, ident(info)) || !info.Mode().IsRegular() {
		return slices.Contains(by, ident(info)), nil
	}
	data, err := root.ReadFile(name)
	return slices.Contains(by, render.Digest(data)), err
}

// putBack moves one entry into the live directory, as if it had been put there right after the swap.
func (p *place) putBack(from, name string, known disposable) error {
	if err := p.parent.Mkdir(p.name, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	live, err := p.parent.OpenRoot(p.name)
	if err != nil {
		return err
	}
	defer live.Close()
	spare, err := known.has(live, name)
	if spare || errors.Is(err, fs.ErrNotExist) {
		return p.parent.Rename(from, p.name+"/"+name)
	}
	return fmt.Errorf("%s was changed by another program in the instant it was replaced: compare it with %s, and delete that", name, from)
}

// sweep clears the stages of dead runs in home: who holds the lock is the only one alive.
func (p *place) sweep(home *os.Root) error {
	entries, err := fs.ReadDir(home.FS(), ".")
	if err != nil {
		return err
	}
	for _, e := range entries {
		random, ok := strings.CutPrefix(e.Name(), tempPrefix+p.name+"-")
		if _, err := hex.DecodeString(random); !ok || !e.IsDir() || len(random) != 16 || err != nil {
			continue
		}
		if info, err := home.Lstat(e.Name() + "/" + marker); err != nil || !info.Mode().IsRegular() {
			_ = home.Remove(e.Name()) // succeeds if empty: killed before the marker
		} else if err := p.clear(home, e.Name()); err != nil {
			return fmt.Errorf("clear what a killed run left: %w", err)
		}
	}
	return nil
}
