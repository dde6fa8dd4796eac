package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/gitramp/gitramp/cmd/internal/rollout"
	"github.com/gitramp/gitramp/render"
)

func (c *cli) delete() *cobra.Command {
	var s steer
	var yes bool
	cmd := &cobra.Command{
		Use:     "delete DIR|APP...",
		GroupID: "steer",
		Short:   "Remove an app whose spec is gone, in order: the rollout, the route, the pods",
		Long: `Removes an app from the repository, one commit at a time, each when the one before
it has settled: what is on its way is aborted and cleaned up, then prod's route
goes, and last everything. It is run until it has nothing to do; in between it
says until when it waits (exit code 4). An app whose spec is still there is
refused without --yes.`,
		Example: "  gitramp delete deploy/shop\n  gitramp delete shop --push",
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.steer(cmd.Context(), s, "delete", args, func(ctx context.Context, r *rollout.Run) error {
				r.Holds = true
				r.Select = func(ctx context.Context, v *rollout.View) ([]*rollout.Item, error) { return v.ToDelete(ctx, args) }
				r.Decide = func(it *rollout.Item) (render.Decision, error) { return it.Delete(yes) }
				return nil
			})
		},
	}
	s.flags(cmd)
	s.waiting(cmd)
	cmd.Flags().BoolVar(&yes, "yes", false, "also where the spec is still there")
	return cmd
}
