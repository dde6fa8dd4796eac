package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/gitramp/gitramp/cmd/internal/rollout"
	"github.com/gitramp/gitramp/render"
)

func (c *cli) abort() *cobra.Command {
	var s steer
	var reason string
	var atOnce bool
	cmd := &cobra.Command{
		Use:     "abort SPEC|DIR|APP...",
		GroupID: "steer",
		Short:   "Take a rollout back: prod gets all requests again",
		Long: `Takes the rollout of each app back. Its first commit withdraws the canary's
routing: weight 0 and every header and cookie rule gone; advance deletes the
canary when that has settled. Where prod has taken the new revision already, its
first commit gives prod the old one back under the canary's traffic, and advance
withdraws the routing when that has settled. Where prod has given up pods
(dynamicStableScale), its first commit gives it back those, and advance withdraws
the routing when that has settled; with --at-once the first commit does both, and
prod's pods are overloaded until the others have started.

It goes by the tree alone: it needs neither a valid spec nor a hold, and what
somebody edited by hand is no reason to refuse; such files stay as they are and
are named in the commit. The revision is not tried again until gitramp retry.`,
		Example: "  gitramp abort canary.yaml --reason 'checkout errors' --push\n  gitramp abort deploy/shop",
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.steer(cmd.Context(), s, "abort", args, func(ctx context.Context, r *rollout.Run) error {
				r.Reason, r.Outranks = reason, true
				r.Select = func(ctx context.Context, v *rollout.View) ([]*rollout.Item, error) { return c.salvaged(ctx, v, args) }
				r.Decide = func(it *rollout.Item) (render.Decision, error) { return it.Abort(atOnce) }
				r.Done = func(out rollout.Outcome) {
					if c.output != "json" {
						c.printer().Withdrawn(out)
					}
					for _, res := range out.Results {
						if res.Move == nil && aboutToBegin(res.Item) {
							c.note("%s: no rollout is on its way, and advance begins one: gitramp pause %s keeps it from that", res.Name, res.Dir)
						}
					}
				}
				return nil
			})
		},
	}
	s.flags(cmd)
	cmd.Flags().BoolVar(&atOnce, "at-once", false, "do not wait for the pods that prod has given up: withdraw now, and say so in the commit")
	cmd.Flags().StringVar(&reason, "reason", "", "why, for the commit")
	return cmd
}

// aboutToBegin says whether the spec asks for another revision than prod runs, and nothing has begun yet.
func aboutToBegin(it *rollout.Item) bool {
	l := it.State.Lock
	return l != nil && l.Canary == nil && it.App != nil && it.Wanted() != l.Stable.Revision && it.Wanted() != l.Aborted
}

// salvaged are the apps that the arguments name, whatever state their trees are in.
func (c *cli) salvaged(ctx context.Context, v *rollout.View, args []string) ([]*rollout.Item, error) {
	items, err := v.Installed(ctx, args)
	if err != nil {
		return nil, err
	}
	for _, it := range items {
		from, err := v.Salvage(ctx, it)
		if err != nil {
			return nil, err
		}
		if from != "" {
			c.note("%s cannot be read as it is: what is amiss is taken from %.10s, the newest commit that has it whole", it.Dir, from)
		}
	}
	return items, nil
}
