package main

import (
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/gitramp/gitramp/cmd/internal/adopt"
	"github.com/gitramp/gitramp/cmd/internal/show"
	"github.com/gitramp/gitramp/render/convert"
)

func (c *cli) imports() *cobra.Command {
	var to string
	var dryRun bool
	cmd := &cobra.Command{
		Use:     "import FILE... --to DIR",
		GroupID: "start",
		Short:   "Turn a Rollout of Argo Rollouts, a Canary of Flagger, or plain manifests into a spec",
		Long: `Reads the files of one app: a Rollout of Argo Rollouts, a Canary of Flagger, or a
Deployment, with its Service, its route and whatever else belongs to it. Writes
DIR/canary.yaml, and DIR/base with the objects as they are where a spec alone
would not make the very same ones. It says of every field of the Rollout or
Canary what became of it; -o json lists those that are carried, too. What of its
spec has no equal is kept in an annotation, and gitramp export puts it back. It
writes over nothing. FILE - is stdin.`,
		Example: "  gitramp import rollout.yaml service.yaml route.yaml --to apps/shop\n  kubectl get rollout,service,ingress shop -o yaml | gitramp import - --to apps/shop",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usage("no file is given: allowed one or more, or - for stdin")
			}
			if to == "" {
				return usage("--to is missing: allowed the directory for the spec and its base")
			}
			return c.runImport(cmd.InOrStdin(), args, to, dryRun)
		},
	}
	cmd.Flags().StringVar(&to, "to", "", "the directory that gets the spec and its base")
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "print the report and write nothing")
	return cmd
}

func (c *cli) runImport(in io.Reader, args []string, to string, dryRun bool) error {
	var files []convert.File
	for _, name := range args {
		data, err := readInput(in, name)
		if err != nil {
			return err
		}
		files = append(files, convert.File{Name: name, Data: data})
	}
	im, err := convert.Import(files)
	if err != nil {
		return err
	}
	if err := adopt.Write(to, im, dryRun); err != nil {
		return err
	}
	spec := filepath.Join(to, convert.SpecFile)
	if c.output == "json" {
		return c.printJSON(show.NewImport(im, spec))
	}
	c.printer().Import(im, spec)
	if dryRun {
		return nil
	}
	c.note("wrote %s; next:", spec)
	for _, next := range []string{"validate " + spec, "plan " + spec, "prove " + spec} {
		c.note("  gitramp %s", next)
	}
	return nil
}

func readInput(in io.Reader, name string) ([]byte, error) {
	if info, err := os.Stat(name); name != "-" && err == nil && info.IsDir() {
		return nil, usage("%s is a directory: allowed the files of one app", name)
	}
	return readFile(in, name)
}
