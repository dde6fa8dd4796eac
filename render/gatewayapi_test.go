package render_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/gitramp/gitramp/render"
	"github.com/gitramp/gitramp/render/route"
)

// checkHTTPRoutes decodes strictly and reads the split as Gateway API says (apis/v1/httproute_types.go).
func checkHTTPRoutes(tb tester, st render.Step, c cluster, total int) {
	tb.Helper()
	routes := map[string]gatewayv1.HTTPRoute{}
	for file, data := range c.routes {
		put(tb, routes, file, data)
	}
	r, ok := routes["shared"]
	if len(routes) != 1 || !ok {
		tb.Fatalf("%s: HTTPRoutes of %v, want one that is shared", st.ID(), slices.Collect(maps.Keys(routes)))
	}
	checkParents(tb, st, r.Spec.ParentRefs)
	places := map[string][]bool{} // by path: for each rule that has it, whether it splits
	for i, rule := range r.Spec.Rules {
		refs := make([]gatewayv1.BackendRef, len(rule.BackendRefs))
		for j, ref := range rule.BackendRefs {
			refs[j] = ref.BackendRef
		}
		headers := -1
		for _, m := range rule.Matches {
			if m.Path == nil || m.Path.Type == nil || m.Path.Value == nil {
				tb.Fatalf("%s: rule %d has a match without path, type or value", st.ID(), i)
			}
			if headers >= 0 && headers != len(m.Headers) {
				tb.Errorf("%s: rule %d is for everybody and for some", st.ID(), i)
			}
			headers = len(m.Headers)
			key := fmt.Sprint(*m.Path.Type, *m.Path.Value)
			if headers == 0 {
				places[key] = append(places[key], true)
			} else if len(places[key]) == 0 || !places[key][0] {
				places[key] = append(places[key], false)
			}
		}
		checkBackends(tb, st, c, total, i, headers > 0, refs)
	}
	checkPlaces(tb, st, places)
}

// checkGRPCRoutes is the same for calls.
func checkGRPCRoutes(tb tester, st render.Step, c cluster, total int) {
	tb.Helper()
	routes := map[string]gatewayv1.GRPCRoute{}
	for file, data := range c.routes {
		put(tb, routes, file, data)
	}
	r, ok := routes["shared"]
	if len(routes) != 1 || !ok {
		tb.Fatalf("%s: GRPCRoutes of %v, want one that is shared", st.ID(), slices.Collect(maps.Keys(routes)))
	}
	checkParents(tb, st, r.Spec.ParentRefs)
	for i, rule := range r.Spec.Rules {
		refs := make([]gatewayv1.BackendRef, len(rule.BackendRefs))
		for j, ref := range rule.BackendRefs {
			refs[j] = ref.BackendRef
		}
		for _, m := range rule.Matches {
			if m.Method == nil && len(m.Headers) == 0 {
				tb.Errorf("%s: rule %d has a match of nothing", st.ID(), i)
			}
		}
		checkBackends(tb, st, c, total, i, len(rule.Matches) > 0 && len(rule.Matches[0].Headers) > 0, refs)
	}
	for track, s := range c.services {
		if p := s.Spec.Ports[0].AppProtocol; p == nil || *p == "" {
			tb.Errorf("%s: the %s Service does not say what it speaks", st.ID(), track)
		}
	}
}

// checkParents: what the API server would fill in is there.
func checkParents(tb tester, st render.Step, refs []gatewayv1.ParentReference) {
	tb.Helper()
	for i, p := range refs {
		if p.Group == nil || p.Kind == nil {
			tb.Errorf("%s: parentRefs[%d] has no group or kind", st.ID(), i)
		}
	}
	if len(refs) == 0 {
		tb.Errorf("%s: no parentRefs", st.ID())
	}
}

// checkBackends: a rule for some leads to one backend; the rule for everybody has both, with weights that are written, and prod alone where no canary is
// routed or it is withdrawn.
func checkBackends(tb tester, st render.Step, c cluster, total, rule int, some bool, refs []gatewayv1.BackendRef) {
	tb.Helper()
	shares := map[string]int32{}
	for _, ref := range refs {
		if ref.Group == nil || ref.Kind == nil || *ref.Kind != "Service" || ref.Weight == nil || ref.Port == nil {
			tb.Fatalf("%s: rule %d: a backend without group, kind, weight or port", st.ID(), rule)
		}
		for track, s := range c.services {
			if s.Name == string(ref.Name) && s.Spec.Ports[0].Port == *ref.Port {
				shares[track] = *ref.Weight
			}
		}
	}
	if len(shares) != len(refs) {
		tb.Fatalf("%s: rule %d: backends %v lead to the Services %v", st.ID(), rule, refs, slices.Collect(maps.Keys(shares)))
	}
	want := map[string]int32{"prod": int32(total - st.Weight), "canary": int32(st.Weight)}
	alone := !st.Routed || st.Transition == render.Restore
	switch {
	case alone && some:
		tb.Errorf("%s: rule %d is for some, and no canary is to be reached", st.ID(), rule)
	case alone && !maps.Equal(shares, map[string]int32{"prod": 1}):
		tb.Errorf("%s: rule %d: weights %v, want prod alone", st.ID(), rule, shares)
	case !alone && some && len(shares) != 1:
		tb.Errorf("%s: rule %d for some: weights %v, want one backend", st.ID(), rule, shares)
	case !alone && !some && !maps.Equal(shares, want):
		tb.Errorf("%s: rule %d: weights %v, want %v", st.ID(), rule, shares, want)
	}
}

// checkPlaces: each path has a rule for everybody, once, and rules for some exactly where somebody is matched.
func checkPlaces(tb tester, st render.Step, places map[string][]bool) {
	tb.Helper()
	for path, rules := range places {
		everybody := 0
		for _, is := range rules {
			if is {
				everybody++
			}
		}
		some := len(rules) > everybody
		if everybody != 1 || some != (len(st.Matches) > 0) || !rules[len(rules)-1] {
			tb.Errorf("%s: path %s: %d rules for everybody, some are matched: %v with %d matches", st.ID(), path, everybody, some, len(st.Matches))
		}
	}
}

// TestGatewayPlain: idle, withdrawn and cleaned up, the route is byte for byte the same.
func TestGatewayPlain(t *testing.T) {
	for _, name := range []string{"gateway-match", "gateway-hosts", "gateway-grpc", "gateway-filter"} {
		var plain string
		for _, s := range ramp(t, loadFixture(t, name)) {
			file := "shared-httproute.yaml"
			if name == "gateway-grpc" {
				file = "shared-grpcroute.yaml"
			}
			data, _ := s.Tree.Get(file)
			if s.Transition == render.Idle {
				plain = string(data)
			}
			if now := string(data) == plain; now != (!s.Routed || s.Transition == render.Restore) {
				t.Errorf("%s %s: plain route: %v", name, s.ID(), now)
			}
		}
	}
}

// gatewaySpec is a spec with a route of Gateway API.
func gatewaySpec(route string) string {
	return "apiVersion: gitramp.dev/v1alpha1\nkind: Canary\nmetadata: {name: app}\nspec:\n  image: app:2\n  stable: {image: app:1}\n  port: 80\n  route:\n    router: gateway-api\n" +
		route + "  steps:\n  - pause: {}\n  - setWeight: 50\n"
}

// routesOf are the HTTPRoutes of all steps.
func routesOf(t *testing.T, spec string) []gatewayv1.HTTPRoute {
	t.Helper()
	var list []gatewayv1.HTTPRoute
	for _, s := range ramp(t, parse(t, spec)) {
		one := map[string]gatewayv1.HTTPRoute{}
		data, _ := s.Tree.Get("shared-httproute.yaml")
		put(t, one, "shared-httproute", data)
		list = append(list, one["shared"])
	}
	return list
}

// TestGatewayFiltersSurvive: each rule has the filters of its path, one or several, at every step.
func TestGatewayFiltersSurvive(t *testing.T) {
	const filter = "{type: ExtensionRef, extensionRef: {group: a.b, kind: C, name: %s}}"
	spec := gatewaySpec("    parentRefs: [{name: a}]\n    host: a.example.com\n    match: [{cookie: {name: c}}]\n    rules: [{paths: [/none]}, {paths: [/one], filters: [" +
		fmt.Sprintf(filter, "x") + "]}, {paths: [/two], filters: [" + fmt.Sprintf(filter, "x") + ", " + fmt.Sprintf(filter, "y") + "]}]\n")
	want := map[string]int{"/none": 0, "/one": 1, "/two": 2}
	for i, r := range routesOf(t, spec) {
		if len(r.Spec.Rules)%3 != 0 {
			t.Fatalf("step %d has %d rules", i, len(r.Spec.Rules))
		}
		for j, rule := range r.Spec.Rules {
			if path := *rule.Matches[0].Path.Value; len(rule.Filters) != want[path] {
				t.Errorf("step %d, rule %d for %s: %d filters", i, j, path, len(rule.Filters))
			}
		}
	}
}

// TestGatewayParents: a parent may be named in each namespace, and a Service as the parent is of the core group and needs no host.
func TestGatewayParents(t *testing.T) {
	for _, r := range routesOf(t, gatewaySpec("    parentRefs: [{name: a}, {name: a, namespace: b}, {name: a, namespace: c, sectionName: x}, {name: a, namespace: c, sectionName: y}]\n    host: a.example.com\n")) {
		if len(r.Spec.ParentRefs) != 4 || *r.Spec.ParentRefs[0].Group != "gateway.networking.k8s.io" || *r.Spec.ParentRefs[1].Namespace != "b" || *r.Spec.ParentRefs[3].SectionName != "y" {
			t.Errorf("parents %+v", r.Spec.ParentRefs)
		}
	}
	for _, r := range routesOf(t, gatewaySpec("    parentRefs: [{kind: Service, name: app, port: 80}]\n")) {
		if p := r.Spec.ParentRefs[0]; *p.Group != "" || *p.Kind != "Service" || *p.Port != 80 || r.Spec.Hostnames != nil {
			t.Errorf("parent %+v, hosts %v", p, r.Spec.Hostnames)
		}
	}
}

// TestGatewaySplits: what is read back of a route is what was asked for, headers before cookies, and nothing where no canary is routed.
func TestGatewaySplits(t *testing.T) {
	router, err := route.ByName(route.GatewayAPI)
	if err != nil {
		t.Fatal(err)
	}
	specs := map[string]*render.Canary{}
	for _, name := range fixtures(t) {
		if c := loadFixture(t, name); c.RouteSpec().Router == route.GatewayAPI {
			specs[name] = c
		}
	}
	for _, match := range []string{
		"{header: {name: A}}, {header: {name: B, pattern: 'x|y'}}",
		"{header: {name: A}}, {header: {name: B, value: never}}",
		"{header: {name: A}}, {header: {name: B}}, {header: {name: C, value: always}}, {cookie: {name: c.d}}, {cookie: {name: e}}",
		"{cookie: {name: c}}, {header: {name: A, pattern: a}}, {header: {name: A}}",
	} {
		specs[match] = parse(t, gatewaySpec("    parentRefs: [{name: a}]\n    host: a.example.com\n    paths: [/x, /y]\n    match: ["+match+"]\n"))
	}
	if len(specs) < 9 {
		t.Fatalf("%d specs", len(specs))
	}
	for name, c := range specs {
		for _, s := range ramp(t, c) {
			var want *route.Split
			if s.Routed && s.Transition != render.Restore {
				want = &route.Split{Weight: s.Weight, Total: s.Lock.WeightTotal, Matches: slices.Clone(s.Matches)}
				slices.SortStableFunc(want.Matches, func(a, b route.Match) int { return strings.Compare(byHeader(a), byHeader(b)) })
			}
			got, err := router.Split(routeObjects(t, s.Tree))
			if diff := cmp.Diff(want, got); err != nil || diff != "" {
				t.Errorf("%s %s: (-asked +read) %v\n%s", name, s.ID(), err, diff)
			}
		}
	}
}

// byHeader sorts what is matched by a header before what is matched by a cookie.
func byHeader(m route.Match) string {
	if m.Header != nil {
		return "1"
	}
	return "2"
}

// TestGatewayParentsOfTwoKinds: a Service and a Gateway of one name are two parents.
func TestGatewayParentsOfTwoKinds(t *testing.T) {
	for _, r := range routesOf(t, gatewaySpec("    parentRefs: [{name: a}, {name: a, kind: Service}]\n    host: a.example.com\n")) {
		if len(r.Spec.ParentRefs) != 2 {
			t.Errorf("parents %+v", r.Spec.ParentRefs)
		}
	}
}
