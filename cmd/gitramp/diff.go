package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/gitramp/gitramp/cmd/internal/app"
	"github.com/gitramp/gitramp/cmd/internal/message"
	"github.com/gitramp/gitramp/cmd/internal/show"
	"github.com/gitramp/gitramp/render"
)

func (c *cli) diff() *cobra.Command {
	var t target
	cmd := &cobra.Command{
		Use:     "diff SPEC [FROM [TO]]",
		GroupID: "look",
		Short:   "Show what changes between two steps",
		Long: `Shows what changes between two steps of the ramp, as a unified diff: both are
given by number or by name, and TO is by default the step after FROM. Without
FROM it shows what commit would write next onto the tree as it is. What pods read
otherwise in ConfigMaps and Secrets is told first, a key a line; what a Secret
holds is never shown. What gitramp keeps for itself (gitramp.lock, gitramp.next,
gitramp.previous) is left out. Exits with 3 where there is a difference.`,
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
	apps, err := c.atTip(ctx, t, []string{spec})
	if err != nil {
		return err
	}
	a, err := one(apps)
	if err != nil {
		return err
	}
	if len(words) == 0 {
		return c.diffNext(a)
	}
	if a, _, err = a.Coming(); err != nil {
		return err
	}
	plan := a.Release.Plan
	from, err := pickStep(plan, words[0])
	if err != nil {
		return err
	}
	to := plan.Steps[min(from.Index+1, plan.Last())]
	switch {
	case len(words) == 1 && from.Index == to.Index:
		c.note("%s is the last step: none follows it", from.ID())
	case len(words) > 1:
		if to, err = pickStep(plan, words[1]); err != nil {
			return err
		}
	}
	before, _, err := a.Release.Tree(from, nil)
	if err != nil {
		return err
	}
	after, _, err := a.Release.Tree(to, nil)
	if err != nil {
		return err
	}
	return c.printDiff(from.ID(), to.ID(), render.Changes(before, after), render.ConfigChanges(before, after))
}

// diffNext shows the commit that comes next.
func (c *cli) diffNext(a *app.App) error {
	var next *app.Move
	enough := errors.New("enough")
	err := a.Moves(func(m app.Move) error {
		next = &m
		return enough
	})
	if err != nil && !errors.Is(err, enough) {
		return err
	}
	if next == nil {
		return c.printDiff("", "", nil, nil)
	}
	from := ""
	if l := a.State.Lock; l != nil {
		from = fmt.Sprintf("%02d-%s", l.Step.Index, l.Step.Name)
	}
	return c.printDiff(from, fmt.Sprintf("%02d-%s", next.Lock.Step.Index, next.Lock.Step.Name), next.Changes, next.Config())
}

func (c *cli) printDiff(from, to string, changes []render.Change, config []render.ConfigChange) error {
	text := show.Unified(changes)
	var err error
	if c.output == "json" {
		err = c.printJSON(map[string]any{"apiVersion": render.APIVersion, "kind": "Diff", "from": from, "to": to, "config": append([]render.ConfigChange{}, config...), "diff": text})
	} else {
		for _, line := range message.Config(config) {
			fmt.Fprintln(c.out, line)
		}
		_, err = fmt.Fprint(c.out, c.printer().Diff(text))
	}
	if err == nil && text != "" {
		err = found{} // the diff says it all
	}
	return err
}
