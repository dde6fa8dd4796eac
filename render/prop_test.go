package render_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
	"pgregory.net/rapid"

	"github.com/gitramp/gitramp/render"
	"github.com/gitramp/gitramp/render/internal/node"
	"github.com/gitramp/gitramp/render/route"
)

// specs draws the text of a valid spec: every field that changes what is rendered, in all combinations.
func specs(t *rapid.T) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	maybe := func(label string) bool { return rapid.Bool().Draw(t, label) }
	word := rapid.StringMatching(`[a-z][a-z0-9]{0,8}(-[a-z0-9]{1,8})?`)
	name := word.Draw(t, "name")
	line("apiVersion: gitramp.dev/v1alpha1\nkind: Canary\nmetadata:\n  name: %q", name)
	if maybe("namespace") {
		line("  namespace: %q", word.Draw(t, "ns"))
	}
	line("spec:\n  port: %d", rapid.IntRange(1, 65535).Draw(t, "port"))
	if maybe("sidecar") {
		line("  images: {side: side:1, %q: %q}\n  stable: {images: {side: side:1, %q: %q}}", name, "app:2", name, "app:1")
	} else {
		line("  image: app:2\n  stable: {image: app:1}")
	}
	replicas := rapid.IntRange(1, 40).Draw(t, "replicas")
	line("  replicas: %d\n  minPods: %d", replicas, rapid.IntRange(1, replicas).Draw(t, "minPods"))
	switch rapid.IntRange(0, 7).Draw(t, "canaryScale") {
	case 0:
		line("  canaryScale: {replicas: %d}", rapid.IntRange(1, 50).Draw(t, "canaryPods"))
	case 1:
		line("  canaryScale: {weight: %d}", rapid.IntRange(1, 100).Draw(t, "canaryShare"))
	}
	if maybe("dynamicStableScale") {
		line("  dynamicStableScale: true")
	}
	line("  defaults: %s", rapid.SampledFrom([]string{"production", "none"}).Draw(t, "defaults"))
	if maybe("env") {
		value := rapid.SampledFrom([]string{"", "yes", "0o17", "1e3", "null", "a: b", "#x", "two\nlines\n", " padded ", "ünï", "{}", "'", "012", "~", "1:30"}).Draw(t, "value")
		line("  env: [{name: A, value: %q}, {name: B, valueFrom: {secretKeyRef: {name: s, key: k, optional: true}}}]", value)
	}
	if maybe("resources") {
		line("  resources: {requests: {cpu: %s, memory: 32Mi}, limits: {memory: 1Gi}}", rapid.SampledFrom([]string{"1", "0.5", "5m", `"2"`}).Draw(t, "cpu"))
	}
	if maybe("service") {
		line("  service: {port: %d, name: web, targetPort: web}", rapid.IntRange(1, 65535).Draw(t, "servicePort"))
	}
	total, more := routes(t, line)
	steps(t, line, total, more)
	return b.String()
}

// routes draws a route; more says whether header rules can be added.
func routes(t *rapid.T, line func(string, ...any)) (total int, more bool) {
	router := rapid.SampledFrom(route.Names()).Draw(t, "router")
	hosts := rapid.SliceOfNDistinct(rapid.StringMatching(`(\*\.)?[a-z]{1,6}\.example\.com`), 1, 3, rapid.ID).Draw(t, "hosts")
	paths := rapid.SliceOfNDistinct(rapid.StringMatching(`/[a-z]{0,4}`), 1, 3, rapid.ID).Draw(t, "paths")
	line("  route:\n    router: %s\n    hosts: [%s]", router, quoted(hosts))
	if router == route.GatewayAPI {
		line("    parentRefs: [{name: a, namespace: infra, sectionName: http}, {name: a, namespace: infra, sectionName: https, port: 81}, {kind: Service, name: b}]")
		if rapid.Bool().Draw(t, "grpc") {
			line("    protocol: GRPC\n    rules: [{paths: [/]}, {paths: [/a.B/C, /a.B/D], pathType: Exact}]")
			return matches(t, line, router)
		}
	}
	pathType := rapid.SampledFrom([]string{"Prefix", "Exact"}).Draw(t, "pathType")
	if router == route.GatewayAPI && rapid.Bool().Draw(t, "filters") {
		line("    rules: [{paths: [/f, /g], filters: [{type: RequestHeaderModifier, requestHeaderModifier: {add: [{name: X-A, value: \"no\"}], remove: [X-B]}}]}]")
	} else if rapid.Bool().Draw(t, "rules") {
		line("    rules: [{paths: [%s], pathType: %s}, {paths: [/rest]}]", quoted(paths), pathType)
	} else {
		line("    paths: [%s]\n    pathType: %s", quoted(paths), pathType)
	}
	return matches(t, line, router)
}

func matches(t *rapid.T, line func(string, ...any), router string) (total int, more bool) {
	total = rapid.SampledFrom([]int{100, 100, 101, 1000, 7000}).Draw(t, "total")
	line("    weightTotal: %d", total)
	match := rapid.IntRange(0, 6).Draw(t, "match")
	switch match {
	case 0:
		line("    match: [{header: {name: X-Canary}}, {cookie: {name: c}}]")
	case 1:
		line("    match: [{header: {name: X-Canary, value: beta}}]")
	case 2:
		line("    match: [{header: {name: X-Canary, pattern: 'eu-[0-9]+'}}]")
	case 3:
		line("    match: [{cookie: {name: canary}}]")
	case 4:
		if router == route.GatewayAPI {
			line("    match: [{header: {name: X-C, value: never}}, {header: {name: X-C, value: always}}, {cookie: {name: a.b}}, {header: {name: X-D}}]")
			return total, false
		}
	}
	return total, match > 2 || router == route.GatewayAPI && match != 0
}

func steps(t *rapid.T, line func(string, ...any), total int, headers bool) {
	line("  steps:")
	weights := rapid.SliceOfNDistinct(rapid.IntRange(0, total), 1, 6, rapid.ID).Draw(t, "weights")
	slices.Sort(weights)
	if rapid.Bool().Draw(t, "leading pause") {
		line("  - pause: {}")
	}
	rule := ""
	for i, w := range weights {
		if headers && rapid.IntRange(0, 3).Draw(t, fmt.Sprint("header", i)) == 0 {
			if rule = map[string]string{"": ", match: [{headerName: X-A, headerValue: {prefix: b}}]"}[rule]; rule == "" {
				line("  - setHeaderRoute: {name: staff}")
			} else {
				line("  - setHeaderRoute: {name: staff%s}", rule)
			}
		}
		switch rapid.IntRange(0, 5).Draw(t, fmt.Sprint("scale", i)) {
		case 0:
			line("  - setCanaryScale: {replicas: %d}", rapid.IntRange(1, 50).Draw(t, "pods"))
		case 1:
			line("  - setCanaryScale: {weight: %d}", rapid.IntRange(1, 100).Draw(t, "share"))
		case 2:
			line("  - setCanaryScale: {matchTrafficWeight: true}")
		}
		line("  - setWeight: %d", w)
		if rapid.Bool().Draw(t, fmt.Sprint("pause", i)) {
			line("  - pause: {duration: %ds}", rapid.IntRange(0, 9999).Draw(t, "seconds"))
		}
	}
}

func quoted(list []string) string {
	return `"` + strings.Join(list, `", "`) + `"`
}

// TestPropRamp checks everything that must hold of every step of every release.
func TestPropRamp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := specs(t)
		c := parse(t, text)
		steps, again := ramp(t, c), ramp(t, parse(t, text))
		for i, s := range steps {
			checkTree(t, s.Step, s.Tree, c.RouteSpec().WeightTotal)
			if len(render.Changes(s.Tree, again[i].Tree)) > 0 {
				t.Fatalf("%s: rendered twice, different bytes", s.ID())
			}
			checkReadBack(t, s, c)
			checkEncoding(t, s)
			if i > 0 {
				checkTransition(t, c.RouteSpec().Router, steps[i-1], s)
			}
		}
		checkProd(t, steps)
		checkCapacity(t, c, steps)
	})
}

// checkReadBack: what the tree says of itself is what was asked for, and rendering again from the tree gives the tree.
func checkReadBack(t *rapid.T, s rendered, c *render.Canary) {
	files := map[string][]byte{}
	for _, f := range s.Tree {
		files[f.Path] = f.Data
	}
	state, err := render.ReadState("deploy", files)
	if err != nil || len(state.Drift) > 0 {
		t.Fatalf("%s: %v %v", s.ID(), err, state.Drift)
	}
	revs, err := state.Revisions()
	if err != nil {
		t.Fatalf("%s: %v", s.ID(), err)
	}
	if err := c.CheckFixed(state, revs.Stable, "deploy"); err != nil {
		t.Fatalf("%s: the spec does not know its own tree: %v", s.ID(), err)
	}
	if state.IsIdle() {
		if revs.Canary, err = c.Revision(shared); err != nil {
			t.Fatal(err)
		}
	}
	r, err := render.NewRelease(c, "canary.yaml", revs, shared)
	if err != nil {
		t.Fatal(err)
	}
	if !state.IsIdle() {
		if err := r.At(state); err != nil {
			t.Fatal(err)
		}
	}
	own, _, err := r.Own(state)
	if err != nil {
		t.Fatal(err)
	}
	for _, ch := range render.Changes(s.Tree, own) {
		t.Fatalf("%s: rendered from the tree alone, %s is %s:\n%s\nwas\n%s", s.ID(), ch.Path, ch.Op, ch.New, ch.Old)
	}
	split := readSplit(t, s, c)
	switch {
	case split == nil: // a withdrawn canary may be gone from the route
		if s.Routed && s.Transition != render.Restore {
			t.Fatalf("%s: no split to be read", s.ID())
		}
	case split.Weight != s.Weight || split.Total != c.RouteSpec().WeightTotal || rules(split.Matches) != rules(s.Matches):
		t.Fatalf("%s: %d of %d and %s is read back, %d and %s was written", s.ID(), split.Weight, split.Total, rules(split.Matches), s.Weight, rules(s.Matches))
	}
}

// rules are matches as text, whatever their order.
func rules(ms []route.Match) string {
	var list []string
	for _, m := range ms {
		if m.Header != nil {
			list = append(list, fmt.Sprintf("header %+v", *m.Header))
		}
		if m.Cookie != nil {
			list = append(list, fmt.Sprintf("cookie %+v", *m.Cookie))
		}
	}
	slices.Sort(list)
	return strings.Join(list, ", ")
}

func readSplit(t *rapid.T, s rendered, c *render.Canary) *route.Split {
	router, err := route.ByName(c.RouteSpec().Router)
	if err != nil {
		t.Fatal(err)
	}
	var objs []route.Object
	for _, path := range s.Tree.Resources() {
		data, _ := s.Tree.Get(path)
		objs = append(objs, route.Object{Path: path, Node: parsed(t, data)})
	}
	split, err := router.Split(objs)
	if err != nil {
		t.Fatal(err)
	}
	return split
}

func parsed(t *rapid.T, data []byte) *yaml.Node {
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		t.Fatal(err)
	}
	return doc.Content[0]
}

// checkEncoding: a patched object is what encoding it says.
func checkEncoding(t *rapid.T, s rendered) {
	for _, path := range s.Tree.Resources() {
		data, _ := s.Tree.Get(path)
		n := parsed(t, data)
		again, err := node.Encode(n)
		if err != nil || !bytes.Equal(again, data) {
			t.Fatalf("%s %s: is not what its own encoding says (%v):\n%s\nwant\n%s", s.ID(), path, err, data, again)
		}
	}
}

// routeMoves are what each router's objects may change: when the canary is attached, when the weight moves, when a rule begins or ends, and at the end.
var routeMoves = map[string]struct{ attach, shift, rules, restore, cleanup []string }{
	route.IngressNginx: {
		attach: []string{"+canary-ingress.yaml", "kustomization.yaml"}, shift: []string{"canary-ingress.yaml: canary-weight:"},
		rules: []string{"canary-ingress.yaml"}, restore: []string{"canary-ingress.yaml"}, cleanup: []string{"-canary-ingress.yaml"},
	},
	route.GatewayAPI: {
		attach: oneRoute, shift: []string{"shared-httproute.yaml: weight:", "shared-grpcroute.yaml: weight:"}, rules: oneRoute, restore: oneRoute,
	},
}

var oneRoute = []string{"shared-httproute.yaml", "shared-grpcroute.yaml"}

// checkTransition: a shift changes the weight's line, and the replicas' lines where the next weight needs more pods, or the one before it fewer; other moves are as
// narrow.
func checkTransition(t *rapid.T, router string, before, s rendered) {
	moves, allowed := routeMoves[router], []string{"canary-deployment.yaml: replicas:"}
	if s.Transition == render.Shift || s.Transition == render.Full || s.Transition == render.Shrink {
		allowed = append(allowed, "prod-deployment.yaml: replicas:")
	}
	switch s.Transition {
	case render.Prepare:
		allowed = []string{"+canary-deployment.yaml", "+canary-service.yaml", "kustomization.yaml"}
	case render.Shift, render.Full, render.Header:
		switch {
		case !before.Routed:
			allowed = append(allowed, moves.attach...)
		case s.Transition == render.Header:
			allowed = append(allowed, moves.rules...)
		default:
			allowed = append(allowed, moves.shift...)
		}
	case render.Promote:
		allowed = []string{"prod-deployment.yaml: image:", "prod-deployment.yaml: replicas:", "+gitramp.previous"}
	case render.Restore:
		allowed = moves.restore
	case render.Cleanup:
		allowed = append([]string{"-canary-deployment.yaml", "-canary-service.yaml", "-gitramp.previous", "kustomization.yaml"}, moves.cleanup...)
	}
	for _, ch := range render.Changes(before.Tree, s.Tree) {
		if ch.Path == render.LockFile {
			continue
		}
		what := map[render.Op]string{render.Added: "+", render.Removed: "-"}[ch.Op] + ch.Path
		for _, line := range changedLines(ch) {
			if !slices.Contains(allowed, what) && !slices.ContainsFunc(allowed, func(a string) bool {
				path, field, ok := strings.Cut(a, ": ")
				return ok && path == what && strings.Contains(line, field)
			}) {
				t.Fatalf("%s (%s) changes %s: %q, allowed %v", s.ID(), s.Transition, what, line, allowed)
			}
		}
	}
	if s.Lock.Parent != before.Lock.Self {
		t.Fatalf("%s: parent %s, the step before is %s", s.ID(), s.Lock.Parent, before.Lock.Self)
	}
}

// changedLines are the new lines of a changed file that stand where others stood.
func changedLines(ch render.Change) []string {
	old, now := strings.Split(string(ch.Old), "\n"), strings.Split(string(ch.New), "\n")
	if ch.Op != render.Changed || len(old) != len(now) {
		return []string{"(the whole file)"}
	}
	var lines []string
	for i := range now {
		if old[i] != now[i] {
			lines = append(lines, now[i])
		}
	}
	return lines
}

// checkProd: prod's files keep their bytes from idle until promote, and from promote until cleanup, but for the pods that it gives up.
func checkProd(t *rapid.T, steps []rendered) {
	for i := 1; i < len(steps); i++ {
		for _, ch := range render.Changes(steps[i-1].Tree, steps[i].Tree) {
			if strings.HasPrefix(ch.Path, "prod-") && steps[i].Transition != render.Promote && steps[i].Prod >= steps[i-1].Prod {
				t.Fatalf("%s changes %s", steps[i].ID(), ch.Path)
			}
		}
	}
}

// checkCapacity: no commit sends traffic to pods that the commit before it did not ask for yet. Only setCanaryScale may say less, and never for all of it.
func checkCapacity(t *rapid.T, c *render.Canary, steps []rendered) {
	total, replicas := c.RouteSpec().WeightTotal, c.Spec.Replicas
	need := func(weight int) int {
		n := 1
		for n*total < weight*replicas {
			n++
		}
		return max(n, c.Spec.MinPods)
	}
	scaled := c.Spec.CanaryScale != nil || strings.Contains(fmt.Sprint(steps), "scale-")
	for i, s := range steps[:len(steps)-1] {
		next := steps[i+1]
		if left := min(replicas, need(total-min(s.Weight, next.Weight))); s.Prod < left || next.Prod < left || !c.Spec.DynamicStableScale && s.Prod < replicas {
			t.Fatalf("%s has %d pods of prod and the step after it %d, weights %d and %d leave it requests for %d", s.ID(), s.Prod, next.Prod, s.Weight, next.Weight, left)
		}
		if wasted := i > 0 && s.Hold.Pause > 0 && next.Transition != render.Promote; wasted && c.Spec.DynamicStableScale && s.Prod > min(replicas, need(total-s.Weight)) {
			t.Fatalf("%s has %d pods of prod during a pause at weight %d", s.ID(), s.Prod, s.Weight)
		}
		if !s.HasCanary() || s.Transition == render.Restore {
			continue
		}
		if !scaled && s.Canary < max(need(s.Weight), need(next.Weight)) {
			t.Fatalf("%s has %d pods, weight %d after it needs %d", s.ID(), s.Canary, next.Weight, need(next.Weight))
		}
		if next.Weight == total && s.Canary < replicas {
			t.Fatalf("%s has %d pods, and the step after it sends everything to them (prod has %d)", s.ID(), s.Canary, replicas)
		}
		if s.Canary < 1 {
			t.Fatalf("%s has no pod", s.ID())
		}
	}
}

// TestPropLock: a lock that was changed in any byte is not read.
func TestPropLock(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		steps := ramp(t, parse(t, specs(t)))
		s := steps[rapid.IntRange(0, len(steps)-1).Draw(t, "step")]
		data, _ := s.Tree.Get(render.LockFile)
		lock, err := render.ReadLock("gitramp.lock", data)
		if err != nil {
			t.Fatalf("%v\n%s", err, data)
		}
		if !bytes.Equal(lock.Encode(), data) {
			t.Fatalf("read and written again, the lock differs")
		}
		edited := slices.Clone(data)
		at := rapid.IntRange(0, len(data)-1).Draw(t, "at")
		edited[at] = rapid.Byte().Filter(func(b byte) bool { return b != data[at] }).Draw(t, "byte")
		if _, err := render.ReadLock("gitramp.lock", edited); err == nil {
			t.Fatalf("byte %d changed from %q to %q, and nobody noticed:\n%s", at, data[at], edited[at], edited)
		}
	})
}
