package main

import (
	"github.com/spf13/cobra"

	"github.com/gitramp/gitramp/render/schema"
)

func (c *cli) schema() *cobra.Command {
	return &cobra.Command{
		Use:     "schema",
		GroupID: "start",
		Short:   "Print the JSON Schema of a spec, for editors",
		Long: `Prints the JSON Schema (draft-07) of a spec. Editors that speak to
yaml-language-server use it for a spec whose first line is

  # yaml-language-server: $schema=./canary.schema.json

which is what gitramp init writes, schema and all.`,
		Example: "  gitramp schema >canary.schema.json",
		Args:    noArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := c.out.Write(schema.JSON)
			return err
		},
	}
}
