package main

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/gitramp/gitramp/cmd/internal/doctor"
	"github.com/gitramp/gitramp/cmd/internal/show"
	"github.com/gitramp/gitramp/render"
)

func (c *cli) doctor() *cobra.Command {
	return &cobra.Command{
		Use:     "doctor [SPEC|DIR...]",
		GroupID: "start",
		Short:   "Look whether gitramp can work here, and say how to mend what is in the way",
		Long: `Looks at git, the identity that commits get, the repository, the specs and the
directories that they write to, and, where a kustomization has gitramp as a
function, for what builds that without letting it run. Each finding comes with
the command that mends it. Nothing is changed, and nobody is asked over a
network. Exits with 3 where something is in the way.`,
		Example: "  gitramp doctor\n  gitramp doctor apps/ -o json",
		RunE: func(cmd *cobra.Command, args []string) error {
			list := doctor.Look(cmd.Context(), args)
			wrong := 0
			for _, f := range list {
				if !f.OK {
					wrong++
				}
			}
			if err := c.printFindings(list); err != nil || wrong == 0 {
				return err
			}
			return found{fmt.Sprintf("%d of %d are in the way", wrong, len(list))}
		},
	}
}

// printFindings prints a table. Names of files, what is in them and what programs said of them are anybody's, and a finding is a line.
func (c *cli) printFindings(list []doctor.Finding) error {
	if c.output == "json" {
		return c.printJSON(map[string]any{"apiVersion": render.APIVersion, "kind": "Doctor", "findings": list})
	}
	p := c.printer()
	w := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	for _, f := range list {
		mark := p.Paint(show.Green, "ok   ")
		if !f.OK {
			mark = p.Paint(show.Red, "wrong")
		}
		fmt.Fprintf(w, "%s\t%s\t%s\n", mark, render.Visible(f.What), inLine(f.Says))
		if f.Fix != "" {
			fmt.Fprintf(w, "%s\t\tfix: %s\n", p.Paint(show.Red, "     "), inLine(f.Fix)) // painted too, for columns count every byte
		}
	}
	return w.Flush()
}

func inLine(text string) string { return render.Visible(strings.ReplaceAll(text, "\n", "; ")) }
