package rollout

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"github.com/gitramp/gitramp/cmd/internal/app"
	"github.com/gitramp/gitramp/cmd/internal/git"
	"github.com/gitramp/gitramp/render"
)

// rollback is a spec that asks for an earlier revision again.
type rollback struct {
	spec   []byte
	images string
}

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
	if it.back.spec, err = v.specOf(ctx, it, e); err != nil {
		return Decision{}, err
	}
	it.back.images = short(e.Images)
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

// specOf is the spec with no more changed than it takes: the images, else the file as it was.
func (v *View) specOf(ctx context.Context, it *Item, e earlier) ([]byte, error) {
	if text := it.App.Spec.WithImages(e.Images); text != nil {
		if c, err := render.ParseSpec(it.File, text); err == nil && c.RevisionName() == e.Revision {
			return text, nil
		}
	}
	var text []byte
	err := v.repo.History(ctx, v.Tip, it.Dir+"/"+render.LockFile, func(entry git.Entry) (bool, error) {
		reader, err := v.repo.Reader(ctx, entry.Commit)
		if err != nil {
			return false, err
		}
		defer reader.Close()
		data, err := reader.File(it.State.Lock.Spec)
		if err != nil || data == nil {
			return true, nil // a spec that was elsewhere then
		}
		if c, err := render.ParseSpec(it.File, data); err == nil && c.RevisionName() == e.Revision {
			text = bytes.Clone(data)
		}
		return text == nil, nil
	})
	if err == nil && text == nil {
		err = app.Conflict{Text: fmt.Sprintf("%s: no spec in the history of this branch asks for revision %s: set it in %s by hand", it.Name, e.Revision, it.File)}
	}
	return text, err
}
