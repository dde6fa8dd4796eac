package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/gitramp/gitramp/cmd/internal/app"
	"github.com/gitramp/gitramp/cmd/internal/rollout"
	"github.com/gitramp/gitramp/cmd/internal/show"
	"github.com/gitramp/gitramp/render"
)

func (c *cli) history() *cobra.Command {
	var t target
	var at, now string
	cmd := &cobra.Command{
		Use:     "history [SPEC|DIR|APP...]",
		GroupID: "look",
		Short:   "Show the rollouts of an app: outcome, who, when, and how long at which weight",
		Long: `Shows the rollouts of each app, the newest first, from the first-parent history of
the branch: what was tried, how it ended, who began it and when. Those of a single
app are shown with their steps: the weight, how long it stood, and who brought it.
An app that is removed by now is shown too.

--at says which revision had which share of the requests at a time, as the branch
held it then: a controller applies a commit some minutes later.`,
		Example: "  gitramp history shop\n  gitramp history --at 2026-11-22T10:00:00Z\n  gitramp history shop -o json",
		RunE:    func(cmd *cobra.Command, args []string) error { return c.runHistory(cmd.Context(), t, args, at, now) },
	}
	t.flags(cmd)
	cmd.Flags().StringVar(&at, "at", "", "a time such as 2026-11-22T10:00:00Z: show the shares that the revisions had then")
	cmd.Flags().StringVar(&now, "now", "", "the time until which a rollout on its way is counted (default: the clock)")
	return cmd
}

func (c *cli) runHistory(ctx context.Context, t target, args []string, at, now string) error {
	then, err := parseTime("--at", at)
	if err != nil {
		return err
	}
	clock, err := clock(now)
	if err != nil {
		return err
	}
	pasts, err := c.pasts(ctx, t, args)
	if err != nil {
		return err
	}
	if at != "" {
		return c.printShares(pasts, then)
	}
	var list []show.History
	for _, p := range pasts {
		list = append(list, show.NewHistory(p, clock()))
		if p.Unread > 0 {
			c.note("%s: %d commits with a lock that gitramp did not write, or of another format, are left out", p.Dir, p.Unread)
		}
	}
	if c.output == "table" {
		c.printer().Histories(list)
		return nil
	}
	return c.printList("HistoryList", list)
}

// pasts is the history of every app that the arguments name.
func (c *cli) pasts(ctx context.Context, t target, args []string) ([]*rollout.Past, error) {
	repo, err := t.found(ctx, args)
	if err != nil {
		return nil, err
	}
	defer repo.Close()
	b, err := repo.Current(ctx, t.branch)
	if err != nil {
		return nil, err
	}
	view, err := rollout.NewView(ctx, repo, b.Base())
	if err != nil {
		return nil, err
	}
	pasts, err := view.Pasts(ctx, args)
	if err == nil && len(pasts) == 0 {
		err = usage("%s: no app of that name, spec or path was ever on %s", orDot(args), b.Name)
	}
	return pasts, err
}

func orDot(args []string) string {
	if len(args) == 0 {
		return "."
	}
	return args[0]
}

func (c *cli) printShares(pasts []*rollout.Past, at time.Time) error {
	var list []show.SharesAt
	for _, p := range pasts {
		if len(p.Records) > 0 && p.Cut && at.Unix() < p.Records[0].Date {
			return app.Conflict{Text: fmt.Sprintf("%s: the clone is shallow and does not reach back to %s: fetch all of it (git fetch --unshallow, or fetch-depth: 0)", p.Name, at.UTC().Format(time.RFC3339))}
		}
		list = append(list, show.NewSharesAt(p, at))
	}
	if c.output == "table" {
		c.printer().Shares(list)
		return nil
	}
	return c.printList("ShareList", list)
}

// printList prints items for programs.
func (c *cli) printList(kind string, items any) error {
	data := struct {
		APIVersion string `json:"apiVersion"`
		Kind       string `json:"kind"`
		Items      any    `json:"items"`
	}{render.APIVersion, kind, items}
	if c.output == "yaml" {
		return c.printYAML(data)
	}
	return c.printJSON(data)
}
