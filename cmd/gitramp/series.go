package main

import (
	"fmt"
	"strings"

	"github.com/gitramp/gitramp/cmd/internal/app"
	"github.com/gitramp/gitramp/cmd/internal/git"
	"github.com/gitramp/gitramp/render"
)

// series is the commits of a release of one or many apps, in their order. The blobs are written as they are rendered, so that a fleet is never held whole.
type series struct {
	perApp  bool
	commits []*seriesCommit
}

func newSeries(perApp bool) *series { return &series{perApp: perApp} }

// seriesCommit is one commit: what it edits and what it says.
type seriesCommit struct {
	edits []git.Edit
	moves []moveText
}

// moveText is what a message says of one app's move.
type moveText struct {
	app, path   string
	transition  render.Transition
	index, last int
	from, to    int
	total       int
	revision    string
	images      string
}

// add renders an app and appends its moves.
func (s *series) add(set *app.Set, a *app.App, reader *git.Reader, blob func([]byte) (git.Mark, error)) error {
	root := a.Spec.OutputPath()
	files, err := reader.Dir(root)
	if err != nil {
		return err
	}
	if err := set.Compile(a, root, files); err != nil {
		return err
	}
	if err := foreign(a, root, files); err != nil {
		return err
	}
	k := 0
	if s.perApp {
		k = len(s.commits)
	}
	paths := map[string]string{}
	return a.Moves(func(m app.Move) error {
		if k == len(s.commits) {
			s.commits = append(s.commits, &seriesCommit{})
		}
		cm := s.commits[k]
		k++
		for _, ch := range m.Changes {
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
		cm.moves = append(cm.moves, newMoveText(a, m))
		return nil
	})
}

// foreign refuses to write over files that gitramp did not write.
func foreign(a *app.App, root string, files map[string][]byte) error {
	if a.State.Lock != nil || len(files) == 0 {
		return nil
	}
	tree, _, err := a.First()
	if err != nil {
		return err
	}
	for _, f := range tree {
		if _, taken := files[f.Path]; taken {
			return app.Conflict{Text: fmt.Sprintf("%s/%s is there already, and no %s says that gitramp wrote it", root, f.Path, render.LockFile)}
		}
	}
	return nil
}

func newMoveText(a *app.App, m app.Move) moveText {
	ref := m.Lock.Stable
	if m.Lock.Canary != nil {
		ref = *m.Lock.Canary
	}
	var images []string
	for _, i := range ref.Images {
		images = append(images, i.Image)
	}
	return moveText{app: a.Spec.Metadata.Name, path: a.Spec.OutputPath(), transition: m.Transition, index: m.Lock.Step.Index, last: m.Lock.Step.Last,
		from: m.Weight, to: m.Lock.Weight, total: m.Lock.WeightTotal, revision: ref.Revision, images: strings.Join(images, ", ")}
}
