package route

import (
	"fmt"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/gitramp/gitramp/render/internal/node"
)

// IngressNginx is the name of the router for kubernetes/ingress-nginx (frozen upstream since March 2026, last read at v1.15.1).
const IngressNginx = "ingress-nginx"

// The annotations that gitramp writes: a closed list, as every other one is either ignored on a canary or a way to inject configuration.
// Source: kubernetes/ingress-nginx internal/ingress/annotations/canary/main.go.
const (
	nginxPrefix      = "nginx.ingress.kubernetes.io/"
	nginxCanary      = nginxPrefix + "canary"
	nginxWeight      = nginxPrefix + "canary-weight"
	nginxWeightTotal = nginxPrefix + "canary-weight-total"
	nginxHeader      = nginxPrefix + "canary-by-header"
	nginxHeaderValue = nginxPrefix + "canary-by-header-value"
	nginxPattern     = nginxPrefix + "canary-by-header-pattern"
	nginxCookie      = nginxPrefix + "canary-by-cookie"
)

// ingressNginx splits by a second Ingress with canary annotations. Host, path, pathType and class of both must be the very same, or the controller drops
// the canary with no more than a log line (mergeAlternativeBackends in internal/ingress/controller/controller.go).
type ingressNginx struct{}

func (ingressNginx) Default(r *Route) {
	if r.Class == "" {
		r.Class = "nginx"
	}
}

func (ingressNginx) AppProtocol(Route) string { return "" }

func (ingressNginx) Asks() []Ask {
	return []Ask{{"class", "the ingress class", "nginx", "nginx", "class", "", "ingressClassName", node.String}}
}

// FailsOpen: a canary without endpoints is left out of the choice (canary_with_no_endpoints, internal/ingress/controller/controller.go).
func (ingressNginx) FailsOpen() bool { return true }

// Check: the annotations have room for one header rule and one cookie rule, and match whoever has either.
func (ingressNginx) Check(r Route) []Problem {
	ps := append(nginxPaths(r), nginxLacks(r)...)
	headers, cookies := 0, 0
	for i, m := range r.Match {
		if m.Header != nil && m.Cookie != nil {
			ps = append(ps, Problem{fmt.Sprintf("match[%d]", i), "", "asks for a header and a cookie at once", "one of header, cookie in an entry: ingress-nginx routes whoever has either"})
		}
		if m.Header != nil {
			headers++
		}
		if m.Cookie != nil {
			cookies++
		}
	}
	if headers > 1 || cookies > 1 {
		ps = append(ps, Problem{"match", "", "has too many rules", "at most one header and one cookie at a time: ingress-nginx has one annotation for each"})
	}
	return ps
}

// nginxBlocked are what the controller refuses in a path (internal/ingress/inspector/rules.go).
var nginxBlocked = []string{"_by_lua", "/etc/passwd", "/etc/shadow", "/etc/group", "/etc/nginx", "/etc/ingress-controller", "/var/run/secrets"}

func nginxPaths(r Route) []Problem {
	var ps []Problem
	for i, rule := range r.Rules {
		for j, path := range rule.Paths {
			for _, blocked := range nginxBlocked {
				if strings.Contains(path, blocked) {
					ps = append(ps, Problem{r.pathField(i, j), path, "", "a path without " + blocked + ": ingress-nginx blocks it"})
				}
			}
		}
	}
	return ps
}

// nginxLacks finds the fields of a route that an Ingress has no place for.
func nginxLacks(r Route) []Problem {
	var ps []Problem
	for i, rule := range r.Rules {
		if len(rule.Filters) > 0 {
			ps = append(ps, Problem{r.ruleField(i, "filters"), "", "is given", "no filters with ingress-nginx: router gateway-api has them"})
		}
	}
	if r.ParentRefs != nil {
		ps = append(ps, Problem{"parentRefs", "", "is given", "class with ingress-nginx, or router: gateway-api"})
	}
	if r.Protocol != "HTTP" {
		ps = append(ps, Problem{"protocol", r.Protocol, "", "HTTP with ingress-nginx"})
	}
	return ps
}

func (ingressNginx) Objects(in Input, s *Split) ([]Object, error) {
	if in.Own != nil {
		return nginxOwn(in, s), nil
	}
	prod, err := nginxIngress(in, in.Prod)
	if err != nil {
		return nil, err
	}
	nginxTLS(prod, in.Route)
	objs := []Object{{in.Prod.Component + "-ingress.yaml", prod}}
	if s == nil {
		return objs, nil
	}
	canary, err := nginxIngress(in, in.Canary)
	if err != nil {
		return nil, err
	}
	nginxAnnotate(canary, *s)
	return append(objs, Object{in.Canary.Component + "-ingress.yaml", canary}), nil
}

// nginxIngress is the part that prod and canary have in common, made by one function so that it cannot differ.
func nginxIngress(in Input, t Track) (*yaml.Node, error) {
	n, err := in.Template("ingress")
	if err != nil {
		return nil, err
	}
	node.Identify(n, t.Route, in.Namespace, in.Name, t.App, t.Component)
	node.Set(n, node.String(in.Route.Class), "spec", "ingressClassName")
	rule := node.Get(n, "spec", "rules", "0")
	path := node.Get(rule, "http", "paths", "0")
	node.Set(path, node.String(t.Service), "backend", "service", "name")
	node.Set(path, node.Int(in.Port), "backend", "service", "port", "number")
	paths := node.Seq()
	for i, r := range in.Route.Rules {
		if i > 0 {
			path = node.Copy(path)
		}
		node.Set(path, node.String(r.PathType), "pathType")
		paths.Content = append(paths.Content, each(path, r.Paths, "path").Content...)
	}
	node.Set(rule, paths, "http", "paths")
	node.Set(n, each(rule, in.Route.Hosts, "host"), "spec", "rules")
	return n, nil
}

// each is a list with an item for every value, set as field.
func each(item *yaml.Node, values []string, field string) *yaml.Node {
	list := node.Seq()
	for i, v := range values {
		if i > 0 {
			item = node.Copy(item)
		}
		node.Set(item, node.String(v), field)
		list.Content = append(list.Content, item)
	}
	return list
}

// nginxTLS goes on prod alone: a canary Ingress never makes a server, it inherits main's (ingress-nginx docs, annotations.md#canary).
func nginxTLS(n *yaml.Node, r Route) {
	var items []*yaml.Node
	for _, t := range r.TLS {
		var hosts []*yaml.Node
		for _, h := range t.Hosts {
			hosts = append(hosts, node.String(h))
		}
		items = append(items, node.Map(node.String("hosts"), node.Seq(hosts...), node.String("secretName"), node.String(t.SecretName)))
	}
	if items != nil {
		node.Set(n, node.Seq(items...), "spec", "tls")
	}
}

// nginxAnnotate writes the split. canary must be the string "true" and the weight an integer in a string, or the controller reads no canary and 0.
func nginxAnnotate(n *yaml.Node, s Split) {
	set := func(key, value string) { node.Set(n, node.Quoted(value), "metadata", "annotations", key) }
	set(nginxCanary, "true")
	set(nginxWeight, strconv.Itoa(s.Weight))
	if s.Total > 100 { // the controller's Lua looks at a total only above 100 (rootfs/etc/nginx/lua/balancer.lua)
		set(nginxWeightTotal, strconv.Itoa(s.Total))
	}
	for _, m := range s.Matches {
		if h := m.Header; h != nil {
			set(nginxHeader, h.Name)
			if h.Value != "" {
				set(nginxHeaderValue, h.Value)
			}
			if h.Pattern != "" {
				set(nginxPattern, wholePattern(h.Pattern))
			}
		}
		if m.Cookie != nil {
			set(nginxCookie, m.Cookie.Name)
		}
	}
}

func (ingressNginx) SetWeight(objs []Object, weight, _ int) {
	for _, o := range objs {
		if node.Get(o.Node, "metadata", "annotations", nginxCanary) != nil {
			node.Set(o.Node, node.Quoted(strconv.Itoa(weight)), "metadata", "annotations", nginxWeight)
		}
	}
}

// Withdraw: an Ingress that has the canary annotation, with whatever value, may be one to the controller.
func (ingressNginx) Withdraw(objs []Object, _ string) {
	for _, o := range objs {
		if node.Get(o.Node, "metadata", "annotations", nginxCanary) == nil {
			continue
		}
		node.Set(o.Node, node.Quoted("true"), "metadata", "annotations", nginxCanary) // anything else would make a main Ingress of it
		node.Set(o.Node, node.Quoted("0"), "metadata", "annotations", nginxWeight)
		for _, rule := range []string{nginxHeader, nginxHeaderValue, nginxPattern, nginxCookie} {
			node.Clear(o.Node, "metadata", "annotations", rule)
		}
	}
}

func (ingressNginx) Split(objs []Object) (*Split, error) {
	for _, o := range objs {
		notes := node.Get(o.Node, "metadata", "annotations")
		if notes == nil || node.Text(notes, nginxCanary) != "true" {
			continue
		}
		s := Split{Total: 100}
		var err error
		if s.Weight, err = strconv.Atoi(node.Text(notes, nginxWeight)); err != nil {
			return nil, fmt.Errorf("%s: %s: %w", o.Path, nginxWeight, err)
		}
		if total := node.Text(notes, nginxWeightTotal); total != "" {
			if s.Total, err = strconv.Atoi(total); err != nil {
				return nil, fmt.Errorf("%s: %s: %w", o.Path, nginxWeightTotal, err)
			}
		}
		s.Matches = nginxMatches(notes)
		return &s, nil
	}
	return nil, nil
}

// Places: prod and canary have the same.
func (ingressNginx) Places(objs []Object, _ string) []Place {
	var places []Place
	for _, o := range objs {
		if node.Text(o.Node, "kind") != "Ingress" {
			continue
		}
		for _, rule := range items(o.Node, "spec", "rules") {
			for _, path := range items(rule, "http", "paths") {
				places = append(places, Place{Door: nginxClass(o.Node), Protocol: "HTTP", Host: node.Text(rule, "host"), Path: node.Text(path, "path")})
			}
		}
	}
	return places
}

// Fixed: another class is another controller's.
func (ingressNginx) Fixed(objs []Object) []Fixed {
	for _, o := range objs {
		if class := nginxClass(o.Node); class != "" {
			return []Fixed{{Field: "class", Text: class}}
		}
	}
	return nil
}

func nginxMatches(notes *yaml.Node) []Match {
	var ms []Match
	if name := node.Text(notes, nginxHeader); name != "" {
		ms = append(ms, Match{Header: &Header{Name: name, Value: node.Text(notes, nginxHeaderValue), Pattern: innerPattern(node.Text(notes, nginxPattern))}})
	}
	if name := node.Text(notes, nginxCookie); name != "" {
		ms = append(ms, Match{Cookie: &Cookie{Name: name}})
	}
	return ms
}
