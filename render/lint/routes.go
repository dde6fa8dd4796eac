package lint

import (
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/gitramp/gitramp/render"
)

// canary is one pair of prod and canary that requests are split between.
type canary struct {
	route                *object // that splits: the canary's Ingress, a HTTPRoute or GRPCRoute, an Argo Rollout
	router               string
	mains                []location // of an Ingress: those that the canary belongs to
	prod, canary         string     // names of the Services
	prodService          *object    // nil where it is not in the repository
	canaryService        *object
	prodPods, canaryPods []*object // workloads
}

const (
	byNginx   = "ingress-nginx"
	byGateway = "gateway-api"
	byRollout = "Argo Rollouts"
	byGitramp = "gitramp" // between two releases, or before the canary is routed
)

// location is a path of a host in an Ingress, with the Service behind it.
type location struct {
	o                    *object
	host, path, pathType string
	service, port        string
	upstream             string // what ingress-nginx knows the backend by (upstreamName in internal/ingress/controller/util.go): the port as it is written
	at                   place
}

func (l location) where() string {
	host := l.host
	if host == "" {
		host = "*"
	}
	return host + l.path
}

func (l location) same(m location) bool {
	return l.host == m.host && l.path == m.path && l.pathType == m.pathType
}

const (
	nginx       = "nginx.ingress.kubernetes.io/"
	legacyClass = "kubernetes.io/ingress.class"
)

// ingress is what is asked of an Ingress again and again.
type ingress struct {
	class         string
	meant, canary bool // meant as a canary, and one for the controller
	locations     []location
}

func (o *object) ingress() *ingress {
	if o.read != nil {
		return o.read
	}
	o.read = &ingress{class: o.text("spec", "ingressClassName"), locations: readLocations(o)}
	if o.read.class == "" {
		o.read.class = o.annotation(legacyClass)
	}
	for key, value := range pairs(o.node, "metadata", "annotations") {
		if strings.HasPrefix(key, nginx+"canary-") || key == nginx+"canary" && value != "false" {
			o.read.meant = true
		}
	}
	o.read.canary, _ = strconv.ParseBool(o.annotation(nginx + "canary")) // as the controller does (internal/ingress/annotations/parser/main.go)
	return o.read
}

// class is the class of an Ingress; the field is looked at first (internal/ingress/controller/ingressclass).
func (o *object) class() string { return o.ingress().class }

// meantAsCanary says whether an Ingress has any of the canary annotations. One with a canary that is switched off, and no other, is plainly none.
func (o *object) meantAsCanary() bool { return o.ingress().meant }

// isCanary says whether the controller takes an Ingress for a canary. Without the flag it is an ordinary one, whatever it was meant to be.
func (o *object) isCanary() bool { return o.ingress().canary }

func locations(o *object) []location { return o.ingress().locations }

// oneController: an Ingress without a class may belong to any.
func oneController(a, b *object) bool {
	return a.class() == b.class() || a.class() == "" || b.class() == ""
}

func readLocations(o *object) []location {
	var found []location
	add := func(host, p, kind string, backend *yaml.Node, at place) {
		service := get(backend, "service")
		l := location{o: o, host: host, path: p, pathType: kind, service: text(service, "name"), port: text(service, "port", "number"), at: at}
		if l.port == "" {
			l.port = text(service, "port", "name")
		}
		if l.service != "" {
			l.upstream = o.namespace + "-" + l.service + "-" + l.port
			found = append(found, l)
		}
	}
	add("", "", "", get(o.node, "spec", "defaultBackend"), o.at("spec", "defaultBackend"))
	for _, rule := range o.list("spec", "rules") {
		for _, p := range list(rule, "http", "paths") {
			add(text(rule, "host"), text(p, "path"), text(p, "pathType"), get(p, "backend"), at(p, "backend", "service", "name"))
		}
	}
	return found
}

// findCanaries finds the pairs in all kinds of routes, and those that gitramp's next release will make.
func (r *repo) findCanaries() {
	r.routedCanaries()
	for _, dir := range slices.Sorted(maps.Keys(r.locks)) {
		r.lockedCanary(dir)
	}
}

func (r *repo) routedCanaries() {
	for _, o := range r.byKind["Ingress"] {
		if o.isCanary() {
			r.ingressCanaries(o)
		}
	}
	for _, kind := range []string{"HTTPRoute", "GRPCRoute"} {
		for _, o := range r.byKind[kind] {
			for _, rule := range o.list("spec", "rules") {
				if prod, tried, ok := r.split(o, rule); ok {
					r.add(&canary{route: o, router: byGateway, prod: prod, canary: tried})
				}
			}
		}
	}
	for _, o := range r.byKind["Rollout"] {
		strategy := get(o.node, "spec", "strategy", "canary")
		if prod, tried := text(strategy, "stableService"), text(strategy, "canaryService"); prod != "" && tried != "" {
			r.add(&canary{route: o, router: byRollout, prod: prod, canary: tried, mains: r.stableLocations(o, strategy, prod)})
		}
	}
}

// lockedCanary is the pair of an app that has no canary in its route now. What it is to be called does not matter, but which labels its pods will have.
func (r *repo) lockedCanary(dir string) {
	if slices.ContainsFunc(r.canaries, func(c *canary) bool { return c.route.dir() == dir }) {
		return
	}
	c := &canary{router: byGitramp}
	for _, o := range r.objects {
		track, _, _ := strings.Cut(path.Base(o.file.Path), "-")
		switch {
		case o.dir() != dir || r.ours(o) == nil:
		case o.kind == "Service" && track == "prod":
			c.prodService, c.prod = o, o.name
		case o.kind == "Service" && track == "canary":
			c.canaryService, c.canary = o, o.name
		case o.kind == "Ingress" || o.kind == "HTTPRoute" || o.kind == "GRPCRoute":
			c.route = o
		case o.kind == "Deployment" && track == "prod":
			c.prodPods = append(c.prodPods, o)
		case o.kind == "Deployment" && track == "canary":
			c.canaryPods = append(c.canaryPods, o)
		}
	}
	if c.route == nil || c.prodService == nil || c.prodPods == nil {
		return
	}
	if c.route.kind == "Ingress" {
		c.mains = slices.DeleteFunc(slices.Clone(locations(c.route)), func(l location) bool { return l.service != c.prod })
	}
	if c.canaryService == nil && r.locks[dir].lock.Templates == render.BaseSet {
		return // by which label its tracks are told apart, and what gets a twin, is decided when a release begins
	}
	if c.canaryService == nil {
		c.canaryService = tracked(c.prodService, "metadata", "labels")
		c.canaryPods = []*object{tracked(c.prodPods[0], "spec", "template", "metadata", "labels")}
	}
	r.canaries = append(r.canaries, c)
}

// tracked is the canary that gitramp will make of an object of prod's: another name, and other labels where it tells tracks apart.
func tracked(prod *object, labels ...string) *object {
	o := *prod
	o.name += "-canary"
	o.labels = pairs(prod.node, labels...)
	o.labels["app"] = o.name
	if o.labels["app.kubernetes.io/component"] != "" {
		o.labels["app.kubernetes.io/component"] = "canary"
	}
	return &o
}

func (r *repo) ingressCanaries(o *object) {
	for _, l := range locations(o) {
		c := &canary{route: o, router: byNginx, canary: l.service}
		if main, _ := r.mainOf(l); main != nil && main.service != l.service {
			c.prod, c.mains = main.service, []location{*main}
		}
		r.add(c)
	}
}

// add notes a pair, once, with the Services and workloads that it leads to.
func (r *repo) add(c *canary) {
	for _, known := range r.canaries {
		if known.route == c.route && known.prod == c.prod && known.canary == c.canary {
			known.mains = append(known.mains, c.mains...)
			return
		}
	}
	ns := c.route.namespace
	if len(c.mains) > 0 {
		c.prodService = r.named(c.route, "Service", c.mains[0].o.namespace, c.prod)
	} else {
		c.prodService = r.named(c.route, "Service", ns, c.prod)
	}
	c.canaryService = r.named(c.route, "Service", ns, c.canary)
	c.prodPods, c.canaryPods = r.selected(c.prodService), r.selected(c.canaryService)
	r.canaries = append(r.canaries, c)
}

// merge says how an ordinary Ingress has the host and path of a canary.
type merge int

const (
	nowhere merge = iota
	otherPathType
	otherClass
	mergedInto
)

// mainOf is the ordinary location that a canary's location belongs to, or the one that comes nearest to it. The controller merges the very same host, path and
// path type (mergeAlternativeBackends in internal/ingress/controller/controller.go), of whatever namespace; of several the one that lies nearest is meant.
func (r *repo) mainOf(l location) (*location, merge) {
	var best *location
	how, near := nowhere, -1
	for _, o := range r.byKind["Ingress"] {
		if o.isCanary() || o == l.o {
			continue
		}
		for _, m := range locations(o) {
			if m.host != l.host || m.path != l.path || !r.sees(l.o, o) {
				continue
			}
			this, closeness := mergedInto, 0
			switch {
			case m.pathType != l.pathType:
				this = otherPathType
			case o.class() != l.o.class():
				this = otherClass
			}
			if o.namespace == l.o.namespace {
				closeness += 2
			}
			if o.dir() == l.o.dir() {
				closeness++
			}
			if this > how || this == how && closeness > near {
				best, how, near = &m, this, closeness
			}
		}
	}
	return best, how
}

// stableLocations are those that Argo Rollouts copies for its canary: of the stable Ingresses, with the stable Service.
func (r *repo) stableLocations(o *object, strategy *yaml.Node, service string) []location {
	names := []string{text(strategy, "trafficRouting", "nginx", "stableIngress")}
	for _, n := range list(strategy, "trafficRouting", "nginx", "stableIngresses") {
		names = append(names, n.Value)
	}
	var found []location
	for _, name := range names {
		if main := r.named(o, "Ingress", o.namespace, name); main != nil {
			found = append(found, slices.DeleteFunc(slices.Clone(locations(main)), func(l location) bool { return l.service != service })...)
		}
	}
	return found
}

// split tells prod from canary in a rule with two Services: by what gitramp wrote, by labels and names, else the first is prod, as tools write it.
func (r *repo) split(o *object, rule *yaml.Node) (prod, tried string, ok bool) {
	var names []string
	for _, ref := range list(rule, "backendRefs") {
		if kind := text(ref, "kind"); (kind == "" || kind == "Service") && !slices.Contains(names, text(ref, "name")) {
			names = append(names, text(ref, "name"))
		}
	}
	if len(names) != 2 {
		return "", "", false
	}
	if r.looksTried(o, names[0]) && !r.looksTried(o, names[1]) {
		return names[1], names[0], true
	}
	return names[0], names[1], true
}

func (r *repo) looksTried(o *object, service string) bool {
	s := r.named(o, "Service", o.namespace, service)
	switch {
	case s == nil:
	case r.ours(s) != nil:
		return strings.HasPrefix(path.Base(s.file.Path), "canary-")
	case s.looksTried():
		return true
	}
	return strings.Contains(service, "canary")
}

// looksTried says whether labels or the name call an object a canary.
func (o *object) looksTried() bool {
	labels := pairs(o.node, "metadata", "labels")
	return strings.Contains(o.name, "canary") || labels["app.kubernetes.io/component"] == "canary" || labels["track"] == "canary"
}
