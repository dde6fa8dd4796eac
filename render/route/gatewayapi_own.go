package route

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/gitramp/gitramp/render/internal/node"
)

// mostRules is how many rules a route may have (gateway-api v1.6.1, apis/v1/httproute_types.go, HTTPRouteSpec.Rules).
const mostRules = 16

func (gatewayAPI) Read(own *yaml.Node, service string, ms []Match) (Route, []Problem) {
	r := Route{Router: GatewayAPI, Protocol: "HTTP", WeightTotal: 100}
	if node.Text(own, "kind") == "GRPCRoute" {
		r.Protocol = "GRPC"
	}
	r.ParentRefs = gatewayParentsOf(own)
	for _, host := range items(own, "spec", "hostnames") {
		r.Hosts = append(r.Hosts, host.Value)
	}
	var ps []Problem
	if node.Get(own, "spec", "parentRefs") == nil {
		ps = append(ps, Problem{"spec.parentRefs", "", "is missing", "the Gateways that serve the route"})
	}
	rules := items(own, "spec", "rules")
	count := len(rules)
	for i, rule := range rules {
		at := fmt.Sprintf("spec.rules[%d]", i)
		if len(items(rule, "backendRefs")) > 1 {
			ps = append(ps, Problem{at + ".backendRefs", "", "splits requests already", "one Service in a rule: gitramp writes the split"})
			continue
		}
		if refIn(rule, service) == nil {
			continue
		}
		count += len(gatewayParts(&Split{Matches: ms, Total: 100})) - 1
		r.Rules = append(r.Rules, Rule{Paths: gatewayPaths(rule), PathType: "Prefix"})
		ps = append(ps, gatewayTaken(at, rule, ms)...)
	}
	if count > mostRules {
		ps = append(ps, Problem{"spec.rules", "", fmt.Sprintf("comes to %d with the canary's", count), fmt.Sprintf("at most %d, fewer paths or fewer entries of match", mostRules)})
	}
	return r, ps
}

// gatewayTaken finds the headers that a rule asks for and that a match would ask for too: a header can be asked for once.
func gatewayTaken(at string, rule *yaml.Node, ms []Match) (ps []Problem) {
	for i, m := range items(rule, "matches") {
		for j, h := range items(m, "headers") {
			for _, match := range ms {
				name := "Cookie"
				if match.Header != nil {
					name = match.Header.Name
				}
				if strings.EqualFold(name, node.Text(h, "name")) {
					ps = append(ps, Problem{fmt.Sprintf("%s.matches[%d].headers[%d]", at, i, j), node.Text(h, "name"), "is asked for by the spec's match as well", "another header in one of the two"})
				}
			}
		}
	}
	return ps
}

// gatewayOwn is the user's route; each rule of it that leads to prod's Service becomes the rules that split its requests.
func gatewayOwn(in Input, s *Split) []Object {
	n := node.Copy(in.Own)
	objs := []Object{{"shared-" + strings.ToLower(node.Text(n, "kind")) + ".yaml", n}}
	if s == nil {
		return objs
	}
	rules := node.Seq()
	for _, rule := range items(n, "spec", "rules") {
		if refIn(rule, in.Prod.Service) == nil {
			rules.Content = append(rules.Content, rule)
			continue
		}
		for _, part := range gatewayParts(&Split{Weight: s.Weight, Total: s.Total, Matches: s.Matches}) {
			rules.Content = append(rules.Content, gatewayOwnRule(rule, in, part))
		}
	}
	node.Set(n, rules, "spec", "rules")
	if s.Withdrawn {
		(gatewayAPI{}).Withdraw(objs, in.Canary.Service)
	}
	return objs
}

func gatewayOwnRule(rule *yaml.Node, in Input, part gatewayPart) *yaml.Node {
	n := node.Copy(rule)
	if part.header != "" {
		kind := "Exact"
		if part.pattern {
			kind = "RegularExpression"
		}
		header := node.Map(node.String("type"), node.String(kind), node.String("name"), node.String(part.header), node.String("value"), node.Quoted(part.value))
		if len(items(n, "matches")) == 0 {
			node.Set(n, node.Seq(node.Map()), "matches")
		}
		for _, m := range items(n, "matches") {
			headers := node.Seq(items(m, "headers")...)
			headers.Content = append(headers.Content, node.Copy(header))
			node.Set(m, headers, "headers")
		}
		node.Clear(n, "name") // of a rule there is one
	}
	own, refs := refIn(n, in.Prod.Service), node.Seq()
	refs.Style = node.Get(n, "backendRefs").Style
	for _, to := range []struct {
		service string
		weight  int
	}{{in.Prod.Service, part.prod}, {in.Canary.Service, part.canary}} {
		if to.weight >= 0 {
			ref := node.Copy(own)
			node.Set(ref, node.String(to.service), "name")
			weigh(ref, to.weight)
			refs.Content = append(refs.Content, ref)
		}
	}
	node.Set(n, refs, "backendRefs")
	return n
}

// weigh gives a reference a weight: as its first field where it had none, so that a withdrawal, which sees the tree alone, knows that and takes it away again.
func weigh(ref *yaml.Node, weight int) {
	if node.Get(ref, "weight") == nil {
		ref.Content = append([]*yaml.Node{node.String("weight"), node.Int(weight)}, ref.Content...)
		return
	}
	node.Set(ref, node.Int(weight), "weight")
}

// unweigh leaves a reference as the only one of its rule.
func unweigh(ref *yaml.Node) {
	if ref.Content[0].Value == "weight" {
		node.Clear(ref, "weight")
		return
	}
	node.Set(ref, node.Int(1), "weight")
}

// refIn is a rule's reference to a Service, nil where it has none.
func refIn(rule *yaml.Node, service string) *yaml.Node {
	for _, ref := range items(rule, "backendRefs") {
		if kind := node.Text(ref, "kind"); node.Text(ref, "name") == service && (kind == "" || kind == "Service") {
			return ref
		}
	}
	return nil
}

// lastHeader is the header that a rule's first match asks for last: the one that a split adds stands behind the user's own.
func lastHeader(rule *yaml.Node) *yaml.Node {
	headers := items(rule, "matches", "0", "headers")
	if len(headers) == 0 {
		return node.Map()
	}
	return headers[len(headers)-1]
}
