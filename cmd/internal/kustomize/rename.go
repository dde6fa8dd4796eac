package kustomize

import (
	"cmp"
	_ "embed"
	"errors"
	"fmt"
	"regexp"
	"strconv"

	"go.yaml.in/yaml/v3"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/kustomize/kyaml/resid"
	kyaml "sigs.k8s.io/kustomize/kyaml/yaml"
)

// references lists fields of custom resources that hold the name of another object. Kustomize itself knows those of Kubernetes' own kinds.
//
//go:embed references.yaml
var references []byte

// Rename returns copies of objs in which objs[i] has the name names[i], "" for the one it has, and what refers to it by name among them says so. Which fields
// are references is kustomize's knowledge, and that of references.yaml. Nothing else of an object changes, its comments and style included: a new name in the
// place of an old one is all that is taken from what kustomize built.
func Rename(objs []*yaml.Node, names []string) ([]*yaml.Node, error) {
	if len(objs) != len(names) {
		return nil, fmt.Errorf("there are %d names for %d objects", len(names), len(objs))
	}
	if err := distinct(objs, names); err != nil {
		return nil, err
	}
	files, err := renaming(objs, names)
	if err != nil {
		return nil, err
	}
	running.Lock()
	defer running.Unlock()
	built, err := run(&gathering{to: files}, ".")
	if err != nil {
		return nil, fmt.Errorf("renaming: %w", err)
	}
	if len(objs) != len(built) {
		return nil, fmt.Errorf("renaming made %d objects of %d", len(built), len(objs))
	}
	old := renames{}
	for i, obj := range objs {
		old.add(obj, names[i])
	}
	out := make([]*yaml.Node, len(objs))
	for i, obj := range objs {
		out[i] = clone(obj)
		old.adopt(out[i], built[i])
	}
	return out, nil
}

// mark is the annotation by which a patch finds its object: names may go from one object to another.
const mark = "gitramp-object"

// renaming is a kustomization of the objects, and of a patch for each name. They are JSON patches: for the others kustomize reads its schemas, which takes
// longer than all else.
func renaming(objs []*yaml.Node, names []string) (filesys.FileSystem, error) {
	files := filesys.MakeFsInMemory()
	k := types.Kustomization{Resources: []string{}, Configurations: []string{"references.yaml"}}
	for i, obj := range objs {
		if text(obj, "metadata", "name") == "" {
			return nil, errors.New("renaming: an object has no name")
		}
		obj, at := kyaml.NewRNode(clone(obj)), strconv.Itoa(i)
		if err := obj.PipeE(kyaml.SetAnnotation(mark, at)); err != nil {
			return nil, err
		}
		k.Resources = append(k.Resources, at+".yaml")
		if err := write(files, at+".yaml", obj.YNode()); err != nil {
			return nil, err
		}
		if names[i] == "" {
			continue
		}
		patch, err := yaml.Marshal([]map[string]string{{"op": "replace", "path": "/metadata/name", "value": names[i]}})
		if err != nil {
			return nil, err
		}
		target := &types.Selector{ResId: resid.ResId{Name: regexp.QuoteMeta(obj.GetName())}, AnnotationSelector: mark + "=" + at}
		k.Patches = append(k.Patches, types.Patch{Patch: string(patch), Target: target})
	}
	if err := files.WriteFile("/references.yaml", references); err != nil {
		return nil, err
	}
	return files, write(files, "kustomization.yaml", k)
}

func write(files filesys.FileSystem, name string, v any) error {
	data, err := yaml.Marshal(v)
	if err != nil {
		return err
	}
	return files.WriteFile("/"+name, data)
}

// renames has old and new names by kind, and by "" for all kinds.
type renames map[[3]string]bool

func (r renames) add(obj *yaml.Node, name string) {
	old := text(obj, "metadata", "name")
	r[[3]string{text(obj, "kind"), old, name}] = true
	r[[3]string{"", old, name}] = true
}

// adopt takes over the scalars that went from an object's old name to its new one. A reference that says of which kind its object is, as scaleTargetRef does,
// only follows those: kustomize looks at the name alone.
func (r renames) adopt(to, from *yaml.Node) {
	if from == nil || to.Kind != from.Kind {
		return
	}
	switch to.Kind {
	case yaml.MappingNode:
		kind := text(to, "kind")
		for i := 0; i+1 < len(to.Content); i += 2 {
			v, f := to.Content[i+1], child(from, to.Content[i].Value)
			if v.Kind != yaml.ScalarNode {
				r.adopt(v, f)
			} else if f != nil && r[[3]string{kind, v.Value, f.Value}] {
				v.SetString(f.Value)
			}
		}
	case yaml.SequenceNode:
		for i := 0; i < min(len(to.Content), len(from.Content)); i++ {
			v, f := to.Content[i], from.Content[i]
			if v.Kind != yaml.ScalarNode {
				r.adopt(v, f)
			} else if r[[3]string{"", v.Value, f.Value}] {
				v.SetString(f.Value)
			}
		}
	}
}

// distinct refuses names that make two objects one.
func distinct(objs []*yaml.Node, names []string) error {
	seen := map[[4]string]bool{}
	for i, obj := range objs {
		group, _ := resid.ParseGroupVersion(text(obj, "apiVersion"))
		id := [4]string{group, text(obj, "kind"), text(obj, "metadata", "namespace"), cmp.Or(names[i], text(obj, "metadata", "name"))}
		if seen[id] {
			return fmt.Errorf("renaming: two objects are %s %q", id[1], id[3])
		}
		seen[id] = true
	}
	return nil
}

func text(n *yaml.Node, keys ...string) string {
	for _, key := range keys {
		n = child(n, key)
	}
	if n == nil || n.Kind != yaml.ScalarNode {
		return ""
	}
	return n.Value
}

func clone(n *yaml.Node) *yaml.Node {
	c := *n
	c.Content = make([]*yaml.Node, len(n.Content))
	for i := range n.Content {
		c.Content[i] = clone(n.Content[i])
	}
	return &c
}
