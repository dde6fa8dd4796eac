package render

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/gitramp/gitramp/render/internal/node"
)

// check refuses what cannot be ramped, whatever the steps are.
func (b *baseReader) check() {
	if namespace := node.Text(b.deployment, "metadata", "namespace"); namespace != b.c.Metadata.Namespace {
		b.errs = append(b.errs, b.c.Wrong("metadata.namespace", b.c.Metadata.Namespace, fmt.Sprintf("value %s is invalid, for %s of the base is in namespace %s",
			excerpt(b.c.Metadata.Namespace), node.Title(b.deployment), excerpt(namespace)), "the same in both (kustomization.yaml: namespace)"))
	}
	if node.Text(b.deployment, "spec", "strategy", "type") == "Recreate" {
		b.wrong(b.deployment, "spec.strategy.type", `"Recreate" takes all pods away before new ones start`, "RollingUpdate")
	}
	if away := node.Text(b.deployment, "spec", "strategy", "rollingUpdate", "maxUnavailable"); unavailable(away, b.c.Spec.Replicas) >= b.c.Spec.Replicas {
		b.wrong(b.deployment, "spec.strategy.rollingUpdate.maxUnavailable", excerpt(away)+fmt.Sprintf(" of %s takes all of them away", pods(b.c.Spec.Replicas)), "less than replicas, best 0")
	}
	if !selects(textsAt(b.deployment, "spec", "selector", "matchLabels"), b.podLabels()) {
		b.wrong(b.deployment, "spec.selector", "does not find the Deployment's own pods", "labels of spec.template")
	}
	for _, track := range []struct {
		field string
		m     *PodMetadata
	}{{"spec.canaryMetadata.labels", b.c.Spec.CanaryMetadata}, {"spec.stableMetadata.labels", b.c.Spec.StableMetadata}} {
		for _, key := range sortedKeys(textsAt(b.deployment, "spec", "selector", "matchLabels")) {
			if track.m != nil && track.m.Labels[key] != "" {
				b.errs = append(b.errs, b.c.Wrong(track.field, key, "value "+excerpt(key)+" is a label that "+node.Title(b.deployment)+" selects by", "any other label"))
			}
		}
	}
	b.checkVolumes()
	b.checkTaken()
	for _, o := range b.config {
		if name := node.Text(o, "metadata", "name"); len(name) > 253-hashed {
			b.wrong(o, "metadata.name", "with a hash of its content behind it is too long", fmt.Sprintf("at most %d characters", 253-hashed))
		}
	}
	v := &validator{decoder: &decoder{source: b.c.source}, c: b.c}
	if s := &b.c.Spec; s.MinPods > s.Replicas {
		v.wrong("spec.minPods", fmt.Sprint(s.MinPods), "", fmt.Sprintf("1 to the replicas of %s, which are %d", node.Title(b.deployment), s.Replicas))
	}
	v.ramp()
	b.errs = append(b.errs, v.errs...)
}

// checkTaken: what is the user's own must not have the name that an object of the canary's gets, and that must not be too long.
func (b *baseReader) checkTaken() {
	names := b.c.Spec.Output.Names.Canary
	own := map[*yaml.Node]string{b.deployment: names.Deployment, b.service: names.Service, b.route: names.Route, b.scaler: names.Autoscaler}
	for _, o := range b.objs {
		name := own[o]
		if name == "" && b.hasTwin(o) {
			name = node.Text(o, "metadata", "name") + "-canary"
		}
		if name == "" {
			continue
		}
		longest := 253
		if node.Text(o, "kind") == "Service" {
			longest = 63
		}
		if len(name) > longest {
			b.wrong(o, "metadata.name", "with the suffix of the canary's, "+name+", is too long", fmt.Sprintf("at most %d characters", longest-len("-canary")))
		}
		twin := node.Copy(o)
		node.Set(twin, node.String(name), "metadata", "name")
		if i := slices.IndexFunc(b.objs, func(other *yaml.Node) bool { return node.ID(other) == node.ID(twin) }); i >= 0 {
			b.wrong(b.objs[i], "", "has the name that the canary's "+node.Title(o)+" gets", "another name")
		}
	}
}

// unavailable is maxUnavailable in pods: percents are rounded down (Kubernetes, ResolveFenceposts); nothing said is a quarter.
func unavailable(text string, replicas int) int {
	percent, isPercent := strings.CutSuffix(text, "%")
	n, _ := strconv.Atoi(percent)
	if isPercent {
		return n * replicas / 100
	}
	return n
}

// checkVolumes: a volume that one node or pod has alone keeps the canary's pods from starting, or tears it from prod's.
func (b *baseReader) checkVolumes() {
	volumes := node.Get(b.deployment, "spec", "template", "spec", "volumes")
	if volumes == nil {
		return
	}
	for _, v := range volumes.Content {
		claim := node.Text(v, "persistentVolumeClaim", "claimName")
		for _, o := range b.kind("PersistentVolumeClaim") {
			modes := node.Get(o, "spec", "accessModes")
			if node.Text(o, "metadata", "name") != claim || modes == nil || slices.ContainsFunc(modes.Content, func(m *yaml.Node) bool { return strings.HasSuffix(m.Value, "Many") }) {
				continue
			}
			b.wrong(o, "spec.accessModes", "lets one node or pod alone use the volume, and both tracks would need it", "ReadWriteMany or ReadOnlyMany, or an app without the volume")
		}
	}
}
