package main

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gitramp/gitramp/cmd/internal/app"
	"github.com/gitramp/gitramp/cmd/internal/show"
	"github.com/gitramp/gitramp/render/ask"
	"github.com/gitramp/gitramp/render/route"
)

// requestFlags is the request that is asked about.
type requestFlags struct {
	target
	step, method, host, path string
	headers, cookies, down   []string
}

func (c *cli) explainRequest() *cobra.Command {
	var f requestFlags
	cmd := &cobra.Command{
		Use:     "explain-request SPEC",
		GroupID: "look",
		Short:   "Say where a request goes at a step: prod or canary, how likely, and by which rule",
		Long: `Says where a request goes at a step of the ramp: how likely it reaches prod and
the canary, which rule of the rendered route decides, and which were looked at
and did not. It answers as the router does that reads the manifests. Without
--step it is the step that the output path is at. All pods that the step has are
taken to be ready, but for those of a track in --down. The method and the query
count where the route of a base asks for them: what gitramp writes never does.`,
		Example: `  gitramp explain-request canary.yaml --step weight-20
  gitramp explain-request canary.yaml --step 2 --header 'X-Canary: always'
  gitramp explain-request canary.yaml --host shop.example.com --path /cart --cookie canary=never
  gitramp explain-request canary.yaml --step full --down canary`,
		RunE: func(cmd *cobra.Command, args []string) error { return c.runExplainRequest(cmd.Context(), f, args) },
	}
	f.flags(cmd)
	flags := cmd.Flags()
	flags.StringVar(&f.step, "step", "", "the step: its number or name")
	flags.StringVar(&f.method, "method", "GET", "the request's method")
	flags.StringVar(&f.host, "host", "", "the request's host (default: the first of the route)")
	flags.StringVar(&f.path, "path", "/", "the request's path")
	flags.StringArrayVar(&f.headers, "header", nil, "a header, 'NAME: VALUE'; may be given several times, each name once but Cookie")
	flags.StringArrayVar(&f.cookies, "cookie", nil, "a cookie, NAME=VALUE; may be given several times")
	flags.StringArrayVar(&f.down, "down", nil, "a track without a ready pod: prod, canary")
	return cmd
}

func (c *cli) runExplainRequest(ctx context.Context, f requestFlags, args []string) error {
	req, err := f.request()
	if err != nil {
		return err
	}
	apps, err := c.atTip(ctx, f.target, args)
	if err != nil {
		return err
	}
	a, err := one(apps)
	if err != nil {
		return err
	}
	step, err := askedStep(a, f.step)
	if err != nil {
		return err
	}
	if hosts := a.Spec.RouteSpec().Hosts; req.Host == "" && len(hosts) > 0 {
		req.Host = strings.Replace(hosts[0], "*", "any", 1)
	}
	reply, err := step.Ask(f.whole(req), f.down...)
	if err != nil {
		return err
	}
	if c.output == "json" {
		return c.printJSON(show.NewAnswer(a.Name(), step.ID, f.method, req, reply))
	}
	c.printer().Answer(a.Name(), step.ID, f.method, req, reply)
	return nil
}

// askedStep is the tree that render would print, as its router sees it.
func askedStep(a *app.App, word string) (ask.Step, error) {
	tree, err := atStep(a, word)
	if err != nil {
		return ask.Step{}, err
	}
	id := a.Release.Plan.Steps[0].ID()
	if word != "" {
		st, err := pickStep(a.Release.Plan, word)
		if err != nil {
			return ask.Step{}, err
		}
		id = st.ID()
	} else if l := a.State.Lock; l != nil {
		id = fmt.Sprintf("%02d-%s", l.Step.Index, l.Step.Name)
	}
	return ask.At(id, tree)
}

// request is the request of the flags.
func (f requestFlags) request() (route.Request, error) {
	host, _, _ := strings.Cut(strings.ToLower(f.host), ":") // a port decides nothing, nor does a fragment
	req := route.Request{Host: host, Path: f.path, Header: map[string]string{}}
	if i := strings.IndexAny(req.Path, "?#"); i >= 0 {
		req.Path = req.Path[:i]
	}
	if !strings.HasPrefix(req.Path, "/") {
		return req, usage("--path: value %q is invalid: allowed a path that begins with /", f.path)
	}
	if err := f.header(req.Header); err != nil {
		return req, err
	}
	for _, track := range f.down {
		if !slices.Contains([]string{"prod", "canary"}, track) {
			return req, usage("--down: value %q is invalid: allowed prod, canary", track)
		}
	}
	return req, nil
}

// whole is the request with its method and query where routers look for them. Of a parameter that comes twice they see the first one.
func (f requestFlags) whole(req route.Request) route.Request {
	req.Header = maps.Clone(req.Header)
	req.Header[":method"] = strings.ToUpper(f.method)
	if u, err := url.Parse(f.path); err == nil {
		for name, values := range u.Query() {
			req.Header["?"+name] = values[0]
		}
	}
	return req
}

// header reads the flags of headers and cookies. All cookies go into one header; of any other that comes twice a router would read one, and not each the same.
func (f requestFlags) header(header map[string]string) error {
	var cookies []string
	known := map[string]bool{}
	for _, h := range f.headers {
		name, value, ok := strings.Cut(h, ":")
		if name, value = strings.TrimSpace(name), strings.TrimSpace(value); !ok || name == "" {
			return usage("--header: value %q is invalid: allowed 'NAME: VALUE'", h)
		}
		switch key := strings.ToLower(name); {
		case key == "cookie":
			cookies = append(cookies, value)
		case known[key]:
			return usage("--header: %s is given twice: allowed each header but Cookie once", name)
		default:
			known[key], header[name] = true, value
		}
	}
	for _, cookie := range f.cookies {
		if name, _, ok := strings.Cut(cookie, "="); !ok || name == "" || strings.Contains(cookie, ";") {
			return usage("--cookie: value %q is invalid: allowed NAME=VALUE", cookie)
		}
		cookies = append(cookies, cookie)
	}
	if cookies != nil {
		header["Cookie"] = strings.Join(cookies, "; ")
	}
	return nil
}
