package route

import "strings"

// Place is where requests come in that can go to one app only: a path of a host, at a class or a parent.
type Place struct {
	Door        string // the class, or the parent without its listener
	SectionName string // the listener; "" for all of them
	Port        int    // likewise, 0
	Protocol    string
	Host, Path  string // Host is "" where there is none to go by
}

// Places are all of a route's, for an app of that namespace: a parent that names none is in it.
func (r Route) Places(namespace string) []Place {
	doors := []Place{{Door: r.Class, Protocol: r.Protocol}}
	if r.ParentRefs != nil {
		doors = nil
	}
	for _, p := range r.ParentRefs {
		of := p.Namespace
		if of == "" {
			of = namespace
		}
		doors = append(doors, Place{Door: p.Kind + "/" + of + "/" + p.Name, SectionName: p.SectionName, Port: p.Port, Protocol: r.Protocol})
	}
	hosts := r.Hosts
	if hosts == nil {
		hosts = []string{""}
	}
	var places []Place
	for _, at := range doors {
		for _, at.Host = range hosts {
			for _, rule := range r.Rules {
				for _, at.Path = range rule.Paths {
					places = append(places, at)
				}
			}
		}
	}
	return places
}

// Key is what two places have in common that are one, but for the listener.
func (p Place) Key() string { return p.Door + " " + p.Host + p.Path }

// SameListener says whether a request can come in at both, as far as the parents say: a listener or port that is not named is any.
func (p Place) SameListener(q Place) bool {
	return p.Door == q.Door && (p.SectionName == "" || q.SectionName == "" || p.SectionName == q.SectionName) && (p.Port == 0 || q.Port == 0 || p.Port == q.Port)
}

// Excludes says whether a Gateway takes only one of the routes of both places: one listener has no HTTPRoute and GRPCRoute whose hosts have a name in common
// (gateway-api v1.6.1, apis/v1/grpcroute_types.go, GRPCRouteSpec.Hostnames).
func (p Place) Excludes(q Place) bool {
	return p.Protocol != q.Protocol && p.SameListener(q) && hostsMeet(p.Host, q.Host)
}

// hostsMeet says whether there is a name that both hosts are for.
func hostsMeet(a, b string) bool {
	return a == "" || b == "" || a == b || under(a, b) || under(b, a)
}

// under says whether a host, exact or a wildcard, lies below a wildcard.
func under(host, wildcard string) bool {
	suffix, wild := strings.CutPrefix(wildcard, "*")
	return wild && strings.HasSuffix(host, suffix)
}
