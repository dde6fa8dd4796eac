package lint

import (
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/gitramp/gitramp/render/route"
)

// tracks: prod and canary are told apart by their Services' selectors, and prod stays up.
func (r *repo) tracks() {
	for _, c := range r.canaries {
		for _, w := range c.prodPods {
			if slices.Contains(c.canaryPods, w) {
				r.overlap(c, w)
			}
		}
		r.adoptions(c)
		if c.router == byRollout {
			continue
		}
		for _, w := range c.prodPods {
			if w.text("spec", "replicas") == "0" {
				r.found("GR208", w, w.at("spec", "replicas"), "has no pods, and %s sends its requests to Service %s in front of it", c.route, c.prod)
			}
		}
	}
}

func (r *repo) overlap(c *canary, w *object) {
	if c.router == byRollout && w == c.route {
		r.found("GR209", c.canaryService, c.canaryService.at("spec", "selector"), "selects the same pods as %s: Argo Rollouts tells them apart while it runs, and nothing does without it", c.prodService)
		return
	}
	wrong, other := c.canaryService, "prod's"
	if w.looksTried() || len(c.prodPods) > len(c.canaryPods) {
		wrong, other = c.prodService, "the canary's"
	}
	r.found("GR201", wrong, wrong.at("spec", "selector"), "also selects %s pods (%s)", other, w)
}

// adoptions: a workload whose own selector has the pods of the other track.
func (r *repo) adoptions(c *canary) {
	for _, w := range c.prodPods {
		for _, tried := range c.canaryPods {
			if w == tried || w.id() == tried.id() {
				continue
			}
			for _, pair := range [][2]*object{{tried, w}, {w, tried}} {
				s, ok := labelSelector(pair[0].node, "spec", "selector")
				if ok && s.selects(pair[1].podLabels()) && pair[0].labels == nil { // not one that is yet to be made
					r.found("GR211", pair[0], pair[0].at("spec", "selector"), "also selects the pods of %s", pair[1])
				}
			}
		}
	}
}

// workloads are those of all canaries, each once, with the canary.
func (r *repo) workloads(visit func(*canary, *object)) {
	seen := map[*object]bool{}
	for _, c := range r.canaries {
		for _, w := range slices.Concat(c.prodPods, c.canaryPods) {
			if !seen[w] && w.labels == nil {
				seen[w] = true
				visit(c, w)
			}
		}
	}
}

// pods looks at how the pods of a canary come and go.
func (r *repo) pods() {
	r.workloads(func(c *canary, w *object) {
		r.strategy(w)
		containers := w.list("spec", "template", "spec", "containers")
		if len(containers) == 0 {
			return // a Rollout may refer to the template of a Deployment
		}
		probed := slices.ContainsFunc(containers, func(c *yaml.Node) bool { return get(c, "readinessProbe") != nil })
		if !probed {
			r.found("GR205", w, w.at("spec", "template", "spec", "containers"), "no container has a readinessProbe")
		}
		r.preStop(c, w, containers)
		for _, container := range containers {
			r.image(w, container)
		}
	})
}

// strategy: maxUnavailable rounds down and is 25% by default, maxSurge is not looked at (k8s.io/api apps/v1 RollingUpdateDeployment).
func (r *repo) strategy(w *object) {
	if w.kind != "Deployment" {
		return
	}
	if w.text("spec", "strategy", "type") == "Recreate" {
		r.found("GR204", w, w.at("spec", "strategy", "type"), "strategy Recreate takes all pods away before the new ones start")
		return
	}
	replicas := number(w.node, 1, "spec", "replicas")
	value := w.text("spec", "strategy", "rollingUpdate", "maxUnavailable")
	unavailable, err := strconv.Atoi(value)
	if percent, ok := strings.CutSuffix(value, "%"); ok {
		share, _ := strconv.Atoi(percent)
		unavailable, err = replicas*share/100, nil
	}
	if err == nil && replicas > 0 && unavailable >= replicas {
		r.found("GR204", w, w.at("spec", "strategy", "rollingUpdate", "maxUnavailable"), "maxUnavailable %s lets all %d pods be taken away at once", value, replicas)
	}
}

var sleeps = regexp.MustCompile(`(?:^|[\s;&/])sleep[ ,"]+([0-9]+)(?:s?(?:$|[\s;&|,"')]))`)

// preStop: one container that sleeps keeps the pod answering; of a hook that does something else nobody can say for how long.
func (r *repo) preStop(c *canary, w *object, containers []*yaml.Node) {
	longest, hooks, counted := 0, 0, 0
	for _, container := range containers {
		hook := get(container, "lifecycle", "preStop")
		if hook == nil {
			continue
		}
		hooks++
		if seconds, ok := sleep(hook); ok {
			counted++
			longest = max(longest, seconds)
		}
	}
	grace := number(w.node, 30, "spec", "template", "spec", "terminationGracePeriodSeconds")
	lag := c.lag()
	switch {
	case hooks == 0:
		r.found("GR206", w, w.at("spec", "template", "spec", "containers"), "no container has a preStop: pods stop at once, and the router sends to them for a few seconds more")
	case grace <= longest:
		r.found("GR206", w, w.at("spec", "template", "spec", "terminationGracePeriodSeconds"), "the grace period of %ds ends before the preStop sleep of %ds does", grace, longest)
	case counted == hooks && longest < lag:
		r.found("GR206", w, w.at("spec", "template", "spec", "containers"), "the preStop sleeps for %ds, and the router may send to the pod for %ds", longest, lag)
	}
}

// lag is for how many seconds a router may send to a pod that is gone.
func (c *canary) lag() int {
	o := c.route
	if c.router == byRollout && len(c.mains) > 0 {
		o = c.mains[0].o
	}
	semantics, err := route.SemanticsOf([]route.Object{{Node: o.node}})
	if err != nil {
		return 0 // a router that nobody has measured
	}
	return semantics.Lag
}

// sleep is for how long a hook does, where that can be told.
func sleep(hook *yaml.Node) (seconds int, ok bool) {
	if get(hook, "sleep", "seconds") != nil {
		return number(hook, 0, "sleep", "seconds"), true
	}
	var words []string
	for _, word := range list(hook, "exec", "command") {
		words = append(words, word.Value)
	}
	m := sleeps.FindStringSubmatch(strings.Join(words, " "))
	if m == nil {
		return 0, false
	}
	seconds, err := strconv.Atoi(m[1])
	return seconds, err == nil
}

// image: a tag can be pushed again, so that a commit says less than it seems to.
func (r *repo) image(w *object, container *yaml.Node) {
	image := text(container, "image")
	if image == "" || strings.Contains(image, "@sha256:") {
		return
	}
	tag := ""
	if i := strings.LastIndexByte(image, ':'); i > strings.LastIndexByte(image, '/') {
		tag = image[i+1:]
	}
	where := at(container, "image")
	if tag == "" || tag == "latest" {
		r.found("GR207", w, where, "image %s has no tag of its own: it is whatever was pushed last", image)
		return
	}
	r.found("GR210", w, where, "image %s has a tag and no digest: a commit does not pin what runs", image)
}

// policies: what guards or watches prod's pods and leaves the canary's out.
func (r *repo) policies() {
	for _, c := range r.canaries {
		if c.router == byRollout || len(c.prodPods) == 0 || len(c.canaryPods) == 0 {
			continue
		}
		for _, kind := range []string{"NetworkPolicy", "PodDisruptionBudget"} {
			field := map[string]string{"NetworkPolicy": "podSelector", "PodDisruptionBudget": "selector"}[kind]
			r.onlyProd(c, kind, field, func(o *object) bool { return o.namespace == c.prodPods[0].namespace })
		}
		r.onlyProd(c, "PodMonitor", "selector", func(o *object) bool { return watches(o, c.prodPods[0].namespace) })
		r.serviceMonitors(c)
		r.peers(c)
	}
}

// onlyProd reports the objects of a kind that select prod's pods, where none of the kind selects the canary's. Policies add up, so that one for both, which
// mostly denies, is none for the canary.
func (r *repo) onlyProd(c *canary, kind, field string, about func(*object) bool) {
	var found []*object
	for _, o := range r.kinds(c.route, kind) {
		s, ok := labelSelector(o.node, "spec", field)
		switch {
		case !ok || !about(o):
		case s.selectsAny(c.canaryPods):
			if kind != "NetworkPolicy" || !s.selectsAny(c.prodPods) {
				return
			}
		case s.selectsAny(c.prodPods):
			found = append(found, o)
		}
	}
	for _, o := range found {
		r.found("GR202", o, o.at("spec", field), "selects the pods of %s and not those of %s", c.prodPods[0], c.canaryPods[0])
	}
}

// watches says whether a monitor of the Prometheus operator looks into a namespace (NamespaceSelector).
func watches(o *object, namespace string) bool {
	names := o.list("spec", "namespaceSelector", "matchNames")
	switch {
	case o.text("spec", "namespaceSelector", "any") == "true":
		return true
	case len(names) == 0:
		return o.namespace == namespace
	}
	return slices.ContainsFunc(names, func(n *yaml.Node) bool { return n.Value == namespace })
}

func (r *repo) serviceMonitors(c *canary) {
	if c.prodService == nil || c.canaryService == nil {
		return
	}
	labels := func(o *object) map[string]string {
		if o.labels != nil {
			return o.labels
		}
		return pairs(o.node, "metadata", "labels")
	}
	var found []*object
	for _, o := range r.kinds(c.route, "ServiceMonitor") {
		s, ok := labelSelector(o.node, "spec", "selector")
		switch {
		case !ok || !watches(o, c.prodService.namespace):
		case s.selects(labels(c.canaryService)):
			return
		case s.selects(labels(c.prodService)):
			found = append(found, o)
		}
	}
	for _, o := range found {
		r.found("GR202", o, o.at("spec", "selector"), "selects %s and not %s", c.prodService, c.canaryService)
	}
}

// peers: a policy of somebody else's that lets prod's pods in, or out to it, by their labels. Policies of the same pods add up, so another one of them may let the
// canary's.
func (r *repo) peers(c *canary) {
	type pass struct{ namespace, pods, way string }
	tried := map[pass]bool{}
	prod := map[*object]map[pass]*yaml.Node{}
	policies := r.kinds(c.route, "NetworkPolicy")
	for _, o := range policies {
		prod[o] = map[pass]*yaml.Node{}
		for _, way := range [][2]string{{"ingress", "from"}, {"egress", "to"}} {
			key := pass{o.namespace, asText(get(o.node, "spec", "podSelector")), way[0]}
			for _, peer := range r.podPeers(c, o, way) {
				s, _ := labelSelector(peer, "podSelector")
				tried[key] = tried[key] || s.selectsAny(c.canaryPods)
				if s.selectsAny(c.prodPods) && prod[o][key] == nil {
					prod[o][key] = peer
				}
			}
		}
	}
	for _, o := range policies {
		for _, way := range []string{"ingress", "egress"} {
			key := pass{o.namespace, asText(get(o.node, "spec", "podSelector")), way}
			if peer := prod[o][key]; peer != nil && !tried[key] {
				r.found("GR202", o, at(peer, "podSelector"), "lets the pods of %s pass (%s) and not those of %s", c.prodPods[0], way, c.canaryPods[0])
			}
		}
	}
}

// podPeers are the peers of a policy that are pods of the canary's namespace.
func (r *repo) podPeers(c *canary, o *object, way [2]string) (peers []*yaml.Node) {
	for _, rule := range o.list("spec", way[0]) {
		for _, peer := range list(rule, way[1]) {
			if _, ok := labelSelector(peer, "podSelector"); ok && (get(peer, "namespaceSelector") != nil || o.namespace == c.prodPods[0].namespace) {
				peers = append(peers, peer)
			}
		}
	}
	return peers
}

// asText is what a node says, whatever its order: JSON has sorted keys.
func asText(n *yaml.Node) string {
	var v any
	if n == nil || n.Decode(&v) != nil {
		return ""
	}
	text, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(text)
}

// autoscalers: who writes replicas when an autoscaler does too.
func (r *repo) autoscalers() {
	r.workloads(func(_ *canary, w *object) {
		if !w.has("spec", "replicas") {
			return
		}
		for _, o := range r.kinds(w, "HorizontalPodAutoscaler", "ScaledObject") {
			kind := o.text("spec", "scaleTargetRef", "kind")
			if kind == "" {
				kind = "Deployment" // of a ScaledObject (kedacore/keda)
			}
			if o.namespace == w.namespace && kind == w.kind && o.text("spec", "scaleTargetRef", "name") == w.name {
				r.found("GR203", o, o.at("spec", "scaleTargetRef"), "scales %s, whose manifest (%s) has replicas: every sync sets it back", w, w.file.Name)
			}
		}
	})
}
