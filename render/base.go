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
		at = title(o) + ": "
	}
	if field != "" {
		at += field + " "
	}
	b.errs = append(b.errs, b.c.Wrong("spec.base", b.c.Spec.Base, at+problem, allowed))
}

// title is an object's kind and name.
func title(o *yaml.Node) string { return node.Text(o, "kind") + " " + node.Text(o, "metadata", "name") }

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
		if id := idOf(o); seen[id] {
			b.wrong(o, "", "is there twice", "each object once")
		} else {
			seen[id] = true
		}
	}
}

// idOf tells objects of a cluster apart.
func idOf(o *yaml.Node) string {
	group, _, grouped := strings.Cut(node.Text(o, "apiVersion"), "/")
	if !grouped {
		group = ""
	}
	return group + " " + node.Text(o, "kind") + " " + node.Text(o, "metadata", "namespace") + " " + node.Text(o, "metadata", "name")
}

// pick is the one object that plays a part: the one that the spec names, else the only one there is.
func (b *baseReader) pick(part, field, name string, candidates []*yaml.Node) *yaml.Node {
	var names []string
	for _, o := range candidates {
		if names = append(names, title(o)); node.Text(o, "metadata", "name") == name {
			return o
		}
	}
	switch {
	case name != "":
		b.errs = append(b.errs, b.c.Wrong(field, name, "value "+excerpt(name)+" is no "+part+" of the base", orNone(names)))
	case len(candidates) == 1:
		return candidates[0]
	case len(candidates) > 1:
		b.wrong(nil, "", fmt.Sprintf("has %d objects that could be the %s: %s", len(candidates), part, strings.Join(names, ", ")), "one, or its name in "+field)
	}
	return nil
}

func orNone(names []string) string {
	if len(names) == 0 {
		return "none: the base has none"
	}
	return strings.Join(names, ", ")
}

func (b *baseReader) kind(kinds ...string) (list []*yaml.Node) {
	for _, o := range b.objs {
		if slices.Contains(kinds, node.Text(o, "kind")) {
			list = append(list, o)
		}
	}
	return list
}

func (b *baseReader) findDeployment() {
	list := b.kind("Deployment")
	b.deployment = b.pick("Deployment", "spec.output.names.prod.deployment", b.c.Spec.Output.Names.Prod.Deployment, list)
	if b.deployment == nil && b.errs == nil {
		b.wrong(nil, "", "has no Deployment", "a kustomization with the app's Deployment, its Service and its route")
		return
	}
	if b.errs == nil && len(textsAt(b.deployment, "spec", "selector", "matchLabels")) == 0 {
		b.wrong(b.deployment, "spec.selector.matchLabels", "is missing", "labels by which the pods are found")
	}
}

// textsAt are the scalars of a mapping.
func textsAt(n *yaml.Node, path ...string) map[string]string {
	m := map[string]string{}
	if at := node.Get(n, path...); at != nil && at.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(at.Content); i += 2 {
			m[at.Content[i].Value] = at.Content[i+1].Value
		}
	}
	return m
}

// selects says whether labels have all of a selector's.
func selects(selector, labels map[string]string) bool {
	for k, v := range selector {
		if labels[k] != v {
			return false
		}
	}
	return len(selector) > 0
}

func (b *baseReader) podLabels() map[string]string {
	return textsAt(b.deployment, "spec", "template", "metadata", "labels")
}

// findService: the one that finds the Deployment's pods; of several the one that a route sends to.
func (b *baseReader) findService() {
	var list, routed []*yaml.Node
	for _, s := range b.kind("Service") {
		if selects(textsAt(s, "spec", "selector"), b.podLabels()) {
			list = append(list, s)
		}
	}
	for _, s := range list {
		if slices.ContainsFunc(b.objs, func(o *yaml.Node) bool {
			return route.ByKind(node.Text(o, "kind")) != "" && route.SendsTo(o, node.Text(s, "metadata", "name"))
		}) {
			routed = append(routed, s)
		}
	}
	if len(routed) > 0 && b.c.Spec.Output.Names.Prod.Service == "" {
		list = routed
	}
	b.service = b.pick("Service", "spec.output.names.prod.service", b.c.Spec.Output.Names.Prod.Service, list)
	if b.service == nil && b.errs == nil {
		b.wrong(b.deployment, "", "has no Service: none selects its pods", "a Service whose spec.selector picks labels of the pods")
	}
}

// findRoute: whatever sends to prod's Service has to be the one route, or requests would come past the canary.
func (b *baseReader) findRoute() {
	var list []*yaml.Node
	for _, o := range b.objs {
		if route.ByKind(node.Text(o, "kind")) != "" && route.SendsTo(o, node.Text(b.service, "metadata", "name")) {
			list = append(list, o)
		}
	}
	if len(list) > 1 {
		var names []string
		for _, o := range list {
			names = append(names, title(o))
		}
		b.wrong(b.service, "", "gets requests from "+strings.Join(names, " and "), "one route, with the rules of all of them: what another one sends would go past the canary")
		return
	}
	given := b.c.Spec.Routes[0].Hosts != nil || b.c.Spec.Routes[0].OfMesh()
	b.route = b.pick("route", "spec.output.names.prod.route", b.c.Spec.Output.Names.Prod.Route, list)
	switch {
	case b.errs != nil:
	case b.route != nil && given:
		b.errs = append(b.errs, b.c.Wrong(b.c.RouteField(), "", "is given beside "+title(b.route)+" of the base", "match, weightTotal and router alone: where requests come in is what the base says"))
	case b.route == nil && !given:
		b.wrong(b.service, "", "gets requests from no route", route.Kinds+" in the base that sends to it, or spec.route with a host")
	}
}

// findScaler: the HorizontalPodAutoscaler or KEDA ScaledObject that owns the Deployment's replicas.
func (b *baseReader) findScaler() {
	var list []*yaml.Node
	for _, o := range b.kind(hpa, scaledObject) {
		if targets(o, b.deployment) {
			list = append(list, o)
		}
	}
	b.scaler = b.pick("autoscaler", "spec.output.names.prod.autoscaler", b.c.Spec.Output.Names.Prod.Autoscaler, list)
}

// sort finds what the pods refer to; the rest is whatever else the user has.
func (b *baseReader) sort() {
	refs := configRefs(b.deployment)
	for _, o := range b.objs {
		switch {
		case o == b.deployment, o == b.service, o == b.route, o == b.scaler:
		case isConfig(o) && slices.Contains(refs, configOf(o)) && sameNamespace(o, b.deployment):
			b.config = append(b.config, o)
		default:
			b.others = append(b.others, o)
		}
	}
}

func sameNamespace(a, b *yaml.Node) bool {
	return node.Text(a, "metadata", "namespace") == node.Text(b, "metadata", "namespace")
}

// findKey: the label that both the Deployment and the Service select by, and that fewest other selectors of the base use. Changed on the canary's pods it keeps
// each Service off the other's pods, while prod's selectors, which can never change, stay as they are. Selectors of other files in the repository are not counted:
// what an app renders would depend on files of others, and the same commit of its base would be another tree tomorrow.
func (b *baseReader) findKey() {
	best := -1
	service, labels := textsAt(b.service, "spec", "selector"), b.podLabels()
	for _, key := range keysOf(node.Get(b.deployment, "spec", "selector", "matchLabels")) {
		if service[key] != labels[key] || labels[key] == "" || b.expressed(key) {
			continue
		}
		used := 0
		for _, o := range b.others {
			used += selectorsWith(o, key, labels[key])
		}
		if best < 0 || used < best {
			b.key, best = key, used
		}
	}
	if b.key == "" {
		b.wrong(b.service, "spec.selector", "has no label in common with spec.selector.matchLabels of "+title(b.deployment),
			"a label of the pods that both select by: changed on the canary's pods it tells the two tracks apart")
	} else if value := labels[b.key] + "-canary"; len(value) > 63 {
		b.wrong(b.deployment, "", "has the label "+b.key+": "+labels[b.key]+", which with the suffix -canary is too long", "at most 56 characters")
	}
}

// expressed says whether an expression of the Deployment's selector is about a label.
func (b *baseReader) expressed(key string) bool {
	expressions := node.Get(b.deployment, "spec", "selector", "matchExpressions")
	return expressions != nil && slices.ContainsFunc(expressions.Content, func(e *yaml.Node) bool { return node.Text(e, "key") == key })
}

// selectorsWith counts the selectors of an object that ask for a label.
func selectorsWith(n *yaml.Node, key, value string) (count int) {
	eachSelector(n, func(labels *yaml.Node) {
		if node.Text(labels, key) == value {
			count++
		}
	})
	eachValue(n, key, func(v *yaml.Node) {
		if v.Value == value {
			count++
		}
	})
	return count
}

// eachValue visits the values that the expressions of an object allow a label: `{key: app, operator: In, values: [shop]}`.
func eachValue(n *yaml.Node, key string, visit func(value *yaml.Node)) {
	if values := node.Get(n, "values"); values != nil && node.Text(n, "key") == key && node.Text(n, "operator") == "In" {
		for _, v := range values.Content {
			visit(v)
		}
	}
	for _, child := range n.Content {
		eachValue(child, key, visit)
	}
}

// eachSelector visits the label selectors of an object, as the mappings of labels that they ask for.
func eachSelector(n *yaml.Node, visit func(labels *yaml.Node)) {
	if n.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(n.Content); i += 2 {
			key, value := n.Content[i].Value, n.Content[i+1]
			if value.Kind == yaml.MappingNode && (key == "matchLabels" || key == "selector" && node.Get(value, "matchLabels") == nil && node.Get(value, "matchExpressions") == nil) {
				visit(value)
			}
		}
	}
	for _, child := range n.Content {
		eachSelector(child, visit)
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
			b.errs = append(b.errs, b.c.Wrong(field+".images", i.Container, "value "+excerpt(i.Container)+" is no container of "+title(deployment), strings.Join(names, ", ")))
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
	b.errs = append(b.errs, b.c.Wrong(field, image, "value "+excerpt(image)+" could be for any container of "+title(deployment), "images: {CONTAINER: IMAGE}, with one of "+strings.Join(names, ", ")))
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
			b.errs = append(b.errs, b.c.Wrong("spec.replicas", fmt.Sprint(b.c.capacity), "is given beside a base", "spec.replicas in "+title(b.deployment)+" of the base: here it is for one that an autoscaler owns"))
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
		b.wrong(b.deployment, "spec.replicas", "is given beside "+title(b.scaler)+", which owns it", "a Deployment without replicas: each sync would set them back")
	case !given:
		b.errs = append(b.errs, b.c.Wrong("spec", "", fmt.Sprintf("has no replicas, and %s owns how many pods there are", title(b.scaler)),
			fmt.Sprintf("replicas: %d to %d, the pods that take all requests: prod never has fewer while there is a canary", least, most)))
	case b.c.capacity < least || b.c.capacity > most:
		b.errs = append(b.errs, b.c.Wrong("spec.replicas", fmt.Sprint(b.c.capacity), fmt.Sprintf("value \"%d\" is outside of what %s allows", b.c.capacity, title(b.scaler)), fmt.Sprintf("%d to %d", least, most)))
	}
	s.Replicas = b.c.capacity
}

// check refuses what cannot be ramped, whatever the steps are.
func (b *baseReader) check() {
	if namespace := node.Text(b.deployment, "metadata", "namespace"); namespace != b.c.Metadata.Namespace {
		b.errs = append(b.errs, b.c.Wrong("metadata.namespace", b.c.Metadata.Namespace, fmt.Sprintf("value %s is invalid, for %s of the base is in namespace %s",
			excerpt(b.c.Metadata.Namespace), title(b.deployment), excerpt(namespace)), "the same in both (kustomization.yaml: namespace)"))
	}
	if node.Text(b.deployment, "spec", "strategy", "type") == "Recreate" {
		b.wrong(b.deployment, "spec.strategy.type", `"Recreate" takes all pods away before new ones start`, "RollingUpdate")
	}
	if away := node.Text(b.deployment, "spec", "strategy", "rollingUpdate", "maxUnavailable"); unavailable(away, b.c.Spec.Replicas) >= b.c.Spec.Replicas {
		b.wrong(b.deployment, "spec.strategy.rollingUpdate.maxUnavailable", excerpt(away)+fmt.Sprintf(" of %s takes all of them away", pods(b.c.Spec.Replicas)), "less than replicas, best 0")
	}
	if !selects(textsAt(b.deployment, "spec", "selector", "matchLabels"), b.podLabels()) {
		b.wrong(b.deployment, "spec.selector", "does not find the Deployment's own pods", "labels of spec.template")
	}
	for _, track := range []struct {
		field string
		m     *PodMetadata
	}{{"spec.canaryMetadata.labels", b.c.Spec.CanaryMetadata}, {"spec.stableMetadata.labels", b.c.Spec.StableMetadata}} {
		for _, key := range sortedKeys(textsAt(b.deployment, "spec", "selector", "matchLabels")) {
			if track.m != nil && track.m.Labels[key] != "" {
				b.errs = append(b.errs, b.c.Wrong(track.field, key, "value "+excerpt(key)+" is a label that "+title(b.deployment)+" selects by", "any other label"))
			}
		}
	}
	b.checkVolumes()
	b.checkTaken()
	for _, o := range b.config {
		if name := node.Text(o, "metadata", "name"); len(name) > 253-hashed {
			b.wrong(o, "metadata.name", "with a hash of its content behind it is too long", fmt.Sprintf("at most %d characters", 253-hashed))
		}
	}
	v := &validator{decoder: &decoder{source: b.c.source}, c: b.c}
	if s := &b.c.Spec; s.MinPods > s.Replicas {
		v.wrong("spec.minPods", fmt.Sprint(s.MinPods), "", fmt.Sprintf("1 to the replicas of %s, which are %d", title(b.deployment), s.Replicas))
	}
	v.ramp()
	b.errs = append(b.errs, v.errs...)
}

// checkTaken: what is the user's own must not have the name that an object of the canary's gets, and that must not be too long.
func (b *baseReader) checkTaken() {
	names := b.c.Spec.Output.Names.Canary
	own := map[*yaml.Node]string{b.deployment: names.Deployment, b.service: names.Service, b.route: names.Route, b.scaler: names.Autoscaler}
	for _, o := range b.objs {
		name := own[o]
		if name == "" && b.hasTwin(o) {
			name = node.Text(o, "metadata", "name") + "-canary"
		}
		if name == "" {
			continue
		}
		longest := 253
		if node.Text(o, "kind") == "Service" {
			longest = 63
		}
		if len(name) > longest {
			b.wrong(o, "metadata.name", "with the suffix of the canary's, "+name+", is too long", fmt.Sprintf("at most %d characters", longest-len("-canary")))
		}
		twin := node.Copy(o)
		node.Set(twin, node.String(name), "metadata", "name")
		if i := slices.IndexFunc(b.objs, func(other *yaml.Node) bool { return idOf(other) == idOf(twin) }); i >= 0 {
			b.wrong(b.objs[i], "", "has the name that the canary's "+title(o)+" gets", "another name")
		}
	}
}

// unavailable is maxUnavailable in pods: percents are rounded down (Kubernetes, ResolveFenceposts); nothing said is a quarter.
func unavailable(text string, replicas int) int {
	percent, isPercent := strings.CutSuffix(text, "%")
	n, _ := strconv.Atoi(percent)
	if isPercent {
		return n * replicas / 100
	}
	return n
}

// checkVolumes: a volume that one node or pod has alone keeps the canary's pods from starting, or tears it from prod's.
func (b *baseReader) checkVolumes() {
	volumes := node.Get(b.deployment, "spec", "template", "spec", "volumes")
	if volumes == nil {
		return
	}
	for _, v := range volumes.Content {
		claim := node.Text(v, "persistentVolumeClaim", "claimName")
		for _, o := range b.kind("PersistentVolumeClaim") {
			modes := node.Get(o, "spec", "accessModes")
			if node.Text(o, "metadata", "name") != claim || modes == nil || slices.ContainsFunc(modes.Content, func(m *yaml.Node) bool { return strings.HasSuffix(m.Value, "Many") }) {
				continue
			}
			b.wrong(o, "spec.accessModes", "lets one node or pod alone use the volume, and both tracks would need it", "ReadWriteMany or ReadOnlyMany, or an app without the volume")
		}
	}
}

// BaseRoute is kind and name of the route that the base has, "" where the spec's own makes one.
func (c *Canary) BaseRoute() string {
	if c.base == nil || c.base.route == nil {
		return ""
	}
	return title(c.base.route)
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
