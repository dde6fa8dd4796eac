package render

import (
	"reflect"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/gitramp/gitramp/render/internal/node"
	"github.com/gitramp/gitramp/render/route"
)

// CannotSync says why a tree cannot be brought to own, what the spec says today of its own step; "" where it can. Between two releases everything can. While
// a rollout is on its way only what moves no request between the revisions and takes no pod away: hosts, paths, certificates, more replicas, and what a route of the
// base says beside that. The error names the spec's field.
func (r *Release) CannotSync(s State, own Tree) string {
	if s.IsIdle() {
		return ""
	}
	if len(s.Drift) > 0 { // nothing to compare with; own has to be what was there before it was edited
		if lock, _ := own.Get(LockFile); string(lock) == string(s.Lock.Encode()) {
			return ""
		}
		return s.Lock.where() + ", and files of it were edited that the spec does not render as they were: take them back with git"
	}
	what, why := r.fixedField(s, own), "nothing may change"
	for _, ch := range Changes(s.Tree, own) {
		if what == "" {
			what, why = r.fixedFile(ch, s, own)
		}
	}
	if before, after := r.splitOf(s.Tree), r.splitOf(own); what == "" && !reflect.DeepEqual(before, after) {
		what, why = r.spec.RouteField()+".match", "who reaches the canary may not change"
	}
	if what == "" {
		return ""
	}
	return s.Lock.where() + "; meanwhile the spec changes " + what + ", where " + why + ": put it back until the rollout is over"
}

// fixedField is the field of the route that changes and may not: whatever decides by whom, and as what, the route is served.
func (r *Release) fixedField(s State, own Tree) string {
	is, at := r.canary.RouteSpec(), r.spec.RouteField()+"."
	if s.Lock.Router != is.Router {
		return at + "router"
	}
	before, _ := fixedIn(r.router, s.Tree)
	after, order := fixedIn(r.router, own)
	for _, f := range order {
		if was, known := before[f]; known && !slices.Equal(was, after[f]) {
			return at + is.FieldOf(f)
		}
	}
	return ""
}

// fixedIn is what a tree's route says of each field that is fixed, and their order. A path can be there in two types, and is there once for every rule of some.
func fixedIn(router route.Router, t Tree) (texts map[route.Fixed][]string, order []route.Fixed) {
	texts = map[route.Fixed][]string{}
	for _, f := range router.Fixed(ownObjectsOf(t)) {
		key := route.Fixed{Field: f.Field, Path: f.Path}
		if texts[key] == nil {
			order = append(order, key)
		}
		if !slices.Contains(texts[key], f.Text) {
			texts[key] = append(texts[key], f.Text)
		}
	}
	return texts, order
}

// fixedFile says what of a changed file may not change, by the spec's field where one is known, and why; "" where it may.
func (r *Release) fixedFile(ch Change, s State, to Tree) (what, why string) {
	component, kind, _ := strings.Cut(strings.TrimSuffix(ch.Path, ".yaml"), "-")
	replicas := r.spec.Spec.Replicas != max(s.Lock.Replicas, replicasOf(s.Tree, prodDeployment))
	switch {
	case ch.Path == LockFile, ch.Path == KustomizationFile && ch.Op == Changed:
		return "", ""
	case ch.Op != Changed:
		return ch.Path, "nothing may change"
	case ch.Path == PreviousFile && replicas:
		return "spec.replicas", "nothing may change once prod has the new revision"
	case ch.Path == PreviousFile:
		return ch.Path, "nothing may change"
	case nameOf(ch.Old) != nameOf(ch.New):
		if kind != "deployment" && kind != "service" {
			component, kind = strings.Replace(component, "shared", "prod", 1), "route"
		}
		return "spec.output.names." + component + "." + kind, "the name may not change"
	case kind == "service":
		return ch.Path, "nothing may change"
	case kind != "deployment" || moreReplicas(ch.Old, ch.New):
		return "", ""
	case replicasOf(to, ch.Path) >= replicasOf(s.Tree, ch.Path):
		return ch.Path, "only replicas may change"
	case replicas:
		return "spec.replicas", "only more may be asked for"
	case component == "prod" && s.Lock.Replicas == 0:
		return "spec.dynamicStableScale", "prod may give up no pods that it has"
	}
	return "spec.minPods or canaryScale", "only more may be asked for"
}

func replicasOf(t Tree, path string) int {
	data, _ := t.Get(path)
	n, err := node.Parse(data)
	if err != nil {
		return 0
	}
	replicas, _ := strconv.Atoi(node.Text(n, "spec", "replicas"))
	return replicas
}

func moreReplicas(old, now []byte) bool {
	a, errA := node.Parse(old)
	b, errB := node.Parse(now)
	if errA != nil || errB != nil {
		return false
	}
	before, _ := strconv.Atoi(node.Text(a, "spec", "replicas"))
	after, _ := strconv.Atoi(node.Text(b, "spec", "replicas"))
	node.Set(a, node.Int(after), "spec", "replicas")
	was, errA := node.Encode(a)
	is, errB := node.Encode(b)
	return errA == nil && errB == nil && string(was) == string(is) && after >= before
}

func nameOf(object []byte) (name string) {
	_ = node.Look(object, func(n *yaml.Node) { name = node.Text(n, "metadata", "name") })
	return name
}

// splitOf reads the split back from a tree's route, nil where it has none.
func (r *Release) splitOf(t Tree) *route.Split { return splitOf(r.router, t) }

// Split is who reaches the canary in a tree, as its route says; nil where it has none, or none that can be read.
func (s State) Split() *route.Split {
	router, err := route.ByName(s.Lock.Router)
	if err != nil {
		return nil
	}
	return splitOf(router, s.Tree)
}

func splitOf(router route.Router, t Tree) *route.Split {
	split, err := router.Split(ownObjectsOf(t))
	if err != nil {
		return nil
	}
	return split
}

// ownObjectsOf are a tree's objects without other routes of its base, which split nothing of the app's.
func ownObjectsOf(t Tree) []route.Object {
	return slices.DeleteFunc(objectsOf(t), func(o route.Object) bool { return route.ByKind(node.Text(o.Node, "kind")) != "" && !isRoute(o.Path) })
}

// objectsOf are a tree's objects that can be read.
func objectsOf(t Tree) []route.Object {
	var objs []route.Object
	for _, path := range t.Resources() {
		data, _ := t.Get(path)
		var doc yaml.Node
		if yaml.Unmarshal(data, &doc) == nil && len(doc.Content) == 1 {
			objs = append(objs, route.Object{Path: path, Node: doc.Content[0]})
		}
	}
	return objs
}
