package rollout

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/gitramp/gitramp/cmd/internal/app"
	"github.com/gitramp/gitramp/cmd/internal/git"
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

// Begins says why the first tree of a spec, which is not on disk, may not be written there; "" where it may.
func (v *View) Begins(ctx context.Context, a *app.App) (string, error) {
	it := &Item{Name: a.Name(), File: a.File, Dir: a.Spec.OutputPath(), App: a}
	held, err := v.reader.File(it.Dir + "/" + render.LockFile)
	if err != nil {
		return "", err
	}
	if held != nil {
		return fmt.Sprintf("the last commit holds it in %s, and it is not on disk: git restore --source=HEAD --staged --worktree :/%s", it.Dir, it.Dir), nil
	}
	d, err := v.Install(ctx, it)
	return d.Refused, err
}

// Install decides whether an app may be put where there is none.
func (v *View) Install(ctx context.Context, it *Item) (Decision, error) {
	if it.Err != nil {
		return Decision{}, it.Err
	}
	if l := it.State.Lock; l != nil && l.Phase == render.Delete {
		return it.removing(), nil
	} else if l != nil {
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
	if why, err := v.behind(ctx, it.App); err != nil || why != "" {
		return Decision{Refused: why}, err
	}
	for _, l := range locks {
		if l.name == it.Name {
			return Decision{Refused: fmt.Sprintf("app %s is installed in %s already, by %s", l.name, l.dir, l.spec)}, nil
		}
		if own, other := strings.ToLower(it.Dir), strings.ToLower(l.dir); under(own, other) || under(other, own) {
			return Decision{Refused: fmt.Sprintf("%s lies around or below %s, where app %s is installed", it.Dir, l.dir, l.name)}, nil
		}
	}
	if taken, err := v.taken(ctx, it, false); err != nil || taken.Refused != "" {
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

// taken refuses objects and places that another installed app has. With byTree its tree says what that is: who moves to a place must not find somebody there,
// whatever their specs ask for by now.
func (v *View) taken(ctx context.Context, it *Item, byTree bool) (Decision, error) {
	locks, err := v.locks(ctx)
	if err != nil {
		return Decision{}, err
	}
	objects, places := map[string]string{}, app.Places{}
	for _, l := range locks {
		if l.dir == it.Dir {
			continue
		}
		claims, err := v.claims(l, byTree)
		if err != nil {
			return Decision{}, err
		}
		by := l.name + " in " + l.dir
		for _, c := range claims.Objects {
			objects[c.Key] = by
		}
		places.Add(by, claims.Places)
	}
	claims := it.App.Spec.Claims()
	for _, c := range claims.Objects {
		if by := objects[c.Key]; by != "" {
			return Decision{Refused: fmt.Sprintf("%s belongs to app %s already", c.Text, by)}, nil
		}
	}
	for _, p := range claims.Places {
		same, excludes := places.Meets(p)
		switch {
		case same != "":
			return Decision{Refused: fmt.Sprintf("%s belongs to app %s already", p.Host+p.Path, same)}, nil
		case excludes != "":
			return Decision{Refused: fmt.Sprintf("a route for %s calls meets that of app %s at one listener, which takes only one of the two kinds", p.Protocol, excludes)}, nil
		}
	}
	return Decision{}, nil
}

// claims are what an installed app has: by its spec, or, where that is gone, broken or of another app by now, by its tree.
func (v *View) claims(l known, byTree bool) (render.Claims, error) {
	if c, known := v.claimed[l.dir]; known {
		return c, nil
	}
	c, err := v.readClaims(l, byTree)
	if v.claimed == nil {
		v.claimed = map[string]render.Claims{}
	}
	v.claimed[l.dir] = c // a view is for one verb, so always asked alike
	return c, err
}

func (v *View) readClaims(l known, byTree bool) (render.Claims, error) {
	data, err := v.reader.File(l.spec)
	if err != nil {
		return render.Claims{}, err
	}
	if data != nil && !byTree {
		if a, bad := v.set.ParseText(l.spec, v.repo.Root(), l.spec, data); bad == nil && is(a.Spec, l.name, l.dir) {
			return a.Spec.Claims(), nil
		}
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
	removed, err := v.removals(ctx)
	if err != nil {
		return Decision{}, err
	}
	if _, known := removed[path.Join(it.Dir, render.LockFile)]; !known && v.cut {
		return Decision{Refused: "history is cut off, so nobody knows whether the app was here before: fetch all of it (git fetch --unshallow, or fetch-depth: 0)"}, nil
	}
	lost, err := v.lost(ctx, it)
	return Decision{Refused: lost}, err
}

// lost says who removed an app, where that was not gitramp delete: then it may come again.
func (v *View) lost(ctx context.Context, it *Item) (string, error) {
	removed, err := v.removals(ctx)
	r, known := removed[path.Join(it.Dir, render.LockFile)]
	if err != nil || !known || r.deleted {
		return "", err
	}
	list, err := v.repo.Commits(r.commit)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s held the app until %.10s (%s) removed it, and not by gitramp delete: take that back with git revert", it.Dir, r.commit, list[0].Subject()), nil
}

// removal is the newest commit that removed a lock.
type removal struct {
	commit, app string
	deleted     bool // the lock was that of an app that is being deleted: gitramp delete ended there
}

// removals are those of all locks that are gone, by path.
func (v *View) removals(ctx context.Context) (map[string]removal, error) {
	if v.removed != nil {
		return v.removed, nil
	}
	removed := map[string]removal{}
	err := v.repo.History(ctx, v.Tip, render.LockFile, func(e git.Entry) (bool, error) {
		v.cut = v.cut || e.Cut
		for _, ch := range e.Changes {
			if _, newer := removed[ch.Path]; ch.New != "" || newer {
				continue
			}
			data, err := v.repo.Blobs(ch.Old)
			if err != nil {
				return false, err
			}
			r := removal{commit: e.Commit}
			if place, ok := render.Glance(data[0]); ok {
				r.deleted = place.Phase == render.Delete
			}
			r.app, _, _ = render.Owner(data[0])
			removed[ch.Path] = r
		}
		return true, nil
	})
	if err == nil {
		v.removed = removed
	}
	return removed, err
}

// ToDelete makes an item of every installed app that the arguments name. What gitramp delete has removed already is none, and no error: run twice, nothing to do.
func (v *View) ToDelete(ctx context.Context, args []string) ([]*Item, error) {
	var there []string
	for _, arg := range args {
		_, err := v.Installed(ctx, []string{arg})
		if err == nil {
			there = append(there, arg)
			continue
		}
		if gone, lookErr := v.deleted(ctx, arg); lookErr != nil || !gone {
			return nil, errors.Join(lookErr, err)
		}
	}
	if there == nil {
		return nil, nil
	}
	return v.Installed(ctx, there)
}

// deleted says whether an argument names an app that gitramp delete has removed.
func (v *View) deleted(ctx context.Context, arg string) (bool, error) {
	removed, err := v.removals(ctx)
	if err != nil {
		return false, err
	}
	rel, inside := v.inside(arg)
	for lock, r := range removed {
		if r.deleted && (r.app == arg || bare(r.app) == arg || inside && path.Dir(lock) == rel) {
			return true, nil
		}
	}
	return false, nil
}
