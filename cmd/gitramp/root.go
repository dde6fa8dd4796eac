package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// cli is what the verbs share: where they write and the flags that all of them have.
type cli struct {
	out, err io.Writer
	terminal io.Writer // what out writes to, for colours
	output   string    // -o
	color    string    // --color

	ticks func() (<-chan time.Time, func()) // when to say how far work has come; nil for the real clock
}

func (c *cli) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "gitramp",
		Short: "Canary releases as commits: one step, one commit, applied by Argo CD or Flux",
		Long: `gitramp turns a small canary spec into the full set of prod and canary manifests
for every step of a release, one commit per step. Argo CD or Flux applies each
commit; there is no controller of gitramp's in the cluster, and no database.

  gitramp init                          write a first spec
  gitramp plan canary.yaml              look at the whole ramp
  gitramp render canary.yaml --to out   write every step into a folder
  gitramp commit canary.yaml            write a release as commits
  gitramp advance --push                make the next step of each app whose hold is over
  gitramp status                        see where every app stands`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return unknownVerb(cmd, args[0])
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SuggestionsMinimumDistance = 2
	root.Version = toolVersion()
	root.SetVersionTemplate("gitramp {{.Version}}\n")
	root.SetOut(c.out)
	root.SetErr(c.err)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usage("%s: see %s --help", err, cmd.CommandPath())
	})
	root.PersistentFlags().StringVarP(&c.output, "output", "o", "table", "format of what is printed: "+strings.Join(allFormats, ", "))
	root.PersistentFlags().StringVar(&c.color, "color", "auto", "when to colour: auto, always, never")
	root.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error { return c.checkGlobals(cmd) }
	root.AddGroup(&cobra.Group{ID: "start", Title: "Start:"}, &cobra.Group{ID: "look", Title: "Look:"}, &cobra.Group{ID: "write", Title: "Write:"},
		&cobra.Group{ID: "steer", Title: "Steer a rollout:"})
	root.AddCommand(c.init(), c.imports(), c.export(), c.doctor(), c.explain(), c.schema(), c.validate(), c.plan(), c.prove(), c.render(), c.diff(), c.lint(), c.explainRequest(), c.migrate(),
		c.status(), c.history(), c.verify(), c.commit(), c.fn(), c.hook(),
		c.install(), c.advance(), c.promote(), c.abort(), c.retry(), c.rollback(), c.pause(), c.resume(), c.delete(),
		c.completion(), c.man(), c.version())
	root.AddCommand(topics()...)
	root.SetHelpCommand(help(root))
	complete(root)
	formatsInHelp(root)
	return root
}

// allFormats are those that a verb takes unless verbFormats says otherwise.
var allFormats = []string{"table", "json", "yaml", "markdown"}

var verbFormats = func() map[string][]string {
	formats := map[string][]string{
		"init": {"table"}, "completion": {"table"}, "man": {"table"}, "fn": {"table"},
		"render": {"table", "json", "yaml"}, "status": {"table", "json", "yaml"}, "history": {"table", "json", "yaml"}, "verify": {"table", "json", "yaml"},
		"lint": {"table", "json", "sarif", "github"}, "advance": {"table", "json", "markdown"},
	}
	for _, verb := range []string{"doctor", "explain", "schema", "validate", "diff", "explain-request", "migrate", "import", "export", "commit", "install", "hook", "promote", "abort", "retry",
		"rollback", "pause", "resume", "delete", "version"} {
		formats[verb] = []string{"table", "json"}
	}
	return formats
}()

func outputFormats(cmd *cobra.Command) []string {
	if own := verbFormats[cmd.Name()]; own != nil {
		return own
	}
	return allFormats
}

// formatsInHelp makes the help of each verb name the formats that it takes.
func formatsInHelp(root *cobra.Command) {
	print := root.HelpFunc()
	root.SetHelpFunc(func(cmd *cobra.Command, args []string) {
		root.PersistentFlags().Lookup("output").Usage = "format of what is printed: " + strings.Join(outputFormats(cmd), ", ")
		print(cmd, args)
	})
}

func (c *cli) checkGlobals(cmd *cobra.Command) error {
	if err := c.formats(outputFormats(cmd)...); err != nil {
		c.output = "table"
		return err
	}
	if allowed := []string{"auto", "always", "never"}; !slices.Contains(allowed, c.color) {
		return usage("--color: value %q is invalid: allowed %s", c.color, strings.Join(allowed, ", "))
	}
	return nil
}

// formats refuses an output format that there is no form for here.
func (c *cli) formats(allowed ...string) error {
	here := ""
	if slices.Contains(allFormats, c.output) {
		here = " here"
	}
	if !slices.Contains(allowed, c.output) {
		return usage("--output: value %q is invalid%s: allowed %s", c.output, here, strings.Join(allowed, ", "))
	}
	return nil
}

func unknownVerb(root *cobra.Command, word string) error {
	text := fmt.Sprintf("unknown command %q", word)
	if near := root.SuggestionsFor(word); len(near) > 0 {
		text += " (did you mean " + strings.Join(near, " or ") + "?)"
	}
	return usage("%s: see gitramp --help", text)
}

// note tells the user something on stderr.
func (c *cli) note(format string, args ...any) {
	fmt.Fprintf(c.err, "gitramp: "+format+"\n", args...)
}
