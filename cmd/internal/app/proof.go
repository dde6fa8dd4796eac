package app

import (
	"fmt"
	"strings"

	"github.com/gitramp/gitramp/render"
	"github.com/gitramp/gitramp/render/prove"
)

// Unsafe is a transition that nobody has shown to be safe: exit code 3.
type Unsafe struct{ Text string }

func (e Unsafe) Error() string { return e.Text }

// Prove explores every way to apply the app's release.
func (a *App) Prove(o prove.Options) (prove.Result, error) {
	return a.set.proofs.Release(a.Release, nil, o)
}

// Step is a transition with the trees on both sides.
type Step struct {
	Transition    render.Transition
	Release       *render.Release
	Before, After render.State
}

// gated says whether a transition needs a proof. What goes back does not: nothing may hold it up.
func (s Step) gated() bool {
	switch s.Transition {
	case render.Prepare, render.Shift, render.Scale, render.Shrink, render.Header, render.Full, render.Promote, render.Restore, render.Sync, render.Replan:
		return s.Release != nil
	case render.Cleanup:
		return s.Release != nil && !s.Before.Lock.Phase.GoesBack()
	}
	return false
}

// Check refuses a transition of the app that is not proven safe: its release, and where it is no step of that, the transition too.
func (a *App) Check(s Step) error {
	if !s.gated() {
		return nil
	}
	if s.Transition == render.Replan {
		s.Release = s.Release.Replanned()
	}
	beside := s.beside()
	if s.Transition == render.Sync && s.Before.IsIdle() && s.Release.Replicates() {
		return a.checkMove(s, beside)
	}
	if beside != nil {
		return a.check(s, beside)
	}
	if a.checked != s.Release {
		a.checked, a.verdict = s.Release, a.check(s, nil)
	}
	return a.verdict
}

// beside is a transition that is no step of the release. A spec's hosts and paths are gitramp's own field, and to name other ones there is to ask for that; a route
// of the user's own may lose one by any change of the base, so that what it answers has to stay.
func (s Step) beside() []prove.Move {
	// Another router is another door: who comes through which is up to DNS, and no order of applying the two routes changes that.
	if sameDoor := s.Before.Lock.Router == s.After.Lock.Router; !sameDoor || s.Transition != render.Sync && s.Transition != render.Replan {
		return nil
	}
	from, to := prove.State{Name: "the tree", Tree: s.Before.Tree}, prove.State{Name: string(s.Transition), Tree: s.After.Tree}
	return []prove.Move{{From: from, To: to, Keeps: s.Release.OwnRoute()}}
}

// checkMove proves what a sync between two releases does by itself: no release is asked for that it could stand in the way of.
func (a *App) checkMove(s Step, beside []prove.Move) error {
	in := prove.Input{Elsewhere: s.Release.Elsewhere(), Steps: []prove.State{{Name: string(s.Transition), Tree: s.After.Tree}}, Moves: beside}
	r, err := prove.Prove(in, prove.Options{})
	if err != nil || r.Proven() {
		return err
	}
	return a.unsafe(s, r)
}

func (a *App) check(s Step, beside []prove.Move) error {
	r, err := a.set.proofs.Release(s.Release, beside, prove.Options{})
	if err != nil || r.Proven() {
		return err
	}
	return a.unsafe(s, r)
}

func (a *App) unsafe(s Step, r prove.Result) error {
	var stories []string
	for _, story := range r.Stories {
		stories = append(stories, story.String())
	}
	return Unsafe{fmt.Sprintf("%s: %s is not proven safe, and refused (--unsafe REASON goes on all the same)\n%s", a.Name(), s.Transition, strings.Join(stories, "\n"))}
}
