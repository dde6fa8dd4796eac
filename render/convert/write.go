package convert

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/gitramp/gitramp/render"
	"github.com/gitramp/gitramp/render/internal/node"
	"github.com/gitramp/gitramp/templates"
)

// The names of what an import writes.
const (
	SpecFile = "canary.yaml"
	BaseDir  = "base"
)

// imported writes the spec: in its short form where that makes the very objects that there are, else with a base.
func (a *app) imported() (*Imported, error) {
	im := &Imported{From: a.from.String(), Name: a.name, Before: a.before, Report: a.report}
	spec := a.short()
	if spec == nil {
		base, err := a.base()
		if err != nil {
			return nil, err
		}
		im.Base, spec = base, a.spec(node.String(BaseDir))
	}
	spec.HeadComment = "# Imported by gitramp from " + a.from.String() + "."
	text, err := node.Encode(spec)
	if err != nil {
		return nil, err
	}
	c, objs, err := a.read(text)
	if err != nil {
		return nil, a.blame(err)
	}
	if a.as != "" && a.more == nil {
		im.Report = append(im.Report, settles(c))
	}
	kept, err := a.remember(c, objs)
	if err == nil && kept != nil {
		kept, err = note(kept)
		node.Set(spec, kept, "metadata", "annotations", keptPrefix+a.as)
	}
	if err != nil {
		return nil, err
	}
	im.Spec, err = node.Encode(spec)
	return im, err
}

// settles tells of the time that neither Argo Rollouts nor Flagger needs, since their controllers write to the cluster themselves.
func settles(c *render.Canary) Field {
	settle, sum, pauses, n := *c.Spec.Settle, render.Duration(0), render.Duration(0), 0
	for _, st := range c.Plan().Steps {
		if st.Transition != render.Idle && st.Transition != render.Cleanup {
			n, sum, pauses = n+1, sum+st.Hold.Settle, pauses+st.Hold.Pause
		}
	}
	return Field{Object: "spec", Field: "spec.settle", Value: settle.String(), Outcome: Changed, Note: fmt.Sprintf(
		"each of %d steps first gets %s to be applied, and its pause runs from then: %s in all beside pauses of %s. Choose it above your controller's interval and the pods' start", n, settle, sum, pauses)}
}

// make notes of what field the steps since the last note are made.
func (a *app) make(field string) {
	for i := range a.steps {
		if at := fmt.Sprintf("spec.steps[%d]", i); a.made[at] == "" {
			a.made[at] = field
		}
	}
}

// blame makes an error about a spec that nobody has seen yet one about what it is made of.
func (a *app) blame(err error) error {
	var spec render.SpecError
	if !errors.As(err, &spec) {
		return err
	}
	for i, e := range spec {
		e.File, e.Line, e.Column = a.from.file, a.from.node.Line, a.from.node.Column
		if e.Field == "spec.base" {
			e.Field = ""
		}
		if field, rest := a.source(e.Field); field != "" {
			if node.Get(a.from.node, parts(field+rest)...) != nil {
				field += rest
			}
			at := node.Get(a.from.node, parts(field)...)
			e.Field, e.Line, e.Column = field, at.Line, at.Column
		}
		spec[i] = e
	}
	return spec
}

// source is the field that a field of the spec is made of, and what lies within both.
func (a *app) source(field string) (from, rest string) {
	if a.more != nil { // an earlier export's word
		return "", ""
	}
	for within := field; within != ""; within = within[:max(strings.LastIndexAny(within, ".["), 0)] {
		if from := a.made[within]; from != "" {
			return from, field[len(within):]
		}
	}
	return "", ""
}

// read is the text of a spec as gitramp reads it, and its objects.
func (a *app) read(text []byte) (*render.Canary, []*yaml.Node, error) {
	c, err := render.ParseSpec(SpecFile, text)
	if err != nil {
		return nil, nil, err
	}
	if c.Spec.Base == "" {
		objs, err := Idle(c)
		return c, objs, err
	}
	var objs []*yaml.Node
	for _, o := range a.objs {
		objs = append(objs, o.node)
	}
	if c, err = c.WithBase(objs, nil); err != nil {
		return nil, nil, err
	}
	return c, c.BaseObjects(), nil
}

// spec is the spec but for what says what runs; base is where that is, nil for a short form.
func (a *app) spec(base *yaml.Node) *yaml.Node {
	n := node.Map(node.String("apiVersion"), node.String(render.APIVersion), node.String("kind"), node.String(render.Kind),
		node.String("metadata"), node.Map(node.String("name"), node.String(a.name)), node.String("spec"), node.Map())
	if ns := a.deployment.namespace(); ns != "" {
		node.Set(n, node.String(ns), "metadata", "namespace")
	}
	if base != nil {
		node.Set(n, base, "spec", "base")
	}
	if base == nil {
		node.Set(n, node.String(routerOf(a.route)), "spec", "route", "router")
	}
	if a.capacity > 0 {
		node.Set(n, node.Int(a.capacity), "spec", "replicas")
	}
	if a.minPods > 1 {
		node.Set(n, node.Int(a.minPods), "spec", "minPods")
	}
	if a.dynamic {
		node.Set(n, node.Bool(true), "spec", "dynamicStableScale")
	}
	if a.match != nil {
		node.Set(n, node.Seq(a.match...), "spec", "route", "match")
	}
	if a.weightTotal != 100 {
		node.Set(n, node.Int(a.weightTotal), "spec", "route", "weightTotal")
	}
	for _, m := range []struct {
		field string
		node  *yaml.Node
	}{{"canaryMetadata", a.metadata.canary}, {"stableMetadata", a.metadata.stable}} {
		if m.node != nil {
			node.Set(n, m.node, "spec", m.field)
		}
	}
	node.Set(n, node.Seq(a.steps...), "spec", "steps")
	a.names(n, base != nil)
	if a.more != nil {
		override(node.Get(n, "spec"), a.more)
	}
	inOrder(node.Get(n, "spec"), "base", "replicas", "minPods", "canaryScale", "dynamicStableScale", "route", "canaryMetadata", "stableMetadata", stepsField, "settle", "output")
	return n
}

// inOrder sorts the fields of a mapping as they are listed; what is not listed comes last.
func inOrder(n *yaml.Node, fields ...string) {
	sorted := node.Map()
	for _, f := range append(fields, keys(n)...) {
		if value := node.Get(n, f); value != nil && node.Get(sorted, f) == nil {
			sorted.Content = append(sorted.Content, node.String(f), value)
		}
	}
	n.Content = sorted.Content
}

// names names the objects where gitramp would choose another name, or could not tell which is meant.
func (a *app) names(spec *yaml.Node, base bool) {
	for _, o := range []struct {
		kind   string
		prod   *object
		canary string
	}{{"deployment", a.deployment, ""}, {"service", a.service, a.canary.service}, {"route", a.route, a.canary.route}} {
		choice := a.name
		if base {
			choice = o.prod.name()
		}
		if !base && o.prod.name() != a.name || base && o.kind != "route" && len(a.find(o.prod.group(), o.prod.kind(), "")) > 1 {
			node.Set(spec, node.String(o.prod.name()), "spec", "output", "names", "prod", o.kind)
		}
		if o.canary != "" && o.canary != choice+"-canary" {
			node.Set(spec, node.String(o.canary), "spec", "output", "names", "canary", o.kind)
		}
	}
}

// override puts the fields of more into n, in place of what n has.
func override(n, more *yaml.Node) {
	for i := 0; i+1 < len(more.Content); i += 2 {
		key, value := more.Content[i].Value, more.Content[i+1]
		if own := node.Get(n, key); own != nil && own.Kind == yaml.MappingNode && value.Kind == yaml.MappingNode {
			override(own, value)
			continue
		}
		node.Set(n, node.Copy(value), key)
	}
}

// base are the files of the base: its kustomization, and one for each object.
func (a *app) base() (render.Tree, error) {
	order := []*object{a.service, a.deployment, a.route}
	for _, o := range a.objs {
		if !slices.Contains(order, o) {
			order = append(order, o)
		}
	}
	var tree render.Tree
	var resources []*yaml.Node
	used := map[string]bool{}
	for _, o := range order {
		name := strings.ToLower(o.kind()) + ".yaml"
		if used[name] {
			name = fileName(o)
		}
		if used[name] {
			return nil, o.wrong("metadata.name", o.name(), "two objects would be in the file "+name, "names that differ in more than upper and lower case")
		}
		used[name] = true
		data, err := node.Encode(o.node)
		if err != nil {
			return nil, err
		}
		tree = append(tree, render.File{Path: name, Data: data})
		resources = append(resources, node.String(name))
	}
	kustomization, err := node.Encode(node.Map(node.String("apiVersion"), node.String("kustomize.config.k8s.io/v1beta1"),
		node.String("kind"), node.String("Kustomization"), node.String("resources"), node.Seq(resources...)))
	if err != nil {
		return nil, err
	}
	tree = append(tree, render.File{Path: render.KustomizationFile, Data: kustomization})
	slices.SortFunc(tree, func(x, y render.File) int { return strings.Compare(x.Path, y.Path) })
	return tree, nil
}

// fileName is a file for an object, whatever it is called.
func fileName(o *object) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' || r == '.' {
			return r
		}
		return '-'
	}, strings.ToLower(o.kind()+"-"+o.name())) + ".yaml"
}

// short is the short form, where what it renders before the first release is what the input is: the same objects, field by field. nil where it is not.
func (a *app) short() *yaml.Node {
	if len(a.objs) != 3 || a.metadata.canary != nil || a.metadata.stable != nil {
		return nil
	}
	for _, defaults := range []string{"production", "none"} {
		spec := a.spec(nil)
		if !a.inputs(spec, defaults) {
			return nil
		}
		text, err := node.Encode(spec)
		if err != nil {
			continue
		}
		c, err := render.ParseSpec(SpecFile, text)
		if err != nil {
			continue
		}
		objs, err := Idle(c)
		if err == nil && a.same(objs) {
			return spec
		}
	}
	return nil
}

// idle is a spec's tree with prod alone, on the revision that it asks for.
func idle(c *render.Canary) (render.Tree, error) {
	t := render.NewTemplates(templates.FS)
	rev, err := c.Revision(t)
	if err != nil {
		return nil, err
	}
	r, err := render.NewRelease(c, SpecFile, render.Revisions{Stable: rev, Canary: rev}, t)
	if err != nil {
		return nil, err
	}
	return r.Objects(r.Plan.Steps[0])
}

// Idle are prod's objects of a spec without a base, on the revision that it asks for.
func Idle(c *render.Canary) ([]*yaml.Node, error) {
	tree, err := idle(c)
	if err != nil {
		return nil, err
	}
	var objs []*yaml.Node
	for _, path := range tree.Resources() {
		data, _ := tree.Get(path)
		n, err := node.Parse(data)
		if err != nil {
			return nil, err
		}
		unmanage(n)
		objs = append(objs, n)
	}
	return objs, nil
}

// same says whether objects are the input's.
func (a *app) same(objs []*yaml.Node) bool {
	for _, n := range objs {
		if !slices.ContainsFunc(a.objs, func(o *object) bool { return digest(o.node) == digest(n) }) {
			return false
		}
	}
	return len(objs) == len(a.objs)
}

// inputs writes what runs into a short form; false where a short form has no place for it.
func (a *app) inputs(spec *yaml.Node, defaults string) bool {
	pod := node.Get(a.deployment.node, "spec", "template", "spec")
	s := node.Get(spec, "spec")
	put := func(n *yaml.Node, path ...string) {
		if n != nil {
			node.Set(s, node.Copy(n), path...)
		}
	}
	images := node.Map()
	var main *yaml.Node
	for _, c := range items(pod, "containers") {
		node.Set(images, node.String(node.Text(c, "image")), node.Text(c, "name"))
		if items(c, "ports") != nil {
			if main != nil {
				return false
			}
			main = c
		}
	}
	if main == nil || node.Text(main, "name") != a.name {
		return false
	}
	put(images, "images")
	if len(images.Content) == 2 {
		node.Clear(s, "images")
		put(node.Get(main, "image"), "image")
	}
	put(node.Get(main, "ports", "0", "containerPort"), "port")
	put(node.Get(a.deployment.node, "spec", "replicas"), "replicas")
	for _, f := range []string{"imagePullPolicy", "env", "resources"} {
		put(node.Get(main, f), f)
	}
	node.Set(s, node.String(defaults), "defaults")
	for _, f := range []string{"port", "name", "targetPort", "appProtocol"} {
		put(node.Get(a.service.node, "spec", "ports", "0", f), "service", f)
	}
	if !a.routeInputs(node.Get(s, "route")) {
		return false
	}
	tidy(s)
	return true
}

// tidy leaves out of a short form what is the default, and says in one word what is one.
func tidy(s *yaml.Node) {
	if node.Text(s, "defaults") == "production" {
		node.Clear(s, "defaults")
	}
	for _, f := range [][2]string{{"port", "80"}, {"name", "http"}, {"targetPort", "http"}} {
		if node.Text(s, "service", f[0]) == f[1] && node.Get(s, "defaults") == nil {
			node.Clear(s, "service", f[0])
		}
	}
	if len(keys(s, "service")) == 0 {
		node.Clear(s, "service")
	}
	r := node.Get(s, "route")
	if hosts := items(r, "hosts"); len(hosts) == 1 {
		node.Clear(r, "hosts")
		node.Set(r, hosts[0], "host")
	}
	if rules := items(r, "rules"); len(rules) == 1 && node.Get(rules[0], "filters") == nil && node.Text(rules[0], "pathType") == "Prefix" {
		node.Clear(r, "rules")
		if paths := items(rules[0], "paths"); len(paths) != 1 || paths[0].Value != "/" {
			node.Set(r, node.Seq(paths...), "paths")
		}
	}
	inOrder(r, "router", "class", "parentRefs", "protocol", "host", "hosts", "paths", "rules", "tls", "match", "weightTotal")
	inOrder(s, "image", "images", "port", "replicas", "minPods", "canaryScale", "dynamicStableScale", "imagePullPolicy", "env", "resources", "defaults", "service", "route", stepsField, "settle", "output")
}

// routeInputs writes a route into a spec's.
func (a *app) routeInputs(to *yaml.Node) bool {
	put := func(n *yaml.Node, path ...string) {
		if n != nil {
			node.Set(to, node.Copy(n), path...)
		}
	}
	r := a.route.node
	put(node.Get(r, "spec", "hostnames"), "hosts")
	var rules []*yaml.Node
	switch a.route.kind() {
	case "Ingress":
		put(node.Get(r, "spec", "ingressClassName"), "class")
		put(node.Get(r, "spec", "tls"), "tls")
		var hosts []*yaml.Node
		for _, rule := range items(r, "spec", "rules") {
			hosts = append(hosts, node.String(node.Text(rule, "host")))
		}
		put(node.Seq(hosts...), "hosts")
		for _, path := range items(r, "spec", "rules", "0", "http", "paths") {
			rules = appendPath(rules, node.Text(path, "path"), node.Text(path, "pathType"))
		}
	case "GRPCRoute":
		put(node.String("GRPC"), "protocol")
		fallthrough
	default:
		put(parents(items(r, "spec", "parentRefs")), "parentRefs")
		for _, rule := range items(r, "spec", "rules") {
			one := routeRule(rule)
			if one == nil {
				return false
			}
			rules = append(rules, one)
		}
	}
	put(node.Seq(rules...), "rules")
	return len(rules) > 0
}

// appendPath adds a path to the last rule, or a rule where paths are compared otherwise from here on.
func appendPath(rules []*yaml.Node, path, pathType string) []*yaml.Node {
	if n := len(rules); n == 0 || node.Text(rules[n-1], "pathType") != pathType {
		rules = append(rules, node.Map(node.String("paths"), node.Seq(), node.String("pathType"), node.String(pathType)))
	}
	paths := node.Get(rules[len(rules)-1], "paths")
	paths.Content = append(paths.Content, node.String(path))
	return rules
}

// parents are parentRefs as a spec has them.
func parents(refs []*yaml.Node) *yaml.Node {
	list := node.Seq()
	for _, ref := range refs {
		p := node.Map()
		for _, f := range []string{"kind", "name", "namespace", "sectionName", "port"} {
			if n := node.Get(ref, f); n != nil {
				node.Set(p, node.Copy(n), f)
			}
		}
		list.Content = append(list.Content, p)
	}
	return list
}

// routeRule is a rule of an HTTPRoute or GRPCRoute as a spec has it, nil where a spec has none like it.
func routeRule(rule *yaml.Node) *yaml.Node {
	types := map[string]string{"PathPrefix": "Prefix", "Exact": "Exact"}
	var rules []*yaml.Node
	for _, m := range items(rule, "matches") {
		path, kind := node.Text(m, "path", "value"), types[node.Text(m, "path", "type")]
		if service := node.Text(m, "method", "service"); service != "" {
			path, kind = "/"+service, "Prefix"
			if method := node.Text(m, "method", "method"); method != "" {
				path += "/" + method
			}
		}
		rules = appendPath(rules, path, kind)
	}
	if rules == nil && node.Get(rule, "matches") == nil {
		rules = appendPath(rules, "/", "Prefix")
	}
	if len(rules) != 1 {
		return nil
	}
	if filters := node.Get(rule, "filters"); filters != nil {
		node.Set(rules[0], node.Copy(filters), "filters")
	}
	return rules[0]
}
