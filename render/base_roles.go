package render

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/gitramp/gitramp/render/internal/node"
	"github.com/gitramp/gitramp/render/route"
)

// pick is the one object that plays a part: the one that the spec names, else the only one there is.
func (b *baseReader) pick(part, field, name string, candidates []*yaml.Node) *yaml.Node {
	var names []string
	for _, o := range candidates {
		if names = append(names, node.Title(o)); node.Text(o, "metadata", "name") == name {
			return o
		}
	}
	switch {
	case name != "":
		b.errs = append(b.errs, b.c.Wrong(field, name, "value "+excerpt(name)+" is no "+part+" of the base", orNone(names)))
	case len(candidates) == 1:
		return candidates[0]
	case len(candidates) > 1:
		b.wrong(nil, "", fmt.Sprintf("has %d objects that could be the %s: %s", len(candidates), part, strings.Join(names, ", ")), "one, or its name in "+field)
	}
	return nil
}

func orNone(names []string) string {
	if len(names) == 0 {
		return "none: the base has none"
	}
	return strings.Join(names, ", ")
}

func (b *baseReader) kind(kinds ...string) (list []*yaml.Node) {
	for _, o := range b.objs {
		if slices.Contains(kinds, node.Text(o, "kind")) {
			list = append(list, o)
		}
	}
	return list
}

func (b *baseReader) findDeployment() {
	list := b.kind("Deployment")
	b.deployment = b.pick("Deployment", "spec.output.names.prod.deployment", b.c.Spec.Output.Names.Prod.Deployment, list)
	if b.deployment == nil && b.errs == nil {
		b.wrong(nil, "", "has no Deployment", "a kustomization with the app's Deployment, its Service and its route")
		return
	}
	if b.errs == nil && len(textsAt(b.deployment, "spec", "selector", "matchLabels")) == 0 {
		b.wrong(b.deployment, "spec.selector.matchLabels", "is missing", "labels by which the pods are found")
	}
}

// textsAt are the scalars of a mapping.
func textsAt(n *yaml.Node, path ...string) map[string]string {
	m := map[string]string{}
	if at := node.Get(n, path...); at != nil && at.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(at.Content); i += 2 {
			m[at.Content[i].Value] = at.Content[i+1].Value
		}
	}
	return m
}

// selects says whether labels have all of a selector's.
func selects(selector, labels map[string]string) bool {
	for k, v := range selector {
		if labels[k] != v {
			return false
		}
	}
	return len(selector) > 0
}

func (b *baseReader) podLabels() map[string]string {
	return textsAt(b.deployment, "spec", "template", "metadata", "labels")
}

// findService: the one that finds the Deployment's pods; of several the one that a route sends to.
func (b *baseReader) findService() {
	var list, routed []*yaml.Node
	for _, s := range b.kind("Service") {
		if selects(textsAt(s, "spec", "selector"), b.podLabels()) {
			list = append(list, s)
		}
	}
	for _, s := range list {
		if slices.ContainsFunc(b.objs, func(o *yaml.Node) bool {
			return route.ByKind(node.Text(o, "kind")) != "" && route.SendsTo(o, node.Text(s, "metadata", "name"))
		}) {
			routed = append(routed, s)
		}
	}
	if len(routed) > 0 && b.c.Spec.Output.Names.Prod.Service == "" {
		list = routed
	}
	b.service = b.pick("Service", "spec.output.names.prod.service", b.c.Spec.Output.Names.Prod.Service, list)
	if b.service == nil && b.errs == nil {
		b.wrong(b.deployment, "", "has no Service: none selects its pods", "a Service whose spec.selector picks labels of the pods")
	}
}

// findRoute: whatever sends to prod's Service has to be the one route, or requests would come past the canary.
func (b *baseReader) findRoute() {
	var list []*yaml.Node
	for _, o := range b.objs {
		if route.ByKind(node.Text(o, "kind")) != "" && route.SendsTo(o, node.Text(b.service, "metadata", "name")) {
			list = append(list, o)
		}
	}
	if len(list) > 1 {
		var names []string
		for _, o := range list {
			names = append(names, node.Title(o))
		}
		b.wrong(b.service, "", "gets requests from "+strings.Join(names, " and "), "one route, with the rules of all of them: what another one sends would go past the canary")
		return
	}
	given := b.c.Spec.Routes[0].Hosts != nil || b.c.Spec.Routes[0].OfMesh()
	b.route = b.pick("route", "spec.output.names.prod.route", b.c.Spec.Output.Names.Prod.Route, list)
	switch {
	case b.errs != nil:
	case b.route != nil && given:
		b.errs = append(b.errs, b.c.Wrong(b.c.RouteField(), "", "is given beside "+node.Title(b.route)+" of the base", "match, weightTotal and router alone: where requests come in is what the base says"))
	case b.route == nil && !given:
		b.wrong(b.service, "", "gets requests from no route", route.Kinds+" in the base that sends to it, or spec.route with a host")
	}
}

// findScaler: the HorizontalPodAutoscaler or KEDA ScaledObject that owns the Deployment's replicas.
func (b *baseReader) findScaler() {
	var list []*yaml.Node
	for _, o := range b.kind(hpa, scaledObject) {
		if targets(o, b.deployment) {
			list = append(list, o)
		}
	}
	b.scaler = b.pick("autoscaler", "spec.output.names.prod.autoscaler", b.c.Spec.Output.Names.Prod.Autoscaler, list)
}

// sort finds what the pods refer to; the rest is whatever else the user has.
func (b *baseReader) sort() {
	refs := configRefs(b.deployment)
	for _, o := range b.objs {
		switch {
		case o == b.deployment, o == b.service, o == b.route, o == b.scaler:
		case isConfig(o) && slices.Contains(refs, configOf(o)) && sameNamespace(o, b.deployment):
			b.config = append(b.config, o)
		default:
			b.others = append(b.others, o)
		}
	}
}

func sameNamespace(a, b *yaml.Node) bool {
	return node.Text(a, "metadata", "namespace") == node.Text(b, "metadata", "namespace")
}

// findKey: the label that both the Deployment and the Service select by, and that fewest other selectors of the base use. Changed on the canary's pods it keeps
// each Service off the other's pods, while prod's selectors, which can never change, stay as they are. Selectors of other files in the repository are not counted:
// what an app renders would depend on files of others, and the same commit of its base would be another tree tomorrow.
func (b *baseReader) findKey() {
	best := -1
	service, labels := textsAt(b.service, "spec", "selector"), b.podLabels()
	for _, key := range keysOf(node.Get(b.deployment, "spec", "selector", "matchLabels")) {
		if service[key] != labels[key] || labels[key] == "" || b.expressed(key) {
			continue
		}
		used := 0
		for _, o := range b.others {
			used += selectorsWith(o, key, labels[key])
		}
		if best < 0 || used < best {
			b.key, best = key, used
		}
	}
	if b.key == "" {
		b.wrong(b.service, "spec.selector", "has no label in common with spec.selector.matchLabels of "+node.Title(b.deployment),
			"a label of the pods that both select by: changed on the canary's pods it tells the two tracks apart")
	} else if value := labels[b.key] + "-canary"; len(value) > 63 {
		b.wrong(b.deployment, "", "has the label "+b.key+": "+labels[b.key]+", which with the suffix -canary is too long", "at most 56 characters")
	}
}

// expressed says whether an expression of the Deployment's selector is about a label.
func (b *baseReader) expressed(key string) bool {
	expressions := node.Get(b.deployment, "spec", "selector", "matchExpressions")
	return expressions != nil && slices.ContainsFunc(expressions.Content, func(e *yaml.Node) bool { return node.Text(e, "key") == key })
}

// selectorsWith counts the selectors of an object that ask for a label.
func selectorsWith(n *yaml.Node, key, value string) (count int) {
	eachSelector(n, func(labels *yaml.Node) {
		if node.Text(labels, key) == value {
			count++
		}
	})
	eachValue(n, key, func(v *yaml.Node) {
		if v.Value == value {
			count++
		}
	})
	return count
}

// eachValue visits the values that the expressions of an object allow a label: `{key: app, operator: In, values: [shop]}`.
func eachValue(n *yaml.Node, key string, visit func(value *yaml.Node)) {
	if values := node.Get(n, "values"); values != nil && node.Text(n, "key") == key && node.Text(n, "operator") == "In" {
		for _, v := range values.Content {
			visit(v)
		}
	}
	for _, child := range n.Content {
		eachValue(child, key, visit)
	}
}

// eachSelector visits the label selectors of an object, as the mappings of labels that they ask for.
func eachSelector(n *yaml.Node, visit func(labels *yaml.Node)) {
	if n.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(n.Content); i += 2 {
			key, value := n.Content[i].Value, n.Content[i+1]
			if value.Kind == yaml.MappingNode && (key == "matchLabels" || key == "selector" && node.Get(value, "matchLabels") == nil && node.Get(value, "matchExpressions") == nil) {
				visit(value)
			}
		}
	}
	for _, child := range n.Content {
		eachSelector(child, visit)
	}
}
