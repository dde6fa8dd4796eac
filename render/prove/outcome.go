package prove

import (
	"encoding/binary"
	"slices"

	"github.com/gitramp/gitramp/render/route"
)

// outcome is what becomes of the requests where these objects are applied and these pods are ready.
type outcome struct {
	status  []int     // by class: what a share of them is answered by the router itself; 0 where each has a backend
	fresh   []float64 // by class: the share that a new revision gets
	leaks   []bool    // by class: by a rule that is not for them
	load    float64   // the largest part of the requests that no rule picks out that one ready pod gets
	touched []int     // by id of a Deployment: the first class that its pods get requests of, plus one
	empty   string    // a primary Service without a ready pod
}

// badGateway is what a router answers where nobody listens.
const badGateway = 502

// endpoint is the ready pods of one version of a Deployment behind a Service.
type endpoint struct {
	id      int
	version uint8
	ready   int
	refuses bool // nobody listens at the port
}

// situation is objects as they are applied, and the ready pods of each Deployment.
type situation struct {
	v    vector
	pods []pods // by id; of Deployments alone
}

// outcome of a situation; one that was met before is known.
func (p *proof) outcome(s situation) *outcome {
	var b [128]byte
	key := b[:0]
	for _, id := range p.routes {
		key = append(key, s.v[id])
	}
	for _, id := range p.services {
		key = append(key, s.v[id])
	}
	for id, c := range s.pods {
		if c != (pods{}) {
			key = binary.AppendUvarint(append(key, uint8(id), c.version), uint64(c.ready))
		}
	}
	if out, ok := p.outcomes[string(key)]; ok {
		return out
	}
	out := p.serve(s)
	p.outcomes[string(key)] = out
	return out
}

// behind are the endpoints of each Service, and the set of those that have any.
func (p *proof) behind(s situation) (behind map[string][]endpoint, ready int) {
	behind = map[string][]endpoint{}
	for i, id := range p.services {
		if s.v[id] == 0 {
			continue
		}
		service := p.objects[id][s.v[id]].service
		if !p.hasPorts(s.v, service) { // the router finds no port, and so no endpoint
			continue
		}
		if behind[service.name] = p.endpoints(service, s.pods); len(behind[service.name]) > 0 {
			ready |= 1 << i
		}
	}
	return behind, ready
}

func (p *proof) serve(s situation) *outcome {
	behind, ready := p.behind(s)
	n := len(p.classes)
	out := &outcome{status: make([]int, n), fresh: make([]float64, n), leaks: make([]bool, n), touched: make([]int, len(p.objects))}
	for i, a := range p.answers[p.routing(s.v)][ready] {
		p.account(out, i, a, behind)
	}
	for _, service := range p.primary {
		if len(behind[service]) == 0 && p.refers(s.v, service) {
			out.empty = service
		}
	}
	return out
}

// endpoints are the ready pods that a Service finds.
func (p *proof) endpoints(s *service, ready []pods) []endpoint {
	var list []endpoint
	for id, c := range ready {
		if c.ready == 0 {
			continue
		}
		if d := p.objects[id][c.version].deployment; s.serves(d) {
			list = append(list, endpoint{id, c.version, c.ready, s.refuses(d)})
		}
	}
	return list
}

// account adds the answer to a class to an outcome.
func (p *proof) account(out *outcome, class int, a route.Answer, behind map[string][]endpoint) {
	out.leaks[class] = a.Leaks
	for _, s := range a.Shares {
		if s.Service == "" {
			if s.Status >= 400 { // a redirect is an answer
				out.status[class] = s.Status
			}
			continue
		}
		if slices.Contains(p.elsewhere, s.Service) {
			continue
		}
		share, pods := float64(s.Weight)/float64(a.Total), 0
		for _, e := range behind[s.Service] {
			pods += e.ready
		}
		for _, e := range behind[s.Service] {
			if e.refuses {
				out.status[class] = badGateway
			}
			if !p.base[p.objects[e.id][e.version].deployment.revision] {
				out.fresh[class] += share * float64(e.ready) / float64(pods)
			}
			if out.touched[e.id] == 0 {
				out.touched[e.id] = class + 1
			}
		}
		if load := share / float64(pods); p.classes[class].plain && load > out.load {
			out.load = load
		}
	}
}

// backends are what the routes that are applied send to.
func (p *proof) backends(v vector, yield func(route.Backend)) {
	for _, id := range p.routes {
		if v[id] > 0 {
			for _, b := range p.objects[id][v[id]].backends {
				yield(b)
			}
		}
	}
}

// refers says whether any route has a Service as a backend.
func (p *proof) refers(v vector, service string) (found bool) {
	p.backends(v, func(b route.Backend) { found = found || b.Service == service })
	return found
}

// hasPorts says whether a Service has every port of it that a route sends to.
func (p *proof) hasPorts(v vector, s *service) bool {
	all := true
	p.backends(v, func(b route.Backend) { all = all && (b.Service != s.name || s.ports[b.Port]) })
	return all
}

// settle is the outcome of a tree that has all its pods.
func (p *proof) settle(s *state) *outcome {
	if s.settled == nil {
		s.settled = p.outcome(p.situation(s.v))
	}
	return s.settled
}

func (p *proof) situation(v vector) situation {
	s := situation{v, make([]pods, len(p.objects))}
	for id, version := range v {
		if version > 0 && p.objects[id][version].deployment != nil {
			s.pods[id] = p.settled(id, version)[0]
		}
	}
	return s
}
