package convert

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/gitramp/gitramp/render"
	"github.com/gitramp/gitramp/render/internal/node"
	"github.com/gitramp/gitramp/render/route"
)

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
