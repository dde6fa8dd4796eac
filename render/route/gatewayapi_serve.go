package route

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/gitramp/gitramp/render/internal/node"
)

// gatewaySemantics: a backend without endpoints answers 503 for its share (apis/v1/httproute_types.go, HTTPRouteRule.BackendRefs). How late an implementation
// learns of a deleted pod is nowhere said; the time is that of the slowest that was measured.
var gatewaySemantics = Semantics{GatewayAPI, false, 5}

// precedence orders the matches of a request, the larger the better: host, path or service, method, then the number of headers and of query parameters. Of equals
// the first rule wins (apis/v1/httproute_types.go and grpcroute_types.go, Matches).
type precedence [5]int

func (p precedence) above(q precedence) bool {
	for i := range p {
		if p[i] != q[i] {
			return p[i] > q[i]
		}
	}
	return false
}

// serveGateway answers as Gateway API's HTTPRoute and GRPCRoute say.
func serveGateway(objs []*yaml.Node, ready func(string) bool, req Request) (Answer, error) {
	var best, object, match *yaml.Node
	var at string
	rank := precedence{}
	for _, o := range objs {
		host := gatewayHost(o, req.Host)
		seen := req
		if host == 0 {
			seen.Passed = nil // nobody looks here
		}
		for i, rule := range items(o, "spec", "rules") {
			matches := items(rule, "matches")
			if len(matches) == 0 { // everything: an HTTPRoute's default is the path /
				matches = []*yaml.Node{node.Map()}
			}
			for _, m := range matches {
				p, ok, err := gatewayMatch(m, node.Text(o, "kind"), seen)
				if err != nil {
					return Answer{}, err
				}
				p[0] = host
				if ok && host > 0 && (best == nil || p.above(rank)) {
					best, object, rank, at = rule, o, p, fmt.Sprintf("rule %d", i)
					match = m
				}
			}
		}
	}
	if best == nil {
		return fail(404, "no rule has the host and path"), nil
	}
	words := req.Passed != nil
	if words {
		at += " (" + gatewayWords(match, node.Text(object, "kind")) + ")"
	}
	a, err := gatewayShares(best, ready, at)
	if refs := items(best, "backendRefs"); words && err == nil && len(refs) > 1 && a.Rule == at { // prod, canary, in the order of the writer
		a.Rule += fmt.Sprintf(": weight %s of %d", cmp.Or(node.Text(refs[len(refs)-1], "weight"), "1"), a.Total)
	}
	a.object, a.part = object, best
	return a, err
}

// gatewayHost ranks a route for a host; one without hostnames is for all of them.
func gatewayHost(o *yaml.Node, host string) int {
	names := items(o, "spec", "hostnames")
	if len(names) == 0 {
		return 1
	}
	rank := 0
	for _, n := range names {
		rank = max(rank, hostRank(host, n.Value))
	}
	return rank
}

func gatewayMatch(m *yaml.Node, kind string, req Request) (precedence, bool, error) {
	var p precedence
	if kind == "GRPCRoute" {
		service, method, _ := strings.Cut(strings.TrimPrefix(req.Path, "/"), "/")
		want, wantMethod := node.Text(m, "method", "service"), node.Text(m, "method", "method")
		if want != "" && want != service || wantMethod != "" && wantMethod != method {
			return p, false, nil
		}
		p[1], p[2] = len(want), len(wantMethod)
	} else {
		value := node.Text(m, "path", "value")
		switch typ := node.Text(m, "path", "type"); {
		case typ == "Exact" && req.Path == value:
			p[1] = 1 << 16
		case typ == "Exact", !underPath(req.Path, value):
			return p, false, nil
		default:
			p[1] = len(strings.TrimSuffix(value, "/"))
		}
		if node.Get(m, "method") != nil {
			p[2] = 1
		}
	}
	p[3], p[4] = len(items(m, "headers")), len(items(m, "queryParams"))
	for _, h := range gatewayAsked(m, kind) { // all of them
		value, ok := req.header(h.name)
		if !h.pattern {
			ok = ok && value == h.value
		} else {
			re, err := compiled("^(?:" + h.value + ")$")
			if err != nil {
				return p, false, err
			}
			ok = ok && re.MatchString(value)
		}
		if !ok {
			if req.Passed != nil {
				req.pass("%s", h.words("is not"))
			}
			return p, false, nil
		}
	}
	return p, true, nil
}

// asked is what a match wants a header to say, named as in a Request.
type asked struct {
	name, value string
	pattern     bool
}

// gatewayAsked are the headers that a match asks for, its query parameters and, of an HTTPRoute, its method.
func gatewayAsked(m *yaml.Node, kind string) (list []asked) {
	for _, h := range items(m, "headers") {
		list = append(list, asked{node.Text(h, "name"), node.Text(h, "value"), node.Text(h, "type") == "RegularExpression"})
	}
	for _, q := range items(m, "queryParams") {
		list = append(list, asked{"?" + node.Text(q, "name"), node.Text(q, "value"), node.Text(q, "type") == "RegularExpression"})
	}
	if is := node.Text(m, "method"); kind != "GRPCRoute" && is != "" {
		list = append(list, asked{method, is, false})
	}
	return list
}

// underPath says whether path is prefix or lies below it, element by element; a slash at the end of a prefix counts for nothing (PathMatchPathPrefix).
func underPath(path, prefix string) bool {
	prefix = strings.TrimSuffix(prefix, "/")
	return prefix == "" || path == prefix || strings.HasPrefix(path, prefix+"/")
}

// gatewayShares: weights are parts of their sum, one that is left out is 1, and where all are 0 the answer is 500. A backend without endpoints answers 503 for
// its share.
func gatewayShares(rule *yaml.Node, ready func(string) bool, at string) (Answer, error) {
	a := Answer{Rule: at}
	for _, f := range items(rule, "filters") {
		if node.Text(f, "type") == "RequestRedirect" { // the router itself answers, whatever backends there are
			return fail(302, at+" redirects"), nil
		}
	}
	for _, ref := range items(rule, "backendRefs") {
		weight := 1
		if text := node.Text(ref, "weight"); text != "" {
			var err error
			if weight, err = strconv.Atoi(text); err != nil {
				return a, fmt.Errorf("%s: weight: %w", at, err)
			}
		}
		s := Share{Weight: weight, Service: node.Text(ref, "name")}
		if !ready(s.Service) {
			s.Service, s.Status = "", 503
		}
		if weight > 0 {
			a.Total += weight
			a.Shares = append(a.Shares, s)
		}
	}
	if a.Total == 0 {
		return fail(500, at+" has no backend with a weight"), nil
	}
	return a, nil
}

// gatewayWords are what a match asks for, for people.
func gatewayWords(m *yaml.Node, kind string) string {
	var words []string
	switch path, service := node.Text(m, "path", "value"), node.Text(m, "method", "service"); {
	case kind == "GRPCRoute" && service != "":
		words = append(words, "method "+strings.TrimSuffix(service+"/"+node.Text(m, "method", "method"), "/"))
	case kind == "GRPCRoute":
		words = append(words, "every method")
	case node.Text(m, "path", "type") == "Exact":
		words = append(words, "exactly path "+path)
	default:
		words = append(words, "path "+cmp.Or(path, "/"))
	}
	for _, h := range gatewayAsked(m, kind) {
		words = append(words, h.words("is"))
	}
	return strings.Join(words, ", ")
}

// words are what is asked in the words of a spec: the cookie that a pattern finds, and a pattern without what anchors it.
func (h asked) words(is string) string {
	name, value, what := h.name, h.value, "header "+h.name
	if query, ok := strings.CutPrefix(name, "?"); ok {
		what = "query parameter " + query
	} else if name == method {
		what = "method"
	}
	begun, cookie := strings.CutPrefix(value, cookieBegin)
	if _, rest, ok := strings.Cut(begun, cookieMiddle); cookie && ok && strings.EqualFold(name, "Cookie") && strings.HasSuffix(rest, cookieEnd) {
		return fmt.Sprintf("cookie %s %s %s", cookieOf(value), is, strings.TrimSuffix(rest, cookieEnd))
	}
	if !h.pattern {
		return fmt.Sprintf("%s %s %s", what, is, value)
	}
	if inner, ok := strings.CutPrefix(value, "^(?:"); ok && strings.HasSuffix(inner, ")$") {
		value = strings.TrimSuffix(inner, ")$")
	}
	matches := map[string]string{"is": "matches", "is not": "does not match"}[is]
	return fmt.Sprintf("%s %s %s", what, matches, value)
}
