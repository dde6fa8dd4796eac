package route

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/gitramp/gitramp/render/internal/node"
)

// GatewayAPI is the name of the router for Gateway API's HTTPRoute and GRPCRoute (gateway.networking.k8s.io/v1, read at v1.6.1).
const GatewayAPI = "gateway-api"

// gatewayAPI splits by the weights of a rule's backendRefs. One route object serves both tracks: a header or cookie rule is a rule of its own before the one
// with the weights. Rules compete by specificity first (path, then number of headers) and by their order last, so a rule that asks for a header wins over
// one of the same path that does not (apis/v1/httproute_types.go, HTTPRouteRule.Matches).
//
// Whatever the API server would fill in is written: Argo CD takes a default that git does not name for a difference (argoproj/argo-cd#22151).
type gatewayAPI struct{}

func (gatewayAPI) Default(*Route) {}

// AppProtocol: without it a gateway may try HTTP/1.1 (gateway-api GEP-1911).
func (gatewayAPI) AppProtocol(r Route) string {
	if r.Protocol == "GRPC" {
		return "kubernetes.io/h2c"
	}
	return ""
}

func (gatewayAPI) Asks() []Ask {
	return []Ask{
		{"gateway", "the Gateway, [NAMESPACE/]NAME", "", "public", "parentRefs", "", "the Gateway that serves the host", gatewayParent},
		{"protocol", "what the app speaks: HTTP or GRPC", "HTTP", "HTTP", "protocol", "GRPC", "makes a GRPCRoute; HTTP where it is left out", node.String},
	}
}

// gatewayParent is the parentRefs of one Gateway, [NAMESPACE/]NAME.
func gatewayParent(answer string) *yaml.Node {
	namespace, name, both := strings.Cut(answer, "/")
	if !both {
		return node.Seq(node.Map(node.String("name"), node.String(answer)))
	}
	return node.Seq(node.Map(node.String("name"), node.String(name), node.String("namespace"), node.String(namespace)))
}

// FailsOpen: requests for a backend without endpoints are answered 503, each backend its share (apis/v1/httproute_types.go, HTTPRouteRule.BackendRefs).
func (gatewayAPI) FailsOpen() bool { return false }

// Limits of the CRDs (config/crd/standard): hostnames, rules, and matches over all rules.
const (
	gatewayHosts   = 16
	gatewayRules   = 16
	gatewayMatches = 128
)

func (gatewayAPI) Check(r Route) []Problem {
	ps := gatewayLacks(r)
	if len(r.Hosts) > gatewayHosts {
		ps = append(ps, Problem{"hosts", "", fmt.Sprintf("has %d entries", len(r.Hosts)), fmt.Sprintf("at most %d with gateway-api", gatewayHosts)})
	}
	for i, m := range r.Match {
		if m.Header != nil && m.Cookie != nil {
			ps = append(ps, Problem{fmt.Sprintf("match[%d]", i), "", "asks for a header and a cookie at once", "one of header, cookie in an entry: whoever matches one entry is matched"})
		}
	}
	for i, rule := range r.Rules {
		ps = append(ps, gatewayRule(r, i, rule)...)
	}
	parts, matches := len(gatewayParts(&Split{Matches: r.Match})), 0
	for _, rule := range r.Rules {
		matches += parts * len(rule.Paths)
	}
	if rules := parts * len(r.Rules); rules > gatewayRules || matches > gatewayMatches {
		ps = append(ps, Problem{"match", "", fmt.Sprintf("makes %d rules with %d matches in all", rules, matches),
			fmt.Sprintf("at most %d rules and %d matches in one route object: fewer match entries, rules or paths", gatewayRules, gatewayMatches)})
	}
	return ps
}

// gatewayLacks finds what is missing, and what an HTTPRoute has no place for.
func gatewayLacks(r Route) []Problem {
	var ps []Problem
	if r.ParentRefs == nil {
		ps = append(ps, Problem{"", "", "has no parentRefs", "parentRefs with gateway-api: the Gateway that serves the hosts, such as [{name: my-gateway, namespace: infra}]"})
	}
	for i, p := range r.ParentRefs {
		for _, q := range r.ParentRefs[:i] {
			same := p.Kind == q.Kind && p.Namespace == q.Namespace && p.Name == q.Name
			if same && (p.SectionName == "" || q.SectionName == "" || p.SectionName == q.SectionName) { // the CRD's rule; a port makes no difference
				ps = append(ps, Problem{fmt.Sprintf("parentRefs[%d]", i), "", "names a parent again", "each parent once, or each time with a sectionName of its own"})
			}
		}
	}
	if r.OfMesh() && len(r.Hosts) > 0 {
		ps = append(ps, Problem{"hosts", "", "is given", "no host where all parentRefs are Services: a mesh goes by the Service"})
	}
	if r.Class != "" {
		ps = append(ps, Problem{"class", r.Class, "", "no class with gateway-api: parentRefs says who serves the route"})
	}
	if len(r.TLS) > 0 {
		ps = append(ps, Problem{"tls", "", "is given", "no tls with gateway-api: the Gateway's listener has the certificate"})
	}
	return ps
}

func gatewayRule(r Route, i int, rule Rule) []Problem {
	var ps []Problem
	if rule.PathType == "ImplementationSpecific" {
		ps = append(ps, Problem{r.ruleField(i, "pathType"), rule.PathType, "", "Prefix, Exact with gateway-api"})
	}
	for j, path := range rule.Paths {
		if r.Protocol != "GRPC" {
			continue
		}
		if service, _, ok := grpcMethod(path, rule.PathType); !ok || service == "" && len(rule.Paths) > 1 {
			ps = append(ps, Problem{r.pathField(i, j), path, "", "/SERVICE/METHOD with protocol GRPC, or with pathType Prefix also /SERVICE, or / by itself"})
		}
	}
	used := map[string]bool{}
	for j, f := range rule.Filters {
		at := fmt.Sprintf("%s[%d]", r.ruleField(i, "filters"), j)
		if used[f.Type] && f.Type != "ExtensionRef" {
			ps = append(ps, Problem{at + ".type", f.Type, "", "each type once, but for ExtensionRef"})
		}
		used[f.Type] = true
		ps = append(ps, f.check(at, r, rule)...)
	}
	return ps
}

// grpcMethod is the service and the method that a path stands for; a call's path is always /SERVICE/METHOD.
func grpcMethod(path, pathType string) (service, method string, ok bool) {
	service, method, both := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	switch {
	case both:
		return service, method, grpcNames(service) && grpcNames(method) && !strings.Contains(method, ".")
	case service != "":
		return service, "", pathType == "Prefix" && grpcNames(service)
	}
	return "", "", pathType == "Prefix"
}

// grpcNames says whether s is names joined by dots (apis/v1/grpcroute_types.go, GRPCMethodMatch).
func grpcNames(s string) bool {
	for _, name := range strings.Split(s, ".") {
		if name == "" || name[0] >= '0' && name[0] <= '9' || strings.ContainsAny(name, "-/") {
			return false
		}
	}
	return true
}

func (gatewayAPI) Objects(in Input, s *Split) ([]Object, error) {
	if in.Own != nil {
		return gatewayOwn(in, s), nil
	}
	kind := "httproute"
	if in.Route.Protocol == "GRPC" {
		kind = "grpcroute"
	}
	n, err := in.Template(kind)
	if err != nil {
		return nil, err
	}
	node.Identify(n, in.Prod.Route, in.Namespace, in.Name, in.Prod.App, "shared")
	node.Set(n, gatewayParents(in.Route.ParentRefs), "spec", "parentRefs")
	hosts := node.Seq()
	for _, h := range in.Route.Hosts {
		hosts.Content = append(hosts.Content, node.String(h))
	}
	if node.Set(n, hosts, "spec", "hostnames"); len(in.Route.Hosts) == 0 {
		node.Clear(n, "spec", "hostnames")
	}
	template, rules := node.Get(n, "spec", "rules", "0"), node.Seq()
	for _, rule := range in.Route.Rules {
		for _, part := range gatewayParts(s) {
			rules.Content = append(rules.Content, gatewayNode(template, in, rule, part))
		}
	}
	node.Set(n, rules, "spec", "rules")
	return []Object{{"shared-" + kind + ".yaml", n}}, nil
}

func gatewayParents(refs []ParentRef) *yaml.Node {
	list := node.Seq()
	for _, p := range refs {
		group := node.String("gateway.networking.k8s.io")
		if p.Kind == "Service" {
			group = node.Quoted("")
		}
		n := node.Map(node.String("group"), group, node.String("kind"), node.String(p.Kind))
		if p.Namespace != "" {
			node.Set(n, node.String(p.Namespace), "namespace")
		}
		node.Set(n, node.String(p.Name), "name")
		if p.SectionName != "" {
			node.Set(n, node.String(p.SectionName), "sectionName")
		}
		if p.Port != 0 {
			node.Set(n, node.Int(p.Port), "port")
		}
		list.Content = append(list.Content, n)
	}
	return list
}

// gatewayPart is one rule of the route: who it is for, and where they go.
type gatewayPart struct {
	header, value string // "" for everybody
	pattern       bool   // value is a regular expression
	prod, canary  int    // weights; a single backend of weight 1 has no other beside it
}

// gatewayParts are the rules that a split makes of each rule of the spec. Headers come before cookies, and `never` before `always`, as in ingress-nginx; a
// header or cookie of two values makes two rules.
func gatewayParts(s *Split) []gatewayPart {
	if s == nil || s.Withdrawn {
		return []gatewayPart{{prod: 1, canary: -1}}
	}
	var parts []gatewayPart
	toProd := func(header, value string, pattern bool) {
		parts = append(parts, gatewayPart{header, value, pattern, 1, -1})
	}
	toCanary := func(header, value string, pattern bool) {
		parts = append(parts, gatewayPart{header, value, pattern, -1, 1})
	}
	for _, m := range s.Matches {
		switch h := m.Header; {
		case h == nil:
		case h.Value != "":
			toCanary(h.Name, h.Value, false)
		case h.Pattern != "":
			toCanary(h.Name, wholePattern(h.Pattern), true)
		default:
			toProd(h.Name, "never", false)
			toCanary(h.Name, "always", false)
		}
	}
	for _, m := range s.Matches {
		if c := m.Cookie; c != nil {
			toProd("Cookie", cookiePattern(c.Name, "never"), true)
			toCanary("Cookie", cookiePattern(c.Name, "always"), true)
		}
	}
	return append(parts, gatewayPart{prod: s.Total - s.Weight, canary: s.Weight})
}

// cookiePattern finds a cookie in the whole Cookie header: there is no kind of match for cookies. Its name is the same in any case, as in ingress-nginx
// (ngx_http_parse_multi_header_lines in nginx's src/http/ngx_http_parse.c). Of a cookie that comes twice it finds either, and ingress-nginx reads the first: to say
// so without looking ahead, which RE2 cannot, would take a pattern that nobody can read.
func cookiePattern(name, value string) string {
	return cookieBegin + strings.ReplaceAll(name, ".", "[.]") + cookieMiddle + value + cookieEnd
}

const (
	cookieBegin  = "^(?:.*; *)?(?i:"
	cookieMiddle = ")="
	cookieEnd    = "(?: *;.*)?$"
)

func gatewayNode(template *yaml.Node, in Input, rule Rule, part gatewayPart) *yaml.Node {
	n := node.Copy(template)
	matches := node.Seq()
	for _, path := range rule.Paths {
		m := node.Map()
		gatewayPath(m, in.Route.Protocol, path, rule.PathType)
		if part.header != "" {
			kind := "Exact"
			if part.pattern {
				kind = "RegularExpression"
			}
			node.Set(m, node.Seq(node.Map(node.String("type"), node.String(kind), node.String("name"), node.String(part.header),
				node.String("value"), node.Quoted(part.value))), "headers")
		}
		matches.Content = append(matches.Content, m)
	}
	if node.Set(n, matches, "matches"); len(matches.Content) == 1 && len(matches.Content[0].Content) == 0 {
		node.Clear(n, "matches") // every call
	}
	backend := node.Get(n, "backendRefs", "0")
	refs := node.Seq()
	for _, to := range []struct {
		service string
		weight  int
	}{{in.Prod.Service, part.prod}, {in.Canary.Service, part.canary}} {
		if to.weight < 0 {
			continue
		}
		ref := node.Copy(backend)
		node.Set(ref, node.String(to.service), "name")
		node.Set(ref, node.Int(in.Port), "port")
		node.Set(ref, node.Int(to.weight), "weight")
		refs.Content = append(refs.Content, ref)
	}
	node.Clear(n, "backendRefs")
	if len(rule.Filters) > 0 {
		node.Set(n, filterNodes(rule.Filters), "filters")
	}
	node.Set(n, refs, "backendRefs")
	return n
}

func gatewayPath(m *yaml.Node, protocol, path, pathType string) {
	if protocol != "GRPC" {
		kind := "PathPrefix"
		if pathType == "Exact" {
			kind = "Exact"
		}
		node.Set(m, node.String(kind), "path", "type")
		node.Set(m, node.String(path), "path", "value")
		return
	}
	service, method, _ := grpcMethod(path, pathType)
	if service != "" {
		node.Set(m, node.String("Exact"), "method", "type")
		node.Set(m, node.String(service), "method", "service")
	}
	if method != "" {
		node.Set(m, node.String(method), "method", "method")
	}
}

// SetWeight: the split is in the rules with two backends, prod first.
func (gatewayAPI) SetWeight(objs []Object, weight, total int) {
	for _, o := range objs {
		for _, rule := range node.Get(o.Node, "spec", "rules").Content {
			if refs := items(rule, "backendRefs"); len(refs) == 2 { // one that redirects has none
				node.Set(refs[0], node.Int(total-weight), "weight")
				node.Set(refs[1], node.Int(weight), "weight")
			}
		}
	}
}

// Withdraw takes the canary's Service out of every rule, and the rules that only lead some requests to one track or the other.
func (gatewayAPI) Withdraw(objs []Object, canary string) {
	for _, o := range objs {
		rules := node.Get(o.Node, "spec", "rules")
		if rules == nil || node.Get(o.Node, "spec", "parentRefs") == nil {
			continue
		}
		var kept []*yaml.Node
		for i, rule := range rules.Content {
			if !gatewayNever(rules.Content[i:], canary) && gatewayWithdrawn(rule, canary) {
				kept = append(kept, rule)
			}
		}
		rules.Content = kept
	}
}

// gatewayNever says whether the first of some rules keeps those on prod who ask for that by a header or cookie: the rule after it leads to the canary by the same
// one. Whom it kept there is there anyway once the canary is gone.
func gatewayNever(rules []*yaml.Node, canary string) bool {
	value := node.Text(lastHeader(rules[0]), "value")
	if value != "never" && !(strings.HasPrefix(value, cookieBegin) && strings.HasSuffix(value, cookieMiddle+"never"+cookieEnd)) || len(rules) < 2 {
		return false
	}
	return refIn(rules[1], canary) != nil && node.Text(lastHeader(rules[1]), "name") == node.Text(lastHeader(rules[0]), "name")
}

// gatewayWithdrawn takes the canary's Service out of a rule, and says whether the rule is still of use.
func gatewayWithdrawn(rule *yaml.Node, canary string) bool {
	refs := node.Get(rule, "backendRefs")
	if refs == nil {
		return true
	}
	left := slices.DeleteFunc(slices.Clone(refs.Content), func(ref *yaml.Node) bool { return node.Text(ref, "name") == canary })
	if len(left) == 0 {
		return false
	}
	if len(left) < len(refs.Content) && len(left) == 1 {
		unweigh(left[0])
	}
	refs.Content = left
	return true
}

// Split reads the rules of the first of the spec's: they end at the one with two backends.
func (gatewayAPI) Split(objs []Object) (*Split, error) {
	for _, o := range objs {
		rules := node.Get(o.Node, "spec", "rules")
		if rules == nil || node.Get(o.Node, "spec", "parentRefs") == nil {
			continue
		}
		for i, rule := range rules.Content {
			refs := node.Get(rule, "backendRefs")
			if refs == nil || len(refs.Content) != 2 {
				continue
			}
			prod, err := strconv.Atoi(node.Text(refs, "0", "weight"))
			canary, err2 := strconv.Atoi(node.Text(refs, "1", "weight"))
			if err != nil || err2 != nil {
				return nil, fmt.Errorf("%s: spec.rules[%d].backendRefs: a weight is no number", o.Path, i)
			}
			before := slices.DeleteFunc(slices.Clone(rules.Content[:i]), func(rule *yaml.Node) bool { // those of other Services
				return refIn(rule, node.Text(refs, "0", "name")) == nil && refIn(rule, node.Text(refs, "1", "name")) == nil
			})
			return &Split{Weight: canary, Total: prod + canary, Matches: gatewayMatched(before, node.Text(refs, "1", "name"))}, nil
		}
	}
	return nil, nil
}

// Places: a rule without matches is for every call of a GRPCRoute, whose spec says / for that.
func (gatewayAPI) Places(objs []Object, namespace string) []Place {
	var places []Place
	for _, o := range objs {
		r := Route{Protocol: "HTTP"}
		if node.Text(o.Node, "kind") == "GRPCRoute" {
			r.Protocol = "GRPC"
		}
		r.ParentRefs = gatewayParentsOf(o.Node)
		for _, host := range items(o.Node, "spec", "hostnames") {
			r.Hosts = append(r.Hosts, host.Value)
		}
		for _, rule := range items(o.Node, "spec", "rules") {
			r.Rules = append(r.Rules, Rule{Paths: gatewayPaths(rule)})
		}
		if r.ParentRefs != nil {
			places = append(places, r.Places(namespace)...)
		}
	}
	return places
}

// gatewayParentsOf are a route's parents as a spec has them.
func gatewayParentsOf(o *yaml.Node) (refs []ParentRef) {
	for _, parent := range items(o, "spec", "parentRefs") {
		port, _ := strconv.Atoi(node.Text(parent, "port"))
		kind := node.Text(parent, "kind")
		if kind == "" {
			kind = "Gateway"
		}
		refs = append(refs, ParentRef{kind, node.Text(parent, "name"), node.Text(parent, "namespace"), node.Text(parent, "sectionName"), port})
	}
	return refs
}

// gatewayPaths are a rule's paths as a spec has them.
func gatewayPaths(rule *yaml.Node) []string {
	var paths []string
	for _, m := range items(rule, "matches") {
		paths = append(paths, gatewayPathOf(m))
	}
	if paths == nil {
		return []string{"/"}
	}
	return paths
}

// Fixed: another parent is another proxy, another kind another protocol, and a filter makes other requests for whoever gets them.
func (gatewayAPI) Fixed(objs []Object) []Fixed {
	var list []Fixed
	for _, o := range objs {
		parents := node.Get(o.Node, "spec", "parentRefs")
		if parents == nil {
			continue
		}
		list = append(list, Fixed{Field: "protocol", Text: node.Text(o.Node, "kind")}, Fixed{Field: "parentRefs", Text: text(parents)})
		for _, rule := range items(o.Node, "spec", "rules") {
			filters := ""
			if n := node.Get(rule, "filters"); n != nil {
				filters = text(n)
			}
			for _, m := range items(rule, "matches") {
				list = append(list, Fixed{"filters", gatewayPathOf(m), filters})
			}
		}
	}
	return list
}

// gatewayPathOf is the path that a match was made of.
func gatewayPathOf(m *yaml.Node) string {
	if path := node.Text(m, "path", "value"); path != "" {
		return path
	}
	path := "/" + node.Text(m, "method", "service")
	if method := node.Text(m, "method", "method"); method != "" {
		path += "/" + method
	}
	return path
}

// text is a node as YAML, to compare it.
func text(n *yaml.Node) string {
	data, err := node.Encode(n)
	if err != nil {
		return err.Error()
	}
	return string(data)
}

// gatewayMatched reads the rules before the weights. One that leads to prod is the first half of a pair.
func gatewayMatched(rules []*yaml.Node, canary string) []Match {
	var ms []Match
	pair := false
	for _, rule := range rules {
		if node.Text(rule, "backendRefs", "0", "name") != canary {
			pair = true
			continue
		}
		header := lastHeader(rule)
		name, value := node.Text(header, "name"), node.Text(header, "value")
		switch {
		case name == "Cookie":
			ms = append(ms, Match{Cookie: &Cookie{Name: cookieOf(value)}})
		case pair:
			ms = append(ms, Match{Header: &Header{Name: name}})
		case node.Text(header, "type") == "RegularExpression":
			ms = append(ms, Match{Header: &Header{Name: name, Pattern: innerPattern(value)}})
		default:
			ms = append(ms, Match{Header: &Header{Name: name, Value: value}})
		}
		pair = false
	}
	return ms
}

// cookieOf is the name that cookiePattern put in.
func cookieOf(pattern string) string {
	name, _, _ := strings.Cut(strings.TrimPrefix(pattern, cookieBegin), cookieMiddle)
	return strings.ReplaceAll(name, "[.]", ".")
}
