package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/gitramp/gitramp/cmd/internal/app"
	"github.com/gitramp/gitramp/cmd/internal/git"
	"github.com/gitramp/gitramp/cmd/internal/series"
	"github.com/gitramp/gitramp/render"
)

// commitFlags is how commit was asked.
type commitFlags struct {
	target
	perApp, ontoLive, dryRun bool
	date, unsafe             string
}

func (c *cli) commit() *cobra.Command {
	var f commitFlags
	cmd := &cobra.Command{
		Use:     "commit [SPEC|DIR...]",
		GroupID: "write",
		Short:   "Write a whole release as commits, one for each step",
		Long: `Writes the release that the specs ask for as commits onto a branch: the k-th
commit holds the k-th step of each app. It goes on from the tree at the branch's
tip and is done when every app is idle on the revision that its spec asks for;
running it again then does nothing. A rollout on its way that the spec no longer
asks for is superseded: its canary is withdrawn and deleted, then the new one
begins. No hold is waited for, so it is for a branch that no controller follows:
one with an upstream is refused (--onto-live writes onto it all the same). The
branch moves once, after all commits are made. Where it is checked out, only the
output paths are brought along: other files and staged changes stay as they are.
Commit hooks are not run. A release that is not proven safe is refused: gitramp
prove says why.`,
		Example: "  gitramp commit canary.yaml\n  gitramp commit canary.yaml --repo ../deploy --branch release/green\n  gitramp commit apps/ --dry-run",
		RunE:    func(cmd *cobra.Command, args []string) error { return c.runCommit(cmd.Context(), f, args) },
	}
	f.flags(cmd)
	cmd.Flags().BoolVar(&f.perApp, "per-app", false, "one commit for each app and step, instead of one for each step")
	cmd.Flags().BoolVar(&f.ontoLive, "onto-live", false, "also onto a branch with an upstream")
	cmd.Flags().BoolVar(&f.dryRun, "dry-run", false, "print the commits, write nothing")
	unsafely(cmd, &f.unsafe)
	cmd.Flags().StringVar(&f.date, "date", "", "date of all commits, such as 2026-11-22T10:00:00Z (default: now)")
	return cmd
}

func (c *cli) runCommit(ctx context.Context, f commitFlags, args []string) error {
	if err := reasonGiven(f.cmd, f.unsafe); err != nil {
		return err
	}
	date, err := parseDate(f.date)
	if err != nil {
		return err
	}
	set := app.NewSet()
	apps, err := c.parseAll(set, args)
	if err != nil {
		return err
	}
	for _, a := range apps {
		c.warn(a)
		if f.repo == "" && a.Root != apps[0].Root {
			return usage("%s and %s lie in different repositories: name the target with --repo", apps[0].File, a.File)
		}
	}
	repo, branch, err := f.open(ctx, apps[0], f.dryRun)
	switch {
	case err != nil:
		return err
	case repo == nil:
		return usage("%s lies in no git repository: name the target with --repo", apps[0].File)
	}
	defer repo.Close()
	if branch.Upstream != "" && !f.ontoLive {
		return app.Conflict{Text: fmt.Sprintf("branch %s has the upstream %s, so a controller may follow it, and commit waits for no hold: "+
			"name a branch of your own with --branch (a new one begins at HEAD), or add --onto-live", branch.Name, branch.Upstream)}
	}
	if branch.Upstream != "" && f.date != "" {
		return usage("--date: branch %s has the upstream %s, and holds are counted from the dates of its commits", branch.Name, branch.Upstream)
	}
	s := series.Series{PerApp: f.perApp, Tool: "gitramp " + toolVersion(), DryRun: f.dryRun, Unsafe: f.unsafe, Progress: c.count("apps are rendered", len(apps))}
	result, err := s.Write(ctx, repo, branch, set, apps, git.Options{Date: date, RefLog: "gitramp commit"})
	s.Progress.Stop()
	if result.Recovered != "" {
		c.note("%s", result.Recovered)
	}
	if n := len(result.Uncommitted); n > 0 && len(result.Subjects) > 0 && c.output != "json" {
		c.note("warning: %s not committed as it is used here, so the branch does not say where these manifests come from: commit the spec too", countOf(n, result.Uncommitted[0]))
	}
	if err != nil {
		return err
	}
	if branch.Tip == "" && branch.Start != "" && len(result.Subjects) > 0 {
		c.note("%s is a new branch: it begins at HEAD, %.10s", branch.Name, branch.Start)
	}
	return c.reportCommits(result, branch, f.dryRun)
}

func parseDate(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	date, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return date, usage("--date: value %q is invalid: allowed a time such as 2026-11-22T10:00:00Z", text)
	}
	return date, nil
}

// reportCommits says what was written.
func (c *cli) reportCommits(r series.Result, b git.Branch, dryRun bool) error {
	if c.output == "json" {
		return c.printJSON(map[string]any{"apiVersion": render.APIVersion, "kind": "Commits", "branch": b.Name, "from": b.Tip, "tip": r.Tip, "dryRun": dryRun,
			"commits": append([]string{}, r.Subjects...), "uncommittedSpecs": append([]string{}, r.Uncommitted...)})
	}
	for _, subject := range r.Subjects {
		fmt.Fprintln(c.out, subject)
	}
	switch {
	case len(r.Subjects) == 0:
		c.note("%s: nothing to do, every app runs what its spec asks for", b.Name)
	case dryRun:
		c.note("%s: would be written: %s (git fast-import, then git update-ref refs/heads/%s)", b.Name, commits(len(r.Subjects)), b.Name)
	default:
		c.note("%s: %s, now at %.10s", b.Name, commits(len(r.Subjects)), r.Tip)
	}
	return nil
}

// countOf is one name, or a number of them.
func countOf(n int, first string) string {
	if n == 1 {
		return first + " is"
	}
	return fmt.Sprintf("%s and %d more specs are", first, n-1)
}

func commits(n int) string { return plural(n, "commit") }

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
