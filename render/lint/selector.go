package lint

import (
	"slices"

	"go.yaml.in/yaml/v3"
)

// selector is a LabelSelector, or the plain map of a Service.
type selector struct {
	match       map[string]string
	expressions []*yaml.Node
}

// labelSelector reads a LabelSelector; ok is false where there is none. An empty one selects everything.
func labelSelector(n *yaml.Node, path ...string) (s selector, ok bool) {
	at := get(n, path...)
	if at == nil || at.Kind != yaml.MappingNode {
		return s, false
	}
	return selector{pairs(at, "matchLabels"), list(at, "matchExpressions")}, true
}

func (s selector) selects(labels map[string]string) bool {
	for key, value := range s.match {
		if got, ok := labels[key]; !ok || got != value {
			return false
		}
	}
	return !slices.ContainsFunc(s.expressions, func(e *yaml.Node) bool { return !satisfied(e, labels) })
}

// satisfied: an operator that is not known selects nothing, as the API server would not take it.
func satisfied(e *yaml.Node, labels map[string]string) bool {
	value, ok := labels[text(e, "key")]
	in := slices.ContainsFunc(list(e, "values"), func(v *yaml.Node) bool { return v.Value == value })
	switch text(e, "operator") {
	case "In":
		return ok && in
	case "NotIn":
		return !ok || !in
	case "Exists":
		return ok
	case "DoesNotExist":
		return !ok
	}
	return false
}

// selectsAny says whether any of some workloads' pods are selected.
func (s selector) selectsAny(pods []*object) bool {
	return slices.ContainsFunc(pods, func(o *object) bool { return s.selects(o.podLabels()) })
}

func (o *object) podLabels() map[string]string {
	if o.labels != nil {
		return o.labels
	}
	return pairs(o.node, "spec", "template", "metadata", "labels")
}

// selected are the workloads whose pods a Service selects.
func (r *repo) selected(service *object) []*object {
	if service == nil {
		return nil
	}
	s := selector{match: pairs(service.node, "spec", "selector")}
	if len(s.match) == 0 {
		return nil // its endpoints are somebody else's
	}
	var found []*object
	for _, kind := range []string{"Deployment", "StatefulSet", "DaemonSet", "Rollout"} {
		for _, w := range r.byKind[kind] {
			if w.namespace == service.namespace && s.selects(w.podLabels()) && r.sees(service, w) {
				found = append(found, w)
			}
		}
	}
	return found
}

// named is the object of a kind, namespace and name that o would find in its cluster.
func (r *repo) named(o *object, kind, namespace, name string) *object {
	for _, other := range r.byKind[kind] {
		if other.namespace == namespace && other.name == name && r.sees(o, other) {
			return other
		}
	}
	return nil
}
