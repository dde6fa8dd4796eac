package rollout

import (
	"context"

	"github.com/gitramp/gitramp/cmd/internal/git"
	"github.com/gitramp/gitramp/render"
)

// Look reads the apps of a branch and what comes next for each of them, and writes nothing. A detached HEAD will do.
func (r *Run) Look(ctx context.Context) (out Outcome, err error) {
	if r.Push != nil {
		out.Branch = r.Push.String()
		_, out.Tip, err = r.tip(ctx)
	} else {
		var b git.Branch
		b, err = r.Repo.Current(ctx, r.Branch)
		out.Branch, out.Tip = b.Name, b.Base()
	}
	if err != nil {
		return out, err
	}
	out.Base = out.Tip
	view, items, err := r.read(ctx, out.Tip)
	if err != nil {
		return out, err
	}
	if err := r.evidence(ctx, view, items); err != nil {
		return out, err
	}
	if err := r.began(items); err != nil {
		return out, err
	}
	for _, it := range items {
		res := Result{Item: it}
		res.Decision, res.Err = it.Next()
		if res.Err == nil && res.Decision.Transition == render.Sync {
			if taken, err := view.taken(ctx, it, true); err != nil {
				return out, err
			} else if taken.Refused != "" {
				res.Decision = taken
			}
		}
		if len(items) > 1 {
			it.App.Forget()
		} else if it.App != nil && it.App.Release == nil && it.State.Lock != nil {
			_ = it.App.Compile() // for its steps; where that fails there are none to show
		}
		out.Results = append(out.Results, res)
	}
	return out, nil
}

// began reads the commits that began the items' steps.
func (r *Run) began(items []*Item) error {
	var ids []string
	at := map[string]int{}
	for _, it := range items {
		if _, twice := at[it.Since]; !twice && it.Since != "" {
			at[it.Since] = len(ids)
			ids = append(ids, it.Since)
		}
	}
	if ids == nil {
		return nil
	}
	list, err := r.Repo.Commits(ids...)
	for _, it := range items {
		if i, ok := at[it.Since]; ok && err == nil {
			it.Began = &list[i]
		}
	}
	return err
}
