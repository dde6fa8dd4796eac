package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/gitramp/gitramp/cmd/internal/rollout"
)

func (c *cli) install() *cobra.Command {
	var s steer
	cmd := &cobra.Command{
		Use:     "install SPEC|DIR...",
		GroupID: "steer",
		Short:   "Put an app into the repository for the first time, without a ramp",
		Long: `Writes the first tree of each app as a commit: prod on spec.stable where that is
given, else on the revision that the spec asks for, with all the traffic. From
then on advance does the rest.

It is refused where the output path holds anything already, where the branch ever
held the app (unless gitramp delete removed it), and where another app of the
repository has the same name, objects or host and path: what runs is never
replaced by accident.`,
		Example: "  gitramp install canary.yaml\n  gitramp install apps/ --push",
		RunE:    func(cmd *cobra.Command, args []string) error { return c.runInstall(cmd.Context(), s, args) },
	}
	s.flags(cmd)
	return cmd
}

func (c *cli) runInstall(ctx context.Context, s steer, args []string) error {
	if len(args) == 0 {
		return usage("install takes the specs of the apps, and none is given")
	}
	repo, err := s.found(ctx, args)
	if err != nil {
		return err
	}
	defer repo.Close()
	r, err := c.steered(ctx, repo, s, "install")
	if err != nil {
		return err
	}
	var view *rollout.View
	r.Select = func(ctx context.Context, v *rollout.View) ([]*rollout.Item, error) {
		view = v
		return v.ToInstall(ctx, args)
	}
	r.Decide = func(it *rollout.Item) (rollout.Decision, error) { return view.Install(ctx, it) }
	out, err := r.Do(ctx)
	if err != nil {
		return err
	}
	return c.finishRun(out, s, r)
}
