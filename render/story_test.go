package render_test

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/gitramp/gitramp/render"
	"github.com/gitramp/gitramp/render/internal/node"
)

// story is one app whose tree moves by decisions, with neither git nor clock: what a verb does, in memory.
type story struct {
	t     tester
	text  string // of the spec, with IMAGE for what is wanted
	base  string // the objects of the spec's base, "" where it has none
	image string // what the spec asks for
	state render.State
}

const storySpec = `{apiVersion: gitramp.dev/v1alpha1, kind: Canary, metadata: {name: app}, spec: {image: "app:IMAGE", stable: {image: "app:1"}, port: 80,
  replicas: 4, settle: 10m, route: {host: a.example.com, match: [{header: {name: X-Canary}}]},
  steps: [{setWeight: 20}, {pause: {}}, {setWeight: 50}, {pause: {duration: 1h}}]}}`

// newStory installs app:1. Steps: 0 idle, 1 prepare, 2 weight-20, 3 weight-50, 4 full, 5 promote, 6 restore, 7 cleanup.
func newStory(t tester) *story {
	t.Helper()
	w := &story{t: t, text: storySpec, image: "2"}
	r, _ := w.compile()
	tree, lock, err := r.Tree(r.Plan.Steps[0], nil)
	if err != nil {
		t.Fatal(err)
	}
	w.state = render.State{Lock: lock, Tree: tree}
	return w
}

func (w *story) spec() *render.Canary {
	c := parse(w.t, strings.Replace(w.text, "IMAGE", w.image, 1))
	if w.base == "" {
		return c
	}
	var objs []*yaml.Node
	for text := range strings.SplitSeq(w.base, "---\n") {
		var doc yaml.Node
		if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
			w.t.Fatal(err)
		}
		objs = append(objs, doc.Content[0])
	}
	c, err := c.WithBase(objs, renamed)
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

// renamed gives objects new names, where none of them refers to another.
func renamed(objs []*yaml.Node, names []string) (list []*yaml.Node, err error) {
	for i, o := range objs {
		o = node.Copy(o)
		node.Set(o, node.String(names[i]), "metadata", "name")
		list = append(list, o)
	}
	return list, nil
}

// wanted is the name of the revision that the spec asks for.
func (w *story) wanted() string {
	return w.spec().RevisionName()
}

func (w *story) compile() (*render.Release, error) {
	w.t.Helper()
	c := w.spec()
	revs, err := w.revisions(c)
	if err != nil {
		w.t.Fatal(err)
	}
	r, err := render.NewRelease(c, "canary.yaml", revs, shared)
	if err != nil {
		w.t.Fatal(err)
	}
	return r, r.At(w.state)
}

// revisions are those that the tree holds, and what the spec asks for where it holds no release.
func (w *story) revisions(c *render.Canary) (revs render.Revisions, err error) {
	if w.state.Lock == nil {
		revs.Stable, _, err = c.StableRevision(shared)
	} else if revs, err = w.state.Revisions(); err == nil && w.state.IsIdle() {
		revs.Stable, err = c.Refreshed(revs.Stable)
	}
	if err == nil && (w.state.Lock == nil || w.state.IsIdle()) {
		revs.Canary, err = c.RevisionBeside(revs.Stable, shared)
	}
	return revs, err
}

// next asks for the next transition, and what it leads to.
func (w *story) next(ev render.Evidence) (render.Decision, render.State) {
	w.t.Helper()
	d, decided := w.state.Next(w.wanted(), ev)
	if decided {
		return d, w.turn(nil, d)
	}
	r, err := w.compile()
	if err != nil {
		return render.Decision{Refused: err.Error()}, w.state
	}
	if d, err = r.Next(w.state, w.wanted(), ev); err != nil {
		w.t.Fatal(err)
	}
	return d, w.turn(r, d)
}

// turn carries a decision out, and reads back what it leads to.
func (w *story) turn(r *render.Release, d render.Decision) render.State {
	w.t.Helper()
	if d.Transition == "" {
		return w.state
	}
	turn := w.state.Turn
	if r != nil {
		turn = func(d render.Decision) (render.Tree, *render.Lock, error) { return r.Turn(w.state, d) }
	}
	tree, lock, err := turn(d)
	if err != nil {
		w.t.Fatal(err)
	}
	files := map[string][]byte{}
	for _, f := range tree {
		files[f.Path] = f.Data
	}
	state, err := render.ReadState("deploy/app", files)
	if err != nil {
		w.t.Fatalf("%s: %v", d.Transition, err)
	}
	if lock != nil && lock.Parent != w.state.Lock.Self {
		w.t.Fatalf("%s: the lock's parent is not the lock that it was planned from", d.Transition)
	}
	return state
}

// go on: waives every hold, and takes so many transitions; -1 is until nothing is left.
func (w *story) run(transitions int) *story {
	w.t.Helper()
	for i := 0; i != transitions; i++ {
		d, state := w.next(render.Evidence{NoHolds: true})
		if d.Transition == "" {
			if transitions > 0 {
				w.t.Fatalf("no transition %d: %s", i, said(d, 0))
			}
			return w
		}
		w.state = state
	}
	return w
}

// ask changes what the spec asks for.
func (w *story) ask(image string) *story { w.image = image; return w }

// do carries a person's decision out.
func (w *story) do(decide func(render.State) render.Decision) *story {
	w.t.Helper()
	d := decide(w.state)
	if d.Refused != "" || d.Waiting != "" {
		w.t.Fatal(said(d, 0))
	}
	w.state = w.turn(nil, d)
	return w
}

// said is a decision in words; times are since the step was committed.
func said(d render.Decision, since int64) string {
	switch {
	case d.Refused != "":
		return "refused: " + d.Refused
	case d.Until != 0:
		return fmt.Sprintf("waiting: %s until +%s", d.Waiting, render.Duration(d.Until-since))
	case d.Waiting != "":
		return "waiting: " + d.Waiting
	case d.Transition == "":
		return "nothing"
	case d.Step.Name != "":
		return string(d.Transition) + " " + d.Step.ID()
	}
	return string(d.Transition)
}

func revisionNames(t tester, c *render.Canary) (canary, stable string) {
	t.Helper()
	rev, err := c.Revision(shared)
	if err != nil {
		t.Fatal(err)
	}
	old, _, err := c.StableRevision(shared)
	if err != nil {
		t.Fatal(err)
	}
	return rev.Name, old.Name
}
