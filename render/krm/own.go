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

// The annotations of the protocol: where an item lies, and that it is for tools and not for a cluster. The older names of the first are still sent.
const (
	pathNote  = "internal.config.kubernetes.io/path"
	indexNote = "internal.config.kubernetes.io/index"
	hashNote  = "internal.config.kubernetes.io/needsHashSuffix" // kustomize's, on what its generators make
	oldPath   = "config.kubernetes.io/path"
	localNote = "config.kubernetes.io/local-config"
)

// baseNote marks the items that were a base: they stay, so that the function finds them again in its own output.
const baseNote = "gitramp.dev/base-of"

// notes are the prefixes of annotations that orchestrators put on items.
var notes = []string{"internal.config.kubernetes.io/", "config.kubernetes.io/", "config.k8s.io/", "internal.kpt.dev/", "kustomize.config.k8s.io/"}

func annotation(n *yaml.Node, key string) string { return node.Text(n, "metadata", "annotations", key) }

// unannotate takes away what orchestrators have noted on an object.
func unannotate(n *yaml.Node) {
	at := node.Get(n, "metadata", "annotations")
	if at == nil || at.Kind != yaml.MappingNode {
		return
	}
	for i := 0; i+1 < len(at.Content); {
		key := at.Content[i].Value
		if key == baseNote || slices.ContainsFunc(notes, func(prefix string) bool { return strings.HasPrefix(key, prefix) }) {
			at.Content = slices.Delete(at.Content, i, i+2)
			continue
		}
		i += 2
	}
	if len(at.Content) == 0 {
		node.Clear(n, "metadata", "annotations")
	}
}

// file is where an item lies, "" where nobody says.
func (i Item) file() string {
	for _, key := range []string{pathNote, oldPath} {
		if p := annotation(i.node, key); p != "" {
			return path.Clean(p)
		}
	}
	return ""
}

func (i Item) local() bool {
	v := annotation(i.node, localNote)
	return v != "" && v != "false"
}

// tools says whether an item is configuration of a tool: no object of an app.
func (i Item) tools() bool {
	version := node.Text(i.node, "apiVersion")
	return i.kustomization() || slices.ContainsFunc([]string{"kpt.dev/", "kustomize.config.k8s.io/", "gitramp.dev/", "config.kubernetes.io/"}, func(prefix string) bool {
		return strings.HasPrefix(version, prefix)
	})
}

// kustomization says whether an item is a kustomization by the name of its file, which is how kustomize knows one: it needs neither apiVersion nor kind.
func (i Item) kustomization() bool {
	return slices.Contains(render.KustomizationNames(), path.Base(i.file()))
}

// marked says whether an object says of itself that gitramp wrote it: in the comment above it, or, where comments got lost, in its label.
func (i Item) marked() bool {
	head := i.node.HeadComment
	if len(i.node.Content) > 0 {
		head += i.node.Content[0].HeadComment
	}
	return strings.Contains(head, render.HeadComment) || node.Text(i.node, "metadata", "labels", "app.kubernetes.io/managed-by") == "gitramp"
}

// own finds the items that the function wrote before, with the files of a tree that they are: those that it could write at some step and that say so, or lie in the
// output path; and whatever else there says so. taken are the others that it could write.
func (r *run) own() (own map[int]string, taken []int) {
	own = map[int]string{}
	out := r.spec.OutputPath()
	for i, item := range r.items {
		name, known := r.paths[node.ID(item.node)]
		at := item.file()
		switch inside := path.Dir(at) == out; {
		case item.tools(), slices.Contains(r.base, i):
		case inside && (known || item.marked()):
			own[i] = path.Base(at)
		case known && (item.marked() || r.Check && r.spec.Spec.Base == ""):
			own[i] = name
		case known:
			taken = append(taken, i)
		}
	}
	return own, taken
}

// once refuses objects that are there more than once, among those of the items that count: which of them is meant nobody knows.
func (r *run) once(counts func(i int) bool) {
	seen := map[string]bool{}
	for i, item := range r.items {
		if !counts(i) {
			continue
		}
		if id := node.ID(item.node); seen[id] {
			r.results = append(r.results, Result{Severity: Error, Message: node.Title(item.node) + " is there twice: allowed once", File: item.file(), of: item.node})
		} else {
			seen[id] = true
		}
	}
}

// needed are the files without which nobody knows what prod runs, and what they must have.
var needed = map[string][]string{"prod-deployment.yaml": {"spec", "template", "spec", "containers"}, "prod-service.yaml": {"spec", "ports"}}

// standing is the tree that the own items are, as one between two releases; nil where prod is not among them. withConfig brings the canary's config along, which prod
// refers to once it is promoted.
func (r *run) standing(own map[int]string, withConfig bool) (*render.State, error) {
	var tree render.Tree
	route := ""
	for i, item := range r.items {
		name, mine := own[i]
		if rest, canarys := strings.CutPrefix(name, "canary-"); canarys {
			if kind := node.Text(item.node, "kind"); !withConfig || kind != "ConfigMap" && kind != "Secret" {
				continue
			}
			name = "shared-" + rest
		}
		if _, twice := tree.Get(name); !mine || twice {
			continue
		}
		if field := needed[name]; field != nil && node.Get(item.node, append(field, "0")...) == nil {
			return nil, fmt.Errorf("%s has no %s, so it is not what prod runs: allowed the object as gitramp wrote it, or none", node.Title(item.node), strings.Join(field, "."))
		}
		n := node.Copy(item.node)
		unannotate(n)
		n.HeadComment = render.HeadComment
		data, err := node.Encode(n)
		if err != nil {
			return nil, err
		}
		if node.ID(n) == r.route {
			route = name
		}
		tree = append(tree, render.File{Path: name, Data: data})
	}
	for name := range needed {
		if _, there := tree.Get(name); !there {
			return nil, nil
		}
	}
	tree = append(tree, render.File{Path: render.KustomizationFile, Data: []byte("resources:\n- " + route + "\n")})
	slices.SortFunc(tree, func(a, b render.File) int { return strings.Compare(a.Path, b.Path) })
	return &render.State{Lock: &render.Lock{Phase: render.Idle, Templates: r.spec.TemplateSet()}, Tree: tree}, nil
}
