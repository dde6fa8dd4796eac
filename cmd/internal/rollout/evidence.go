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
	open := map[string]*Item{}
	recalls := map[*Item]*render.Recall{}
	for _, it := range items {
		if it.State.Lock != nil {
			open[it.Dir+"/"+render.LockFile] = it
			recalls[it] = &render.Recall{Tip: it.State.Lock.Place()}
		}
	}
	if len(open) == 0 {
		return nil
	}
	err := v.repo.History(ctx, v.Tip, render.LockFile, func(e git.Entry) (bool, error) {
		before, err := v.before(e, func(path string) bool { return open[path] != nil })
		if err != nil {
			return false, err
		}
		for _, ch := range e.Changes {
			it := open[ch.Path]
			if it == nil {
				continue
			}
			r, before := recalls[it], before[ch.Path]
			more := r.Changed(e.Commit, before, e.Cut && before == nil)
			if r.Since == e.Commit {
				it.Since, it.SinceDate = e.Commit, e.Date
			}
			if !more {
				delete(open, ch.Path)
			}
		}
		return len(open) > 0, nil
	})
	if err != nil {
		return err
	}
	if err := v.correct(ctx, items); err != nil {
		return err
	}
	for it, r := range recalls {
		it.Evidence = r.Told(it.Evidence, it.SinceDate)
	}
	return nil
}

// before glances at the locks that a commit changed, as they were before it.
func (v *View) before(e git.Entry, wanted func(path string) bool) (map[string]*render.Place, error) {
	var paths, ids []string
	for _, ch := range e.Changes {
		if ch.Old != "" && wanted(ch.Path) {
			paths, ids = append(paths, ch.Path), append(ids, ch.Old)
		}
	}
	data, err := v.repo.Blobs(ids...)
	if err != nil {
		return nil, err
	}
	places := map[string]*render.Place{}
	for i, p := range paths {
		if place, ok := render.Glance(data[i]); ok {
			places[p] = &place
		}
	}
	return places, nil
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
func (v *View) correct(ctx context.Context, items []*Item) error {
	left := map[string]bool{}
	for _, it := range items {
		if it.Since != "" {
			left[it.Since] = true
		}
	}
	if len(left) == 0 {
		return nil
	}
	index := map[string]int{}
	var dates []int64
	more := lookback
	err := v.repo.Dates(ctx, v.Tip, func(commit string, date int64) bool {
		if left[commit] {
			delete(left, commit)
			index[commit] = len(dates)
		}
		dates = append(dates, date)
		if len(left) == 0 {
			more--
		}
		return more > 0
	})
	if err != nil {
		return err
	}
	for i := len(dates) - 2; i >= 0; i-- {
		dates[i] = max(dates[i], dates[i+1])
	}
	for _, it := range items {
		if i, ok := index[it.Since]; ok {
			it.SinceDate = dates[i]
		}
	}
	return nil
}

// witness says for each item whether what the cluster has applied holds the commit that began its step.
func (v *View) witness(ctx context.Context, items []*Item, w Witness) error {
	rev, err := v.repo.Resolve(ctx, w.Rev)
	if err != nil {
		return fmt.Errorf("--applied-rev: %w", err)
	}
	for _, it := range items {
		if it.Since == "" {
			continue
		}
		yes, err := v.repo.Contains(ctx, rev, it.Since)
		if err != nil {
			return err
		}
		it.Evidence.Applied = &render.Applied{Yes: yes, At: w.At}
	}
	return nil
}
