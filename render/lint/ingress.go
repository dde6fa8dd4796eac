package lint

import (
	"fmt"
	"regexp"
	"strconv"

	"go.yaml.in/yaml/v3"
)

// ingresses looks at what kubernetes/ingress-nginx reads (at v1.15.1, and at what Traefik's provider of the same annotations has taken over).
func (r *repo) ingresses() {
	for _, o := range r.byKind["Ingress"] {
		if !o.meantAsCanary() {
			continue
		}
		r.canaryFlag(o)
		r.weights(o)
		r.headers(o)
		if !o.isCanary() {
			continue
		}
		for _, l := range locations(o) {
			r.merges(l)
			r.previews(l)
		}
	}
	for _, c := range r.canaries {
		r.bothClasses(c)
		r.leaks(c)
		r.secondRoutes(c)
	}
	r.secondCanaries()
}

// note is an annotation of a canary, and its node.
func (o *object) note(key string) (string, *yaml.Node) {
	n := get(o.node, "metadata", "annotations", nginx+key)
	if n == nil {
		return "", nil
	}
	return n.Value, n
}

// quoted: the API server takes only strings in annotations.
func quoted(n *yaml.Node) bool { return n.Tag == "!!str" }

func (r *repo) canaryFlag(o *object) {
	value, n := o.note("canary")
	_, err := strconv.ParseBool(value)
	switch {
	case n == nil:
		r.found("GR106", o, o.at("metadata", "annotations"), "has canary annotations and no canary: \"true\", so it is an ordinary Ingress%s", r.rival(o))
	case err != nil:
		r.found("GR106", o, o.atAnnotation(nginx+"canary"), "canary is %q, which is no boolean, so this is an ordinary Ingress%s", value, r.rival(o))
	case !o.isCanary():
		r.found("GR106", o, o.atAnnotation(nginx+"canary"), "canary is \"false\" and other canary annotations are left, so it is an ordinary Ingress%s", r.rival(o))
	case !quoted(n):
		r.found("GR106", o, o.atAnnotation(nginx+"canary"), "canary: %s is a boolean without quotes, and the API server refuses the object", value)
	}
}

// rival says which ordinary Ingress has a host and path of this one too; "" where none has.
func (r *repo) rival(o *object) string {
	for _, l := range locations(o) {
		if main, how := r.mainOf(l); how == mergedInto {
			return fmt.Sprintf(" for %s, which %s has too", l.where(), main.o)
		}
	}
	return ""
}

var decimal = regexp.MustCompile(`^[0-9]+$`)

func (r *repo) weights(o *object) {
	total := 100
	if value, n := o.note("canary-weight-total"); n != nil {
		if t, err := strconv.Atoi(value); err == nil && t > 100 && quoted(n) {
			total = t
		} else {
			r.found("GR108", o, o.atAnnotation(nginx+"canary-weight-total"), "canary-weight-total is %q, and 100 is what counts", value)
		}
	}
	value, n := o.note("canary-weight")
	at := o.atAnnotation(nginx + "canary-weight")
	switch weight, err := strconv.Atoi(value); {
	case n == nil:
	case !decimal.MatchString(value) || err != nil:
		r.found("GR107", o, at, "canary-weight is %q, which counts as 0", value)
	case !quoted(n):
		r.found("GR107", o, at, "canary-weight: %s is a number without quotes, and the API server refuses the object", value)
	case weight > total:
		r.found("GR107", o, at, "canary-weight is %q, and acts as all of %d", value, total)
	}
}

// headers: what people expect of a header rule, and what of it has no effect.
func (r *repo) headers(o *object) {
	name, _ := o.note("canary-by-header")
	value, _ := o.note("canary-by-header-value")
	pattern, _ := o.note("canary-by-header-pattern")
	switch {
	case name == "" && value != "":
		r.found("GR110", o, o.atAnnotation(nginx+"canary-by-header-value"), "canary-by-header-value has no effect without canary-by-header")
	case name == "" && pattern != "":
		r.found("GR110", o, o.atAnnotation(nginx+"canary-by-header-pattern"), "canary-by-header-pattern has no effect without canary-by-header")
	case value != "" && pattern != "":
		r.found("GR110", o, o.atAnnotation(nginx+"canary-by-header-pattern"), "canary-by-header-pattern has no effect beside canary-by-header-value")
	case name != "" && value == "" && pattern == "" && r.ours(o) == nil: // gitramp's own documents say so
		r.found("GR109", o, o.atAnnotation(nginx+"canary-by-header"), "only %q reaches the canary by this header, and \"never\" prod: with any other value, as \"%s: 1\", the weight decides",
			name+": always", name)
	}
}

// merges: whether the controller finds the ordinary location that a canary is for.
func (r *repo) merges(l location) {
	main, how := r.mainOf(l)
	switch how {
	case nowhere:
		r.found("GR111", l.o, l.at, "no ordinary Ingress has %s, so the canary serves nothing: the controller answers 404", l.where())
	case otherPathType:
		r.found("GR111", l.o, l.at, "%s has pathType %s here and %s in %s: the canary is dropped for every path of Service %s", l.where(), orNone(l.pathType), orNone(main.pathType), main.o, l.service)
	case otherClass:
		r.found("GR104", l.o, l.o.classAt(), "the class is %s here and %s in %s, so one of them is not served", orNone(l.o.class()), orNone(main.o.class()), main.o)
	}
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

func (o *object) classAt() place {
	if o.has("spec", "ingressClassName") {
		return o.at("spec", "ingressClassName")
	}
	if o.annotation(legacyClass) != "" {
		return o.atAnnotation(legacyClass)
	}
	return o.at("spec")
}

// bothClasses: a class that is missing, or given in two ways, holds only by a flag of the controller's.
func (r *repo) bothClasses(c *canary) {
	if c.router != byNginx {
		return
	}
	for _, main := range c.mains {
		a, b := main.o, c.route
		switch {
		case a.class() == "" && b.class() == "":
			r.found("GR105", b, b.classAt(), "neither this Ingress nor %s has a class", a)
		case a.class() != b.class():
		case a.has("spec", "ingressClassName") != b.has("spec", "ingressClassName"):
			r.found("GR105", b, b.classAt(), "the class %s is an annotation in one of this Ingress and %s, and the field ingressClassName in the other", a.class(), a)
		}
	}
	for _, o := range append([]*object{c.route}, objectsOf(c.mains)...) {
		if o.has("spec", "ingressClassName") && o.annotation(legacyClass) != "" {
			r.found("GR105", o, o.atAnnotation(legacyClass), "the class is given twice, and the field ingressClassName is what counts")
		}
	}
}

func objectsOf(ls []location) []*object {
	var found []*object
	for _, l := range ls {
		found = append(found, l.o)
	}
	return found
}

// previews: an ordinary route to the canary's Service takes its upstream away from the canary.
func (r *repo) previews(l location) {
	if main, _ := r.mainOf(l); main != nil && main.upstream == l.upstream && !r.looksTried(l.o, l.service) {
		r.found("GR112", l.o, l.at, "%s leads to %s:%s, which is prod's Service in %s: it is the only version then, and the canary is ignored", l.where(), l.service, l.port, main.o)
		return
	}
	for _, o := range r.byKind["Ingress"] {
		if o.isCanary() || !oneController(o, l.o) {
			continue
		}
		for _, m := range locations(o) {
			switch {
			case m.upstream != l.upstream || !r.sees(l.o, o):
			case m.host == l.host && m.path == l.path:
				r.found("GR112", o, m.at, "%s leads to %s:%s, which is the canary's Service in %s too: it is the only version then, and the canary is ignored", m.where(), m.service, m.port, l.o)
			default:
				r.found("GR102", o, m.at, "%s leads to %s:%s, which is the canary's Service in %s: the canary gets no weight then, or %s is answered 404", m.where(), m.service, m.port, l.o, m.where())
			}
		}
	}
}

// leaks: the canary is attached to prod's upstream, and so to every location that has it.
func (r *repo) leaks(c *canary) {
	for _, main := range c.mains {
		for _, o := range r.byKind["Ingress"] {
			if o.isCanary() || !oneController(o, main.o) {
				continue
			}
			for _, l := range locations(o) {
				if l.upstream == main.upstream && r.sees(main.o, o) && !r.covered(c, l) {
					r.found("GR101", o, l.at, "%s leads to %s:%s as %s does, so a canary there gets its share of these requests too", l.where(), l.service, l.port, main.o)
				}
			}
		}
	}
}

// covered says whether a location is one that the canary is meant for.
func (r *repo) covered(c *canary, l location) bool {
	for _, main := range c.mains {
		if main.same(l) { // in another Ingress it is a second route, and no leak
			return true
		}
	}
	return false
}

// secondRoutes: of two ordinary routes for one host and path the older counts, and a canary is of the one that it was written for. One of another namespace may be for another
// cluster as well.
func (r *repo) secondRoutes(c *canary) {
	for _, main := range c.mains {
		for _, o := range r.byKind["Ingress"] {
			if o.namespace != main.o.namespace || o.id() == main.o.id() || o.isCanary() || !oneController(o, main.o) || !r.sees(main.o, o) {
				continue
			}
			for _, l := range locations(o) {
				if l.same(main) && (c.canary == main.service || l.service != c.canary) { // GR112 is about the canary's Service
					r.found("GR103", o, l.at, "%s is in %s (%s) already: the older one counts, and the canary is of what that leads to", l.where(), main.o, main.o.file.Name)
				}
			}
		}
	}
}

// secondCanaries: only the first alternative backend of an upstream is used.
func (r *repo) secondCanaries() {
	for i, b := range r.canaries {
		for _, a := range r.canaries[:i] {
			if a.router != byNginx || b.router != byNginx {
				continue
			}
			for _, l := range a.mains {
				for _, m := range b.mains {
					if l.upstream == m.upstream && a.route.id() != b.route.id() && r.sees(a.route, b.route) && oneController(a.route, b.route) {
						r.found("GR103", b.route, b.route.at("metadata", "name"), "%s (%s) is a canary of %s:%s already: the older one counts, for both", a.route, a.route.file.Name, m.service, m.port)
					}
				}
			}
		}
	}
}
