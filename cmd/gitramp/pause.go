package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/gitramp/gitramp/cmd/internal/rollout"
	"github.com/gitramp/gitramp/render"
)

func (c *cli) pause() *cobra.Command {
	var s steer
	var reason string
	cmd := &cobra.Command{
		Use:     "pause SPEC|DIR|APP...",
		GroupID: "steer",
		Short:   "Stop a rollout where it stands, until resume, promote or abort",
		Long: `Records in the lock that nothing of the app moves until somebody resumes it: no
step, no new rollout. An abort is always possible, and a spec that asks for what
prod ran before aborts a paused rollout too.`,
		Example: "  gitramp pause canary.yaml --reason 'release freeze' --push",
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.steer(cmd.Context(), s, "pause", args, func(ctx context.Context, r *rollout.Run) error {
				r.Reason = reason
				r.Decide = func(it *rollout.Item) (render.Decision, error) { return it.Pause() }
				return nil
			})
		},
	}
	s.flags(cmd)
	cmd.Flags().StringVar(&reason, "reason", "", "why, for the commit")
	return cmd
}

func (c *cli) resume() *cobra.Command {
	var s steer
	cmd := &cobra.Command{
		Use:     "resume SPEC|DIR|APP...",
		GroupID: "steer",
		Short:   "Let a rollout go on that was paused, or taken back a step with git revert",
		Long: `Ends what pause began. Where somebody took a rollout back a step with git revert,
it goes on from there as another attempt. The step where it stands settles anew
in that case; a pause of the spec that is not over goes on.`,
		Example: "  gitramp resume canary.yaml --push",
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.steer(cmd.Context(), s, "resume", args, func(ctx context.Context, r *rollout.Run) error {
				r.Holds = true
				r.Decide = func(it *rollout.Item) (render.Decision, error) { return it.Resume() }
				return nil
			})
		},
	}
	s.flags(cmd)
	return cmd
}
