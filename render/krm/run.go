package krm

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/gitramp/gitramp/render"
	"github.com/gitramp/gitramp/render/internal/node"
	"github.com/gitramp/gitramp/render/route"
	"github.com/gitramp/gitramp/templates"
)

// Call is one call of the function.
type Call struct {
	Config *yaml.Node // functionConfig, nil where there is none
	Items  []Item
	Step   string // instead of the annotation gitramp.dev/step
	Check  bool   // change nothing, and say what is not as it should be: a validator
	Rename render.Renamer
	File   string // that the spec lies in, where that is not told by an annotation
	Text   []byte // of that file, for errors with lines; nil where there is none
}

// run is a call on its way.
type run struct {
	Call
	items   []Item
	config  *yaml.Node // the Canary
	file    string     // that it lies in
	spec    *render.Canary
	base    []int             // the items that are the base
	undone  []int             // the kustomizations among its files
	kept    int               // the item that has the base in it, -1 for none
	step    render.Step       // that was asked for
	asked   bool              // whether one was
	asker   string            // the field that asked for it
	paths   map[string]string // files of a tree, by the id of their object
	route   string            // the id of prod's route
	set     *render.Templates
	release *render.Release
	results Results
}

// Run returns the items with the step's objects in place of those that were written before. Where a result is an error, the items are those of the call.
func (c Call) Run() ([]Item, Results) {
	r := &run{Call: c, items: c.Items, kept: -1, set: render.NewTemplates(templates.FS)}
	items, err := r.all()
	if err != nil {
		r.results = append(r.results, r.failure(err)...)
	}
	if r.results.Failed() || r.Check {
		return c.Items, r.results
	}
	return items, r.results
}

func (r *run) all() ([]Item, error) {
	for _, step := range []func() error{r.configure, r.parse, r.readBase, r.pick, r.know} {
		if err := step(); err != nil || r.results.Failed() {
			return nil, err
		}
	}
	own, taken := r.own()
	if r.once(func(i int) bool { return own[i] != "" }); r.results.Failed() {
		return nil, nil
	}
	r.free(taken)
	if err := r.compile(own); err != nil {
		return nil, err
	}
	if r.Check {
		return nil, r.check(own)
	}
	written, err := r.objects(r.step)
	if err != nil {
		return nil, err
	}
	if err := r.unkept(own, written); err != nil {
		return nil, err
	}
	if err := r.judge(own); err != nil {
		return nil, err
	}
	return r.replace(own, written), nil
}

// parse reads the spec as strictly as from a file. Annotations of orchestrators are not the user's.
func (r *run) parse() error {
	text := r.Text
	if text == nil {
		n := node.Copy(r.config)
		unannotate(n)
		var err error
		if text, err = node.Encode(n); err != nil {
			return err
		}
	}
	var err error
	if r.spec, err = render.ParseSpec(r.file, text); err != nil {
		return err
	}
	for _, w := range r.spec.Warnings() {
		_, rest, _ := strings.Cut(strings.TrimPrefix(w, r.file), ": ")
		field, message, _ := strings.Cut(rest, ": warning: ")
		r.results = append(r.results, Result{Severity: Warning, Message: message, Field: field, File: r.file, of: r.config})
	}
	return nil
}

// pick finds the step in the plan.
func (r *run) pick() error {
	plan := r.spec.Plan()
	r.step = plan.Steps[0]
	if r.asked = r.Step != ""; !r.asked {
		return nil
	}
	st, known := plan.Find(r.Step)
	if !known {
		return r.wrongStep(r.Step, "is no step", plan.Allowed())
	}
	r.step = st
	return nil
}

// wrongStep is an error about the step, at the place that asked for it.
func (r *run) wrongStep(step, problem, allowed string) error {
	problem = fmt.Sprintf("value %q %s", step, problem)
	if r.asker == stepField {
		return render.SpecError{r.spec.Wrong(stepField, step, problem, allowed)}
	}
	return fmt.Errorf("%s: %s: allowed %s", r.asker, problem, allowed)
}

const stepField = "metadata.annotations." + stepNote

// know finds the objects that any step may have.
func (r *run) know() error {
	wanted, err := r.spec.Revision(r.set)
	if err != nil {
		return err
	}
	release, err := render.NewRelease(r.spec, r.file, render.Revisions{Stable: wanted, Canary: wanted}, r.set)
	if err != nil {
		return err
	}
	r.paths = map[string]string{}
	for _, st := range release.Plan.Steps {
		tree, err := release.Objects(st)
		if err != nil {
			return err
		}
		for _, name := range tree.Resources() {
			data, _ := tree.Get(name)
			n, err := node.Parse(data)
			if err != nil {
				return err
			}
			if r.paths[node.ID(n)] == "" {
				r.paths[node.ID(n)] = name
			}
			if route.ByKind(node.Text(n, "kind")) != "" && node.Text(n, "metadata", "name") == r.spec.Spec.Output.Names.Prod.Route {
				r.route = node.ID(n)
			}
		}
	}
	return nil
}

// free refuses objects that the step would overwrite and that are somebody else's.
func (r *run) free(taken []int) {
	if r.spec.Spec.Base != "" {
		return // they are beside the base, and the base is made into prod
	}
	for _, i := range taken {
		r.results = append(r.results, Result{Severity: Error, Message: node.Title(r.items[i].node) + " is there already, and nothing says that gitramp wrote it: " +
			"allowed other names (spec.output.names), or that object as a base (spec.base)", File: r.items[i].file(), of: r.items[i].node})
	}
}

// compile makes the release: from what prod runs by the items, else by spec.stable, to what the spec asks for.
func (r *run) compile(own map[int]string) error {
	revs, known, err := r.fromItems(own)
	if err == nil && !known {
		revs, known, err = r.fromSpec()
	}
	if err != nil {
		return err
	}
	switch ramps := r.step.HasCanary() && !r.step.Promoted() && !r.Check; {
	case ramps && !known:
		return render.SpecError{r.spec.Wrong("spec.stable", "", "is missing, and no item is what prod runs", "the image that prod runs, or its objects as this function wrote them")}
	case ramps && revs.Stable.Name == revs.Canary.Name:
		return r.wrongStep(r.step.ID(), "is over: prod runs what the spec asks for", "a step without a ramp (idle), or another image")
	}
	r.release, err = render.NewRelease(r.spec, r.file, revs, r.set)
	return err
}

// fromSpec: where nobody says what prod runs, it is what the spec asks for: the first installation has no ramp.
func (r *run) fromSpec() (revs render.Revisions, known bool, err error) {
	if revs.Stable, known, err = r.spec.StableRevision(r.set); err != nil {
		return revs, known, err
	}
	if revs.Canary, err = r.spec.RevisionBeside(revs.Stable, r.set); err == nil && !known {
		revs.Canary, err = r.spec.Revision(r.set)
		revs.Stable = revs.Canary
	}
	return revs, known, err
}

// fromItems: what prod runs is known where its objects are among the own items.
func (r *run) fromItems(own map[int]string) (revs render.Revisions, known bool, err error) {
	state, err := r.standing(own, false)
	if err != nil || state == nil {
		return revs, false, err
	}
	beside, err := r.standing(own, true)
	if err != nil {
		return revs, true, err
	}
	now, err := state.Revisions()
	if err != nil {
		return revs, true, err
	}
	wide, err := beside.Revisions()
	if err != nil {
		return revs, true, err
	}
	if state.Tree.Resources()[0] != "" {
		if err := r.spec.CheckFixed(*state, now.Stable, "the items"); err != nil {
			return revs, true, err
		}
	}
	if revs.Canary, err = r.spec.RevisionBeside(wide.Stable, r.set); err != nil {
		return revs, true, err
	}
	revs.Stable, err = r.today(now.Stable, revs.Canary, own)
	return revs, true, err
}

// today is what prod runs under a name: with what a base says today of all that is no revision's, between two releases; as the spec makes it, where that is the same.
func (r *run) today(stable, wanted render.Revision, own map[int]string) (render.Revision, error) {
	stable.Name = "of the items"
	same, err := r.same(stable, wanted)
	if err != nil {
		return stable, err
	}
	if same {
		stable.Name = wanted.Name
	}
	onItsWay := false
	for _, name := range own {
		onItsWay = onItsWay || strings.HasPrefix(name, "canary-")
	}
	switch {
	case r.spec.Spec.Base == "" && same:
		return wanted, nil
	case onItsWay:
		return stable, nil
	}
	if stable, err = r.spec.Refreshed(stable); err != nil {
		return stable, err
	}
	return stable, r.handsOver(stable)
}

// handsOver refuses an autoscaler that comes or goes: in between there are both, it and the number, and only who knows a clock can end that.
func (r *run) handsOver(stable render.Revision) error {
	release, err := render.NewRelease(r.spec, r.file, render.Revisions{Stable: stable, Canary: stable}, r.set)
	if err != nil {
		return err
	}
	tree, err := release.Objects(release.Plan.Steps[0])
	if err != nil {
		return err
	}
	data, _ := tree.Get("prod-deployment.yaml")
	deployment, err := node.Parse(data)
	if err != nil || node.Get(deployment, "spec", "replicas") == nil {
		return err
	}
	for _, f := range tree {
		if strings.HasPrefix(f.Path, "prod-horizontalpodautoscaler-") || strings.HasPrefix(f.Path, "prod-scaledobject-") {
			return render.SpecError{r.spec.Wrong("spec.base", r.spec.Spec.Base, "has another owner of the replicas than prod, and that changes in two steps with a settle between them",
				"gitramp advance, or the replicas and the autoscaler as they were")}
		}
	}
	return nil
}

// same says whether two revisions have the same pods and ports.
func (r *run) same(a, b render.Revision) (bool, error) {
	var texts [2][]string
	for i, rev := range []render.Revision{a, b} {
		release, err := render.NewRelease(r.spec, r.file, render.Revisions{Stable: rev, Canary: rev}, r.set)
		if err != nil {
			return false, err
		}
		tree, err := release.Objects(release.Plan.Steps[0])
		if err != nil {
			return false, err
		}
		for _, f := range [][]string{{"prod-deployment.yaml", "spec", "template"}, {"prod-service.yaml", "spec", "ports"}} {
			data, _ := tree.Get(f[0])
			n, err := node.Parse(data)
			if err != nil {
				return false, err
			}
			texts[i] = append(texts[i], canonical(node.Get(n, f[1:]...)))
		}
	}
	return slices.Equal(texts[0], texts[1]), nil
}

// objects are those of a step, in apply order, each with the place where it belongs.
func (r *run) objects(st render.Step) ([]Item, error) {
	tree, err := r.release.Objects(st)
	if err != nil {
		return nil, err
	}
	var items []Item
	for _, name := range tree.Resources() {
		data, _ := tree.Get(name)
		n, err := node.Parse(data)
		if err != nil {
			return nil, err
		}
		n.HeadComment = render.HeadComment
		node.Set(n, node.Quoted(path.Join(r.spec.OutputPath(), name)), "metadata", "annotations", pathNote)
		node.Set(n, node.Quoted("0"), "metadata", "annotations", indexNote)
		items = append(items, Item{node: n})
	}
	return items, nil
}

// unkept refuses to write over a tree that has a lock: its steps are commits.
func (r *run) unkept(own map[int]string, written []Item) error {
	at := path.Join(r.spec.OutputPath(), render.KustomizationFile)
	kept := slices.ContainsFunc(r.items, func(i Item) bool { return i.file() == at && i.marked() })
	if kept && len(r.differences(own, written)) > 0 {
		return render.SpecError{r.spec.Wrong("spec.output.path", r.spec.OutputPath(), "holds a tree that gitramp keeps, at another step",
			"another path for a function, or gitramp advance for the next step")}
	}
	return nil
}

// replace puts the written objects where the first own one was, else behind all others.
func (r *run) replace(own map[int]string, written []Item) []Item {
	packed := r.packed()
	written = append(written, packed...)
	var items []Item
	placed := false
	for i, item := range r.items {
		switch _, mine := own[i]; {
		case mine && !placed:
			items, placed = append(items, written...), true
		case mine, i == r.kept && packed != nil:
		case slices.Contains(r.base, i):
			items = r.keep(items, i)
		default:
			items = append(items, item)
		}
	}
	if !placed {
		items = append(items, written...)
	}
	return items
}
