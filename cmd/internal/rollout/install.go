package rollout

import (
	"context"
	"errors"
	"fmt"
	"path"

	"github.com/gitramp/gitramp/cmd/internal/app"
	"github.com/gitramp/gitramp/cmd/internal/git"
	"github.com/gitramp/gitramp/render"
)

// Decision is package render's.
type Decision = render.Decision

// ToInstall makes an item of every spec that the arguments name. What is installed already claims its names and places before them.
func (v *View) ToInstall(ctx context.Context, args []string) ([]*Item, error) {
	locks, err := v.locks(ctx)
	if err != nil {
		return nil, err
	}
	files, err := app.Find(args)
	if err != nil {
		return nil, err
	}
	wanted := map[string]bool{}
	for _, f := range files {
		if rel, ok := v.inside(f); ok {
			wanted[rel] = true
		}
	}
	for _, l := range locks {
		if data, err := v.reader.File(l.spec); err == nil && data != nil && !wanted[l.spec] {
			_, _ = v.set.ParseText(l.spec, v.repo.Root(), l.spec, data) // one that is broken claims nothing
		}
	}
	var items []*Item
	for _, f := range files {
		items = append(items, v.bySpec(f))
	}
	return items, nil
}

// Install decides whether an app may be put where there is none.
func (v *View) Install(ctx context.Context, it *Item) (Decision, error) {
	if it.Err != nil {
		return Decision{}, it.Err
	}
	if l := it.State.Lock; l != nil {
		return Decision{}, nil // it is there: run twice, nothing to do
	}
	for name := range it.present {
		return Decision{Refused: fmt.Sprintf("%s holds files that gitramp did not write, such as %s: move them away, or set spec.output.path", it.Dir, name)}, nil
	}
	locks, err := v.locks(ctx)
	if err != nil {
		return Decision{}, err
	}
	for _, l := range locks {
		if l.name == it.Name {
			return Decision{Refused: fmt.Sprintf("app %s is installed in %s already, by %s", l.name, l.dir, l.spec)}, nil
		}
		if under(it.Dir, l.dir) || under(l.dir, it.Dir) {
			return Decision{Refused: fmt.Sprintf("%s lies around or below %s, where app %s is installed", it.Dir, l.dir, l.name)}, nil
		}
	}
	if before, err := v.everHeld(ctx, it); err != nil || before.Refused != "" {
		return before, err
	}
	if err := it.App.Compile(); err != nil {
		return Decision{}, err
	}
	return Decision{Transition: render.Install}, nil
}

// everHeld refuses a path that held the app before: whoever wants it back takes the removal back, and knows why it was removed.
func (v *View) everHeld(ctx context.Context, it *Item) (d Decision, err error) {
	err = v.repo.History(ctx, v.Tip, path.Join(it.Dir, render.LockFile), func(e git.Entry) (bool, error) {
		for _, ch := range e.Changes {
			if ch.Path != path.Join(it.Dir, render.LockFile) || ch.New != "" {
				continue
			}
			list, err := v.repo.Commits(e.Commit)
			if err != nil {
				return false, err
			}
			if list[0].Trailer("Gitramp-Action") == string(render.Delete) {
				return false, nil // gitramp delete: it may come again
			}
			d.Refused = fmt.Sprintf("%s held the app until %.10s (%s) removed it without gitramp: take that back with git revert, or gitramp delete what is left first", it.Dir, e.Commit, list[0].Subject())
			return false, nil
		}
		return true, nil
	})
	return d, errors.Join(err)
}
