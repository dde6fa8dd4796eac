package route

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/gitramp/gitramp/render/internal/node"
)

// ingressNginxSemantics: a canary without endpoints is left out of the choice (canary_with_no_endpoints in internal/ingress/controller/controller.go). The
// controller syncs at most every 3.3 s (--sync-rate-limit 0.3) and workers poll their backends every second (rootfs/etc/nginx/lua/balancer.lua); an endpoint's
// own way to the controller comes on top.
var ingressNginxSemantics = Semantics{IngressNginx, true, 5}

// location is a path of a host with the Service behind it. A Prefix becomes two of nginx's: what begins with it and a slash, and it itself, as it is written
// (updateServerLocations in internal/ingress/controller/location.go).
type location struct {
	host, path, kind string
	class, upstream  string
	service, port    string
	object, part     *yaml.Node
}

// serveIngress answers as ingress-nginx does. A canary belongs to the upstream (namespace, Service and port) behind a location of the same host, path and path
// type, and so to every location with that upstream (mergeAlternativeBackends in internal/ingress/controller/controller.go).
func serveIngress(objs []*yaml.Node, ready func(string) bool, req Request) (Answer, error) {
	var mains, alternatives []location
	canaries := map[string]*yaml.Node{} // by the Service of the canary
	for _, o := range objs {
		locations := ingressLocations(o)
		if node.Text(o, "metadata", "annotations", "nginx.ingress.kubernetes.io/canary") != "true" {
			mains = append(mains, locations...)
			continue
		}
		alternatives = append(alternatives, locations...)
		for _, l := range locations {
			canaries[l.service] = node.Get(o, "metadata", "annotations")
		}
	}
	main, redirect := bestLocation(mains, req)
	if redirect {
		return fail(301, "the path lacks the slash at its end"), nil
	}
	if main == nil {
		return fail(404, "no Ingress has the host and path"), nil
	}
	if !ready(main.service) { // get_balancer looks at the primary first (rootfs/etc/nginx/lua/balancer.lua)
		a := fail(503, main.service+" has no endpoints")
		a.object, a.part = main.object, main.part
		return a, nil
	}
	toProd := func(rule string) Answer {
		return Answer{Rule: rule, Total: 1, Shares: []Share{{Weight: 1, Service: main.service}}, object: main.object, part: main.part}
	}
	canary := alternativeOf(mains, alternatives, main.upstream)
	switch {
	case canary == nil:
		return toProd("there is no canary"), nil
	case canary.service == main.service:
		return toProd("the canary is prod's own Service"), nil
	case !ready(canary.service):
		return toProd(canary.service + " has no endpoints"), nil
	}
	a, err := routeToAlternative(canaries[canary.service], main.service, canary.service, req)
	a.object = canary.object
	a.Leaks = !slices.ContainsFunc(alternatives, func(l location) bool { return l.sameRule(*main) })
	return a, err
}

// sameRule says whether a canary's path merges into this one: class, host, path and path type are the same.
func (l location) sameRule(main location) bool {
	return main.class == l.class && main.host == l.host && main.path == l.path && main.kind == l.kind
}

func ingressLocations(o *yaml.Node) []location {
	var list []location
	for _, rule := range items(o, "spec", "rules") {
		for _, p := range items(rule, "http", "paths") {
			service := node.Get(p, "backend", "service")
			list = append(list, location{
				host: node.Text(rule, "host"), path: node.Text(p, "path"), kind: node.Text(p, "pathType"), class: nginxClass(o),
				upstream: strings.Join([]string{node.Text(o, "metadata", "namespace"), node.Text(service, "name"), ingressPort(service)}, "-"),
				service:  node.Text(service, "name"), port: ingressPort(service), object: o, part: p,
			})
		}
	}
	return list
}

// ingressPort is the port of a backend, by its number or its name.
func ingressPort(service *yaml.Node) string {
	return node.Text(service, "port", "number") + node.Text(service, "port", "name")
}

// bestLocation picks the server as nginx does (an exact name, else the longest wildcard), and in it the location. redirect says that nginx sends the request to the
// path with a slash at the end instead.
func bestLocation(list []location, req Request) (best *location, redirect bool) {
	rank := 0
	for _, l := range list {
		rank = max(rank, hostRank(req.Host, l.host))
	}
	var server []location
	for _, l := range list {
		if rank > 0 && hostRank(req.Host, l.host) == rank {
			server = append(server, l)
		}
	}
	for i, l := range server {
		if l.kind == "Exact" && req.Path == l.path {
			return &server[i], false
		}
	}
	longest := ""
	for i, l := range server {
		begin := l.path
		if l.kind == "Exact" {
			continue
		}
		if l.kind == "Prefix" {
			if req.Path == l.path { // made into an exact location beside the prefix
				return &server[i], false
			}
			begin = strings.TrimSuffix(l.path, "/") + "/"
		}
		if begin == req.Path+"/" {
			redirect = true // a prefix with a slash and proxy_pass (auto_redirect in nginx's ngx_http_core_module.c)
		}
		if strings.HasPrefix(req.Path, begin) && len(begin) > len(longest) {
			best, longest = &server[i], begin
		}
	}
	return best, redirect
}

// alternativeOf is the first canary that merges into a location of the upstream: same class, host, path and path type, or it is dropped with a log line.
func alternativeOf(mains, alternatives []location, upstream string) *location {
	for i, a := range alternatives {
		for _, m := range mains {
			if m.upstream == upstream && a.sameRule(m) {
				return &alternatives[i]
			}
		}
	}
	return nil
}

// routeToAlternative is the order of route_to_alternative_balancer in rootfs/etc/nginx/lua/balancer.lua: header, cookie, weight.
func routeToAlternative(notes *yaml.Node, prod, canary string, req Request) (Answer, error) {
	note := func(key string) string { return node.Text(notes, "nginx.ingress.kubernetes.io/canary-"+key) }
	all := func(service, key, rule string) (Answer, error) {
		return Answer{Rule: rule, Total: 1, Shares: []Share{{Weight: 1, Service: service}}, note: key}, nil
	}
	if value, ok := req.header(note("by-header")); ok && note("by-header") != "" {
		want, pattern := note("by-header-value"), note("by-header-pattern")
		switch {
		case want != "":
			if value == want {
				return all(canary, "by-header-value", "header "+note("by-header")+" is "+want)
			}
		case pattern != "":
			re, err := compiled(pattern)
			if err != nil {
				return Answer{}, err
			}
			if re.MatchString(value) {
				return all(canary, "by-header-pattern", "header "+note("by-header")+" matches")
			}
		case value == "always":
			return all(canary, "by-header", "header "+note("by-header")+" is always")
		case value == "never":
			return all(prod, "by-header", "header "+note("by-header")+" is never")
		}
	}
	if name := note("by-cookie"); name != "" {
		switch cookieValue(req, name) {
		case "always":
			return all(canary, "by-cookie", "cookie "+name+" is always")
		case "never":
			return all(prod, "by-cookie", "cookie "+name+" is never")
		}
	}
	if req.Passed != nil {
		passedNotes(note, req)
	}
	weight, _ := strconv.Atoi(note("weight")) // what is no number is 0, with a log line
	total, _ := strconv.Atoi(note("weight-total"))
	total = max(total, 100)
	weight = min(max(weight, 0), total)
	a := Answer{Rule: fmt.Sprintf("weight %d of %d", weight, total), Total: total, note: "weight"}
	for _, s := range []Share{{total - weight, prod, 0}, {weight, canary, 0}} {
		if s.Weight > 0 {
			a.Shares = append(a.Shares, s)
		}
	}
	return a, nil
}

// passedNotes says why neither header nor cookie decided.
func passedNotes(note func(string) string, req Request) {
	if name := note("by-header"); name != "" {
		asked := "always or never"
		if value, pattern := note("by-header-value"), note("by-header-pattern"); value != "" {
			asked = value
		} else if pattern != "" {
			asked = "what matches " + pattern
		}
		if value, ok := req.header(name); ok {
			req.pass("header %s is %q, and not %s", name, value, asked)
		} else {
			req.pass("header %s is not there", name)
		}
	}
	if name := note("by-cookie"); name != "" {
		req.pass("cookie %s is not always or never", name)
	}
}

// cookieValue is nginx's $cookie_NAME: the first one of the name, in any case.
func cookieValue(req Request, name string) string {
	header, _ := req.header("Cookie")
	for _, pair := range strings.Split(header, ";") {
		if key, value, ok := strings.Cut(strings.TrimSpace(pair), "="); ok && strings.EqualFold(key, name) {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
