package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/gitramp/gitramp/cmd/internal/app"
	"github.com/gitramp/gitramp/cmd/internal/show"
	"github.com/gitramp/gitramp/render/prove"
)

func (c *cli) plan() *cobra.Command {
	var t target
	var diff bool
	cmd := &cobra.Command{
		Use:     "plan [SPEC|DIR...]",
		GroupID: "look",
		Short:   "Show the whole ramp: every step, what it changes and what it waits for",
		Long: `Shows every step of the release that the spec asks for: the weight, the pods of
both tracks, the files that change, and what must be true before the step after
it. What prod runs now is taken from the tree at the tip of the target branch;
where there is none, from spec.stable. Where a rollout is on its way and the spec
asks for a third revision, the ramp is the one that comes after it. Nothing is
written.`,
		Example: "  gitramp plan canary.yaml\n  gitramp plan canary.yaml --diff\n  gitramp plan canary.yaml -o json",
		RunE: func(cmd *cobra.Command, args []string) error {
			apps, err := c.atTip(cmd.Context(), t, args)
			if err != nil {
				return err
			}
			return c.printPlans(apps, diff)
		},
	}
	t.flags(cmd)
	cmd.Flags().BoolVar(&diff, "diff", false, "show each step's change as a diff (without what gitramp keeps for itself)")
	return cmd
}

func (c *cli) printPlans(apps []*app.App, diff bool) error {
	var views []show.Plan
	for i, a := range apps {
		ramp, err := show.NewRamp(a)
		if err != nil {
			return err
		}
		proof, err := a.Prove(prove.Options{})
		if err != nil {
			return err
		}
		switch c.output {
		case "table":
			if i > 0 {
				fmt.Fprintln(c.out)
			}
			c.printer().Table(ramp, proof, diff)
		case "markdown":
			c.printer().Markdown(ramp, proof, diff)
		default:
			views = append(views, show.NewPlan(ramp, proof, diff))
		}
	}
	return printItems(c, "PlanList", views)
}
