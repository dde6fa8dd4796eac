package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gitramp/gitramp/cmd/internal/app"
	"github.com/gitramp/gitramp/render"
	"github.com/gitramp/gitramp/render/convert"
)

func (c *cli) export() *cobra.Command {
	var as string
	cmd := &cobra.Command{
		Use:     "export --as FORMAT SPEC",
		GroupID: "start",
		Short:   "Turn a spec into what Argo Rollouts or Flagger would do the same with",
		Long: `Prints the objects of an app as another tool takes them: its Rollout or Canary,
Services, route and whatever else its base has. What of the spec has no equal
there is told on stderr and in a comment on top, and kept in an annotation, so
that gitramp import takes it back. What gitramp import has kept is put back.`,
		Example: "  gitramp export --as argo-rollouts canary.yaml >rollout.yaml\n  gitramp export --as flagger canary.yaml -o json",
		RunE: func(_ *cobra.Command, args []string) error {
			if !slices.Contains(convert.Formats(), as) {
				return usage("--as: value %q is invalid: allowed %s", as, strings.Join(convert.Formats(), ", "))
			}
			return c.runExport(args, as)
		},
	}
	cmd.Flags().StringVar(&as, "as", "", "the format: "+strings.Join(convert.Formats(), ", "))
	_ = cmd.RegisterFlagCompletionFunc("as", cobra.FixedCompletions(convert.Formats(), cobra.ShellCompDirectiveNoFileComp)) // fails where there is no such flag
	return cmd
}

func (c *cli) runExport(args []string, as string) error {
	apps, err := c.parseAll(app.NewSet(), args)
	if err != nil {
		return err
	}
	a, err := one(apps)
	if err != nil {
		return err
	}
	objs := a.Spec.BaseObjects()
	if objs == nil {
		if objs, err = convert.Idle(a.Spec); err != nil {
			return err
		}
	}
	out, err := convert.Export(a.Spec, objs, as)
	if err != nil {
		return err
	}
	for _, f := range out.Report {
		c.note("%s: %s", a.File, f)
	}
	if c.output == "json" {
		return c.exportJSON(out)
	}
	text, err := out.YAML()
	if err != nil {
		return err
	}
	for _, f := range out.Report {
		if _, err := fmt.Fprintf(c.out, "# %s\n", f); err != nil {
			return err
		}
	}
	_, err = c.out.Write(text)
	return err
}

func (c *cli) exportJSON(out convert.Exported) error {
	objects := []any{}
	for _, o := range out.Objects {
		var v any
		if err := o.Decode(&v); err != nil {
			return err
		}
		objects = append(objects, v)
	}
	return c.printJSON(map[string]any{"apiVersion": render.APIVersion, "kind": "Export", "objects": objects, "fields": out.Report})
}
