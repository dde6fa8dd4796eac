package render

import (
	"reflect"
	"strconv"

	"go.yaml.in/yaml/v3"

	"github.com/gitramp/gitramp/render/internal/node"
	"github.com/gitramp/gitramp/render/route"
)

// CannotSync says why a tree cannot be brought to own, what the spec says today of its own step; "" where it can. Between two releases everything can. While
// a rollout is on its way only what moves no request between the revisions and takes no pod away: where the route is, and more replicas.
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
	stuck := func(path, what string) string {
		return s.Lock.where() + "; meanwhile the spec changes " + path + ", where " + what + ": put it back until the rollout is over"
	}
	for _, ch := range Changes(s.Tree, own) {
		switch {
		case ch.Path == LockFile:
		case ch.Op != Changed:
			return stuck(ch.Path, "nothing may change")
		case ch.Path == "prod-deployment.yaml", ch.Path == "canary-deployment.yaml":
			if !moreReplicas(ch.Old, ch.New) {
				return stuck(ch.Path, "only replicas may change, and only upwards")
			}
		case ch.Path == "prod-service.yaml", ch.Path == "canary-service.yaml", ch.Path == PreviousFile:
			return stuck(ch.Path, "nothing may change")
		case ch.Path != KustomizationFile && nameOf(ch.Old) != nameOf(ch.New):
			return stuck(ch.Path, "the name may not change")
		}
	}
	if before, after := r.splitOf(s.Tree), r.splitOf(own); !reflect.DeepEqual(before, after) {
		return stuck("the route", "who reaches the canary may not change")
	}
	return ""
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

func nameOf(object []byte) string {
	n, err := node.Parse(object)
	if err != nil {
		return ""
	}
	return node.Text(n, "metadata", "name")
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
	split, err := router.Split(objectsOf(t))
	if err != nil {
		return nil
	}
	return split
}

// objectsOf are the objects of a tree, without those that are no YAML.
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
