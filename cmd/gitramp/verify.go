package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gitramp/gitramp/cmd/internal/git"
	"github.com/gitramp/gitramp/cmd/internal/rollout"
	"github.com/gitramp/gitramp/cmd/internal/show"
)

// verifyFlags is which of its four forms verify was asked for.
type verifyFlags struct {
	target
	history bool
	span    string
	against string
}

func (c *cli) verify() *cobra.Command {
	var f verifyFlags
	cmd := &cobra.Command{
		Use:     "verify [SPEC|DIR|APP...]",
		GroupID: "look",
		Short:   "Check that each app's directory is one legal step, and that commits made legal transitions",
		Long: `Checks that the output path of each app holds exactly one step, as gitramp wrote it
and as the spec renders it. An edit by hand is named by file and field, with both
values and the commit that made it (exit code 3).

--history renders every commit of the branch that changed an output path again, and
checks that it made one legal transition; --range A..B does so for those commits. A
revert is a person's act, and is noted. --against REV checks that the branch makes at
most one transition of each app since it left REV, and that REV has not moved the app
since: the required check of a pull request, where a revert is a finding too. Whether
the step before has settled is not checked: that is for the verb that makes the step.`,
		Example: "  gitramp verify\n  gitramp verify shop --history\n  gitramp verify --against origin/main",
		RunE:    func(cmd *cobra.Command, args []string) error { return c.runVerify(cmd.Context(), f, args) },
	}
	f.flags(cmd)
	cmd.Flags().BoolVar(&f.history, "history", false, "check every commit of the branch that changed an output path")
	cmd.Flags().StringVar(&f.span, "range", "", "check the commits of a range, such as v1..main")
	cmd.Flags().StringVar(&f.against, "against", "", "check that the branch is one transition away from a commit, such as origin/main")
	return cmd
}

func (c *cli) runVerify(ctx context.Context, f verifyFlags, args []string) error {
	repo, err := f.found(ctx, args)
	if err != nil {
		return err
	}
	defer repo.Close()
	list, err := f.verified(ctx, repo, args)
	if err != nil {
		return err
	}
	views := show.NewVerified(list)
	wrong, bad := 0, 0
	for _, v := range views {
		wrong += len(v.Findings)
		bad += min(len(v.Findings), 1)
	}
	if c.output == "table" {
		c.printer().Verified(views)
	} else if err := c.printList("Verification", views); err != nil {
		return err
	}
	if wrong > 0 {
		return found{fmt.Sprintf("%s, in %d of %d", plural(wrong, "finding"), bad, len(views))}
	}
	if len(views) == 0 {
		c.note("nothing to verify: no app changes")
	}
	return nil
}

// verified is what the form that was asked for finds.
func (f verifyFlags) verified(ctx context.Context, repo *git.Repo, args []string) ([]*rollout.Verified, error) {
	if f.history && f.span != "" || f.history && f.against != "" || f.span != "" && f.against != "" {
		return nil, usage("--history, --range and --against are three forms: name one")
	}
	from, to, isRange := strings.Cut(f.span, "..")
	if f.span != "" && (!isRange || from == "" || strings.HasPrefix(to, ".")) {
		return nil, usage("--range: value %q is invalid: allowed two commits, such as v1..main", f.span)
	}
	b, err := repo.Current(ctx, f.branch)
	if err != nil {
		return nil, err
	}
	tip := b.Base()
	if to != "" {
		if tip, err = repo.Resolve(ctx, to); err != nil {
			return nil, err
		}
	}
	if from != "" {
		if from, err = repo.Resolve(ctx, from); err != nil {
			return nil, err
		}
	}
	view, err := rollout.NewView(ctx, repo, tip)
	if err != nil {
		return nil, err
	}
	items, err := view.All(ctx, args)
	switch {
	case err != nil:
		return nil, err
	case f.against != "":
		return view.VerifyAgainst(ctx, items, f.against)
	case f.history || f.span != "":
		return view.VerifyHistory(ctx, items, from, len(args) == 0)
	}
	return view.VerifyTrees(ctx, items, f.branch == "" && !repo.Bare())
}
