package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gitramp/gitramp/cmd/internal/app"
	"github.com/gitramp/gitramp/cmd/internal/show"
	"github.com/gitramp/gitramp/render"
	"github.com/gitramp/gitramp/render/ask"
	"github.com/gitramp/gitramp/render/route"
)

func (c *cli) migrate() *cobra.Command {
	var t target
	var to, gateway string
	cmd := &cobra.Command{
		Use:     "migrate --to ROUTER SPEC",
		GroupID: "look",
		Short:   "Show what another router would route otherwise, and what to change in the spec",
		Long: `Renders every step of the ramp for the router of the spec and for another one,
asks both for every kind of request that their rules can tell apart, and shows
those that would be routed otherwise, with both answers. It prints the part of
the spec that has to change, and writes nothing. Exits with 3 where a request is
routed otherwise, or where the other router cannot do what the spec asks for.`,
		Example: "  gitramp migrate --to gateway-api --gateway infra/public canary.yaml\n  gitramp migrate --to ingress-nginx canary.yaml -o json",
		RunE: func(cmd *cobra.Command, args []string) error {
			if to == "" {
				return usage("--to is missing: allowed %s", strings.Join(route.Names(), ", "))
			}
			if !slices.Contains(route.Names(), to) {
				return usage("--to: value %q is invalid: allowed %s", to, strings.Join(route.Names(), ", "))
			}
			if to == route.GatewayAPI && !cmd.Flags().Changed("gateway") {
				c.note("--gateway says which Gateway a route without parentRefs gets: %q stands for it", gateway)
			}
			return c.runMigrate(cmd.Context(), t, to, gateway, args)
		},
	}
	t.flags(cmd)
	cmd.Flags().StringVar(&to, "to", "", "the router to go to: "+strings.Join(route.Names(), ", "))
	_ = cmd.RegisterFlagCompletionFunc("to", cobra.FixedCompletions(route.Names(), cobra.ShellCompDirectiveNoFileComp)) // fails where there is no such flag
	cmd.Flags().StringVar(&gateway, "gateway", "gateway", "the Gateway, [NAMESPACE/]NAME, for a route that has no parentRefs yet")
	return cmd
}

func (c *cli) runMigrate(ctx context.Context, t target, to, gateway string, args []string) error {
	apps, err := c.atTip(ctx, t, args)
	if err != nil {
		return err
	}
	a, err := one(apps)
	if err != nil {
		return err
	}
	m, err := migration(a, to, gateway)
	if err != nil {
		return err
	}
	if c.output == "json" {
		err = c.printJSON(show.NewMigration(m))
	} else {
		c.printer().Migration(m)
	}
	if err == nil && m.Differences != nil {
		err = found{} // they are printed
	}
	return err
}

func migration(a *app.App, to, gateway string) (m show.Migration, err error) {
	m = show.Migration{App: a.Name(), File: a.File, From: a.Spec.RouteSpec().Router, To: to, Nature: ask.Nature(a.Spec.RouteSpec(), to)}
	if m.From == to {
		return m, usage("--to: %s has router %s already", a.File, to)
	}
	if route := a.Spec.BaseRoute(); route != "" {
		return m, found{fmt.Sprintf("%s: its route is %s of the base: gitramp rewrites the route of a spec alone; change that one there", a.File, route)}
	}
	if m.Rewritten, err = ask.Rewrite(a.Spec, to, gateway); err != nil {
		return m, err
	}
	other, err := a.Other(m.Text)
	if err != nil {
		return m, cannot(a.File, to, err)
	}
	from, err := a.Ramp(a.Spec)
	if err != nil {
		return m, err
	}
	there, err := a.Ramp(other)
	if err != nil {
		return m, err
	}
	m.Steps = len(from)
	m.Cookies = slices.ContainsFunc(a.Spec.RouteSpec().Match, func(match route.Match) bool { return match.Cookie != nil })
	m.Differences, m.Requests, err = ask.Compare(from, there)
	return m, err
}

// cannot is what the other router cannot do, without places: the text that they are in is not the user's.
func cannot(file, to string, err error) error {
	var spec render.SpecError
	if !errors.As(err, &spec) {
		return err
	}
	var lines []string
	for _, e := range spec {
		e.File, e.Line = fmt.Sprintf("%s: not with %s", file, to), 0
		lines = append(lines, e.Error())
	}
	return found{strings.Join(lines, "\n")}
}
