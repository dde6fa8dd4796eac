package main

import (
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gitramp/gitramp/cmd/internal/show"
	"github.com/gitramp/gitramp/render"
	"github.com/gitramp/gitramp/render/schema"
)

func (c *cli) explain() *cobra.Command {
	var recursive bool
	cmd := &cobra.Command{
		Use:     "explain [FIELD]",
		GroupID: "start",
		Short:   "Explain a field of the spec: what it means, its type, default and what is allowed",
		Long: `Explains a field of the spec, such as spec.steps.pause: what it means, its type,
its default, what is allowed, an example, and the fields in it. The word spec at
the beginning can be left out. Without a field it explains the whole file.`,
		Example: "  gitramp explain spec.steps.pause\n  gitramp explain route.match\n  gitramp explain --recursive",
		Args:    atMostOne("FIELD"),
		RunE: func(_ *cobra.Command, args []string) error {
			root, err := schema.Root()
			if err != nil {
				return err
			}
			f, err := root.Find(strings.Join(args, ""))
			if unknown, ok := errors.AsType[*schema.Unknown](err); ok {
				return unknownField(unknown)
			}
			return c.printField(f, recursive)
		},
	}
	cmd.Flags().BoolVar(&recursive, "recursive", false, "list all fields in it, and the fields in those")
	return cmd
}

func unknownField(e *schema.Unknown) error {
	if near := render.Suggest(e.Name, e.Names); near != "" {
		return usage("field %q is unknown in %s (did you mean %s?): allowed %s", e.Name, e.Path, near, strings.Join(e.Names, ", "))
	}
	if len(e.Names) == 0 {
		return usage("%s has no fields, and %q is asked for", e.Path, e.Name)
	}
	return usage("%s", e)
}

func (c *cli) printField(f schema.Field, recursive bool) error {
	if c.output == "json" {
		return c.printJSON(show.NewField(f, recursive))
	}
	return c.printer().Field(f, recursive)
}
