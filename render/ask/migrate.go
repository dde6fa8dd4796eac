package ask

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/gitramp/gitramp/render"
	"github.com/gitramp/gitramp/render/internal/node"
	"github.com/gitramp/gitramp/render/prove"
	"github.com/gitramp/gitramp/render/route"
)

// Difference is a request that two routers send to different places at a step.
type Difference struct {
	Step     string
	Request  route.Request
	From, To Reply
}

// Compare asks both for every request that the rules of either can tell apart, at each step. Of requests that get the same replies at all steps one is named.
func Compare(from, to []Step) (differences []Difference, asked int, err error) {
	var all []route.Object
	for i := range from {
		all = append(append(all, from[i].routes...), to[i].routes...)
	}
	probes, err := route.ProbesOf(all)
	if err != nil {
		return nil, 0, err
	}
	probes.Paths = nearby(probes.Paths)
	requests := prove.Requests(probes)
	known := map[string]bool{}
	for _, req := range requests {
		var found []Difference
		var key strings.Builder
		for i := range from {
			a, err := from[i].Ask(req)
			if err != nil {
				return nil, 0, err
			}
			b, err := to[i].Ask(req)
			if err != nil {
				return nil, 0, err
			}
			if !a.same(b) {
				found = append(found, Difference{from[i].ID, req, a, b})
			}
			fmt.Fprint(&key, a.Ways, a.Total, b.Ways, b.Total)
		}
		if !known[key.String()] {
			known[key.String()] = true
			differences = append(differences, found...)
		}
	}
	return differences, len(requests), nil
}

// nearby are paths and what only begins like them: routers compare by characters or by elements.
func nearby(paths []string) []string {
	var list []string
	for _, p := range paths {
		list = append(list, p)
		if short := strings.TrimSuffix(p, "/"); short != "" {
			list = append(list, short+"x")
		}
	}
	return list
}

// Rewritten is a spec for another router.
type Rewritten struct {
	Text []byte
	Part string   // that changes
	Gone []string // fields of the route that are left out
}

// Rewrite is the spec for another router. gateway is [NAMESPACE/]NAME, for a route that has no parent yet. What the
// router cannot do is for the spec's parser to say.
func Rewrite(c *render.Canary, to, gateway string) (w Rewritten, err error) {
	router, err := route.ByName(to)
	if err != nil {
		return w, err
	}
	root, err := node.Parse(c.Source())
	if err != nil {
		return w, err
	}
	spec := node.Get(root, "spec")
	r := node.Get(spec, "route")
	if r == nil {
		r = node.Get(spec, "routes", "0")
	}
	if r == nil {
		return w, errors.New("the spec has no route")
	}
	node.Set(r, node.String(to), "router")
	gone := []string{"class", "tls"}
	if to != route.GatewayAPI {
		gone = []string{"parentRefs"}
		if node.Text(r, "protocol") == "HTTP" {
			gone = append(gone, "protocol")
		}
	}
	for _, field := range gone {
		if node.Get(r, field) != nil {
			node.Clear(r, field)
			w.Gone = append(w.Gone, field)
		}
	}
	if to == route.GatewayAPI {
		toGateway(r, gateway)
	}
	changed := node.Map(node.String("route"), r)
	if !router.FailsOpen() && *c.Spec.Settle < render.LeastSettle {
		node.Set(spec, node.String(render.LeastSettle.String()), "settle")
		node.Set(changed, node.String(render.LeastSettle.String()), "settle")
	}
	if w.Text, err = encode(root); err != nil {
		return w, err
	}
	part, err := encode(node.Map(node.String("spec"), changed))
	w.Part = string(part)
	return w, err
}

// toGateway gives a route a parent. Its paths are compared by elements, or exactly.
func toGateway(r *yaml.Node, gateway string) {
	if node.Get(r, "parentRefs") == nil {
		parent := node.Map()
		namespace, name, both := strings.Cut(gateway, "/")
		if !both {
			namespace, name = "", gateway
		}
		node.Set(parent, node.String(name), "name")
		if namespace != "" {
			node.Set(parent, node.String(namespace), "namespace")
		}
		node.Set(r, node.Seq(parent), "parentRefs")
	}
	places := []*yaml.Node{r}
	if rules := node.Get(r, "rules"); rules != nil {
		places = append(places, rules.Content...)
	}
	for _, p := range places {
		if node.Text(p, "pathType") == "ImplementationSpecific" {
			node.Set(p, node.String("Prefix"), "pathType")
		}
	}
}

func encode(n *yaml.Node) ([]byte, error) {
	var b bytes.Buffer
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	e.CompactSeqIndent()
	if err := e.Encode(n); err != nil {
		return nil, err
	}
	return b.Bytes(), e.Close()
}

// Nature is what differs between two routers whatever a spec says, as far as it is about this one. from is the route as it is today.
func Nature(from route.Route, to string) []string {
	notes := []string{"a canary without ready pods: ingress-nginx gives its share to prod, gateway-api answers 503 for it",
		"prod without ready pods: ingress-nginx answers 503 to everybody, gateway-api for prod's share alone",
		"commits may be skipped with ingress-nginx; with gateway-api each has to be applied before the next, so settle is 5m or more",
		"session affinity: gitramp writes none, and what somebody put on an Ingress or a HTTPRoute does not come along"}
	patterns, cookies := false, false
	for _, m := range from.Match {
		patterns = patterns || m.Header != nil && m.Header.Pattern != ""
		cookies = cookies || m.Cookie != nil
	}
	if patterns {
		notes = append(notes, "a header's pattern: ingress-nginx searches with PCRE, gateway-api leaves the kind of expression to the implementation; gitramp anchors it and takes only what both read alike")
	}
	if cookies {
		notes = append(notes, "a cookie: gateway-api finds it by a regular expression on the header Cookie, which not every implementation has; of a cookie that a request carries twice "+
			"ingress-nginx reads the first, and gateway-api finds either, never before always")
	}
	for _, rule := range from.Rules {
		if rule.PathType == "ImplementationSpecific" {
			notes = append(notes, "pathType ImplementationSpecific: ingress-nginx compares characters (/shop has /shopping too), gateway-api elements")
			break
		}
	}
	if to == route.GatewayAPI && len(from.TLS) > 0 {
		notes = append(notes, "tls: the certificate goes to the Gateway's listener")
	}
	return notes
}
