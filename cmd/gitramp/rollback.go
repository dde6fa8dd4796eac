package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/gitramp/gitramp/cmd/internal/rollout"
	"github.com/gitramp/gitramp/render"
)

func (c *cli) rollback() *cobra.Command {
	var s steer
	var to, reason string
	cmd := &cobra.Command{
		Use:     "rollback SPEC|DIR|APP...",
		GroupID: "steer",
		Short:   "Make the spec ask for an earlier revision again",
		Long: `Commits the spec as it asks for an earlier revision: what prod ran before, or what
--to names, a revision of gitramp history or a commit. No more of it changes than
has to: the images, or the whole file where the revisions differ in more.

From there on advance does the rest. A rollout on its way is aborted; where prod
has finished it, what prod ran before comes back by a release without pauses,
and an older revision by the ramp of the spec.`,
		Example: "  gitramp rollback canary.yaml\n  gitramp rollback shop --to 178ad1680c --push\n  gitramp rollback shop --to HEAD~20",
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.steer(cmd.Context(), s, "rollback", args, func(ctx context.Context, r *rollout.Run) error {
				var view *rollout.View
				r.Reason = reason
				r.Select = func(ctx context.Context, v *rollout.View) ([]*rollout.Item, error) {
					view = v
					return v.Installed(ctx, args)
				}
				r.Decide = func(it *rollout.Item) (render.Decision, error) { return view.RollBack(ctx, it, to) }
				return nil
			})
		},
	}
	s.flags(cmd)
	cmd.Flags().StringVar(&to, "to", "", "the revision, or a commit at which prod ran it (default: what prod ran before)")
	cmd.Flags().StringVar(&reason, "reason", "", "why, for the commit")
	return cmd
}
