package prove

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gitramp/gitramp/render/route"
)

// The rules that can be broken.
const (
	NoBackend = "no-backend" // a request has no backend
	ProdEmpty = "prod-empty" // prod has no ready pod while it is a primary backend
	Exposure  = "exposure"   // the new revision gets more than in either step, or than planned
	Capacity  = "capacity"   // a ready pod gets more than planned
	Lingering = "lingering"  // a pod is gone before its router knows
	Reference = "reference"  // a backend does not resolve
	Overlap   = "overlap"    // a selector picks pods of both tracks
	Immutable = "immutable"  // a field changes that never can
	Withdrawn = "withdrawn"  // an abort leaves somebody on the new revision

	Unexplored = "unexplored" // the model does not know enough, or there is too much of it
)

// static holds a tree that has settled against what must be true of it.
func (p *proof) static(s *state) {
	m := mix{pair: pair{from: s, to: s}, v: s.v}
	p.references(m)
	p.overlap(m)
	p.split(m)
	out, first := p.settle(s), p.settle(p.steps[0])
	for class, status := range out.status {
		if status != 0 && (status != 404 || first.status[class] == 0 && !p.besidePlan(s)) {
			p.tell(NoBackend, m, p.situation(s.v), class, "every request has a backend")
		}
		if out.leaks[class] && out.fresh[class] > 0 {
			p.tell(Exposure, m, p.situation(s.v), class, "none of these requests reach the new revision: no canary is for their host and path")
		}
		if promised := s.share; promised != nil && p.classes[class].plain {
			if most := float64(promised.Weight) / float64(promised.Total); out.fresh[class] > most+epsilon {
				p.tell(Exposure, m, p.situation(s.v), class, fmt.Sprintf("%s of these requests reach the new revision, as the step says", percent(most)))
			}
		}
	}
}

// besidePlan says whether a tree belongs to no step and no way back.
func (p *proof) besidePlan(s *state) bool { return slices.Index(p.states, s) >= p.planned }

// references: every backend is a port of a Service of the tree, which picks the pods of a Deployment of the tree.
func (p *proof) references(m mix) {
	objs := p.of(m.v)
	p.backends(m.v, func(b route.Backend) {
		var service *service
		for _, o := range objs {
			if o.service != nil && o.service.name == b.Service {
				service = o.service
			}
		}
		switch {
		case service == nil && slices.Contains(p.elsewhere, b.Service):
			p.assume("Service " + b.Service + " is no part of the app: what becomes of requests to it is not looked at")
		case service == nil:
			p.tellOf(Reference, m, fmt.Sprintf("a route sends to Service %s, which is not there", b.Service), "every backend is there")
		case !service.ports[b.Port]:
			p.tellOf(Reference, m, fmt.Sprintf("a route sends to port %s of Service %s, which has %s", b.Port, b.Service, names(service.ports)), "every backend's port is one of its Service")
		case !slices.ContainsFunc(objs, func(o *object) bool {
			return o.deployment != nil && service.serves(o.deployment) && !service.refuses(o.deployment)
		}):
			p.tellOf(Reference, m, fmt.Sprintf("Service %s (selector %s, target port %s) fits no pod of any Deployment", b.Service, labels(service.selector), strings.Join(service.targets, ", ")),
				"every Service finds pods")
		}
	})
}

// overlap: what picks one track's pods never picks the other's.
func (p *proof) overlap(m mix) {
	key := make([]byte, 0, 16)
	for id, version := range m.v {
		if version > 0 && (p.objects[id][version].deployment != nil || p.objects[id][version].service != nil) {
			key = append(key, uint8(id), version)
		}
	}
	if p.overlaps[string(key)] {
		return
	}
	p.overlaps[string(key)] = true
	objs := p.of(m.v)
	for _, o := range objs {
		var picked []string
		for _, d := range objs {
			if d.deployment == nil {
				continue
			}
			switch {
			case o.service != nil && o.service.namespace == d.deployment.namespace && selects(o.service.selector, d.deployment.labels),
				o.deployment != nil && o.deployment.namespace == d.deployment.namespace && selects(o.deployment.selector, d.deployment.labels):
				picked = append(picked, d.id)
			}
		}
		if len(picked) > 1 {
			p.tellOf(Overlap, m, fmt.Sprintf("%s picks the pods of %s", o.id, strings.Join(picked, " and ")), "a selector picks the pods of one track")
		}
	}
}

// split: Services that share the requests of one kind find different pods, or nothing is split.
func (p *proof) split(m mix) {
	behind, ready := p.behind(p.situation(m.v))
	for _, a := range p.answers[p.routing(m.v)][ready] {
		found := map[int]string{}
		for _, s := range a.Shares {
			for _, e := range behind[s.Service] {
				if other := found[e.id]; other != "" {
					p.tellOf(Overlap, m, fmt.Sprintf("Service %s and Service %s share requests, and both find the pods of %s", other, s.Service, p.objects[e.id][1].id), "a selector picks the pods of one track")
				}
				found[e.id] = s.Service
			}
		}
	}
}

// immutable: the API server refuses a change of these fields, so that such an object is never applied at all.
func (p *proof) immutable(pair pair, changed []int) {
	for _, id := range changed {
		a, b := p.objects[id][pair.from.v[id]], p.objects[id][pair.to.v[id]]
		m := mix{pair: pair, v: pair.from.v}
		switch {
		case a == nil || b == nil:
		case a.deployment != nil && !maps.Equal(a.deployment.selector, b.deployment.selector):
			p.tellOf(Immutable, m, fmt.Sprintf("%s: spec.selector changes from %s to %s, and the API server refuses that", a.id, labels(a.deployment.selector), labels(b.deployment.selector)),
				"a Deployment's selector stays")
		case a.service != nil && a.service.fixed != b.service.fixed:
			p.tellOf(Immutable, m, fmt.Sprintf("%s: spec.clusterIP or spec.ipFamilies changes, and the API server refuses that", a.id), "a Service's addresses stay")
		}
	}
}

// linger: a router goes on sending to a pod for some time after it is deleted, so the pod has to go on serving.
func (p *proof) linger(m mix, s situation, id, class int) {
	d := p.objects[id][m.from.v[id]].deployment
	seconds, sure := d.outlives(p.target(m.v, d))
	lag := p.semantics.Lag
	name := p.objects[id][m.from.v[id]].id
	switch {
	case sure && seconds >= lag:
		return
	case !sure && p.options.DieAtOnce:
		seconds = 0
	case !sure && seconds >= lag:
		p.assume(fmt.Sprintf("%s: its pods have no preStop that says how long they serve after they are deleted; taken to be %ds or more", p.objects[id][1].path, lag))
		return
	}
	p.tell(Lingering, m, s, class, fmt.Sprintf("pods of %s serve for %ds after they are deleted, as long as their router may send to them; these are sure of %ds (preStop, grace period)",
		name, lag, seconds))
}

// target is the port at which pods get their requests.
func (p *proof) target(v vector, d *deployment) string {
	for _, id := range p.services {
		if v[id] > 0 && p.objects[id][v[id]].service.serves(d) {
			return p.objects[id][v[id]].service.targets[0]
		}
	}
	return ""
}

// withdrawal: the first commit of an abort leaves nobody on the new revision, whatever rule picks them out, and although nothing is pruned; the second one where
// prod itself runs the new revision, or has fewer pods than it had, and is put right first.
func (p *proof) withdrawal(w way) {
	at := 0
	if len(w.states) > 1 && p.restores(w.from, w.states[0], true) {
		at = 1
	}
	left := slices.Clone(w.from.v)
	for i, s := range w.states {
		for id, version := range s.v {
			if version > 0 {
				left[id] = version
			}
		}
		if i < at {
			continue
		}
		out := p.outcome(p.situation(left))
		for class, share := range out.fresh {
			if share > epsilon {
				p.tell(Withdrawn, mix{pair: pair{from: w.from, to: &state{name: w.names[i]}}, v: left}, p.situation(left), class,
					"no request reaches the new revision once this commit of the abort is applied, pruned or not")
			}
		}
	}
}

// restores says whether a commit gives prod its pods back, or its old revision where that counts too.
func (p *proof) restores(from, to *state, revision bool) bool {
	for id := range p.objects {
		a, b := p.objects[id][from.v[id]], p.objects[id][to.v[id]]
		if a == nil || b == nil || a.deployment == nil || !p.base[b.deployment.revision] {
			continue
		}
		if p.base[a.deployment.revision] && a.deployment.replicas < b.deployment.replicas || revision && !p.base[a.deployment.revision] {
			return true
		}
	}
	return false
}

// standing are the assumptions that the model itself makes.
func (p *proof) standing() {
	all := p.result.Assumptions
	p.result.Assumptions = nil
	if p.result.Level == AllPairs {
		p.assume("a tree has settled before the controller goes on to any other one")
		p.assume("nothing of an earlier release is still applied when this one begins: a controller that slept through the end of that one is not gone through")
		p.assume("load on pods is held against the plan between neighbours alone: a controller that skips commits may give a pod more until all pods are ready")
	} else {
		p.assume("each commit is applied and has settled before the next one (settle, or a witness): no commit is skipped")
	}
	if slices.ContainsFunc(p.steps, func(s *state) bool { return p.restores(s, p.steps[0], false) }) {
		p.assume("an abort waits until prod has its pods back: gitramp abort --at-once gives prod's pods more than planned until all of them are ready")
	}
	p.assume(fmt.Sprintf("a router sends no request to a pod later than %ds after it is deleted", p.semantics.Lag))
	p.assume("whom a header or cookie picks out are few: the load on pods is that of everybody else")
	for _, versions := range p.objects {
		d := versions[1].deployment
		if d != nil && !slices.ContainsFunc(d.containers, func(c container) bool { return c.probed }) {
			p.assume(versions[1].path + ": its pods have no readinessProbe; taken to serve as soon as they run")
		}
	}
	for _, text := range all {
		p.assume(text)
	}
}

// assume records what a certificate takes for granted.
func (p *proof) assume(text string) {
	if !slices.Contains(p.result.Assumptions, text) {
		p.result.Assumptions = append(p.result.Assumptions, text)
	}
}

func names(set map[string]bool) string {
	return strings.Join(slices.Sorted(maps.Keys(set)), ", ")
}

func labels(set map[string]string) string {
	var list []string
	for _, key := range slices.Sorted(maps.Keys(set)) {
		list = append(list, key+"="+set[key])
	}
	return strings.Join(list, ",")
}
