package lint

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// gatewayRoutes looks at what Gateway API says of routes (kubernetes-sigs/gateway-api v1.6.1).
func (r *repo) gatewayRoutes() {
	for _, kind := range []string{"HTTPRoute", "GRPCRoute"} {
		for _, o := range r.byKind[kind] {
			r.weightsLeftOut(o)
		}
	}
	for i, c := range r.canaries {
		if c.router != byGateway {
			continue
		}
		r.otherRoutes(c)
		r.secondGatewayRoutes(c)
		for _, b := range r.canaries[:i] {
			if b.router == byGateway && b.route != c.route && b.route.id() != c.route.id() && sameDoor(b.route, c.route) && r.sees(b.route, c.route) {
				r.found("GR103", c.route, c.route.at("metadata", "name"), "%s (%s) splits the same host and path already: the older one counts", b.route, b.route.file.Name)
			}
		}
	}
}

// secondGatewayRoutes: the routes of other objects that match what the canary's does, and split nothing.
func (r *repo) secondGatewayRoutes(c *canary) {
	for _, o := range r.kinds(c.route, c.route.kind) {
		splits := slices.ContainsFunc(r.canaries, func(b *canary) bool { return b.route == o })
		if !splits && o.namespace == c.route.namespace && o.id() != c.route.id() && sameDoor(o, c.route) {
			r.found("GR103", o, o.at("metadata", "name"), "%s (%s) splits the same host and path: the older one counts", c.route, c.route.file.Name)
		}
	}
}

func (r *repo) weightsLeftOut(o *object) {
	for _, rule := range o.list("spec", "rules") {
		refs := list(rule, "backendRefs")
		meant := slices.ContainsFunc(refs, func(ref *yaml.Node) bool { return text(ref, "weight") != "" || r.looksTried(o, text(ref, "name")) })
		if len(refs) < 2 || !meant { // without any weight all are equal
			continue
		}
		for _, ref := range refs {
			if text(ref, "weight") == "" {
				r.found("GR120", o, at(ref, "name"), "Service %s has no weight beside others, which counts as 1", text(ref, "name"))
			}
		}
	}
}

// otherRoutes: routes of other objects to the canary's Service.
func (r *repo) otherRoutes(c *canary) {
	for _, o := range r.kinds(c.route, "HTTPRoute", "GRPCRoute") {
		if o == c.route || o.namespace != c.route.namespace {
			continue
		}
		for _, rule := range o.list("spec", "rules") {
			for _, ref := range list(rule, "backendRefs") {
				if _, _, split := r.split(o, rule); text(ref, "name") == c.canary && !split {
					r.found("GR121", o, at(ref, "name"), "leads to %s, the canary's Service in %s, whatever the weight there", c.canary, c.route)
				}
			}
		}
	}
	for _, o := range r.kinds(c.route, "Ingress") {
		for _, l := range locations(o) {
			if o.namespace == c.route.namespace && l.service == c.canary && !o.isCanary() {
				r.found("GR121", o, l.at, "leads to %s, the canary's Service in %s, whatever the weight there", c.canary, c.route)
			}
		}
	}
}

// sameDoor says whether two routes share a parent, a host and a match: a path or method, and what of the request is asked for beside it.
func sameDoor(a, b *object) bool {
	parents := func(o *object) (found []string) {
		for _, p := range o.list("spec", "parentRefs") {
			ns := text(p, "namespace")
			if ns == "" {
				ns = o.namespace
			}
			found = append(found, text(p, "kind")+"/"+ns+"/"+text(p, "name")+"/"+text(p, "sectionName"))
		}
		return found
	}
	hosts := func(o *object) (found []string) {
		for _, h := range o.list("spec", "hostnames") {
			found = append(found, h.Value)
		}
		if found == nil {
			found = []string{""}
		}
		return found
	}
	share := func(of func(*object) []string) bool {
		return slices.ContainsFunc(of(a), func(s string) bool { return slices.Contains(of(b), s) })
	}
	return share(parents) && share(hosts) && share(doors)
}

// doors are the matches of a route, each in one word.
func doors(o *object) (found []string) {
	for _, rule := range o.list("spec", "rules") {
		matches := list(rule, "matches")
		if matches == nil {
			matches = []*yaml.Node{nil} // everything
		}
		for _, m := range matches {
			door := text(m, "path", "value")
			switch {
			case o.kind == "GRPCRoute":
				door = text(m, "method", "service") + "/" + text(m, "method", "method")
			case door == "":
				door = "/"
			}
			if kind := text(m, "path", "type"); kind != "PathPrefix" { // the default
				door += kind
			}
			if o.kind == "HTTPRoute" {
				door += " " + text(m, "method")
			}
			for _, field := range []string{"headers", "queryParams"} {
				var asked []string
				for _, n := range list(m, field) {
					asked = append(asked, field+" "+strings.ToLower(text(n, "name"))+" "+text(n, "type")+" "+text(n, "value"))
				}
				slices.Sort(asked)
				door += strings.Join(asked, ",")
			}
			found = append(found, door)
		}
	}
	return found
}
