package route

import (
	"go.yaml.in/yaml/v3"

	"github.com/gitramp/gitramp/render/internal/node"
)

// classAnnotation is how an Ingress named its class before it had a field for it. A canary has to say it in the same way as prod.
const classAnnotation = "kubernetes.io/ingress.class"

// nginxClass is the class of an Ingress, "" for the cluster's default.
func nginxClass(o *yaml.Node) string {
	if class := node.Text(o, "spec", "ingressClassName"); class != "" {
		return class
	}
	return node.Text(o, "metadata", "annotations", classAnnotation)
}

func (ingressNginx) Read(own *yaml.Node, service string, _ []Match) (Route, []Problem) {
	r := Route{Router: IngressNginx, Class: nginxClass(own), Protocol: "HTTP", WeightTotal: 100}
	var ps []Problem
	seen := map[string]bool{}
	for _, l := range ingressLocations(own) {
		if l.service != service {
			continue
		}
		if l.host != "" && !seen[l.host] {
			seen[l.host] = true
			r.Hosts = append(r.Hosts, l.host)
		}
		if key := l.kind + l.path; !seen[key] {
			seen[key] = true
			r.Rules = append(r.Rules, Rule{Paths: []string{l.path}, PathType: l.kind})
		}
	}
	if node.Text(own, "spec", "defaultBackend", "service", "name") == service {
		ps = append(ps, Problem{"spec.defaultBackend", service, "sends requests past any canary", "a rule with path / instead: ingress-nginx has no canary of a default backend that has rules beside it"})
	}
	if node.Get(own, "metadata", "annotations", nginxCanary) != nil {
		ps = append(ps, Problem{"metadata.annotations." + nginxCanary, node.Text(own, "metadata", "annotations", nginxCanary), "makes a canary of it", "prod's own Ingress: gitramp writes the canary's"})
	}
	if affinity := nginxPrefix + "affinity"; node.Get(own, "metadata", "annotations", affinity) != nil {
		ps = append(ps, Problem{"metadata.annotations." + affinity, node.Text(own, "metadata", "annotations", affinity),
			"keeps users on the track of their first request, so that no weight and no abort reaches them", "an Ingress without session affinity"})
	}
	return r, ps
}

// nginxOwn is the user's Ingress as it is, and beside it a canary of those paths of it that lead to prod's Service.
func nginxOwn(in Input, s *Split) []Object {
	objs := []Object{{in.Prod.Component + "-ingress.yaml", in.Own}}
	if s == nil {
		return objs
	}
	n := node.Copy(in.Own)
	node.Set(n, node.String(in.Canary.Route), "metadata", "name")
	class := node.Text(n, "metadata", "annotations", classAnnotation)
	node.Clear(n, "metadata", "annotations")
	if class != "" {
		node.Set(n, node.Quoted(class), "metadata", "annotations", classAnnotation)
	}
	nginxAnnotate(n, *s)
	spec := node.Map()
	if class := node.Text(n, "spec", "ingressClassName"); class != "" {
		node.Set(spec, node.String(class), "ingressClassName")
	}
	rules := node.Seq()
	for _, rule := range items(n, "spec", "rules") {
		if paths := nginxPathsTo(rule, in.Prod.Service, in.Canary.Service); len(paths) > 0 {
			node.Set(rule, node.Seq(paths...), "http", "paths")
			rules.Content = append(rules.Content, rule)
		}
	}
	node.Set(spec, rules, "rules")
	node.Set(n, spec, "spec")
	return append(objs, Object{in.Canary.Component + "-ingress.yaml", n})
}

// nginxPathsTo are a rule's paths that lead to a Service, led to another.
func nginxPathsTo(rule *yaml.Node, service, to string) (paths []*yaml.Node) {
	for _, path := range items(rule, "http", "paths") {
		if node.Text(path, "backend", "service", "name") == service {
			node.Set(path, node.String(to), "backend", "service", "name")
			paths = append(paths, path)
		}
	}
	return paths
}
