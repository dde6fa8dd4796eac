package render

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/gitramp/gitramp/render/internal/node"
	"github.com/gitramp/gitramp/render/route"
)

// NothingNew says whether spec.stable is what the spec asks for: an error where there is no tree yet.
func (c *Canary) NothingNew() bool {
	return c.Spec.Stable != nil && c.revisionName(c.Spec.Stable.Images) == c.revisionName(c.Spec.Images)
}

// Warnings are what a valid spec says that is seldom meant.
func (c *Canary) Warnings() []string {
	var ws []string
	add := func(field, text string) {
		n := c.source.find(field)
		ws = append(ws, fmt.Sprintf("%s:%d:%d: %s: warning: %s", c.source.file, n.Line, n.Column, field, text))
	}
	if ns := c.Metadata.Namespace; strings.HasPrefix(ns, "kube-") {
		add("metadata.namespace", ns+" is a namespace of Kubernetes itself")
	}
	if c.base != nil {
		for _, past := range c.base.pastCanary() {
			add("spec.base", past+", which finds prod's pods alone: what it sends goes past the canary")
		}
		for _, o := range c.base.sharedBudgets() {
			add("spec.base", node.Title(o)+" counts the pods of both tracks together, while there is a canary: it selects by labels that both have, and none of them is "+c.base.key)
		}
		for _, named := range c.base.namedByRoles() {
			add("spec.base", named+", whose name changes with what it says: while both revisions run, it names prod's alone, and with the annotation "+changesAt+": prepare the canary's alone")
		}
	}
	for _, i := range c.Spec.Images {
		name := i.Image[strings.LastIndex(i.Image, "/")+1:]
		if !strings.Contains(name, ":") && !strings.Contains(name, "@") || strings.HasSuffix(name, ":latest") {
			field := "spec.image"
			if c.Spec.Image == "" {
				field = "spec.images." + i.Container
			}
			add(field, "the tag latest can become another image without a commit: name a version or a digest")
		}
	}
	return ws
}

// sharedBudgets are the PodDisruptionBudgets that find the pods of both tracks: a pod may have one alone (kubernetes pkg/registry/core/pod/storage/eviction.go), so
// that the canary gets none of its own, and its pods stand in for prod's.
func (b *base) sharedBudgets() (list []*yaml.Node) {
	for _, o := range b.others {
		if node.Text(o, "kind") == "PodDisruptionBudget" && !b.hasTwin(o) && selects(textsAt(o, "spec", "selector", "matchLabels"), textsAt(b.deployment, "spec", "template", "metadata", "labels")) {
			list = append(list, o)
		}
	}
	return list
}

// namedByRoles are the Roles that name generated config of the pods: there are two of it while both revisions run, and a Role is there once.
func (b *base) namedByRoles() (list []string) {
	for _, o := range b.others {
		for _, config := range b.config {
			if name := configOf(config).name; group(o) == "rbac.authorization.k8s.io" && generated.MatchString(name) && refersTo(o, configOf(config)) {
				list = append(list, node.Title(o)+" names "+node.Title(config))
			}
		}
	}
	return list
}

// pastCanary are the routes that lead to prod's pods by another Service, which the spec has not named.
func (b *base) pastCanary() (list []string) {
	for _, r := range b.others {
		for _, s := range b.others {
			if route.ByKind(node.Text(r, "kind")) != "" && node.Text(s, "kind") == "Service" && route.SendsTo(r, node.Text(s, "metadata", "name")) &&
				selects(textsAt(s, "spec", "selector"), textsAt(b.deployment, "spec", "template", "metadata", "labels")) && selectorsWith(s, b.key, b.value()) > 0 {
				list = append(list, node.Title(r)+" sends to "+node.Title(s))
			}
		}
	}
	return list
}
