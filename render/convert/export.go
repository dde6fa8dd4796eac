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

// Exported is a spec as another tool has it.
type Exported struct {
	Objects []*yaml.Node // in apply order
	Report  Report       // what of the spec has no equal there
}

// YAML is the stream of all objects.
func (e Exported) YAML() ([]byte, error) {
	var docs []string
	for _, o := range e.Objects {
		data, err := node.Encode(o)
		if err != nil {
			return nil, err
		}
		docs = append(docs, string(data))
	}
	return []byte(strings.Join(docs, "---\n")), nil
}

// export is an export on its way.
type export struct {
	spec       *render.Canary
	source     *yaml.Node // of the spec
	as         string
	deployment *yaml.Node
	service    *yaml.Node
	route      *yaml.Node
	others     []*yaml.Node
	losses     Report
}

// Export turns a spec into a format. objs are those of its base, and c the spec with them; of a spec without a base those of Idle.
func Export(c *render.Canary, objs []*yaml.Node, as string) (Exported, error) {
	if !slices.Contains(Formats(), as) {
		return Exported{}, fmt.Errorf("format %q is unknown: allowed %s", as, strings.Join(Formats(), ", "))
	}
	source, err := node.Parse(c.Source())
	if err != nil {
		return Exported{}, err
	}
	e := &export{spec: c, source: node.Get(source, "spec"), as: as}
	if err := e.read(objs); err != nil {
		return Exported{}, err
	}
	var main *yaml.Node
	if as == argoRollouts {
		main = e.rollout()
	} else {
		main = e.canary()
	}
	e.putBack(source, main)
	if err := e.leave(main); err != nil {
		return Exported{}, err
	}
	return Exported{e.objects(main), e.losses}, nil
}

// read finds prod's objects.
func (e *export) read(objs []*yaml.Node) error {
	prod := e.spec.Spec.Output.Names.Prod
	for _, n := range objs {
		n = node.Copy(n)
		o := &object{"", n}
		switch {
		case o.is("apps", "Deployment") && o.name() == prod.Deployment:
			e.deployment = n
		case o.is("", "Service") && o.name() == prod.Service:
			e.service = n
		case routerOf(o) != "" && o.name() == prod.Route && route.SendsTo(n, prod.Service):
			e.route = n
		default:
			e.others = append(e.others, n)
		}
	}
	if e.deployment == nil || e.service == nil || e.route == nil {
		return fmt.Errorf("%s: has no Deployment %s, Service %s and route %s", e.spec.Metadata.Name, prod.Deployment, prod.Service, prod.Route)
	}
	return nil
}

func (e *export) serviceName() string { return node.Text(e.service, "metadata", "name") }

// unmanage takes out what says that gitramp manages an object.
func unmanage(n *yaml.Node) {
	const label = "app.kubernetes.io/managed-by"
	if node.Text(n, "metadata", "labels", label) == "gitramp" {
		node.Clear(n, "metadata", "labels", label)
		if len(keys(n, "metadata", "labels")) == 0 {
			node.Clear(n, "metadata", "labels")
		}
	}
}

func (e *export) lose(field, value, why string) {
	e.losses = append(e.losses, Field{Object: "spec", Field: field, Value: short(value), Outcome: Lost, Note: why})
}

func (e *export) change(field, value, how string) {
	e.losses = append(e.losses, Field{Object: "spec", Field: field, Value: short(value), Outcome: Changed, Note: how})
}

func (e *export) names() render.Names { return e.spec.Spec.Output.Names }

// rollout is the Rollout of Argo Rollouts.
func (e *export) rollout() *yaml.Node {
	r := node.Map(node.String("apiVersion"), node.String("argoproj.io/v1alpha1"), node.String("kind"), node.String(rolloutKind),
		node.String("metadata"), node.Copy(node.Get(e.deployment, "metadata")), node.String("spec"), node.Copy(node.Get(e.deployment, "spec")))
	spec, canary := node.Get(r, "spec"), node.Map()
	node.Clear(spec, "selector", "matchLabels", workloadLabel) // an import gives it
	node.Clear(spec, "template", "metadata", "labels", workloadLabel)
	for _, f := range []string{"maxSurge", "maxUnavailable"} {
		if n := node.Get(spec, "strategy", "rollingUpdate", f); n != nil {
			node.Set(canary, node.Copy(n), f)
		}
	}
	node.Clear(spec, "strategy")
	node.Set(canary, node.String(e.names().Canary.Service), "canaryService")
	node.Set(canary, node.String(e.serviceName()), "stableService")
	for _, m := range []string{"canaryMetadata", "stableMetadata"} {
		if n := node.Get(e.source, m); n != nil {
			node.Set(canary, node.Copy(n), m)
		}
	}
	if pods := e.spec.Spec.MinPods; pods > 1 {
		node.Set(canary, node.Int(pods), "minPodsPerReplicaSet")
	}
	if e.spec.Spec.DynamicStableScale {
		node.Set(canary, node.Bool(true), "dynamicStableScale")
	}
	if scale := node.Get(e.source, "canaryScale"); scale != nil {
		e.lose("spec.canaryScale", inLine(scale), "until a step with setCanaryScale the canary has the pods that its weight needs")
	}
	routing := node.Map()
	rules := e.argoRouting(routing)
	node.Set(canary, routing, "trafficRouting")
	if total := e.spec.RouteSpec().WeightTotal; total != 100 {
		node.Set(routing, node.Int(total), "maxTrafficWeight")
	}
	steps, managed := e.argoSteps(rules)
	if managed != nil {
		node.Set(routing, node.Seq(managed...), "managedRoutes")
	}
	node.Set(canary, steps, "steps")
	node.Set(spec, canary, "strategy", "canary")
	e.never()
	e.retarget(r)
	return r
}

// retarget makes who scales the Deployment scale the Rollout.
func (e *export) retarget(r *yaml.Node) {
	for _, o := range e.others {
		name, _, _, ok := render.Scaled(o)
		if !ok || name != node.Text(e.deployment, "metadata", "name") {
			continue
		}
		for _, f := range []string{"apiVersion", "kind"} {
			node.Set(o, node.Copy(node.Get(r, f)), "spec", "scaleTargetRef", f)
		}
	}
}

// argoRouting names the route in trafficRouting. What of the matches has no place there is to be set by a step.
func (e *export) argoRouting(routing *yaml.Node) (steps []route.Match) {
	name := node.Text(e.route, "metadata", "name")
	match := e.spec.RouteSpec().Match
	if e.spec.RouteSpec().Router == route.IngressNginx {
		node.Set(routing, node.String(name), "nginx", "stableIngress")
		for _, m := range match {
			for _, note := range annotations(m) {
				node.Set(routing, node.String(note[1]), "nginx", "additionalIngressAnnotations", note[0])
			}
		}
		if own := e.spec.Metadata.Name; e.names().Canary.Route != node.Text(e.deployment, "metadata", "name")+"-"+name+"-canary" && e.names().Canary.Route != own+"-canary" {
			e.lose("spec.output.names.canary.route", e.names().Canary.Route, "Argo Rollouts has a name of its own for it")
		}
		return nil
	}
	kind := strings.ToLower(node.Text(e.route, "kind")[:4]) + "Route" // httpRoute, grpcRoute
	node.Set(routing, node.String(name), "plugins", gatewayPlugin, kind)
	if ns := e.spec.Metadata.Namespace; ns != "" {
		node.Set(routing, node.String(ns), "plugins", gatewayPlugin, "namespace")
	}
	for i, m := range match {
		if m.Header == nil {
			e.lose(fmt.Sprintf("%s.match[%d].cookie", e.spec.RouteField(), i), m.Cookie.Name, "a managed route is found by headers")
			continue
		}
		e.change(fmt.Sprintf("%s.match[%d].header", e.spec.RouteField(), i), m.Header.Name, "set by a step of its own; without value and pattern always means the canary, and never nothing")
		steps = append(steps, m)
	}
	return steps
}

// annotations are a match as the annotations of an Ingress, without their prefix.
func annotations(m route.Match) [][2]string {
	if m.Cookie != nil {
		return [][2]string{{"canary-by-cookie", m.Cookie.Name}}
	}
	list := [][2]string{{"canary-by-header", m.Header.Name}}
	if m.Header.Value != "" {
		list = append(list, [2]string{"canary-by-header-value", m.Header.Value})
	}
	if m.Header.Pattern != "" {
		list = append(list, [2]string{"canary-by-header-pattern", "^(?:" + m.Header.Pattern + ")$"})
	}
	return list
}

// argoSteps are the steps as they stand in the spec. matches are set by steps of their own, as soon as there are pods: after the first weight, or, where
// the spec does not begin with one, with pods that stay until there is one.
func (e *export) argoSteps(matches []route.Match) (list *yaml.Node, managed []*yaml.Node) {
	list = node.Seq()
	add := func(n *yaml.Node) { list.Content = append(list.Content, n) }
	seen := map[string]bool{}
	manage := func(name string) {
		if !seen[name] {
			seen[name] = true
			managed = append(managed, node.Map(node.String("name"), node.String(name)))
		}
	}
	set := func() {
		for i, m := range matches {
			name := fmt.Sprintf("match-%d", i+1)
			manage(name)
			add(node.Map(node.String("setHeaderRoute"), node.Map(node.String("name"), node.String(name), node.String("match"), node.Seq(argoHeader(*m.Header)))))
		}
		matches = nil
	}
	source := items(e.source, stepsField)
	if len(matches) > 0 && e.spec.Spec.Steps[0].SetWeight == nil {
		add(node.Map(node.String("setCanaryScale"), node.Map(node.String("replicas"), node.Int(max(e.spec.Spec.MinPods, 1)))))
		set()
	}
	for i, s := range e.spec.Spec.Steps {
		step := node.Copy(source[i])
		if s.Name != "" {
			e.lose(fmt.Sprintf("spec.steps[%d].name", i), s.Name, "steps have no names")
			node.Clear(step, "name")
		}
		if s.SetHeaderRoute != nil {
			manage(s.SetHeaderRoute.Name)
			if e.spec.RouteSpec().Router == route.IngressNginx {
				e.lose(fmt.Sprintf("spec.steps[%d].setHeaderRoute", i), s.SetHeaderRoute.Name, "Argo Rollouts sets no header routes with this router")
				continue
			}
		}
		add(step)
		if s.SetWeight != nil {
			set()
		}
	}
	if e.spec.RouteSpec().Router == route.IngressNginx {
		managed = nil
	}
	return list, managed
}

// argoHeader is a header rule as a step has it.
func argoHeader(h route.Header) *yaml.Node {
	value := node.Map(node.String("exact"), node.String("always"))
	if h.Value != "" {
		value = node.Map(node.String("exact"), node.String(h.Value))
	}
	if h.Pattern != "" {
		value = node.Map(node.String("regex"), node.String(h.Pattern))
	}
	return node.Map(node.String("headerName"), node.String(h.Name), node.String("headerValue"), value)
}

// never lists what neither format has.
func (e *export) never() {
	s := e.spec.Spec
	if replicas := node.Get(e.source, "replicas"); replicas != nil && node.Get(e.source, "base") != nil {
		e.lose("spec.replicas", replicas.Value, "the autoscaler alone says how many pods there are")
	}
	if settle := node.Get(e.source, "settle"); settle != nil {
		e.lose("spec.settle", settle.Value, "nothing waits for a commit to be applied")
	}
	if node.Get(e.source, "output", "path") != nil {
		e.lose("spec.output.path", s.Output.Path, "nothing is written to git")
	}
	if own := s.Output.Names.Canary.Deployment; node.Get(e.source, "output", "names", "canary", "deployment") != nil {
		e.lose("spec.output.names.canary.deployment", own, "the canary has no Deployment of its own")
	}
	if s.Stable != nil {
		e.lose("spec.stable", "", "what runs is in the cluster")
	}
}

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
	if len(ports) > 1 {
		e.losses = append(e.losses, Field{Object: "Service/" + e.serviceName(), Field: "spec.ports", Outcome: Lost, Note: "Flagger's Service has one port, or with portDiscovery those of the pods"})
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
		for _, m := range items(rule, "matches") {
			kind := map[string]string{"PathPrefix": "prefix", "Exact": "exact"}[node.Text(m, "path", "type")]
			if kind == "" || len(keys(m)) > 1 {
				e.lose(field+".matches", inLine(m), "Flagger's paths are exact or prefixes, and for every request")
				continue
			}
			matches.Content = append(matches.Content, node.Map(node.String("uri"), node.Map(node.String(kind), node.String(node.Text(m, "path", "value")))))
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
	manual   int // that somebody has to promote
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
		if st.Hold.Manual {
			t.manual++
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
	if t.manual > 0 {
		e.lose("spec.steps", fmt.Sprintf("%d pauses until somebody promotes", t.manual), "Flagger asks a webhook: add one of type confirm-traffic-increase, or confirm-promotion for the last")
	}
	e.flaggerSteps()
	return n
}

// flaggerSteps lists the steps that Flagger has none of.
func (e *export) flaggerSteps() {
	for i, s := range e.spec.Spec.Steps {
		at := fmt.Sprintf("spec.steps[%d]", i)
		switch {
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

// flaggerMatch are the matches of a route as an A/B test's.
func (e *export) flaggerMatch() *yaml.Node {
	if len(e.spec.RouteSpec().Match) == 0 {
		return nil
	}
	list := node.Seq()
	for _, m := range e.spec.RouteSpec().Match {
		name, value := "", node.Map()
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

// putBack gives back what an import of this very format has kept. Steps that were edited since are the spec's.
func (e *export) putBack(source, main *yaml.Node) {
	text := node.Get(source, "metadata", "annotations", keptPrefix+e.as)
	if text == nil {
		return
	}
	kept, err := node.Parse([]byte(text.Value))
	if err != nil {
		e.lose("metadata.annotations", keptPrefix+e.as, "it is no YAML")
		return
	}
	e.takeBack(main, kept)
	if nginx := node.Get(main, "spec", "strategy", "canary", "trafficRouting", "nginx"); nginx != nil && node.Get(nginx, "stableIngresses") != nil {
		node.Clear(nginx, "stableIngress") // one of the two
	}
}

// leave keeps on the object what of the spec has no equal, for an import of it.
func (e *export) leave(main *yaml.Node) error {
	if len(e.losses) == 0 {
		return nil
	}
	kept := node.Map(node.String(of), node.String(rampDigest(main, e.as)))
	fields := [][]string{{"minPods"}, {"canaryScale"}, {"dynamicStableScale"}, {"canaryMetadata"}, {"stableMetadata"}, {stepsField}, {"settle"}, {"output", "path"}, {"output", "names", "canary"}}
	if node.Get(e.source, "base") != nil {
		fields = append(fields, []string{"replicas"})
	}
	for _, field := range fields {
		if n := node.Get(e.source, field...); n != nil {
			node.Set(kept, node.Copy(n), append([]string{"spec"}, field...)...)
		}
	}
	r := node.Get(e.source, "route")
	if r == nil {
		r = node.Get(e.source, "routes", "0")
	}
	for _, field := range []string{"match", "weightTotal"} {
		if n := node.Get(r, field); n != nil {
			node.Set(kept, node.Copy(n), "spec", "route", field)
		}
	}
	text, err := note(kept)
	if err == nil {
		node.Set(main, text, "metadata", "annotations", keptCanary)
	}
	return err
}

// objects are the export in apply order.
func (e *export) objects(main *yaml.Node) []*yaml.Node {
	if e.as == flaggerFormat { // makes the Services and the HTTPRoute itself
		list := append(e.others, e.deployment)
		if e.spec.RouteSpec().Router == route.IngressNginx {
			list = append(list, e.route)
		}
		return append(list, main)
	}
	canary := node.Copy(e.service)
	node.Set(canary, node.String(e.names().Canary.Service), "metadata", "name")
	return append(e.others, e.service, canary, e.route, main)
}
