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

// Moves calls yield with every transition that is left until the app is idle on the revision that the spec asks for, as if every hold were met.
func (a *App) Moves(yield func(Move) error) error {
	s := a.State
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
