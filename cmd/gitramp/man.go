package main

import (
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/gitramp/gitramp/cmd/internal/man"
	"github.com/gitramp/gitramp/cmd/internal/newfile"
)

// man is for those who package gitramp; make man calls it.
func (c *cli) man() *cobra.Command {
	var to string
	cmd := &cobra.Command{
		Use:    "man",
		Hidden: true,
		Short:  "Write the manual pages",
		Long:   "Writes the manual pages, gitramp.1 and one for each command, into a folder.",
		Args:   noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if to == "" {
				return usage("--to: the folder for the pages is missing")
			}
			if err := os.MkdirAll(to, 0o755); err != nil {
				return err
			}
			for _, page := range man.Pages(cmd.Root()) {
				if err := newfile.Write(filepath.Join(to, page.File), []byte(page.Text), true); err != nil {
					return err
				}
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&to, "to", "", "the folder")
	return cmd
}
