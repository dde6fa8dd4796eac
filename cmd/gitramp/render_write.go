package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path"
	"path/filepath"

	"github.com/gitramp/gitramp/cmd/internal/app"
	"github.com/gitramp/gitramp/cmd/internal/dir"
	"github.com/gitramp/gitramp/cmd/internal/git"
	"github.com/gitramp/gitramp/cmd/internal/rollout"
	"github.com/gitramp/gitramp/render"
)

// renderInPlace is --write and --check.
func (c *cli) renderInPlace(ctx context.Context, f renderFlags, args []string) error {
	all, err := c.changeInPlace(ctx, f, args)
	if err != nil {
		return err
	}
	if err := c.printChanges(all); err != nil {
		return err
	}
	if f.check && len(all) > 0 {
		return found{fmt.Sprintf("%d files are not what the specs render: run gitramp render --write", len(all))}
	}
	return nil
}

// changeInPlace makes, or finds, the changes of every output path.
func (c *cli) changeInPlace(ctx context.Context, f renderFlags, args []string) (all []pathChange, err error) {
	if err := c.formats("table", "json"); err != nil {
		return nil, err
	}
	apps, bases, err := c.inDirectory(f.target, args, f.overwriteDrift)
	if err != nil {
		return nil, f.asFinding(err)
	}
	var errs []error
	for i, a := range apps {
		if err := mayBegin(ctx, a, bases[i]); err != nil {
			errs = append(errs, err)
			continue
		}
		changes, err := inPlace(a, bases[i], f)
		if err == nil && f.check && a.State.Lock == nil {
			c.note("%s: not installed yet: nothing in %s", a.File, a.Spec.OutputPath())
			continue // there is nothing that could be other than the spec says
		}
		for _, ch := range changes {
			all = append(all, pathChange{a.Spec.Metadata.Name, path.Join(a.Spec.OutputPath(), ch.Path), ch.Op.String()})
		}
		errs = append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return all, f.asFinding(err)
	}
	return all, nil
}

// mayBegin asks the commits, where nothing of an app is on disk, whether its first tree may be written: what install refuses is no beginning here either.
func mayBegin(ctx context.Context, a *app.App, base string) error {
	abs, err := filepath.Abs(base)
	if err != nil || a.State.Lock != nil || app.RepositoryAround(abs) == "" {
		return err
	}
	repo, err := git.Open(ctx, base)
	if errors.Is(err, exec.ErrNotFound) {
		return nil // nobody can be asked: install asks again, where there is a git
	}
	if err != nil {
		return err
	}
	defer repo.Close()
	b, err := repo.Current(ctx, "")
	if err != nil || b.Base() == "" {
		return err
	}
	view, err := rollout.NewView(ctx, repo, b.Base())
	if err != nil {
		return err
	}
	why, err := view.Begins(ctx, a)
	if err == nil && why != "" {
		err = app.Conflict{Text: a.Name() + ": " + why}
	}
	return err
}

// asFinding makes what --check finds a finding: for --write an edited file is a conflict.
func (f renderFlags) asFinding(err error) error {
	if code := exitCode(err); f.check && code == exitConflict {
		return found{err.Error()}
	}
	return err
}

func inPlace(a *app.App, base string, f renderFlags) ([]dir.Change, error) {
	var tree render.Tree
	var err error
	if a.State.Lock == nil {
		tree, _, err = a.First()
	} else {
		tree, _, err = a.Release.Own(a.State)
		if why := a.Release.CannotSync(a.State, tree); err == nil && why != "" {
			if err = (app.Conflict{Text: a.Spec.OutputPath() + ": " + why}); len(a.State.Drift) > 0 {
				err = a.Edited()
			}
		}
	}
	if err != nil {
		return nil, err
	}
	owned := app.Owned(a.State)
	if f.check {
		return dir.Compare(base, a.Spec.OutputPath(), tree, owned)
	}
	return dir.Write(base, a.Spec.OutputPath(), tree, owned, dir.Options{OverwriteDrift: f.overwriteDrift})
}

// pathChange is a changed file for programs.
type pathChange struct {
	App  string `json:"app"`
	Path string `json:"path"`
	Op   string `json:"op"`
}

func (c *cli) printChanges(all []pathChange) error {
	if c.output == "json" {
		return c.printJSON(map[string]any{"apiVersion": render.APIVersion, "kind": "Changes", "changes": append([]pathChange{}, all...)})
	}
	for _, ch := range all {
		fmt.Fprintf(c.out, "%s %s\n", ch.Op, ch.Path)
	}
	return nil
}
