package prove

import (
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/gitramp/gitramp/render/route"
)

// class is the requests that are treated alike in whatever is applied and ready.
type class struct {
	route.Request
	plain bool // no rule picks it out
}

// The most that is asked.
const (
	mostHeaders  = 512  // combinations of header values for one host and path; beyond that as many at a time as two rules can ask for
	mostServices = 6    // that routes send to
	mostRoutings = 4096 // combinations of route objects
)

// ask finds the classes of requests and every answer to them: for each set of route objects, and each set of Services that have endpoints.
func (p *proof) ask() error {
	p.kinds()
	var all []*object
	for _, id := range p.routes {
		all = append(all, p.objects[id][1:]...)
	}
	var err error
	if p.semantics, err = route.SemanticsOf(routes(all)); err != nil {
		return err
	}
	probes, err := route.ProbesOf(routes(all))
	if err != nil {
		return err
	}
	p.routed(probes.Backends)
	if len(p.services) > mostServices {
		return fmt.Errorf("routes send to %d Services: at most %d can be explored", len(p.services), mostServices)
	}
	candidates := requests(probes)
	p.result.Requests = len(candidates)
	if err := p.merge(candidates); err != nil {
		return err
	}
	p.primaries()
	return nil
}

// primaries are the Services that get requests in the first step.
func (p *proof) primaries() {
	for _, a := range p.answers[p.routing(p.steps[0].v)][1<<len(p.services)-1] {
		for _, s := range a.Shares {
			if s.Service != "" && !slices.Contains(p.primary, s.Service) && !slices.Contains(p.elsewhere, s.Service) {
				p.primary = append(p.primary, s.Service)
			}
		}
	}
}

// routed leaves the Services that routes send to.
func (p *proof) routed(backends []route.Backend) {
	p.services = slices.DeleteFunc(p.services, func(id int) bool {
		name := p.objects[id][1].service.name
		return !slices.ContainsFunc(backends, func(b route.Backend) bool { return b.Service == name })
	})
}

// requests are all that the rules of the routes can tell apart: each host, each path and what is below it, each value of a header or cookie that a rule asks for,
// another value, and none.
func requests(probes route.Probes) []class {
	var names []string
	for name := range probes.Headers {
		names = append(names, name)
	}
	sort.Strings(names)
	headers := []map[string]string{{}}
	count := 1
	for _, name := range names {
		count *= 1 + len(probes.Headers[name])
	}
	most := len(names)
	if count > mostHeaders {
		most = min(most, 2*probes.Most)
	}
	for _, name := range names {
		for _, h := range headers {
			if len(h) == most {
				continue
			}
			for _, value := range probes.Headers[name] {
				more := map[string]string{name: value}
				for k, v := range h {
					more[k] = v
				}
				headers = append(headers, more)
			}
		}
	}
	var list []class
	for _, host := range probes.Hosts {
		for _, path := range probes.Paths {
			for _, h := range headers {
				list = append(list, class{route.Request{Host: host, Path: path, Header: probes.Header(h)}, len(h) == 0})
			}
		}
	}
	return list
}

// merge asks for every answer, and keeps one request of those that always get the same.
func (p *proof) merge(candidates []class) error {
	routings, err := p.routings()
	if err != nil {
		return err
	}
	replies, keys := make([][]route.Answer, len(candidates)), make([]strings.Builder, len(candidates))
	for _, v := range routings {
		if err := p.serveAll(candidates, v, replies, keys); err != nil {
			return err
		}
	}
	sets := 1 << len(p.services)
	p.answers = map[string][][]route.Answer{}
	for _, v := range routings {
		p.answers[p.routing(v)] = make([][]route.Answer, sets)
	}
	known := map[string]bool{}
	for i, c := range candidates {
		k := fmt.Sprint(c.plain, keys[i].String())
		if known[k] {
			continue
		}
		known[k] = true
		p.classes = append(p.classes, c)
		for n, v := range routings {
			for ready, at := range p.answers[p.routing(v)] {
				p.answers[p.routing(v)][ready] = append(at, replies[i][n*sets+ready])
			}
		}
	}
	return nil
}

// serveAll adds, for one set of route objects and each set of Services that are ready, the answers to all requests, and what tells these apart.
func (p *proof) serveAll(candidates []class, v vector, replies [][]route.Answer, keys []strings.Builder) error {
	objs := routes(p.of(v))
	for ready := range 1 << len(p.services) {
		isReady := func(service string) bool {
			return slices.Contains(p.elsewhere, service) || slices.ContainsFunc(p.services, func(id int) bool {
				return p.objects[id][1].service.name == service && ready&(1<<slices.Index(p.services, id)) != 0
			})
		}
		for i, c := range candidates {
			a, err := route.Serve(objs, isReady, c.Request)
			if err != nil {
				return err
			}
			replies[i] = append(replies[i], a)
			key(&keys[i], a)
		}
	}
	return nil
}

// key is an answer as text, without what is for people.
func key(b *strings.Builder, a route.Answer) {
	b.WriteString(strconv.Itoa(a.Total))
	for _, s := range a.Shares {
		b.WriteByte(' ')
		b.WriteString(strconv.Itoa(s.Weight))
		b.WriteByte(' ')
		b.WriteString(s.Service)
		b.WriteString(strconv.Itoa(s.Status))
	}
	if a.Leaks {
		b.WriteByte('!')
	}
	b.WriteByte('\n')
}

// routings are all sets of route objects that can be applied at once.
func (p *proof) routings() ([]vector, error) {
	list := []vector{make(vector, len(p.objects))}
	for _, id := range p.routes {
		var more []vector
		for _, version := range p.versions(id) {
			for _, v := range list {
				with := slices.Clone(v)
				with[id] = version
				more = append(more, with)
			}
		}
		if list = more; len(list) > mostRoutings {
			return nil, fmt.Errorf("there are more than %d ways to combine the route objects", mostRoutings)
		}
	}
	return list, nil
}

// routing names the route objects that are applied.
func (p *proof) routing(v vector) string {
	var b [16]byte
	key := b[:0]
	for _, id := range p.routes {
		key = append(key, v[id])
	}
	return string(key)
}
