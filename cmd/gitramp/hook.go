package main

import (
	"context"
	"path"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

func (c *cli) hook() *cobra.Command {
	return &cobra.Command{
		Use:     "hook [SPEC|DIR...]",
		GroupID: "write",
		Short:   "Be a pre-commit hook: bring the output paths up to date, and fail where that changed anything",
		Long: `Does what render --write does for each spec, and exits with 1 where it created,
changed or deleted a file: pre-commit itself sees no new files, and a commit
without them would not be what the spec says. It never moves a step, and adds
nothing to the index.

A .pre-commit-config.yaml takes the hooks from gitramp's repository:
gitramp-render is this one, gitramp-check is render --check ., gitramp-validate
is validate.`,
		Example: "  gitramp hook canary.yaml\n  pre-commit run gitramp-render --all-files",
		RunE:    func(cmd *cobra.Command, args []string) error { return c.runHook(cmd.Context(), args) },
	}
}

func (c *cli) runHook(ctx context.Context, args []string) error {
	all, err := c.changeInPlace(ctx, renderFlags{write: true}, args)
	if err != nil {
		return err
	}
	if err := c.printChanges(all); err != nil || len(all) == 0 {
		return err
	}
	var dirs []string
	for _, ch := range all {
		dirs = append(dirs, ":/"+path.Dir(ch.Path))
	}
	slices.Sort(dirs)
	are := "are"
	if len(all) == 1 {
		are = "is"
	}
	c.note("%s %s written: git add %s, and commit again", plural(len(all), "file"), are, strings.Join(slices.Compact(dirs), " "))
	return errSaid
}
