package render_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/gitramp/gitramp/render"
)

// midway is a spec whose plan has every kind of step; the edits of TestMidway are made to its text.
const midway = `apiVersion: gitramp.dev/v1alpha1
kind: Canary
metadata: {name: app}
spec:
  image: app:2
  stable: {image: app:1}
  port: 80
  replicas: 10
  minPods: 2
  settle: 10m
  route: {host: a.example.com, path: /, class: nginx, weightTotal: 100, match: [{header: {name: X-Canary}}]}
  output: {names: {prod: {route: app-route}, canary: {route: app-canary-route}}}
  steps:
  - setWeight: 20
  - pause: {}
  - setCanaryScale: {replicas: 8}
  - setWeight: 50
`

// TestMidway edits one field of the spec while a rollout is on its way. Whatever step the tree stands at, the edit is brought in by a commit of its own that
// changes no more than it says, or it is refused; it never comes along with a step, and never moves one.
func TestMidway(t *testing.T) {
	for _, c := range []struct {
		name, from, to string
		field          string // it is refused, and the error names this; "": it is brought in
	}{
		{"nothing", "settle: 10m", "settle: 10m", ""},
		{"settle", "settle: 10m", "settle: 1m", ""},
		{"more replicas", "replicas: 10\n", "replicas: 12\n", ""},
		{"fewer replicas", "replicas: 10\n", "replicas: 9\n", "spec.replicas"},
		{"replicas that change the plan", "replicas: 10\n", "replicas: 8\n", "spec.replicas"},
		{"the steps: the pinned ones hold", "setWeight: 50", "setWeight: 60", ""},
		{"the total: the pinned one holds", "weightTotal: 100", "weightTotal: 1000", ""},
		{"a host", "host: a.example.com", "hosts: [a.example.com, b.example.com]", ""},
		{"a path", "path: /,", "path: /v2,", ""},
		{"a certificate", "class: nginx", "class: nginx, tls: [{secretName: a}]", ""},
		{"the class", "class: nginx", "class: other", "spec.route.class"},
		{"the router", "class: nginx", "router: gateway-api, parentRefs: [{name: a}]", "spec.route.router"},
		{"the matches", "name: X-Canary", "name: X-Beta", "spec.route.match"},
		{"no matches", ", match: [{header: {name: X-Canary}}]", "", "spec.route.match"},
		{"the prod route's name", "route: app-route", "route: another", "spec.output.names.prod.route"},
		{"the canary route's name", "route: app-canary-route", "route: another", "spec.output.names.canary.route"},
		{"the canary Deployment's name", "canary: {route:", "canary: {deployment: another, route:", "spec.output.names.canary.deployment"},
		{"the canary Service's name", "canary: {route:", "canary: {service: another, route:", "spec.output.names.canary.service"},
		{"minPods below what is needed", "minPods: 2", "minPods: 1", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if !strings.Contains(midway, c.from) {
				t.Fatalf("%q is not in the spec", c.from)
			}
			edited := parse(t, strings.Replace(midway, c.from, c.to, 1))
			refused := 0
			for _, s := range ramp(t, parse(t, midway)) {
				if !s.HasCanary() {
					continue
				}
				if why := editMidway(t, s, edited); why != "" {
					refused++
					switch {
					case c.name == "more replicas" && !strings.Contains(why, "spec.replicas"), c.field != "" && !strings.Contains(why, c.field):
						t.Errorf("%s: refused, and does not name %s: %s", s.ID(), c.field, why)
					case c.field == "" && c.name != "more replicas":
						t.Errorf("%s: refused: %s", s.ID(), why)
					}
				}
			}
			if c.field != "" && refused == 0 {
				t.Error("refused at no step")
			}
		})
	}
}

// TestMidwayScale is the same for what decides how many pods there are, where it makes no other steps.
func TestMidwayScale(t *testing.T) {
	const text = `{apiVersion: gitramp.dev/v1alpha1, kind: Canary, metadata: {name: app}, spec: {image: app:2, stable: {image: app:1}, port: 80, replicas: 10, SCALE,
  route: {host: a.example.com}, steps: [{setWeight: 20}, {setWeight: 50}, {setWeight: 80}]}}`
	for _, c := range []struct{ name, from, to, field string }{
		{"prod shall give up pods", "minPods: 1", "dynamicStableScale: true", "changes spec.dynamicStableScale, where prod may give up no pods that it has"},
		{"prod shall keep its pods", "dynamicStableScale: true", "minPods: 1", ""},
		{"prod shall give up more", "minPods: 7, dynamicStableScale: true", "dynamicStableScale: true", "changes spec.minPods or canaryScale, where only more may be asked for"},
		{"a larger canary", "canaryScale: {matchTrafficWeight: true}", "canaryScale: {weight: 100}", ""},
		{"a smaller canary", "canaryScale: {replicas: 12}", "canaryScale: {matchTrafficWeight: true}", "changes spec.minPods or canaryScale, where only more may be asked for"},
		{"a canary that grows before full", "minPods: 1", "canaryScale: {replicas: 3}", "another plan of its steps by now (spec.replicas, spec.minPods, spec.canaryScale, spec.dynamicStableScale)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			edited, refused := parse(t, strings.Replace(text, "SCALE", c.to, 1)), 0
			for _, s := range ramp(t, parse(t, strings.Replace(text, "SCALE", c.from, 1))) {
				if !s.HasCanary() {
					continue
				}
				why := editMidway(t, s, edited)
				if why != "" {
					refused++
				}
				if c.field == "" && why != "" || why != "" && !strings.Contains(why, c.field) {
					t.Errorf("%s: refused with %q, want %q", s.ID(), why, c.field)
				}
			}
			if c.field != "" && refused == 0 {
				t.Error("refused at no step")
			}
		})
	}
}

// TestMidwayGateway is the same for the fields of a route that only Gateway API has.
func TestMidwayGateway(t *testing.T) {
	const filter = "filters: [{type: RequestHeaderModifier, requestHeaderModifier: {remove: [X-A]}}]"
	for _, c := range []struct{ name, from, to, field string }{
		{"another Gateway", "parentRefs: [{name: a}]", "parentRefs: [{name: b}]", "changes spec.routes[0].parentRefs,"},
		{"another listener", "parentRefs: [{name: a}]", "parentRefs: [{name: a, sectionName: https}]", "changes spec.routes[0].parentRefs,"},
		{"another protocol", "path: /a.B", "path: /a.B, protocol: GRPC", "changes spec.routes[0].protocol,"},
		{"a filter", "path: /a.B", "path: /a.B, " + filter, "changes spec.routes[0].filters,"},
		{"a filter of one rule", "path: /a.B", "rules: [{paths: [/c]}, {paths: [/a.B], " + filter + "}]", "changes spec.routes[0].rules[1].filters,"},
		{"a path with a filter of its own", "path: /a.B", "rules: [{paths: [/c], " + filter + "}, {paths: [/a.B]}]", ""},
		{"the path in a second type, with a filter", "path: /a.B", "rules: [{paths: [/a.B]}, {paths: [/a.B], pathType: Exact, " + filter + "}]", "changes spec.routes[0].rules[0].filters,"},
		{"hosts", "host: a.example.com", "hosts: [b.example.com, a.example.com]", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := strings.Replace(midway, midway[strings.Index(midway, "  route: "):strings.Index(midway, "  output: ")],
				"  routes: [{router: gateway-api, parentRefs: [{name: a}], host: a.example.com, path: /a.B, match: [{header: {name: X-Canary}}]}]\n", 1)
			edited := parse(t, strings.Replace(text, c.from, c.to, 1))
			for _, s := range ramp(t, parse(t, text)) {
				if !s.HasCanary() {
					continue
				}
				if why := editMidway(t, s, edited); c.field == "" && why != "" || !strings.Contains(why, c.field) {
					t.Errorf("%s: refused with %q, want %q", s.ID(), why, c.field)
				}
			}
		})
	}
}

// TestMidwayTwoTypes: what stays as it is does not stop a sync, where one path is there in two types that are treated differently.
func TestMidwayTwoTypes(t *testing.T) {
	text := strings.Replace(midway, midway[strings.Index(midway, "  route: "):strings.Index(midway, "  output: ")], "  route: {router: gateway-api, parentRefs: [{name: a}], "+
		"host: a.example.com, match: [{header: {name: X-Canary}}], rules: [{paths: [/a]}, {paths: [/a], pathType: Exact, filters: [{type: RequestHeaderModifier, requestHeaderModifier: {remove: [X-A]}}]}]}\n", 1)
	moved := parse(t, strings.Replace(text, "host: a.example.com", "host: b.example.com", 1))
	matched := parse(t, strings.Replace(text, "header: {name: X-Canary}", "cookie: {name: c}}, {header: {name: X-Canary}", 1))
	for _, s := range ramp(t, parse(t, text)) {
		if !s.HasCanary() {
			continue
		}
		if why := editMidway(t, s, moved); why != "" {
			t.Errorf("%s: another host is refused: %s", s.ID(), why)
		}
		if why := editMidway(t, s, matched); s.Weight > 0 && !strings.Contains(why, "changes spec.route.match,") {
			t.Errorf("%s: another match is refused with %q", s.ID(), why)
		}
	}
}

// editMidway brings an edited spec to a tree and returns why it is refused. What is not refused may change hosts, paths, class and replicas upwards.
func editMidway(t *testing.T, s rendered, edited *render.Canary) (refused string) {
	t.Helper()
	state := render.State{Lock: &s.Lock, Tree: s.Tree}
	revs, err := state.Revisions()
	if err != nil {
		t.Fatal(err)
	}
	r, err := render.NewRelease(edited, "canary.yaml", revs, shared)
	if err != nil {
		t.Fatal(err)
	}
	if err := edited.CheckFixed(state, revs.Stable, "deploy/app"); err != nil {
		return err.Error()
	}
	if err := r.At(state); err != nil {
		return err.Error()
	}
	own, lock, err := r.Own(state)
	if err != nil {
		t.Fatal(err)
	}
	if lock.Phase != s.Lock.Phase || lock.Step != s.Lock.Step || lock.Weight != s.Lock.Weight {
		t.Errorf("%s: the lock moved to %s %+v", s.ID(), lock.Phase, lock.Step)
	}
	why := r.CannotSync(state, own)
	d, err := r.Next(state, s.Lock.Canary.Revision, render.Evidence{NoHolds: true})
	if err != nil {
		t.Fatal(err)
	}
	changed := len(render.Changes(s.Tree, own)) > 0
	switch {
	case why != "" && d.Refused != why:
		t.Errorf("%s: CannotSync says %q, Next %+v", s.ID(), why, d)
	case why == "" && changed != (d.Transition == render.Sync):
		t.Errorf("%s: changed %v, and Next says %q", s.ID(), changed, d.Transition)
	case why == "":
		onlySynced(t, s, own)
	}
	return why
}

func onlySynced(t *testing.T, s rendered, own render.Tree) {
	t.Helper()
	for _, ch := range render.Changes(s.Tree, own) {
		for _, line := range changedLines(ch) {
			switch {
			case ch.Path == render.LockFile, isRoute(ch.Path):
			case strings.HasSuffix(ch.Path, "-deployment.yaml") && strings.Contains(line, "replicas: "):
			default:
				t.Errorf("%s: a sync changes %s: %s", s.ID(), ch.Path, line)
			}
		}
	}
}

// isRoute says whether a file is a route object.
func isRoute(path string) bool {
	_, kind, _ := strings.Cut(strings.TrimSuffix(path, ".yaml"), "-")
	return routeKinds[kind] != nil
}

// TestPropMidway: another valid spec of the same names and revisions, at any step of any release, is refused or changes no more than a sync may.
func TestPropMidway(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := specs(t)
		steps := ramp(t, parse(t, text))
		s := steps[rapid.IntRange(1, len(steps)-2).Draw(t, "step")]
		state := render.State{Lock: &s.Lock, Tree: s.Tree}
		revs, err := state.Revisions()
		if err != nil {
			t.Fatal(err)
		}
		other := parse(t, specs(t))
		r, err := render.NewRelease(other, "canary.yaml", revs, shared)
		if err != nil {
			t.Fatal(err)
		}
		if other.CheckFixed(state, revs.Stable, "d") != nil || r.At(state) != nil {
			return
		}
		own, lock, err := r.Own(state)
		if err != nil || r.CannotSync(state, own) != "" {
			return
		}
		if lock.Weight != s.Lock.Weight || lock.Phase != s.Lock.Phase {
			t.Fatalf("%s: the lock moved", s.ID())
		}
		for _, ch := range render.Changes(s.Tree, own) {
			for _, line := range changedLines(ch) {
				if ch.Path != render.LockFile && !isRoute(ch.Path) && !strings.Contains(line, "replicas: ") {
					t.Fatalf("%s: a sync changes %s: %s", s.ID(), ch.Path, line)
				}
			}
		}
	})
}

// TestSecondRelease: what one release leaves is what the next one goes on from, and what prod ran before is remembered.
func TestSecondRelease(t *testing.T) {
	first := ramp(t, parse(t, midway))
	end := first[len(first)-1]
	state := render.State{Lock: &end.Lock, Tree: end.Tree}
	if end.Lock.Previous == nil || end.Lock.Previous.Images[0].Image != "app:1" {
		t.Fatalf("after the first release previous is %+v", end.Lock.Previous)
	}
	second := parse(t, strings.Replace(midway, "image: app:2", "image: app:3", 1))
	revs, err := state.Revisions()
	if err != nil {
		t.Fatal(err)
	}
	if revs.Canary, err = second.Revision(shared); err != nil {
		t.Fatal(err)
	}
	r, err := render.NewRelease(second, "canary.yaml", revs, shared)
	if err != nil {
		t.Fatal(err)
	}
	from := &end.Lock
	for _, st := range r.Plan.Steps[1:] {
		tree, lock, err := r.Tree(st, from)
		if err != nil {
			t.Fatal(err)
		}
		want := "app:1"
		if st.Promoted() {
			want = "app:2"
		}
		if lock.Previous == nil || lock.Previous.Images[0].Image != want {
			t.Errorf("%s: previous is %+v, want %s", st.ID(), lock.Previous, want)
		}
		checkTree(t, st, tree, 100)
		from = lock
	}
}
