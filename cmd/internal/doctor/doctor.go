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
	return append(list, specs(args)...)
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
		list[1] = Finding{"identity", false, h.WhoErr.Error(), `git config --global user.name "Your Name" and user.email you@example.com`}
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
	if h.Signer != "" {
		list = append(list, Finding{"signing", h.SignerErr == nil, "commits are signed by " + h.Signer, ""})
		if h.SignerErr != nil {
			list[len(list)-1].Says, list[len(list)-1].Fix = h.SignerErr.Error(), "install "+h.Signer+", or git config commit.gpgSign false"
		}
	}
	return list
}

func specs(args []string) []Finding {
	files, err := app.Find(args)
	if err != nil {
		return []Finding{{"specs", false, err.Error(), "gitramp init writes one"}}
	}
	var list []Finding
	set := app.NewSet()
	set.TolerateDrift = true // to name the file
	for _, file := range files {
		list = append(list, spec(set, file))
	}
	return list
}

// spec looks at one spec and at the files that its output path holds.
func spec(set *app.Set, file string) Finding {
	a, err := set.Parse(file)
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
		err = set.Compile(a, path, files)
	}
	if conflict, ok := errors.AsType[app.Conflict](err); ok {
		return Finding{file, false, conflict.Error(), "git log -p -- " + path + " says who changed it"}
	}
	if err != nil {
		return Finding{file, false, err.Error(), "gitramp plan " + file}
	}
	if a.State.Lock == nil {
		return Finding{file, true, "valid; nothing in " + path + " yet", ""}
	}
	if d := a.State.Drift; len(d) > 0 {
		return Finding{file, false, fmt.Sprintf("%s/%s %s", path, d[0].Path, d[0].Problem), "gitramp render " + file + " --write --overwrite-drift"}
	}
	l := a.State.Lock
	return Finding{file, true, fmt.Sprintf("%s is at %02d-%s of %d steps", path, l.Step.Index, l.Step.Name, l.Step.Last+1), ""}
}
