// Package series writes a release of one app, or of a fleet, as a series of commits: the k-th commit holds the k-th step of each app.
//
// It decides nothing: which steps are left is package app's to say, and how a branch moves is package git's. It refuses to write over a file that gitramp
// did not write.
package series

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/gitramp/gitramp/cmd/internal/app"
	"github.com/gitramp/gitramp/cmd/internal/git"
	"github.com/gitramp/gitramp/cmd/internal/message"
	"github.com/gitramp/gitramp/cmd/internal/progress"
	"github.com/gitramp/gitramp/cmd/internal/rollout"
	"github.com/gitramp/gitramp/render"
)

// Series is how a release is to be written.
type Series struct {
	PerApp bool   // one commit for each app and step, instead of one for each step
	Tool   string // who writes, for the trailers
	DryRun bool   // render everything, write nothing
	Unsafe string // why what is not proven safe is written all the same; "" where it is not
	// Progress counts the apps that are rendered; nil for nobody.
	Progress *progress.Counter

	commits []*commit
}

// Result is what was written, or would be.
type Result struct {
	Tip         string   // of the branch by now
	Subjects    []string // of the commits, in their order
	Recovered   string   // what was finished of a run that crashed
	Uncommitted []string // specs of the target repository, and files of their bases, that its branch does not hold as they are
}

// commit is one commit: what it edits and what it says.
type commit struct {
	edits []git.Edit
	moves []message.Move
}

// add takes another app's move in. Only the message of one move tells what it changes, and a fleet is never held whole.
func (c *commit) add(m message.Move) {
	if c.moves = append(c.moves, m); len(c.moves) == 1 {
		return
	}
	for _, m := range []*message.Move{&c.moves[0], &c.moves[len(c.moves)-1]} {
		m.Changes, m.Config = nil, nil
	}
}

// told is what a message tells of a lock.
func told(l *render.Lock) *render.Lock {
	if l == nil {
		return nil
	}
	less := *l
	less.Files = nil
	return &less
}

// blobWriter takes the bytes of a file as they are rendered, so that a fleet is never held whole.
type blobWriter func([]byte) (git.Mark, error)

// Write renders the apps against the branch's tip and moves the branch once, when all commits are made. It drops each app when it is done with it.
func (s *Series) Write(ctx context.Context, repo *git.Repo, b git.Branch, set *app.Set, apps []*app.App, o git.Options) (Result, error) {
	result := Result{Tip: b.Tip}
	var roots []string
	for _, a := range apps {
		roots = append(roots, a.Spec.OutputPath())
	}
	blob := func([]byte) (git.Mark, error) { return 1, nil }
	var w *git.Writer
	if !s.DryRun {
		var err error
		if w, err = repo.Begin(ctx, b, roots, o); err != nil {
			return result, err
		}
		defer w.Abort()
		result.Recovered, blob = w.Recovered, w.Blob
	}
	var err error
	if result.Uncommitted, err = s.render(ctx, repo, b, set, apps, blob); err != nil {
		return result, err
	}
	for _, c := range s.commits {
		result.Subjects = append(result.Subjects, message.Subject(c.moves))
	}
	if s.DryRun || len(s.commits) == 0 {
		return result, nil
	}
	for _, c := range s.commits {
		if err := w.Commit(message.Text(c.moves, s.Tool), c.edits); err != nil {
			return result, err
		}
	}
	result.Tip, err = w.Finish()
	return result, err
}

func (s *Series) render(ctx context.Context, repo *git.Repo, b git.Branch, set *app.Set, apps []*app.App, blob blobWriter) (uncommitted []string, err error) {
	reader, err := repo.Reader(ctx, b.Base())
	if err != nil {
		return nil, err
	}
	defer reader.Close()
	var errs []error
	behind := &rollout.Behind{Repo: repo, Tip: b.Base()}
	for i, a := range apps {
		if a.Root != "" && a.Root == repo.Root() {
			if held, err := reader.File(a.Origin()); err == nil && !bytes.Equal(held, a.Spec.Source()) {
				uncommitted = append(uncommitted, a.File)
			}
			uncommitted = append(uncommitted, set.EditedBase(a.File, a.Origin(), reader.File)...)
		}
		errs = append(errs, s.add(ctx, set, a, reader, behind, blob))
		s.Progress.Add()
		apps[i] = nil
	}
	return uncommitted, errors.Join(errs...)
}

// add renders an app and appends its moves.
func (s *Series) add(ctx context.Context, set *app.Set, a *app.App, reader *git.Reader, behind *rollout.Behind, blob blobWriter) error {
	root := a.Spec.OutputPath()
	files, err := reader.Dir(root)
	if err != nil {
		return err
	}
	if err := set.Compile(a, root, files); err != nil {
		return err
	}
	if a.State.Lock == nil {
		if err := behind.Look(ctx, a); err != nil {
			return err
		}
	}
	k := 0
	if s.PerApp {
		k = len(s.commits)
	}
	paths := map[string]string{}
	return a.Moves(func(m app.Move) error {
		unsafe, err := s.check(a, m.Step)
		if err != nil {
			return err
		}
		if k == len(s.commits) {
			s.commits = append(s.commits, &commit{})
		}
		cm := s.commits[k]
		k++
		for _, ch := range m.Changes {
			if ch.Op == render.Added && foreign(a, files, ch.Path) {
				return app.Conflict{Text: fmt.Sprintf("%s/%s is there already, and no %s says that gitramp wrote it", root, ch.Path, render.LockFile)}
			}
			edit := git.Edit{Path: paths[ch.Path]}
			if edit.Path == "" {
				edit.Path = root + "/" + ch.Path
				paths[ch.Path] = edit.Path
			}
			if ch.Op != render.Removed {
				if edit.Mark, err = blob(ch.New); err != nil {
					return err
				}
			}
			cm.edits = append(cm.edits, edit)
		}
		cm.add(message.Move{App: a.Name(), Transition: m.Transition, Before: told(m.Before), After: told(&m.Lock), Rules: m.Rules, Changes: m.Changes, Config: m.Config(), Unsafe: unsafe})
		return nil
	})
}

// check refuses a move that is not proven safe, unless it is wanted all the same: then it says why.
func (s *Series) check(a *app.App, st app.Step) (unsafe string, err error) {
	err = a.Check(st)
	var why app.Unsafe
	if s.Unsafe != "" && errors.As(err, &why) {
		return s.Unsafe, nil
	}
	return "", err
}

// foreign says whether a file stands at the tip that gitramp did not write.
func foreign(a *app.App, files map[string][]byte, path string) bool {
	_, there := files[path]
	_, ours := a.State.Tree.Get(path)
	return there && !ours
}
