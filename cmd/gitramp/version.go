package main

import (
	"fmt"
	"regexp"
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
			if c.output == "json" {
				return c.printJSON(map[string]string{"version": toolVersion()})
			}
			_, err := fmt.Fprintln(c.out, "gitramp "+toolVersion())
			return err
		},
	}
}

// toolVersion is the linker's, else what the go command knows.
func toolVersion() string {
	if version != "" {
		return version
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "devel"
	}
	return builtVersion(info)
}

// ofCommit is a version that the go command makes of a commit without a tag.
var ofCommit = regexp.MustCompile(`[-.][0-9]{14}-[0-9a-f]{12}(?:\+|$)`)

// builtVersion is the module's version where it was released, else the commit that was built. It has no time in it: the same commit is the same version.
func builtVersion(info *debug.BuildInfo) string {
	set := map[string]string{}
	for _, s := range info.Settings {
		set[s.Key] = s.Value
	}
	released := info.Main.Version
	switch revision := set["vcs.revision"]; {
	case revision == "" && (released == "" || released == "(devel)"):
		return "devel"
	case revision == "" || released != "" && released != "(devel)" && !ofCommit.MatchString(released):
		return released
	case set["vcs.modified"] == "true":
		return fmt.Sprintf("devel-%.10s+dirty", revision)
	default:
		return fmt.Sprintf("devel-%.10s", revision)
	}
}
