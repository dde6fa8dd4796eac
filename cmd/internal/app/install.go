package app

import (
	"github.com/gitramp/gitramp/cmd/internal/dir"
	"github.com/gitramp/gitramp/render"
)

// First is the first tree of an app that has none: idle on spec.stable, or, where nobody says what runs now, on the revision that the spec asks for. A
// first deployment has no ramp.
func (a *App) First() (render.Tree, *render.Lock, error) {
	if a.Known {
		return a.Release.Tree(a.Release.Plan.Steps[0], nil)
	}
	wanted := a.revs.Canary
	r, err := render.NewRelease(a.Spec, a.origin, render.Revisions{Stable: wanted, Canary: wanted}, a.set.templates)
	if err != nil {
		return nil, nil, err
	}
	return r.Tree(r.Plan.Steps[0], nil)
}

// Owned lists what gitramp wrote in the directory of a state.
func Owned(s render.State) dir.Owned {
	if s.Lock == nil {
		return nil
	}
	data, _ := s.Tree.Get(render.LockFile)
	owned := dir.Owned{render.LockFile: render.Digest(data)}
	for _, f := range s.Lock.Files {
		owned[f.Path] = f.Digest
	}
	return owned
}
