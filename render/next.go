package render

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// Sync is the transition that brings an idle tree to what the spec says without a new revision: another host, more replicas.
const Sync Transition = "sync"

// Evidence is what Next may know beside the spec and the tree. Times are Unix seconds; nothing is fetched.
type Evidence struct {
	Now      int64
	Since    int64 // when the step was committed
	Applied  int64 // when the cluster had applied it; 0: nobody has seen it, it is assumed after settle
	Promoted bool  // somebody promoted: the manual hold is waived, settle never is
	WentBack bool  // history holds a later step of this attempt: a person's revert sticks
	NoHolds  bool  // nothing tracks the branch (commit): no hold has to be met
}

// Decision is what is to be done next; where all fields are empty, nothing is.
type Decision struct {
	Transition Transition
	Step       Step   // with a Transition: the step to write
	Waiting    string // why not yet
	Until      int64  // with Waiting: when it may go on, Unix seconds; 0 where no clock ends it
	Refused    string // why not at all
}

// Next decides the one next transition of a tree. It is level-triggered: called again on the same tree with the same evidence it says the same.
// wanted is the name of the revision that the spec asks for.
func (r *Release) Next(s State, wanted string, ev Evidence) (Decision, error) {
	l := s.Lock
	switch {
	case l == nil:
		return Decision{Refused: "nothing is installed here"}, nil
	case len(s.Drift) > 0:
		return Decision{Refused: fmt.Sprintf("%s %s since gitramp wrote it", s.Drift[0].Path, s.Drift[0].Problem)}, nil
	case l.Paused || ev.WentBack:
		return Decision{Waiting: "paused"}, nil
	case s.IsIdle():
		return r.fromIdle(s, wanted)
	case wanted != l.Canary.Revision:
		return Decision{Refused: l.where() + ", and the spec asks for another revision by now: ask for that one again to finish it, or take it back with git revert, the newest commit first"}, nil
	}
	if !bytes.Equal(r.asked, l.steps) {
		return Decision{Refused: l.where() + ", and the spec has other steps by now: put back those in " + LockFile + " to go on"}, nil
	}
	if own, _, err := r.Own(s); err != nil {
		return Decision{}, err
	} else if changes := Changes(s.Tree, own); len(changes) > 0 {
		if why := r.CannotSync(s, own); why != "" {
			return Decision{Refused: why}, nil
		}
		return Decision{Transition: Sync, Step: r.ownStep(*l)}, nil
	}
	hold := r.Plan.Steps[l.Step.Index].Hold
	if d := hold.unmet(l.Full, ev); d.Waiting != "" {
		return d, nil
	}
	st := r.Plan.Steps[l.Step.Index+1]
	return Decision{Transition: st.Transition, Step: st}, nil
}

// where says how far a rollout is.
func (l *Lock) where() string {
	var images []string
	for _, i := range l.Canary.Images {
		images = append(images, i.Image)
	}
	return fmt.Sprintf("the rollout of %s stands at step %d of %d (%s)", strings.Join(images, ", "), l.Step.Index, l.Step.Last, l.Step.Name)
}

// fromIdle begins a release, after a sync where the tree is not what the spec says of it.
func (r *Release) fromIdle(s State, wanted string) (Decision, error) {
	own, _, err := r.Own(s)
	if err != nil {
		return Decision{}, err
	}
	if len(Changes(s.Tree, own)) > 0 {
		return Decision{Transition: Sync, Step: r.ownStep(*s.Lock)}, nil
	}
	if wanted == s.Lock.Stable.Revision {
		return Decision{}, nil
	}
	st := r.Plan.Steps[1]
	return Decision{Transition: st.Transition, Step: st}, nil
}

// unmet says what a hold still waits for; an empty Waiting says that it is met.
func (h Hold) unmet(full bool, ev Evidence) Decision {
	if ev.NoHolds {
		return Decision{}
	}
	until := ev.Applied
	if until == 0 {
		until = ev.Since + int64(h.Settle)
	}
	if ev.Now < until {
		return Decision{Waiting: "settling", Until: until}
	}
	if full || ev.Promoted {
		return Decision{}
	}
	if h.Manual {
		return Decision{Waiting: "until promoted"}
	}
	if until += int64(h.Pause); ev.Now < until {
		return Decision{Waiting: "pausing", Until: until}
	}
	return Decision{}
}

// ownStep is the step of the plan that a tree stands at. Idle is where prod runs one of the plan's revisions alone, whichever way it came there.
func (r *Release) ownStep(l Lock) Step {
	switch {
	case l.Phase != Idle && l.Phase != Cleanup:
		return r.Plan.Steps[l.Step.Index]
	case l.Stable.Revision == r.revs.Stable.Name:
		return r.Plan.Steps[0]
	}
	return r.Plan.Steps[r.Plan.Last()]
}

// Own renders a tree again at its own step: what the spec says today about everything but the revisions and the step. Where nothing comes out differently the
// lock keeps its bytes.
func (r *Release) Own(s State) (Tree, *Lock, error) {
	files, err := r.files(r.ownStep(*s.Lock))
	if err != nil {
		return nil, nil, err
	}
	l := *s.Lock
	l.Files, l.Spec = r.digestsOf(files), r.origin
	if !slices.Equal(l.Files, s.Lock.Files) || l.Spec != s.Lock.Spec {
		l.Parent = s.Lock.Self
	}
	return files.with(File{LockFile, l.Encode()}), &l, nil
}
