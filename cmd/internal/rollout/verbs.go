package rollout

import (
	"fmt"

	"github.com/gitramp/gitramp/render"
)

// Next decides what comes next for an item. What goes back goes on without a spec: somebody aborted, and its traffic may not be gone yet.
func (it *Item) Next() (Decision, error) {
	switch l := it.State.Lock; {
	case l != nil && l.Phase == render.Delete:
		return it.removing(), nil
	case it.App == nil && l != nil && l.Phase.GoesBack():
		return it.State.Finish("", it.Evidence), nil
	case it.Gone:
		return it.orphaned(), nil
	case it.Err != nil || it.App == nil:
		return Decision{}, it.Err
	}
	return it.App.Next(it.Evidence)
}

// removing is what an app waits for that is being deleted: another call of that verb.
func (it *Item) removing() Decision {
	d := it.State.Remove(it.Evidence)
	if d.Refused == "" {
		d = Decision{Waiting: "being deleted: gitramp delete goes on", Until: d.Until}
	}
	return d
}

func (it *Item) orphaned() Decision {
	return Decision{Refused: fmt.Sprintf("its spec %s is gone, or says another name or output path: put it back, or gitramp abort and gitramp delete %s", it.File, it.Dir)}
}

// Promote decides on a person's approval. What only waits to be applied is not approved away; with full it is recorded all the same, and before a sync.
func (it *Item) Promote(full, replan bool) (Decision, error) {
	it.Evidence.Promoted, it.Evidence.Full, it.Evidence.Replan = true, full, replan
	if l := it.State.Lock; l != nil && l.Canary == nil && !it.Gone && it.App != nil && it.App.Wanted == l.Stable.Revision {
		return Decision{}, nil // it is done, by somebody else or by then
	}
	d, err := it.Next()
	if err != nil || !full || d.Waiting == "" && d.Transition != render.Sync {
		return d, err
	}
	if record := it.State.PromoteFull(it.Evidence); record.Transition != "" || record.Refused != "" {
		return record, nil
	}
	return d, nil
}

// Abort decides by the tree alone. atOnce does not wait for the pods that prod has given up.
func (it *Item) Abort(atOnce bool) (Decision, error) {
	if atOnce {
		return it.byTree(render.State.AbortAtOnce)
	}
	return it.byTree(render.State.Abort)
}

// Pause decides by the tree alone.
func (it *Item) Pause() (Decision, error) { return it.byTree(render.State.Pause) }

// Resume decides by the tree and its history.
func (it *Item) Resume() (Decision, error) {
	return it.byTree(func(s render.State) Decision { return s.Resume(it.Evidence) })
}

// byTree decides without the spec: whether that is there, or valid, does not matter.
func (it *Item) byTree(decide func(render.State) Decision) (Decision, error) {
	if it.State.Lock == nil {
		if it.Err != nil {
			return Decision{}, it.Err
		}
		return Decision{Refused: "nothing is installed here"}, nil
	}
	d := decide(it.State)
	if d.Transition != "" {
		it.App = nil
	}
	return d, nil
}

// Retry decides on another attempt at what was aborted, or taken back.
func (it *Item) Retry() (Decision, error) {
	l := it.State.Lock
	it.Evidence.Retried = true
	d, err := it.Next()
	switch {
	case err != nil || d.Refused != "" || l == nil || l.Phase == render.Delete:
		return d, err
	case l.Canary != nil && !l.Phase.GoesBack() && it.Evidence.WentBack:
		return Decision{Refused: "it was taken back to a step of its rollout, which is still on its way: gitramp resume, promote or abort"}, nil
	case l.Canary != nil && !l.Phase.GoesBack():
		return Decision{Refused: "nothing was aborted: a rollout is on its way"}, nil
	case l.Canary == nil && l.Aborted != it.App.Wanted && !it.Evidence.WentBack:
		return Decision{Refused: "nothing was aborted that the spec asks for"}, nil
	case l.Canary != nil && d.Transition != "":
		return Decision{Waiting: "the abort is not over: gitramp advance goes on with it, and then retry again"}, nil
	}
	return d, nil
}

// Delete decides how an app goes. yes says that it goes although its spec is there.
func (it *Item) Delete(yes bool) (Decision, error) {
	switch l := it.State.Lock; {
	case l == nil && it.Err != nil:
		return Decision{}, it.Err
	case l == nil:
		return Decision{}, nil
	case !it.Gone && !yes && l.Phase != render.Delete:
		return Decision{Refused: fmt.Sprintf("its spec %s is still there: remove that first, or say --yes", it.File)}, nil
	}
	if it.App != nil {
		it.Evidence.Settle = *it.App.Spec.Spec.Settle
	}
	it.App = nil
	return it.State.Remove(it.Evidence), nil
}
