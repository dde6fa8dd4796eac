package render

// Recall makes evidence of a branch's first-parent history, told newest first. Its zero value with Tip set knows nothing yet.
type Recall struct {
	Tip     Place
	Since   string // the commit that began the step, once it is known
	Written string // the commit that wrote its manifests as they are, a later one where something was synced since

	began    bool
	lawful   bool // it was written from the lock before it
	over     bool // the attempt that comes next was finished
	wentBack bool
	backFrom string
	released string // between two releases prod went from it to the tip's by no release: whole ones were taken back, if prod had run the tip's before
	attempts int
	cut      bool
	done     bool
}

// Changed tells the next older commit that changed the lock, and what the lock was before it: nil where there was none, or none that can be read. cut says that
// the history of the commit itself is cut off, so that what was before it is unknown. It returns false once nothing more has to be told.
func (r *Recall) Changed(commit string, before *Place, cut bool) (more bool) {
	if r.Written == "" && !cut && (before == nil || before.files != r.Tip.files || before.stands() != r.Tip.stands()) {
		r.Written = commit
	}
	switch {
	case r.done:
	case cut:
		r.cut, r.done = !r.lawful, true // a step that was made from the one before it needs no more history than that
	case !r.began && before != nil && before.stands() == r.Tip.stands():
		return true // a pause, a sync, a waiver
	case !r.began:
		r.began, r.Since = true, commit
		if r.done = before == nil; !r.done { // what was written from the lock before it may be the revert of a revert
			r.lawful = before.Self == r.Tip.Parent
			r.revert(*before)
		}
	default:
		if r.done = before == nil; !r.done {
			r.revert(*before)
		}
	}
	return !r.done
}

// revert looks at one earlier place of the lock.
func (r *Recall) revert(before Place) {
	switch tip := r.Tip; {
	case tip.Canary != "" && before.Canary == "" && before.Stable == tip.Canary:
		r.over = true
	case tip.Canary != "" && before.Canary != tip.Canary:
		r.done = true // the rollout began here
	case tip.Canary != "":
		r.wentBack = r.wentBack || before.later(tip) || r.over && before.Attempt == tip.Attempt
		r.over = false
		r.attempts = max(r.attempts, before.Attempt)
	case r.released != "" && before.Stable != tip.Stable:
		// a release of before that
	case r.released != "":
		r.wentBack, r.backFrom, r.done = true, r.released, true
	case r.backFrom != "" && before.Canary != r.backFrom:
		r.done = true
	case before.Canary != "" && (r.backFrom != "" || !before.Phase.GoesBack() && before.Canary != tip.Stable):
		r.wentBack, r.backFrom, r.attempts = true, before.Canary, max(r.attempts, before.Attempt)
	case before.Canary == "" && before.Previous == tip.Stable && before.Stable != tip.Stable:
		r.wentBack, r.backFrom, r.done = true, before.Stable, true // a whole release was taken back
	case before.Canary == "" && before.Stable != tip.Stable:
		r.released = before.Stable
	default:
		r.done = true
	}
}

// Told ends the history: it began where the telling stopped.
func (r *Recall) Told(ev Evidence, since int64) Evidence {
	ev.Since, ev.WentBack, ev.BackFrom, ev.Attempts, ev.Shallow = since, r.wentBack, r.backFrom, r.attempts, r.cut
	return ev
}
