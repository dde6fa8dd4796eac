package render

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"

	"github.com/gitramp/gitramp/render/internal/node"
)

// NextFile keeps what prod becomes with the promotion, from prepare to the cleanup: with a base that is more than a template, and a running release takes nothing
// from the spec. It has no YAML name, so that no loader takes it for objects.
const NextFile = "gitramp.next"

// parts are a revision of an app with a base, as files. The route is not among them: it is no part of a revision.
type parts struct {
	prod   Tree                 // as an idle tree has them
	canary func() (Tree, error) // the canary's Deployment and Service, and the twins of what goes by the pods' labels; nil where nobody asks for them
}

// files are prod's; none where nothing is known of a revision.
func (p *parts) files() Tree {
	if p == nil {
		return nil
	}
	return p.prod
}

// The paths of the objects that each release has.
const (
	prodDeployment   = "prod-deployment.yaml"
	prodService      = "prod-service.yaml"
	canaryDeployment = "canary-deployment.yaml"
	canaryService    = "canary-service.yaml"
)

// pathOf is the file of an object of the base beside Deployment and Service: `prod-` where the canary has one like it, else `shared-`.
func pathOf(component string, o *yaml.Node, namespace string) string {
	name := node.Text(o, "metadata", "name")
	if ns := node.Text(o, "metadata", "namespace"); ns != "" && ns != namespace {
		name = ns + "-" + name
	}
	safe := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' || r == '.' {
			return r
		}
		return '-'
	}, strings.ToLower(node.Text(o, "kind")+"-"+name))
	return component + "-" + safe + ".yaml"
}

// file is an object as gitramp writes it: whose it is stands above it, and in a label where the user's own does not say otherwise.
func file(path string, o *yaml.Node) (File, error) {
	if node.Get(o, "metadata", "labels", managedBy) == nil {
		node.Set(o, node.String("gitramp"), "metadata", "labels", managedBy)
	}
	o.HeadComment = HeadComment
	data, err := node.Encode(o)
	return File{path, data}, err
}

const managedBy = "app.kubernetes.io/managed-by"

// twinned are the kinds that find pods, or Services, by their labels: what is right for prod's is right for the canary's.
var twinned = []string{"PodDisruptionBudget", "NetworkPolicy", "CiliumNetworkPolicy", "AuthorizationPolicy", "PeerAuthentication", "ServiceMonitor", "PodMonitor"}

// hasTwin says whether an object of the base finds prod's pods by the label that is another on the canary's. Of Services that is one that pods are watched by.
func (b *base) hasTwin(o *yaml.Node) bool {
	kind := node.Text(o, "kind")
	return (slices.Contains(twinned, kind) || kind == "Service" && b.isWatched(o)) && selectorsWith(o, b.key, b.value()) > 0
}

// isWatched says whether a ServiceMonitor of the base finds a Service, as one beside the app's that has the port for metrics alone.
func (b *base) isWatched(service *yaml.Node) bool {
	return slices.ContainsFunc(b.others, func(o *yaml.Node) bool {
		return node.Text(o, "kind") == "ServiceMonitor" && selects(textsAt(o, "spec", "selector", "matchLabels"), textsAt(service, "metadata", "labels"))
	})
}

// value is what the label that tells the tracks apart says on prod's pods.
func (b *base) value() string {
	return node.Text(b.deployment, "spec", "template", "metadata", "labels", b.key)
}

// baseName names the revision: by the pods' template, the config that it refers to, and the Service's ports.
func (b *base) baseName(images Images) string {
	deployment := withImages(b.deployment, images)
	var config []string
	for _, o := range b.config {
		config = append(config, configOf(o).kind+" "+configOf(o).name+" "+contentOf(o))
	}
	slices.Sort(config)
	inputs := asJSON([]any{plainValue(node.Get(deployment, "spec", "template")), config, plainValue(node.Get(b.service, "spec", "ports"))})
	return Digest([]byte(inputs))[len("sha256:"):][:10]
}

func withImages(deployment *yaml.Node, images Images) *yaml.Node {
	n := node.Copy(deployment)
	for _, i := range images {
		setImage(n, i)
	}
	return n
}

// baseRevision is the revision of the base with some images, beside what prod runs: stable is empty where that is not known.
func (c *Canary) baseRevision(images Images, stable Tree) (Revision, error) {
	b := c.base
	names := versions(b.config, stable)
	deployment := withImages(b.deployment, images)
	eachConfigRef(deployment, func(kind string, name *yaml.Node) {
		if to, ok := names[configRef{kind, name.Value}]; ok {
			name.Value = to
		}
	})
	rev := Revision{Name: b.baseName(images), Images: images, Deployment: original{node: deployment}, Service: original{node: b.service}, parts: &parts{}}
	prod := node.Copy(deployment)
	c.label(prod, c.Spec.StableMetadata)
	var err error
	if rev.parts.prod, err = c.baseProd(prod, names); err != nil {
		return rev, err
	}
	rev.parts.canary = sync.OnceValues(func() (Tree, error) { return c.baseCanary(node.Copy(deployment)) })
	return rev, nil
}

// label puts a track's metadata on the pods.
func (c *Canary) label(deployment *yaml.Node, m *PodMetadata) {
	if m == nil {
		return
	}
	for _, part := range []struct {
		field string
		texts map[string]string
	}{{"labels", m.Labels}, {"annotations", m.Annotations}} {
		for _, key := range sortedKeys(part.texts) {
			node.Set(deployment, node.Quoted(part.texts[key]), "spec", "template", "metadata", part.field, key)
		}
	}
}

func sortedKeys(m map[string]string) (keys []string) {
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// baseProd is prod as an idle tree has it.
func (c *Canary) baseProd(deployment *yaml.Node, names map[configRef]string) (Tree, error) {
	b, namespace := c.base, c.Metadata.Namespace
	var tree Tree
	add := func(path string, o *yaml.Node) error {
		f, err := file(path, node.Copy(o))
		if _, taken := tree.Get(path); taken {
			return fmt.Errorf("the base has two objects that would be %s: %s is one of them", path, node.Title(o))
		}
		tree = tree.with(f)
		return err
	}
	if err := add(prodDeployment, deployment); err != nil {
		return nil, err
	}
	if err := add(prodService, b.service); err != nil {
		return nil, err
	}
	if b.scaler != nil {
		if err := add(pathOf("prod", b.scaler, namespace), b.scaler); err != nil {
			return nil, err
		}
	}
	for _, o := range b.versioned(names) {
		if err := add(pathOf("shared", o, namespace), o); err != nil {
			return nil, err
		}
	}
	for _, o := range b.others {
		component := "shared"
		if b.hasTwin(o) {
			component = "prod"
		}
		if err := add(pathOf(component, o, namespace), o); err != nil {
			return nil, err
		}
	}
	return tree, nil
}

// versioned is the config under the names of this revision. One that something else refers to as well is there by its own name too.
func (b *base) versioned(names map[configRef]string) (list []*yaml.Node) {
	for _, o := range b.config {
		ref := configOf(o)
		if names[ref] != ref.name && b.isElsewhere(ref) {
			list = append(list, o)
		}
		if names[ref] != ref.name {
			o = node.Copy(o)
			node.Set(o, node.String(names[ref]), "metadata", "name")
			node.Set(o, node.Quoted(ref.name), "metadata", "annotations", configOrigin)
		}
		list = append(list, o)
	}
	return list
}

// isElsewhere says whether anything beside the pods refers to a config: the route does to certificates, and to the Secrets of its annotations.
func (b *base) isElsewhere(ref configRef) bool {
	if b.route != nil && (group(b.route) == "networking.k8s.io" && refersTo(b.route, ref) || mentions(node.Get(b.route, "metadata", "annotations"), ref.name)) {
		return true
	}
	return slices.ContainsFunc(b.others, func(o *yaml.Node) bool { return refersTo(o, ref) })
}

// knownGroups are the API groups of which it is known in which fields they refer to a ConfigMap or Secret.
var knownGroups = []string{"v1", "apps", "batch", "policy", "networking.k8s.io", "autoscaling", "monitoring.coreos.com", "rbac.authorization.k8s.io"}

// group is the API group of an object; that of the core is v1.
func group(o *yaml.Node) string {
	name, _, _ := strings.Cut(node.Text(o, "apiVersion"), "/")
	return name
}

// refersTo says whether an object of the base refers to a ConfigMap or Secret. In one of an unknown kind any value that is its name is taken for that.
func refersTo(o *yaml.Node, ref configRef) bool {
	if !slices.Contains(knownGroups, group(o)) {
		return mentions(o, ref.name)
	}
	found := false
	walkConfigRefs(o, func(kind string, name *yaml.Node) { found = found || kind == ref.kind && name.Value == ref.name })
	return found
}

// mentions says whether an object has a word in it as a value, with or without a namespace before it, but for its own metadata.
func mentions(n *yaml.Node, word string) bool {
	if n == nil {
		return false
	}
	if n.Kind == yaml.ScalarNode {
		return n.Value == word || strings.HasSuffix(n.Value, "/"+word)
	}
	for i, c := range n.Content {
		if n.Kind == yaml.MappingNode && (i%2 == 0 || n.Content[i-1].Value == "metadata") {
			continue
		}
		if mentions(c, word) {
			return true
		}
	}
	return false
}

// baseCanary is the canary's set: other names, by kustomize's machinery, and one label of another value.
func (c *Canary) baseCanary(deployment *yaml.Node) (Tree, error) {
	b := c.base
	c.label(deployment, c.Spec.CanaryMetadata)
	objs, names := []*yaml.Node{deployment, b.service}, []string{c.Spec.Output.Names.Canary.Deployment, c.Spec.Output.Names.Canary.Service}
	if b.scaler != nil {
		objs, names = append(objs, b.scaler), append(names, c.Spec.Output.Names.Canary.Autoscaler)
	}
	for _, o := range b.others {
		if b.hasTwin(o) {
			objs, names = append(objs, o), append(names, node.Text(o, "metadata", "name")+"-canary")
		}
	}
	objs, err := b.rename(objs, names)
	if err != nil {
		return nil, err
	}
	var tree Tree
	for i, o := range objs {
		path := pathOf("canary", o, c.Metadata.Namespace)
		switch o = plainCopy(o); {
		case i == 0:
			path = canaryDeployment
		case node.Text(o, "kind") == "Service":
			if ownAddress(o); i == 1 {
				path = canaryService
			}
		case node.Text(o, "kind") == "PodDisruptionBudget":
			node.Clear(o, "spec", "minAvailable")
			node.Set(o, node.Int(1), "spec", "maxUnavailable")
		}
		if made := node.Text(o, "spec", "advanced", "horizontalPodAutoscalerConfig", "name"); made != "" && node.Text(o, "kind") == scaledObject {
			node.Set(o, node.String(made+"-canary"), "spec", "advanced", "horizontalPodAutoscalerConfig", "name")
		}
		b.relabel(o)
		f, err := file(path, o)
		if err != nil {
			return nil, err
		}
		tree = tree.with(f)
	}
	return tree, nil
}

// relabel changes the one label on an object of the canary's, on its pods, and in whatever selects by it.
func (b *base) relabel(o *yaml.Node) {
	value := b.value()
	change := func(labels *yaml.Node) {
		if at := node.Get(labels, b.key); at != nil && at.Value == value {
			at.Value = value + "-canary"
		}
	}
	for _, path := range [][]string{{"metadata", "labels"}, {"spec", "template", "metadata", "labels"}} {
		if labels := node.Get(o, path...); labels != nil {
			change(labels)
		}
	}
	eachSelector(o, change)
	eachValue(o, b.key, func(v *yaml.Node) {
		if v.Value == value {
			v.Value = value + "-canary"
		}
	})
}

// ownAddress takes from the canary's Service what only one Service can have: addresses, ports of the nodes, and names in DNS. Its requests come through the route.
func ownAddress(service *yaml.Node) {
	headless := node.Text(service, "spec", "clusterIP") == "None"
	for _, field := range []string{"clusterIPs", "externalIPs", "loadBalancerIP", "loadBalancerClass", "loadBalancerSourceRanges", "healthCheckNodePort", "externalTrafficPolicy", "allocateLoadBalancerNodePorts"} {
		node.Clear(service, "spec", field)
	}
	if !headless {
		node.Clear(service, "spec", "clusterIP")
	}
	if kind := node.Text(service, "spec", "type"); kind == "LoadBalancer" || kind == "NodePort" {
		node.Set(service, node.String("ClusterIP"), "spec", "type")
	}
	for _, port := range node.Get(service, "spec", "ports").Content {
		node.Clear(port, "nodePort")
	}
	if notes := node.Get(service, "metadata", "annotations"); notes != nil {
		for _, key := range keysOf(notes) {
			if strings.HasPrefix(key, "external-dns.alpha.kubernetes.io/") {
				node.Clear(service, "metadata", "annotations", key)
			}
		}
	}
}

// isScaler says whether a file is the autoscaler of a track.
func isScaler(path string) bool {
	_, rest, _ := strings.Cut(path, "-")
	return !strings.HasPrefix(path, "shared-") && (strings.HasPrefix(rest, "horizontalpodautoscaler-") || strings.HasPrefix(rest, "scaledobject-"))
}

func (t Tree) hasScaler() bool {
	return slices.ContainsFunc(t, func(f File) bool { return isScaler(f.Path) })
}

// edited is a file with its object changed; where that changes nothing it keeps its bytes.
func edited(f File, change func(*yaml.Node)) (File, error) {
	n, err := node.Parse(f.Data)
	if err != nil {
		return f, fmt.Errorf("%s: %w", f.Path, err)
	}
	before := node.Copy(n)
	if change(n); node.Same(before, n) {
		return f, nil
	}
	if strings.HasPrefix(string(f.Data), HeadComment) { // the parser keeps the first comment elsewhere
		n.HeadComment = HeadComment
	}
	f.Data, err = node.Encode(n)
	return f, err
}

// scaler is the file of a track's autoscaler, "" where it has none.
func (t Tree) scaler(component string) string {
	for _, f := range t {
		if isTrack(f.Path, component) && isScaler(f.Path) {
			return f.Path
		}
	}
	return ""
}

// prodPods is how many pods prod has at the least; known is false where its file cannot be read.
func (t Tree) prodPods() (pods int, known bool) {
	path := t.scaler("prod")
	if path == "" {
		path = prodDeployment
	}
	data, _ := t.Get(path)
	n, err := node.Parse(data)
	if err != nil {
		return 0, false
	}
	if path == prodDeployment {
		return replicasOf(t, path), true
	}
	pods, _ = floorOf(n)
	return pods, true
}

// sized brings the pods of a track's files to a number: the Deployment's replicas, or the least that its autoscaler keeps.
func sized(files Tree, replicas int) (Tree, error) {
	list, scaled := slices.Clone(files), files.hasScaler()
	for i, f := range list {
		var err error
		switch {
		case isScaler(f.Path):
			list[i], err = edited(f, func(o *yaml.Node) { setFloor(o, replicas, isTrack(f.Path, "canary")) })
		case !scaled && (f.Path == prodDeployment || f.Path == canaryDeployment):
			list[i], err = edited(f, func(o *yaml.Node) { setReplicas(o, replicas) })
		}
		if err != nil {
			return nil, err
		}
	}
	return list, nil
}

// setReplicas leaves a Deployment alone that has that many already.
func setReplicas(o *yaml.Node, replicas int) {
	has := 1
	if n, err := strconv.Atoi(node.Text(o, "spec", "replicas")); err == nil {
		has = n
	}
	if has != replicas {
		node.Set(o, node.Int(replicas), "spec", "replicas")
	}
}

// settledSize takes back what sized did to autoscalers.
func settledSize(files Tree) (Tree, error) {
	list := slices.Clone(files)
	for i, f := range list {
		if !isScaler(f.Path) {
			continue
		}
		var err error
		if list[i], err = edited(f, clearFloor); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// pack writes files into one that no loader reads.
func pack(what string, files Tree) []byte {
	b := []byte("# Written by gitramp: " + what + "\n")
	for _, f := range files {
		b = append(append(b, "--- # "+f.Path+"\n"...), f.Data...)
	}
	return b
}

// unpack reads what pack wrote.
func unpack(data []byte) (files Tree, ok bool) {
	_, rest, _ := strings.Cut(string(data), "\n")
	for rest != "" {
		head, body, cut := strings.Cut(rest, "\n")
		path, is := strings.CutPrefix(head, "--- # ")
		if !cut || !is {
			return nil, false
		}
		end := strings.Index(body, "\n--- # ")
		if end < 0 {
			end = len(body) - 1
		}
		if end < 0 {
			return nil, false
		}
		files, rest = append(files, File{path, []byte(body[:end+1])}), body[end+1:]
	}
	return files, true
}
