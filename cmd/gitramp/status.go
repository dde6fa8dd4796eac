package main

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/gitramp/gitramp/cmd/internal/rollout"
	"github.com/gitramp/gitramp/cmd/internal/show"
	"github.com/gitramp/gitramp/render"
)

// lookFlags is how a verb was asked that looks at a branch.
type lookFlags struct {
	target
	witness
	fetch bool
	now   string
}

func (f *lookFlags) flags(cmd *cobra.Command) {
	f.target.flags(cmd)
	f.witness.flags(cmd)
	cmd.Flags().BoolVar(&f.fetch, "fetch", false, "look at the branch as the remote has it now, not as it is here")
	cmd.Flags().StringVar(&f.now, "now", "", "the time that holds are measured against (default: the clock)")
}

func (c *cli) status() *cobra.Command {
	var f lookFlags
	var watch bool
	var interval time.Duration
	cmd := &cobra.Command{
		Use:     "status [SPEC|DIR|APP...]",
		GroupID: "look",
		Short:   "Show where every app stands, since when, and what it waits for",
		Long: `Shows where each app stands at the tip of the branch, from git alone: phase, step
and weight, since when and by whose commit, what it waits for, and what prod and
the canary run. One app is shown at length, with the steps of its plan. An app
whose spec is gone is shown too, and a spec that is not installed.

Healthy: prod runs what the spec asks for. Progressing: advance goes on now, or by
the clock. Paused: a person has to act. Degraded: aborted, refused, or not to be
read. Missing: not installed. The exit code says whether that could be found out, not how things are.`,
		Example: "  gitramp status\n  gitramp status shop --watch --fetch\n  gitramp status apps/ -o json",
		RunE: func(cmd *cobra.Command, args []string) error {
			if !watch {
				return c.runStatus(cmd.Context(), f, args)
			}
			return c.watchStatus(cmd.Context(), f, args, interval)
		},
	}
	f.flags(cmd)
	cmd.Flags().BoolVarP(&watch, "watch", "w", false, "look again and again, and print it whenever it has changed, until interrupted")
	cmd.Flags().DurationVar(&interval, "interval", 5*time.Second, "with --watch: how often to look")
	return cmd
}

// look reads the apps that the arguments name.
func (c *cli) look(ctx context.Context, f lookFlags, args []string) (rollout.Outcome, time.Time, error) {
	var none rollout.Outcome
	now, err := clock(f.now)
	if err != nil {
		return none, time.Time{}, err
	}
	repo, err := f.found(ctx, args)
	if err != nil {
		return none, now(), err
	}
	defer repo.Close()
	r := &rollout.Run{Repo: repo, Branch: f.branch, Now: now, Note: c.note}
	if f.fetch {
		b, err := repo.Head(ctx, f.branch)
		if err != nil {
			return none, now(), err
		}
		m, err := repo.Upstream(b)
		if err != nil {
			return none, now(), err
		}
		r.Push = &m
	}
	if r.Seen, err = f.seen(); err != nil {
		return none, now(), err
	}
	r.Select = func(ctx context.Context, v *rollout.View) ([]*rollout.Item, error) { return v.All(ctx, args) }
	out, err := r.Look(ctx)
	return out, now(), err
}

func (c *cli) runStatus(ctx context.Context, f lookFlags, args []string) error {
	out, now, err := c.look(ctx, f, args)
	if err != nil {
		return err
	}
	views := show.Statuses(out, now)
	data := map[string]any{"apiVersion": render.APIVersion, "kind": "StatusList", "branch": out.Branch, "tip": out.Tip, "items": views}
	switch {
	case c.output == "json":
		return c.printJSON(data)
	case c.output == "yaml":
		return c.printYAML(data)
	case len(views) == 0:
		c.note("%s: no app is installed here, and no spec lies here: gitramp init", out.Branch)
		return nil
	}
	c.printer().Statuses(views, fmt.Sprintf("%s at %.10s", out.Branch, out.Tip), now)
	return nil
}

// watchStatus prints the status whenever it has changed.
func (c *cli) watchStatus(ctx context.Context, f lookFlags, args []string, interval time.Duration) error {
	if interval < 100*time.Millisecond {
		return usage("--interval: value %q is invalid: allowed 100ms or more", interval)
	}
	to := c.out
	defer func() { c.out = to }()
	var last []byte
	for {
		var page bytes.Buffer
		c.out = &page
		if err := c.runStatus(ctx, f, args); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		if !bytes.Equal(page.Bytes(), last) {
			if onTerminal(c.terminal) {
				fmt.Fprint(to, "\x1b[H\x1b[2J")
			}
			if _, err := to.Write(page.Bytes()); err != nil {
				return err
			}
			last = page.Bytes()
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(interval):
		}
	}
}
