// kubectl is the program as its own package makes it, for machines that have none: k8s.io/kubernetes, whose main package it is, replaces modules, and `go install`
// takes none that does.
package main

import (
	"os"

	"k8s.io/component-base/cli"
	"k8s.io/kubectl/pkg/cmd"
)

func main() { os.Exit(cli.Run(cmd.NewDefaultKubectlCommand())) }
