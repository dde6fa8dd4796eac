package kustomize

import (
	"bytes"
	"fmt"
	"path"
	"slices"

	"go.yaml.in/yaml/v3"
	"sigs.k8s.io/kustomize/kyaml/kio"
	"sigs.k8s.io/kustomize/kyaml/kio/filters"
	kyaml "sigs.k8s.io/kustomize/kyaml/yaml"
)

// baseNote is what gitramp as a function puts on a base that lies in files (render/krm), beside the annotation with which kustomize leaves an object out: prod takes
// its place in the cluster, and for gitramp it is the base all the same.
const baseNote = "gitramp.dev/base-of"

// local takes the function's notes from the objects of a file. Of the others that kustomize leaves out it remembers a Deployment: without one there is no base.
func (g *gathering) local(name string, docs []*kyaml.RNode) error {
	noted := false
	for _, doc := range docs {
		meta := child(doc.YNode(), "metadata")
		notes := child(meta, "annotations")
		switch {
		case child(notes, baseNote) != nil:
			noted = true
			remove(notes, baseNote)
			if remove(notes, filters.LocalConfigAnnotation); len(notes.Content) == 0 {
				remove(meta, "annotations")
			}
		case child(notes, filters.LocalConfigAnnotation) != nil && doc.GetKind() == "Deployment":
			g.left = fmt.Sprintf("Deployment %s of %s", doc.GetName(), name)
		}
	}
	if !noted {
		return nil
	}
	var text bytes.Buffer
	if err := (kio.ByteWriter{Writer: &text}).Write(docs); err != nil {
		return err
	}
	return g.to.WriteFile(path.Join("/", name), text.Bytes())
}

// whole refuses a base whose Deployment kustomize has left out.
func (g *gathering) whole(objs []*yaml.Node) error {
	deploys := func(o *yaml.Node) bool { kind := child(o, "kind"); return kind != nil && kind.Value == "Deployment" }
	if g.left == "" || slices.ContainsFunc(objs, deploys) {
		return nil
	}
	return fmt.Errorf("has no Deployment: %s is left out by kustomize: allowed one without the annotation %s", g.left, filters.LocalConfigAnnotation)
}
