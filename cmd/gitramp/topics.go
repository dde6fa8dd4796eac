package main

import (
	"strings"

	"github.com/spf13/cobra"
)

const exitCodes = `gitramp exits with

  0  done, or nothing to do
  1  internal error, or one of input and output; of fn, a result that is an error;
     of hook, a file was written
  2  usage: a flag, an argument or a combination that does not exist
  3  invalid spec, drift, or a finding of a check: validate, doctor, prove, lint,
     render --check, and diff and migrate where there is a difference; also a step
     that is not proven safe
  4  waiting: a hold is not met, and what it is and until when is said;
     --exit-zero-on-wait makes 0 of it
  5  state conflict: the repository or the directory is not what gitramp left or
     read; somebody else was faster, or edited generated files; history is cut
     off, or the clock is behind it
  6  refused by git: a hook, a signature, a missing identity, a protected branch
  7  the network: a remote did not answer, or did not let us in
  130  interrupted by ^C or SIGTERM

Of several apps the first present of 1 7 6 5 3 2 4 0 counts; the others go on
all the same. Errors go to stderr: one line each, FILE:LINE:COLUMN: FIELD:
PROBLEM: allowed VALUES; with -o json the same as JSON. What ends with another
code than 0 has changed no branch, no index and no file of the app that failed; a hook that
refuses late leaves objects that git gc collects, and one that refuses the branch
here leaves the remote's where it was pushed to.
`

const environment = `gitramp reads from the environment

  NO_COLOR, CLICOLOR, TERM         colour: none where NO_COLOR is set, CLICOLOR
                                   is 0 or TERM is dumb; always with
                                   CLICOLOR_FORCE; --color outranks all
  CI                               nobody is asked anything
  GIT_AUTHOR_*, GIT_COMMITTER_*    who made the commits, and when, as in git
  HOME, XDG_*, GNUPGHOME, SSH_*    passed on to git, for its configuration and
                                   for signing

Every other GIT_ variable is kept from git, so that gitramp does the same inside
and outside of a hook.
`

// topics are pages of help that belong to no verb.
func topics() []*cobra.Command {
	return []*cobra.Command{
		{Use: "exit-codes", Short: "What the exit codes mean", Long: exitCodes},
		{Use: "environment", Short: "Which environment variables count", Long: environment},
	}
}

// help is cobra's own, but for an unknown topic being an error.
func help(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND|TOPIC]",
		Short: "Help about a command or a topic",
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			var list []string
			for _, cmd := range root.Commands() {
				if !cmd.Hidden && cmd.Name() != "help" {
					list = append(list, cmd.Name()+"\t"+cmd.Short)
				}
			}
			return list, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			cmd, rest, err := root.Find(args)
			if err != nil || len(rest) > 0 {
				return unknownVerb(root, strings.Join(args, " "))
			}
			cmd.InitDefaultHelpFlag()
			cmd.InitDefaultVersionFlag()
			return cmd.Help()
		},
	}
}
