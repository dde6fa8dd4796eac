package render

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// Transitions that are no step of a plan and no phase of a tree.
const (
	Install     Transition = "install"      // puts an app where there was none, without a ramp
	Sync        Transition = "sync"         // brings a tree to what the spec says without a new revision: another host, more replicas
	Supersede   Transition = "supersede"    // an abort for the sake of a third revision
	Forget      Transition = "forget"       // an abort is forgotten: the spec asks for what prod runs
	Replan      Transition = "replan"       // a rollout goes on by the spec's steps of today
	PauseIt     Transition = "pause"        // nothing moves but an abort until somebody resumes
	ResumeIt    Transition = "resume"       // ends a pause, and what a revert means
	Rollback    Transition = "rollback"     // the spec asks for an earlier revision again; no manifest changes by it
	PromoteFull Transition = "promote-full" // pauses and analyses are waived from now on
)

// NotApplied is what a decision waits for where a witness does not see the step in the cluster yet.
const NotApplied = "not applied by the cluster yet"

// maxSkew is how far a commit may be ahead of the clock, in seconds, before nothing is believed.
const maxSkew = 120

// Evidence is what Next may know beside the spec and the tree. Times are Unix seconds; nothing is fetched.
type Evidence struct {
	Now      int64
	Since    int64    // when the step was committed
	Written  int64    // when its manifests were: later, where something was synced since
	Late     string   // the commit that Written is the date of, where it is not the one that wrote them: an older one of the branch, with a later date
	Applied  *Applied // what a witness says of the cluster; nil: there is none, and a step is assumed to be applied after settle
	WentBack bool     // history holds a later step of this attempt, and no abort of ours led back: a person's revert sticks
	BackFrom string   // with WentBack: the revision whose rollout was taken back
	Attempts int      // the highest attempt at the revision that history holds
	Shallow  bool     // history is cut off before the step began: Since and WentBack are unknown
	Promoted bool     // somebody promotes: the manual hold is waived, settle never is
	Full     bool     // with Promoted: and every pause from now on
	Settle   Duration // of the app, where its tree does not say it any more
	Proposed bool     // the transition is only proposed: whoever merges it ends the manual hold, and no other
	Retried  bool     // somebody retries what was aborted or taken back
	Replan   bool     // somebody wants the spec's steps of today
	NoHolds  bool     // nothing tracks the branch (commit): no hold has to be met, and history does not count
}

// Applied is what a witness says of the cluster.
type Applied struct {
	Yes bool  // the cluster has applied the step
	At  int64 // since when; 0: that is not known
}

// Decision is what is to be done next; where all fields are empty, nothing is.
type Decision struct {
	Transition Transition
	Step       Step   // with a Transition that leads to a step of the plan: that step
	Waiting    string // why not yet
	Until      int64  // with Waiting: when it may go on, Unix seconds; 0 where no clock ends it
	Refused    string // why not at all
	AtOnce     bool   // with Abort: prod may not have its pods back yet, and somebody accepts that

	attempt int      // a new one; 0 leaves it as it is
	settle  Duration // of a tree whose app is deleted
	full    bool     // every pause is waived from now on
}

// stops says that nothing can be done, now or at all.
func (d Decision) stops() bool { return d.Waiting != "" || d.Refused != "" }

func refuse(format string, args ...any) Decision {
	return Decision{Refused: fmt.Sprintf(format, args...)}
}

// Next decides what the tree alone can: the ways back, and whatever stops a rollout. decided is false where it takes a compiled Release to go on. wanted is the
// name of the revision that the spec asks for.
func (s State) Next(wanted string, ev Evidence) (d Decision, decided bool) {
	l := s.Lock
	switch {
	case l == nil:
		return refuse("nothing is installed here: gitramp install"), true
	case l.Phase == Delete:
		return refuse("the app is being deleted: gitramp delete finishes it"), true
	case l.Phase.GoesBack():
		return s.Finish(wanted, ev), true
	case l.wantsBack(wanted):
		return s.Abort(), true
	case len(s.Drift) > 0:
		return s.edited(), true
	case l.Paused && !ev.Promoted:
		return Decision{Waiting: "paused: " + l.wayOn()}, true
	case ev.NoHolds:
	case ev.Shallow && (l.Canary != nil || wanted != l.Stable.Revision):
		return ev.cutOff(), true
	case ev.newest() > ev.Now+maxSkew:
		return ev.skewed(), true
	case ev.WentBack && l.Canary != nil && !ev.Promoted:
		return Decision{Waiting: "taken back by a person: " + l.wayOn()}, true
	case ev.WentBack && l.Canary == nil && wanted == ev.BackFrom && !ev.Retried:
		return Decision{Waiting: "taken back by a person: gitramp retry, or ask for another revision"}, true
	}
	if l.Canary != nil && wanted != l.Canary.Revision && !l.promoted() {
		return Decision{Transition: Supersede}, true
	}
	return Decision{}, false
}

// edited refuses to go on from files that are not what gitramp wrote, and names all of them.
func (s State) edited() Decision {
	var files []string
	for _, d := range s.Drift {
		files = append(files, d.Path+" "+d.Problem)
	}
	return refuse("%s since gitramp wrote it: take that back with git, write over it with gitramp render --write --overwrite-drift, or gitramp abort", strings.Join(files, ", "))
}

func (ev Evidence) cutOff() Decision {
	return refuse("history is cut off before this step began, so nobody knows since when it stands: fetch all of it (git fetch --unshallow, or fetch-depth: 0)")
}

func (ev Evidence) skewed() Decision {
	what := "the step was committed"
	if ev.Late != "" {
		what = fmt.Sprintf("the step stands on commit %.10s, which is dated", ev.Late)
	}
	return refuse("clock skew: %s %s ahead of the clock of this machine", what, Duration(ev.newest()-ev.Now))
}

// newest is when the last of what the cluster has to apply was committed.
func (ev Evidence) newest() int64 { return max(ev.Since, ev.Written) }

// wayOn is what ends a person's stop.
func (l *Lock) wayOn() string {
	if l.Canary == nil || l.Phase == Restore {
		return "gitramp resume or promote"
	}
	return "gitramp resume, promote or abort"
}

// promoted says whether prod runs the canary's revision in this tree.
func (l *Lock) promoted() bool { return l.Phase == Promote || l.Phase == Restore }

// wantsBack says whether a running release is asked to go back to what prod ran before it.
func (l *Lock) wantsBack(wanted string) bool {
	switch {
	case l.Canary == nil || wanted == l.Canary.Revision || l.Phase == Restore:
		return false
	case l.Phase == Promote:
		return wanted == l.Previous.Revision
	}
	return wanted == l.Stable.Revision
}

// Abort decides the way back from a tree, whatever else is the matter with it. It needs no spec.
func (s State) Abort() Decision {
	l := s.Lock
	switch {
	case l == nil:
		return refuse("nothing is installed here")
	case l.Canary == nil, l.Phase.GoesBack():
		return Decision{} // nothing is on its way, or it is on its way back
	case l.Phase == Restore:
		return refuse("prod runs %s by now and has all the traffic: gitramp advance finishes the rollout, gitramp rollback goes back by a release", l.tried())
	case l.Phase == Promote:
		return Decision{Transition: Unpromote}
	case s.shrunk():
		return Decision{Transition: Grow}
	}
	return Decision{Transition: Abort}
}

// AbortAtOnce decides the way back of somebody who would rather have prod's pods overloaded, until it has got back those that it gave up, than wait for that.
// What prod itself runs of the new revision is no matter of pods: that is taken back first all the same.
func (s State) AbortAtOnce() Decision {
	d := s.Abort()
	if d.Transition == Grow || s.Lock != nil && s.Lock.Phase == Grow {
		return Decision{Transition: Abort, AtOnce: true}
	}
	return d
}

// Finish decides how a tree that goes back goes on.
func (s State) Finish(wanted string, ev Evidence) Decision {
	l := s.Lock
	if d := l.settled(ev); d.stops() {
		return d
	}
	switch {
	case l.Phase == Unpromote, l.Phase == Grow:
		return Decision{Transition: Abort}
	case wanted == l.Stable.Revision:
		return Decision{Transition: Forget}
	}
	return Decision{Transition: Cleanup}
}

// settled says what a tree still waits for that has no pause, and refuses where nobody can know.
func (l *Lock) settled(ev Evidence) Decision {
	switch {
	case ev.NoHolds:
		return Decision{}
	case ev.Shallow:
		return ev.cutOff()
	case ev.newest() > ev.Now+maxSkew:
		return ev.skewed()
	}
	return l.Hold.unmet(true, ev)
}

// Next decides the one next transition of a tree. It is level-triggered: called again on the same tree with the same evidence it says the same. wanted is the
// name of the revision that the spec asks for.
func (r *Release) Next(s State, wanted string, ev Evidence) (Decision, error) {
	if d, decided := s.Next(wanted, ev); decided {
		return d, nil
	}
	l := s.Lock
	if s.IsIdle() {
		return r.fromIdle(s, wanted, ev)
	}
	replanned := !l.promoted() && !r.back && !bytes.Equal(r.asked, l.steps)
	if replanned && !ev.Replan {
		return refuse("%s, and the spec has other steps by now (spec.steps): put back those in %s to go on, or gitramp advance --replan", l.where(), LockFile), nil
	}
	if own, _, err := r.Own(s); err != nil {
		return Decision{}, err
	} else if changes := Changes(s.Tree, own); len(changes) > 0 {
		if why := r.CannotSync(s, own); why != "" {
			return Decision{Refused: why}, nil
		}
		return Decision{Transition: Sync, Step: r.ownStep(*l)}, nil
	}
	d := Decision{full: ev.Full}
	if ev.WentBack && !ev.NoHolds { // and promoted, or it would not have come here
		d.attempt = max(l.Attempt, ev.Attempts) + 1
	}
	if replanned {
		if d = r.replan(l, d, ev.Attempts); d.Refused != "" {
			return d, nil
		}
	}
	stays := replanned && d.Step.Weight == l.Weight // no request moves, so there is no pause to wait for: the new step has its own
	if waits := r.Plan.Steps[l.Step.Index].Hold.unmet(l.Full || stays, ev); waits.Waiting != "" {
		return waits, nil
	}
	if replanned {
		return d, nil
	}
	d.Step = r.Plan.Steps[l.Step.Index+1]
	d.Transition = d.Step.Transition
	return d, nil
}

// replan goes on at the first of the spec's steps whose weight is at or above the present one. Capacity leads traffic, so its pods have to be there already.
func (r *Release) replan(l *Lock, d Decision, attempts int) Decision {
	if total := r.spec.RouteSpec().WeightTotal; total != l.WeightTotal {
		return refuse("%s, and its weights are parts of %d, not %d", l.where(), l.WeightTotal, total)
	}
	pods := r.Plan.Steps[l.Step.Index].Canary
	for _, st := range r.spec.Plan().Steps {
		if st.Transition != Shift && st.Transition != Full || st.Weight < l.Weight {
			continue
		}
		if need := min(st.Canary, CanaryReplicas(st.Weight, l.WeightTotal, r.spec.Spec.Replicas, r.spec.Spec.MinPods)); st.Weight > l.Weight && pods < need {
			return refuse("%s with %d canary pods, and the next weight of the spec's new steps, %d, needs %d: let the steps have setWeight: %d before it, so that the pods start first",
				l.where(), pods, st.Weight, need, l.Weight)
		}
		d.Transition, d.Step = Replan, st
		if st.Index < l.Step.Index { // by history that would be a step back, and a person's
			d.attempt = max(l.Attempt, attempts, d.attempt-1) + 1
		}
		return d
	}
	return refuse("%s, and no step of the spec has its weight or a higher one", l.where())
}

// where says how far a rollout is.
func (l *Lock) where() string {
	return fmt.Sprintf("the rollout of %s stands at step %d of %d (%s)", l.tried(), l.Step.Index, l.Step.Last, l.Step.Name)
}

// tried is the images of what is being tried.
func (l *Lock) tried() string {
	var images []string
	for _, i := range l.Canary.Images {
		images = append(images, i.Image)
	}
	return strings.Join(images, ", ")
}

// fromIdle begins a release, after a sync where the tree is not what the spec says of it.
func (r *Release) fromIdle(s State, wanted string, ev Evidence) (Decision, error) {
	own, _, err := r.Own(s)
	if err != nil {
		return Decision{}, err
	}
	l := s.Lock
	st := r.Plan.Steps[1]
	if l.Hold.Settle > 0 { // who owns the replicas changes in two commits
		if d := l.settled(ev); d.stops() {
			return d, nil
		}
	}
	switch {
	case len(Changes(s.Tree, own)) > 0:
		return Decision{Transition: Sync, Step: r.ownStep(*l)}, nil
	case wanted == l.Stable.Revision && l.Aborted != "":
		return Decision{Transition: Forget}, nil
	case wanted == l.Stable.Revision:
		return Decision{}, nil
	case wanted == l.Aborted && !ev.Retried:
		return Decision{Waiting: "aborted: gitramp retry, or ask for another revision"}, nil
	case wanted == l.Aborted, ev.WentBack && wanted == ev.BackFrom:
		return Decision{Transition: st.Transition, Step: st, full: ev.Full, attempt: max(l.Attempt, ev.Attempts) + 1}, nil
	}
	return Decision{Transition: st.Transition, Step: st, full: ev.Full}, nil
}

// unmet says what a hold still waits for; an empty Waiting says that it is met. full waives pauses. Without a witness a step counts as applied after settle, and so
// does what was synced since; a witness that does not say since when ends settle, and pauses run as without it.
func (h Hold) unmet(full bool, ev Evidence) Decision {
	if ev.NoHolds {
		return Decision{}
	}
	start := ev.Since + int64(h.Settle)
	switch a := ev.Applied; {
	case a == nil && ev.Now < ev.newest()+int64(h.Settle):
		return Decision{Waiting: "settling", Until: ev.newest() + int64(h.Settle)}
	case a != nil && !a.Yes:
		return Decision{Waiting: NotApplied}
	case a != nil && a.At != 0:
		start = max(a.At, ev.Since)
	}
	if full || ev.Promoted {
		return Decision{}
	}
	if h.Manual && !ev.Proposed {
		return Decision{Waiting: "until promoted"}
	}
	if end := start + int64(h.Pause); h.Pause > 0 && ev.Now < end {
		return Decision{Waiting: "pausing", Until: end}
	}
	return Decision{}
}

// ownStep is the step of the plan that a tree stands at. Idle is where prod runs one of the plan's revisions alone, whichever way it came there.
func (r *Release) ownStep(l Lock) Step {
	switch {
	case l.Canary != nil:
		return r.Plan.Steps[l.Step.Index]
	case l.Stable.Revision == r.revs.Stable.Name:
		return r.Plan.Steps[0]
	}
	return r.Plan.Steps[r.Plan.Last()]
}

// Own renders a tree again at its own step: what the spec says today about everything but the revisions and the step. Where nothing comes out differently the
// lock keeps its bytes. A tree that goes back is as it is.
func (r *Release) Own(s State) (Tree, *Lock, error) {
	if s.Lock.Phase.GoesBack() || s.Lock.Phase == Delete {
		return s.Tree, s.Lock, nil
	}
	st := r.ownStep(*s.Lock)
	files, err := r.files(st)
	if err != nil {
		return nil, nil, err
	}
	lock, _ := s.Tree.Get(LockFile)
	own := files.with(File{LockFile, lock})
	l := *s.Lock
	l.Spec, l.Hold, l.Router, l.Replicas = r.origin, st.Hold, r.canary.RouteSpec().Router, r.given(st)
	if len(s.Drift) > 0 || len(Changes(s.Tree, own)) > 0 {
		l.Files = r.digestsOf(files)
	}
	if r.set == BaseSet {
		if l.Templates = BaseSet; s.IsIdle() && files.handsOver() {
			l.Hold = Hold{Settle: *r.canary.Spec.Settle}
		}
	}
	if !slices.Equal(l.Files, s.Lock.Files) || l.Spec != s.Lock.Spec || l.Hold != s.Lock.Hold || l.Router != s.Lock.Router || l.Replicas != s.Lock.Replicas || l.Templates != s.Lock.Templates {
		l.Parent = s.Lock.Self
		own = files.with(File{LockFile, l.Encode()})
	}
	return own, &l, nil
}
