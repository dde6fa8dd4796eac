package git

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Move is where a branch is, and where it is to be: from Old, "" where it does not exist, to New, "" where it is to be deleted. It is made by compare-and-set, and
// may go anywhere: it is for branches that hold proposals, and not for one that anybody builds on.
type Move struct{ Branch, Old, New string }

// Proposals are the branches below a prefix and where they are: at a remote, or where that is "" here. Their commits are here afterwards.
func (r *Repo) Proposals(ctx context.Context, remote, prefix string) (map[string]string, error) {
	if err := CheckBranch(prefix); err != nil {
		return nil, err
	}
	if remote == "" {
		out, err := r.run(ctx, call{args: []string{"for-each-ref", "--format=%(objectname)\t%(refname)", "refs/heads/" + prefix + "/"}})
		return r.branchesOf(out, prefix), err
	}
	limited, stop := context.WithTimeout(ctx, netTimeout)
	defer stop()
	out, err := r.run(limited, call{net: true, args: []string{"ls-remote", "--quiet", remote, "refs/heads/" + prefix + "/*"}})
	if err != nil {
		return nil, r.network(limited, "asking "+remote, err)
	}
	found := r.branchesOf(out, prefix)
	return found, r.fetchAll(limited, remote, found)
}

// branchesOf reads lines of an id and a ref.
func (r *Repo) branchesOf(out, prefix string) map[string]string {
	found := map[string]string{}
	for line := range strings.Lines(out) {
		id, ref, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		name, ok := strings.CutPrefix(ref, "refs/heads/")
		if ok && strings.HasPrefix(name, prefix+"/") && CheckBranch(name) == nil && isHex(id, r.config.hashLen()) {
			found[name] = id
		}
	}
	return found
}

// fetchAll brings the commits here that are not. Like Fetch it writes no ref.
func (r *Repo) fetchAll(ctx context.Context, remote string, branches map[string]string) error {
	args := []string{"fetch", "--quiet", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head", "--refmap=", remote}
	known := len(args)
	for name, id := range branches {
		got, err := r.objects(id)
		if err != nil {
			return err
		}
		if got[0].kind == "" {
			args = append(args, "refs/heads/"+name)
		}
	}
	if len(args) == known {
		return nil
	}
	slices.Sort(args[known:])
	_, err := r.run(ctx, call{net: true, flags: []string{"gc.auto=0", "maintenance.auto=false"}, args: args})
	if said := (*Error)(nil); errors.As(err, &said) && strings.Contains(said.Stderr, "couldn't find remote ref") {
		return &Raced{remote, "a proposal at " + remote + " was deleted while this run was at work"}
	} else if err != nil {
		return r.network(ctx, "fetching from "+remote, err)
	}
	for name, id := range branches {
		if got, err := r.objects(id); err != nil || got[0].kind == "" {
			return errors.Join(err, &Raced{remote + "/" + name, remote + "/" + name + " was moved while this run was at work"})
		}
	}
	return nil
}

// Propose completes the commits and moves branches: at a remote, or where that is "" here. For the i-th commit to is the i-th move; all that are more delete, or
// go where they say. It does not stop at the first branch that cannot be moved.
func (w *Writer) Propose(remote string, moves []Move) error {
	defer w.Abort()
	if w.done || !w.apart {
		return errors.New("the writer is closed, or not for proposals")
	}
	if err := w.complete(); err != nil {
		return err
	}
	for i, id := range w.Made {
		moves[i].New = id
	}
	if remote == "" {
		return w.repo.moveHere(w.ctx, moves, w.reflog)
	}
	made := len(w.Made) // what goes goes first: there is never one too many
	for _, part := range [][]Move{moves[made:], moves[:made]} {
		for batch := range slices.Chunk(part, 500) { // what a command line holds
			if err := w.repo.pushMoves(w.ctx, remote, batch); err != nil {
				return err
			}
		}
	}
	return nil
}

// Move moves branches of proposals that need no commit made: at a remote, or where that is "" here.
func (r *Repo) Move(ctx context.Context, remote string, moves []Move, reflog string) error {
	if remote == "" {
		return r.moveHere(ctx, moves, reflog)
	}
	return r.pushMoves(ctx, remote, moves)
}

// moveHere moves branches of this repository, all or none.
func (r *Repo) moveHere(ctx context.Context, moves []Move, reflog string) error {
	head, err := r.head(ctx, r.gitDir, r.dir)
	if err != nil {
		return err
	}
	var lines strings.Builder
	var locks []string
	for _, m := range moves {
		locks = append(locks, r.refLock("refs/heads/"+m.Branch))
		at, err := r.workTree(ctx, m.Branch, head)
		switch {
		case errors.Join(CheckBranch(m.Branch), err) != nil:
			return errors.Join(CheckBranch(m.Branch), err)
		case at != "":
			return &Conflict{Text: fmt.Sprintf("%s is checked out in %s, and is to be moved: git switch away from it", m.Branch, at)}
		case m.Old == "":
			fmt.Fprintf(&lines, "create refs/heads/%s %s\n", m.Branch, m.New)
		case m.New == "":
			fmt.Fprintf(&lines, "delete refs/heads/%s %s\n", m.Branch, m.Old)
		default:
			fmt.Fprintf(&lines, "update refs/heads/%s %s %s\n", m.Branch, m.New, m.Old)
		}
	}
	_, err = r.run(ctx, call{args: []string{"update-ref", "-m", reflog, "--stdin"}, flags: []string{"core.fsync=committed,loose-object,reference"}, stdin: lines.String(), hooks: true, locks: locks})
	if err == nil || isStuck(err) {
		return err
	}
	for _, m := range moves {
		if tip, tipErr := r.tip(m.Branch); tipErr != nil || tip.id != m.Old {
			return errors.Join(tipErr, &Raced{m.Branch, m.Branch + " was moved while this run was at work"})
		}
	}
	if said := (*Error)(nil); errors.As(err, &said) && strings.Contains(said.Stderr, "aborted by hook") {
		return &Refusal{Text: "a hook refused to move the branches of proposals", Err: err}
	}
	return &Conflict{Text: "git cannot move the branches of proposals", Err: err}
}

// pushMoves moves branches of a remote with one push: each has a lease of its own, and what was not moved is told.
func (r *Repo) pushMoves(ctx context.Context, remote string, moves []Move) error {
	limited, stop := context.WithTimeout(ctx, netTimeout)
	defer stop()
	args := []string{"push", "--porcelain", "--no-follow-tags", "--recurse-submodules=no"}
	var locks []string
	for _, m := range moves {
		locks = append(locks, r.refLock(Remote{remote, m.Branch}.tracking()))
		args = append(args, "--force-with-lease=refs/heads/"+m.Branch+":"+m.Old)
	}
	args = append(args, remote)
	for _, m := range moves {
		args = append(args, m.New+":refs/heads/"+m.Branch)
	}
	out, err := r.run(limited, call{net: true, hooks: true, args: args, locks: locks})
	step("pushed")
	var said *Error
	if err == nil || !errors.As(err, &said) {
		return err
	}
	said.Stderr = WithoutUsers(said.Stderr)
	rejected := map[string]string{}
	for line := range strings.Lines(out) {
		if f := strings.Split(strings.TrimSuffix(line, "\n"), "\t"); len(f) == 3 && f[0] == "!" {
			_, ref, _ := strings.Cut(f[1], ":")
			rejected[strings.TrimPrefix(ref, "refs/heads/")] = sanitise(f[2])
		}
	}
	switch {
	case len(rejected) == 0 && strings.Contains(said.Stderr, "pre-push hook"):
		return &Refusal{Text: "the pre-push hook refused", Err: said}
	case len(rejected) == 0:
		return r.network(limited, "pushing to "+remote, said)
	}
	var errs []error
	for _, m := range moves {
		switch why := rejected[m.Branch]; {
		case why == "":
		case strings.Contains(why, "cannot lock ref"), strings.Contains(why, "failed to update ref"): // somebody is at it, or left a lock there
			errs = append(errs, &Raced{remote + "/" + m.Branch, join(fmt.Sprintf("%s/%s could not be moved", remote, m.Branch), said)})
		case strings.HasPrefix(why, "[rejected]"):
			errs = append(errs, &Raced{remote + "/" + m.Branch, fmt.Sprintf("%s/%s was moved while this run was at work", remote, m.Branch)})
		default:
			errs = append(errs, &Refusal{Text: fmt.Sprintf("%s/%s refused the push: %s", remote, m.Branch, why), Err: said})
		}
	}
	return errors.Join(errs...)
}
