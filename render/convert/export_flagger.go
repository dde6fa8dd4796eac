package convert

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/gitramp/gitramp/render"
	"github.com/gitramp/gitramp/render/internal/node"
	"github.com/gitramp/gitramp/render/route"
)

// canary is Flagger's Canary.
func (e *export) canary() *yaml.Node {
	name := node.Text(e.deployment, "metadata", "name")
	c := node.Map(node.String("apiVersion"), node.String("flagger.app/v1beta1"), node.String("kind"), node.String(flaggerKind),
		node.String("metadata"), node.Map(node.String("name"), node.String(name)))
	if ns := e.spec.Metadata.Namespace; ns != "" {
		node.Set(c, node.String(ns), "metadata", "namespace")
	}
	spec := node.Map()
	node.Set(c, spec, "spec")
	service := e.flaggerService()
	nginx := e.spec.RouteSpec().Router == route.IngressNginx
	if nginx {
		node.Set(spec, node.String("nginx"), "provider")
	} else {
		node.Set(spec, node.String("gatewayapi:v1"), "provider")
		e.flaggerHTTPRoute(service)
	}
	for _, f := range [][2]string{{"apiVersion", "apps/v1"}, {"kind", "Deployment"}, {"name", name}} {
		node.Set(spec, node.String(f[1]), "targetRef", f[0])
	}
	if nginx {
		for _, f := range [][2]string{{"apiVersion", "networking.k8s.io/v1"}, {"kind", "Ingress"}, {"name", node.Text(e.route, "metadata", "name")}} {
			node.Set(spec, node.String(f[1]), "ingressRef", f[0])
		}
	}
	for _, o := range e.others {
		if target, _, _, ok := render.Scaled(o); ok && target == name {
			node.Set(spec, node.Map(node.String("apiVersion"), node.Get(o, "apiVersion"), node.String("kind"), node.Get(o, "kind"), node.String("name"), node.Get(o, "metadata", "name")), "autoscalerRef")
		}
	}
	if n := node.Get(e.deployment, "spec", "progressDeadlineSeconds"); n != nil {
		node.Set(spec, node.Copy(n), "progressDeadlineSeconds")
	}
	node.Set(spec, service, "service")
	node.Set(spec, e.flaggerAnalysis(), "analysis")
	e.flaggerNames()
	e.never()
	return c
}

func (e *export) flaggerNames() {
	for _, m := range []string{"canaryMetadata", "stableMetadata"} {
		if node.Get(e.source, m) != nil {
			e.lose("spec."+m, "", "the pods of both have the labels of the Deployment")
		}
	}
	if own := e.names().Canary.Service; own != e.serviceName()+"-canary" {
		e.lose("spec.output.names.canary.service", own, "Flagger has a name of its own for it")
	}
	if own := e.names().Canary.Route; e.spec.RouteSpec().Router == route.IngressNginx && own != node.Text(e.route, "metadata", "name")+"-canary" {
		e.lose("spec.output.names.canary.route", own, "Flagger has a name of its own for it")
	}
	if e.spec.Spec.MinPods > 1 {
		e.lose("spec.minPods", fmt.Sprint(e.spec.Spec.MinPods), "the canary has as many pods as prod")
	}
	if scale := node.Get(e.source, "canaryScale"); scale != nil {
		e.lose("spec.canaryScale", inLine(scale), "the canary has as many pods as prod")
	}
	if e.spec.Spec.DynamicStableScale {
		e.lose("spec.dynamicStableScale", "true", "prod keeps all its pods")
	}
	if total := e.spec.RouteSpec().WeightTotal; total != 100 {
		e.lose(e.spec.RouteField()+".weightTotal", fmt.Sprint(total), "weights are percent")
	}
}

// flaggerService is the Service as Flagger makes it.
func (e *export) flaggerService() *yaml.Node {
	s := node.Map(node.String("name"), node.String(e.serviceName()))
	ports := items(e.service, "spec", "ports")
	for _, f := range [][2]string{{"port", "port"}, {"name", "portName"}, {"targetPort", "targetPort"}, {"appProtocol", "appProtocol"}} {
		if n := node.Get(ports[0], f[0]); n != nil {
			node.Set(s, node.Copy(n), f[1])
		}
	}
	for i := 1; i < len(ports); i++ {
		e.losses = append(e.losses, Field{Object: "Service/" + e.serviceName(), Field: fmt.Sprintf("spec.ports[%d]", i), Value: short(inLine(ports[i])), Outcome: Lost,
			Note: "port " + node.Text(ports[i], "port") + ": Flagger's Service has the first one, or with portDiscovery those of the pods"})
	}
	for _, f := range []string{"labels", "annotations"} {
		if n := node.Get(e.service, "metadata", f); n != nil {
			node.Set(s, node.Copy(n), "apex", f)
		}
	}
	if n := node.Get(e.service, "spec", "trafficDistribution"); n != nil {
		node.Set(s, node.Copy(n), "trafficDistribution")
	}
	return s
}

// flaggerHTTPRoute is the route as Flagger makes it: one rule, whose paths have the same filters.
func (e *export) flaggerHTTPRoute(service *yaml.Node) {
	at := func(field string) string { return e.spec.RouteField() + "." + field }
	if node.Text(e.route, "kind") != "HTTPRoute" {
		e.lose(at("protocol"), "GRPC", "Flagger makes HTTPRoutes")
	}
	for _, f := range [][2]string{{"parentRefs", "gatewayRefs"}, {"hostnames", "hosts"}} {
		if n := node.Get(e.route, "spec", f[0]); n != nil {
			node.Set(service, node.Copy(n), f[1])
		}
	}
	matches := node.Seq()
	rules := items(e.route, "spec", "rules")
	for i, rule := range rules {
		field := fmt.Sprintf("%s.rules[%d]", e.spec.RouteField(), i)
		if items(rule, "matches") == nil && len(rules) > 1 { // for every request
			matches.Content = append(matches.Content, node.Map(node.String("uri"), node.Map(node.String("prefix"), node.String("/"))))
		}
		for _, m := range items(rule, "matches") {
			kind, value := flaggerPath(m)
			if kind == "" || len(keys(m)) > 1 {
				e.lose(field+".matches", inLine(m), "Flagger's paths are exact or prefixes, and for every request")
				continue
			}
			matches.Content = append(matches.Content, node.Map(node.String("uri"), node.Map(node.String(kind), node.String(value))))
		}
		e.filters(service, rule, at(fmt.Sprintf("rules[%d].filters", i)), len(rules) == 1)
		for _, key := range keys(rule) {
			timeout := node.Get(rule, "timeouts", "request")
			switch {
			case key == "matches", key == "filters", key == "backendRefs":
			case key == "timeouts" && timeout != nil && len(rules) == 1:
				node.Set(service, node.Copy(timeout), "timeout")
			default:
				e.lose(field+"."+key, inLine(node.Get(rule, key)), "Flagger's route has one rule, with paths, filters and a timeout")
			}
		}
	}
	if len(matches.Content) > 0 {
		node.Set(service, matches, "match")
	}
}

// flaggerPath is the path of a match, or the one that a gRPC call of its method has; "" where Flagger has no word for it.
func flaggerPath(m *yaml.Node) (kind, value string) {
	service, method, as := node.Text(m, "method", "service"), node.Text(m, "method", "method"), node.Text(m, "method", "type")
	switch {
	case as != "" && as != "Exact":
		return "", ""
	case service != "" && method != "":
		return "exact", "/" + service + "/" + method
	case service != "":
		return "prefix", "/" + service
	}
	return map[string]string{"PathPrefix": "prefix", "Exact": "exact"}[node.Text(m, "path", "type")], node.Text(m, "path", "value")
}

// filters are the filters that Flagger has words for, where all paths have them.
func (e *export) filters(service, rule *yaml.Node, field string, only bool) {
	for _, f := range items(rule, "filters") {
		kind := node.Text(f, "type")
		part := map[string]string{"RequestHeaderModifier": "request", "ResponseHeaderModifier": "response"}[kind]
		switch {
		case only && part != "" && node.Get(service, "headers", part) == nil:
			node.Set(service, headerMaps(node.Get(f, strings.ToLower(kind[:1])+kind[1:])), "headers", part)
		case only && kind == "URLRewrite" && node.Get(service, "rewrite") == nil:
			if host := node.Get(f, "urlRewrite", "hostname"); host != nil {
				node.Set(service, node.Copy(host), "rewrite", "authority")
			}
			for _, way := range []string{"replaceFullPath", "replacePrefixMatch"} {
				if path := node.Get(f, "urlRewrite", "path", way); path != nil {
					node.Set(service, node.Copy(path), "rewrite", "uri")
					node.Set(service, node.String(strings.ToUpper(way[:1])+way[1:]), "rewrite", "type")
				}
			}
		default:
			e.lose(field, kind, "Flagger's route has one rule, and no such filter")
		}
	}
}

// headerMaps are set, add and remove of headers as a mesh has them.
func headerMaps(h *yaml.Node) *yaml.Node {
	n := node.Map()
	for _, op := range []string{"set", "add"} {
		for _, header := range items(h, op) {
			node.Set(n, node.Copy(node.Get(header, "value")), op, node.Text(header, "name"))
		}
	}
	if remove := node.Get(h, "remove"); remove != nil {
		node.Set(n, node.Copy(remove), "remove")
	}
	return n
}

// ticks are the steps of a ramp as Flagger has them.
type ticks struct {
	interval render.Duration // the longest pause of the spec: so no weight is shorter there than here
	weights  []*yaml.Node    // in percent
	steps    int
}

func ticksOf(plan render.Plan) (t ticks) {
	last := 0
	for _, st := range plan.Steps {
		if st.Transition != render.Shift && st.Transition != render.Full {
			continue
		}
		t.steps++
		t.interval = max(t.interval, st.Hold.Pause)
		if w := st.Weight * 100 / plan.Total; w > last && st.Weight < plan.Total {
			last = w
			t.weights = append(t.weights, node.Int(w))
		}
	}
	if t.interval < 10 { // Flagger's least
		t.interval = 60
	}
	return t
}

// flaggerAnalysis is the ramp in ticks of one interval.
func (e *export) flaggerAnalysis() *yaml.Node {
	t := ticksOf(e.spec.Plan())
	n := node.Map(node.String("interval"), node.String(t.interval.String()), node.String("threshold"), node.Int(1))
	match := e.flaggerMatch()
	switch {
	case t.weights != nil:
		list := node.Seq(t.weights...)
		list.Style = yaml.FlowStyle
		node.Set(n, list, "stepWeights")
		if match != nil {
			e.lose(e.spec.RouteField()+".match", "", "Flagger chooses by headers or by weights")
		}
	case match != nil:
		node.Set(n, match, "match")
		node.Set(n, node.Int(max(1, t.steps-1)), "iterations")
	default:
		node.Set(n, node.Int(1), "iterations")
	}
	e.change("spec.steps", fmt.Sprintf("%d steps", len(e.spec.Spec.Steps)), "ticks of "+t.interval.String()+", each as long as the longest pause; without metrics every tick passes")
	e.flaggerSteps()
	return n
}

// flaggerSteps lists the steps that Flagger has none of.
func (e *export) flaggerSteps() {
	steps, total, last := e.spec.Spec.Steps, e.spec.RouteSpec().WeightTotal, 0
	for i, s := range steps {
		at := fmt.Sprintf("spec.steps[%d]", i)
		switch {
		case s.SetWeight != nil && *s.SetWeight*100/total <= last:
			e.lose(at+".setWeight", fmt.Sprint(*s.SetWeight), fmt.Sprintf("weights are whole percent above the last: %d of %d is %d%%", *s.SetWeight, total, *s.SetWeight*100/total))
		case s.SetWeight != nil:
			last = *s.SetWeight * 100 / total
		case s.Pause != nil && s.Pause.Duration == nil:
			e.lose(at+".pause", "{}", "Flagger asks a webhook whether it may go on, and here nobody is asked: add one of type "+gate(steps, i))
		case s.SetCanaryScale != nil:
			e.lose(at+".setCanaryScale", "", "the canary has as many pods as prod")
		case s.SetHeaderRoute != nil:
			e.lose(at+".setHeaderRoute", s.SetHeaderRoute.Name, "Flagger chooses by headers or by weights")
		}
		if s.Name != "" {
			e.lose(at+".name", s.Name, "steps have no names")
		}
	}
}

// gate is the webhook that asks where a pause waits for somebody (docs/gitbook/usage/webhooks.md of fluxcd/flagger).
func gate(steps []render.SpecStep, pause int) string {
	weighs := func(s render.SpecStep) bool { return s.SetWeight != nil }
	switch {
	case !slices.ContainsFunc(steps[:pause], weighs):
		return "confirm-rollout"
	case !slices.ContainsFunc(steps[pause:], weighs):
		return "confirm-promotion"
	}
	return "confirm-traffic-increase, which is asked before every weight"
}

// flaggerMatch are the matches of a route as an A/B test's.
func (e *export) flaggerMatch() *yaml.Node {
	if len(e.spec.RouteSpec().Match) == 0 {
		return nil
	}
	list := node.Seq()
	for _, m := range e.spec.RouteSpec().Match {
		var name string
		var value *yaml.Node
		switch {
		case m.Cookie != nil && e.spec.RouteSpec().Router == route.IngressNginx:
			name, value = "cookie", node.Map(node.String("exact"), node.String(m.Cookie.Name))
		case m.Cookie != nil:
			name, value = "cookie", node.Map(node.String("regex"), node.String(`^(.*;\s*)?`+regexp.QuoteMeta(m.Cookie.Name)+`=always(;.*)?$`))
		case m.Header.Value != "":
			name, value = m.Header.Name, node.Map(node.String("exact"), node.String(m.Header.Value))
		case m.Header.Pattern != "":
			name, value = m.Header.Name, node.Map(node.String("regex"), node.String("^(?:"+m.Header.Pattern+")$"))
		default:
			name, value = m.Header.Name, node.Map(node.String("exact"), node.String("always"))
		}
		list.Content = append(list.Content, node.Map(node.String("headers"), node.Map(node.String(name), value)))
	}
	return list
}
