package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/gitramp/gitramp/cmd/internal/rollout"
	"github.com/gitramp/gitramp/render"
)

// advanceFlags is how advance was asked.
type advanceFlags struct {
	steer
	witness
	replan  bool
	wait    time.Duration
	propose string // the prefix of the branches
	rebase  bool
	hydrate bool
}

// proposing says that transitions are proposed, and not made.
func (f advanceFlags) proposing() bool { return f.propose != "" || f.hydrate }

// witness is the flags that say what the cluster has applied.
type witness struct{ rev, at string }

func (w *witness) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&w.rev, "applied-rev", "", "the commit that the controller reports as applied: a step counts from there, and not before it")
	cmd.Flags().StringVar(&w.at, "applied-at", "", "since when it is applied, so that a pause begins then (default: settle after the commit)")
}

func (w witness) seen() (*rollout.Witness, error) {
	if w.rev == "" && w.at == "" {
		return nil, nil
	}
	if w.rev == "" {
		return nil, usage("--applied-at goes with --applied-rev")
	}
	at, err := parseTime("--applied-at", w.at)
	if err != nil || w.at == "" {
		return &rollout.Witness{Rev: w.rev}, err
	}
	return &rollout.Witness{Rev: w.rev, At: at.Unix()}, nil
}

func (c *cli) advance() *cobra.Command {
	var f advanceFlags
	cmd := &cobra.Command{
		Use:     "advance [SPEC|DIR...]",
		GroupID: "steer",
		Short:   "Make the next transition of every app whose hold is met: one commit for each",
		Long: `Makes the one next transition of every app whose hold is met, a commit for each,
and says of the others what they wait for and until when (exit code 4). What is
next follows from the spec and the tree at the tip of the branch alone, so it is
run again and again: by cron, or in CI after every push and on a schedule. A spec
that the repository holds counts as it is committed.

No step of a release is made that is not proven safe: gitramp prove says why.

A step stands since the commit that brought it onto the branch. It counts as
applied after settle, or from what the controller says: --applied-rev.

With --push the commits go to the branch that the branch tracks, and only if
nobody has moved it: a step that another run made meanwhile is not made twice,
and over other commits it is made anew. --wait goes on for so long, step by step.

With --propose each transition is written to a branch of its own instead, for a
pull request: gitramp/APP/REVISION/step-N, or what the transition is called where
it is no step of the plan; APP is NAMESPACE.NAME where it has a namespace. Merging
it is the approval and the deployment, so a manual pause does not hold it up, and
settle and timed pauses do. An app has one such branch at most: it is made anew,
by compare-and-set, when the app or its spec moved on, kept when nothing did, and
deleted when it is not what comes next any more: merged, superseded, aborted,
paused. What somebody else committed to it is never written over. -o markdown and
-o json print title and body.

With --hydrate each transition is proposed as gitops-promoter's hydrator has it: on
BRANCH-next/DIRECTORY, with hydrator.metadata in the directory, which says what
commit of BRANCH it was made on. The promoter opens the pull request and merges it
by itself, so here a manual pause holds until gitramp promote. The branch stays
there; when nothing is due it is put back to BRANCH.`,
		Example: "  gitramp advance\n  gitramp advance apps/ --push\n  gitramp advance --propose --push -o json\n  gitramp advance canary.yaml --push --applied-rev \"$(argocd app get shop -o json | jq -r .status.sync.revision)\"",
		RunE:    func(cmd *cobra.Command, args []string) error { return c.runAdvance(cmd.Context(), f, args) },
	}
	f.steer.flags(cmd)
	f.waiting(cmd)
	unsafely(cmd, &f.unsafe)
	f.witness.flags(cmd)
	cmd.Flags().BoolVar(&f.replan, "replan", false, "where the spec has other steps than a rollout on its way: go on by those")
	cmd.Flags().StringVar(&f.propose, "propose", "", "write each transition to a branch of its own, for a pull request, below this prefix")
	cmd.Flags().Lookup("propose").NoOptDefVal = "gitramp"
	cmd.Flags().BoolVar(&f.hydrate, "hydrate", false, "write each transition to BRANCH-next/DIRECTORY, for gitops-promoter, with hydrator.metadata")
	cmd.Flags().BoolVar(&f.rebase, "rebase", false, "with --propose or --hydrate: make a proposal anew wherever the branch has moved, though nothing of the app has")
	cmd.Flags().DurationVar(&f.wait, "wait", 0, "go on for so long, such as 50m: each hold that ends in that time is waited for")
	return cmd
}

func (c *cli) runAdvance(ctx context.Context, f advanceFlags, args []string) error {
	if f.wait < 0 {
		return usage("--wait: value %q is invalid: allowed a time such as 50m", f.wait)
	}
	if f.wait != 0 && f.rev != "" {
		return usage("--wait goes on by itself, and --applied-rev says what is applied now: run again instead")
	}
	if f.wait != 0 && (f.now != "" || f.dryRun) {
		return usage("--wait goes by the clock: not with --now or --dry-run")
	}
	if err := c.proposes(f); err != nil {
		return err
	}
	repo, err := f.found(ctx, args)
	if err != nil {
		return err
	}
	defer repo.Close()
	r, err := c.steered(ctx, repo, f.steer, "advance")
	if err != nil {
		return err
	}
	if r.Seen, err = f.seen(); err != nil {
		return err
	}
	r.Holds, r.Once, r.Prefix, r.Rebase, r.Hydrate = true, true, f.propose, f.rebase, f.hydrate
	r.Select = func(ctx context.Context, v *rollout.View) ([]*rollout.Item, error) { return v.Specs(ctx, args) }
	r.Decide = func(it *rollout.Item) (render.Decision, error) {
		it.Evidence.Replan, it.Evidence.Proposed = f.replan, f.propose != ""
		return it.Next()
	}
	if f.proposing() {
		return c.propose(ctx, r, f)
	}
	out, err := r.Walk(ctx, f.wait, func(res rollout.Result) { c.note("%s", res.Move.Line()) })
	if err != nil {
		return err
	}
	return c.finishRun(out, f.steer, r)
}
