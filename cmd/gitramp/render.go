package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"regexp"

	"github.com/spf13/cobra"

	"github.com/gitramp/gitramp/cmd/internal/app"
	"github.com/gitramp/gitramp/cmd/internal/dir"
	"github.com/gitramp/gitramp/render"
)

// renderFlags is how render was asked.
type renderFlags struct {
	target
	step, to       string
	write, check   bool
	overwriteDrift bool
}

func (c *cli) render() *cobra.Command {
	var f renderFlags
	cmd := &cobra.Command{
		Use:     "render [SPEC|DIR...]",
		GroupID: "look",
		Short:   "Render manifests: of one step to stdout, of every step into a folder, or of the output path in place",
		Long: `Renders the Kubernetes objects of a spec.

Without a flag they go to stdout in apply order, at the step that the tree of the
output path is at (idle where there is none); --step picks another. --to writes
every step of the ramp into DIR/NN-name/, to look at. --write brings the output
path on disk up to date with the spec without moving a step, and --check says
with exit code 3 whether it would change anything: for a pre-commit hook and CI.`,
		Example: `  gitramp render canary.yaml
  gitramp render canary.yaml --step weight-20 | kubectl diff -f -
  gitramp render canary.yaml --to out
  gitramp render canary.yaml --write
  gitramp render . --check`,
		RunE: func(cmd *cobra.Command, args []string) error { return c.runRender(cmd.Context(), f, args) },
	}
	f.flags(cmd)
	cmd.Flags().StringVar(&f.step, "step", "", "the step to render: its number or name")
	cmd.Flags().StringVar(&f.to, "to", "", "write every step of the ramp into this folder")
	cmd.Flags().BoolVar(&f.write, "write", false, "write the output path in place, at its own step")
	cmd.Flags().BoolVar(&f.check, "check", false, "exit with 3 where --write would change anything")
	cmd.Flags().BoolVar(&f.overwriteDrift, "overwrite-drift", false, "with --write: also over files that somebody else edited")
	return cmd
}

func (c *cli) runRender(ctx context.Context, f renderFlags, args []string) error {
	modes := 0
	for _, on := range []bool{f.step != "", f.to != "", f.write, f.check} {
		if on {
			modes++
		}
	}
	switch {
	case modes > 1:
		return usage("--step, --to, --write and --check exclude each other")
	case (f.write || f.check) && f.branch != "":
		return usage("--branch: --write and --check are about the files on disk, not about a branch")
	case f.overwriteDrift && !f.write:
		return usage("--overwrite-drift goes with --write")
	case f.write || f.check:
		return c.renderInPlace(f, args)
	}
	if err := c.formats("table", "yaml"); err != nil {
		return err
	}
	apps, err := c.atTip(ctx, f.target, args)
	if err != nil {
		return err
	}
	if f.to != "" {
		return c.renderTo(f.to, apps)
	}
	return c.renderStream(f.step, apps)
}

// renderStream prints the objects of one step of each app.
func (c *cli) renderStream(step string, apps []*app.App) error {
	var out bytes.Buffer
	for _, a := range apps {
		tree, err := atStep(a, step)
		if err != nil {
			return err
		}
		for _, path := range tree.Resources() {
			data, _ := tree.Get(path)
			out.WriteString("---\n")
			out.Write(data)
		}
	}
	_, err := c.out.Write(out.Bytes())
	return err
}

// atStep is the tree at the step that was asked for, by default the one that the output path is at.
func atStep(a *app.App, step string) (render.Tree, error) {
	if step == "" {
		return ownTree(a)
	}
	st, err := pickStep(a.Release.Plan, step)
	if err != nil {
		return nil, err
	}
	tree, _, err := a.Release.Tree(st, a.State.Lock)
	return tree, err
}

func ownTree(a *app.App) (render.Tree, error) {
	if a.State.Lock != nil {
		tree, _, err := a.Release.Own(a.State)
		return tree, err
	}
	tree, _, err := a.Release.Tree(a.Release.Plan.Steps[0], nil)
	return tree, err
}

// renderTo writes every step of every app, and takes away steps that an earlier plan had.
func (c *cli) renderTo(to string, apps []*app.App) error {
	if err := os.MkdirAll(to, 0o755); err != nil {
		return err
	}
	for _, a := range apps {
		below := ""
		if len(apps) > 1 {
			below = a.Spec.OutputPath()
		}
		ramp, err := wholeRamp(a)
		if err != nil {
			return err
		}
		if err := c.staleSteps(to, below, a, ramp); err != nil {
			return err
		}
		for _, st := range ramp {
			rel := path.Join(below, st.ID())
			owned, err := ownedFiles(to, rel)
			if err != nil {
				return err
			}
			if _, err := dir.Write(to, rel, st.tree, owned, dir.Options{}); err != nil {
				return err
			}
		}
		c.note("%s: %d steps in %s", a.Spec.Metadata.Name, len(ramp), path.Join(to, below))
	}
	return nil
}

var stepDirectory = regexp.MustCompile(`^[0-9]{2}-[a-z][-a-z0-9]*$`)

// ownedFiles is what the lock in to/rel says that gitramp wrote there.
func ownedFiles(to, rel string) (dir.Owned, error) {
	files, err := dir.Read(to, rel)
	if err != nil {
		return nil, err
	}
	state, err := render.ReadState(path.Join(to, rel), files)
	return app.Owned(state), err
}

// staleSteps removes the directories of steps that the ramp no longer has.
func (c *cli) staleSteps(to, below string, a *app.App, ramp []rampStep) error {
	entries, err := os.ReadDir(path.Join(to, below))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	wanted := map[string]bool{}
	for _, st := range ramp {
		wanted[st.ID()] = true
	}
	for _, e := range entries {
		if !e.IsDir() || wanted[e.Name()] || !stepDirectory.MatchString(e.Name()) {
			continue
		}
		rel := path.Join(below, e.Name())
		owned, err := ownedFiles(to, rel)
		if err != nil || owned == nil {
			continue // not a step that gitramp wrote, or not any more
		}
		if _, err := dir.Remove(to, rel, owned); err != nil {
			return err
		}
	}
	return nil
}

// renderInPlace is --write and --check.
func (c *cli) renderInPlace(f renderFlags, args []string) error {
	if err := c.formats("table", "json"); err != nil {
		return err
	}
	apps, bases, err := c.inDirectory(f.target, args, f.overwriteDrift)
	if err != nil {
		return err
	}
	var all []pathChange
	var errs []error
	for i, a := range apps {
		changes, err := inPlace(a, bases[i], f)
		for _, ch := range changes {
			all = append(all, pathChange{a.Spec.Metadata.Name, path.Join(a.Spec.OutputPath(), ch.Path), ch.Op.String()})
		}
		errs = append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	if err := c.printChanges(all); err != nil {
		return err
	}
	if f.check && len(all) > 0 {
		return found{fmt.Sprintf("%d files are not what the specs render: gitramp render --write", len(all))}
	}
	return nil
}

func inPlace(a *app.App, base string, f renderFlags) ([]dir.Change, error) {
	var tree render.Tree
	var err error
	if a.State.Lock == nil {
		tree, _, err = a.First()
	} else {
		tree, _, err = a.Release.Own(a.State)
	}
	if err != nil {
		return nil, err
	}
	owned := app.Owned(a.State)
	if f.check {
		return dir.Compare(base, a.Spec.OutputPath(), tree, owned)
	}
	return dir.Write(base, a.Spec.OutputPath(), tree, owned, dir.Options{OverwriteDrift: f.overwriteDrift})
}

// pathChange is a changed file for programs.
type pathChange struct {
	App  string `json:"app"`
	Path string `json:"path"`
	Op   string `json:"op"`
}

func (c *cli) printChanges(all []pathChange) error {
	if c.output == "json" {
		return c.printJSON(map[string]any{"apiVersion": render.APIVersion, "kind": "Changes", "changes": append([]pathChange{}, all...)})
	}
	for _, ch := range all {
		fmt.Fprintf(c.out, "%s %s\n", ch.Op, ch.Path)
	}
	return nil
}
