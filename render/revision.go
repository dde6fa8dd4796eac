package render

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"sort"
	"sync"

	"go.yaml.in/yaml/v3"

	"github.com/gitramp/gitramp/render/internal/node"
	"github.com/gitramp/gitramp/templates"
)

// Revision is what the user wants to run: the Deployment and Service of one track (either: a track is put on them by trackOf), and a name.
type Revision struct {
	Name       string // a short hash of the inputs
	Images     []ContainerImage
	Deployment original
	Service    original

	parts *parts // with a base
}

// Revisions are the two that a release is about.
type Revisions struct{ Stable, Canary Revision }

// Placeholder is the image that stands for prod's where nobody has said what prod runs. It is no valid image reference, so that it cannot be committed.
const Placeholder = "<stable>"

// Templates are the template sets of a file system, each file parsed once, and what was learned from encoding objects made of them.
type Templates struct {
	fs       fs.FS
	mu       sync.Mutex
	parsed   map[string]*yaml.Node
	encoders node.Encoders
}

// NewTemplates reads <set>/<kind>.yaml from fsys.
func NewTemplates(fsys fs.FS) *Templates {
	return &Templates{fs: fsys, parsed: map[string]*yaml.Node{}}
}

// Get returns a fresh copy of a template.
func (t *Templates) Get(set, kind string) (*yaml.Node, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	path := set + "/" + kind + ".yaml"
	if n, ok := t.parsed[path]; ok {
		return node.Copy(n), nil
	}
	text, err := fs.ReadFile(t.fs, path)
	if err != nil {
		return nil, err
	}
	n, err := node.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("template %s: %w", path, err)
	}
	t.parsed[path] = n
	return node.Copy(n), nil
}

// TemplateSet is the template set that a spec asks for.
func (c *Canary) TemplateSet() string {
	if c.Spec.Base != "" {
		return BaseSet
	}
	if c.Spec.Defaults == "none" {
		return templates.None
	}
	return templates.Production
}

// inputs is what names a revision: what the user asked for, with defaults filled in, and not what became of it, so that a newer gitramp does not make new
// revisions of old specs. A field added later must be left out of the JSON where it is not set.
type inputs struct {
	Images          []ContainerImage `json:"images"`
	Port            int              `json:"port"`
	ImagePullPolicy string           `json:"imagePullPolicy,omitempty"`
	Env             []EnvVar         `json:"env,omitempty"`
	Resources       Resources        `json:"resources,omitzero"`
	Defaults        string           `json:"defaults"`
	Service         Service          `json:"service"`
}

// Revision is the one that the spec asks for, where nothing is there beside it.
func (c *Canary) Revision(t *Templates) (Revision, error) { return c.asked(t, c.Spec.Images) }

// RevisionBeside is the one that the spec asks for, beside what prod runs: config that both have goes by the name that it has there.
func (c *Canary) RevisionBeside(stable Revision, t *Templates) (Revision, error) {
	if c.base != nil {
		return c.baseRevision(c.Spec.Images, stable.parts.files())
	}
	return c.Revision(t)
}

// RevisionName is the name of that one.
func (c *Canary) RevisionName() string { return c.revisionName(c.Spec.Images) }

// StableRevision is what spec.stable says prod runs, which counts only where there is no tree. Without spec.stable known is false and the revision is a
// placeholder to look at.
func (c *Canary) StableRevision(t *Templates) (rev Revision, known bool, err error) {
	if c.Spec.Stable != nil {
		rev, err = c.asked(t, c.Spec.Stable.Images)
		return rev, true, err
	}
	images := make([]ContainerImage, len(c.Spec.Images))
	for i, image := range c.Spec.Images {
		images[i] = ContainerImage{image.Container, Placeholder}
	}
	rev, err = c.asked(t, images)
	rev.Name = Placeholder
	return rev, false, err
}

// asked is a revision that runs some images, and that nothing is there beside.
func (c *Canary) asked(t *Templates, images Images) (Revision, error) {
	if c.base != nil {
		return c.baseRevision(images, nil)
	}
	return c.revision(t, images)
}

func (c *Canary) revision(t *Templates, images []ContainerImage) (Revision, error) {
	// The pod's containers stand in the order of spec.images, whichever revision they are of.
	rev := Revision{Name: c.revisionName(images)}
	for _, want := range c.Spec.Images {
		for _, have := range images {
			if have.Container == want.Container {
				rev.Images = append(rev.Images, have)
			}
		}
	}
	deployment, err := c.deployment(t, rev.Images)
	if err != nil {
		return rev, err
	}
	service, err := c.service(t)
	rev.Deployment, rev.Service = original{node: deployment}, original{node: service}
	return rev, err
}

func (c *Canary) revisionName(images []ContainerImage) string {
	if c.base != nil {
		return c.base.baseName(images)
	}
	s := &c.Spec
	sorted := append([]ContainerImage(nil), images...)
	sort.Slice(sorted, func(i, j int) bool { return sorted[i].Container < sorted[j].Container })
	text, err := json.Marshal(inputs{sorted, s.Port, s.ImagePullPolicy, s.Env, s.Resources, s.Defaults, s.Service})
	if err != nil {
		panic(err) // plain data always has a JSON form
	}
	return Digest(text)[len("sha256:"):][:10]
}

// deployment fills the template; its track, name and replicas are put on later.
func (c *Canary) deployment(t *Templates, images []ContainerImage) (*yaml.Node, error) {
	n, err := t.Get(c.TemplateSet(), "deployment")
	if err != nil {
		return nil, err
	}
	pod := node.Get(n, "spec", "template", "spec")
	template := node.Get(pod, "containers", "0")
	list := node.Seq()
	for _, image := range images {
		list.Content = append(list.Content, c.container(node.Copy(template), image))
	}
	node.Set(pod, list, "containers")
	return n, nil
}

func (c *Canary) container(n *yaml.Node, image ContainerImage) *yaml.Node {
	s := &c.Spec
	node.Set(n, node.String(image.Container), "name")
	node.Set(n, node.String(image.Image), "image")
	setOrClear(n, s.ImagePullPolicy != "", node.String(s.ImagePullPolicy), "imagePullPolicy")
	if image.Container != c.Metadata.Name { // runs beside: only the pod's own lifecycle applies to it
		for _, field := range []string{"ports", "env", "resources", "readinessProbe"} {
			node.Clear(n, field)
		}
		return n
	}
	node.Set(n, node.Int(s.Port), "ports", "0", "containerPort")
	setOrClear(n, s.Service.Name != "", node.String(s.Service.Name), "ports", "0", "name")
	setOrClear(n, len(s.Env) > 0, envNode(s.Env), "env")
	setOrClear(n, len(s.Resources.Requests)+len(s.Resources.Limits) > 0, resourcesNode(s.Resources), "resources")
	if node.Get(n, "readinessProbe") != nil {
		node.Set(n, node.Int(s.Port), "readinessProbe", "tcpSocket", "port")
	}
	return n
}

func (c *Canary) service(t *Templates) (*yaml.Node, error) {
	n, err := t.Get(c.TemplateSet(), "service")
	if err != nil {
		return nil, err
	}
	s := c.Spec.Service
	port := node.Get(n, "spec", "ports", "0")
	setOrClear(port, s.Name != "", node.String(s.Name), "name")
	node.Set(port, node.Int(s.Port), "port")
	target := node.String(s.TargetPort.Name)
	if s.TargetPort.Name == "" {
		target = node.Int(s.TargetPort.Int)
	}
	node.Set(port, target, "targetPort")
	if s.AppProtocol != "" {
		node.Set(port, node.String(s.AppProtocol), "appProtocol")
	}
	return n, nil
}

func setOrClear(n *yaml.Node, has bool, value *yaml.Node, path ...string) {
	if has {
		node.Set(n, value, path...)
	} else {
		node.Clear(n, path...)
	}
}

func resourcesNode(r Resources) *yaml.Node {
	n := node.Map()
	for _, part := range []struct {
		name   string
		amount map[string]Quantity
	}{{"limits", r.Limits}, {"requests", r.Requests}} {
		names := make([]string, 0, len(part.amount))
		for name := range part.amount {
			names = append(names, name)
		}
		sort.Strings(names)
		for _, name := range names {
			node.Set(n, node.String(string(part.amount[name])), part.name, name)
		}
	}
	return n
}

func envNode(env []EnvVar) *yaml.Node {
	list := node.Seq()
	for _, e := range env {
		n := node.Map(node.String("name"), node.String(e.Name))
		if e.ValueFrom == nil {
			node.Set(n, node.String(e.Value), "value")
		} else {
			node.Set(n, envSourceNode(*e.ValueFrom), "valueFrom")
		}
		list.Content = append(list.Content, n)
	}
	return list
}

func envSourceNode(s EnvVarSource) *yaml.Node {
	n := node.Map()
	key := func(kind string, ref KeyRef) {
		node.Set(n, node.String(ref.Name), kind, "name")
		node.Set(n, node.String(ref.Key), kind, "key")
		if ref.Optional {
			node.Set(n, node.Bool(true), kind, "optional")
		}
	}
	switch {
	case s.ConfigMapKeyRef != nil:
		key("configMapKeyRef", *s.ConfigMapKeyRef)
	case s.SecretKeyRef != nil:
		key("secretKeyRef", *s.SecretKeyRef)
	case s.FieldRef != nil:
		node.Set(n, node.String(s.FieldRef.FieldPath), "fieldRef", "fieldPath")
	case s.ResourceFieldRef != nil:
		ref := s.ResourceFieldRef
		if ref.ContainerName != "" {
			node.Set(n, node.String(ref.ContainerName), "resourceFieldRef", "containerName")
		}
		node.Set(n, node.String(ref.Resource), "resourceFieldRef", "resource")
		if ref.Divisor != "" {
			node.Set(n, node.String(string(ref.Divisor)), "resourceFieldRef", "divisor")
		}
	}
	return n
}
