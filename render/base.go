package render

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/gitramp/gitramp/render/internal/node"
	"github.com/gitramp/gitramp/render/route"
)

// BaseSet is what the locks of apps with a base have for the name of a template set: their objects are the user's own.
const BaseSet = "base"

// Renamer gives objects new names, "" where one keeps its own, and brings along whatever refers to them. It is kustomize's machinery, which package render
// does not know.
type Renamer func(objs []*yaml.Node, names []string) ([]*yaml.Node, error)

// base is the user's own manifests, and which of them plays which part.
type base struct {
	deployment *yaml.Node
	service    *yaml.Node
	route      *yaml.Node   // nil where the spec's route makes one
	scaler     *yaml.Node   // what owns the Deployment's replicas, nil where nothing does
	config     []*yaml.Node // the ConfigMaps and Secrets that the pods refer to
	others     []*yaml.Node // all the rest, in kustomize's order
	key        string       // the label by which the tracks are told apart
	rename     Renamer
}

// WithBase is the spec with the objects that its base was built to: what a short spec says of ports, replicas, names and routes, they say here. The spec itself
// stays as it is. Errors are about the field spec.base and name the object.
func (c *Canary) WithBase(objs []*yaml.Node, rename Renamer) (*Canary, error) {
	again := *c
	again.Spec.Routes = slices.Clone(c.Spec.Routes)
	again.base = &base{rename: rename}
	b := &baseReader{c: &again, base: again.base}
	for _, o := range objs {
		b.objs = append(b.objs, plainCopy(o))
	}
	b.read()
	if b.errs != nil {
		return nil, b.errs
	}
	return &again, nil
}

// BaseObjects are the objects of the base, with the spec's images; nil without a base.
func (c *Canary) BaseObjects() []*yaml.Node {
	if c.base == nil {
		return nil
	}
	b := c.base
	objs := append(append(slices.Clone(b.others), b.config...), b.service, b.deployment)
	for _, o := range []*yaml.Node{b.scaler, b.route} {
		if o != nil {
			objs = append(objs, o)
		}
	}
	return objs
}

// plainCopy is a copy without anchors and aliases, and without the comment above the object: that is where gitramp says whose file it is.
func plainCopy(n *yaml.Node) *yaml.Node {
	n = unaliased(node.Copy(n))
	n.HeadComment, n.FootComment = "", ""
	if len(n.Content) > 0 {
		n.Content[0].HeadComment = ""
	}
	return n
}

func unaliased(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return unaliased(node.Copy(n.Alias))
	}
	n.Anchor = ""
	for i := range n.Content {
		n.Content[i] = unaliased(n.Content[i])
	}
	return n
}

// baseReader finds the parts of a base.
type baseReader struct {
	*base
	c    *Canary
	objs []*yaml.Node
	errs SpecError
}

// wrong is about an object of the base, or about the base where o is nil.
func (b *baseReader) wrong(o *yaml.Node, field, problem, allowed string) {
	at := ""
	if o != nil {
		at = node.Title(o) + ": "
	}
	if field != "" {
		at += field + " "
	}
	b.errs = append(b.errs, b.c.Wrong("spec.base", b.c.Spec.Base, at+problem, allowed))
}

func (b *baseReader) read() {
	for _, step := range []func(){b.named, b.findDeployment, b.findService, b.findRoute, b.findScaler, b.sort, b.findKey, b.images, b.fill, b.check} {
		if step(); b.errs != nil {
			return
		}
	}
}

// named: an object without a name of its own is a new one each time that it is applied.
func (b *baseReader) named() {
	seen := map[string]bool{}
	for _, o := range b.objs {
		if node.Text(o, "kind") == "" || node.Text(o, "metadata", "name") == "" {
			b.wrong(nil, "", "has an object of kind "+excerpt(node.Text(o, "kind"))+" without a name", "objects with kind and metadata.name")
		}
		if id := node.ID(o); seen[id] {
			b.wrong(o, "", "is there twice", "each object once")
		} else {
			seen[id] = true
		}
	}
}

// images brings the spec's images onto the Deployment, and lists what its containers run.
func (b *baseReader) images() {
	s := &b.c.Spec
	s.Images = b.imageSet("spec", b.deployment, s.Image, s.Images)
	if s.Stable != nil && b.errs == nil {
		stable := *s.Stable
		stable.Images = b.imageSet("spec.stable", node.Copy(b.deployment), stable.Image, stable.Images)
		s.Stable = &stable
	}
}

// imageSet puts images into a Deployment and says what all of its containers run then.
func (b *baseReader) imageSet(field string, deployment *yaml.Node, image string, images Images) Images {
	if image != "" {
		container := b.containerOf(field+".image", deployment, image)
		if container == "" {
			return nil
		}
		images = Images{{container, image}}
	}
	for _, i := range images {
		if !setImage(deployment, i) {
			var names []string
			for _, have := range imagesOf(deployment) {
				names = append(names, have.Container)
			}
			b.errs = append(b.errs, b.c.Wrong(field+".images", i.Container, "value "+excerpt(i.Container)+" is no container of "+node.Title(deployment), strings.Join(names, ", ")))
		}
	}
	return imagesOf(deployment)
}

// containerOf is the container that runs another image of the same repository, else the only one beside those that run first.
func (b *baseReader) containerOf(field string, deployment *yaml.Node, image string) string {
	all := imagesOf(deployment)
	var same []string
	for _, i := range all {
		if repositoryOf(i.Image) == repositoryOf(image) {
			same = append(same, i.Container)
		}
	}
	switch {
	case len(same) == 1:
		return same[0]
	case len(same) == 0 && len(all) > 0 && node.Get(deployment, "spec", "template", "spec", "containers", "1") == nil:
		return all[0].Container
	}
	var names []string
	for _, i := range all {
		names = append(names, i.Container+" ("+i.Image+")")
	}
	b.errs = append(b.errs, b.c.Wrong(field, image, "value "+excerpt(image)+" could be for any container of "+node.Title(deployment), "images: {CONTAINER: IMAGE}, with one of "+strings.Join(names, ", ")))
	return ""
}

// repositoryOf is an image without tag and digest.
func repositoryOf(image string) string {
	image, _, _ = strings.Cut(image, "@")
	if i := strings.LastIndexByte(image, ':'); i > strings.LastIndexByte(image, '/') {
		image = image[:i]
	}
	return image
}

// containersOf are a Deployment's containers, those that run first among them.
func containersOf(deployment *yaml.Node) (list []*yaml.Node) {
	for _, field := range []string{"containers", "initContainers"} {
		if at := node.Get(deployment, "spec", "template", "spec", field); at != nil {
			list = append(list, at.Content...)
		}
	}
	return list
}

func imagesOf(deployment *yaml.Node) (images Images) {
	for _, c := range containersOf(deployment) {
		images = append(images, ContainerImage{node.Text(c, "name"), node.Text(c, "image")})
	}
	return images
}

func setImage(deployment *yaml.Node, image ContainerImage) bool {
	for _, c := range containersOf(deployment) {
		if node.Text(c, "name") == image.Container {
			node.Set(c, node.String(image.Image), "image")
			return true
		}
	}
	return false
}

// fill says in the spec what a short one would: the rest of gitramp asks the spec.
func (b *baseReader) fill() {
	s := &b.c.Spec
	names := &s.Output.Names
	for _, f := range []struct {
		o            *yaml.Node
		prod, canary *string
	}{{b.deployment, &names.Prod.Deployment, &names.Canary.Deployment}, {b.service, &names.Prod.Service, &names.Canary.Service}, {b.route, &names.Prod.Route, &names.Canary.Route},
		{b.scaler, &names.Prod.Autoscaler, &names.Canary.Autoscaler}} {
		if f.o != nil {
			*f.prod = node.Text(f.o, "metadata", "name")
		}
		if *f.prod == "" {
			*f.prod = b.c.Metadata.Name
		}
		if *f.canary == "" {
			*f.canary = *f.prod + "-canary"
		}
	}
	if len(names.Canary.Service) > 63 {
		b.errs = append(b.errs, b.c.Wrong("spec.output.names.canary.service", names.Canary.Service, "value "+excerpt(names.Canary.Service)+" is too long for a Service", "at most 63 characters"))
		return
	}
	ports := node.Get(b.service, "spec", "ports")
	if ports == nil || len(ports.Content) == 0 {
		b.wrong(b.service, "spec.ports", "is missing", "at least one port")
		return
	}
	s.Service.Port, _ = strconv.Atoi(node.Text(ports, "0", "port"))
	s.Service.Name = node.Text(ports, "0", "name")
	b.fillReplicas()
	if b.route != nil {
		b.fillRoute()
	}
}

func (b *baseReader) fillRoute() {
	r := &b.c.Spec.Routes[0]
	router, _ := route.ByName(route.ByKind(node.Text(b.route, "kind")))
	var matches []route.Match
	for _, st := range b.c.Plan().Steps {
		for _, m := range st.Matches {
			if !slices.ContainsFunc(matches, func(known route.Match) bool { return reflect.DeepEqual(known, m) }) {
				matches = append(matches, m)
			}
		}
	}
	own, problems := router.Read(b.route, node.Text(b.service, "metadata", "name"), matches)
	for _, p := range problems {
		problem := p.Problem
		if p.Value != "" {
			problem = excerpt(p.Value) + " " + problem
		}
		b.wrong(b.route, p.Field, problem, p.Allowed)
	}
	own.Match, own.WeightTotal = r.Match, r.WeightTotal
	*r = own
}

// fillReplicas: prod's pods are the Deployment's. Where an autoscaler owns them, git does not know how many there are, and the spec says how many take all requests.
func (b *baseReader) fillReplicas() {
	s := &b.c.Spec
	own := node.Text(b.deployment, "spec", "replicas")
	given := b.c.capacity > 0
	if b.scaler == nil {
		if given {
			b.errs = append(b.errs, b.c.Wrong("spec.replicas", fmt.Sprint(b.c.capacity), "is given beside a base", "spec.replicas in "+node.Title(b.deployment)+" of the base: here it is for one that an autoscaler owns"))
		}
		s.Replicas = 1
		if own != "" {
			s.Replicas, _ = strconv.Atoi(own)
		}
		if s.Replicas < 1 {
			b.wrong(b.deployment, "spec.replicas", excerpt(own)+" is no number of pods that take requests", "at least 1")
		}
		return
	}
	least, most := floorOf(b.scaler)
	switch {
	case least < 1:
		field, _, _, _ := floorFields(node.Text(b.scaler, "kind"))
		b.wrong(b.scaler, "spec."+field, fmt.Sprintf("lets prod go down to %d pods", least), "at least 1: a route whose Service has no pods answers 503, also where it only splits requests")
	case node.Text(b.scaler, "spec", "idleReplicaCount") != "":
		b.wrong(b.scaler, "spec.idleReplicaCount", "lets prod go down to "+node.Text(b.scaler, "spec", "idleReplicaCount")+" pods whatever minReplicaCount says", "none: a route whose Service has no pods answers 503")
	case own != "":
		b.wrong(b.deployment, "spec.replicas", "is given beside "+node.Title(b.scaler)+", which owns it", "a Deployment without replicas: each sync would set them back")
	case !given:
		b.errs = append(b.errs, b.c.Wrong("spec", "", fmt.Sprintf("has no replicas, and %s owns how many pods there are", node.Title(b.scaler)),
			fmt.Sprintf("replicas: %d to %d, the pods that take all requests: prod never has fewer while there is a canary", least, most)))
	case b.c.capacity < least || b.c.capacity > most:
		b.errs = append(b.errs, b.c.Wrong("spec.replicas", fmt.Sprint(b.c.capacity), fmt.Sprintf("value \"%d\" is outside of what %s allows", b.c.capacity, node.Title(b.scaler)), fmt.Sprintf("%d to %d", least, most)))
	}
	s.Replicas = b.c.capacity
}

// BaseRoute is kind and name of the route that the base has, "" where the spec's own makes one.
func (c *Canary) BaseRoute() string {
	if c.base == nil || c.base.route == nil {
		return ""
	}
	return node.Title(c.base.route)
}

// Elsewhere are the Services that the routes of a base send to and that the base has not.
func (r *Release) Elsewhere() (names []string) {
	b := r.canary.base
	if b == nil {
		return nil
	}
	var sent []string
	for _, o := range append([]*yaml.Node{b.route}, b.others...) {
		if o != nil && route.ByKind(node.Text(o, "kind")) != "" {
			sent = append(sent, route.ServicesOf(o)...)
		}
	}
	for _, name := range sent {
		if !slices.ContainsFunc(append([]*yaml.Node{b.service}, b.others...), func(o *yaml.Node) bool {
			return node.Text(o, "kind") == "Service" && node.Text(o, "metadata", "name") == name
		}) {
			names = append(names, name)
		}
	}
	return names
}

// Replicates says whether the release of an app with a base is none: the spec asks for what prod runs.
func (r *Release) Replicates() bool {
	return r.canary.base != nil && r.revs.Stable.Name == r.revs.Canary.Name
}

// OwnRoute says whether the route is one of the base's, and not made of fields of the spec.
func (r *Release) OwnRoute() bool { return r.canary.base != nil && r.canary.base.route != nil }
