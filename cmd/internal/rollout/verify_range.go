package rollout

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/gitramp/gitramp/cmd/internal/app"
	"github.com/gitramp/gitramp/cmd/internal/git"
	"github.com/gitramp/gitramp/render"
)

// VerifyHistory says for every commit of the branch that changed one of the output paths whether it made one legal transition, oldest first. Where from is not
// "" only for those that are not in its history. With removed also of apps that are not there any more.
func (v *View) VerifyHistory(ctx context.Context, items []*Item, from string, removed bool) ([]*Verified, error) {
	chosen := map[string]*app.App{}
	if removed {
		gone, err := v.removals(ctx)
		if err != nil {
			return nil, err
		}
		for lock := range gone {
			chosen[path.Dir(lock)] = nil
		}
	}
	for _, it := range items {
		chosen[it.Dir] = it.App
	}
	var in map[string]bool
	if from != "" {
		commits, err := v.repo.FirstParents(ctx, from, v.Tip)
		if err != nil {
			return nil, err
		}
		in = map[string]bool{}
		for _, c := range commits {
			in[c] = true
		}
	}
	list, err := v.changes(ctx, chosen, in)
	if err != nil {
		return nil, err
	}
	var all []*Verified
	for _, ch := range list {
		r, err := v.step(ctx, ch.commit, ch.dir, chosen[ch.dir])
		if err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	return all, nil
}

// change is what one commit did to one output path.
type change struct{ commit, dir string }

// changes are those of the commits among in, nil for all, that touched one of the output paths, oldest first.
func (v *View) changes(ctx context.Context, chosen map[string]*app.App, in map[string]bool) ([]change, error) {
	var list []change
	cut := false
	err := v.repo.History(ctx, v.Tip, "*", func(e git.Entry) (bool, error) {
		if in != nil && !in[e.Commit] {
			return false, nil
		}
		if cut = e.Cut; cut {
			return false, nil
		}
		var dirs []string
		for _, ch := range e.Changes {
			dir := path.Dir(ch.Path)
			if _, ours := chosen[dir]; ours && !slices.Contains(dirs, dir) {
				dirs = append(dirs, dir)
				list = append(list, change{e.Commit, dir})
			}
		}
		return true, nil
	})
	if err == nil && cut {
		err = app.Conflict{Text: "history is cut off, so it cannot be verified: fetch all of it (git fetch --unshallow, or fetch-depth: 0)"}
	}
	slices.Reverse(list)
	return list, err
}

// step verifies one commit of the branch. In a history a revert is a person's act, and no fault.
func (v *View) step(ctx context.Context, commit, dir string, spec *app.App) (*Verified, error) {
	list, err := v.repo.Commits(commit)
	if err != nil {
		return nil, err
	}
	r, err := v.VerifyCommit(ctx, list[0].Parent, commit, dir, spec)
	if err != nil {
		return nil, err
	}
	if len(r.Findings) == 1 && r.Findings[0].Reverted() {
		r.Notes, r.Findings = append(r.Notes, r.Findings[0].Problem), nil
	}
	return r, nil
}

// VerifyAgainst says for every output path whether the branch made at most one legal transition since it left the history of rev, and whether that still fits
// what rev holds by now: the check of a pull request.
func (v *View) VerifyAgainst(ctx context.Context, items []*Item, rev string) ([]*Verified, error) {
	base, err := v.repo.Resolve(ctx, rev)
	if err != nil {
		return nil, err
	}
	fork, err := v.repo.MergeBase(ctx, base, v.Tip)
	if err != nil {
		return nil, err
	}
	if fork == "" {
		return nil, app.Usage{Text: fmt.Sprintf("--against: %s and the branch have no commit in common (a shallow clone? fetch-depth: 0)", rev)}
	}
	dirs, specs := map[string]bool{}, map[string]*app.App{}
	for _, it := range items {
		dirs[it.Dir], specs[it.Dir] = true, it.App
	}
	ours, err := v.changed(ctx, fork, v.Tip, dirs)
	if err != nil {
		return nil, err
	}
	theirs, err := v.changed(ctx, fork, base, dirs)
	if err != nil {
		return nil, err
	}
	var all []*Verified
	for _, dir := range ours {
		r, err := v.VerifyCommit(ctx, fork, v.Tip, dir, specs[dir])
		if err != nil {
			return nil, err
		}
		if slices.Contains(theirs, dir) {
			r.find("", "has moved on at %s since this was made: make it again on top of that", rev)
		}
		all = append(all, r)
	}
	return all, nil
}

// changed lists the directories, of those given and of any with a lock, in which two commits differ.
func (v *View) changed(ctx context.Context, from, to string, dirs map[string]bool) (list []string, err error) {
	files, err := v.repo.Changed(ctx, from, to)
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		dir := path.Dir(f)
		if (dirs[dir] || strings.HasSuffix(f, "/"+render.LockFile)) && !slices.Contains(list, dir) {
			list = append(list, dir)
		}
	}
	return list, nil
}
