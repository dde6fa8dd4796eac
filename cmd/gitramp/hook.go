package main

import "github.com/spf13/cobra"

func (c *cli) hook() *cobra.Command { return &cobra.Command{Use: "hook"} }
