package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/gitramp/gitramp/cmd/internal/show"
	"github.com/gitramp/gitramp/render"
)

func (c *cli) diff() *cobra.Command {
	var t target
	cmd := &cobra.Command{
		Use:     "diff SPEC [FROM [TO]]",
		GroupID: "look",
		Short:   "Show what changes between two steps",
		Long: `Shows what changes between two steps of the ramp, as a unified diff. FROM is by
default the step that the tree of the output path is at (the first where there is
none), TO the step after FROM; both are given by number or by name. The lock is
left out: it changes in every step. Exits with 3 where the steps differ.`,
		Example: "  gitramp diff canary.yaml\n  gitramp diff canary.yaml weight-20\n  gitramp diff canary.yaml 0 cleanup",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) < 1 || len(args) > 3 {
				return usage("diff takes a spec and at most two steps, and %d arguments are given", len(args))
			}
			return c.runDiff(cmd.Context(), t, args[0], args[1:])
		},
	}
	t.flags(cmd)
	return cmd
}

func (c *cli) runDiff(ctx context.Context, t target, spec string, words []string) error {
	if err := c.formats("table", "json"); err != nil {
		return err
	}
	apps, err := c.atTip(ctx, t, []string{spec})
	if err != nil {
		return err
	}
	a, err := one(apps)
	if err != nil {
		return err
	}
	plan := a.Release.Plan
	from := plan.Steps[0]
	if l := a.State.Lock; l != nil && !a.State.IsIdle() {
		from = plan.Steps[l.Step.Index]
	}
	if len(words) > 0 {
		if from, err = pickStep(plan, words[0]); err != nil {
			return err
		}
	}
	to := plan.Steps[min(from.Index+1, plan.Last())]
	if len(words) > 1 {
		if to, err = pickStep(plan, words[1]); err != nil {
			return err
		}
	}
	return c.printDiff(a.Release, from, to)
}

func (c *cli) printDiff(r *render.Release, from, to render.Step) error {
	before, _, err := r.Tree(from, nil)
	if err != nil {
		return err
	}
	after, _, err := r.Tree(to, nil)
	if err != nil {
		return err
	}
	text := show.Unified(render.Changes(before, after))
	if c.output == "json" {
		err = c.printJSON(map[string]any{"apiVersion": render.APIVersion, "kind": "Diff", "from": from.ID(), "to": to.ID(), "diff": text})
	} else {
		_, err = fmt.Fprint(c.out, c.printer().Diff(text))
	}
	if err == nil && text != "" {
		err = found{} // the diff says it all
	}
	return err
}
