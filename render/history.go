package render

import "slices"

// Record is a lock as a commit of the branch left it.
type Record struct {
	Commit string
	Date   int64  // Unix seconds, never earlier than that of an older record
	Action string // what the commit says that it does; "" where it was not gitramp's
	Reason string // a person's
	Unsafe string // why it was done although it was not proven safe; "" where it was, or where nobody asked
	Lock   *Lock  // nil: the app was removed
}

// Outcome is how a rollout ended.
type Outcome string

// The outcomes. Reverted is a rollout, or a whole release, that a person took back with git.
const (
	Running    Outcome = "running"
	Promoted   Outcome = "promoted"
	Aborted    Outcome = "aborted"
	Superseded Outcome = "superseded"
	Reverted   Outcome = "reverted"
	Installed  Outcome = "installed"
	Deleted    Outcome = "deleted"
)

// Rollout is one try of a revision: from prepare until prod stands alone again. An install, a removal, and a whole release that was taken back are ones without
// a stay.
type Rollout struct {
	RevisionRef
	From         string // the revision that prod ran before, "" where there was none
	Attempt      int
	Rollback     bool
	Outcome      Outcome
	Reason       string
	Unsafe       []string // the reasons for what was not proven safe
	Commit       string   // that began it
	Began, Ended int64    // Unix seconds; Ended 0: it is on its way
	Stays        []Stay   // oldest first
}

// Stay is a time at one step.
type Stay struct {
	Commit        string
	From, Until   int64 // Unix seconds; Until 0: it stands there still
	Phase         Transition
	Step          string
	Weight, Total int
	Unsafe        string
}

// Rollouts tells an app's records, oldest first, as its rollouts, oldest first.
func Rollouts(records []Record) []Rollout {
	var list []Rollout
	var before *Lock
	for _, r := range records {
		if len(list) == 0 || begins(before, r.Lock) {
			if n := len(list); n > 0 {
				list[n-1].end(before, r.Date) // a new attempt, or a removal, without a way back
			}
			list = append(list, newRollout(before, r))
		}
		list[len(list)-1].tell(before, r)
		before = r.Lock
	}
	return list
}

// begins says whether a lock is not of the rollout that the one before it was of.
func begins(before, now *Lock) bool {
	switch {
	case now == nil || before == nil:
		return true
	case now.Canary != nil:
		return before.Canary == nil || before.Canary.Revision != now.Canary.Revision || before.Attempt != now.Attempt
	case before.Canary == nil:
		return before.Stable.Revision != now.Stable.Revision
	}
	return false
}

func newRollout(before *Lock, r Record) Rollout {
	n := Rollout{Outcome: Running, Attempt: 1, Commit: r.Commit, Began: r.Date}
	if before != nil {
		n.From, n.RevisionRef = before.Stable.Revision, before.Stable
	}
	switch l := r.Lock; {
	case l == nil:
		n.Outcome = Deleted
	case l.Canary != nil:
		n.RevisionRef, n.Attempt, n.Rollback = *l.Canary, l.Attempt, l.Rollback
		if l.promoted() {
			n.From = l.Previous.Revision
		}
	case before == nil:
		n.Outcome, n.RevisionRef = Installed, l.Stable
	default:
		n.Outcome, n.RevisionRef = Reverted, l.Stable
	}
	return n
}

// tell adds one record to the rollout that it is of.
func (o *Rollout) tell(before *Lock, r Record) {
	l, n := r.Lock, len(o.Stays)
	if r.Reason != "" && (l == nil || l.Phase.GoesBack()) { // of how it ended: a pause has one too
		o.Reason = r.Reason
	}
	if r.Unsafe != "" && !slices.Contains(o.Unsafe, r.Unsafe) {
		o.Unsafe = append(o.Unsafe, r.Unsafe)
	}
	if l == nil || l.Canary == nil {
		o.end(l, r.Date)
		return
	}
	if n > 0 && o.Ended == 0 {
		if before.Place().stands() == l.Place().stands() {
			return // a pause, a sync
		}
		o.Stays[n-1].Until = r.Date
	}
	o.Ended = 0 // also where a revert takes the end of it back
	switch {
	case Transition(r.Action) == Supersede:
		o.Outcome = Superseded
	case !l.Phase.GoesBack():
		o.Outcome = Running
	case o.Outcome != Superseded: // prod may have to get its pods back first
		o.Outcome = Aborted
	}
	o.Stays = append(o.Stays, Stay{Commit: r.Commit, From: r.Date, Phase: l.Phase, Step: l.Step.Name, Weight: l.Weight, Total: l.WeightTotal, Unsafe: r.Unsafe})
}

// end says that prod stands alone again, on what is in the lock.
func (o *Rollout) end(l *Lock, at int64) {
	if o.Ended != 0 {
		return
	}
	o.Ended = at
	if n := len(o.Stays); n > 0 {
		o.Stays[n-1].Until = at
	}
	switch {
	case o.Outcome != Running:
	case l != nil && l.Canary == nil && l.Stable.Revision == o.Revision:
		o.Outcome = Promoted
	default:
		o.Outcome = Reverted
	}
}

// Share is the part of the requests without a matching header or cookie that a revision had.
type Share struct {
	RevisionRef
	Weight, Total int
}

// SharesAt says which revision had which share at a time, the stable one first, and since which record; ok is false before the first record and after a removal.
func SharesAt(records []Record, at int64) (shares []Share, r Record, ok bool) {
	i, _ := slices.BinarySearchFunc(records, at+1, func(r Record, t int64) int { return int(min(max(r.Date-t, -1), 1)) })
	if i == 0 || records[i-1].Lock == nil {
		return nil, Record{}, false
	}
	r = records[i-1]
	l := r.Lock
	shares = []Share{{l.Stable, l.WeightTotal, l.WeightTotal}}
	if c := l.Canary; c != nil && c.Revision != l.Stable.Revision {
		shares[0].Weight -= l.Weight
		shares = append(shares, Share{*c, l.Weight, l.WeightTotal})
	}
	return shares, r, true
}
