package rollout

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/gitramp/gitramp/cmd/internal/git"
	"github.com/gitramp/gitramp/render"
)

// Verified is what verify found of one app: of its tree, or of what one commit did to it.
type Verified struct {
	App, Dir   string
	Commit     string            // "" for a tree
	Transition render.Transition // that the commit made, "" for none
	Step       string            // that the tree stands at
	Findings   []Finding
	Notes      []string // what is no fault, but worth knowing
}

// Finding is something that is not as gitramp would have left it.
type Finding struct {
	Path     string // of a file, or the output path
	Line     int    // 0: none
	Field    string // "" where it is about the whole file
	Old, New string // of the field
	Problem  string
}

func (v *Verified) find(file, format string, args ...any) {
	v.Findings = append(v.Findings, Finding{Path: path.Join(v.Dir, file), Problem: fmt.Sprintf(format, args...)})
}

func (v *Verified) note(format string, args ...any) {
	v.Notes = append(v.Notes, fmt.Sprintf(format, args...))
}

// edits names the fields in which a file is not what it should be. by is who edited it, "" where nobody knows.
func (v *Verified) edits(ch render.Change, by string) {
	fields, ok := render.FieldChanges(ch.Old, ch.New)
	switch {
	case ch.Op == render.Removed:
		v.find(ch.Path, "is missing%s", by)
		return
	case ch.Op == render.Added:
		v.find(ch.Path, "does not belong here%s", by)
		return
	case !ok, len(fields) == 0:
		v.find(ch.Path, "was edited%s", by)
	}
	for _, f := range fields {
		v.Findings = append(v.Findings, Finding{path.Join(v.Dir, ch.Path), f.Line, f.Field, f.Old, f.New, "was edited" + by})
	}
}

// VerifyTrees says for each output path whether it holds exactly one step, as gitramp wrote it and as the spec renders it. In the work tree that has the commit
// checked out nothing of it may be changed either.
func (v *View) VerifyTrees(ctx context.Context, items []*Item, checkedOut bool) ([]*Verified, error) {
	var list []*Verified
	var dirs []string
	for _, it := range items {
		r, err := v.tree(ctx, it)
		if err != nil {
			return nil, err
		}
		list = append(list, r)
		if it.App.Forget(); it.State.Lock != nil {
			dirs = append(dirs, it.Dir)
		}
	}
	if !checkedOut {
		return list, nil
	}
	names, err := v.repo.Uncommitted(ctx, dirs)
	for _, name := range names {
		for i, it := range items {
			rel, below := strings.CutPrefix(name, it.Dir+"/")
			if below && slices.ContainsFunc(it.State.Tree, func(f render.File) bool { return f.Path == rel }) {
				list[i].find(rel, "has changes that are not committed")
			}
		}
	}
	return list, err
}

func (v *View) tree(ctx context.Context, it *Item) (*Verified, error) {
	r := &Verified{App: it.Name, Dir: it.Dir}
	l := it.State.Lock
	if it.Err != nil {
		for line := range strings.SplitSeq(it.Err.Error(), "\n") {
			file, problem, ok := strings.Cut(line, ": ")
			if !ok {
				file, problem = it.Dir, line
			}
			r.Findings = append(r.Findings, Finding{Path: file, Problem: problem})
		}
		return r, nil
	}
	if l == nil {
		switch lost, err := v.lost(ctx, it); {
		case err != nil:
			return r, err
		case lost != "":
			r.find("", "%s", lost)
		default:
			r.note("not installed yet")
		}
		return r, nil
	}
	if r.Step = l.Step.Name; l.Phase.GoesBack() {
		r.Step = string(l.Phase)
	}
	for _, d := range it.State.Drift {
		if err := v.drift(ctx, it, d, r); err != nil {
			return r, err
		}
	}
	for _, why := range it.State.Mislabelled() {
		r.find(render.LockFile, "%s", why)
	}
	if split := it.State.Split(); split != nil && (split.Weight != l.Weight || l.Phase == render.Abort && len(split.Matches) > 0) {
		r.find(render.LockFile, "says weight %d, and the route sends %d and has %d header and cookie rules", l.Weight, split.Weight, len(split.Matches))
	}
	switch {
	case it.Gone && v.lies(it.File):
		r.find("", "its spec %s is of another app or output path", it.File)
	case it.Gone && l.Canary != nil:
		r.find("", "its spec %s is gone, and its rollout is on its way: put it back, or gitramp abort and gitramp delete %s", it.File, it.Dir)
	case it.Gone:
		r.note("its spec %s is gone", it.File)
	case len(it.State.Drift) == 0 && it.App != nil:
		it.rendersAs(r)
	}
	return r, nil
}

// rendersAs holds the tree against what the spec renders at its step, and says what would stop the next one.
func (it *Item) rendersAs(r *Verified) {
	if err := it.App.Compile(); err != nil {
		r.find("", "%s", strings.TrimPrefix(err.Error(), it.Dir+": "))
		return
	}
	if waits, err := it.App.Spec.Waits(it.State); err == nil && waits.Cleanup != nil {
		r.note("the base has changed since prepare, which waits for the cleanup: %s", strings.Join(waits.Cleanup, ", "))
	}
	it.Evidence.NoHolds = true
	switch d, err := it.Next(); {
	case err != nil:
		r.find("", "%s", err)
	case d.Refused != "":
		r.find("", "%s", d.Refused)
	case d.Transition == render.Sync:
		r.note("the spec says something else by now: advance brings the tree to that first (sync)")
	}
}

// drift finds out what an edited file was, who edited it, and in which fields.
func (v *View) drift(ctx context.Context, it *Item, d render.Drift, r *Verified) error {
	digest := ""
	for _, f := range it.State.Lock.Files {
		if f.Path == d.Path {
			digest = f.Digest
		}
	}
	now, there := it.State.Tree.Get(d.Path)
	by, found := "", false
	err := v.repo.History(ctx, v.Tip, path.Join(it.Dir, d.Path), func(e git.Entry) (bool, error) {
		for _, ch := range e.Changes {
			if ch.Path != path.Join(it.Dir, d.Path) || ch.New == "" {
				continue
			}
			was, err := v.repo.Blobs(ch.New)
			if err != nil {
				return false, err
			}
			if found = render.Digest(was[0]) == digest; found {
				change := render.Change{Path: d.Path, Op: render.Changed, Old: was[0], New: now}
				if !there {
					change.Op = render.Removed
				}
				r.edits(change, by)
				return false, nil
			}
		}
		by = v.by(e.Commit)
		return true, nil
	})
	if err == nil && !found {
		r.find(d.Path, "%s", d.Problem)
	}
	return err
}

// by is who made a commit, for the end of a sentence.
func (v *View) by(commit string) string {
	list, err := v.repo.Commits(commit)
	if err != nil {
		return ""
	}
	name, _, _ := strings.Cut(list[0].Author, " <")
	return fmt.Sprintf(" by %.10s (%s)", commit, name)
}
