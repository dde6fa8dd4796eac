package krm

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/gitramp/gitramp/render"
	"github.com/gitramp/gitramp/render/internal/node"
)

// maxBaseObjects is what a base may have, as one that is a kustomization.
const maxBaseObjects = 1000

// readBase reads the spec together with its base.
func (r *run) readBase() error {
	if r.spec.Spec.Base == "" {
		return nil
	}
	dir := path.Join(path.Dir(r.file), r.spec.Spec.Base)
	r.findBase(dir)
	if r.lying(); r.results.Failed() {
		return nil
	}
	wrong := func(problem, allowed string) error {
		return render.SpecError{r.spec.Wrong("spec.base", r.spec.Spec.Base, problem, allowed)}
	}
	var objs []*yaml.Node
	for _, i := range r.base {
		objs = append(objs, r.items[i].node)
	}
	if objs == nil && r.kept >= 0 {
		if at := node.Get(r.items[r.kept].node, "objects"); at != nil {
			objs = append(objs, at.Content...)
		}
	}
	if n := len(objs); n == 0 {
		return wrong("is none of the items", r.whereBase(dir))
	} else if n > maxBaseObjects {
		return wrong(fmt.Sprintf("has %d objects", n), fmt.Sprintf("at most %d", maxBaseObjects))
	}
	for i, o := range objs {
		if aliased(o) {
			return wrong(node.Title(o)+" has an alias", "the value itself")
		}
		r.hashed(o)
		objs[i] = node.Copy(o)
		unannotate(objs[i])
	}
	var err error
	r.spec, err = r.spec.WithBase(objs, r.Rename)
	return err
}

// findBase finds the items that are the base: those below the directory that spec.base names; where nothing lies there, those that lie in no file, as in a
// kustomization's transformers, and are no tool's and not the function's own. What lies elsewhere is somebody else's, whatever spec.base is mistyped as.
func (r *run) findBase(dir string) {
	var loose []int
	for i, item := range r.items {
		switch at := item.file(); {
		case r.keeps(i):
			r.kept = i
		case item.kustomization() && strings.HasPrefix(at, dir+"/"):
			r.undone = append(r.undone, i)
		case item.tools():
		case strings.HasPrefix(at, dir+"/"):
			r.base = append(r.base, i)
		case annotation(item.node, baseNote) == r.spec.Metadata.Name, at == "" && !item.local() && !item.marked():
			loose = append(loose, i)
		}
	}
	if r.base == nil {
		r.base = loose
	}
}

// keeps says whether an item is the object that has the base in it.
func (r *run) keeps(i int) bool {
	o := r.items[i].node
	return node.Text(o, "kind") == baseKind && node.Text(o, "metadata", "name") == r.spec.Metadata.Name
}

// whereBase says where a base may be. A stream has no files, and what comes out as one has no base in it.
func (r *run) whereBase(dir string) string {
	if r.Text != nil {
		return fmt.Sprintf("what kustomize builds of it, beside the function's own output too, which has no base in it: kustomize build %s | gitramp fn %s - [OUTPUT]", dir, r.file)
	}
	return "items that lie below " + dir + ", or items that lie in no file and that gitramp did not write"
}

// lying says what is wrong with the items that are the base, by their files: an object that is none, or is there twice. What a kustomization among them says is not
// done: but for a list of resources, whose files are there, that is a warning.
func (r *run) lying() {
	for _, i := range r.base {
		if o := r.items[i].node; node.Text(o, "kind") == "" || node.Text(o, "metadata", "name") == "" {
			r.results = append(r.results, Result{Severity: Error, Message: "is no object, and lies in the base: allowed objects with kind and metadata.name, and kustomizations", File: r.items[i].file(), of: o})
		}
	}
	if !r.results.Failed() {
		r.once(func(i int) bool { return r.keeps(i) || slices.Contains(r.base, i) })
	}
	for _, i := range r.undone {
		for _, key := range keysOf(r.items[i].node) {
			if !slices.Contains([]string{"apiVersion", "kind", "metadata", "resources"}, key) {
				r.results = append(r.results, Result{Severity: Warning, Field: key, File: r.items[i].file(), of: r.items[i].node,
					Message: "has no effect: the items are the base's files as they lie: allowed resources alone, with files that kustomize has built"})
			}
		}
	}
}

// hashed warns of an object that kustomize has generated: the hash of its content comes into its name, and into what refers to it, behind all transformers, and only
// where the object is still the generator's.
func (r *run) hashed(o *yaml.Node) {
	if annotation(o, hashNote) == "enabled" {
		r.results = append(r.results, Result{Severity: Warning, Field: "metadata.name", Current: node.Text(o, "metadata", "name"), of: o,
			Message: "loses the hash that kustomize would add: other content restarts no pods, and reaches both tracks at once: allowed a build of what gitramp render --write makes, " +
				"whose names have hashes, or disableNameSuffixHash"})
	}
}

// aliased says whether an object has an alias: what those can grow to is not bounded by the text.
func aliased(n *yaml.Node) bool {
	if n.Kind == yaml.AliasNode {
		return true
	}
	for _, c := range n.Content {
		if aliased(c) {
			return true
		}
	}
	return false
}

// keep adds what stays of the base: input of the function, and nothing for a cluster, where prod takes its place. What lies in a file stays there, with a note; what
// comes from none, as in a kustomization, goes into an object for tools, as kustomize takes no two objects of a name.
func (r *run) keep(items []Item, i int) []Item {
	item := r.items[i]
	switch {
	case item.file() == "":
		return items
	case item.local():
		return append(items, item)
	}
	n := node.Copy(item.node)
	node.Set(n, node.Quoted("true"), "metadata", "annotations", localNote)
	node.Set(n, node.Quoted(r.spec.Metadata.Name), "metadata", "annotations", baseNote)
	return append(items, Item{node: n})
}

// baseKind is the object that has a base in it.
const baseKind = "CanaryBase"

// packed is the base that lies in no file, as an object for tools.
func (r *run) packed() []Item {
	list := node.Seq()
	for _, i := range r.base {
		if r.items[i].file() == "" {
			n := node.Copy(r.items[i].node)
			unannotate(n)
			list.Content = append(list.Content, n)
		}
	}
	if len(list.Content) == 0 {
		return nil
	}
	n := node.Map(node.String("apiVersion"), node.String(render.APIVersion), node.String("kind"), node.String(baseKind))
	node.Set(n, node.String(r.spec.Metadata.Name), "metadata", "name")
	node.Set(n, node.Quoted("true"), "metadata", "annotations", localNote)
	node.Set(n, list, "objects")
	return []Item{{node: n}}
}
