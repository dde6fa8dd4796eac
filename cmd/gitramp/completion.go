package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

func (c *cli) completion() *cobra.Command {
	shells := []string{"bash", "zsh", "fish", "powershell"}
	return &cobra.Command{
		Use:   "completion " + strings.Join(shells, "|"),
		Short: "Print a shell's completion: verbs, flags, specs and step names",
		Long: `Prints the completion script of a shell. For the shell that runs:

  bash        source <(gitramp completion bash)
  zsh         source <(gitramp completion zsh)
  fish        gitramp completion fish | source
  powershell  gitramp completion powershell | Out-String | Invoke-Expression

and for every one, where your system looks for completions:

  bash        gitramp completion bash >/etc/bash_completion.d/gitramp
  zsh         gitramp completion zsh >"${fpath[1]}/_gitramp"
  fish        gitramp completion fish >~/.config/fish/completions/gitramp.fish
  powershell  add the line above to $PROFILE

bash needs its package bash-completion.`,
		ValidArgs: shells,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 || !slices.Contains(shells, args[0]) {
				return usage("completion takes a shell: allowed %s", strings.Join(shells, ", "))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			switch root := cmd.Root(); args[0] {
			case "bash":
				return root.GenBashCompletionV2(c.out, true)
			case "zsh":
				return root.GenZshCompletion(c.out)
			case "fish":
				return root.GenFishCompletion(c.out, true)
			default:
				return root.GenPowerShellCompletionWithDesc(c.out)
			}
		},
	}
}
