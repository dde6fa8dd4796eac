package app

import (
	"fmt"

	"github.com/gitramp/gitramp/render"
)

// Move is one transition of an app: one commit.
type Move struct {
	Transition render.Transition
	Before     *render.Lock // nil where there was no tree
	Lock       render.Lock  // of the tree that it leads to
	Rules      int          // header and cookie rules that the route has after it
	Changes    []render.Change
	Step       Step
}

// Config is what pods read otherwise from it on.
func (m Move) Config() []render.ConfigChange {
	return render.ConfigChanges(m.Step.Before.Tree, m.Step.After.Tree)
}

// Moves calls yield with every transition that is left until the app is idle on the revision that the spec asks for, as if every hold were met.
func (a *App) Moves(yield func(Move) error) error {
	s := a.State
	if a.Behind != "" {
		return Conflict{a.Behind}
	}
	if s.Lock == nil {
		tree, lock, err := a.First()
		if err != nil {
			return err
		}
		if err := yield(Move{Transition: render.Install, Lock: *lock, Changes: render.Changes(nil, tree)}); err != nil || !a.Known {
			return err
		}
		s = render.State{Lock: lock, Tree: tree}
	}
	r := a.Release
	for {
		d, err := r.Next(s, a.Wanted, render.Evidence{NoHolds: true})
		switch {
		case err != nil:
			return err
		case d.Refused != "" || d.Waiting != "":
			return Conflict{fmt.Sprintf("%s: %s%s", a.Spec.OutputPath(), d.Refused, d.Waiting)}
		case d.Transition == "":
			return nil
		}
		tree, lock, err := r.Turn(s, d)
		if err != nil {
			return err
		}
		if err := yield(Move{d.Transition, s.Lock, *lock, len(d.Step.Matches), render.Changes(s.Tree, tree), Step{d.Transition, r, s, render.State{Lock: lock, Tree: tree}}}); err != nil {
			return err
		}
		was := s
		if s = (render.State{Lock: lock, Tree: tree}); s.IsIdle() && !was.IsIdle() {
			revs, err := a.revisions(s)
			if err != nil {
				return err
			}
			if r, err = a.release(s, revs); err != nil {
				return err
			}
		}
	}
}

// Coming is the app as it is once the rollout on its way has ended, where the spec asks for a third revision by now, and how that ends: superseded, or finished
// because prod runs it already. Else it is the app itself.
func (a *App) Coming() (*App, render.Transition, error) {
	l := a.State.Lock
	switch {
	case l == nil || a.State.IsIdle() || a.Wanted == l.Canary.Revision:
		return a, "", nil
	case l.Phase.GoesBack():
		return a, "", nil
	case a.Wanted == l.Stable.Revision || l.Previous != nil && a.Wanted == l.Previous.Revision && l.Phase == render.Promote:
		return a, render.Abort, nil
	}
	s, ends := a.State, render.Cleanup
	for !s.IsIdle() {
		d, err := a.Release.Next(s, a.Wanted, render.Evidence{NoHolds: true})
		if err != nil || d.Transition == "" {
			return a, "", err // it is stuck, and whoever asks for what is left is told why
		}
		if d.Transition == render.Supersede {
			ends = render.Supersede
		}
		tree, lock, err := a.Release.Turn(s, d)
		if err != nil {
			return nil, "", err
		}
		s = render.State{Lock: lock, Tree: tree}
	}
	next := *a
	next.State = s
	var err error
	if next.revs, err = a.revisions(s); err == nil {
		next.Release, err = a.release(s, next.revs)
	}
	return &next, ends, err
}
