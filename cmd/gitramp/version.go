package main

import (
	"fmt"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// version is set by the linker in a release (-X main.version=v1.2.3).
var version = ""

func (c *cli) version() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  noArgs,
		RunE: func(*cobra.Command, []string) error {
			if err := c.formats("table", "json"); err != nil {
				return err
			}
			if c.output == "json" {
				return c.printJSON(map[string]string{"version": toolVersion()})
			}
			_, err := fmt.Fprintln(c.out, "gitramp "+toolVersion())
			return err
		},
	}
}

// toolVersion is the linker's, else the module's, else devel.
func toolVersion() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "devel"
}
