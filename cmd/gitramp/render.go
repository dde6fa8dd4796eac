package main

import (
	"bytes"
	"context"

	"github.com/spf13/cobra"

	"github.com/gitramp/gitramp/cmd/internal/app"
	"github.com/gitramp/gitramp/render"
)

// renderFlags is how render was asked.
type renderFlags struct {
	target
	step, to       string
	write, check   bool
	overwriteDrift bool
}

func (c *cli) render() *cobra.Command {
	var f renderFlags
	cmd := &cobra.Command{
		Use:     "render [SPEC|DIR...]",
		GroupID: "write",
		Short:   "Render manifests: of one step to stdout, of every step into a folder, or of the output path in place",
		Long: `Renders the Kubernetes objects of a spec.

Without a flag they go to stdout in apply order, at the step that the tree of the
output path is at (idle where there is none); --step picks another. --to writes
every step of the ramp into DIR/NN-name/, to look at. --write brings the output
path on disk up to date with the spec without moving a step, and --check says
with exit code 3 whether it would change anything: for a pre-commit hook and CI.
A spec that nothing is installed of yet passes --check.`,
		Example: `  gitramp render canary.yaml
  gitramp render canary.yaml --step weight-20 | kubectl diff -f -
  gitramp render canary.yaml --to out
  gitramp render canary.yaml --write
  gitramp render . --check`,
		RunE: func(cmd *cobra.Command, args []string) error { return c.runRender(cmd.Context(), f, args) },
	}
	f.flags(cmd)
	cmd.Flags().StringVar(&f.step, "step", "", "the step to render: its number or name")
	cmd.Flags().StringVar(&f.to, "to", "", "write every step of the ramp into this folder")
	cmd.Flags().BoolVar(&f.write, "write", false, "write the output path in place, at its own step")
	cmd.Flags().BoolVar(&f.check, "check", false, "exit with 3 where --write would change anything that is installed")
	cmd.Flags().BoolVar(&f.overwriteDrift, "overwrite-drift", false, "with --write: also over files that somebody else edited")
	return cmd
}

func (c *cli) runRender(ctx context.Context, f renderFlags, args []string) error {
	modes := 0
	for _, on := range []bool{f.step != "", f.to != "", f.write, f.check} {
		if on {
			modes++
		}
	}
	switch {
	case modes > 1:
		return usage("--step, --to, --write and --check exclude each other")
	case (f.write || f.check) && f.branch != "":
		return usage("--branch: --write and --check are about the files on disk, not about a branch")
	case f.overwriteDrift && !f.write:
		return usage("--overwrite-drift goes with --write")
	case f.write || f.check:
		return c.renderInPlace(ctx, f, args)
	}
	if err := c.formats("table", "yaml"); err != nil {
		return err
	}
	apps, err := c.atTip(ctx, f.target, args)
	if err != nil {
		return err
	}
	if f.to != "" {
		return c.renderTo(f.to, apps)
	}
	return c.renderStream(f.step, apps)
}

// renderStream prints the objects of one step of each app.
func (c *cli) renderStream(step string, apps []*app.App) error {
	var out bytes.Buffer
	for _, a := range apps {
		tree, err := atStep(a, step)
		if err != nil {
			return err
		}
		for _, path := range tree.Resources() {
			data, _ := tree.Get(path)
			out.WriteString("---\n")
			out.Write(data)
		}
	}
	_, err := c.out.Write(out.Bytes())
	return err
}

// atStep is the tree at the step that was asked for, by default the one that the output path is at.
func atStep(a *app.App, step string) (render.Tree, error) {
	if step == "" {
		return ownTree(a)
	}
	st, err := pickStep(a.Release.Plan, step)
	if err != nil {
		return nil, err
	}
	tree, _, err := a.Release.Tree(st, a.State.Lock)
	return tree, err
}

func ownTree(a *app.App) (render.Tree, error) {
	if a.State.Lock != nil {
		tree, _, err := a.Release.Own(a.State)
		return tree, err
	}
	tree, _, err := a.Release.Tree(a.Release.Plan.Steps[0], nil)
	return tree, err
}
