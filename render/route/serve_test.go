package route_test

import (
	"fmt"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/gitramp/gitramp/render/route"
)

// ask answers a request written as "HOST/PATH [NAME: VALUE]...", as "SERVICE WEIGHT/TOTAL, ...". Services in down have no endpoints.
func ask(t *testing.T, text, request, down string) string {
	t.Helper()
	objs := objects(text)
	parts := strings.Split(request, " | ")
	host, path, _ := strings.Cut(parts[0], "/")
	req := route.Request{Host: host, Path: "/" + path, Header: map[string]string{}}
	for _, h := range parts[1:] {
		name, value, _ := strings.Cut(h, ": ")
		req.Header[name] = value
	}
	a, err := route.Serve(objs, func(s string) bool { return !strings.Contains(down, s) }, req)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range a.Shares {
		to := s.Service
		if s.Service == "" {
			to = fmt.Sprint(s.Status)
		}
		got = append(got, fmt.Sprintf("%s %d/%d", to, s.Weight, a.Total))
	}
	if a.Rule == "" {
		t.Errorf("%s: no rule is named", request)
	}
	if a.Leaks {
		return strings.Join(got, ", ") + " leaks"
	}
	return strings.Join(got, ", ")
}

// objects are the documents of a text.
func objects(text string) (objs []route.Object) {
	for d := yaml.NewDecoder(strings.NewReader(text)); ; {
		var doc yaml.Node
		if d.Decode(&doc) != nil {
			return objs
		}
		objs = append(objs, route.Object{Path: "test.yaml", Node: doc.Content[0]})
	}
}

type vector struct{ what, objects, request, down, want string }

func run(t *testing.T, vectors []vector) {
	for _, v := range vectors {
		t.Run(v.what, func(t *testing.T) {
			if got := ask(t, v.objects, v.request, v.down); got != v.want {
				t.Errorf("%s: %s, want %s", v.request, got, v.want)
			}
		})
	}
}

// ingresses are a main and a canary of one host and path, with the canary's annotations.
func ingresses(notes ...string) string {
	text := ingress("prod", "a.example.com", "/", "Prefix", "nginx") + "---\n"
	canary := ingress("canary", "a.example.com", "/", "Prefix", "nginx")
	marks := "  annotations:\n    nginx.ingress.kubernetes.io/canary: \"true\"\n"
	for _, n := range notes {
		key, value, _ := strings.Cut(n, "=")
		marks += fmt.Sprintf("    nginx.ingress.kubernetes.io/canary-%s: %q\n", key, value)
	}
	return text + strings.Replace(canary, "spec:\n", marks+"spec:\n", 1)
}

func ingress(service, host, path, pathType, class string) string {
	return fmt.Sprintf(`apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: %[1]s
spec:
  ingressClassName: %[5]s
  rules:
  - host: %[2]q
    http: {paths: [{path: %[3]s, pathType: %[4]s, backend: {service: {name: %[1]s, port: {number: 80}}}}]}
`, service, host, path, pathType, class)
}

// TestIngressNginxServes goes through the rules N1 to N20 of kubernetes/ingress-nginx v1.15.1 that a request can meet.
func TestIngressNginxServes(t *testing.T) {
	const home = "a.example.com/"
	run(t, []vector{
		{"weight", ingresses("weight=20"), home, "", "prod 80/100, canary 20/100"},
		{"weight 0", ingresses("weight=0"), home, "", "prod 100/100"},
		{"weight 100", ingresses("weight=100"), home, "", "canary 100/100"},
		{"more than all is all", ingresses("weight=150"), home, "", "canary 100/100"},
		{"what is no number is 0", ingresses("weight=20%"), home, "", "prod 100/100"},
		{"no weight is 0", ingresses(), home, "", "prod 100/100"},
		{"a total below 100 is not looked at", ingresses("weight=25", "weight-total=50"), home, "", "prod 75/100, canary 25/100"},
		{"a total above 100", ingresses("weight=5", "weight-total=1000"), home, "", "prod 995/1000, canary 5/1000"},
		{"canary is a string", strings.Replace(ingresses("weight=20"), `canary: "true"`, `canary: "yes"`, 1), home, "", "prod 1/1"},
		{"header always", ingresses("weight=0", "by-header=X-C"), home + " | x-c: always", "", "canary 1/1"},
		{"header never beats weight 100", ingresses("weight=100", "by-header=X-C"), home + " | X-C: never", "", "prod 1/1"},
		{"header of another value falls through", ingresses("weight=20", "by-header=X-C"), home + " | X-C: maybe", "", "prod 80/100, canary 20/100"},
		{"header absent", ingresses("weight=20", "by-header=X-C"), home + " | X-D: always", "", "prod 80/100, canary 20/100"},
		{"header value", ingresses("weight=0", "by-header=X-C", "by-header-value=eu"), home + " | X-C: eu", "", "canary 1/1"},
		{"with a value never is nothing special", ingresses("weight=100", "by-header=X-C", "by-header-value=eu"), home + " | X-C: never", "", "canary 100/100"},
		{"value without by-header does nothing", ingresses("weight=0", "by-header-value=eu"), home + " | X-C: eu", "", "prod 100/100"},
		{"pattern is searched", ingresses("weight=0", "by-header=X-C", "by-header-pattern=e.$"), home + " | X-C: theeu", "", "canary 1/1"},
		{"pattern gives way to the value", ingresses("weight=0", "by-header=X-C", "by-header-value=us", "by-header-pattern=eu"), home + " | X-C: eu", "", "prod 100/100"},
		{"cookie always", ingresses("weight=0", "by-cookie=c"), home + " | Cookie: a=b; c=always", "", "canary 1/1"},
		{"cookie never", ingresses("weight=100", "by-cookie=c"), home + " | Cookie: c=never", "", "prod 1/1"},
		{"cookie of another value", ingresses("weight=20", "by-cookie=c"), home + " | Cookie: c=always2", "", "prod 80/100, canary 20/100"},
		{"cookie of another name", ingresses("weight=20", "by-cookie=c"), home + " | Cookie: cc=always", "", "prod 80/100, canary 20/100"},
		{"header before cookie", ingresses("weight=0", "by-header=X-C", "by-cookie=c"), home + " | X-C: never | Cookie: c=always", "", "prod 1/1"},
		{"cookie after a header that falls through", ingresses("weight=0", "by-header=X-C", "by-cookie=c"), home + " | X-C: other | Cookie: c=always", "", "canary 1/1"},
		{"an empty canary is left out", ingresses("weight=100", "by-header=X-C"), home + " | X-C: always", "canary", "prod 1/1"},
		{"an empty prod fails everybody", ingresses("weight=100", "by-header=X-C"), home + " | X-C: always", "prod", "503 1/1"},
		{"another host", ingresses("weight=20"), "b.example.com/", "", "404 1/1"},
		{"a canary of another class is dropped", strings.Replace(ingresses("weight=20"), "nginx\n", "other\n", 1), home, "", "prod 1/1"},
		{"a canary of another path type is dropped", strings.Replace(ingresses("weight=20"), "Prefix", "Exact", 1), home, "", "prod 1/1"},
		{"a canary of another path is dropped", strings.Replace(ingresses("weight=20"), "path: /,", "path: /x,", 1), "a.example.com/x/y", "", "prod 1/1"},
		{"a canary alone", strings.SplitN(ingresses("weight=20"), "---\n", 2)[1], home, "", "404 1/1"},
		{"prefix is by elements", ingress("prod", "a.b", "/foo", "Prefix", "nginx"), "a.b/foobar", "", "404 1/1"},
		{"a prefix with a slash sends away who leaves it out", ingress("prod", "a.b", "/foo/", "Prefix", "nginx"), "a.b/foo", "", "301 1/1"},
		{"and what is as specific as a prefix gets", ingress("prod", "a.b", "/foo/", "ImplementationSpecific", "nginx"), "a.b/foo", "", "301 1/1"},
		{"though a shorter prefix has it", ingress("prod", "a.b", "/foo/", "Prefix", "nginx") + "---\n" + ingress("other", "a.b", "/", "Prefix", "nginx"), "a.b/foo", "", "301 1/1"},
		{"and not where the path is given exactly", ingress("prod", "a.b", "/foo/", "Prefix", "nginx") + "---\n" + ingress("other", "a.b", "/foo", "Exact", "nginx"), "a.b/foo", "", "other 1/1"},
		{"nor where the prefix has no slash", ingress("prod", "a.b", "/foo", "Prefix", "nginx"), "a.b/foo", "", "prod 1/1"},
		{"a prefix without a slash, and one", ingress("prod", "a.b", "/foo", "Prefix", "nginx"), "a.b/foo/", "", "prod 1/1"},
		{"a prefix with a slash, and no more", ingress("prod", "a.b", "/foo/", "Prefix", "nginx"), "a.b/foo/", "", "prod 1/1"},
		{"implementation-specific is any beginning", ingress("prod", "a.b", "/foo", "ImplementationSpecific", "nginx"), "a.b/foobar", "", "prod 1/1"},
		{"prefix with what is below", ingress("prod", "a.b", "/foo/", "Prefix", "nginx"), "a.b/foo/bar", "", "prod 1/1"},
		{"exact", ingress("prod", "a.b", "/foo", "Exact", "nginx"), "a.b/foo/", "", "404 1/1"},
		{"exact before prefix", ingress("prod", "a.b", "/foo", "Prefix", "nginx") + "---\n" + ingress("other", "a.b", "/foo", "Exact", "nginx"), "a.b/foo", "", "other 1/1"},
		{"the longer prefix", ingress("prod", "a.b", "/foo", "Prefix", "nginx") + "---\n" + ingress("other", "a.b", "/foo/bar", "Prefix", "nginx"), "a.b/foo/bar/x", "", "other 1/1"},
		{"the exact host before the wildcard", ingress("prod", "*.b", "/", "Prefix", "nginx") + "---\n" + ingress("other", "a.b", "/", "Prefix", "nginx"), "a.b/", "", "other 1/1"},
		{"the exact host only, though a wildcard has the path", ingress("prod", "*.b", "/", "Prefix", "nginx") + "---\n" + ingress("other", "a.b", "/x", "Prefix", "nginx"), "a.b/", "", "404 1/1"},
		{"the longer wildcard", ingress("prod", "*.c", "/", "Prefix", "nginx") + "---\n" + ingress("other", "*.b.c", "/", "Prefix", "nginx"), "a.b.c/", "", "other 1/1"},
		{"a wildcard is not its own domain", ingress("prod", "*.b.c", "/", "Prefix", "nginx"), "b.c/", "", "404 1/1"},
		{"header before weight, also where it is never", ingresses("weight=20", "by-header=X-C", "by-cookie=c"), home + " | X-C: never | Cookie: c=never", "", "prod 1/1"},
		{"no header, and a cookie", ingresses("weight=20", "by-header=X-C", "by-cookie=c"), home + " | Cookie: c=never", "", "prod 1/1"},
		{"with a value always is nothing special", ingresses("weight=0", "by-header=X-C", "by-header-value=eu"), home + " | X-C: always", "", "prod 100/100"},
		{"a pattern that does not match falls through", ingresses("weight=20", "by-header=X-C", "by-header-pattern=^us$"), home + " | X-C: eu", "", "prod 80/100, canary 20/100"},
		{"an empty canary, and the weight", ingresses("weight=20"), home, "canary", "prod 1/1"},
		{"a negative weight is 0", ingresses("weight=-5"), home, "", "prod 100/100"},
		{"a total of 100 is the default", ingresses("weight=25", "weight-total=100"), home, "", "prod 75/100, canary 25/100"},
		{"a canary of prod's own Service is ignored", strings.Replace(ingresses("weight=20"), "name: canary, port", "name: prod, port", 1), home, "", "prod 1/1"},
		{"the canary comes along with prod's Service to another host", ingresses("weight=20") + "---\n" + strings.Replace(ingress("prod", "b.b", "/", "Prefix", "nginx"), "name: prod\n", "name: other\n", 1),
			"b.b/", "", "prod 80/100, canary 20/100 leaks"},
		{"and not to another port of it", ingresses("weight=20") + "---\n" + strings.Replace(ingress("prod", "b.b", "/", "Prefix", "nginx"), "number: 80", "number: 81", 1), "b.b/", "", "prod 1/1"},
		{"a port has one name", strings.ReplaceAll(ingresses("weight=20"), "number: 80", "name: http"), home, "", "prod 80/100, canary 20/100"},
	})
}

// TestMeasured: what ingress-nginx v1.15.1 and Traefik v3.7.13 did with 2,000 requests each, or with as many as it took to see a share.
func TestMeasured(t *testing.T) {
	const home = "a.example.com/"
	var vectors []vector
	for weight, share := range map[string]string{"0": "prod 100/100", "20": "prod 80/100, canary 20/100", "50": "prod 50/100, canary 50/100", "100": "canary 100/100",
		"150": "canary 100/100", "abc": "prod 100/100", "-5": "prod 100/100", "20.5": "prod 100/100", "": "prod 100/100"} {
		objects := ingresses("weight="+weight, "by-header=X-Canary")
		vectors = append(vectors,
			vector{"weight " + weight, objects, home, "", share},
			vector{"weight " + weight + ", X-Canary: always", objects, home + " | X-Canary: always", "", "canary 1/1"},
			vector{"weight " + weight + ", X-Canary: never", objects, home + " | X-Canary: never", "", "prod 1/1"},
			vector{"weight " + weight + ", X-Canary: 1", objects, home + " | X-Canary: 1", "", share},
			vector{"weight " + weight + ", canary without endpoints", objects, home + " | X-Canary: always", "canary", "prod 1/1"})
	}
	vectors = append(vectors, vector{"20 of 1000", ingresses("weight=20", "weight-total=1000"), home, "", "prod 980/1000, canary 20/1000"})
	for weight, share := range map[string]string{"0": "prod 100/100", "20": "prod 80/100, canary 20/100", "50": "prod 50/100, canary 50/100", "100": "canary 100/100"} {
		rest := map[string]string{"0": "100", "20": "80", "50": "50", "100": "0"}[weight]
		route := httproute("HTTPRoute", "{path: {type: PathPrefix, value: /}} -> {name: prod, weight: "+rest+"}, {name: canary, weight: "+weight+"}")
		vectors = append(vectors, vector{"HTTPRoute, weight " + weight, route, home, "", share})
	}
	run(t, vectors)
}

// TestSemantics: how a router fails is said beside its rules, and is what its rules do.
func TestSemantics(t *testing.T) {
	for text, want := range map[string]route.Semantics{
		ingresses("weight=20"): {Router: route.IngressNginx, FailsOpen: true, Lag: 5},
		httproute("HTTPRoute", " -> {name: prod, weight: 80}, {name: canary, weight: 20}"): {Router: route.GatewayAPI, Lag: 5},
	} {
		got, err := route.SemanticsOf(objects(text))
		if err != nil || got != want {
			t.Errorf("%+v (%v), want %+v", got, err, want)
		}
		r, err := route.ByName(got.Router)
		if err != nil || r.FailsOpen() != got.FailsOpen {
			t.Errorf("%s: the writer says that it fails open: %t (%v)", got.Router, r.FailsOpen(), err)
		}
		if failed := strings.Contains(ask(t, text, "a.example.com/", "canary"), "503"); failed == got.FailsOpen {
			t.Errorf("%s: a canary without endpoints fails: %t", got.Router, failed)
		}
	}
	if _, err := route.SemanticsOf(nil); err == nil {
		t.Error("of nothing: no error")
	}
}

// TestProbes: everything that requests are told apart by.
func TestProbes(t *testing.T) {
	root := func(headers string) string {
		return "{path: {type: PathPrefix, value: /a}, headers: [" + headers + "]}"
	}
	for _, c := range []struct{ text, want string }{
		{ingresses("weight=20"), "hosts [a.example.com] paths [/ /other] headers map[] most 1 backends [{prod 80} {canary 80}]"},
		{ingresses("by-header=X-C", "by-cookie=c"), "hosts [a.example.com] paths [/ /other] headers map[cookie:c:[always never other] x-c:[always never other]] most 1 backends [{prod 80} {canary 80}]"},
		{ingresses("by-header=X-C", "by-header-pattern=^(?:e[u-v]|us)-[0-9]{2}.*$"), "hosts [a.example.com] paths [/ /other] headers map[x-c:[always never other eu-00]] most 1 backends [{prod 80} {canary 80}]"},
		{ingresses("by-header=X-C", "by-header-value=eu"), "hosts [a.example.com] paths [/ /other] headers map[x-c:[always never other eu]] most 1 backends [{prod 80} {canary 80}]"},
		{httproute("HTTPRoute", root("{name: X-C, value: eu}, {type: RegularExpression, name: Cookie, value: '^(?:.*; *)?canary=always(?: *;.*)?$'}")+" -> {name: canary, port: 80}"),
			"hosts [a.example.com any.b.com] paths [/a /a/other] headers map[cookie:canary:[always other] x-c:[eu other]] most 2 backends [{canary 80}]"},
		{httproute("GRPCRoute", "{method: {service: a.B}}, {method: {service: a.B, method: C}} -> {name: prod, port: 80}"),
			"hosts [a.example.com any.b.com] paths [/a.B /a.B/other /a.B/C /a.B/C/other] headers map[] most 1 backends [{prod 80}]"},
		{httproute("HTTPRoute", "{method: POST, path: {type: Exact, value: /a}, headers: [{name: X-C, value: eu}], queryParams: [{type: RegularExpression, name: Beta, value: 'b+'}]} -> {name: prod, port: 80}"),
			"hosts [a.example.com any.b.com] paths [/a /a/other] headers map[:method:[POST other] ?beta:[b other] x-c:[eu other]] most 3 backends [{prod 80}]"},
		{httproute("HTTPRoute", " -> {name: prod, port: 80}"), "hosts [a.example.com any.b.com] paths [/ /other] headers map[] most 1 backends [{prod 80}]"},
	} {
		p, err := route.ProbesOf(objects(c.text))
		got := fmt.Sprintf("hosts %v paths %v headers %v most %d backends %v", p.Hosts, p.Paths, p.Headers, p.Most, p.Backends)
		if err != nil || got != c.want {
			t.Errorf("%s (%v)\nwant\n%s\n%s", got, err, c.want, c.text)
		}
	}
	for _, pattern := range []string{`x\by`, "a("} {
		if _, err := route.ProbesOf(objects(ingresses("by-header=X-C", "by-header-pattern="+pattern))); err == nil {
			t.Errorf("%s: nothing matches it, and nobody says so", pattern)
		}
	}
	for _, text := range []string{
		strings.Replace(ingresses("weight=20"), "canary-weight", "affinity", 1),
		strings.Replace(ingresses("weight=20"), "canary-weight", "service-upstream", 1),
		httproute("HTTPRoute", "{path: {type: RegularExpression, value: /a.*}} -> {name: prod}"),
		httproute("GRPCRoute", "{method: {type: RegularExpression, service: a.*}} -> {name: prod}"),
		strings.Replace(httproute("HTTPRoute", " -> {name: prod}"), "backendRefs", "sessionPersistence: {}\n    backendRefs", 1),
	} {
		if _, err := route.ProbesOf(objects(text)); err == nil || !strings.Contains(err.Error(), "not known here") {
			t.Errorf("%v, and there is more to it than the model knows:\n%s", err, text)
		}
	}
}

// httproute has the rules given as "MATCHES -> BACKENDS", in flow style.
func httproute(kind string, rules ...string) string {
	text := "apiVersion: gateway.networking.k8s.io/v1\nkind: " + kind + "\nmetadata: {name: a}\nspec:\n  hostnames: [a.example.com, \"*.b.com\"]\n  rules:\n"
	for _, r := range rules {
		matches, backends, _ := strings.Cut(r, " -> ")
		text += "  - backendRefs: [" + backends + "]\n"
		if matches != "" {
			text += "    matches: [" + matches + "]\n"
		}
	}
	return text
}

// TestGatewayServes goes through apis/v1/httproute_types.go, grpcroute_types.go and shared_types.go of kubernetes-sigs/gateway-api v1.6.1.
func TestGatewayServes(t *testing.T) {
	const (
		home  = "a.example.com/"
		root  = "{path: {type: PathPrefix, value: /}}"
		split = " -> {name: prod, weight: 80}, {name: canary, weight: 20}"
	)
	withHeader := func(typ, name, value string) string {
		return fmt.Sprintf("{path: {type: PathPrefix, value: /}, headers: [{type: %s, name: %s, value: %q}]}", typ, name, value)
	}
	run(t, []vector{
		{"weights", httproute("HTTPRoute", root+split), home, "", "prod 80/100, canary 20/100"},
		{"weights are parts of their sum", httproute("HTTPRoute", root+" -> {name: prod, weight: 2}, {name: canary, weight: 1}"), home, "", "prod 2/3, canary 1/3"},
		{"a weight that is left out is 1", httproute("HTTPRoute", root+" -> {name: prod, weight: 3}, {name: canary}"), home, "", "prod 3/4, canary 1/4"},
		{"weight 0", httproute("HTTPRoute", root+" -> {name: prod, weight: 1}, {name: canary, weight: 0}"), home, "canary", "prod 1/1"},
		{"all 0", httproute("HTTPRoute", root+" -> {name: prod, weight: 0}, {name: canary, weight: 0}"), home, "", "500 1/1"},
		{"no backend", httproute("HTTPRoute", root+" -> "), home, "", "500 1/1"},
		{"an empty canary fails its share", httproute("HTTPRoute", root+split), home, "canary", "prod 80/100, 503 20/100"},
		{"an empty prod fails its share", httproute("HTTPRoute", root+split), home, "prod", "503 80/100, canary 20/100"},
		{"another host", httproute("HTTPRoute", root+split), "c.example.com/", "", "404 1/1"},
		{"a wildcard host", httproute("HTTPRoute", root+split), "x.b.com/", "", "prod 80/100, canary 20/100"},
		{"a wildcard is not its own domain", httproute("HTTPRoute", root+split), "b.com/", "", "404 1/1"},
		{"no matches is everything", httproute("HTTPRoute", split), "a.example.com/any", "", "prod 80/100, canary 20/100"},
		{"more headers win, wherever they stand", httproute("HTTPRoute", root+split, withHeader("Exact", "X-C", "eu")+" -> {name: canary}"), home + " | x-c: eu", "", "canary 1/1"},
		{"a header is exact", httproute("HTTPRoute", root+split, withHeader("Exact", "X-C", "eu")+" -> {name: canary}"), home + " | X-C: EU", "", "prod 80/100, canary 20/100"},
		{"a pattern is for the whole value", httproute("HTTPRoute", root+split, withHeader("RegularExpression", "X-C", "e.")+" -> {name: canary}"), home + " | X-C: theeu", "", "prod 80/100, canary 20/100"},
		{"a pattern", httproute("HTTPRoute", root+split, withHeader("RegularExpression", "X-C", "e.")+" -> {name: canary}"), home + " | X-C: eu", "", "canary 1/1"},
		{"of equals the first", httproute("HTTPRoute", withHeader("Exact", "X-C", "a")+" -> {name: prod}", withHeader("Exact", "X-D", "a")+" -> {name: canary}"), home + " | X-C: a | X-D: a", "", "prod 1/1"},
		{"headers of one match are and", httproute("HTTPRoute", "{headers: [{name: A, value: a}, {name: B, value: b}]} -> {name: canary}", root+split), home + " | A: a", "", "prod 80/100, canary 20/100"},
		{"matches of one rule are or", httproute("HTTPRoute", "{headers: [{name: A, value: a}]}, {headers: [{name: B, value: b}]} -> {name: canary}", root+split), home + " | B: b", "", "canary 1/1"},
		{"path before headers", httproute("HTTPRoute", "{path: {type: PathPrefix, value: /x}} -> {name: prod}", withHeader("Exact", "X-C", "a")+" -> {name: canary}"), "a.example.com/x/y | X-C: a", "", "prod 1/1"},
		{"exact before prefix", httproute("HTTPRoute", "{path: {type: PathPrefix, value: /x}} -> {name: prod}", "{path: {type: Exact, value: /x}} -> {name: canary}"), "a.example.com/x", "", "canary 1/1"},
		{"a slash at the end of a prefix is nothing", httproute("HTTPRoute", "{path: {type: PathPrefix, value: /x/}} -> {name: prod}"), "a.example.com/x", "", "prod 1/1"},
		{"prefix is by elements", httproute("HTTPRoute", "{path: {type: PathPrefix, value: /x}} -> {name: prod}"), "a.example.com/xy", "", "404 1/1"},
		{"a method", httproute("HTTPRoute", "{method: POST} -> {name: canary}", root+" -> {name: prod}"), home + " | :method: POST", "", "canary 1/1"},
		{"another method", httproute("HTTPRoute", "{method: POST} -> {name: canary}", root+" -> {name: prod}"), home + " | :method: PUT", "", "prod 1/1"},
		{"a method is GET where nobody says another", httproute("HTTPRoute", root+" -> {name: prod}", "{method: GET} -> {name: canary}"), home, "", "canary 1/1"},
		{"a method before headers", httproute("HTTPRoute", withHeader("Exact", "X-C", "a")+" -> {name: prod}", "{method: GET} -> {name: canary}"), home + " | X-C: a", "", "canary 1/1"},
		{"path before the method", httproute("HTTPRoute", "{method: GET} -> {name: prod}", "{path: {type: PathPrefix, value: /x}} -> {name: canary}"), "a.example.com/x", "", "canary 1/1"},
		{"a query parameter", httproute("HTTPRoute", "{queryParams: [{name: beta, value: \"1\"}]} -> {name: canary}", root+" -> {name: prod}"), home + " | ?beta: 1", "", "canary 1/1"},
		{"no query parameter", httproute("HTTPRoute", "{queryParams: [{name: beta, value: \"1\"}]} -> {name: canary}", root+" -> {name: prod}"), home, "", "prod 1/1"},
		{"headers before query parameters", httproute("HTTPRoute", "{queryParams: [{name: a, value: x}, {name: b, value: x}]} -> {name: prod}", "{headers: [{name: X-C, value: a}]} -> {name: canary}"),
			home + " | ?a: x | ?b: x | X-C: a", "", "canary 1/1"},
		{"a call of the service", httproute("GRPCRoute", "{method: {service: a.B}}"+split), "a.example.com/a.B/C", "", "prod 80/100, canary 20/100"},
		{"a call of another service", httproute("GRPCRoute", "{method: {service: a.B}}"+split), "a.example.com/a.BB/C", "", "404 1/1"},
		{"a method before its service", httproute("GRPCRoute", "{method: {service: a.B}} -> {name: prod}", "{method: {service: a.B, method: C}} -> {name: canary}"), "a.example.com/a.B/C", "", "canary 1/1"},
		{"a service before none, wherever it stands", httproute("GRPCRoute", "{headers: [{name: A, value: a}]} -> {name: prod}", "{method: {service: a.B}} -> {name: canary}"), "a.example.com/a.B/C | A: a", "", "canary 1/1"},
		{"a call with a header", httproute("GRPCRoute", split, "{headers: [{name: A, value: a}]} -> {name: canary}"), "a.example.com/a.B/C | A: a", "", "canary 1/1"},
	})
}

// TestServeUnknown: nobody is asked to guess.
func TestServeUnknown(t *testing.T) {
	n := &yaml.Node{Kind: yaml.MappingNode, Content: []*yaml.Node{{Kind: yaml.ScalarNode, Value: "kind"}, {Kind: yaml.ScalarNode, Value: "VirtualService"}}}
	if _, err := route.Serve([]route.Object{{Path: "a.yaml", Node: n}}, func(string) bool { return true }, route.Request{}); err == nil || !strings.Contains(err.Error(), "VirtualService") {
		t.Errorf("error %v", err)
	}
}
