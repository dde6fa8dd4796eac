package rollout

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/gitramp/gitramp/cmd/internal/app"
	"github.com/gitramp/gitramp/cmd/internal/git"
	"github.com/gitramp/gitramp/cmd/internal/message"
	"github.com/gitramp/gitramp/render"
)

// Proposal is a branch of its own that a transition is written to: who merges it makes the transition.
type Proposal struct {
	Branch string
	Old    string // the commit that it held before, "" where it is new
	Kept   bool   // that very transition is what it held, so it stays

	metadata []byte // for a hydrator's
}

// propose compares what comes next for each app with the proposals that there are, and brings those in line: one where a transition is due, none otherwise. The
// branches are all that is remembered of them.
func (r *Run) propose(ctx context.Context, view *View, out *Outcome) error {
	remote, prefix := r.remote(), r.Prefix
	var metadata []byte
	var err error
	if r.Hydrate {
		prefix = nextPrefix(out.Target)
		if metadata, err = r.metadata(view.Tip); err != nil {
			return err
		}
	}
	open, err := r.Repo.Proposals(ctx, remote, prefix)
	if err != nil {
		return err
	}
	var roots []string
	var made, moves []git.Move
	for i := range out.Results {
		res := &out.Results[i]
		if err := r.compare(ctx, view, res, open, out.Target); err != nil {
			return err
		}
		if p := res.Proposal; p != nil && !p.Kept {
			p.metadata = metadata
			roots, made = append(roots, res.Dir), append(made, git.Move{Branch: p.Branch, Old: p.Old})
		}
	}
	if err := r.orphans(ctx, view, out, open); err != nil {
		return err
	}
	for _, res := range out.Results {
		moves = append(moves, res.Withdrawn...)
	}
	if moves = append(made, moves...); len(moves) == 0 || r.DryRun {
		return nil
	}
	w, err := r.Repo.Begin(ctx, git.Branch{}, roots, git.Options{Date: r.Date, RefLog: "gitramp " + r.Verb, Tip: view.Tip, Apart: true})
	if err != nil {
		return err
	}
	defer w.Abort()
	for i := range out.Results {
		if p := out.Results[i].Proposal; p != nil && !p.Kept {
			if err := r.commit(w, out.Results[i]); err != nil {
				return err
			}
		}
	}
	if err := w.Propose(remote, moves); err != nil {
		return err
	}
	ids := w.Made
	for i := range out.Results {
		if p := out.Results[i].Proposal; p != nil && !p.Kept {
			out.Results[i].Commit, ids = ids[0], ids[1:]
		}
	}
	return nil
}

// compare says what becomes of the proposals of one app. Where it is not known what comes next they stay.
func (r *Run) compare(ctx context.Context, view *View, res *Result, open map[string]string, target string) error {
	switch {
	case res.State.Lock == nil:
		return nil
	case res.Evidence.Shallow: // nor is it known what a proposal was made on
		if res.Move != nil {
			res.Move, res.Decision = nil, render.Decision{Refused: "history is cut off, so nobody knows what its proposals hold: fetch all of it (git fetch --unshallow, or fetch-depth: 0)"}
		}
		return nil
	}
	of, branch := r.names(res, target)
	if res.Move != nil {
		res.Proposal = &Proposal{Branch: branch}
	}
	for _, name := range slices.Sorted(maps.Keys(open)) {
		if name != of && !strings.HasPrefix(name, of+"/") {
			continue
		}
		at := open[name]
		held, why, err := view.proposed(ctx, at, res.Dir, r.Hydrate)
		switch {
		case err != nil:
			return err
		case why != "":
			res.Err = app.Conflict{Text: fmt.Sprintf("%s: %s %s, and gitramp did not write that: merge it, or delete the branch", res.Name, name, why)}
			res.Move, res.Proposal, res.Withdrawn = nil, nil, nil
			return nil
		case res.Proposal != nil && res.Proposal.Branch == name:
			res.Proposal.Old = at
			if res.Proposal.Kept = held.holds(res.Move) && (!r.Rebase || held.fork == view.Tip) && (!r.Hydrate || held.files[HydratorFile] != nil); res.Proposal.Kept {
				res.Commit = at
			}
		case r.Hydrate && held.fork == at: // it holds nothing any more, and the promoter wants it to be there
		case res.Err == nil && r.Hydrate:
			res.Withdrawn = append(res.Withdrawn, git.Move{Branch: name, Old: at, New: view.Tip})
		case res.Err == nil:
			res.Withdrawn = append(res.Withdrawn, git.Move{Branch: name, Old: at})
		}
	}
	return nil
}

// branchName is what the branches of an app's proposals call it.
func branchName(app string) string { return strings.ReplaceAll(app, "/", ".") }

// orphans withdraws the proposals of apps that the branch has no more: merged, one would bring some of a deleted app back.
func (r *Run) orphans(ctx context.Context, view *View, out *Outcome, open map[string]string) error {
	if r.Hydrate {
		return nil // the promoter's branches are not deleted
	}
	of := map[string]int{}
	for i, res := range out.Results {
		of[branchName(res.Name)] = i
	}
	for _, name := range slices.Sorted(maps.Keys(open)) {
		called, _, _ := strings.Cut(strings.TrimPrefix(name, r.Prefix+"/"), "/")
		i, known := of[called]
		if known && out.Results[i].State.Lock != nil {
			continue
		}
		it, err := view.orphan(ctx, open[name])
		switch {
		case err != nil:
			return err
		case it == nil:
			continue
		case !known:
			i, of[called] = len(out.Results), len(out.Results)
			out.Results = append(out.Results, Result{Item: it})
		}
		out.Results[i].Withdrawn = append(out.Results[i].Withdrawn, git.Move{Branch: name, Old: open[name]})
	}
	return nil
}

// orphan is the app of a proposal, where the tip does not have it; nil where it does, and where the proposal holds what gitramp did not write.
func (v *View) orphan(ctx context.Context, proposal string) (*Item, error) {
	fork, err := v.repo.MergeBase(ctx, v.Tip, proposal)
	if err != nil || fork == "" {
		return nil, err
	}
	changed, err := v.repo.Changed(ctx, fork, proposal)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(changed, func(file string) bool { return path.Base(file) == render.LockFile })
	if i < 0 {
		return nil, nil
	}
	if data, err := v.reader.File(changed[i]); err != nil || data != nil {
		return nil, err
	}
	dir := path.Dir(changed[i])
	h, why, err := v.proposed(ctx, proposal, dir, false)
	if err != nil || why != "" || h.lock == nil {
		return nil, err
	}
	return &Item{Name: fullName(h.lock.Namespace, h.lock.App), Dir: dir}, nil
}

// names are where all proposals of an app are, and the branch for the one that is due.
func (r *Run) names(res *Result, target string) (of, branch string) {
	if r.Hydrate {
		return hydrated(target, res.Dir), hydrated(target, res.Dir)
	}
	if of = r.Prefix + "/" + branchName(res.Name); res.Move != nil {
		branch = of + "/" + res.Move.Revision() + "/" + stepName(res.Move, res.Decision.Step)
	}
	return of, branch
}

// stepName is the last part of a proposal's branch: the step of the plan that it leads to, else the transition.
func stepName(m *message.Move, st render.Step) string {
	if st.Name != "" && st.Transition == m.Transition {
		return fmt.Sprintf("step-%d", st.Index)
	}
	return string(m.Transition)
}

// held is what a proposal holds.
type held struct {
	fork  string // the commit that it was made on
	files map[string][]byte
	lock  *render.Lock
}

// holds says whether a move leads to what the proposal holds.
func (h held) holds(m *message.Move) bool {
	return !slices.ContainsFunc(m.Changes, func(ch render.Change) bool {
		data, there := h.files[ch.Path]
		return there == (ch.Op == render.Removed) || !bytes.Equal(data, ch.New)
	})
}

// proposed reads a proposal. why says what it has that gitramp did not write: nobody's work is written over.
func (v *View) proposed(ctx context.Context, commit, dir string, hydrate bool) (h held, why string, err error) {
	if h.fork, err = v.repo.MergeBase(ctx, v.Tip, commit); err != nil || h.fork == "" {
		return h, "has no commit in common with the branch", err
	}
	changed, err := v.repo.Changed(ctx, h.fork, commit)
	if err != nil {
		return h, "", err
	}
	var before, after readState
	if _, _, err = v.stateAt(ctx, h.fork, dir, &before); err != nil {
		return h, "", err
	}
	if _, h.files, err = v.stateAt(ctx, commit, dir, &after); err != nil {
		return h, "", err
	}
	h.lock = after.Lock
	ours := map[string]bool{dir + "/" + render.LockFile: true, dir + "/" + HydratorFile: hydrate}
	for _, l := range []*render.Lock{before.Lock, after.Lock} {
		if l != nil {
			for _, f := range l.Files {
				ours[dir+"/"+f.Path] = true
			}
		}
	}
	for _, file := range changed {
		if !ours[file] {
			return h, "changes " + file, nil
		}
	}
	switch {
	case len(changed) == 0:
	case before.Unread != nil || after.Unread != nil || before.Lock == nil || len(after.Drift) > len(before.Drift):
		return h, "has other manifests", nil
	case after.Lock != nil && after.Lock.Parent != before.Lock.Self:
		return h, "is more than one transition away", nil
	}
	return h, "", nil
}
