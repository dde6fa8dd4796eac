package rollout

import (
	"context"
	"errors"
	"fmt"

	"github.com/gitramp/gitramp/cmd/internal/git"
	"github.com/gitramp/gitramp/cmd/internal/message"
	"github.com/gitramp/gitramp/render"
)

// write makes one commit for each item that moves, and publishes them. Files of the user's that are in the way of one app do not hold the others up.
func (r *Run) write(ctx context.Context, branch git.Branch, out *Outcome) error {
	for {
		err := r.publish(ctx, branch, out)
		if why := (*git.Conflict)(nil); !errors.As(err, &why) || !out.setAside(why) {
			return err
		}
		if out.Moves() == 0 {
			return nil
		}
	}
}

// setAside makes files of the user's that are in the way an error of those apps whose they are, where there are other apps. A file above an app's directory is
// in the way of it too.
func (o *Outcome) setAside(why *git.Conflict) (any bool) {
	if o.Moves() < 2 {
		return false
	}
	for i := range o.Results {
		res := &o.Results[i]
		if res.Move == nil || res.Move.Transition == render.Rollback {
			continue
		}
		var files []string
		for _, file := range why.Files {
			if under(file, res.Dir) || under(res.Dir, file) {
				files = append(files, file)
			}
		}
		if files != nil {
			any, res.Move, res.Err = true, nil, fmt.Errorf("%s: %w", res.Name, &git.Conflict{Text: why.Text, Files: files})
		}
	}
	return any
}

func (r *Run) publish(ctx context.Context, branch git.Branch, out *Outcome) error {
	o := git.Options{Date: r.Date, RefLog: "gitramp " + r.Verb, Push: r.Push, Tip: out.Base, Regardless: r.Outranks}
	var roots []string
	for _, res := range out.Results {
		switch {
		case res.Move == nil:
		case res.Move.Transition == render.Rollback:
			o.Files = append(o.Files, res.back.names()...)
		default:
			roots = append(roots, res.Dir)
		}
	}
	w, err := r.Repo.Begin(ctx, branch, roots, o)
	if err != nil {
		return err
	}
	defer w.Abort()
	if w.Recovered != "" {
		r.Note("%s", w.Recovered)
	}
	for _, res := range out.Results {
		if res.Move == nil {
			continue
		}
		if err := r.commit(w, res); err != nil {
			return err
		}
	}
	tip, err := w.Finish()
	if err != nil {
		return err
	}
	out.Tip = tip
	switch {
	case w.Left != nil:
		r.Note("%s is pushed; %s here stays as it is: %s", r.Push, r.Branch, w.Left)
	case r.Push != nil:
		if here, err := r.Repo.Branch(ctx, r.Branch); err == nil && here.Tip != "" && here.Tip != tip {
			r.Note("%s here is not where %s was, so it stays as it is: git pull", r.Branch, r.Push)
		}
	}
	made := w.Made
	for i := range out.Results {
		if out.Results[i].Move != nil {
			out.Results[i].Commit, made = made[0], made[1:]
		}
	}
	return nil
}

func (r *Run) commit(w *git.Writer, res Result) error {
	var edits []git.Edit
	for _, name := range res.back.names() {
		edit := git.Edit{Path: name}
		if data := res.back.files[name]; data != nil {
			var err error
			if edit.Mark, err = w.Blob(data); err != nil {
				return err
			}
		}
		edits = append(edits, edit)
	}
	for _, ch := range res.Move.Changes {
		edit := git.Edit{Path: res.Dir + "/" + ch.Path}
		if ch.Op != render.Removed {
			var err error
			if edit.Mark, err = w.Blob(ch.New); err != nil {
				return err
			}
		}
		edits = append(edits, edit)
	}
	if res.Proposal != nil && res.Proposal.metadata != nil {
		mark, err := w.Blob(res.Proposal.metadata)
		if err != nil {
			return err
		}
		edits = append(edits, git.Edit{Path: res.Dir + "/" + HydratorFile, Mark: mark})
	}
	return w.Commit(message.Text([]message.Move{*res.Move}, r.Tool), edits)
}
