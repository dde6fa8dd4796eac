package git

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
)

// intend writes the journal of what is about to happen: before a push, so that a run which dies when that has arrived is finished by the next. It returns nil
// where the branch of this repository stays as it is.
func (w *Writer) intend(tip string) (*journal, error) {
	if w.branch.Name == "" {
		return nil, nil
	}
	roots, err := w.changed(tip)
	if err != nil {
		return nil, err
	}
	j := &journal{Version: journalVersion, Branch: w.branch.Name, Old: w.branch.Tip, New: tip, Remote: w.push, Roots: roots, PID: os.Getpid()}
	switch {
	case w.work == nil && w.repo.bare:
		j.GitDir = w.repo.gitDir
	case w.work != nil:
		j.Top, j.GitDir = w.work.top, w.work.gitDir
		if err := w.repo.copyIndex(j.GitDir); err != nil {
			return nil, err
		}
	}
	return j, w.repo.writeJournal(j)
}

// land moves the branch, then index and work tree, under the journal.
func (w *Writer) land(j *journal) error {
	err := w.repo.move(w.ctx, j, w.lock, w.reflog)
	switch {
	case isStuck(err):
		w.unsure = true
		return err
	case err != nil && j.Remote != nil:
		if errors.As(err, new(*Raced)) {
			return nil // somebody else is at work here; what is pushed is pushed
		}
		w.unsure = !errors.As(err, new(*Refusal))
		return fmt.Errorf("%s is at %s, but %s here is not: %w", j.Remote, short(j.New), j.Branch, err)
	case err != nil:
		w.unsure = errors.As(err, new(*unknown))
		return err
	}
	step("moved")
	if w.work == nil {
		return nil
	}
	// From here on being cancelled is no reason to stop half-way.
	if err := w.repo.bring(context.WithoutCancel(w.ctx), j, w.lock, w.gone()); err != nil {
		w.unsure = true
		return fmt.Errorf("%s is at %s, but its work tree is not (the next run finishes it): %w", j.Branch, short(j.New), err)
	}
	return nil
}

// gone are the files that are not there any more.
func (w *Writer) gone() (names []string) {
	for name, present := range w.present {
		if !present {
			names = append(names, name)
		}
	}
	return names
}

// changed lists the roots that are not as they were. One that exists neither before nor after is not among them: git would not know it.
func (w *Writer) changed(tip string) (roots []string, err error) {
	after, err := w.repo.Reader(w.ctx, tip)
	if err != nil {
		return nil, err
	}
	for _, root := range slices.Concat(w.roots, w.files) {
		was, err := w.tree.lookup(root)
		is, err2 := after.lookup(root)
		if err := errors.Join(err, err2); err != nil {
			return nil, err
		}
		if was.id != is.id {
			roots = append(roots, root)
		}
	}
	return roots, nil
}

// unknown says that nobody can tell where a branch is, or what a git left.
type unknown struct{ error }

func (u *unknown) Unwrap() error { return u.error }

// move is the one moment at which the branch changes: compare-and-set, with the user's reference-transaction hook.
func (r *Repo) move(ctx context.Context, j *journal, lock *os.File, reflog string) error {
	change := "create refs/heads/" + j.Branch + " " + j.New + "\n"
	if j.Old != "" {
		change = "update refs/heads/" + j.Branch + " " + j.New + " " + j.Old + "\n"
	}
	_, err := r.run(ctx, call{
		args: []string{"update-ref", "-m", reflog, "--stdin"}, flags: []string{"core.fsync=committed,loose-object,reference"},
		dir: j.Top, stdin: change, hooks: true, lock: lock, locks: r.refLocks(j),
	})
	if err == nil || isStuck(err) {
		return err
	}
	tip, tipErr := r.tip(j.Branch)
	var said *Error
	switch {
	case tipErr != nil:
		return &unknown{errors.Join(err, tipErr)}
	case tip.id == j.New:
		return nil // killed, or cancelled, just after
	case tip.id != j.Old:
		return r.lost(j.Branch)
	case !errors.As(err, &said) || said.Code < 0:
		return &unknown{err} // it is where it was, but a git that was killed leaves its locks: the next run clears them by the journal
	case strings.Contains(said.Stderr, "aborted by hook"):
		return &Refusal{Text: "a hook refused to move " + j.Branch, Err: err}
	case strings.Contains(said.Stderr, "cannot lock ref") && strings.Contains(said.Stderr, "exist"): // else it is the disk's fault, or nobody may write there
		return &Conflict{Text: "git cannot lock " + j.Branch, Err: err}
	}
	return err
}

// lost says who won the race for a branch.
func (r *Repo) lost(branch string) error {
	tip, err := r.tip(branch)
	if err != nil {
		return err
	}
	if tip.id == "" {
		return &Raced{branch, branch + " was deleted while this run was at work"}
	}
	_, message, _ := strings.Cut(string(tip.data), "\n\n")
	subject, _, _ := strings.Cut(message, "\n")
	return &Raced{branch, fmt.Sprintf("%s was moved to %s (%s) while this run was at work", branch, short(tip.id), sanitise(subject))}
}
