package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/gitramp/gitramp/cmd/internal/app"
	"github.com/gitramp/gitramp/cmd/internal/git"
	"github.com/gitramp/gitramp/cmd/internal/rollout"
	"github.com/gitramp/gitramp/cmd/internal/show"
	"github.com/gitramp/gitramp/render"
)

// steer is the flags of the verbs that move apps by one transition.
type steer struct {
	target
	push, dryRun bool
	date, now    string
	unsafe       string
	exitZero     bool
}

func (s *steer) flags(cmd *cobra.Command) {
	s.target.flags(cmd)
	cmd.Flags().BoolVar(&s.push, "push", false, "onto the branch that the branch tracks: pushed first, then brought along here")
	cmd.Flags().BoolVar(&s.dryRun, "dry-run", false, "print what would be committed, write nothing")
	cmd.Flags().StringVar(&s.date, "date", "", "date of the commits, such as 2026-11-22T10:00:00Z (default: now; refused where the branch is tracked)")
	cmd.Flags().StringVar(&s.now, "now", "", "the time that holds are measured against (default: the clock)")
}

// unsafely adds the flag of the verbs that refuse what is not proven safe.
func unsafely(cmd *cobra.Command, reason *string) {
	cmd.Flags().StringVar(reason, "unsafe", "", "go on although it is not proven safe (gitramp prove), and say in the commit why")
}

// reasonGiven refuses an empty reason: it would mean nothing.
func reasonGiven(cmd *cobra.Command, reason string) error {
	if cmd.Flags().Changed("unsafe") && strings.TrimSpace(reason) == "" {
		return usage("--unsafe: value %q is invalid: allowed a reason, for the commit", reason)
	}
	return nil
}

// waiting adds the flag of the verbs that may have to wait.
func (s *steer) waiting(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&s.exitZero, "exit-zero-on-wait", false, "exit with 0 where an app waits, instead of 4: for cron")
}

// found opens the repository that the arguments are about: --repo, else the one around the first of them that is on disk, else around the current directory.
func (t target) found(ctx context.Context, args []string) (*git.Repo, error) {
	if err := noneEmpty(t.cmd); err != nil {
		return nil, err
	}
	if err := t.there(); err != nil {
		return nil, err
	}
	at := t.repo
	for _, arg := range args {
		if info, err := os.Stat(arg); at == "" && err == nil {
			if at = arg; !info.IsDir() {
				at = filepath.Dir(arg)
			}
		}
	}
	if at == "" {
		at = "."
	}
	return git.Open(ctx, at)
}

// noneEmpty refuses a flag that is given and empty: in a script it is a command that failed, and what it should have said is not to be guessed.
func noneEmpty(cmd *cobra.Command) error {
	var errs []error
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if f.Value.Type() == "string" && f.Value.String() == "" && f.Name != "reason" {
			errs = append(errs, usage("--%s: value \"\" is invalid: allowed a value, or no --%s", f.Name, f.Name))
		}
	})
	return errors.Join(errs...)
}

// steered prepares a verb's run on the repository that is open.
func (c *cli) steered(ctx context.Context, repo *git.Repo, s steer, verb string) (*rollout.Run, error) {
	if s.cmd.Flags().Lookup("unsafe") != nil {
		if err := reasonGiven(s.cmd, s.unsafe); err != nil {
			return nil, err
		}
	}
	now, err := clock(s.now)
	if err != nil {
		return nil, err
	}
	r := &rollout.Run{Repo: repo, Branch: s.branch, Now: now, Verb: verb, Tool: "gitramp " + toolVersion(), DryRun: s.dryRun, Unsafe: s.unsafe, Note: c.note}
	if r.Date, err = parseTime("--date", s.date); err != nil {
		return nil, err
	}
	b, err := repo.Head(ctx, s.branch)
	if err != nil {
		return nil, err
	}
	if s.push {
		m, err := repo.Upstream(b)
		if err != nil {
			return nil, err
		}
		r.Push, r.Branch = &m, b
	}
	tracked := repo.Tracks(b)
	if r.Push != nil {
		tracked = r.Push.String()
	}
	if s.date != "" && tracked != "" {
		return nil, usage("--date: branch %s has the upstream %s, and holds are counted from the dates of its commits", b, tracked)
	}
	return r, nil
}

// clock is what holds are measured against.
func clock(now string) (func() time.Time, error) {
	if now == "" {
		return time.Now, nil
	}
	at, err := parseTime("--now", now)
	return func() time.Time { return at }, err
}

func parseTime(flag, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if seconds, err := strconv.ParseInt(text, 10, 64); err == nil && seconds > 0 {
		return time.Unix(seconds, 0), nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return at, usage("%s: value %q is invalid: allowed a time such as 2026-11-22T10:00:00Z", flag, text)
	}
	return at, nil
}

// finishRun prints what became of the apps, and makes an exit code of it.
func (c *cli) finishRun(out rollout.Outcome, s steer, r *rollout.Run) error {
	views := show.Transitions(out, r.Now())
	if c.output == "json" {
		if err := c.printJSON(map[string]any{"apiVersion": render.APIVersion, "kind": "Transitions", "branch": out.Branch, "from": out.Base, "tip": out.Tip, "dryRun": s.dryRun,
			"apps": views}); err != nil {
			return err
		}
	} else {
		if len(views) > 0 {
			c.printer().Transitions(views)
		}
		switch n := out.Moves(); {
		case len(views) == 0:
			c.note("%s: no app is there that is meant: nothing to do", out.Branch)
		case s.dryRun && n > 0:
			c.note("%s: would be written: %s", out.Branch, commits(n))
		case n > 0 && r.Push == nil && r.Repo.Tracks(out.Branch) != "":
			c.note("%s is not pushed: git push, or --push next time", out.Branch)
		}
	}
	return errorsOf(out, s.exitZero)
}

// errorsOf is what of an outcome is no success. What it waits for is printed already.
func errorsOf(out rollout.Outcome, exitZero bool) error {
	var errs []error
	for _, res := range out.Results {
		d := res.Decision
		switch {
		case res.Err != nil:
			errs = append(errs, res.Err)
		case res.By != nil:
		case d.Refused != "":
			errs = append(errs, app.Conflict{Text: fmt.Sprintf("%s: %s", res.Name, d.Refused)})
		case d.Waiting != "" && !exitZero:
			errs = append(errs, waits{})
		}
	}
	return errors.Join(errs...)
}

// steer carries a verb out that is about installed apps.
func (c *cli) steer(ctx context.Context, s steer, verb string, args []string, set func(context.Context, *rollout.Run) error) error {
	if len(args) == 0 {
		return usage("%s takes a spec, an output path, a directory or the name of an app, and none is given", verb)
	}
	repo, err := s.found(ctx, args)
	if err != nil {
		return err
	}
	defer repo.Close()
	r, err := c.steered(ctx, repo, s, verb)
	if err != nil {
		return err
	}
	r.Select = func(ctx context.Context, v *rollout.View) ([]*rollout.Item, error) { return v.Installed(ctx, args) }
	if err := set(ctx, r); err != nil {
		return err
	}
	out, err := r.Do(ctx)
	if err != nil {
		return err
	}
	if r.Done != nil {
		r.Done(out)
	}
	return c.finishRun(out, s, r)
}
