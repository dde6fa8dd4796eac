package main

import (
	"context"

	"github.com/gitramp/gitramp/cmd/internal/rollout"
	"github.com/gitramp/gitramp/cmd/internal/show"
	"github.com/gitramp/gitramp/render"
)

// proposes checks what goes with --propose and --hydrate, and what does not go without one of them.
func (c *cli) proposes(f advanceFlags) error {
	switch {
	case f.propose != "" && f.hydrate:
		return usage("--propose and --hydrate exclude each other: each has names of its own for the branches")
	case !f.proposing() && f.rebase:
		return usage("--rebase goes with --propose or --hydrate")
	case !f.proposing() && c.output == "markdown":
		return usage("--output: value %q is invalid here: allowed with --propose or --hydrate", c.output)
	case f.proposing() && f.wait != 0:
		return usage("--wait goes from step to step, and a proposal waits for somebody to merge: run it again instead")
	}
	return nil
}

// propose brings the proposals in line with what comes next, and prints them.
func (c *cli) propose(ctx context.Context, r *rollout.Run, f advanceFlags) error {
	out, err := r.Do(ctx)
	if err != nil {
		return err
	}
	views := show.Transitions(out, r.Now())
	for i, v := range views {
		if v.Proposal != nil && c.output != "table" {
			if err := v.Proposal.Describe(out.Results[i], out.Target, r.Tool); err != nil {
				return err
			}
		}
	}
	switch {
	case c.output == "json":
		err = c.printJSON(map[string]any{"apiVersion": render.APIVersion, "kind": "Proposals", "branch": out.Branch, "tip": out.Tip, "dryRun": f.dryRun, "apps": views})
	case c.output == "markdown":
		c.printer().ProposalsMarkdown(views)
	case len(views) == 0:
		c.note("%s: no app is there that is meant: nothing to propose", out.Branch)
	default:
		c.printer().Proposals(views)
	}
	if err != nil {
		return err
	}
	return errorsOf(out, f.exitZero)
}
