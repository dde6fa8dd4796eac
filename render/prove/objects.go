package prove

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/gitramp/gitramp/render"
	"github.com/gitramp/gitramp/render/internal/node"
	"github.com/gitramp/gitramp/render/route"
)

// object is one version of a Deployment, a Service or a route. Other kinds move no request: at most they keep pods from becoming ready, and any number of ready
// pods is explored.
type object struct {
	id         string // Kind namespace/name
	path       string
	data       []byte
	node       *yaml.Node
	version    int // among those of the id, from 1
	deployment *deployment
	service    *service
	backends   []route.Backend // of a route
}

type deployment struct {
	namespace  string
	replicas   int
	selector   map[string]string
	labels     map[string]string // of the pods
	template   string
	revision   string // what runs: the template without the labels, which tell tracks apart
	least      int    // ready pods that a rolling update keeps; 0 with Recreate
	grace      int    // seconds
	containers []container
}

type container struct {
	ports   map[string]bool // names and numbers; empty: nobody says
	preStop int             // seconds that it certainly goes on; -1: it says nothing that can be counted
	probed  bool
}

type service struct {
	namespace string
	name      string
	selector  map[string]string
	ports     map[string]bool // names and numbers
	targets   []string
	fixed     string // what can never change
}

// readObject is nil for a kind that moves no request.
func readObject(f render.File) (*object, error) {
	n, err := node.Parse(f.Data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.Path, err)
	}
	kind := node.Text(n, "kind")
	o := &object{path: f.Path, data: f.Data, node: n, id: kind + " " + full(n)}
	switch kind {
	case "Deployment":
		o.deployment, err = readDeployment(n)
	case "Service":
		o.service = readService(n)
	case "Ingress", "HTTPRoute", "GRPCRoute":
		var probes route.Probes
		probes, err = route.ProbesOf(routes([]*object{o}))
		o.backends = probes.Backends
	default:
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.Path, err)
	}
	return o, nil
}

func full(n *yaml.Node) string {
	name, namespace := node.Text(n, "metadata", "name"), node.Text(n, "metadata", "namespace")
	if namespace == "" {
		return name
	}
	return namespace + "/" + name
}

func readDeployment(n *yaml.Node) (*deployment, error) {
	template := node.Get(n, "spec", "template")
	if template == nil {
		return nil, fmt.Errorf("spec.template is missing")
	}
	d := &deployment{namespace: node.Text(n, "metadata", "namespace"), replicas: 1, selector: words(n, "spec", "selector", "matchLabels"),
		labels: words(template, "metadata", "labels"), grace: 30}
	var err error
	if text := node.Text(n, "spec", "replicas"); text != "" {
		if d.replicas, err = strconv.Atoi(text); err != nil {
			return nil, fmt.Errorf("spec.replicas: %w", err)
		}
	}
	if text := node.Text(template, "spec", "terminationGracePeriodSeconds"); text != "" {
		if d.grace, err = strconv.Atoi(text); err != nil {
			return nil, fmt.Errorf("spec.template.spec.terminationGracePeriodSeconds: %w", err)
		}
	}
	if d.least, err = leastReady(n, d.replicas); err != nil {
		return nil, err
	}
	for _, c := range list(template, "spec", "containers") {
		d.containers = append(d.containers, readContainer(c))
	}
	d.template, d.revision = canonical(template), canonical(withoutSelectors(node.Get(template, "spec")))+canonical(node.Get(template, "metadata", "annotations"))
	return d, nil
}

// leastReady is replicas less maxUnavailable, which is a number, or percents rounded down, 25% where it is not set
// (ResolveFenceposts in kubernetes pkg/controller/deployment/util/deployment_util.go: where both come to 0 maxUnavailable is 1).
func leastReady(n *yaml.Node, replicas int) (int, error) {
	if node.Text(n, "spec", "strategy", "type") == "Recreate" {
		return 0, nil
	}
	rolling := node.Get(n, "spec", "strategy", "rollingUpdate")
	away, err := part(rolling, "maxUnavailable", replicas, false)
	if err != nil {
		return 0, err
	}
	surge, err := part(rolling, "maxSurge", replicas, true)
	if err != nil {
		return 0, err
	}
	if away == 0 && surge == 0 {
		away = 1
	}
	return max(replicas-away, 0), nil
}

func part(rolling *yaml.Node, field string, of int, up bool) (int, error) {
	text := "25%"
	if rolling != nil && node.Text(rolling, field) != "" {
		text = node.Text(rolling, field)
	}
	percent, isPercent := strings.CutSuffix(text, "%")
	i, err := strconv.Atoi(percent)
	switch {
	case err != nil:
		return 0, fmt.Errorf("spec.strategy.rollingUpdate.%s: %w", field, err)
	case isPercent && up:
		return (i*of + 99) / 100, nil
	case isPercent:
		return i * of / 100, nil
	}
	return i, nil
}

func readContainer(c *yaml.Node) container {
	one := container{ports: map[string]bool{}, preStop: -1, probed: node.Get(c, "readinessProbe") != nil}
	for _, p := range list(c, "ports") {
		one.ports[node.Text(p, "containerPort")] = true
		if name := node.Text(p, "name"); name != "" {
			one.ports[name] = true
		}
	}
	stop := node.Get(c, "lifecycle", "preStop")
	if stop == nil {
		return one
	}
	text := node.Text(stop, "sleep", "seconds")
	if command := list(stop, "exec", "command"); len(command) > 0 {
		last := strings.Fields(command[len(command)-1].Value)
		if len(last) == 2 && last[0] == "sleep" || len(last) == 1 && len(command) == 2 && strings.HasSuffix(command[0].Value, "sleep") {
			text = last[len(last)-1]
		}
	}
	if seconds, err := strconv.Atoi(text); err == nil {
		one.preStop = seconds
	}
	return one
}

func readService(n *yaml.Node) *service {
	s := &service{namespace: node.Text(n, "metadata", "namespace"), name: node.Text(n, "metadata", "name"), selector: words(n, "spec", "selector"), ports: map[string]bool{}}
	for _, p := range list(n, "spec", "ports") {
		port := node.Text(p, "port")
		s.ports[port] = true
		if name := node.Text(p, "name"); name != "" {
			s.ports[name] = true
		}
		if target := node.Text(p, "targetPort"); target != "" {
			port = target
		}
		s.targets = append(s.targets, port)
	}
	s.fixed = node.Text(n, "spec", "clusterIP") + " " + node.Text(n, "spec", "ipFamilies", "0")
	return s
}

// withoutSelectors is a pod without what it asks of other pods' labels: where it shall be spread, it says its own track's.
func withoutSelectors(pod *yaml.Node) *yaml.Node {
	if pod == nil {
		return nil
	}
	n := *pod
	n.Content = nil
	for i, c := range pod.Content {
		if pod.Kind == yaml.MappingNode && i%2 == 1 && pod.Content[i-1].Value == "labelSelector" {
			c = node.Map()
		}
		n.Content = append(n.Content, withoutSelectors(c))
	}
	return &n
}

// canonical is what a node says, however it is written.
func canonical(n *yaml.Node) string {
	var b strings.Builder
	write(&b, n)
	return b.String()
}

func write(b *strings.Builder, n *yaml.Node) {
	switch {
	case n == nil:
	case n.Kind == yaml.ScalarNode:
		b.WriteString(strconv.Quote(n.Value))
	default:
		b.WriteByte('(')
		for _, c := range n.Content {
			write(b, c)
			b.WriteByte(' ')
		}
		b.WriteByte(')')
	}
}

func words(n *yaml.Node, path ...string) map[string]string {
	m := map[string]string{}
	content := list(n, path...)
	for i := 0; i+1 < len(content); i += 2 {
		m[content[i].Value] = content[i+1].Value
	}
	return m
}

func list(n *yaml.Node, path ...string) []*yaml.Node {
	if at := node.Get(n, path...); at != nil {
		return at.Content
	}
	return nil
}

// selects says whether a selector picks pods with these labels. One that is empty picks none (a Service's) or is refused (a Deployment's).
func selects(selector, labels map[string]string) bool {
	for key, value := range selector {
		if labels[key] != value {
			return false
		}
	}
	return len(selector) > 0
}

// serves says whether these pods are endpoints of a Service: they have its labels, and a port of each name that it looks for. A number is an endpoint whether
// anybody listens there or not (kubernetes pkg/api/v1/pod/util.go, FindPort).
func (s *service) serves(d *deployment) bool {
	if s.namespace != d.namespace || !selects(s.selector, d.labels) {
		return false
	}
	for _, target := range s.targets {
		if _, err := strconv.Atoi(target); err != nil && d.listens(target) == nil {
			return false
		}
	}
	return true
}

// refuses says whether nobody listens at the number that the Service sends these pods' requests to.
func (s *service) refuses(d *deployment) bool {
	return slices.ContainsFunc(s.targets, func(target string) bool { return d.listens(target) == nil })
}

// listens is the container that has a port; the first where none says anything about ports, nil where none has it.
func (d *deployment) listens(port string) *container {
	silent := true
	for i, c := range d.containers {
		if c.ports[port] {
			return &d.containers[i]
		}
		silent = silent && len(c.ports) == 0
	}
	if _, err := strconv.Atoi(port); err == nil && silent && len(d.containers) > 0 {
		return &d.containers[0]
	}
	return nil
}

// routes are the route objects of some versions.
func routes(objs []*object) []route.Object {
	var list []route.Object
	for _, o := range objs {
		if o.deployment == nil && o.service == nil {
			list = append(list, route.Object{Path: o.path, Node: o.node})
		}
	}
	return list
}
