package rollout

import (
	"context"
	"fmt"

	"github.com/gitramp/gitramp/cmd/internal/git"
	"github.com/gitramp/gitramp/render"
)

// Witness is what the user says of the cluster.
type Witness struct {
	Rev string // what the controller reports as applied: a commit of the branch
	At  int64  // since when, Unix seconds; 0: that is not known
}

// lookback is how many older commits are asked whether the clock of a step's commit was late: a step is never taken for older than what it was built on.
const lookback = 1000

// Recall finds out since when each item stands at its step, and whether somebody took one back: in one walk through the history for all of them.
func (v *View) Recall(ctx context.Context, items []*Item) error {
	p := past{open: map[string]*Item{}, recalls: map[*Item]*render.Recall{}, began: map[*Item]git.Entry{}, reach: 4}
	for _, it := range items {
		if it.State.Lock != nil {
			p.open[it.Dir+"/"+render.LockFile] = it
			p.recalls[it] = &render.Recall{Tip: it.State.Lock.Place()}
		}
	}
	if len(p.open) == 0 {
		return nil
	}
	err := v.repo.History(ctx, v.Tip, render.LockFile, func(e git.Entry) (bool, error) {
		p.next, p.changes = append(p.next, e), p.changes+len(e.Changes)
		if len(p.next) < p.reach && p.changes < manyChanges {
			return true, nil
		}
		p.reach *= 2
		return v.tell(&p)
	})
	if err == nil {
		_, err = v.tell(&p)
	}
	if err != nil {
		return err
	}
	if err := v.correct(ctx, &p, items); err != nil {
		return err
	}
	for it, r := range p.recalls {
		if it.Evidence = r.Told(it.Evidence, it.SinceDate); it.Since == "" && !it.Evidence.Shallow {
			return fmt.Errorf("%s: git's history does not tell which commit wrote %s/%s", it.Name, it.Dir, render.LockFile)
		}
	}
	return v.merged(ctx, &p)
}

// merged looks for a person's stop where the first-parent history does not have it: who was behind and merges the branch into their own makes what it held meanwhile
// the second parent's.
func (v *View) merged(ctx context.Context, p *past) error {
	if !p.merge {
		return nil
	}
	running := map[string]*Item{}
	for it := range p.recalls {
		if l := it.State.Lock; l.Canary != nil && !l.Phase.GoesBack() && !it.Evidence.WentBack && !it.Evidence.Shallow {
			running[it.Dir+"/"+render.LockFile] = it
		}
	}
	if len(running) == 0 {
		return nil
	}
	before, err := v.parent(p.oldest)
	if err != nil {
		return err
	}
	return v.repo.Merged(ctx, v.Tip, before, render.LockFile, func(e git.Entry) (bool, error) {
		for _, ch := range e.Changes {
			if it := running[ch.Path]; it == nil || ch.New == "" {
				continue
			} else if err := v.beyond(ctx, it, e.Commit, ch.New, p.began[it]); err != nil {
				return false, err
			}
		}
		return true, nil
	})
}

// beyond notes that a commit had an item further on in its rollout, unless that was an earlier rollout: one that was there before began, which began this one.
// Where history is cut off there, nobody can tell.
func (v *View) beyond(ctx context.Context, it *Item, commit, lock string, began git.Entry) error {
	was, err := v.place(lock)
	if err != nil || was == nil || !was.Beyond(it.State.Lock.Place()) {
		return err
	}
	if began.Cut {
		it.Evidence.Shallow = true
		return nil
	}
	before, err := v.parent(began)
	if err != nil {
		return err
	}
	earlier := false
	if before != "" {
		earlier, err = v.repo.Contains(ctx, before, commit)
	}
	if err == nil && !earlier {
		it.Evidence.WentBack, it.Evidence.Attempts = true, max(it.Evidence.Attempts, was.Attempt)
	}
	return err
}

// parent is the first parent of a commit, "" for none in this repository.
func (v *View) parent(e git.Entry) (string, error) {
	if e.Cut {
		return "", nil
	}
	list, err := v.repo.Commits(e.Commit)
	if err != nil {
		return "", err
	}
	return list[0].Parent, nil
}

// past is how far a walk through the history has come. It reads a few commits, then twice as many at a time: most questions are answered by the newest, and where
// there is a commit for each app and step, to ask git about each of them alone takes longer than all else.
type past struct {
	open    map[string]*Item // by lock: of which more has to be told
	recalls map[*Item]*render.Recall
	began   map[*Item]git.Entry // the oldest commit that was told of each: it began its rollout
	next    []git.Entry         // that are not told yet
	changes int                 // in them
	oldest  git.Entry           // the commit that it has come to
	merge   bool                // one of the commits up to that one is a merge
	reach   int                 // how many are told at a time
}

// manyChanges is how many locks are read at a time at the most, but for those of one commit.
const manyChanges = 2000

func (v *View) tell(p *past) (more bool, err error) {
	before, err := v.before(p)
	if err != nil {
		return false, err
	}
	for _, e := range p.next {
		p.oldest = e
		for _, ch := range e.Changes {
			it := p.open[ch.Path]
			if it == nil {
				continue
			}
			p.began[it] = e
			r, was := p.recalls[it], before[ch.Old]
			more := r.Changed(e.Commit, was, e.Cut && was == nil)
			if r.Since == e.Commit {
				it.Since, it.SinceDate = e.Commit, e.Date
			}
			if r.Written == e.Commit {
				it.written = e.Commit
			}
			if !more {
				delete(p.open, ch.Path)
			}
		}
	}
	p.next, p.changes = p.next[:0], 0
	return len(p.open) > 0, nil
}

// before glances at the locks that the next commits changed, as they were before, by their ids.
func (v *View) before(p *past) (map[string]*render.Place, error) {
	places := map[string]*render.Place{}
	var ids []string
	for _, e := range p.next {
		for _, ch := range e.Changes {
			if _, twice := places[ch.Old]; ch.Old != "" && p.open[ch.Path] != nil && !twice {
				places[ch.Old], ids = nil, append(ids, ch.Old)
			}
		}
	}
	if ids == nil {
		return places, nil
	}
	err := v.repo.EachBlob(ids, func(i int, lock []byte) {
		if place, ok := render.Glance(lock); ok {
			places[ids[i]] = &place
		}
	})
	return places, err
}

// place glances at a lock of the past.
func (v *View) place(blob string) (*render.Place, error) {
	if blob == "" {
		return nil, nil
	}
	data, err := v.repo.Blobs(blob)
	if err != nil {
		return nil, err
	}
	if p, ok := render.Glance(data[0]); ok {
		return &p, nil
	}
	return nil, nil
}

// correct moves the date of a step's commit up to that of the newest among those that it was built on: a clock that was late would end a hold too early.
// On the way it sees whether any of them is a merge.
func (v *View) correct(ctx context.Context, p *past, items []*Item) error {
	left := map[string]bool{p.oldest.Commit: true}
	for _, it := range items {
		for _, commit := range []string{it.Since, it.written} {
			if commit != "" {
				left[commit] = true
			}
		}
	}
	index := map[string]int{}
	var dates []int64
	var commits []string
	more := lookback
	err := v.repo.Dates(ctx, v.Tip, func(commit string, date int64, merge bool) bool {
		p.merge = p.merge || merge && left[p.oldest.Commit]
		if left[commit] {
			delete(left, commit)
			index[commit] = len(dates)
		}
		dates, commits = append(dates, date), append(commits, commit)
		if len(left) == 0 {
			more--
		}
		return more > 0
	})
	if err != nil {
		return err
	}
	for i := len(dates) - 2; i >= 0; i-- {
		if dates[i+1] > dates[i] {
			dates[i], commits[i] = dates[i+1], commits[i+1]
		}
	}
	for _, it := range items {
		if i, ok := index[it.Since]; ok {
			it.SinceDate = dates[i]
		}
		if i, ok := index[it.written]; ok {
			if it.Evidence.Written = dates[i]; commits[i] != it.written {
				it.Evidence.Late = commits[i]
			}
		}
	}
	return nil
}

// witness says for each item whether what the cluster has applied holds the commit that wrote its step's manifests.
func (v *View) witness(ctx context.Context, items []*Item, w Witness) error {
	var begun []string
	for _, it := range items {
		if it.written != "" {
			begun = append(begun, it.written)
		}
	}
	missing, err := v.repo.Missing(ctx, w.Rev, begun)
	if err != nil {
		return fmt.Errorf("--applied-rev: %w", err)
	}
	for _, it := range items {
		if it.written != "" {
			it.Evidence.Applied = &render.Applied{Yes: !missing[it.written], At: w.At}
		}
	}
	return nil
}
