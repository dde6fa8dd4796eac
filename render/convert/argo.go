package convert

import (
	"fmt"
	"math"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/gitramp/gitramp/render"
	"github.com/gitramp/gitramp/render/internal/node"
)

const (
	argoGroup     = "argoproj.io"
	rolloutKind   = "Rollout"
	gatewayPlugin = "argoproj-labs/gatewayAPI" // github.com/argoproj-labs/rollouts-plugin-trafficrouter-gatewayapi

	canaryPath = "spec.strategy.canary"
	podHash    = "rollouts-pod-template-hash" // on a Rollout's pods, and in the selectors of its Services

	// workloadLabel tells the pods of a Deployment that was a Rollout from those of the Rollout: without it the Deployment would adopt the ReplicaSets that a
	// deleted Rollout leaves behind, and take away their pods while the Service selects no others.
	workloadLabel, workloadValue = keptPrefix + "workload", "deployment"

	// leftLabel marks the ReplicaSets of a Rollout before it is deleted: orphans say no more whose they were, and a selector may find another Rollout's as well.
	leftLabel = keptPrefix + "left-by"
)

// argoReasons say why fields of a Rollout have no equal (pkg/apis/rollouts/v1alpha1/types.go of argoproj/argo-rollouts).
var argoReasons = []reason{
	{"status", "where a rollout stands is in the tree"},
	{"metadata", "the cluster writes it"},
	{"spec.rollbackWindow", "gitramp rollback never takes the pauses, whichever revision it goes back to"},
	{"spec.paused", "gitramp pause is a commit"},
	{"spec.progressDeadlineAbort", "nothing aborts by itself: gitramp abort"},
	{"spec.restartAt", "pods are restarted by a change of their template"},
	{"spec.analysis", "there are no analysis runs to keep"},
	{"spec.workloadRef.scaleDown", "the Deployment is prod itself, and keeps its pods"},
	{canaryPath + ".analysis", "nothing is measured in the background: a pause holds a step until somebody promotes"},
	{canaryPath + ".antiAffinity", "write podAntiAffinity into the pod template"},
	{canaryPath + ".scaleDownDelaySeconds", "the canary's pods stay for settle after the traffic has left them"},
	{canaryPath + ".scaleDownDelayRevisionLimit", "no old pods are kept: what ran before is in git"},
	{canaryPath + ".abortScaleDownDelaySeconds", "the canary's pods stay for settle after an abort"},
	{canaryPath + ".pingPong", "prod's Service stays prod's: the new revision is copied into prod"},
	{canaryPath + ".replicaProgressThreshold", "a step counts once all of it is applied"},
	{canaryPath + ".trafficRouting", "not a router of gitramp's: the route that leads to the Service is split"},
	{canaryPath + ".trafficRouting.managedRoutes", "no step sets this route"},
	{canaryPath + ".trafficRouting.nginx.additionalIngressAnnotations", "not an annotation by which requests are chosen"},
	{canaryPath + ".trafficRouting.nginx.canaryIngressAnnotations", "not an annotation by which requests are chosen"},
	{canaryPath + ".trafficRouting.plugins", "not a plugin, or not a setting of one, that gitramp does the work of"},
	{canaryPath + ".steps[].setCanaryScale", "another field of the step decides"},
}

// rollout converts a Rollout.
func (a *app) rollout() error {
	l := newLedger(a.from, argoReasons)
	a.as = argoRollouts
	if bg := l.at("spec.strategy.blueGreen"); bg != nil {
		return a.from.wrong("spec.strategy.blueGreen", "", "is no canary",
			"strategy.canary: `steps: [{pause: {}}]` with a header rule is a preview that is promoted as a whole, which is what blue-green is for")
	}
	if l.at(canaryPath) == nil {
		return a.from.wrong("spec.strategy.canary", "", "is missing", "the canary strategy")
	}
	for _, step := range []func(*ledger) error{a.argoWorkload, a.argoServices, a.argoRoute, a.argoSteps} {
		if err := step(l); err != nil {
			return err
		}
	}
	a.restore(l)
	a.keep(l)
	a.report = append(a.report, l.fields()...)
	a.objs = slices.DeleteFunc(a.objs, func(o *object) bool { return o == a.from })
	a.adoptRollout()
	return nil
}

// argoWorkload makes the Deployment: of the Rollout's template, or of the Deployment that it refers to.
func (a *app) argoWorkload(l *ledger) error {
	for _, f := range []string{"apiVersion", "kind"} {
		l.carried(f, "the Deployment of the base")
	}
	l.carried("metadata.name", "metadata.name")
	l.carried("metadata.namespace", "metadata.namespace")
	if ref := l.at("spec.workloadRef"); ref != nil {
		d, err := a.need(a.from, "spec.workloadRef.name", "apps", "Deployment", node.Text(ref, "name"))
		if err != nil {
			return err
		}
		for _, f := range []string{"apiVersion", "kind", "name"} {
			l.carried("spec.workloadRef."+f, d.String()+" is prod's")
		}
		for _, f := range []string{"metadata.labels", "metadata.annotations", "spec.selector"} {
			l.lost(f, "the Deployment has its own")
		}
		a.deployment = d
	} else {
		a.deployment = a.argoDeployment(l)
		a.objs = append(a.objs, a.deployment)
	}
	if err := a.workload(); err != nil {
		return err
	}
	if l.at("spec.workloadRef") == nil {
		a.tellApart()
	}
	a.argoPods(l)
	return nil
}

// argoDeployment is the Rollout as a Deployment.
func (a *app) argoDeployment(l *ledger) *object {
	d := node.Map(node.String("apiVersion"), node.String("apps/v1"), node.String("kind"), node.String("Deployment"), node.String("metadata"), node.Map())
	for _, f := range []string{"name", "namespace", "labels", "annotations"} {
		if n := l.at("metadata." + f); n != nil && len(n.Content)+len(n.Value) > 0 {
			node.Set(d, node.Copy(n), "metadata", f)
			l.carried("metadata."+f, "the Deployment's")
		}
	}
	l.each("metadata.annotations", "the Deployment's") // the one that an export made fares otherwise
	if notes := node.Get(d, "metadata", "annotations"); notes != nil {
		node.Clear(notes, keptCanary)
		if len(notes.Content) == 0 {
			node.Clear(d, "metadata", "annotations")
		}
	}
	node.Set(d, node.Map(), "spec")
	for _, f := range []string{"selector", "template"} {
		if n := l.at("spec." + f); n != nil {
			node.Set(d, node.Copy(n), "spec", f)
			l.carried("spec."+f, "the Deployment's")
		}
	}
	return &object{a.from.file, d}
}

// tellApart gives a Deployment that is not there yet a label of its own.
func (a *app) tellApart() {
	d := a.deployment
	for _, path := range [][]string{{"spec", "selector", "matchLabels", workloadLabel}, {"spec", "template", "metadata", "labels", workloadLabel}} {
		node.Set(d.node, node.String(workloadValue), path...)
	}
	a.report = append(a.report, Field{d.file, a.from.node.Line, d.String(), "spec.selector.matchLabels", "", Changed,
		"with " + workloadLabel + ": " + workloadValue + ", as its pods, so that it adopts no ReplicaSet that the Rollout leaves"})
}

// argoPods are the fields of a Rollout that a Deployment has as well.
func (a *app) argoPods(l *ledger) {
	spec := node.Get(a.deployment.node, "spec")
	for _, f := range []string{"progressDeadlineSeconds", "revisionHistoryLimit", "minReadySeconds", "replicas"} {
		if n := l.at("spec." + f); n != nil {
			setFirst(spec, f, node.Copy(n))
			l.carried("spec."+f, "the Deployment's")
		}
	}
	for _, f := range []string{"maxSurge", "maxUnavailable"} {
		if n := l.at(canaryPath + "." + f); n != nil {
			node.Set(spec, node.String("RollingUpdate"), "strategy", "type")
			node.Set(spec, node.Copy(n), "strategy", "rollingUpdate", f)
			l.changed(canaryPath+"."+f, "the Deployment's: it counts while prod takes the new revision")
		}
	}
	if a.metadata.canary = l.at(canaryPath + ".canaryMetadata"); a.metadata.canary != nil {
		l.carried(canaryPath+".canaryMetadata", "spec.canaryMetadata")
	}
	if a.metadata.stable = l.at(canaryPath + ".stableMetadata"); a.metadata.stable != nil {
		l.carried(canaryPath+".stableMetadata", "spec.stableMetadata")
	}
	l.carried(canaryPath+".dynamicStableScale", "spec.dynamicStableScale")
	a.dynamic = l.text(canaryPath+".dynamicStableScale") == "true"
	l.carried(canaryPath+".minPodsPerReplicaSet", "spec.minPods")
	if n, err := strconv.Atoi(l.text(canaryPath + ".minPodsPerReplicaSet")); err == nil && n > 1 {
		a.minPods = min(n, a.replicas()) // the controller caps it likewise
	}
}

// replicas is what the Deployment asks for.
func (a *app) replicas() int {
	n, err := strconv.Atoi(node.Text(a.deployment.node, "spec", "replicas"))
	if err != nil {
		return 1
	}
	return n
}

// setFirst puts a field before the others, where it is not there yet.
func setFirst(n *yaml.Node, key string, value *yaml.Node) {
	if node.Get(n, key) != nil {
		node.Set(n, value, key)
		return
	}
	n.Content = append([]*yaml.Node{node.String(key), value}, n.Content...)
}

// argoServices finds prod's Service and the name of the canary's.
func (a *app) argoServices(l *ledger) (err error) {
	stable, canary := canaryPath+".stableService", canaryPath+".canaryService"
	if l.at(canaryPath+".pingPong") != nil && l.at(stable) == nil {
		stable, canary = canaryPath+".pingPong.pingService", canaryPath+".pingPong.pongService"
		l.changed(stable, "it stays prod's: nothing is ever swapped")
		l.changed(canary, "it stays the canary's: nothing is ever swapped")
	} else {
		l.carried(stable, "prod's Service")
		l.carried(canary, "spec.output.names.canary.service")
	}
	a.canary.service = l.text(canary)
	a.made["spec.output.names.canary.service"] = canary
	if name := l.text(stable); name != "" {
		a.hashed = true
		a.service, err = a.need(a.from, stable, "", "Service", name)
		return err
	}
	return a.findService()
}

// argoRoute finds what is split, by the router that the Rollout names, or else by who leads to the Service.
func (a *app) argoRoute(l *ledger) error {
	const at = canaryPath + ".trafficRouting"
	if max := l.text(at + ".maxTrafficWeight"); max != "" {
		n, err := strconv.Atoi(max)
		if err != nil || n < 100 {
			return a.from.wrong(at+".maxTrafficWeight", max, "", "100 or more")
		}
		a.weightTotal = n
		l.carried(at+".maxTrafficWeight", "spec.route.weightTotal")
	}
	switch {
	case l.at(at+".nginx") != nil:
		return a.argoNginx(l, at+".nginx")
	case node.Get(l.at(at), "plugins", gatewayPlugin) != nil:
		return a.argoGateway(l, node.Get(l.at(at), "plugins", gatewayPlugin))
	}
	if err := a.findRoute(); err != nil {
		return err
	}
	if l.at(at) == nil {
		a.report = append(a.report, Field{a.from.file, l.at(canaryPath).Line, a.from.String(), canaryPath, "", Changed,
			"without trafficRouting the share was one of pods: now " + a.route.String() + " splits the requests, and prod keeps its pods"})
	}
	return nil
}

// argoNginx is trafficRouting.nginx.
func (a *app) argoNginx(l *ledger, at string) (err error) {
	if prefix := l.text(at + ".annotationPrefix"); prefix != "" && prefix != nginxPrefix {
		return a.from.wrong(at+".annotationPrefix", prefix, "", nginxPrefix+": to a controller with another prefix the canary would be an ordinary Ingress")
	}
	l.carried(at+".annotationPrefix", "the one prefix that there is")
	field := at + ".stableIngress"
	if l.at(field) == nil && l.at(at+".stableIngresses[0]") != nil {
		field = at + ".stableIngresses[0]"
		for i := range items(l.node, parts(at+".stableIngresses")...) {
			l.changed(fmt.Sprintf("%s.stableIngresses[%d]", at, i), "it is in the base as it is, and always leads to prod: one route of an app is split")
		}
	}
	l.carried(field, "prod's route")
	if a.route, err = a.need(a.from, field, "networking.k8s.io", "Ingress", l.text(field)); err != nil {
		return err
	}
	if !a.leads(a.route, a.service) {
		return a.from.wrong(field, a.route.name(), fmt.Sprintf("%s has no path to %s", a.route, a.service), "an Ingress with a path whose backend is that Service")
	}
	a.canary.route = a.from.name() + "-" + a.route.name() + "-canary" // utils/ingress, GetCanaryIngressName
	a.argoMatch(l, at)
	a.made["spec.route.match"] = at
	return nil
}

// argoMatch reads the annotations by which requests are chosen.
func (a *app) argoMatch(l *ledger, at string) {
	notes := map[string]string{}
	for _, field := range []string{at + ".additionalIngressAnnotations", at + ".canaryIngressAnnotations"} { // the latter win
		list := l.at(field)
		for i := 0; list != nil && i+1 < len(list.Content); i += 2 {
			name := strings.TrimPrefix(list.Content[i].Value, nginxPrefix+"/")
			if strings.HasPrefix(name, "canary-by-") {
				notes[name] = list.Content[i+1].Value
				l.fates[list.Content[i+1]] = fate{Carried, "spec.route.match"}
			}
		}
	}
	if name := notes["canary-by-header"]; name != "" {
		h := node.Map(node.String("name"), node.String(name))
		if v := notes["canary-by-header-value"]; v != "" {
			node.Set(h, node.String(v), "value")
		} else if p := notes["canary-by-header-pattern"]; p != "" {
			node.Set(h, node.String(whole(p)), "pattern")
		}
		a.match = append(a.match, node.Map(node.String("header"), h))
	}
	if name := notes["canary-by-cookie"]; name != "" {
		a.match = append(a.match, node.Map(node.String("cookie"), node.Map(node.String("name"), node.String(name))))
	}
}

// whole makes a pattern that is searched for one that the whole value has to match.
func whole(p string) string {
	inner, open := strings.CutPrefix(p, "^")
	inner, closed := strings.CutSuffix(inner, "$")
	if open && closed && !strings.HasSuffix(inner, `\`) {
		group, is := strings.CutPrefix(inner, "(?:")
		group, ends := strings.CutSuffix(group, ")")
		if _, err := syntax.Parse(group, syntax.Perl); is && ends && err == nil { // the parentheses are one another's
			return group
		}
		if _, err := syntax.Parse(inner, syntax.Perl); err == nil && !strings.Contains(inner, "|") {
			return inner
		}
	}
	return ".*(?:" + p + ").*"
}

// argoGateway is the plugin for Gateway API: it names its routes one by one or in lists.
func (a *app) argoGateway(l *ledger, config *yaml.Node) error {
	at := canaryPath + ".trafficRouting.plugins"
	for _, kind := range []struct{ one, many, kind string }{{"httpRoute", "httpRoutes", "HTTPRoute"}, {"grpcRoute", "grpcRoutes", "GRPCRoute"}} {
		n := node.Get(config, kind.one)
		if n == nil {
			n = node.Get(config, kind.many, "0", "name")
		}
		if n == nil || a.route != nil {
			continue
		}
		r, err := a.need(a.from, at, "gateway.networking.k8s.io", kind.kind, n.Value)
		if err != nil {
			return err
		}
		a.route = r
		l.fates[n] = fate{Carried, "the route"}
	}
	if a.route == nil {
		return a.from.wrong(at, "", "names no route", "httpRoute or grpcRoute")
	}
	if !a.leads(a.route, a.service) {
		return a.from.wrong(at, a.route.name(), fmt.Sprintf("%s has no rule for %s", a.route, a.service), "a route with a rule whose backend is that Service")
	}
	if ns := node.Get(config, "namespace"); ns != nil {
		l.fates[ns] = fate{Carried, "metadata.namespace"}
	}
	a.prodOnly()
	return nil
}

// prodOnly takes the canary's Service out of a route that another tool has split: gitramp adds it when its time comes. A rule that leads there alone goes.
func (a *app) prodOnly() {
	rules := node.Get(a.route.node, "spec", "rules")
	var left []*yaml.Node
	for i, rule := range items(a.route.node, "spec", "rules") {
		refs := items(rule, "backendRefs")
		kept := slices.DeleteFunc(slices.Clone(refs), func(ref *yaml.Node) bool { return node.Text(ref, "name") == a.canary.service })
		if len(kept) < len(refs) {
			a.report = append(a.report, Field{a.route.file, rule.Line, a.route.String(), fmt.Sprintf("spec.rules[%d].backendRefs", i), a.canary.service, Changed,
				"prod's alone: the canary's is there while there is a canary"})
			node.Set(rule, node.Seq(kept...), "backendRefs")
			if len(kept) == 1 {
				node.Set(kept[0], node.Int(1), "weight")
			}
		}
		if len(kept) > 0 || len(refs) == 0 {
			left = append(left, rule)
		}
	}
	rules.Content = left
}

// argoSteps converts the steps, one by one.
func (a *app) argoSteps(l *ledger) error {
	s := argoSteps{app: a, l: l, weight: -1, managed: map[string]bool{}, rules: map[string]int{}}
	for i := range items(l.node, parts(canaryPath+".steps")...) {
		at := fmt.Sprintf("%s.steps[%d]", canaryPath, i)
		if err := s.step(at); err != nil {
			return err
		}
		a.make(at)
	}
	for i, r := range items(l.node, parts(canaryPath+".trafficRouting.managedRoutes")...) {
		if s.managed[node.Text(r, "name")] {
			l.carried(fmt.Sprintf("%s.trafficRouting.managedRoutes[%d]", canaryPath, i), "the step that sets it names it")
		}
	}
	if len(a.steps) == 0 {
		a.report = append(a.report, Field{a.from.file, l.at(canaryPath).Line, a.from.String(), canaryPath + ".steps", "", Changed, "without steps all requests go to the canary at once"})
		a.steps = []*yaml.Node{setWeight(a.weightTotal)}
	}
	return nil
}

// argoSteps is the state between two steps.
type argoSteps struct {
	*app
	l       *ledger
	weight  int             // the last
	managed map[string]bool // routes that a step sets
	rules   map[string]int  // how many header rules of ours a route of theirs has become
}

func (s *argoSteps) step(at string) error {
	l := s.l
	switch {
	case l.at(at+".setWeight") != nil:
		return s.setWeight(at + ".setWeight")
	case l.at(at+".pause") != nil:
		return s.pause(at + ".pause")
	case l.at(at+".setCanaryScale") != nil:
		s.scale(at + ".setCanaryScale")
	case l.at(at+".setHeaderRoute") != nil && (l.at(canaryPath+".trafficRouting") == nil || l.at(canaryPath+".trafficRouting.nginx") != nil):
		// pkg/apis/rollouts/validation/validation.go, InvalidSetHeaderRouteTrafficPolicy
		l.lost(at+".setHeaderRoute", "Argo Rollouts refuses it with nginx and without trafficRouting: here it would lead requests to the canary that never got there")
	case l.at(at+".setHeaderRoute") != nil:
		s.header(at + ".setHeaderRoute")
	case l.at(at+".setMirrorRoute") != nil:
		l.lost(at+".setMirrorRoute", "no requests are mirrored")
	default:
		for _, kind := range []string{"analysis", "experiment", "plugin"} {
			if l.at(at+"."+kind) != nil {
				l.changed(at+"."+kind, "pause: {}: somebody looks, and promotes")
				s.steps = append(s.steps, pauseNode(""))
				return nil
			}
		}
		return s.from.wrong(at, "", "says nothing that a step can say", "setWeight, pause, setCanaryScale, setHeaderRoute, setMirrorRoute, analysis, experiment or plugin")
	}
	return nil
}

func (s *argoSteps) setWeight(at string) error {
	w, err := strconv.Atoi(s.l.text(at))
	if err != nil || w < 0 || w > s.weightTotal {
		return s.from.wrong(at, s.l.text(at), "", fmt.Sprintf("0 to %d", s.weightTotal))
	}
	if w <= s.weight {
		s.l.changed(at, fmt.Sprintf("weights only go up: it stays at %d", s.weight))
		return nil
	}
	s.weight = w
	s.l.carried(at, "spec.steps")
	s.steps = append(s.steps, setWeight(w))
	return nil
}

func (s *argoSteps) pause(at string) error {
	text := s.l.text(at + ".duration")
	if s.l.at(at+".duration") == nil {
		s.l.carried(at, "spec.steps")
		s.steps = append(s.steps, pauseNode(""))
		return nil
	}
	duration, exact, err := seconds(text)
	if err != nil {
		return s.from.wrong(at+".duration", text, "", "seconds, or hours, minutes and seconds, at most a year")
	}
	s.l.carried(at+".duration", "spec.steps: from when the step has settled")
	if !exact {
		s.l.changed(at+".duration", "whole seconds: "+duration.String())
		text = duration.String()
	} else if _, err := render.ParseDuration(text); err != nil {
		text = duration.String()
	}
	if text == s.l.text(at+".duration") { // as it is written
		p := node.Map(node.String("duration"), node.Copy(s.l.at(at+".duration")))
		p.Style = s.l.at(at).Style
		s.steps = append(s.steps, node.Map(node.String("pause"), p))
		return nil
	}
	s.steps = append(s.steps, pauseNode(text))
	return nil
}

var (
	goDuration = lazy(`^(?:[0-9]+(?:\.[0-9]*)?(?:h|m|s|ms|us|µs|ns))+$`)
	goUnit     = lazy(`([0-9]+(?:\.[0-9]*)?)(h|ms|m|s|us|µs|ns)`)
)

// seconds reads a duration as Go writes it, or a number of seconds; exact is false where it was rounded up to whole seconds.
func seconds(text string) (d render.Duration, exact bool, err error) {
	if d, err := render.ParseDuration(text); err == nil {
		return d, true, nil
	}
	if !goDuration().MatchString(text) {
		return 0, false, fmt.Errorf("%q is no duration", text)
	}
	sum := 0.0
	for _, m := range goUnit().FindAllStringSubmatch(text, -1) {
		n, _ := strconv.ParseFloat(m[1], 64)
		sum += n * map[string]float64{"h": 3600, "m": 60, "s": 1, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}[m[2]]
	}
	if sum > float64(render.MaxDuration) {
		return 0, false, fmt.Errorf("%q is too long", text)
	}
	return render.Duration(math.Ceil(sum - 1e-9)), math.Abs(sum-math.Round(sum)) < 1e-9, nil
}

// scale: of several fields the controller looks at matchTrafficWeight first, then at replicas (utils/replicaset/canary.go).
func (s *argoSteps) scale(at string) {
	for _, f := range []string{"matchTrafficWeight", "replicas", "weight"} {
		n := s.l.at(at + "." + f)
		if n == nil || n.Value == "false" {
			continue
		}
		s.l.carried(at+"."+f, "spec.steps")
		s.steps = append(s.steps, node.Map(node.String("setCanaryScale"), node.Map(node.String(f), node.Copy(n))))
		return
	}
}

// header: several headers of one route mean any of them, and become a rule each.
func (s *argoSteps) header(at string) {
	name := s.l.text(at + ".name")
	s.managed[name] = true
	s.l.carried(at+".name", "spec.steps")
	matches := items(s.l.node, parts(at+".match")...)
	for i := range max(len(matches), s.rules[name], 1) {
		rule := node.Map(node.String("name"), node.String(numbered(name, i)))
		if i < len(matches) {
			s.l.carried(fmt.Sprintf("%s.match[%d]", at, i), "spec.steps")
			node.Set(rule, node.Seq(node.Copy(matches[i])), "match")
		}
		if i < len(matches) || i < s.rules[name] {
			s.steps = append(s.steps, node.Map(node.String("setHeaderRoute"), rule))
		} else {
			s.l.changed(at+".name", "there is no rule of that name to end")
		}
	}
	s.rules[name] = len(matches)
}

func numbered(name string, i int) string {
	if i == 0 {
		return name
	}
	return fmt.Sprintf("%s-%d", name, i+1)
}

// adoptRollout is what brings a live app from the Rollout to the Deployment without losing a request: for a moment both have pods behind the same Service. The
// controller adds a hash to the selectors of the Services that the Rollout names, and writes it again as long as there is the Rollout.
func (a *app) adoptRollout() {
	ns := ""
	if a.from.namespace() != "" {
		ns = " -n " + a.from.namespace()
	}
	name, ref := a.from.name(), node.Get(a.from.node, "spec", "workloadRef")
	rest := fmt.Sprintf("kubectl argo rollouts status %s%s, until it is at rest", name, ns)
	start := "the Deployment starts beside the Rollout, and both have pods behind the Service"
	if a.hashed {
		start = "the Deployment starts beside the Rollout, whose pods alone the Service still selects"
	}
	a.before = []string{"let nothing prune the Rollout and its canary Service: deleted as a whole it takes its pods along, and the Service may select no others yet", rest}
	if down := node.Text(ref, "scaleDown"); down != "" && down != "never" {
		a.before = append(a.before, fmt.Sprintf(`kubectl patch rollout %s%s --type=merge -p '{"spec":{"workloadRef":{"scaleDown":"never"}}}'`, name, ns))
	}
	a.before = append(a.before, "gitramp install, and let it be applied: "+start, fmt.Sprintf("kubectl rollout status deployment/%s%s", a.deployment.name(), ns))
	if ref != nil {
		a.before = append(a.before, rest+" again: it follows the Deployment's template")
		if a.hashed {
			a.before = append(a.before, fmt.Sprintf("kubectl label pods%s -l '%s,!%s' %s=$(kubectl get service %s%s -o jsonpath='{.spec.selector.%[3]s}')",
				ns, selectorText(a.deployment.node), podHash, podHash, a.service.name(), ns))
		}
		a.before = append(a.before, fmt.Sprintf("kubectl delete rollout %s%s, with its pods: left behind, the Deployment would adopt them", name, ns))
	} else {
		a.before = append(a.before, fmt.Sprintf("kubectl label replicaset%s $(kubectl get replicaset%[1]s -o go-template='%s') %s=%s", ns, fmt.Sprintf(owned, name), leftLabel, name),
			fmt.Sprintf("kubectl delete rollout %s%s --cascade=orphan", name, ns))
	}
	a.adoptServices(ns)
	if ref == nil {
		a.before = append(a.before, fmt.Sprintf("kubectl delete replicaset%s -l %s=%s", ns, leftLabel, name))
	}
}

// adoptServices leads prod's Service to the Deployment's pods as well, and takes away what led to the Rollout's canary.
func (a *app) adoptServices(ns string) {
	if a.hashed {
		a.before = append(a.before, fmt.Sprintf(`kubectl patch service %s%s --type=merge -p '{"spec":{"selector":{"%s":null}}}'`, a.service.name(), ns, podHash))
	}
	if a.canary.route != "" {
		a.before = append(a.before, fmt.Sprintf("kubectl delete ingress %s%s --ignore-not-found", a.canary.route, ns))
	}
	if a.canary.service != "" {
		a.before = append(a.before, fmt.Sprintf("kubectl delete service %s%s --ignore-not-found", a.canary.service, ns))
	}
}

// owned prints the names of the objects that a Rollout owns, one a line. An Experiment and a Deployment may have its name.
const owned = `{{range $r := .items}}{{range .metadata.ownerReferences}}{{if and (eq .kind "Rollout") (eq .name "%s")}}{{printf "%%s\n" $r.metadata.name}}{{end}}{{end}}{{end}}`
