package rollout

import (
	"context"
	"fmt"
	"path"

	"github.com/gitramp/gitramp/cmd/internal/app"
	"github.com/gitramp/gitramp/cmd/internal/git"
	"github.com/gitramp/gitramp/cmd/internal/message"
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
	if why, err := v.behind(ctx, it.App); err != nil || why != "" {
		return Decision{Refused: why}, err
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
func (v *View) everHeld(ctx context.Context, it *Item) (Decision, error) {
	if v.removed == nil {
		v.removed = map[string]string{}
		err := v.repo.History(ctx, v.Tip, render.LockFile, func(e git.Entry) (bool, error) {
			for _, ch := range e.Changes {
				if _, newer := v.removed[ch.Path]; ch.New == "" && !newer {
					v.removed[ch.Path] = e.Commit
				}
			}
			return true, nil
		})
		if err != nil {
			return Decision{}, err
		}
	}
	commit := v.removed[path.Join(it.Dir, render.LockFile)]
	if commit == "" {
		return Decision{}, nil
	}
	list, err := v.repo.Commits(commit)
	if err != nil || list[0].Trailer(message.TrailerAction) == string(render.Delete) {
		return Decision{}, err // by gitramp delete: it may come again
	}
	return Decision{Refused: fmt.Sprintf("%s held the app until %.10s (%s) removed it, and not by gitramp delete: take that back with git revert", it.Dir, commit, list[0].Subject())}, nil
}
