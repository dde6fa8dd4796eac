package git

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Recover finishes what a run that was killed left, if there is such a run. It returns a line for the user, "" if there was nothing to do.
func (r *Repo) Recover(ctx context.Context) (string, error) {
	left, err := os.ReadDir(r.state("."))
	if err != nil || !slices.ContainsFunc(left, func(d fs.DirEntry) bool { return d.Name() != "lock" }) {
		return "", ignore(err, fs.ErrNotExist)
	}
	lock, err := r.flock(ctx)
	if err != nil {
		return "", err
	}
	defer lock.Close()
	return r.recover(ctx, lock)
}

// recover works under the flock: whoever wrote the journal is dead, and so are its children.
func (r *Repo) recover(ctx context.Context, lock *os.File) (string, error) {
	j, err := r.readJournal()
	if err != nil {
		return "", err
	}
	if j == nil {
		return "", r.drop() // killed before anything moved, or after all was done
	}
	if err := r.clearRefLocks(ctx, j); err != nil {
		return "", err
	}
	tip, err := r.tip(j.Branch)
	if err != nil {
		return "", err
	}
	if tip.id == j.Old && j.Remote != nil {
		if line, err := r.pushed(ctx, j, lock); line != "" || err != nil {
			return line, err
		}
		tip.id = j.New
	}
	switch tip.id {
	case j.Old:
		return fmt.Sprintf("a run that was interrupted (pid %d) had not moved %s: dropped it", j.PID, j.Branch), r.drop()
	case j.New:
		done, err := r.finish(ctx, j, lock)
		if err != nil { // keep the journal, but do not keep the user's git from working
			err = errors.Join(fmt.Errorf("bringing the work tree along to %s, for a run that was interrupted: %w", short(j.New), err), r.unlockIndex())
		}
		return done, err
	}
	return r.late(j, "the branch has moved on")
}

// pushed moves the branch of a run that died at its push, if that has arrived. Else it returns a line for the user.
func (r *Repo) pushed(ctx context.Context, j *journal, lock *os.File) (string, error) {
	run := fmt.Sprintf("a run that was interrupted (pid %d)", j.PID)
	now, err := r.Fetch(ctx, *j.Remote)
	if err != nil {
		return fmt.Sprintf("%s was pushing %s to %s; whether it arrived cannot be told now: %s", run, short(j.New), j.Remote, err), r.unlockIndex()
	}
	arrived := now != ""
	if arrived {
		if arrived, err = r.Contains(ctx, now, j.New); err != nil {
			return "", err
		}
	}
	if !arrived {
		return fmt.Sprintf("%s had not moved %s: dropped it", run, j.Remote), r.drop()
	}
	if err := r.move(ctx, j, lock, "gitramp: along with "+j.Remote.String()); err != nil {
		if errors.As(err, new(*Refusal)) {
			return fmt.Sprintf("%s had moved %s to %s, and %s stays where it is: %s", run, j.Remote, short(j.New), j.Branch, err), r.drop()
		}
		return "", err
	}
	return "", nil
}

// late gives up on a work tree that was used since the run was interrupted.
func (r *Repo) late(j *journal, why string) (string, error) {
	return fmt.Sprintf("a run that was interrupted (pid %d) had moved %s to %s, and %s: check `git status` under %s",
		j.PID, j.Branch, short(j.New), why, list(j.Roots)), r.drop()
}

// finish brings the work tree of a branch that has moved along, except for files that somebody edited since.
func (r *Repo) finish(ctx context.Context, j *journal, lock *os.File) (string, error) {
	done := fmt.Sprintf("finished a run that was interrupted (pid %d): %s is at %s", j.PID, j.Branch, short(j.New))
	if j.Top == "" {
		return done, r.drop()
	}
	if _, err := os.Stat(j.GitDir); err != nil {
		return r.late(j, "its work tree is gone")
	}
	if !r.ownsIndex(j.GitDir) {
		if err := errors.Join(r.unlockIndex(), r.lockIndex(ctx, j.GitDir)); err != nil {
			return "", err
		}
	}
	head, err := r.head(ctx, j.GitDir, j.Top)
	if err != nil {
		return "", err
	}
	if head != j.Branch {
		return r.late(j, "it is no longer checked out")
	}
	left, err := r.behind(ctx, j)
	if err == nil {
		err = r.torn(ctx, j, &left)
	}
	if err != nil {
		return "", err
	}
	if err := ignore(os.Remove(r.state("index.lock")), fs.ErrNotExist); err != nil {
		return "", err
	}
	if err := r.copyIndex(j.GitDir); err != nil {
		return "", err
	}
	if err := r.restore(ctx, j, lock, left.both, left.gone, "--staged", "--worktree"); err != nil {
		return "", err
	}
	if err := r.restore(ctx, j, lock, left.index, nil, "--staged"); err != nil {
		return "", err
	}
	if err := r.putIndex(j); err != nil {
		return "", err
	}
	if len(left.edited) > 0 {
		done += ", except for what was edited since: " + list(left.edited)
	}
	return done, r.drop()
}

// change is a path that differs between the old and the new tip.
type change struct{ old, new entry }

// remains are the paths that differ between the tips, by what is to be done.
type remains struct {
	both   []string // bring index and work tree along
	gone   []string // those of them that the new tip does not have
	index  []string // the index only: the work tree's file was edited
	edited []string // in the work tree or the index: say so
}

func (r *Repo) behind(ctx context.Context, j *journal) (left remains, err error) {
	changes, err := r.changes(ctx, j)
	if err != nil {
		return left, err
	}
	staged, err := r.staged(ctx, j)
	if err != nil {
		return left, err
	}
	for _, name := range slices.Sorted(maps.Keys(changes)) {
		c, at := changes[name], staged[name]
		ours, err := r.untouched(ctx, j, name, c)
		if err != nil {
			return left, err
		}
		foreign := at != c.old && at != c.new
		if foreign || !ours {
			left.edited = append(left.edited, name)
		}
		switch known := at.id != "" || c.new.id != ""; {
		case foreign || !known:
		case ours:
			if left.both = append(left.both, name); c.new.id == "" {
				left.gone = append(left.gone, name)
			}
		default:
			left.index = append(left.index, name)
		}
	}
	return left, nil
}

// torn adds the files of the roots that are the same at both tips, and are gone or cut short: where git cannot tell by its index that a file is as it should be,
// restore writes it anew, and may be killed at it.
func (r *Repo) torn(ctx context.Context, j *journal, left *remains) error {
	after, err := r.Reader(ctx, j.New)
	if err != nil {
		return err
	}
	defer after.Close()
	out, err := r.run(ctx, call{dir: j.Top, args: append([]string{"ls-files", "-m", "-s", "-z", "--"}, j.Roots...)})
	if err != nil {
		return err
	}
	for line := range strings.SplitSeq(strings.TrimSuffix(out, "\x00"), "\x00") {
		head, name, _ := strings.Cut(line, "\t")
		f := strings.Fields(head)
		if len(f) != 3 || slices.Contains(left.both, name) || slices.Contains(left.edited, name) {
			continue
		}
		is, err := after.lookup(name)
		if err != nil {
			return err
		}
		if is != (entry{mode: f[0], id: f[1]}) {
			continue // staged since
		}
		ours, err := r.untouched(ctx, j, name, change{old: is, new: is})
		if err != nil {
			return err
		}
		if ours {
			left.both = append(left.both, name)
		}
	}
	return nil
}

func (r *Repo) changes(ctx context.Context, j *journal) (map[string]change, error) {
	old := j.Old
	if old == "" { // the empty tree, which every repository knows
		old = map[int]string{40: "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
			64: "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321"}[r.config.hashLen()]
	}
	out, err := r.run(ctx, call{args: slices.Concat([]string{"diff-tree", "-r", "-z", "--no-renames", "--no-ext-diff", old, j.New, "--"}, j.Roots)})
	if err != nil {
		return nil, err
	}
	changes := map[string]change{}
	for parts := strings.Split(out, "\x00"); len(parts) > 1; parts = parts[2:] {
		f := strings.Fields(strings.TrimPrefix(parts[0], ":"))
		if len(f) != 5 {
			return nil, fmt.Errorf("git diff-tree says %q", parts[0])
		}
		changes[parts[1]] = change{old: listed(f[0], f[2]), new: listed(f[1], f[3])}
	}
	return changes, nil
}

func listed(mode, id string) entry {
	if strings.Trim(id, "0") == "" {
		return entry{}
	}
	return entry{mode: mode, id: id}
}

// staged is what the index has under the roots.
func (r *Repo) staged(ctx context.Context, j *journal) (map[string]entry, error) {
	out, err := r.run(ctx, call{dir: j.Top, args: append([]string{"ls-files", "-s", "-z", "--"}, j.Roots...)})
	if err != nil {
		return nil, err
	}
	got := map[string]entry{}
	for line := range strings.SplitSeq(strings.TrimSuffix(out, "\x00"), "\x00") {
		head, name, _ := strings.Cut(line, "\t")
		if f := strings.Fields(head); len(f) == 3 {
			got[name] = entry{mode: f[0], id: f[1]}
		}
	}
	return got, nil
}

// untouched says that a file of the work tree is as the old tip has it, as the new tip has it, or the part of the latter that a killed git got to write.
func (r *Repo) untouched(ctx context.Context, j *journal, name string, c change) (bool, error) {
	at := filepath.Join(j.Top, filepath.FromSlash(name))
	fi, err := os.Lstat(at)
	if err != nil {
		return true, ignore(err, fs.ErrNotExist)
	}
	if !fi.Mode().IsRegular() {
		return false, nil
	}
	data, err := os.ReadFile(at)
	if err != nil {
		return false, err
	}
	for _, e := range []entry{c.old, c.new} {
		if e.id == "" {
			continue
		}
		out, err := r.run(ctx, call{dir: j.Top, args: []string{"cat-file", "--filters", "--path=" + name, e.id}})
		if err != nil {
			return false, err
		}
		if string(data) == out || e == c.new && bytes.HasPrefix([]byte(out), data) {
			return true, nil
		}
	}
	return false, nil
}
