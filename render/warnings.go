package render

import (
	"fmt"
	"strings"
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
