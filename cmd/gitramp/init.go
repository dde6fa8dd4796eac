package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gitramp/gitramp/cmd/internal/app"
	"github.com/gitramp/gitramp/cmd/internal/newfile"
	"github.com/gitramp/gitramp/cmd/internal/wizard"
	"github.com/gitramp/gitramp/docs/pipelines"
	"github.com/gitramp/gitramp/render"
	"github.com/gitramp/gitramp/render/schema"
	"github.com/gitramp/gitramp/render/starter"
)

// initFlags is how init was asked.
type initFlags struct {
	starter.Answers
	yes, force, dryRun bool
	pipeline           string
}

func (c *cli) init() *cobra.Command {
	var f initFlags
	cmd := &cobra.Command{
		Use:     "init [FILE]",
		GroupID: "start",
		Short:   "Write a first spec: from flags, or from questions on a terminal",
		Long: `Writes a commented spec that validates, and its schema beside it for editors.
FILE is canary.yaml by default; with - the spec goes to stdout. On a terminal it
asks for what no flag says; with --yes, in CI, or without a terminal it never
asks, and takes the defaults.

With --pipeline it writes no spec but the CI jobs that open a pull request for each
step and check it, below the current directory, the top of the repository.`,
		Example: "  gitramp init\n  gitramp init --image registry.example.com/shop:2.4.0 --host shop.example.com\n" +
			"  gitramp init --router gateway-api --gateway infra/public --image shop:2 --host shop.example.com\n  gitramp init --pipeline github",
		Args: atMostOne("FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if cmd.Flags().Changed("pipeline") {
				return c.initPipeline(f, args)
			}
			return c.runInit(cmd, f, append(args, "canary.yaml")[0])
		},
	}
	flags := cmd.Flags()
	for _, q := range wizard.Questions {
		flags.StringVar(q.Answer(&f.Answers), q.Flag, "", q.Usage())
	}
	flags.StringVar(&f.pipeline, "pipeline", "", "write CI jobs instead: "+strings.Join(pipelines.Forges, ", ")+" (Forgejo too)")
	flags.BoolVar(&f.yes, "yes", false, "never ask: take the defaults for what no flag says")
	flags.BoolVar(&f.force, "force", false, "overwrite what is there")
	flags.BoolVar(&f.dryRun, "dry-run", false, "print it and write nothing")
	return cmd
}

func (c *cli) runInit(cmd *cobra.Command, f initFlags, file string) error {
	toStdout := file == "-" || f.dryRun
	if _, err := os.Lstat(file); err == nil && !toStdout && !f.force {
		return app.Conflict{Text: file + " is there already: name another file, or overwrite it with --force"}
	}
	if info, err := os.Stat(filepath.Dir(file)); !toStdout && (err != nil || !info.IsDir()) {
		return usage("%s is no folder: make it first", filepath.Dir(file))
	}
	var ask *wizard.Asker
	if !f.yes && os.Getenv("CI") == "" && isTerminal(os.Stdin) {
		ask = wizard.NewAsker(os.Stdin, c.err)
	}
	if err := wizard.Fill(cmd.Context(), &f.Answers, filepath.Dir(file), cmd.Flags().Changed, ask); err != nil {
		return err
	}
	text := starter.Spec(f.Answers)
	if _, err := render.ParseSpec(file, []byte(text)); err != nil {
		return wizard.Blame(err)
	}
	if toStdout {
		_, err := fmt.Fprint(c.out, text)
		return err
	}
	schemaFile := filepath.Join(filepath.Dir(file), starter.SchemaFile)
	if have, err := os.ReadFile(schemaFile); err == nil && !bytes.Contains(have, []byte(schema.ID)) && !f.force {
		return app.Conflict{Text: schemaFile + " is there already, and is not gitramp's: move it, or overwrite it with --force"}
	}
	if err := newfile.Write(schemaFile, schema.JSON, true); err != nil {
		return err
	}
	if err := newfile.Write(file, []byte(text), f.force); errors.Is(err, fs.ErrExist) {
		return app.Conflict{Text: file + " is there by now"}
	} else if err != nil {
		return err
	}
	c.note("wrote %s and %s; next:", file, schemaFile)
	for _, next := range []string{"validate " + file, "plan " + file, "render " + file + " --to out"} {
		c.note("  gitramp %s", next)
	}
	return nil
}
