package rollout

import (
	"context"
	"fmt"

	"github.com/gitramp/gitramp/cmd/internal/app"
	"github.com/gitramp/gitramp/cmd/internal/git"
)

// Behind finds what specs have left behind at a tip: an app that a spec of the same repository wrote under another name, or to another path. Its zero Tip holds
// nothing.
type Behind struct {
	Repo *git.Repo
	Tip  string

	view *View
}

// Look notes in an app what it has left behind.
func (b *Behind) Look(ctx context.Context, a *app.App) error {
	if b.Tip == "" || a.Root == "" || a.Root != b.Repo.Root() { // a lock does not say which repository its spec is from
		return nil
	}
	if b.view == nil {
		view, err := NewView(ctx, b.Repo, b.Tip)
		if err != nil {
			return err
		}
		b.view = view
	}
	var err error
	a.Behind, err = b.view.behind(ctx, a)
	return err
}

// behind says where an installed app is of the very spec, and not the one that the spec describes.
func (v *View) behind(ctx context.Context, a *app.App) (string, error) {
	locks, err := v.locks(ctx)
	if err != nil || a.Root == "" || a.Root != v.repo.Root() {
		return "", err
	}
	for _, l := range locks {
		if l.spec == a.Origin() && l.dir != a.Spec.OutputPath() {
			return fmt.Sprintf("%s holds app %s of this spec: put its name and output path back, or gitramp delete %s --yes until it is gone", l.dir, l.name, l.dir), nil
		}
	}
	return "", nil
}
