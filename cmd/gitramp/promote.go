package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/gitramp/gitramp/cmd/internal/rollout"
	"github.com/gitramp/gitramp/render"
)

func (c *cli) promote() *cobra.Command {
	var s steer
	var w witness
	var full, replan bool
	cmd := &cobra.Command{
		Use:     "promote SPEC|DIR|APP...",
		GroupID: "steer",
		Short:   "Make the next transition although a pause is not over: the approval",
		Long: `Makes the next transition of each app with its pause waived: the author of the
commit is who approved it. It also ends what pause and git revert began. Settle is
never waived: where a step has not settled, promote says until when (exit code 4).
With --push it approves what this clone has seen: where the remote is at another
step by now it is refused.

--full waives all pauses of the rollout. It is recorded in the lock, at once and
also where the step has not settled, and every later advance goes by it.`,
		Example: "  gitramp promote canary.yaml --push\n  gitramp promote shop --full",
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.steer(cmd.Context(), s, "promote", args, func(ctx context.Context, r *rollout.Run) (err error) {
				r.Holds, r.Once, r.Approves = true, true, true
				r.Seen, err = w.seen()
				r.Decide = func(it *rollout.Item) (render.Decision, error) { return it.Promote(full, replan) }
				r.Done = func(out rollout.Outcome) {
					for _, res := range out.Results {
						if res.Move != nil && res.Move.Transition == render.Sync {
							c.note("%s: that is what the spec says beside the step; promote it once more when that has settled", res.Name)
						}
					}
				}
				return err
			})
		},
	}
	s.flags(cmd)
	s.waiting(cmd)
	unsafely(cmd, &s.unsafe)
	w.flags(cmd)
	cmd.Flags().BoolVar(&replan, "replan", false, "where the spec has other steps than the rollout: go on by those")
	cmd.Flags().BoolVar(&full, "full", false, "waive every pause of the rollout, from now on")
	return cmd
}
