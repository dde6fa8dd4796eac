package convert

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/gitramp/gitramp/render"
	"github.com/gitramp/gitramp/render/internal/node"
	"github.com/gitramp/gitramp/render/route"
)

const (
	flaggerGroup = "flagger.app"
	flaggerKind  = "Canary"
)

// flaggerReasons say why fields of a Canary have no equal (pkg/apis/flagger/v1beta1/canary.go of fluxcd/flagger).
var flaggerReasons = []reason{
	{"status", "where a rollout stands is in the tree"},
	{"metadata", "it is the Canary's own"},
	{"spec.metricsServer", "nothing is measured"},
	{"spec.autoscalerRef", "the autoscaler is in the base where its file is among the arguments"},
	{"spec.ingressRef", "its provider does not look at it"},
	{"spec.routeRef", "not a router of gitramp's: the route that leads to the Service is split"},
	{"spec.upstreamRef", "not a router of gitramp's: the route that leads to the Service is split"},
	{"spec.revertOnDeletion", "gitramp delete takes an app away in order"},
	{"spec.suspend", "gitramp pause is a commit"},
	{"spec.service", "it is a mesh's, or its router's own: write it into the route of the base where that has it"},
	{"spec.service.portDiscovery", "write the other ports into the Service of the base"},
	{"spec.service.headless", "requests are split on their way to a Service, which a headless one is not part of"},
	{"spec.service.mirror", "no requests are mirrored"},
	{"spec.service.backends", "it is a mesh's"},
	{"spec.service.primary", "there is one Service of prod's"},
	{"spec.service.canary", "the canary's Service is like prod's"},
	{"spec.service.unmanagedMetadata", "a Service is what git says"},
	{"spec.canaryAnalysis", "spec.analysis is there, which counts"},
	{"analysis.threshold", "nothing is measured: a person aborts, gitramp abort"},
	{"analysis.mirror", "no requests are mirrored"},
	{"analysis.mirrorWeight", "no requests are mirrored"},
	{"analysis.stepWeightPromotion", "prod gets its requests back at once, when all its pods run the new revision"},
	{"analysis.primaryReadyThreshold", "a step counts once all of it is applied"},
	{"analysis.canaryReadyThreshold", "a step counts once all of it is applied"},
	{"analysis.alerts", "whoever watches the branch knows of every step"},
	{"analysis.metrics", "nothing is measured: a pause holds a step until somebody promotes"},
	{"analysis.webhooks", "nothing is called: a pipeline may do it between two steps"},
	{"analysis.sessionAffinity", "each request is drawn anew: a cookie rule keeps who has the cookie"},
	{"analysis.maxWeight", "stepWeights say it"},
	{"analysis.stepWeight", "iterations or stepWeights decide"},
	{"analysis.stepWeights", "iterations or stepWeight decide"},
}

// flagger converts a Canary.
func (a *app) flagger() error {
	l := newLedger(a.from, nil)
	for _, r := range flaggerReasons {
		if rest, ok := strings.CutPrefix(r.pattern, "analysis."); ok {
			l.why = append(l.why, reason{"spec.analysis." + rest, r.text}, reason{"spec.canaryAnalysis." + rest, r.text})
			continue
		}
		l.why = append(l.why, r)
	}
	a.as = flaggerFormat
	a.restore(l)
	for _, step := range []func(*ledger) error{a.flaggerWorkload, a.flaggerService, a.flaggerRoute, a.flaggerSteps} {
		if err := step(l); err != nil {
			return err
		}
	}
	a.keep(l)
	a.report = append(a.report, l.fields()...)
	a.objs = slices.DeleteFunc(a.objs, func(o *object) bool { return o == a.from })
	a.adoptFlagger()
	return nil
}

// flaggerWorkload finds the Deployment, which becomes prod's: Flagger's copy of it goes.
func (a *app) flaggerWorkload(l *ledger) (err error) {
	for _, f := range []string{"apiVersion", "kind", "metadata.name", "metadata.namespace"} {
		l.carried(f, "metadata")
	}
	if kind := l.text("spec.targetRef.kind"); kind != "Deployment" && kind != "" {
		return a.from.wrong("spec.targetRef.kind", kind, "", "Deployment")
	}
	if a.deployment, err = a.need(a.from, "spec.targetRef.name", "apps", "Deployment", l.text("spec.targetRef.name")); err != nil {
		return err
	}
	if err := a.workload(); err != nil {
		return err
	}
	l.carried("spec.targetRef", a.deployment.String()+" is prod's")
	if n := l.at("spec.progressDeadlineSeconds"); n != nil {
		node.Set(a.deployment.node, node.Copy(n), "spec", "progressDeadlineSeconds")
		l.changed("spec.progressDeadlineSeconds", "the Deployment's")
	}
	if ref := l.at("spec.autoscalerRef"); ref != nil {
		for _, o := range a.objs {
			if o.kind() == node.Text(ref, "kind") && o.name() == node.Text(ref, "name") {
				a.flaggerScaler(l, o)
			}
		}
	}
	for _, o := range slices.Clone(a.objs) {
		if o.name() == a.deployment.name()+"-primary" && o.kind() != "Service" {
			if node.Text(a.deployment.node, "spec", "replicas") == "0" && o.kind() == "Deployment" { // at rest the target is scaled down
				node.Set(a.deployment.node, node.Int(atoi(node.Text(o.node, "spec", "replicas"), 1)), "spec", "replicas")
			}
			a.drop(o, Changed, "it is Flagger's copy: "+a.deployment.String()+" itself is prod's")
		}
	}
	return nil
}

// flaggerScaler: Flagger scales prod by a copy of the autoscaler, with bounds of its own where primaryScalerReplicas has them (pkg/canary/hpa_reconciler.go).
func (a *app) flaggerScaler(l *ledger, o *object) {
	for _, f := range []string{"apiVersion", "kind", "name"} {
		l.carried("spec.autoscalerRef."+f, o.String()+" is in the base")
	}
	for _, bound := range [][2]string{{"minReplicas", "minReplicaCount"}, {"maxReplicas", "maxReplicaCount"}} {
		from, to := "spec.autoscalerRef.primaryScalerReplicas."+bound[0], bound[0]
		if o.kind() == "ScaledObject" {
			to = bound[1]
		}
		if n := l.at(from); n != nil {
			l.changed(from, fmt.Sprintf("%s is prod's: its %s is %s, and was %q", o, to, n.Value, node.Text(o.node, "spec", to)))
			node.Set(o.node, node.Copy(n), "spec", to)
		}
	}
}

func atoi(s string, otherwise int) int {
	if n, err := strconv.Atoi(s); err == nil {
		return n
	}
	return otherwise
}

// flaggerService makes the Service that Flagger makes, or takes the one among the files.
func (a *app) flaggerService(l *ledger) error {
	name := l.text("spec.service.name")
	if name == "" {
		name = a.deployment.name()
	}
	a.canary.service = name + "-canary"
	found := a.find("", "Service", name)
	if len(found) == 0 {
		found = []*object{{a.from.file, node.Map(node.String("apiVersion"), node.String("v1"), node.String("kind"), node.String("Service"),
			node.String("metadata"), node.Map(node.String("name"), node.String(name)))}}
		if ns := a.from.namespace(); ns != "" {
			node.Set(found[0].node, node.String(ns), "metadata", "namespace")
		}
		a.objs = append(a.objs, found[0])
	}
	a.service = found[0]
	for _, o := range slices.Clone(a.objs) {
		if o.is("", "Service") && o.name() == name+"-primary" {
			a.drop(o, Changed, "it is Flagger's copy: "+a.service.String()+" leads to prod itself")
		}
	}
	for _, f := range []string{"labels", "annotations"} {
		if n := l.at("spec.service.apex." + f); n != nil {
			node.Set(a.service.node, node.Copy(n), "metadata", f)
			l.carried("spec.service.apex."+f, "the Service's")
		}
	}
	l.carried("spec.service.name", "the Service's")
	node.Set(a.service.node, node.Copy(node.Get(a.deployment.node, "spec", "selector", "matchLabels")), "spec", "selector")
	if a.flaggerPort(l); node.Text(a.service.node, "spec", "ports", "0", "port") == "" {
		return a.from.wrong("spec.service.port", "", "is missing", "1 to 65535")
	}
	return nil
}

// flaggerPort is the Service's port, with Flagger's defaults.
func (a *app) flaggerPort(l *ledger) {
	port := node.Map(node.String("name"), node.String("http"))
	for _, f := range [][2]string{{"portName", "name"}, {"port", "port"}, {"port", "targetPort"}, {"targetPort", "targetPort"}, {"appProtocol", "appProtocol"}} {
		if n := l.at("spec.service." + f[0]); n != nil {
			node.Set(port, node.Copy(n), f[1])
			l.carried("spec.service."+f[0], "the Service's")
		}
	}
	if node.Get(a.service.node, "spec", "ports") == nil {
		node.Set(port, node.String("TCP"), "protocol")
		node.Set(a.service.node, node.Seq(port), "spec", "ports")
		return
	}
	for _, key := range keys(port) {
		node.Set(a.service.node, node.Get(port, key), "spec", "ports", "0", key)
	}
	if n := l.at("spec.service.trafficDistribution"); n != nil {
		node.Set(a.service.node, node.Copy(n), "spec", "trafficDistribution")
	}
}

// flaggerRoute finds the Ingress, or makes the HTTPRoute that Flagger makes.
func (a *app) flaggerRoute(l *ledger) error {
	if n := l.at("spec.service.trafficDistribution"); n != nil {
		node.Set(a.service.node, node.Copy(n), "spec", "trafficDistribution")
		l.carried("spec.service.trafficDistribution", "the Service's")
	}
	provider := l.text("spec.provider")
	if strings.HasPrefix(provider, "gatewayapi:") || provider == "" && l.at("spec.service.gatewayRefs") != nil {
		l.carried("spec.provider", "the HTTPRoute")
		return a.flaggerGateway(l)
	}
	if l.at("spec.ingressRef") != nil {
		return a.flaggerIngress(l, provider)
	}
	if err := a.findRoute(); err != nil && provider != "" {
		return a.from.wrong("spec.provider", provider, "", "nginx with ingressRef, gatewayapi:v1 with service.gatewayRefs, or any with an Ingress, HTTPRoute or GRPCRoute among the files that leads to "+a.service.String())
	} else if err != nil {
		return err
	}
	return nil
}

// flaggerIngress finds the Ingress.
func (a *app) flaggerIngress(l *ledger, provider string) (err error) {
	if provider != "" && provider != "nginx" {
		return a.from.wrong("spec.provider", provider, "", "nginx with ingressRef: to another controller the canary would be an ordinary Ingress")
	}
	l.carried("spec.ingressRef", "prod's route")
	l.carried("spec.provider", "the Ingress")
	if a.route, err = a.need(a.from, "spec.ingressRef.name", "networking.k8s.io", "Ingress", l.text("spec.ingressRef.name")); err != nil {
		return err
	}
	if !a.leads(a.route, a.service) {
		return a.from.wrong("spec.service.name", a.service.name(), fmt.Sprintf("%s has no path to %s", a.route, a.service), "the Service that a path of the Ingress leads to")
	}
	a.canary.route = a.route.name() + "-canary"
	return nil
}

// flaggerGateway makes the HTTPRoute; one among the files is Flagger's own, and gives way.
func (a *app) flaggerGateway(l *ledger) error {
	for _, o := range a.find("gateway.networking.k8s.io", "HTTPRoute", a.service.name()) {
		a.drop(o, Changed, "it is Flagger's: made again of spec.service")
	}
	if l.at("spec.service.gatewayRefs") == nil {
		return a.from.wrong("spec.service.gatewayRefs", "", "is missing", "the Gateways that the route is attached to")
	}
	kind := "HTTPRoute"
	if a.grpc {
		kind = grpcRoute
	}
	r := node.Map(node.String("apiVersion"), node.String("gateway.networking.k8s.io/v1"), node.String("kind"), node.String(kind),
		node.String("metadata"), node.Copy(node.Get(a.service.node, "metadata")))
	a.route = &object{a.from.file, r}
	a.objs = append(a.objs, a.route)
	node.Set(r, node.Copy(l.at("spec.service.gatewayRefs")), "spec", "parentRefs")
	l.carried("spec.service.gatewayRefs", "the HTTPRoute's")
	if hosts := l.at("spec.service.hosts"); hosts != nil {
		node.Set(r, node.Copy(hosts), "spec", "hostnames")
		l.carried("spec.service.hosts", "the HTTPRoute's")
	}
	matches, err := a.flaggerPaths(l)
	if err != nil {
		return err
	}
	rule := node.Map(node.String("matches"), matches)
	if a.grpc {
		if rule, err = a.flaggerMethods(matches); err != nil {
			return err
		}
	}
	if filters := a.flaggerFilters(l); filters != nil {
		node.Set(rule, node.Seq(filters...), "filters")
	}
	if timeout := l.at("spec.service.timeout"); timeout != nil && !a.grpc {
		node.Set(rule, node.Copy(timeout), "timeouts", "request")
		l.carried("spec.service.timeout", "the HTTPRoute's")
	}
	port := node.Get(a.service.node, "spec", "ports", "0", "port")
	node.Set(rule, node.Seq(node.Map(node.String("name"), node.String(a.service.name()), node.String("port"), node.Copy(port))), "backendRefs")
	node.Set(r, node.Seq(rule), "spec", "rules")
	return nil
}

// flaggerPaths are the paths of spec.service.match, by default all of them.
func (a *app) flaggerPaths(l *ledger) (*yaml.Node, error) {
	list := node.Seq()
	for i, m := range items(l.node, "spec", "service", "match") {
		at := fmt.Sprintf("spec.service.match[%d]", i)
		path := node.Map()
		for _, kind := range [][2]string{{"exact", "Exact"}, {"prefix", "PathPrefix"}} {
			if n := node.Get(m, "uri", kind[0]); n != nil {
				path = node.Map(node.String("type"), node.String(kind[1]), node.String("value"), node.Copy(n))
				l.carried(at+".uri."+kind[0], "the HTTPRoute's")
			}
		}
		if len(path.Content) == 0 {
			return nil, a.from.wrong(at, "", "asks for more than a path", "uri with exact or prefix")
		}
		for _, key := range keys(m) {
			if key != "uri" && key != "name" {
				return nil, a.from.wrong(at+"."+key, "", "asks for more than a path", "uri with exact or prefix: everybody else would be let in")
			}
		}
		l.lost(at+".name", "matches have no names")
		list.Content = append(list.Content, node.Map(node.String("path"), path))
	}
	if len(list.Content) == 0 {
		list.Content = append(list.Content, node.Map(node.String("path"), node.Map(node.String("type"), node.String("PathPrefix"), node.String("value"), node.String("/"))))
	}
	return list, nil
}

// flaggerMethods is a rule of a GRPCRoute: of the paths that an export wrote for services and methods.
func (a *app) flaggerMethods(paths *yaml.Node) (*yaml.Node, error) {
	list := node.Seq()
	for i, m := range paths.Content {
		path := node.Text(m, "path", "value")
		service, method, _ := strings.Cut(strings.Trim(path, "/"), "/")
		switch exact := node.Text(m, "path", "type") == "Exact"; {
		case path == "/" && !exact: // every call, whatever else is in the list
			return node.Map(), nil
		case service == "" || strings.Contains(method, "/") || exact != (method != ""):
			return nil, a.from.wrong(fmt.Sprintf("spec.service.match[%d].uri", i), path, "", "prefix with / or /SERVICE, or exact with /SERVICE/METHOD: it becomes a GRPCRoute again")
		}
		is := node.Map(node.String("type"), node.String("Exact"), node.String("service"), node.String(service))
		if method != "" {
			node.Set(is, node.String(method), "method")
		}
		list.Content = append(list.Content, node.Map(node.String("method"), is))
	}
	return node.Map(node.String("matches"), list), nil
}

// flaggerFilters are rewrite and headers as filters of an HTTPRoute.
func (a *app) flaggerFilters(l *ledger) []*yaml.Node {
	var filters []*yaml.Node
	if w := l.at("spec.service.rewrite"); !a.grpc && (node.Get(w, "uri") != nil || node.Get(w, "authority") != nil) {
		rewrite := node.Map()
		if host := node.Get(w, "authority"); host != nil {
			node.Set(rewrite, node.Copy(host), "hostname")
		}
		if uri := node.Get(w, "uri"); uri != nil {
			kind := "ReplaceFullPath"
			if node.Text(w, "type") == "ReplacePrefixMatch" {
				kind = "ReplacePrefixMatch"
			}
			node.Set(rewrite, node.Map(node.String("type"), node.String(kind), node.String(strings.ToLower(kind[:1])+kind[1:]), node.Copy(uri)), "path")
		}
		filters = append(filters, node.Map(node.String("type"), node.String("URLRewrite"), node.String("urlRewrite"), rewrite))
		l.carried("spec.service.rewrite", "the HTTPRoute's")
	}
	for _, of := range [][2]string{{"request", "RequestHeaderModifier"}, {"response", "ResponseHeaderModifier"}} {
		if h := l.at("spec.service.headers." + of[0]); h != nil {
			filters = append(filters, node.Map(node.String("type"), node.String(of[1]), node.String(strings.ToLower(of[1][:1])+of[1][1:]), headerChanges(h)))
			l.carried("spec.service.headers."+of[0], "the HTTPRoute's")
		}
	}
	return filters
}

// headerChanges are set, add and remove of headers, which a mesh has as mappings and an HTTPRoute as lists.
func headerChanges(h *yaml.Node) *yaml.Node {
	n := node.Map()
	for _, op := range []string{"set", "add"} {
		for _, name := range keys(h, op) {
			if node.Get(n, op) == nil {
				node.Set(n, node.Seq(), op)
			}
			list := node.Get(n, op)
			list.Content = append(list.Content, node.Map(node.String("name"), node.String(name), node.String("value"), node.Copy(node.Get(h, op, name))))
		}
	}
	if remove := node.Get(h, "remove"); remove != nil {
		node.Set(n, node.Copy(remove), "remove")
	}
	return n
}

// flaggerSteps makes the steps of the analysis, whose steps are ticks of one interval.
func (a *app) flaggerSteps(l *ledger) error {
	at := "spec.analysis"
	if l.at(at) == nil {
		at = "spec.canaryAnalysis" // its deprecated name
	}
	if l.at(at) == nil || l.text("spec.skipAnalysis") == "true" {
		l.changed("spec.skipAnalysis", "spec.steps: all requests go to the canary at once")
		a.steps = []*yaml.Node{setWeight(a.weightTotal)}
		return nil
	}
	l.changed("spec.skipAnalysis", "the analysis counts")
	interval, err := a.flaggerInterval(l, at)
	if err != nil {
		return err
	}
	if err := a.flaggerMatch(l, at+".match"); err != nil {
		return err
	}
	hooks := a.flaggerHooks(l, at)
	if hooks["confirm-rollout"] {
		a.steps = append(a.steps, pauseNode(""))
	}
	if n := atoi(l.text(at+".iterations"), 0); n > 0 { // A/B with a match, else blue-green: pods and no weight
		l.carried(at+".iterations", "spec.steps: a pause of as many intervals")
		if a.match != nil { // blue-green leads all requests to the canary at last
			l.changed(at+".iterations", noMore("the requests of match"))
		}
		a.steps = append(a.steps, pauseNode((interval * render.Duration(n)).String()))
		a.make(at + ".iterations")
	} else if err := a.flaggerWeights(l, at, interval, hooks["confirm-traffic-increase"]); err != nil {
		return err
	}
	if hooks["confirm-promotion"] {
		a.steps = append(a.steps, pauseNode(""))
	}
	a.make(at)
	return nil
}

// flaggerInterval is a minute where it is not said, and 10 seconds at least.
func (a *app) flaggerInterval(l *ledger, at string) (render.Duration, error) {
	text := l.text(at + ".interval")
	if text == "" {
		return 60, nil
	}
	d, _, err := seconds(text)
	if err != nil {
		return 0, a.from.wrong(at+".interval", text, "", "hours, minutes and seconds, at most a year")
	}
	l.carried(at+".interval", "spec.steps: the pause of each step, once it has settled")
	return max(d, 10), nil
}

// noMore: Flagger promotes from where its steps end, and never leads more to the canary.
func noMore(than string) string {
	return "in Flagger the canary never gets more than " + than + ": here it gets all requests (full) before prod takes the new revision"
}

// flaggerWeights: each tick adds a step until the weight is maxWeight or more (pkg/controller/scheduler.go, nextStepWeight).
func (a *app) flaggerWeights(l *ledger, at string, interval render.Duration, confirm bool) error {
	var weights []int
	top := at + ".maxWeight" // the field that says how far it goes
	table := items(l.node, parts(at+".stepWeights")...)
	switch step := atoi(l.text(at+".stepWeight"), 0); {
	case step > 0:
		l.carried(at+".stepWeight", "spec.steps")
		l.carried(at+".maxWeight", "spec.steps")
		for w, most := 0, min(atoi(l.text(at+".maxWeight"), 100), 100); w < most && len(weights) < 100; {
			w = min(w+step, 100)
			weights = append(weights, w)
		}
	case len(table) > 0:
		for i, n := range table {
			w, before := atoi(n.Value, -1), 0
			if len(weights) > 0 {
				before = weights[len(weights)-1]
			}
			if w < 0 || w > 100 {
				return a.from.wrong(fmt.Sprintf("%s.stepWeights[%d]", at, i), n.Value, "", "0 to 100")
			}
			if w <= before {
				l.changed(fmt.Sprintf("%s.stepWeights[%d]", at, i), fmt.Sprintf("weights only go up: it stays at %d", before))
				continue
			}
			top = fmt.Sprintf("%s.stepWeights[%d]", at, i)
			l.carried(top, "spec.steps")
			weights = append(weights, w)
		}
	default:
		return a.from.wrong(at, "", "says no step", "stepWeight, stepWeights or iterations")
	}
	if n := len(weights); n > 0 && weights[n-1] < 100 {
		l.changed(top, noMore(fmt.Sprintf("%d%%", weights[n-1])))
	}
	for _, w := range weights {
		a.steps = append(a.steps, setWeight(w))
		if confirm {
			a.steps = append(a.steps, pauseNode(""))
		}
		a.steps = append(a.steps, pauseNode(interval.String()))
	}
	return nil
}

// flaggerHooks are the gates among the webhooks: somebody promotes in their place.
func (a *app) flaggerHooks(l *ledger, at string) map[string]bool {
	gates := map[string]bool{}
	for i, hook := range items(l.node, parts(at+".webhooks")...) {
		if kind := node.Text(hook, "type"); strings.HasPrefix(kind, "confirm-") {
			gates[kind] = true
			l.changed(fmt.Sprintf("%s.webhooks[%d]", at, i), "pause: {}: somebody promotes, where "+kind+" was asked")
		}
	}
	return gates
}

var cookieAlways = lazy(`([A-Za-z0-9_.-]+)=always`)

// flaggerMatch are the requests of an A/B test: each entry is one header, or the header cookie.
func (a *app) flaggerMatch(l *ledger, at string) error {
	for i, m := range items(l.node, parts(at)...) {
		field := fmt.Sprintf("%s[%d]", at, i)
		names := keys(m, "headers")
		if len(keys(m)) != 1 || len(names) != 1 {
			return a.from.wrong(field, "", "asks for more than one header", "headers with one header in each entry: everybody else would be chosen, too")
		}
		match, ok := a.flaggerHeader(names[0], node.Get(m, "headers", names[0]))
		if !ok {
			return a.from.wrong(field+".headers", inLine(node.Get(m, "headers")), "", "exact, prefix or regex; of cookie, whether it has the value always")
		}
		l.carried(field, "spec.route.match")
		a.made[fmt.Sprintf("spec.route.match[%d]", i)] = field
		a.match = append(a.match, match)
	}
	return nil
}

// flaggerHeader is one header as a match. With an Ingress a cookie is asked for by its name alone (pkg/router/ingress.go, SetRoutes).
func (a *app) flaggerHeader(name string, value *yaml.Node) (*yaml.Node, bool) {
	exact, prefix, regex := node.Text(value, "exact"), node.Text(value, "prefix"), node.Text(value, "regex")
	if strings.EqualFold(name, "cookie") {
		cookie := exact
		if routerOf(a.route) != route.IngressNginx {
			m := cookieAlways().FindStringSubmatch(regex)
			if m == nil {
				return nil, false
			}
			cookie = m[1]
		}
		return node.Map(node.String("cookie"), node.Map(node.String("name"), node.String(cookie))), cookie != ""
	}
	h := node.Map(node.String("name"), node.String(name))
	switch {
	case exact != "":
		node.Set(h, node.String(exact), "value")
	case prefix != "":
		node.Set(h, node.String(regexp.QuoteMeta(prefix)+".*"), "pattern")
	case regex != "" && routerOf(a.route) == route.IngressNginx:
		node.Set(h, node.String(whole(regex)), "pattern")
	case regex != "":
		node.Set(h, node.String(strings.TrimSuffix(strings.TrimPrefix(regex, "^"), "$")), "pattern")
	default:
		return nil, false
	}
	return node.Map(node.String("header"), h), true
}

// adoptFlagger brings a live app back to its own Deployment: with revertOnDeletion Flagger itself does it, and waits for the pods.
func (a *app) adoptFlagger() {
	ns := ""
	if a.from.namespace() != "" {
		ns = " -n " + a.from.namespace()
	}
	name := a.from.name()
	a.before = []string{
		fmt.Sprintf("kubectl get canary %s%s, until it is at rest", name, ns),
		fmt.Sprintf(`kubectl patch canary %s%s --type=merge -p '{"spec":{"revertOnDeletion":true}}'`, name, ns),
		fmt.Sprintf("kubectl delete canary %s%s", name, ns),
		fmt.Sprintf("kubectl rollout status deployment/%s%s", a.deployment.name(), ns),
		"gitramp install, and let it be applied: the Deployment and the Service are what they were before Flagger",
	}
	if a.canary.route != "" {
		a.before = append(a.before, fmt.Sprintf("kubectl delete ingress %s%s --ignore-not-found", a.canary.route, ns))
	}
}
