package kustomize

import (
	_ "embed"
	"fmt"
	"regexp"

	"go.yaml.in/yaml/v3"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/kustomize/kyaml/resid"
)

// references lists the fields of custom resources that hold the name of another object. Kustomize itself knows those of Kubernetes' own kinds.
//
//go:embed references.yaml
var references []byte

// Rename returns copies of objs in which objs[i] has the name names[i], "" for the one it has, and what refers to it by name among them says so. Which fields
// are references is kustomize's knowledge, and that of references.yaml; nothing else of an object changes, not its comments or its style either: a changed
// name is all that is taken from what kustomize built.
func Rename(objs []*yaml.Node, names []string) ([]*yaml.Node, error) {
	if len(objs) != len(names) {
		return nil, fmt.Errorf("there are %d names for %d objects", len(names), len(objs))
	}
	files := filesys.MakeFsInMemory()
	k := types.Kustomization{Configurations: []string{"references.yaml"}}
	for i, obj := range objs {
		file := fmt.Sprintf("%d.yaml", i)
		if err := write(files, file, obj); err != nil {
			return nil, err
		}
		k.Resources = append(k.Resources, file)
		if names[i] != "" {
			patch, err := renaming(obj, names[i])
			if err != nil {
				return nil, err
			}
			k.Patches = append(k.Patches, patch)
		}
	}
	if len(k.Patches) == 0 {
		return copies(objs), nil
	}
	if err := files.WriteFile("/references.yaml", references); err != nil {
		return nil, err
	}
	if err := write(files, "kustomization.yaml", k); err != nil {
		return nil, err
	}
	built, err := run(files, "/", false)
	if err != nil {
		return nil, fmt.Errorf("renaming: %w", err)
	}
	return renamed(objs, built, names)
}

func write(files filesys.FileSystem, name string, v any) error {
	data, err := yaml.Marshal(v)
	if err != nil {
		return err
	}
	return files.WriteFile("/"+name, data)
}

// renaming is the patch that gives an object another name. It is a JSON patch, for which kustomize needs no schemas: to read those takes longer than all else.
func renaming(obj *yaml.Node, name string) (types.Patch, error) {
	patch, err := yaml.Marshal([]map[string]string{{"op": "replace", "path": "/metadata/name", "value": name}})
	group, version := resid.ParseGroupVersion(text(obj, "apiVersion"))
	target := resid.ResId{
		Gvk:       resid.Gvk{Group: regexp.QuoteMeta(group), Version: regexp.QuoteMeta(version), Kind: regexp.QuoteMeta(text(obj, "kind"))},
		Name:      regexp.QuoteMeta(text(obj, "metadata", "name")),
		Namespace: regexp.QuoteMeta(text(obj, "metadata", "namespace")),
	}
	return types.Patch{Patch: string(patch), Target: &types.Selector{ResId: target}}, err
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

func copies(objs []*yaml.Node) []*yaml.Node {
	out := make([]*yaml.Node, len(objs))
	for i, obj := range objs {
		out[i] = clone(obj)
	}
	return out
}

func clone(n *yaml.Node) *yaml.Node {
	c := *n
	c.Content = copies(n.Content)
	return &c
}

// renamed copies the objects and puts what kustomize renamed into them.
func renamed(objs, built []*yaml.Node, names []string) ([]*yaml.Node, error) {
	if len(objs) != len(built) {
		return nil, fmt.Errorf("renaming %d objects made %d", len(objs), len(built))
	}
	changed := map[[2]string]bool{}
	for i, obj := range objs {
		changed[[2]string{text(obj, "metadata", "name"), names[i]}] = true
	}
	out := copies(objs)
	for i := range out {
		adopt(out[i], built[i], changed)
	}
	return out, nil
}

// adopt takes over the scalars that went from an object's old name to its new one.
func adopt(to, from *yaml.Node, changed map[[2]string]bool) {
	switch {
	case from == nil || to.Kind != from.Kind:
	case to.Kind == yaml.ScalarNode:
		if changed[[2]string{to.Value, from.Value}] {
			to.SetString(from.Value)
		}
	case to.Kind == yaml.MappingNode:
		for i := 0; i+1 < len(to.Content); i += 2 {
			adopt(to.Content[i+1], child(from, to.Content[i].Value), changed)
		}
	case len(to.Content) == len(from.Content):
		for i := range to.Content {
			adopt(to.Content[i], from.Content[i], changed)
		}
	}
}
