package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gitramp/gitramp/cmd/internal/app"
	"github.com/gitramp/gitramp/cmd/internal/git"
	"github.com/gitramp/gitramp/cmd/internal/message"
	"github.com/gitramp/gitramp/render"
	"github.com/gitramp/gitramp/render/lint"
	"github.com/gitramp/gitramp/render/route"
	"github.com/gitramp/gitramp/render/schema"
)

// complete gives every verb its words: specs, steps, fields, and the values of flags.
func complete(root *cobra.Command) {
	for _, cmd := range root.Commands() {
		switch use := cmd.Use; {
		case cmd.Name() == "diff":
			cmd.ValidArgsFunction = specThenSteps
		case cmd.Name() == "import":
			cmd.ValidArgsFunction = yamlFiles
		case cmd.Name() == "lint":
			cmd.ValidArgsFunction = directories
		case strings.Contains(use, "SPEC"):
			cmd.ValidArgsFunction = specs
		case cmd.Name() == "explain":
			cmd.ValidArgsFunction = fields
		case cmd.ValidArgs == nil:
			cmd.ValidArgsFunction = cobra.NoFileCompletions
		}
		for flag, values := range map[string]cobra.CompletionFunc{"step": stepsOfSpec, "branch": branches, "router": cobra.FixedCompletions(route.Names(), cobra.ShellCompDirectiveNoFileComp),
			"fail-on": cobra.FixedCompletions(failOn, cobra.ShellCompDirectiveNoFileComp), "explain": checks,
			"down": cobra.FixedCompletions([]string{"prod", "canary"}, cobra.ShellCompDirectiveNoFileComp)} {
			if cmd.Flags().Lookup(flag) != nil {
				_ = cmd.RegisterFlagCompletionFunc(flag, values) // fails where there is no such flag
			}
		}
	}
	_ = root.RegisterFlagCompletionFunc("output", func(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
		return outputFormats(cmd), cobra.ShellCompDirectiveNoFileComp
	})
	_ = root.RegisterFlagCompletionFunc("color", cobra.FixedCompletions([]string{"auto", "always", "never"}, cobra.ShellCompDirectiveNoFileComp))
}

func directories(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveFilterDirs
}

// yamlFiles completes to files that can be manifests.
func yamlFiles(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return []string{"yaml", "yml", "json"}, cobra.ShellCompDirectiveFilterFileExt
}

// checks completes to the codes of lint.
func checks(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	var list []string
	for _, check := range lint.Checks {
		list = append(list, check.Code+"\t"+check.Title)
	}
	return list, cobra.ShellCompDirectiveNoFileComp
}

// specs completes to files that are called as specs are, and to directories.
func specs(_ *cobra.Command, _ []string, word string) ([]string, cobra.ShellCompDirective) {
	dir, _ := filepath.Split(word)
	entries, err := os.ReadDir(filepath.Join(".", dir))
	if filepath.IsAbs(dir) {
		entries, err = os.ReadDir(dir)
	}
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var list []string
	files := 0
	for _, e := range entries {
		name := dir + e.Name()
		switch {
		case !strings.HasPrefix(name, word), strings.HasPrefix(e.Name(), "."):
		case e.IsDir():
			list = append(list, name+"/")
		case app.IsSpecName(e.Name()):
			list = append(list, name)
			files++
		}
	}
	if files == 0 {
		return list, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	}
	return list, cobra.ShellCompDirectiveNoFileComp
}

func specThenSteps(cmd *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
	if len(args) == 0 {
		return specs(cmd, args, word)
	}
	if len(args) > 2 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return stepsOfSpec(cmd, args[:1], word)
}

// stepsOfSpec completes to the steps of the spec on the line, each with its weight; a broken spec has none.
func stepsOfSpec(_ *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
	if len(args) != 1 {
		args = []string{"."}
	}
	var list []string
	files, err := app.Find(args)
	if err != nil || len(files) != 1 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	data, err := os.ReadFile(files[0])
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	c, err := render.ParseSpec(files[0], data)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	plan := c.Plan()
	for _, st := range plan.Steps {
		for _, name := range []string{st.Name, fmt.Sprint(st.Index), st.ID()} {
			if strings.HasPrefix(name, word) && (name == st.Name || word != "") { // numbers only for who began one
				list = append(list, fmt.Sprintf("%s\t%s, %s", name, st.Transition, message.Percent(st.Weight, plan.Total)))
			}
		}
	}
	return list, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
}

// branches completes to the branches of the repository that is meant: --repo, else where the first spec lies.
func branches(cmd *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
	at := append(args, ".")[0]
	if info, err := os.Stat(at); err == nil && !info.IsDir() {
		at = filepath.Dir(at)
	}
	if repo := cmd.Flags().Lookup("repo"); repo != nil && repo.Changed {
		at = repo.Value.String()
	}
	repo, err := git.Open(cmd.Context(), at)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	defer repo.Close()
	list, err := repo.Branches(cmd.Context())
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return slices.DeleteFunc(list, func(name string) bool { return !strings.HasPrefix(name, word) }), cobra.ShellCompDirectiveNoFileComp
}

// fields completes to the fields of a spec, one part at a time.
func fields(_ *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
	root, err := schema.Root()
	if err != nil || len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	at := root
	before := word[:strings.LastIndex(word, ".")+1]
	if before != "" {
		if at, err = root.Find(before); err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
	}
	var list []string
	directive := cobra.ShellCompDirectiveNoFileComp
	for _, f := range at.Children() {
		if name := before + f.Name(); strings.HasPrefix(name, word) {
			list = append(list, name+"\t"+f.Kind())
			if len(f.Children()) > 0 {
				directive |= cobra.ShellCompDirectiveNoSpace
			}
		}
	}
	return list, directive
}
