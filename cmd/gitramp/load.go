package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/gitramp/gitramp/cmd/internal/app"
	"github.com/gitramp/gitramp/cmd/internal/dir"
	"github.com/gitramp/gitramp/cmd/internal/git"
	"github.com/gitramp/gitramp/cmd/internal/rollout"
	"github.com/gitramp/gitramp/render"
)

// target is the flags that say where the tree of an app is.
type target struct {
	repo   string
	branch string
	cmd    *cobra.Command
}

func (t *target) flags(cmd *cobra.Command) {
	t.cmd = cmd
	cmd.Flags().StringVar(&t.repo, "repo", "", "the target repository (default: the one that holds the spec)")
	cmd.Flags().StringVar(&t.branch, "branch", "", "the branch that holds the output (default: the one that is checked out)")
}

// there checks that --repo is somewhere.
func (t target) there() error {
	if info, err := os.Stat(t.repo); t.repo != "" && (err != nil || !info.IsDir()) {
		return usage("--repo: %s is no directory: allowed the top of a git repository, or a directory in it", t.repo)
	}
	return nil
}

// open opens the target repository of an app and finds the branch; nil where there is no repository and none was asked for. Whoever only reads may do so at a
// detached HEAD.
func (t target) open(ctx context.Context, a *app.App, reads bool) (*git.Repo, git.Branch, error) {
	if t.cmd.Flags().Changed("branch") && t.branch == "" {
		return nil, git.Branch{}, usage("--branch: value \"\" is invalid: allowed the name of a branch")
	}
	if err := t.there(); err != nil {
		return nil, git.Branch{}, err
	}
	at := t.repo
	if at == "" {
		at = a.Root
	}
	if at == "" {
		if t.branch != "" {
			return nil, git.Branch{}, usage("--branch: %s lies in no git repository: name one with --repo", a.File)
		}
		return nil, git.Branch{}, nil
	}
	repo, err := git.Open(ctx, at)
	if err != nil {
		return nil, git.Branch{}, err
	}
	find := repo.Branch
	if reads {
		find = repo.Current
	}
	b, err := find(ctx, t.branch)
	return repo, b, err
}

// atTip compiles every spec against the tree at the tip of the target branch.
func (c *cli) atTip(ctx context.Context, t target, args []string) ([]*app.App, error) {
	set := app.NewSet()
	apps, err := c.parseAll(set, args)
	if err != nil {
		return nil, err
	}
	var errs []error
	for _, group := range byRoot(apps) {
		errs = append(errs, t.compile(ctx, set, group))
	}
	for _, a := range apps {
		c.warn(a)
		switch {
		case a.Release == nil || a.Known:
		case a.Spec.Spec.Base != "":
			c.note("%s: nothing is installed yet, so <stable> stands for what prod runs now: gitramp install takes the base as it is", a.File)
		default:
			c.note("%s: nothing says what prod runs now, so <stable> stands for it: give spec.stable, or the repository with --repo", a.File)
		}
	}
	return apps, errors.Join(errs...)
}

// byRoot groups the apps by the repository that holds their specs.
func byRoot(apps []*app.App) [][]*app.App {
	var groups [][]*app.App
	index := map[string]int{}
	for _, a := range apps {
		i, ok := index[a.Root]
		if !ok {
			i = len(groups)
			index[a.Root] = i
			groups = append(groups, nil)
		}
		groups[i] = append(groups[i], a)
	}
	return groups
}

func (t target) compile(ctx context.Context, set *app.Set, apps []*app.App) error {
	repo, branch, err := t.open(ctx, apps[0], true)
	if err != nil {
		return err
	}
	read := func(string) (map[string][]byte, error) { return nil, nil }
	behind := &rollout.Behind{Repo: repo, Tip: branch.Base()}
	if repo != nil {
		defer repo.Close()
		reader, err := repo.Reader(ctx, branch.Base())
		if err != nil {
			return err
		}
		defer reader.Close()
		read = reader.Dir
	}
	var errs []error
	for _, a := range apps {
		files, err := read(a.Spec.OutputPath())
		if err == nil {
			err = set.Compile(a, a.Spec.OutputPath(), files)
		}
		if err == nil && a.State.Lock == nil && repo != nil {
			err = behind.Look(ctx, a)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// inDirectory compiles every spec against the directory on disk that its output path names. It returns the base of each.
func (c *cli) inDirectory(t target, args []string, tolerateDrift bool) ([]*app.App, []string, error) {
	if err := t.there(); err != nil {
		return nil, nil, err
	}
	set := app.NewSet()
	set.TolerateDrift = tolerateDrift
	apps, err := c.parseAll(set, args)
	if err != nil {
		return nil, nil, err
	}
	bases := make([]string, len(apps))
	var errs []error
	for i, a := range apps {
		c.warn(a)
		bases[i] = shorten(a.Root)
		if t.repo != "" {
			bases[i] = t.repo
		}
		if bases[i] == "" {
			errs = append(errs, usage("%s lies in no git repository: say with --repo where %s is", a.File, a.Spec.OutputPath()))
			continue
		}
		files, err := dir.Read(bases[i], a.Spec.OutputPath())
		if err == nil {
			err = set.Compile(a, filepath.ToSlash(filepath.Join(bases[i], a.Spec.OutputPath())), files)
		}
		errs = append(errs, err)
	}
	return apps, bases, errors.Join(errs...)
}

// shorten is a path as it is seen from the current directory, where that is shorter.
func shorten(path string) string {
	here, err := os.Getwd()
	if err != nil || path == "" {
		return path
	}
	if rel, err := filepath.Rel(here, path); err == nil && len(rel) < len(path) {
		return rel
	}
	return path
}

// one is for the verbs that look at a single app.
func one(apps []*app.App) (*app.App, error) {
	if len(apps) != 1 {
		return nil, usage("%d specs are given: this needs exactly one", len(apps))
	}
	return apps[0], nil
}

func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usage("%s takes no argument, and %q is given", cmd.CommandPath(), args[0])
	}
	return nil
}

func atMostOne(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) > 1 {
			return usage("%s takes one %s, and %d are given", cmd.CommandPath(), what, len(args))
		}
		return nil
	}
}

// pickStep finds a step by number or name.
func pickStep(p render.Plan, word string) (render.Step, error) {
	if st, known := p.Find(word); known {
		return st, nil
	}
	return render.Step{}, usage("step %q is unknown: allowed %s", word, p.Allowed())
}
