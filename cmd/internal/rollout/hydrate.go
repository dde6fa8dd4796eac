package rollout

import (
	"bytes"
	"context"
	"encoding/json"
	"time"

	"github.com/gitramp/gitramp/cmd/internal/git"
)

// A hydrator, as gitops-promoter has it (argoproj-labs/gitops-promoter docs/advanced-usage/custom-hydrator.md), pushes what is to come on a branch to another branch of
// a fixed name, and says in a file which commit it was made from. The promoter makes a pull request of it where that commit is another one than the file on the branch
// itself says, so for each step it has to be another: it is the commit that the step was made on, which holds the spec, and the state that it goes on from.

// HydratorFile says which commit an output path was made from. No YAML loader reads it.
const HydratorFile = "hydrator.metadata"

// hydrated is the branch where the promoter looks for what comes next in a directory of a branch.
func hydrated(branch, dir string) string { return nextPrefix(branch) + "/" + dir }

func nextPrefix(branch string) string { return branch + "-next" }

// metadata is the text of the file: the same for everybody who makes a step on the same commit. The repository's URL is left out, for that differs from clone to
// clone; the promoter knows its own.
func (r *Run) metadata(commit string) ([]byte, error) {
	list, err := r.Repo.Commits(commit)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err = e.Encode(struct {
		DrySha  string `json:"drySha"`
		Author  string `json:"author"`
		Date    string `json:"date"`
		Subject string `json:"subject"`
	}{commit, list[0].Author, time.Unix(list[0].Date, 0).UTC().Format(time.RFC3339), list[0].Subject()})
	return b.Bytes(), err
}

// takeBack puts the branches that hold what was to come for the apps that move back to the tip, before the branch itself moves. Where both have changed, the promoter
// takes theirs for the truth, and would undo an abort.
func (r *Run) takeBack(ctx context.Context, view *View, out *Outcome) error {
	var dirs []string
	for _, res := range out.Results {
		// A first proposal is not merged yet, and so has left nothing here; it is one to an idle tree.
		if m := res.Move; m != nil && (res.present[HydratorFile] != nil || r.Push != nil && m.Before != nil && m.Before.Canary == nil) {
			dirs = append(dirs, res.Dir)
		}
	}
	if dirs == nil {
		return nil
	}
	open, err := r.Repo.Proposals(ctx, r.remote(), nextPrefix(out.Target))
	if err != nil {
		return err
	}
	var moves []git.Move
	for _, dir := range dirs {
		at := open[hydrated(out.Target, dir)]
		if at == "" || at == out.Base {
			continue
		}
		if _, why, err := view.proposed(ctx, at, dir, true); err != nil {
			return err
		} else if why != "" {
			r.Note("%s %s, and gitramp did not write that: it stays as it is", hydrated(out.Target, dir), why)
			continue
		}
		moves = append(moves, git.Move{Branch: hydrated(out.Target, dir), Old: at, New: out.Base})
	}
	if moves == nil {
		return nil
	}
	return r.Repo.Move(ctx, r.remote(), moves, "gitramp "+r.Verb)
}

// remote is where proposals are, "" for here.
func (r *Run) remote() string {
	if r.Push == nil {
		return ""
	}
	return r.Push.Name
}
