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
	followFlags
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
step and check it, below the current directory, the top of the repository.

With --argocd or --flux it reads the specs that are named (SPEC or DIR, by default
all that are here) and writes below argocd/ or flux/ what makes the controller
apply their output paths: an Application or, for a directory or several specs, an
ApplicationSet that finds every app that is installed; or a GitRepository with a
Kustomization for each. Both prune. The repository is where the branch is pushed
to, without a password; of ssh's user the name stays.`,
		Example: "  gitramp init\n  gitramp init --image registry.example.com/shop:2.4.0 --host shop.example.com\n" +
			"  gitramp init --router gateway-api --gateway infra/public --image shop:2 --host shop.example.com\n  gitramp init --pipeline github\n" +
			"  gitramp init --argocd canary.yaml\n  gitramp init --flux apps/ --repo-url https://github.com/acme/deploy.git --branch main",
		RunE: func(cmd *cobra.Command, args []string) error {
			switch follows, err := f.follows(cmd); {
			case err != nil:
				return err
			case follows:
				return c.initFollow(cmd.Context(), f, args)
			case cmd.Flags().Changed("pipeline"):
				return c.initPipeline(cmd.Context(), f, args)
			}
			if err := atMostOne("FILE")(cmd, args); err != nil {
				return err
			}
			return c.runInit(cmd, f, append(args, "canary.yaml")[0])
		},
	}
	flags := cmd.Flags()
	for _, q := range wizard.Questions {
		flags.StringVar(q.Answer(&f.Answers), q.Flag, "", q.Usage())
	}
	flags.StringVar(&f.pipeline, "pipeline", "", "write CI jobs instead: "+strings.Join(pipelines.Forges, ", ")+" (Forgejo too)")
	f.flags(cmd)
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

// newFile is a file that is written beside no spec.
type newFile struct {
	Path string
	Data []byte
}

// writeNew writes files, all of them or none where one is there already, or prints them.
func (c *cli) writeNew(f initFlags, files []newFile, next string) error {
	for _, file := range files {
		if f.dryRun {
			fmt.Fprintf(c.out, "# %s\n%s\n", file.Path, file.Data)
		} else if _, err := os.Lstat(file.Path); err == nil && !f.force {
			return app.Conflict{Text: file.Path + " is there already: move it, or overwrite it with --force"}
		}
	}
	if f.dryRun {
		return nil
	}
	for _, file := range files {
		if err := errors.Join(os.MkdirAll(filepath.Dir(file.Path), 0o755), newfile.Write(file.Path, file.Data, f.force)); err != nil {
			return err
		}
		c.note("wrote %s", file.Path)
	}
	c.note("next: %s", next)
	return nil
}
