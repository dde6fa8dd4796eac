// kpt is its verb fn as kpt's own packages make it, for machines that have no kpt. `go install` does not get the whole program everywhere: its verb alpha stands on a
// module, github.com/kptdev/kpt/rollouts, that not each module proxy has.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/kptdev/kpt/commands/fn"
	"github.com/kptdev/kpt/pkg/lib/errors/resolver"
	"github.com/kptdev/kpt/pkg/printer"
	"github.com/spf13/cobra"
)

func main() {
	root := &cobra.Command{Use: "kpt", SilenceUsage: true, SilenceErrors: true}
	root.AddCommand(fn.GetCommand(printer.WithContext(context.Background(), printer.New(os.Stdout, os.Stderr)), "kpt"))
	if err := root.Execute(); err != nil {
		if known, is := resolver.ResolveError(err); is {
			fmt.Fprintln(os.Stderr, known.Message)
			os.Exit(known.ExitCode)
		}
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
