package krm

import (
	"path"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/gitramp/gitramp/render"
	"github.com/gitramp/gitramp/render/internal/node"
)

// maxBaseObjects is what a base may have, as one that is a kustomization.
const maxBaseObjects = 1000

// readBase finds the items that are the base, and reads the spec together with them. They are those below the directory that spec.base names; where nothing lies
// there, as in a kustomization's transformers, all that is no tool's and nobody else's.
func (r *run) readBase() error {
	if r.spec.Spec.Base == "" {
		return nil
	}
	wrong := func(problem, allowed string) error {
		return render.SpecError{r.spec.Wrong("spec.base", r.spec.Spec.Base, problem, allowed)}
	}
	dir := path.Join(path.Dir(r.file), r.spec.Spec.Base)
	var loose []int
	for i, item := range r.items {
		switch at := item.file(); {
		case item.tools():
		case at != "" && strings.HasPrefix(at, dir+"/"):
			r.base = append(r.base, i)
		case annotation(item.node, baseNote) == r.spec.Metadata.Name, !item.local() && !item.marked() && path.Dir(at) != r.spec.OutputPath():
			loose = append(loose, i)
		}
	}
	if r.base == nil {
		r.base = loose
	}
	switch n := len(r.base); {
	case n == 0:
		return wrong("is none of the items", "items that lie below "+dir+", or the objects of the base and no others")
	case n > maxBaseObjects:
		return wrong("has too many objects", "at most 1000")
	}
	var objs []*yaml.Node
	for _, i := range r.base {
		if aliased(r.items[i].node) {
			return wrong(title(r.items[i].node)+" has an alias", "the value itself")
		}
		n := node.Copy(r.items[i].node)
		unannotate(n)
		objs = append(objs, n)
	}
	var err error
	r.spec, err = r.spec.WithBase(objs, r.Rename)
	return err
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

// kept is an item of the base as it stays: input of the function, and nothing for a cluster, where prod takes its place.
func (r *run) kept(item Item) *yaml.Node {
	n := node.Copy(item.node)
	node.Set(n, node.Quoted("true"), "metadata", "annotations", localNote)
	node.Set(n, node.Quoted(r.spec.Metadata.Name), "metadata", "annotations", baseNote)
	return n
}
