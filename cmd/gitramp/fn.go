package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gitramp/gitramp/cmd/internal/kustomize"
	"github.com/gitramp/gitramp/render/krm"
)

// errSaid ends a verb that has said on stderr, line by line, what is wrong.
var errSaid = errors.New("")

func (c *cli) fn() *cobra.Command {
	call := krm.Call{Rename: kustomize.Rename}
	cmd := &cobra.Command{
		Use:     "fn [SPEC [FILE|-...]]",
		GroupID: "write",
		Short:   "Be a KRM function for kustomize and kpt: a ResourceList in, one with the objects of a step out",
		Long: `Reads a ResourceList from stdin and prints it with the objects of one step, in
place of those that it wrote before. The functionConfig is a spec; its annotation
gitramp.dev/step says which step (default: idle). What prod runs is taken from
the items, else from spec.stable; with spec.base the items are the base. Items of
others stay as they are. With --check nothing is changed: an error says what of
the items is no step of the spec.

With a SPEC it needs no ResourceList: the objects of the FILEs (- is stdin) are
the items, and a stream of objects comes out.

Results are in the list and on stderr; where one is an error, the items are
unchanged and the exit code is 1. No file, git, network or clock is asked. A
program called gitramp-fn, a link to this one, is gitramp fn.`,
		Example: `  kustomize build --enable-alpha-plugins --enable-exec .
  kpt fn eval . --exec "gitramp fn" --fn-config canary.yaml
  kpt fn source . | gitramp fn | kpt fn sink out
  gitramp fn canary.yaml --step weight-20
  gitramp fn canary.yaml base.yaml - <more.yaml`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return c.fnStream(cmd.InOrStdin(), call, args)
			}
			return c.fnList(cmd.InOrStdin(), call)
		},
	}
	cmd.Flags().StringVar(&call.Step, "step", "", "the step, instead of the annotation's: its number or name")
	cmd.Flags().BoolVar(&call.Check, "check", false, "change nothing, and find what is no step of the spec: be a validator")
	return cmd
}

// fnList is the function as kustomize and kpt call it.
func (c *cli) fnList(in io.Reader, call krm.Call) error {
	data, err := readAll(in)
	if err != nil {
		return err
	}
	list, err := krm.ReadList(data)
	if err != nil {
		return fmt.Errorf("stdin: %w", err)
	}
	call.Config, call.Items = list.Config, list.Items
	items, results := call.Run()
	out, err := list.Write(items, results)
	if err != nil {
		return fmt.Errorf("stdin: %w", err)
	}
	return c.answer(out, results)
}

// fnStream is the function alone: a spec and objects from files.
func (c *cli) fnStream(in io.Reader, call krm.Call, args []string) error {
	spec, err := readFile(in, args[0])
	if err != nil {
		return err
	}
	configs, err := krm.ReadStream(spec)
	if err == nil && len(configs) != 1 {
		err = fmt.Errorf("has %d documents: allowed one of kind Canary", len(configs))
	}
	if err != nil {
		return fmt.Errorf("%s: %w", args[0], err)
	}
	call.Config, call.File, call.Text = configs[0].Node(), filepath.ToSlash(args[0]), spec
	for _, name := range args[1:] {
		data, err := readFile(in, name)
		if err != nil {
			return err
		}
		items, err := krm.ReadStream(data)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		call.Items = append(call.Items, items...)
	}
	items, results := call.Run()
	if results.Failed() || call.Check {
		return c.answer(nil, results)
	}
	out, err := krm.WriteStream(items)
	if err != nil {
		return err
	}
	return c.answer(out, results)
}

// answer prints what came of a call. Kustomize shows stderr alone.
func (c *cli) answer(out []byte, results krm.Results) error {
	for _, r := range results {
		c.note("%s", strings.ReplaceAll(r.String(), "\n", " "))
	}
	_, err := c.out.Write(out)
	if err == nil && results.Failed() {
		err = errSaid
	}
	return err
}

func readFile(in io.Reader, name string) ([]byte, error) {
	if name == "-" {
		return readAll(in)
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readAll(f)
}

// readAll reads no more than a list may have, which is what a file may have that is imported, and one byte, so that it is seen to be too large.
func readAll(in io.Reader) ([]byte, error) { return io.ReadAll(io.LimitReader(in, krm.MaxBytes+1)) }

// asFunction makes the arguments of a program called gitramp-fn those of the verb: some callers of functions give none.
func asFunction(args []string) []string {
	if name := strings.TrimSuffix(filepath.Base(args[0]), ".exe"); strings.HasSuffix(name, "-fn") {
		return append([]string{"fn"}, args[1:]...)
	}
	return args[1:]
}
