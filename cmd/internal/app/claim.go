package app

import (
	"fmt"

	"github.com/gitramp/gitramp/render"
	"github.com/gitramp/gitramp/render/route"
)

// Places are those that apps have claimed: by their key, and by their door and protocol.
type Places map[string][]claimed

// claimed is a place with who has it.
type claimed struct {
	route.Place
	by string
}

// Add notes an app's places.
func (m Places) Add(by string, list []route.Place) {
	for _, p := range list {
		for _, key := range []string{p.Key(), p.Door + " " + p.Protocol} {
			m[key] = append(m[key], claimed{p, by})
		}
	}
}

// Meets says who has a place already: the same one, or one that excludes it because a listener takes routes of one kind alone. Both are "" where nobody has.
func (m Places) Meets(p route.Place) (same, excludes string) {
	for _, taken := range m[p.Key()] {
		if same == "" && p.SameListener(taken.Place) && p.Protocol == taken.Protocol {
			same = taken.by
		}
	}
	for _, taken := range m[p.Door+" "+otherProtocol[p.Protocol]] {
		if excludes == "" && p.Excludes(taken.Place) {
			excludes = taken.by
		}
	}
	return same, excludes
}

var otherProtocol = map[string]string{"HTTP": "GRPC", "GRPC": "HTTP"}

// claimRoute refuses a place that another spec has, and a host at a listener where another spec has a route of the other kind.
func (s *Set) claimRoute(a *App, own []route.Place) (errs render.SpecError) {
	said := map[string]bool{}
	for _, p := range own {
		same, excludes := s.routes.Meets(p)
		if at := p.Host + p.Path; same != "" && !said[at] {
			said[at] = true
			errs = append(errs, a.Spec.Wrong(a.Spec.RouteField(), at, fmt.Sprintf("%s has a canary already, by %s", at, same), "a host and path of its own"))
		}
		if excludes != "" && !said[p.Protocol] {
			said[p.Protocol] = true
			errs = append(errs, a.Spec.Wrong(a.Spec.RouteField()+".protocol", p.Protocol, fmt.Sprintf("%s meets the %sRoute of %s on %s, and a listener takes only one of the two",
				p.Protocol, otherProtocol[p.Protocol], excludes, or(p.Host, "every host")), "a host or a sectionName of its own"))
		}
	}
	s.routes.Add(a.File, own)
	return errs
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
