package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gitramp/gitramp/cmd/internal/manifests"
	"github.com/gitramp/gitramp/cmd/internal/show"
	"github.com/gitramp/gitramp/render/lint"
)

var failOn = []string{"error", "warning", "info", "never"}

func (c *cli) lint() *cobra.Command {
	var level, code string
	cmd := &cobra.Command{
		Use:     "lint [DIR]",
		GroupID: "look",
		Short:   "Find in all manifests of a repository what would break a canary",
		Long: `Reads every YAML file below a directory (the current one by default), whoever
wrote it, and finds what would break a canary release: routes that leak, classes
that differ, selectors that overlap, pods that drop requests, prune that is off.
Helm templates and patches of a kustomization are passed over. A comment

  # gitramp:ignore GR206 the process handles SIGTERM itself

on a line or above it leaves a finding alone; in a spec it is for all that the
spec makes. Exits with 3 where a finding is as bad as --fail-on says. -o
sarif is for code scanning, -o github prints workflow commands.`,
		Example: "  gitramp lint\n  gitramp lint deploy/ --fail-on warning\n  gitramp lint --explain GR101\n  gitramp lint -o sarif >lint.sarif",
		Args:    atMostOne("DIR"),
		RunE: func(_ *cobra.Command, args []string) error {
			if !slices.Contains(failOn, level) {
				return usage("--fail-on: value %q is invalid: allowed %s", level, strings.Join(failOn, ", "))
			}
			if code != "" {
				return c.explainCheck(code)
			}
			return c.runLint(append(args, ".")[0], level)
		},
	}
	cmd.Flags().StringVar(&level, "fail-on", "error", "the least severity that makes the exit code 3: "+strings.Join(failOn, ", "))
	cmd.Flags().StringVar(&code, "explain", "", "say what a code means, and look at nothing")
	return cmd
}

func (c *cli) explainCheck(code string) error {
	check := lint.Lookup(strings.ToUpper(code))
	if check == nil {
		var codes []string
		for _, known := range lint.Checks {
			codes = append(codes, known.Code)
		}
		return usage("--explain: value %q is invalid: allowed %s", code, strings.Join(codes, ", "))
	}
	if err := c.formats("table"); err != nil {
		return err
	}
	c.printer().Check(check)
	return nil
}

func (c *cli) runLint(dir, level string) error {
	files, err := c.manifests(dir)
	if err != nil {
		return err
	}
	report := lint.Run(files)
	switch c.output {
	case "json":
		err = c.printJSON(show.NewLint(report))
	case "sarif":
		err = c.printJSON(show.NewSARIF(report, toolVersion()))
	case "github":
		c.printer().GitHub(report)
	default:
		c.printer().Lint(report)
	}
	for _, s := range []lint.Severity{lint.Error, lint.Warning, lint.Info} {
		if err == nil && report.Count(s) > 0 && int(s) >= int(lint.Error)-slices.Index(failOn, level) && level != "never" {
			err = found{} // it is printed
		}
	}
	return err
}

// manifests reads everything below a directory.
func (c *cli) manifests(dir string) ([]lint.File, error) {
	folder, err := manifests.Open(dir)
	if err != nil {
		return nil, err
	}
	counter := c.count("manifests are read", len(folder.Names))
	defer counter.Stop()
	var files []lint.File
	for _, name := range folder.Names {
		f, err := folder.Read(name)
		if err != nil {
			return nil, err
		}
		files = append(files, f)
		counter.Add()
	}
	return files, nil
}
