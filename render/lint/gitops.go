package lint

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
)

// tracking: an annotation that Argo CD sets on live objects and that comes along when one is copied (argo-cd util/argo/resource_tracking.go).
func (r *repo) tracking() {
	const id = "argocd.argoproj.io/tracking-id"
	for _, o := range r.objects {
		if o.annotation(id) != "" {
			r.found("GR301", o, o.atAnnotation(id), "carries the tracking-id %q of a live object", o.annotation(id))
		}
	}
}

// controllers looks at the Argo CD Applications and Flux Kustomizations that apply a canary.
func (r *repo) controllers() {
	for _, c := range r.canaries {
		r.kept(c)
		for _, o := range r.byKind["Application"] {
			if o.group == "argoproj.io" && c.appliesFrom(sources(o, "spec")...) {
				r.argoPrune(o, c, "spec")
			}
		}
		for _, o := range r.byKind["ApplicationSet"] {
			if c.appliesFrom(generated(o)...) {
				r.argoPrune(o, c, "spec", "template", "spec")
			}
		}
		for _, o := range r.byKind["Kustomization"] {
			if o.group == "kustomize.toolkit.fluxcd.io" && c.appliesFrom("./"+o.text("spec", "path")) {
				r.flux(o, c)
			}
		}
	}
	r.foundUnpruned()
}

// sources are the paths that an Application applies.
func sources(o *object, spec ...string) []string {
	from := get(o.node, spec...)
	paths := []string{text(from, "source", "path")}
	for _, s := range list(from, "sources") {
		paths = append(paths, text(s, "path"))
	}
	return slices.DeleteFunc(paths, func(p string) bool { return p == "" })
}

// generated are the paths of an ApplicationSet: as they are written, and those that its git generators look through.
func generated(o *object) []string {
	paths := sources(o, "spec", "template", "spec")
	for _, g := range o.list("spec", "generators") {
		for _, d := range list(g, "git", "directories") {
			paths = append(paths, text(d, "path"))
		}
	}
	return paths
}

// appliesFrom says whether any of some paths holds the canary's route. A path of another repository that is called alike is taken for one of this.
func (c *canary) appliesFrom(paths ...string) bool {
	for _, p := range paths {
		p = path.Clean(strings.TrimPrefix(p, "/"))
		for dir := c.route.dir(); ; dir = path.Dir(dir) {
			if ok, _ := path.Match(p, dir); ok {
				return true
			}
			if dir == "." {
				break
			}
		}
	}
	return false
}

// argoPrune: a sync by hand asks each time; an automated one prunes only where it is told to (argo-cd docs/user-guide/auto_sync.md).
func (r *repo) argoPrune(o *object, c *canary, spec ...string) {
	automated := slices.Concat(spec, []string{"syncPolicy", "automated"})
	n := get(o.node, automated...)
	if n == nil || text(n, "enabled") == "false" || text(n, "prune") == "true" {
		return
	}
	r.noPrune(c, o, o.at(append(automated, "prune")...), "syncs without prune")
}

// noPrune: with affinity the users of a canary stay on it at weight 0, so that only its deletion withdraws it.
func (r *repo) noPrune(c *canary, o *object, at place, what string) {
	for _, main := range c.mains {
		if main.o.annotation(nginx+"affinity") == "cookie" && main.o.annotation(nginx+"affinity-canary-behavior") != "legacy" {
			r.found("GR303", o, at, "%s, and %s has cookie affinity: whoever is on the canary of %s stays there until it is deleted", what, main.o, c.route)
			return
		}
	}
	for i, u := range r.unpruned {
		if u.o == o && u.at == at {
			if !slices.Contains(u.routes, c.route) {
				r.unpruned[i].routes = append(u.routes, c.route)
			}
			return
		}
	}
	r.unpruned = append(r.unpruned, unpruned{o, at, what, []*object{c.route}})
}

// unpruned is a place that keeps the canaries of some routes in the cluster: one finding, however many they are.
type unpruned struct {
	o      *object
	at     place
	what   string
	routes []*object
}

func (r *repo) foundUnpruned() {
	for _, u := range r.unpruned {
		of := u.routes[0].String()
		switch more := len(u.routes) - 1; {
		case more == 1:
			of += " and " + u.routes[1].String()
		case more > 1:
			of += fmt.Sprintf(" and %d other routes", more)
		}
		r.found("GR302", u.o, u.at, "%s, so what a release leaves of %s stays in the cluster", u.what, of)
	}
}

// kept: objects of the canary that are marked to be kept.
func (r *repo) kept(c *canary) {
	if c.router == byRollout || c.router == byGitramp {
		return // nothing of it is the release's alone
	}
	tried := append([]*object{c.route}, c.canaryPods...)
	if c.router == byGateway {
		tried = tried[1:] // the route is prod's too
	}
	if c.canaryService != nil {
		tried = append(tried, c.canaryService)
	}
	for _, o := range tried {
		const argo, flux = "argocd.argoproj.io/sync-options", "kustomize.toolkit.fluxcd.io/prune"
		if strings.Contains(o.annotation(argo), "Prune=false") {
			r.noPrune(c, o, o.atAnnotation(argo), "is kept by Prune=false")
		}
		if o.annotation(flux) == "disabled" {
			r.noPrune(c, o, o.atAnnotation(flux), "is kept by "+flux+": disabled")
		}
	}
}

// flux: health checks hold up every newer commit until they pass or time out (fluxcd/kustomize-controller#701), but for a feature gate (#1520).
func (r *repo) flux(o *object, c *canary) {
	if o.text("spec", "prune") != "true" {
		r.noPrune(c, o, o.at("spec", "prune"), "applies without prune")
	}
	if r.says("CancelHealthCheckOnNewRevision=true") {
		return
	}
	switch {
	case o.text("spec", "wait") == "true":
		r.found("GR304", o, o.at("spec", "wait"), "waits until everything is healthy, so a canary that does not start holds up the abort of %s", c.route)
	case len(o.list("spec", "healthChecks")) > 0:
		r.found("GR304", o, o.at("spec", "healthChecks"), "waits for its health checks, so a canary that does not start holds up the abort of %s", c.route)
	}
}

// waves: Argo CD starts a wave when the one before it is healthy.
func (r *repo) waves() {
	const wave = "argocd.argoproj.io/sync-wave"
	of := func(o *object) int {
		n, _ := strconv.Atoi(o.annotation(wave))
		return n
	}
	for _, c := range r.canaries {
		if c.router == byRollout || c.router == byGitramp {
			continue
		}
		for _, w := range c.canaryPods {
			if of(w) < of(c.route) {
				at := c.route.atAnnotation(wave)
				r.found("GR305", c.route, at, "is in wave %d and %s in wave %d: a canary that does not start holds up the abort", of(c.route), w, of(w))
			}
		}
	}
}
