// Package rollout carries one verb over the apps of a repository: it reads them at the tip of a branch, lets package render decide for each of them, writes one
// commit for each app that moves, and publishes all of them at once, by compare-and-set. Where somebody was faster it reads again: what another run has done
// already is done, and never done twice.
//
// It decides nothing about a release, and keeps nothing: what it did not publish never was.
package rollout

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/gitramp/gitramp/cmd/internal/app"
	"github.com/gitramp/gitramp/cmd/internal/git"
	"github.com/gitramp/gitramp/cmd/internal/message"
	"github.com/gitramp/gitramp/render"
)

// Run is one invocation of a verb.
type Run struct {
	Repo     *git.Repo
	Branch   string      // "" for the one that is checked out
	Push     *git.Remote // nil: the branch of this repository alone
	Select   func(context.Context, *View) ([]*Item, error)
	Decide   func(*Item) (render.Decision, error)
	Holds    bool // the decision depends on history
	Approves bool // a person has looked at the step, in this clone
	Outranks bool // with Push: whatever is in the way in this clone, it is pushed
	Once     bool // a step: where somebody else moves an app meanwhile, it is made; else it is decided again
	Now      func() time.Time
	Date     time.Time // of the commits; zero: now
	Seen     *Witness  // nil: there is none
	Reason   string    // a person's, for the message
	Unsafe   string    // why what is not proven safe is made all the same; "" where it is not
	Verb     string    // for the reflog
	Prefix   string    // of the branches that transitions are proposed on, instead of made; "" where they are made
	Rebase   bool      // with Prefix: a proposal is made anew wherever the branch has moved, though nothing of the app has
	Hydrate  bool      // proposals are as gitops-promoter takes them, under its names, and not below Prefix
	Tool     string
	DryRun   bool
	Done     func(Outcome) // prints more of it
	Note     func(format string, args ...any)
}

// Result is what became of one item.
type Result struct {
	*Item
	Decision render.Decision
	Move     *message.Move // what was written, or would be
	Commit   string        // that holds it
	By       *git.Commit   // somebody else's, that did it meanwhile
	Err      error

	Proposal  *Proposal  // where the move is proposed, and not made
	Withdrawn []git.Move // proposals of the item that were deleted, or would be
}

// Outcome is what became of all.
type Outcome struct {
	Branch  string
	Target  string // the branch as its own repository calls it
	Base    string // the tip that was read
	Tip     string // the tip now
	Results []Result
}

// Moves is how many of them moved, or would.
func (o Outcome) Moves() (n int) {
	for _, res := range o.Results {
		if res.Move != nil {
			n++
		}
	}
	return n
}

// races is how often a lost race is run again.
const races = 5

// Do carries the verb out.
func (r *Run) Do(ctx context.Context) (Outcome, error) {
	var first map[string]Result // what was wanted before the race was lost
	for attempt := 0; ; attempt++ {
		out, err := r.once(ctx, first)
		var lost *git.Raced
		if !errors.As(err, &lost) || attempt == races {
			return out, err
		}
		if first == nil {
			first = map[string]Result{}
		}
		for _, res := range out.Results {
			if _, known := first[res.Name]; !known && res.Move != nil {
				first[res.Name] = res
			}
		}
		if err := sleep(ctx, time.Duration(50<<attempt)*time.Millisecond/2+rand.N(time.Duration(50<<attempt)*time.Millisecond)); err != nil {
			return out, err
		}
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// tip finds the branch, and the commit that the next one is made on.
func (r *Run) tip(ctx context.Context) (git.Branch, string, error) {
	if r.Push == nil {
		b, err := r.Repo.Branch(ctx, r.Branch)
		return b, b.Base(), err
	}
	tip, err := r.Repo.Fetch(ctx, *r.Push)
	if err == nil && tip == "" {
		err = &git.Usage{Text: fmt.Sprintf("%s does not exist: push the branch once with git, so that the apps have a history", r.Push)}
	}
	return git.Branch{Name: r.Branch}, tip, err
}

func (r *Run) once(ctx context.Context, before map[string]Result) (out Outcome, err error) {
	if !r.DryRun {
		if line, err := r.Repo.Recover(ctx); err != nil {
			return out, err
		} else if line != "" {
			r.Note("%s", line)
		}
	}
	branch, base, err := r.tip(ctx)
	if err != nil {
		return out, err
	}
	out.Branch, out.Base, out.Tip, out.Target = branch.Name, base, base, branch.Name
	if r.Push != nil {
		out.Branch, out.Target = r.Push.String(), r.Push.Branch
	}
	view, items, err := r.read(ctx, base)
	if err != nil {
		return out, err
	}
	if before == nil {
		for _, file := range view.Edited {
			r.Note("%s: what counts is the one at the tip of %s; the one on disk is another", file, out.Branch)
		}
		if err := r.ahead(ctx, base); err != nil {
			return out, err
		}
	}
	if r.Holds {
		if err := r.evidence(ctx, view, atStake(items)); err != nil {
			return out, err
		}
	}
	writing := false
	for _, it := range items {
		res, err := r.decide(ctx, view, it, before)
		if err != nil {
			return out, err
		}
		writing = writing || res.Move != nil
		out.Results = append(out.Results, res)
	}
	if r.Prefix != "" || r.Hydrate {
		return out, r.propose(ctx, view, &out)
	}
	if !writing || r.DryRun {
		return out, nil
	}
	if err := r.takeBack(ctx, view, &out); err != nil && !r.Outranks {
		return out, err
	} else if err != nil {
		r.Note("what is proposed to a promoter is not taken back, so do that by hand: %s", err)
	}
	return out, r.write(ctx, branch, &out)
}

// ahead tells that the branch here has commits that the remote's has not: nothing of them counts.
func (r *Run) ahead(ctx context.Context, base string) error {
	if r.Push == nil {
		return nil
	}
	here, err := r.Repo.Tip(r.Branch)
	if err != nil || here == "" || here == base {
		return err
	}
	pushed, err := r.Repo.Contains(ctx, base, here)
	if err == nil && !pushed {
		r.Note("%s here has commits that %s has not, and they do not count: git push", r.Branch, r.Push)
	}
	return err
}

// read makes the items at a commit.
func (r *Run) read(ctx context.Context, commit string) (*View, []*Item, error) {
	view, err := NewView(ctx, r.Repo, commit)
	if err != nil {
		return nil, nil, err
	}
	items, err := r.Select(ctx, view)
	return view, items, err
}

// atStake are the items for which history matters: something is on its way, or is about to be.
func atStake(items []*Item) (list []*Item) {
	for _, it := range items {
		if l := it.State.Lock; l != nil && (l.Canary != nil || l.Hold.Settle > 0 || it.Wanted() != l.Stable.Revision) {
			list = append(list, it)
		}
	}
	return list
}

// evidence asks the clock, history and the witness.
func (r *Run) evidence(ctx context.Context, view *View, items []*Item) error {
	for _, it := range items {
		it.Evidence.Now = r.Now().Unix()
	}
	if err := view.Recall(ctx, items); err != nil {
		return err
	}
	if r.Seen == nil {
		return nil
	}
	return view.witness(ctx, items, *r.Seen)
}

// decide is what to do with one item, unless somebody else has done it since this run began.
func (r *Run) decide(ctx context.Context, view *View, it *Item, before map[string]Result) (Result, error) {
	res := Result{Item: it}
	if was, raced := before[it.Name]; r.Once && raced && self(it) != self(was.Item) {
		if by, err := view.lastChange(ctx, it); err != nil {
			return res, err
		} else if done, other := meanwhile(it, was); done {
			res.By, res.Decision = by, was.Decision
			return res, nil
		} else if other {
			res.Decision = render.Decision{Refused: fmt.Sprintf("somebody else was faster: %.10s (%s)", by.ID, by.Subject())}
			return res, nil
		}
	}
	if res.Decision, res.Err = r.Decide(it); res.Err == nil && res.Decision.Transition != "" {
		if refused, err := r.refuse(ctx, view, it, res.Decision); err != nil {
			return res, err
		} else if refused.Refused != "" {
			res.Decision = refused
		}
	}
	if res.Err != nil || res.Decision.Transition == "" {
		it.App.Forget()
		return res, nil
	}
	res.Move, res.Err = r.move(it, res.Decision)
	it.App.Forget()
	return res, nil
}

// meanwhile says whether somebody else has made the very move that was meant, or another one. A pause, or a sync, is neither: then it is decided again.
func meanwhile(it *Item, was Result) (done, other bool) {
	switch now := it.State.Lock; {
	case now == nil || was.Move.After == nil:
		return now == was.Move.After, true
	case now.Place().SameStep(was.Move.After.Place()):
		return true, false
	case was.Move.Before != nil && now.Place().SameStep(was.Move.Before.Place()):
		return false, false
	}
	return false, true
}

// refuse looks at what package render cannot see: whether a place that the app moves to is another's, and whether the step that a person approves is the one that
// this clone has shown.
func (r *Run) refuse(ctx context.Context, view *View, it *Item, d render.Decision) (render.Decision, error) {
	if d.Transition == render.Sync {
		return view.taken(ctx, it, true)
	}
	if !r.Approves || r.Push == nil {
		return render.Decision{}, nil
	}
	shown, err := r.Repo.Shown(ctx, r.Branch)
	if err != nil || shown == "" || shown == view.Tip {
		return render.Decision{}, err
	}
	here, err := r.Repo.Reader(ctx, shown)
	if err != nil {
		return render.Decision{}, err
	}
	defer here.Close()
	lock, err := here.File(it.Dir + "/" + render.LockFile)
	if err != nil {
		return render.Decision{}, err
	}
	if seen, ok := render.Glance(lock); ok && !seen.SameStep(it.State.Lock.Place()) {
		return render.Decision{Refused: fmt.Sprintf("%s is at %s by now, and %s here is not: look again (git pull)", r.Push, stands(it.State.Lock), r.Branch)}, nil
	}
	return render.Decision{}, nil
}

// self names the tree of an item.
func self(it *Item) string {
	if it.State.Lock == nil {
		return ""
	}
	return it.State.Lock.Self
}

// lastChange is the commit that wrote the item's tree.
func (v *View) lastChange(ctx context.Context, it *Item) (*git.Commit, error) {
	var found *git.Commit
	err := v.repo.History(ctx, v.Tip, render.LockFile, func(e git.Entry) (bool, error) {
		for _, ch := range e.Changes {
			if ch.Path == it.Dir+"/"+render.LockFile {
				list, err := v.repo.Commits(e.Commit)
				if err == nil {
					found = &list[0]
				}
				return false, err
			}
		}
		return true, nil
	})
	if found == nil && err == nil {
		found = &git.Commit{ID: v.Tip}
	}
	return found, err
}

// move renders a decision.
func (r *Run) move(it *Item, d render.Decision) (*message.Move, error) {
	if d.Transition == render.Rollback {
		return &message.Move{App: it.Name, Transition: d.Transition, Before: it.State.Lock, After: it.State.Lock, Reason: r.Reason, To: it.back.to}, nil
	}
	turn := it.State.Turn
	switch {
	case d.Transition == render.Install:
		turn = func(render.Decision) (render.Tree, *render.Lock, error) { return it.App.First() }
	case it.App != nil:
		turn = it.App.Turn
	}
	tree, lock, err := turn(d)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", it.Dir, err)
	}
	unsafe, err := r.check(it, d, render.State{Lock: lock, Tree: tree})
	if err != nil {
		return nil, err
	}
	m := &message.Move{App: it.Name, Transition: d.Transition, Before: it.State.Lock, After: lock, Rules: len(d.Step.Matches), Drift: it.State.Drift, Reason: r.Reason, Unsafe: unsafe,
		Changes: render.Changes(it.there(), tree), Config: render.ConfigChanges(it.State.Tree, tree)}
	if d.AtOnce {
		m.Unsafe = m.Overload()
	}
	for _, ch := range m.Changes {
		if ch.Op == render.Added && it.present[ch.Path] != nil {
			return nil, app.Conflict{Text: fmt.Sprintf("%s/%s is there already, and no %s says that gitramp wrote it", it.Dir, ch.Path, render.LockFile)}
		}
	}
	return m, nil
}

// check refuses a transition that is not proven safe, unless it is wanted all the same: then it says why.
func (r *Run) check(it *Item, d render.Decision, after render.State) (unsafe string, err error) {
	if it.App == nil {
		return "", nil
	}
	err = it.App.Check(app.Step{Transition: d.Transition, Release: it.App.Release, Before: it.State, After: after})
	var why app.Unsafe
	if r.Unsafe != "" && errors.As(err, &why) {
		return r.Unsafe, nil
	}
	return "", err
}

// there is what the directory really holds of the item's tree.
func (it *Item) there() render.Tree {
	var tree render.Tree
	for _, f := range it.State.Tree {
		if data, ok := it.present[f.Path]; ok {
			tree = append(tree, render.File{Path: f.Path, Data: data})
		}
	}
	return tree
}
