package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/gitramp/gitramp/cmd/internal/rollout"
	"github.com/gitramp/gitramp/render"
)

func (c *cli) retry() *cobra.Command {
	var s steer
	cmd := &cobra.Command{
		Use:     "retry SPEC|DIR|APP...",
		GroupID: "steer",
		Short:   "Try a revision again that was aborted or taken back",
		Long: `Begins another attempt at the revision that the spec asks for, from prepare, where
an earlier one was aborted, or taken back with git revert to before it began. Where
the abort is still on its way it says until when (exit code 4).`,
		Example: "  gitramp retry canary.yaml --push",
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.steer(cmd.Context(), s, "retry", args, func(ctx context.Context, r *rollout.Run) error {
				r.Holds, r.Once = true, true
				r.Decide = func(it *rollout.Item) (render.Decision, error) { return it.Retry() }
				return nil
			})
		},
	}
	s.flags(cmd)
	s.waiting(cmd)
	unsafely(cmd, &s.unsafe)
	return cmd
}
