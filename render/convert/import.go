package convert

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/gitramp/gitramp/render"
	"github.com/gitramp/gitramp/render/internal/node"
	"github.com/gitramp/gitramp/render/route"
)

// Imported is what became of another tool's canary.
type Imported struct {
	From   string      // Rollout/shop
	Name   string      // of the app
	Spec   []byte      // the text of the spec
	Base   render.Tree // the files of its base, with their kustomization; nil where the spec says everything
	Before []string    // what has to be done to a live app before the first commit is applied, in order
	Report Report
}

// app is an import on its way.
type app struct {
	from       *object // Rollout, Flagger's Canary, or Deployment
	name       string
	objs       []*object // what is left of the input: the base
	deployment *object
	service    *object
	route      *object
	canary     struct{ service, route string } // names of the canary's objects, "" for gitramp's own
	hashed     bool                            // a Rollout's controller has its hash in the Service's selector

	metadata    struct{ canary, stable *yaml.Node } // of the pods
	capacity    int                                 // spec.replicas, where an autoscaler owns the Deployment's
	minPods     int
	dynamic     bool // spec.dynamicStableScale
	weightTotal int
	match       []*yaml.Node
	steps       []*yaml.Node
	made        map[string]string // the field of from that a field of the spec is made of
	more        *yaml.Node        // further fields of the spec, as an earlier export kept them
	grpc        bool              // as it kept, too: the route was a GRPCRoute
	kept        *yaml.Node        // what of the input has no equal, for the way back
	as          string            // the format of kept
	before      []string
	report      Report
}

// Import turns manifests with one Rollout of Argo Rollouts, one Canary of Flagger or one Deployment, its Service and its route, into a spec and its base.
func Import(files []File) (*Imported, error) {
	a, err := load(files)
	if err != nil {
		return nil, err
	}
	return a.imported()
}

// load reads and converts the input, and writes nothing yet.
func load(files []File) (*app, error) {
	objs, err := read(files)
	if err != nil {
		return nil, err
	}
	if len(objs) == 0 {
		name := "input"
		if len(files) > 0 {
			name = files[0].Name
		}
		return nil, problem(name, 0, "there is nothing in it", nothing)
	}
	a := &app{objs: objs, weightTotal: 100, made: map[string]string{}}
	if err := a.pick(); err != nil {
		return nil, err
	}
	a.clean()
	switch a.from.kind() {
	case rolloutKind:
		err = a.rollout()
	case flaggerKind:
		err = a.flagger()
	default:
		err = a.plain()
	}
	if err != nil {
		return nil, err
	}
	a.leave()
	a.retarget()
	a.scaled()
	if err := a.alone(); err != nil {
		return nil, err
	}
	return a, a.onlyRoute()
}

type groupKind struct{ group, kind string }

// apps are the kinds that are converted, the first that there is.
var apps = []groupKind{{argoGroup, rolloutKind}, {flaggerGroup, flaggerKind}, {"apps", "Deployment"}}

// pick finds what is to be converted: a Rollout or a Canary, else the only Deployment.
func (a *app) pick() error {
	for _, kind := range apps {
		found := a.find(kind.group, kind.kind, "")
		if len(found) == 1 {
			a.from, a.name = found[0], found[0].name()
			return nil
		}
		if len(found) > 1 {
			return found[1].wrong("metadata.name", found[1].name(), fmt.Sprintf("there are %d of kind %s: %s", len(found), kind.kind, list(found)), "one app at a time: the files of one of them")
		}
	}
	for _, o := range a.objs {
		if o.is(strings.Split(render.APIVersion, "/")[0], render.Kind) {
			return o.wrong("kind", o.kind(), "is a spec already", "a Rollout of Argo Rollouts, a Canary of Flagger, or a Deployment")
		}
	}
	return problem(a.objs[0].file, 0, "there is nothing to convert", nothing)
}

const nothing = "a Rollout of Argo Rollouts, a Canary of Flagger, or a Deployment, with its Service and its route"

// find lists the objects of a kind; with a name those of that name.
func (a *app) find(group, kind, name string) []*object {
	var found []*object
	for _, o := range a.objs {
		if o.is(group, kind) && (name == "" || o.name() == name) {
			found = append(found, o)
		}
	}
	return found
}

func list(objs []*object) string {
	var names []string
	for _, o := range objs {
		names = append(names, o.name())
	}
	return strings.Join(names, ", ")
}

// need finds the object that a field names.
func (a *app) need(by *object, field, group, kind, name string) (*object, error) {
	if name == "" {
		return nil, by.wrong(field, "", "is missing", "the name of a "+kind)
	}
	found := a.find(group, kind, name)
	if len(found) == 0 {
		return nil, by.wrong(field, name, fmt.Sprintf("%s %s is in none of the files", kind, name), "its file among the arguments")
	}
	if ns := found[0].namespace(); ns != by.namespace() {
		return nil, found[0].wrong("metadata.namespace", ns, "", fmt.Sprintf("%q, the namespace of %s", by.namespace(), by))
	}
	return found[0], nil
}

// drop takes an object out of what becomes the base.
func (a *app) drop(o *object, outcome Outcome, why string) {
	a.objs = slices.DeleteFunc(a.objs, func(other *object) bool { return other == o })
	a.report = append(a.report, Field{o.file, o.node.Line, o.String(), "kind", o.kind(), outcome, why})
}

// workload checks what everything else goes by.
func (a *app) workload() error {
	if len(keys(a.deployment.node, "spec", "selector", "matchLabels")) == 0 {
		return a.deployment.wrong("spec.selector.matchLabels", "", "is missing", "labels by which the pods are found")
	}
	return checkSelector(a.deployment)
}

// plain is a Deployment that nobody ramps yet.
func (a *app) plain() error {
	a.deployment = a.from
	if err := a.workload(); err != nil {
		return err
	}
	if err := a.findService(); err != nil {
		return err
	}
	if err := a.findRoute(); err != nil {
		return err
	}
	a.steps = []*yaml.Node{setWeight(20), pauseNode(""), setWeight(50), pauseNode("10m")}
	a.report = append(a.report, Field{Object: "spec", Field: "spec.steps", Outcome: Changed, Note: "there were none: 20% until somebody promotes, 50% for 10m"})
	return nil
}

// findService finds the Service of the Deployment's pods: the only one, or the only one that a route leads to.
func (a *app) findService() error {
	var found, routed []*object
	labels := stringsAt(a.deployment.node, "spec", "template", "metadata", "labels")
	for _, s := range a.find("", "Service", "") {
		if s.namespace() != a.deployment.namespace() || !selects(stringsAt(s.node, "spec", "selector"), labels) {
			continue
		}
		found = append(found, s)
		if slices.ContainsFunc(a.objs, func(o *object) bool { return a.leads(o, s) }) {
			routed = append(routed, s)
		}
	}
	if len(found) > 1 && len(routed) == 1 {
		found = routed
	}
	switch len(found) {
	case 0:
		return a.deployment.wrong("spec.template.metadata.labels", "", "no Service in the files selects these pods", "the Service's file among the arguments")
	case 1:
		a.service = found[0]
		return nil
	}
	return found[1].wrong("spec.selector", "", fmt.Sprintf("there are %d Services that select the pods of %s: %s", len(found), a.deployment, list(found)), "one of them")
}

func selects(selector, labels map[string]string) bool {
	for k, v := range selector {
		if got, ok := labels[k]; !ok || got != v {
			return false
		}
	}
	return selector != nil
}

const grpcRoute = "GRPCRoute"

// routeKinds are the kinds of objects that can be split, and their routers.
var routeKinds = []struct{ group, kind, router string }{
	{"networking.k8s.io", "Ingress", route.IngressNginx},
	{"gateway.networking.k8s.io", "HTTPRoute", route.GatewayAPI},
	{"gateway.networking.k8s.io", grpcRoute, route.GatewayAPI},
}

// routerOf is the router that splits an object, "" where none does.
func routerOf(o *object) string {
	for _, k := range routeKinds {
		if o.is(k.group, k.kind) {
			return k.router
		}
	}
	return ""
}

// leads says whether an object is a route that leads to a Service.
func (a *app) leads(o, service *object) bool {
	return routerOf(o) != "" && o.namespace() == service.namespace() && route.SendsTo(o.node, service.name())
}

// onlyRoute: what another route sends would go past the canary.
func (a *app) onlyRoute() error {
	for _, o := range a.objs {
		if o != a.route && a.leads(o, a.service) {
			return o.wrong("metadata.name", o.name(), fmt.Sprintf("%s leads to %s, and so does %s", o, a.service, a.route), "one route, with all hosts and paths: what another one sends goes past the canary")
		}
	}
	return nil
}

// scaled: who owns the number of pods is either the Deployment or an autoscaler; the spec says then how many take all requests.
func (a *app) scaled() {
	for _, o := range a.objs {
		name, least, most, ok := render.Scaled(o.node)
		if !ok || name != a.deployment.name() || o.namespace() != a.deployment.namespace() {
			continue
		}
		a.capacity = min(max(a.replicas(), least, 1), max(most, 1))
		a.minPods = min(a.minPods, a.capacity)
		note := fmt.Sprintf("spec.replicas: %d, the pods that take all requests; %s owns how many there are", a.capacity, o)
		a.report = append(a.report, Field{a.deployment.file, a.deployment.node.Line, a.deployment.String(), "spec.replicas", node.Text(a.deployment.node, "spec", "replicas"), Changed, note})
		node.Clear(a.deployment.node, "spec", "replicas")
		return
	}
}

const nginxPrefix = "nginx.ingress.kubernetes.io"

// findRoute finds the object that leads to the Service and is to be split.
func (a *app) findRoute() error {
	var found []*object
	for _, o := range slices.Clone(a.objs) {
		switch {
		case !a.leads(o, a.service):
		case node.Text(o.node, "metadata", "annotations", nginxPrefix+"/canary") == "true":
			a.drop(o, Changed, "gitramp writes the canary's route itself")
		default:
			found = append(found, o)
		}
	}
	switch len(found) {
	case 0:
		return a.service.wrong("metadata.name", a.service.name(), "no route in the files leads to "+a.service.String(),
			"an Ingress, an HTTPRoute or a GRPCRoute: requests are split by a route, and never by the number of pods")
	case 1:
		a.route = found[0]
		return nil
	}
	return found[1].wrong("metadata.name", found[1].name(), fmt.Sprintf("there are %d routes that lead to %s: %s", len(found), a.service, list(found)), "one of them, with all hosts and paths")
}

// theirs are the objects that only their tools read.
var theirs = []string{"argoproj.io/AnalysisTemplate", "argoproj.io/ClusterAnalysisTemplate", "argoproj.io/AnalysisRun", "argoproj.io/Experiment",
	"flagger.app/MetricTemplate", "flagger.app/AlertProvider"}

// leave drops what the base cannot hold: objects of the other tool's, and a route to the canary that is there already.
func (a *app) leave() {
	for _, o := range slices.Clone(a.objs) {
		switch {
		case slices.Contains(theirs, o.group()+"/"+o.kind()):
			a.drop(o, Lost, "only its own tool reads it; it stays as it is where it lies")
		case o.is("", "Service") && o.name() == a.canary.service:
			a.drop(o, Changed, "gitramp writes the canary's Service itself, like prod's but for name and selector")
			a.differences(o)
		case o != a.route && routerOf(o) != "" && node.Text(o.node, "metadata", "annotations", nginxPrefix+"/canary") == "true":
			a.drop(o, Changed, "gitramp writes the canary's route itself")
		}
	}
}

// differences reports what the canary's Service had that prod's has not.
func (a *app) differences(o *object) {
	own, errOwn := node.Encode(o.node)
	prod, errProd := node.Encode(a.service.node)
	if errors.Join(errOwn, errProd) != nil {
		return
	}
	changes, _ := render.FieldChanges(prod, own)
	for _, c := range changes {
		if c.Field != "metadata.name" && !strings.HasPrefix(c.Field, "spec.selector") {
			a.report = append(a.report, Field{o.file, o.node.Line, o.String(), c.Field, short(c.New), Lost, "the canary's Service is like prod's"})
		}
	}
}

// retarget makes whoever scales a Rollout scale the Deployment.
func (a *app) retarget() {
	for _, o := range a.objs {
		for _, field := range []string{"scaleTargetRef", "targetRef"} {
			ref := node.Get(o.node, "spec", field)
			if ref == nil || node.Text(ref, "kind") != rolloutKind || node.Text(ref, "name") != a.from.name() {
				continue
			}
			a.report = append(a.report, Field{o.file, ref.Line, o.String(), "spec." + field, inLine(ref), Changed, "it names the Deployment " + a.deployment.name()})
			node.Set(ref, node.String("apps/v1"), "apiVersion")
			node.Set(ref, node.String("Deployment"), "kind")
			node.Set(ref, node.String(a.deployment.name()), "name")
		}
	}
}

// ofTheCluster are fields that the API server or a controller writes. What Argo CD and Flux know their objects by (AnnotationKeyAppInstance of argoproj/argo-cd,
// SetOwnerLabels of fluxcd/pkg) would be a lie on the canary's; app.kubernetes.io/instance may be anybody's, and be selected by. A selector with a Rollout's hash would
// select no pod of a Deployment's.
var ofTheCluster = [][]string{{"status"}, {"metadata", "uid"}, {"metadata", "resourceVersion"}, {"metadata", "generation"}, {"metadata", "creationTimestamp"},
	{"metadata", "managedFields"}, {"metadata", "selfLink"}, {"metadata", "ownerReferences"}, {"metadata", "annotations", "kubectl.kubernetes.io/last-applied-configuration"},
	{"metadata", "annotations", "deployment.kubernetes.io/revision"}, {"metadata", "annotations", "rollout.argoproj.io/revision"},
	{"metadata", "annotations", "argocd.argoproj.io/tracking-id"}, {"metadata", "annotations", "argocd.argoproj.io/installation-id"},
	{"metadata", "labels", "kustomize.toolkit.fluxcd.io/name"}, {"metadata", "labels", "kustomize.toolkit.fluxcd.io/namespace"},
	{"metadata", "labels", "helm.toolkit.fluxcd.io/name"}, {"metadata", "labels", "helm.toolkit.fluxcd.io/namespace"},
	{"metadata", "annotations", "rollout.argoproj.io/workload-generation"}, {"metadata", "annotations", "argo-rollouts.argoproj.io/managed-by-rollouts"},
	{"spec", "selector", "rollouts-pod-template-hash"}, {"spec", "selector", "matchLabels", "rollouts-pod-template-hash"}}

// clean takes out what `kubectl get -o yaml` adds, and the mark of an earlier commit of gitramp's.
func (a *app) clean() {
	for _, o := range a.objs {
		unmanage(o.node)
		var found []Field
		for _, path := range ofTheCluster {
			n := node.Get(o.node, path...)
			if n == nil {
				continue
			}
			found = append(found, Field{o.file, n.Line, o.String(), strings.Join(path, "."), short(inLine(n)), Lost, "the cluster writes it: what counts is in git"})
			node.Clear(o.node, path...)
			if parent := path[:len(path)-1]; len(keys(o.node, parent...)) == 0 && len(parent) > 1 {
				node.Clear(o.node, parent...)
			}
		}
		a.report = append(a.report, fold(found)...)
	}
}

// fold makes one line of the fields that every object from a cluster has: what is lost beside them would drown. The hash in a selector stays by itself.
func fold(found []Field) []Field {
	n := slices.IndexFunc(append(slices.Clone(found), Field{Field: "spec."}), func(f Field) bool { return strings.HasPrefix(f.Field, "spec.") })
	if n < 2 {
		return found
	}
	var names []string
	for _, f := range found[:n] {
		name := strings.TrimPrefix(f.Field, "metadata.")
		names = append(names, strings.TrimPrefix(strings.TrimPrefix(name, "annotations."), "labels."))
	}
	all := found[0]
	all.Field, all.Value, all.Note = "metadata", "", fmt.Sprintf("the cluster writes these %d fields, and what counts is in git: %s", n, strings.Join(names, ", "))
	if names[0] == "status" {
		all.Field = "status and metadata"
	}
	return append([]Field{all}, found[n:]...)
}

// weights and pauses as nodes.
func setWeight(w int) *yaml.Node { return node.Map(node.String("setWeight"), node.Int(w)) }

// pauseNode is a pause; "" is one until somebody promotes.
func pauseNode(duration string) *yaml.Node {
	p := node.Map()
	p.Style = yaml.FlowStyle
	if duration != "" {
		node.Set(p, &yaml.Node{Kind: yaml.ScalarNode, Tag: node.TagString, Value: duration}, "duration")
	}
	return node.Map(node.String("pause"), p)
}
