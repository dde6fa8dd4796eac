package app

import (
	"fmt"

	"github.com/gitramp/gitramp/render"
	"github.com/gitramp/gitramp/render/route"
)

// places are those that specs have claimed: by their key, and by their door and protocol.
type places map[string][]claimed

// claimed is a place with the file of the spec that has it.
type claimed struct {
	route.Place
	file string
}

// claimRoute refuses a place that another spec has, and a host at a listener where another spec has a route of the other kind.
func (s *Set) claimRoute(a *App) (errs render.SpecError) {
	r := a.Spec.RouteSpec()
	own := r.Places(a.Spec.Metadata.Namespace)
	other := map[string]string{"HTTP": "GRPC", "GRPC": "HTTP"}[r.Protocol]
	said := map[string]bool{}
	for _, p := range own {
		for _, taken := range s.routes[p.Key()] {
			if at := p.Host + p.Path; p.SameListener(taken.Place) && p.Protocol == taken.Protocol && !said[at] {
				said[at] = true
				errs = append(errs, a.Spec.Wrong(a.Spec.RouteField(), at, fmt.Sprintf("%s has a canary already, by %s", at, taken.file), "a host and path of its own"))
			}
		}
		for _, taken := range s.routes[p.Door+" "+other] {
			if p.Excludes(taken.Place) && !said[other] {
				said[other] = true
				errs = append(errs, a.Spec.Wrong(a.Spec.RouteField()+".protocol", r.Protocol, fmt.Sprintf("%s meets the %sRoute of %s on %s, and a listener takes only one of the two",
					r.Protocol, other, taken.file, or(p.Host, "every host")), "a host or a sectionName of its own"))
			}
		}
	}
	for _, p := range own {
		one := claimed{p, a.File}
		for _, key := range []string{p.Key(), p.Door + " " + p.Protocol} {
			s.routes[key] = append(s.routes[key], one)
		}
	}
	return errs
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
