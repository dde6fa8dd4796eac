package route_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/gitramp/gitramp/render/route"
)

// TestExcludes: an HTTPRoute and a GRPCRoute exclude each other where a listener and a host name of both are one.
func TestExcludes(t *testing.T) {
	http := route.Place{Door: "Gateway/a/b", Protocol: "HTTP", Host: "shop.example.com", Path: "/"}
	for _, c := range []struct {
		name   string
		change func(*route.Place)
		want   bool
	}{
		{"the same host, another path", func(p *route.Place) { p.Path = "/a.B" }, true},
		{"the same protocol", func(p *route.Place) { p.Protocol = "HTTP" }, false},
		{"another Gateway", func(p *route.Place) { p.Door = "Gateway/a/c" }, false},
		{"another host", func(p *route.Place) { p.Host = "www.example.com" }, false},
		{"a wildcard around it", func(p *route.Place) { p.Host = "*.example.com" }, true},
		{"a wildcard of all below it", func(p *route.Place) { p.Host = "*.shop.example.com" }, false},
		{"every host", func(p *route.Place) { p.Host = "" }, true},
		{"a named listener: it is one of all", func(p *route.Place) { p.SectionName = "https" }, true},
		{"a port: likewise", func(p *route.Place) { p.Port = 443 }, true},
	} {
		grpc := http
		grpc.Protocol = "GRPC"
		c.change(&grpc)
		if got := http.Excludes(grpc); got != c.want || grpc.Excludes(http) != c.want {
			t.Errorf("%s: %v, and the other way round %v, want %v", c.name, got, grpc.Excludes(http), c.want)
		}
	}
}

// TestPropPlaces: what two routes have in common does not depend on which of them is asked, and a route without namespaces means the app's.
func TestPropPlaces(t *testing.T) {
	pick := func(t *rapid.T, label string, of ...string) string { return rapid.SampledFrom(of).Draw(t, label) }
	draw := func(t *rapid.T, label, namespace string) route.Route {
		port := rapid.SampledFrom([]int{0, 80, 443}).Draw(t, label+" port")
		return route.Route{
			Protocol:   pick(t, label+" protocol", "HTTP", "GRPC"),
			ParentRefs: []route.ParentRef{{Kind: "Gateway", Name: "a", Namespace: namespace, SectionName: pick(t, label+" listener", "", "x", "y"), Port: port}},
			Hosts:      []string{pick(t, label+" host", "a.b", "*.b", "c.a.b", "*.a.b")},
			Rules:      []route.Rule{{Paths: []string{"/"}}},
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		one, other := draw(t, "one", ""), draw(t, "other", "web")
		p, q := one.Places("web")[0], other.Places("shop")[0]
		if p.Door != q.Door {
			t.Fatalf("%s and %s are one Gateway", p.Door, q.Door)
		}
		if p.SameListener(q) != q.SameListener(p) || p.Excludes(q) != q.Excludes(p) {
			t.Fatalf("%+v and %+v: it depends on who is asked", p, q)
		}
		if !p.SameListener(p) || p.Excludes(p) {
			t.Fatalf("%+v is not where it is", p)
		}
		if p.Excludes(q) && (p.Protocol == q.Protocol || !p.SameListener(q)) {
			t.Fatalf("%+v and %+v exclude each other for nothing", p, q)
		}
	})
}
