package rollout

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/gitramp/gitramp/cmd/internal/app"
	"github.com/gitramp/gitramp/cmd/internal/git"
	"github.com/gitramp/gitramp/render"
)

// rollback is what is written so that a spec asks for an earlier revision again.
type rollback struct {
	files map[string][]byte // nil: gone
	to    string
}

// names are the files, sorted.
func (r rollback) names() []string { return slices.Sorted(maps.Keys(r.files)) }

// earlier is a revision that the app ran or tried, and a commit at which it did.
type earlier struct {
	render.RevisionRef
	commit string
}

// RollBack decides on the spec of an earlier revision: to names it, by its own name or by a commit at which prod ran it; "" is what prod ran before.
func (v *View) RollBack(ctx context.Context, it *Item, to string) (Decision, error) {
	l := it.State.Lock
	switch {
	case it.Err != nil:
		return Decision{}, it.Err
	case l == nil:
		return Decision{Refused: "nothing is installed here"}, nil
	case it.Gone || it.App == nil:
		return it.orphaned(), nil
	}
	e, err := v.earlier(ctx, it, to)
	if err != nil {
		return Decision{}, err
	}
	if e.Revision == it.App.Wanted {
		return Decision{}, nil
	}
	if it.back.files, err = v.askFor(ctx, it, e); err != nil {
		return Decision{}, err
	}
	if it.back.to = short(e.Images); slices.Equal(e.Images, it.App.Spec.Spec.Images) {
		it.back.to = "revision " + e.Revision
	}
	return Decision{Transition: render.Rollback}, nil
}

// short is images without their registries and folders.
func short(images render.Images) string {
	var list []string
	for _, i := range images {
		list = append(list, i.Image[strings.LastIndex(i.Image, "/")+1:])
	}
	return strings.Join(list, ", ")
}

// earlier finds a revision in the history of the app.
func (v *View) earlier(ctx context.Context, it *Item, to string) (earlier, error) {
	l := it.State.Lock
	if to == "" {
		ref := l.Previous
		if l.Aborted != "" && it.App.Wanted == l.Aborted { // what prod runs is what it ran before
			ref = &l.Stable
		}
		if l.Canary != nil && l.Phase != render.Promote && l.Phase != render.Restore {
			ref = &l.Stable
		}
		if ref == nil {
			return earlier{}, app.Conflict{Text: it.Name + ": nobody knows what prod ran before: name a revision or a commit with --to (gitramp history)"}
		}
		to = ref.Revision
	}
	commit, _ := v.repo.Resolve(ctx, to)
	var found *earlier
	var names []string
	err := v.repo.History(ctx, v.Tip, it.Dir+"/"+render.LockFile, func(e git.Entry) (bool, error) {
		for _, ch := range e.Changes {
			if ch.Path != it.Dir+"/"+render.LockFile || ch.New == "" {
				continue
			}
			data, err := v.repo.Blobs(ch.New)
			if err != nil {
				return false, err
			}
			past, err := render.ReadLock(ch.Path, data[0])
			if err != nil {
				continue // of another format, or edited
			}
			for _, ref := range []*render.RevisionRef{&past.Stable, past.Canary} {
				if ref != nil && (len(names) == 0 || names[len(names)-1] != ref.Revision) {
					names = append(names, ref.Revision)
				}
				if ref != nil && strings.HasPrefix(ref.Revision, to) && len(to) >= 6 {
					found = &earlier{*ref, e.Commit}
				}
			}
		}
		return true, nil
	})
	if err != nil || found != nil {
		return value(found), err
	}
	if commit != "" {
		return v.ranAt(ctx, it, commit)
	}
	return earlier{}, app.Usage{Text: fmt.Sprintf("--to: value %q is invalid: allowed a revision of %s (gitramp history), or a commit at which prod ran it", to, it.Name)}
}

func value(e *earlier) earlier {
	if e == nil {
		return earlier{}
	}
	return *e
}

// ranAt is what prod ran at a commit.
func (v *View) ranAt(ctx context.Context, it *Item, commit string) (earlier, error) {
	reader, err := v.repo.Reader(ctx, commit)
	if err != nil {
		return earlier{}, err
	}
	defer reader.Close()
	files, err := reader.Dir(it.Dir)
	if err != nil {
		return earlier{}, err
	}
	s, err := render.ReadState(it.Dir, files)
	if err != nil || s.Lock == nil {
		return earlier{}, app.Usage{Text: fmt.Sprintf("--to: at %.10s %s holds no app", commit, it.Dir)}
	}
	return earlier{s.Lock.Stable, commit}, nil
}

// askFor is what is written so that the spec asks for a revision again, no more than it takes: the spec with other images, else the spec and its base as they were.
func (v *View) askFor(ctx context.Context, it *Item, e earlier) (map[string][]byte, error) {
	own := it.State.Lock.Spec
	if text := it.App.Spec.WithImages(e.Images); text != nil {
		if a, err := v.set.ParseText(it.File, v.repo.Root(), own, text); err == nil && a.Wanted == e.Revision {
			return map[string][]byte{own: text}, nil
		}
	}
	var files map[string][]byte
	var why error
	err := v.repo.History(ctx, v.Tip, it.Dir+"/"+render.LockFile, func(entry git.Entry) (bool, error) {
		then, err := v.repo.Reader(ctx, entry.Commit)
		if err != nil {
			return false, err
		}
		defer then.Close()
		data, err := then.File(own)
		if err != nil || data == nil {
			return true, nil // a spec that was elsewhere then
		}
		set := setAt(then)
		if a, err := set.ParseText(it.File, v.repo.Root(), own, data); err == nil && a.Wanted == e.Revision {
			held, outside, err := v.asThen(it, a, then, set.BaseFiles(it.File))
			switch {
			case err != nil:
				return false, err
			case len(outside) == 0 || v.asksFor(e.Revision, it, a, then, data):
				files = held
			case why == nil:
				names := strings.Join(slices.Sorted(maps.Keys(outside)), ", ")
				wayBack, err := v.putBack(ctx, outside)
				if err != nil {
					return false, err
				}
				why = app.Conflict{Text: fmt.Sprintf("%s: its base was also built from what lies outside of %s, and is not by now what it was then: %s: %s", it.Name, app.BaseDir(a.Spec, a.Origin()), names, wayBack)}
			}
		}
		return files == nil, nil
	})
	if err == nil && files == nil {
		if err = why; err == nil {
			err = app.Conflict{Text: fmt.Sprintf("%s: no spec in the history of this branch asks for revision %s: set it in %s by hand", it.Name, e.Revision, it.File)}
		}
	}
	return files, err
}

// putBack is how a person gets files back as they were: by reverting the commits that changed them since. Other apps may be built from them too, so that is for a
// person.
func (v *View) putBack(ctx context.Context, files map[string][]byte) (string, error) {
	left := maps.Clone(files)
	var revert []string
	err := v.repo.History(ctx, v.Tip, "*", func(e git.Entry) (bool, error) {
		changed := false
		for _, ch := range e.Changes {
			was, wanted := left[ch.Path]
			if !wanted {
				continue
			}
			if changed = true; ch.Old == "" {
				return false, nil // where the file is new there is no more to look for
			}
			before, err := v.repo.Blobs(ch.Old)
			if err != nil {
				return false, err
			}
			if bytes.Equal(before[0], was) {
				delete(left, ch.Path)
			}
		}
		if changed {
			revert = append(revert, fmt.Sprintf("%.10s", e.Commit))
			if merge, _ := v.repo.Resolve(ctx, e.Commit+"^2"); merge != "" {
				return false, nil // that takes another command
			}
		}
		return len(left) > 0, nil
	})
	if err == nil && len(left) == 0 {
		return "git revert " + strings.Join(revert, " ") + ", which changed that since, and then gitramp advance", nil
	}
	return "put that back by hand (git log -- FILE), and then gitramp advance", err
}

// asksFor says whether the spec of a commit asks for a revision with what lies below the base's directory as it was then, and all other files as they are.
func (v *View) asksFor(revision string, it *Item, a *app.App, then *git.Reader, spec []byte) bool {
	set := app.NewSet()
	set.Committed, set.CommittedAlone = func(string) fs.FS { return partly{v.reader.FS(), then.FS(), app.BaseDir(a.Spec, a.Origin())} }, true
	again, err := set.ParseText(it.File, v.repo.Root(), it.State.Lock.Spec, spec)
	return err == nil && again.Wanted == revision
}

// partly is a file system with one directory of another one.
type partly struct {
	fs.FS
	then fs.FS
	dir  string
}

func (p partly) of(name string) fs.FS {
	if under(name, p.dir) {
		return p.then
	}
	return p.FS
}

func (p partly) Open(name string) (fs.File, error)     { return p.of(name).Open(name) }
func (p partly) Stat(name string) (fs.FileInfo, error) { return fs.Stat(p.of(name), name) }

// asThen is the spec of a commit, and what of its base lies below the base's directory, as far as they are others by now. Other files that the base was built from
// may be somebody else's as well: they stay, and outside are those of them that are others by now, as they were.
func (v *View) asThen(it *Item, a *app.App, then *git.Reader, base []string) (files, outside map[string][]byte, err error) {
	own, dir := it.State.Lock.Spec, app.BaseDir(a.Spec, a.Origin())
	files, outside = map[string][]byte{}, map[string][]byte{}
	for _, name := range append([]string{own}, base...) {
		was, err := then.File(name)
		if err != nil {
			return nil, nil, err
		}
		is, err := v.reader.File(name)
		switch {
		case err != nil:
			return nil, nil, err
		case is != nil && bytes.Equal(was, is):
		case name == own || under(name, dir):
			files[name] = bytes.Clone(was)
		default:
			outside[name] = bytes.Clone(was)
		}
	}
	for _, name := range base { // a directory has one kustomization
		for _, other := range render.KustomizationNames() {
			if other = path.Join(path.Dir(name), other); slices.Contains(render.KustomizationNames(), path.Base(name)) && other != name && files[other] == nil {
				if is, err := v.reader.File(other); err != nil || is != nil {
					files[other] = nil
				}
			}
		}
	}
	return files, outside, nil
}
