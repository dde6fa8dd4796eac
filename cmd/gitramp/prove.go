package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/gitramp/gitramp/cmd/internal/app"
	"github.com/gitramp/gitramp/cmd/internal/show"
	"github.com/gitramp/gitramp/render/prove"
)

func (c *cli) prove() *cobra.Command {
	var t target
	var o prove.Options
	cmd := &cobra.Command{
		Use:     "prove [SPEC|DIR...]",
		GroupID: "look",
		Short:   "Show that no way of applying a release drops a request, or how one does",
		Long: `Explores the release that a spec asks for: every tree of it and of the ways back,
every pair of them that a controller may go through, every set of the objects
between the two that may be applied, and every number of pods that may be ready
then. In each, every kind of request must have a backend, no more of them may
reach the new revision than in either tree, and no pod may get more than planned.

With a router that gives prod the share of a canary without pods, such as
ingress-nginx, commits may be skipped and taken back; with the others each has
to settle before the next. What is not proven exits with 3, and with the shortest
story of how it goes wrong. docs/prove.md says how to read it.`,
		Example: "  gitramp prove canary.yaml\n  gitramp prove canary.yaml -o json\n  gitramp prove canary.yaml --pods-die-at-once",
		RunE: func(cmd *cobra.Command, args []string) error {
			apps, err := c.atTip(cmd.Context(), t, args)
			if err != nil {
				return err
			}
			return c.printProofs(apps, o)
		},
	}
	t.flags(cmd)
	cmd.Flags().BoolVar(&o.DieAtOnce, "pods-die-at-once", false, "take it that pods whose manifests do not say how long they serve after they are deleted (preStop) do not serve at all")
	return cmd
}

func (c *cli) printProofs(apps []*app.App, o prove.Options) error {
	var views []show.Proof
	unsafe := 0
	for i, a := range apps {
		r, err := a.Prove(o)
		if err != nil {
			return err
		}
		if !r.Proven() {
			unsafe++
		}
		if i > 0 && (c.output == "table" || c.output == "markdown") {
			fmt.Fprintln(c.out)
		}
		switch c.output {
		case "table":
			c.printer().Proof(a, r)
		case "markdown":
			c.printer().ProofMarkdown(a, r)
		default:
			views = append(views, show.ProofOf(a, r))
		}
	}
	if err := printItems(c, "ProofList", views); err != nil {
		return err
	}
	if unsafe > 0 {
		return found{}
	}
	return nil
}
