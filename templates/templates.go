// Package templates holds the Kubernetes objects that gitramp fills in for a spec without a base.
//
// Every file is valid Kubernetes YAML as it lies: fields are set on its nodes, text is never spliced in. A folder is a template set. The set that an
// app was made with is pinned in its lock, so a set that has been released is never edited: a better one gets a folder of its own, and nobody's pods
// roll because gitramp was upgraded.
//
// The package refuses to do anything: it only embeds.
package templates

import "embed"

// FS holds <set>/<kind>.yaml.
//
//go:embed */*.yaml
var FS embed.FS

const (
	// Production is the newest set for `defaults: production`: readiness probe, preStop sleep, no unavailable pod while rolling, the
	// recommended labels.
	Production = "v1"
	// None is the set for `defaults: none`: nothing that the spec does not ask for.
	None = "none"
)
