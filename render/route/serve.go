package route

import (
	"fmt"
	"regexp"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"

	"github.com/gitramp/gitramp/render/internal/node"
)

// Request is an HTTP request as a router sees it. A gRPC call is one to /SERVICE/METHOD.
type Request struct {
	Host, Path string
	Header     map[string]string // by name, in any case; cookies are the header Cookie, the method is :method, GET without it, a parameter of the query ?NAME
	Passed     *[]string         // where it is not nil, for people: the rules that were looked at and did not decide
}

// pass notes a rule that did not decide.
func (r Request) pass(format string, args ...any) {
	*r.Passed = append(*r.Passed, fmt.Sprintf(format, args...))
}

// header is a header's value; names are the same in any case.
func (r Request) header(name string) (string, bool) {
	for key, value := range r.Header {
		if strings.EqualFold(key, name) {
			return value, true
		}
	}
	if name == method {
		return "GET", true
	}
	return "", false
}

// method is the name of a request's method among its headers, as in HTTP/2.
const method = ":method"

// Share is a part of the requests that are like the one that was asked about.
type Share struct {
	Weight  int    // of the answer's Total
	Service string // "" where the router answers for itself
	Status  int    // what it answers then
}

// Answer says where a request goes.
type Answer struct {
	Rule   string // what decided, for people
	Total  int
	Shares []Share // none of weight 0
	Leaks  bool    // the canary that the rule is about is of another host or path, and comes along with a Service that both have

	object, part *yaml.Node // that has the rule, and the rule in it
	note         string     // or the canary's annotation
}

// fail is an answer of the router's own to all requests.
func fail(status int, rule string) Answer {
	return Answer{Rule: rule, Total: 1, Shares: []Share{{Weight: 1, Status: status}}}
}

// Where is what decided: the object's file, the object, and the field in it. All are "" where nothing was found that could.
func (a Answer) Where(objs []Object) (file, object, field string) {
	for _, o := range objs {
		if o.Node != a.object {
			continue
		}
		if a.note != "" {
			field = "metadata.annotations[nginx.ingress.kubernetes.io/canary-" + a.note + "]"
		}
		for i, rule := range items(o.Node, "spec", "rules") {
			if rule == a.part {
				field = fmt.Sprintf("spec.rules[%d]", i)
			}
			for j, path := range items(rule, "http", "paths") {
				if path == a.part {
					field = fmt.Sprintf("spec.rules[%d].http.paths[%d]", i, j)
				}
			}
		}
		return o.Path, node.Text(o.Node, "kind") + " " + node.Text(o.Node, "metadata", "name"), field
	}
	return "", "", ""
}

// Serve says where a request goes by the rules of the router that reads these objects, and by nothing that a writer knows. ready says whether a Service has
// endpoints.
func Serve(objs []Object, ready func(service string) bool, req Request) (Answer, error) {
	var nodes []*yaml.Node
	for _, o := range objs {
		nodes = append(nodes, o.Node)
	}
	if len(nodes) == 0 {
		return fail(404, "there is no route"), nil
	}
	switch kind := node.Text(nodes[0], "kind"); kind {
	case "Ingress":
		return serveIngress(nodes, ready, req)
	case "HTTPRoute", "GRPCRoute":
		return serveGateway(nodes, ready, req)
	default:
		return Answer{}, fmt.Errorf("%s: no router is known that reads a %s", objs[0].Path, kind)
	}
}

// hostRank says how well a host matches a name: exactly, or by a wildcard, the longer the better; 0 for not at all.
func hostRank(host, name string) int {
	suffix, wild := strings.CutPrefix(name, "*")
	switch {
	case name == "":
		return 1
	case host == name:
		return 1 << 16
	case wild && strings.HasSuffix(host, suffix) && len(host) > len(suffix):
		return 1 + len(suffix)
	}
	return 0
}

// patterns are compiled once: a proof asks about the same few for thousands of requests.
var patterns sync.Map

func compiled(pattern string) (*regexp.Regexp, error) {
	if re, ok := patterns.Load(pattern); ok {
		return re.(*regexp.Regexp), nil
	}
	re, err := regexp.Compile(pattern)
	if err == nil {
		patterns.Store(pattern, re)
	}
	return re, err
}

func items(n *yaml.Node, path ...string) []*yaml.Node {
	if at := node.Get(n, path...); at != nil {
		return at.Content
	}
	return nil
}
