package main

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"strings"

	"github.com/gitramp/gitramp/cmd/internal/app"
	"github.com/gitramp/gitramp/cmd/internal/git"
	"github.com/gitramp/gitramp/docs/pipelines"
)

// nextOf is what is left to do by hand.
var nextOf = map[string]string{
	"github": "give it an app's token, so that checks run on what it opens, and make gitramp-verify a required check",
	"gitlab": "include it from .gitlab-ci.yml (include: [{local: .gitlab/gitramp.yml}]), let it push, and schedule a pipeline",
	"gitea":  "make gitramp-verify a required check of the branch",
}

// ofRelease is a version that a release has as its tag.
var ofRelease = regexp.MustCompile(`^v[0-9]+\.[0-9]+\.[0-9]+$`)

// initPipeline writes the jobs of a forge: all of them, or none where one is there already.
func (c *cli) initPipeline(ctx context.Context, f initFlags, args []string) error {
	branch, err := f.tracked(ctx)
	if err != nil {
		return err
	}
	files, err := pipelines.Of(f.pipeline, branch, ofRelease.FindString(toolVersion()))
	switch {
	case err != nil:
		return err
	case files == nil:
		return usage("--pipeline: value %q is invalid: allowed %s", f.pipeline, strings.Join(pipelines.Forges, ", "))
	case len(args) > 0:
		return usage("--pipeline writes where the forge looks, and %q is given", args[0])
	}
	var list []newFile
	for _, file := range files {
		list = append(list, newFile(file))
	}
	next := nextOf[f.pipeline]
	if f.pipeline != "gitlab" { // which knows its default branch
		next = fmt.Sprintf("%s; what is merged to %s runs it (else --branch)", next, branch)
	}
	return c.writeNew(f, list, next)
}

// tracked is the branch that the jobs are for: where the one that is checked out is pushed to, and main where there is no repository.
func (f *initFlags) tracked(ctx context.Context) (string, error) {
	if f.cmd.Flags().Changed("branch") {
		return f.branch, git.CheckBranch(f.branch)
	}
	here, err := os.Getwd()
	if err != nil || app.RepositoryAround(here) == "" {
		return "main", err
	}
	repo, err := git.Open(ctx, here)
	if err != nil {
		return "", err
	}
	defer repo.Close()
	branch, err := repo.Head(ctx, "")
	if remote, upErr := repo.Upstream(branch); err == nil && upErr == nil {
		branch = remote.Branch
	}
	return branch, err
}
