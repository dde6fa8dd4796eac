package render_test

import (
	"fmt"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/gitramp/gitramp/render"
	"github.com/gitramp/gitramp/render/route"
)

// routed are the routes that both routers can have, in what they share.
var routed = map[string]string{
	"weight only":        "    host: a.example.com\n",
	"header":             "    host: a.example.com\n    match: [{header: {name: X-C}}]\n",
	"header value":       "    host: a.example.com\n    match: [{header: {name: X-C, value: never}}]\n",
	"header pattern":     "    host: a.example.com\n    match: [{header: {name: X-C, pattern: 'al|be.*'}}]\n",
	"cookie":             "    host: a.example.com\n    match: [{cookie: {name: c.d}}]\n",
	"cookie, header":     "    host: a.example.com\n    match: [{cookie: {name: c.d}}, {header: {name: X-C}}]\n",
	"hosts and paths":    "    hosts: [a.example.com, \"*.example.com\"]\n    paths: [/x, /x/y]\n    match: [{cookie: {name: c.d}}, {header: {name: X-C, value: beta}}]\n",
	"rules":              "    host: \"*.example.com\"\n    rules: [{paths: [/x], pathType: Exact}, {paths: [/x, /z]}]\n    match: [{header: {name: X-C}}]\n",
	"a total above 100":  "    host: a.example.com\n    weightTotal: 1000\n    match: [{cookie: {name: c.d}}]\n",
	"exact with a slash": "    host: a.example.com\n    rules: [{paths: [/x/, /x/y/], pathType: Exact}, {paths: [/x/y]}]\n",
	"exact at the root ": "    host: a.example.com\n    path: /\n    pathType: Exact\n",
}

const routedSteps = `  steps:
  - pause: {}
  - setWeight: 5
  - setWeight: 50
  - pause: {duration: 1m}
`

// TestRoutersAgree: the same spec rendered by each router sends every request of an enumerated set to the same place in the same shares, at every step, by a
// model of each router's own rules; and who is matched by nothing gets the step's weight.
func TestRoutersAgree(t *testing.T) {
	asked := requests()
	for name, text := range routed {
		t.Run(name, func(t *testing.T) {
			spec := "apiVersion: gitramp.dev/v1alpha1\nkind: Canary\nmetadata: {name: app}\nspec:\n  image: app:2\n  stable: {image: app:1}\n  port: 80\n  replicas: 3\n  route:\n" + text
			nginx := ramp(t, parse(t, spec+routedSteps))
			gateway := ramp(t, parse(t, spec+"    router: gateway-api\n    parentRefs: [{name: public}]\n"+routedSteps))
			places := map[string]int{}
			for i := range nginx {
				for _, req := range asked {
					a, b := serve(t, nginx[i].Tree, req), serve(t, gateway[i].Tree, req)
					if a != b {
						t.Fatalf("%s: %+v: ingress-nginx %s, gateway-api %s", nginx[i].ID(), req, a, b)
					}
					places[a]++
					if st := nginx[i].Step; len(req.Header) == 0 && a != "404" && a != want(st, nginx[i].Lock.WeightTotal) {
						t.Fatalf("%s: %+v: %s, want %s", st.ID(), req, a, want(st, nginx[i].Lock.WeightTotal))
					}
				}
			}
			for _, must := range []string{"404", "app 1.0000", "app-canary 1.0000", "app 0.5000, app-canary 0.5000"} {
				if places[must] == 0 && nginx[0].Lock.WeightTotal == 100 {
					t.Errorf("no request goes to %s: the set shows nothing (%v)", must, places)
				}
			}
		})
	}
}

// TestRoutersDisagree is what is known to differ, so that nobody takes the routers for equal there: of a cookie that comes twice ingress-nginx reads the first,
// and gateway-api finds either, never before always (docs/gateway-api.md).
func TestRoutersDisagree(t *testing.T) {
	spec := "apiVersion: gitramp.dev/v1alpha1\nkind: Canary\nmetadata: {name: app}\nspec:\n  image: app:2\n  stable: {image: app:1}\n  port: 80\n  route:\n" + routed["cookie"]
	at := func(spec, cookie string) string {
		s := ramp(t, parse(t, spec+routedSteps))[4]
		return serve(t, s.Tree, route.Request{Host: "a.example.com", Path: "/", Header: map[string]string{"Cookie": cookie}})
	}
	for _, c := range []struct{ cookie, nginx, gateway string }{
		{"c.d=always; c.d=never", "app-canary 1.0000", "app 1.0000"},
		{"c.d=never; c.d=always", "app 1.0000", "app 1.0000"},
		{"c.d=other; c.d=always", "app 0.5000, app-canary 0.5000", "app-canary 1.0000"},
		{"c.d=other; c.d=never", "app 0.5000, app-canary 0.5000", "app 1.0000"},
	} {
		nginx, gateway := at(spec, c.cookie), at(spec+"    router: gateway-api\n    parentRefs: [{name: public}]\n", c.cookie)
		if nginx != c.nginx || gateway != c.gateway {
			t.Errorf("%s: ingress-nginx %s, want %s; gateway-api %s, want %s", c.cookie, nginx, c.nginx, gateway, c.gateway)
		}
	}
}

// want is where somebody whom nothing matches goes.
func want(st render.Step, total int) string {
	canary := float64(st.Weight) / float64(total)
	switch st.Weight {
	case 0:
		return "app 1.0000"
	case total:
		return "app-canary 1.0000"
	}
	return fmt.Sprintf("app %.4f, app-canary %.4f", 1-canary, canary)
}

// requests are all combinations of hosts, paths, headers and cookies that a rule could tell apart.
func requests() []route.Request {
	var list []route.Request
	for _, host := range []string{"a.example.com", "b.example.com", "example.com", "a.example.org"} {
		for _, path := range []string{"/", "/x", "/x/", "/x/y", "/x/y/z", "/xy", "/z/1", "/w"} {
			for _, header := range []string{"", "always", "never", "beta", "al", "alx", "xal", "Always"} {
				for _, cookie := range []string{"", "c.d=always", "c.d=never", "c.d=other", "cxd=always", "a=b; c.d=always", "c.d=never; a=b", "ac.d=always", "c.d=always2", "C.D=always", "a=b; C.d=never"} {
					req := route.Request{Host: host, Path: path, Header: map[string]string{}}
					if header != "" {
						req.Header["x-c"] = header
					}
					if cookie != "" {
						req.Header["Cookie"] = cookie
					}
					list = append(list, req)
				}
			}
		}
	}
	return list
}

// serve is the answer to a request in words: the shares of each Service, or the status.
func serve(t *testing.T, tree render.Tree, req route.Request) string {
	t.Helper()
	a, err := route.Serve(routeObjects(t, tree), func(string) bool { return true }, req)
	if err != nil {
		t.Fatal(err)
	}
	var parts []string
	for _, s := range a.Shares {
		if s.Service == "" {
			return fmt.Sprint(s.Status)
		}
		parts = append(parts, fmt.Sprintf("%s %.4f", s.Service, float64(s.Weight)/float64(a.Total)))
	}
	return strings.Join(parts, ", ")
}

// routeObjects are the tree's route objects, read once for each tree.
func routeObjects(t *testing.T, tree render.Tree) []route.Object {
	t.Helper()
	key := &tree[0]
	if objs, ok := readRoutes[key]; ok {
		return objs
	}
	var objs []route.Object
	for _, path := range tree.Resources() {
		if !isRoute(path) {
			continue
		}
		data, _ := tree.Get(path)
		var doc yaml.Node
		if err := yaml.Unmarshal(data, &doc); err != nil {
			t.Fatal(err)
		}
		objs = append(objs, route.Object{Path: path, Node: doc.Content[0]})
	}
	readRoutes[key] = objs
	return objs
}

var readRoutes = map[*render.File][]route.Object{}
