// Package doctor looks whether a verb would work here: git, who commits, the repository, the specs and what their output paths hold.
//
// It reads only, asks nobody over a network and repairs nothing: each finding names the command that does.
package doctor

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/gitramp/gitramp/cmd/internal/app"
	"github.com/gitramp/gitramp/cmd/internal/dir"
	"github.com/gitramp/gitramp/cmd/internal/git"
	"github.com/gitramp/gitramp/cmd/internal/rollout"
	"github.com/gitramp/gitramp/render"
)

// Finding is what was looked at and what came of it.
type Finding struct {
	What string `json:"what"`
	OK   bool   `json:"ok"`
	Says string `json:"says"`
	Fix  string `json:"fix,omitempty"` // what to do about it
}

// Look looks at the current directory's repository and at the specs that the arguments name.
func Look(ctx context.Context, args []string) []Finding {
	version, err := git.Version(ctx)
	switch {
	case err != nil:
		return []Finding{{"git", false, err.Error(), "install git " + git.Oldest + " or later"}}
	case git.IsOld(version):
		return []Finding{{"git", false, version + " is too old", "install git " + git.Oldest + " or later"}}
	}
	list := []Finding{{"git", true, version, ""}}
	list = append(list, repository(ctx)...)
	return append(list, specs(ctx, args)...)
}

func repository(ctx context.Context) []Finding {
	repo, err := git.Open(ctx, ".")
	if err != nil {
		return []Finding{{"repository", false, err.Error(), "git init, or go where your specs are"}}
	}
	defer repo.Close()
	h := repo.Health(ctx)
	list := []Finding{{"repository", true, "here", ""}, {"identity", true, h.Who, ""}, {"branch", true, h.Branch, ""}}
	if root := repo.Root(); root != "" {
		list[0].Says = root
	}
	if h.WhoErr != nil {
		list[1] = Finding{"identity", false, h.WhoErr.Error(), `git config --global user.name "Your Name" && git config --global user.email you@example.com`}
		if refused, ok := errors.AsType[*git.Refusal](h.WhoErr); ok {
			list[1].Says = refused.Text // and not git's own ten lines
		}
	}
	switch {
	case h.Branch == "":
		list[2] = Finding{"branch", false, "HEAD is detached: commit needs a branch", "git switch -c NAME, or --branch NAME"}
	case h.Upstream != "":
		list[2].Says += ", tracks " + h.Upstream + ": commit refuses it without --onto-live, or --branch NAME writes onto another"
	}
	if h.Unfinished {
		list = append(list, Finding{"unfinished", false, "a run was killed while it wrote", "run gitramp commit again: it finishes or drops what was left"})
	}
	if root := repo.Root(); root != "" {
		list = append(list, lookForFunctions(ctx, root)...)
	}
	if h.Signer != "" {
		list = append(list, Finding{"signing", h.SignerErr == nil, "commits are signed by " + h.Signer, ""})
		if h.SignerErr != nil {
			list[len(list)-1].Says, list[len(list)-1].Fix = h.SignerErr.Error(), "install "+h.Signer+", or git config commit.gpgSign false"
		}
	}
	return list
}

func specs(ctx context.Context, args []string) []Finding {
	files, err := app.Find(args)
	if err != nil {
		return []Finding{{"specs", false, err.Error(), "gitramp init writes one"}}
	}
	var list []Finding
	l := &looker{set: app.NewSet(), behind: map[string]*rollout.Behind{}}
	l.set.TolerateDrift = true // to name the file
	for _, file := range files {
		list = append(list, l.spec(ctx, file))
	}
	for _, b := range l.behind {
		b.Repo.Close()
	}
	return list
}

// looker looks at specs.
type looker struct {
	set    *app.Set
	behind map[string]*rollout.Behind // by the top of a repository
}

// spec looks at one spec and at the files that its output path holds.
func (l *looker) spec(ctx context.Context, file string) Finding {
	a, err := l.set.Parse(file)
	if err != nil {
		first, _, _ := strings.Cut(err.Error(), "\n")
		return Finding{file, false, first, "gitramp validate " + file}
	}
	path := a.Spec.OutputPath()
	if a.Root == "" {
		return Finding{file, true, "valid; it lies in no repository, so say --repo", ""}
	}
	files, err := dir.Read(a.Root, path)
	if err == nil {
		err = l.set.Compile(a, path, files)
	}
	conflict, isConflict := errors.AsType[app.Conflict](err)
	switch d := a.State.Drift; {
	case len(d) > 0:
		return Finding{file, false, a.Drifted(d[0]), a.Cure()}
	case isConflict && a.State.Lock != nil:
		return Finding{file, false, conflict.Error(), "gitramp plan " + file + " says what is left once that is done"}
	case isConflict:
		return Finding{file, false, conflict.Error(), "git log -p -- " + path + " says who changed it"}
	case err != nil:
		return Finding{file, false, err.Error(), "gitramp plan " + file}
	}
	if err := l.look(ctx, a); err != nil {
		return Finding{file, false, err.Error(), "gitramp plan " + file}
	}
	if says, fix, left := strings.Cut(a.Behind, ": "); left {
		return Finding{file, false, says, fix}
	}
	return stands(a)
}

// look looks for what a spec has left behind.
func (l *looker) look(ctx context.Context, a *app.App) error {
	b := l.behind[a.Root]
	if b == nil {
		repo, err := git.Open(ctx, a.Root)
		if err != nil {
			return err
		}
		b = &rollout.Behind{Repo: repo}
		l.behind[a.Root] = b
		if tip, err := repo.Current(ctx, ""); err == nil { // without a commit there is nothing
			b.Tip = tip.Base()
		}
	}
	return b.Look(ctx, a)
}

// stands says where an app is, and whether it could go on, as commit and advance would decide.
func stands(a *app.App) Finding {
	l := a.State.Lock
	if l == nil {
		return Finding{a.File, true, "valid; nothing in " + a.Spec.OutputPath() + " yet", ""}
	}
	f := Finding{a.File, true, fmt.Sprintf("%s is at %02d-%s of %d steps", a.Spec.OutputPath(), l.Step.Index, l.Step.Name, l.Step.Last+1), ""}
	d, err := a.Next(render.Evidence{NoHolds: true})
	switch {
	case err != nil:
		return Finding{a.File, false, err.Error(), "gitramp plan " + a.File}
	case d.Refused != "":
		return Finding{a.File, false, a.Spec.OutputPath() + ": " + d.Refused, "gitramp plan " + a.File + " says what is left once that is done"}
	case d.Waiting != "":
		f.Says += "; " + d.Waiting
	}
	return f
}
