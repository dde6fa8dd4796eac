package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/gitramp/gitramp/cmd/internal/app"
	"github.com/gitramp/gitramp/cmd/internal/dir"
	"github.com/gitramp/gitramp/render"
)

func (c *cli) validate() *cobra.Command {
	return &cobra.Command{
		Use:     "validate [SPEC|DIR...]",
		GroupID: "look",
		Short:   "Check specs, and nothing else",
		Long: `Checks the given specs: each field by itself, what refers to one another, and
specs against each other (one output path and one host and path for each). Where
an app is installed on disk, it is an error too to change what never can change.
All errors of all files are printed at once. Directories are searched for files
named canary.yaml or canary.NAME.yaml; the default is the current directory.`,
		Example: "  gitramp validate canary.yaml\n  gitramp validate deploy/ -o json",
		RunE:    func(_ *cobra.Command, args []string) error { return c.runValidate(args) },
	}
}

func (c *cli) runValidate(args []string) error {
	apps, err := c.parseAll(app.NewSet(), args)
	for _, a := range apps {
		err = errors.Join(err, checkFixed(a))
	}
	if err != nil {
		return err
	}
	type result struct {
		File string `json:"file"`
		App  string `json:"app"`
	}
	var list []result
	for _, a := range apps {
		c.warn(a)
		if a.Spec.NothingNew() {
			c.note("%s: warning: spec.stable is what spec.image asks for: where there is no tree yet, there is nothing to roll out", a.File)
		}
		list = append(list, result{a.File, a.Spec.Metadata.Name})
	}
	if c.output == "json" {
		return c.printJSON(map[string]any{"apiVersion": render.APIVersion, "kind": "Validation", "specs": list})
	}
	for _, r := range list {
		fmt.Fprintf(c.out, "%s: ok\n", r.File)
	}
	return nil
}

// checkFixed holds a spec against what is installed beside it on disk.
func checkFixed(a *app.App) error {
	if a.Root == "" {
		return nil
	}
	files, err := dir.Read(a.Root, a.Spec.OutputPath())
	if err != nil {
		return nil // verify says what is the matter with it
	}
	return a.CheckFixed(files)
}

// parseAll reads every spec that the arguments name and reports all that is wrong with all of them.
func (c *cli) parseAll(set *app.Set, args []string) ([]*app.App, error) {
	files, err := app.Find(args)
	if err != nil {
		return nil, err
	}
	var apps []*app.App
	var errs []error
	counter := c.count("specs are read", len(files))
	defer counter.Stop()
	for _, f := range files {
		a, err := set.Parse(f)
		counter.Add()
		if err != nil {
			errs = append(errs, err)
			continue
		}
		apps = append(apps, a)
	}
	return apps, errors.Join(errs...)
}

// warn prints what is allowed, and still seldom meant.
func (c *cli) warn(a *app.App) {
	for _, w := range a.Spec.Warnings() {
		c.note("%s", w)
	}
	if a.State.Lock != nil && a.Release != nil && a.Spec.Spec.Stable != nil {
		c.note("%s: spec.stable is not looked at: what prod runs is in %s", a.File, a.Spec.OutputPath())
	}
}
