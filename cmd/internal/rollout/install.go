package rollout

import (
	"context"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/gitramp/gitramp/cmd/internal/app"
	"github.com/gitramp/gitramp/cmd/internal/git"
	"github.com/gitramp/gitramp/cmd/internal/message"
	"github.com/gitramp/gitramp/render"
)

// Decision is package render's.
type Decision = render.Decision

// ToInstall makes an item of every spec that the arguments name.
func (v *View) ToInstall(_ context.Context, args []string) ([]*Item, error) {
	files, err := app.Find(args)
	if err != nil {
		return nil, err
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
	if len(it.present) > 0 {
		first := slices.Min(slices.Collect(maps.Keys(it.present)))
		return Decision{Refused: fmt.Sprintf("%s holds files that gitramp did not write, such as %s: move them away, or set spec.output.path", it.Dir, first)}, nil
	}
	locks, err := v.locks(ctx)
	if err != nil {
		return Decision{}, err
	}
	for _, l := range locks {
		if l.name == it.Name {
			return Decision{Refused: fmt.Sprintf("app %s is installed in %s already, by %s", l.name, l.dir, l.spec)}, nil
		}
		if own, other := strings.ToLower(it.Dir), strings.ToLower(l.dir); under(own, other) || under(other, own) {
			return Decision{Refused: fmt.Sprintf("%s lies around or below %s, where app %s is installed", it.Dir, l.dir, l.name)}, nil
		}
	}
	if taken, err := v.taken(ctx, it); err != nil || taken.Refused != "" {
		return taken, err
	}
	if before, err := v.everHeld(ctx, it); err != nil || before.Refused != "" {
		return before, err
	}
	if err := it.App.Compile(); err != nil {
		return Decision{}, err
	}
	return Decision{Transition: render.Install}, nil
}

// taken refuses objects and places that an installed app has.
func (v *View) taken(ctx context.Context, it *Item) (Decision, error) {
	locks, err := v.locks(ctx)
	if err != nil {
		return Decision{}, err
	}
	if v.claimed == nil {
		claimed := map[string]string{}
		for _, l := range locks {
			claims, err := v.claims(l)
			if err != nil {
				return Decision{}, err
			}
			for _, c := range slices.Concat(claims.Objects, claims.Places) {
				claimed[c.Key] = l.name + " in " + l.dir
			}
		}
		v.claimed = claimed
	}
	claims := it.App.Spec.Claims()
	for _, c := range slices.Concat(claims.Objects, claims.Places) {
		if by := v.claimed[c.Key]; by != "" {
			return Decision{Refused: fmt.Sprintf("%s belongs to app %s already", c.Text, by)}, nil
		}
	}
	return Decision{}, nil
}

// claims are what an installed app has: by its spec, or, where that is gone, broken or of another app by now, by its tree.
func (v *View) claims(l known) (render.Claims, error) {
	data, err := v.reader.File(l.spec)
	if err != nil {
		return render.Claims{}, err
	}
	if c, bad := render.ParseSpec(l.spec, data); data != nil && bad == nil && is(c, l.name, l.dir) {
		return c.Claims(), nil
	}
	files, err := v.reader.Dir(l.dir)
	if err != nil {
		return render.Claims{}, err
	}
	s, err := render.ReadState(l.dir, files)
	if err != nil || s.Lock == nil {
		return render.Claims{}, nil // a lock that nobody can read: its path is taken, and that is all that is known
	}
	return s.Claims(), nil
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
