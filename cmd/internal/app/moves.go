package app

import (
	"fmt"

	"github.com/gitramp/gitramp/render"
)

// Move is one transition of an app: one commit.
type Move struct {
	Transition render.Transition
	Lock       render.Lock // of the tree that it leads to
	Weight     int         // of the canary before it
	Rules      int         // header and cookie rules that the route has after it
	Changes    []render.Change
}

// Promoted says whether prod runs the new revision after the move.
func (m Move) Promoted() bool {
	return m.Lock.Phase == render.Promote || m.Lock.Phase == render.Restore || m.Lock.Phase == render.Cleanup
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
	for {
		d, err := a.Release.Next(s, a.Wanted, render.Evidence{NoHolds: true})
		switch {
		case err != nil:
			return err
		case d.Refused != "" || d.Waiting != "":
			return Conflict{fmt.Sprintf("%s: %s%s", a.Spec.OutputPath(), d.Refused, d.Waiting)}
		case d.Transition == "":
			return nil
		}
		tree, lock, err := a.Release.Turn(s, d)
		if err != nil {
			return err
		}
		if err := yield(Move{d.Transition, *lock, s.Lock.Weight, len(d.Step.Matches), render.Changes(s.Tree, tree)}); err != nil {
			return err
		}
		s = render.State{Lock: lock, Tree: tree}
	}
}
