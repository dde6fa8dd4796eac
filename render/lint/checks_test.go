package lint_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gitramp/gitramp/render"
	"github.com/gitramp/gitramp/render/lint"
)

// vector is a change of one of the canaries in testdata that nothing is wrong with. want are parts of the lines where code is found; none for a change that
// is fine.
type vector struct {
	code, what string
	base       string   // of testdata
	edits      []string // OLD, NEW, ...: each OLD stands there once
	extra      string   // another file
	want       []string
}

const (
	nginx   = "nginx.yaml"
	gateway = "gateway.yaml"
	note    = "    nginx.ingress.kubernetes.io/"
	weight  = note + "canary-weight: \"20\"\n"
	on      = note + "canary: \"true\"\n"
)

// after is an edit that puts lines below one of the canary's annotations.
func after(line, more string) []string { return []string{line, line + more} }

func ingress(name, host, path, service, class string, notes ...string) string {
	text := fmt.Sprintf("---\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: %s\n  namespace: web\n", name)
	for i, n := range notes {
		if i == 0 {
			text += "  annotations:\n"
		}
		text += note + n + "\n"
	}
	return text + fmt.Sprintf("spec:\n  ingressClassName: %s\n  rules:\n  - host: %s\n    http:\n      paths:\n      - path: %s\n        pathType: Prefix\n        backend:\n          service:\n            name: %s\n            port: {number: 80}\n",
		class, host, path, service)
}

func policy(kind, spec string) string {
	group := map[string]string{"NetworkPolicy": "networking.k8s.io/v1", "PodDisruptionBudget": "policy/v1", "ServiceMonitor": "monitoring.coreos.com/v1", "PodMonitor": "monitoring.coreos.com/v1"}[kind]
	return fmt.Sprintf("---\napiVersion: %s\nkind: %s\nmetadata: {name: p, namespace: web}\nspec:\n  %s\n", group, kind, strings.ReplaceAll(spec, "\n", "\n  "))
}

func scaler(kind, target string) string {
	return fmt.Sprintf("apiVersion: autoscaling/v2\nkind: %s\nmetadata: {name: h, namespace: web}\nspec:\n  scaleTargetRef: {%s}\n", kind, target)
}

func application(spec string) string {
	return "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: a}\nspec:\n  source: {path: deploy/shop}\n  " + strings.ReplaceAll(spec, "\n", "\n  ") + "\n"
}

func flux(spec string) string {
	return "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: a}\nspec:\n  path: ./deploy\n  " + strings.ReplaceAll(spec, "\n", "\n  ") + "\n"
}

var (
	prodHost  = "      - {path: /, pathType: Prefix, backend: {service: {name: shop, port: {number: 80}}}}"
	canaryRow = "      - {path: /, pathType: Prefix, backend: {service: {name: shop-canary, port: {number: 80}}}}"
	leftOver  = []string{"  name: shop\n  namespace: web\nspec:\n  ingressClassName", "  name: shop\n  namespace: web\n  annotations: {nginx.ingress.kubernetes.io/canary-weight: \"20\"}\nspec:\n  ingressClassName"}
	affinity  = []string{"  name: shop\n  namespace: web\nspec:\n  ingressClassName", "  name: shop\n  namespace: web\n  annotations: {nginx.ingress.kubernetes.io/affinity: cookie}\nspec:\n  ingressClassName"}
)

// pods are prod's for a route in the namespace web.
const pods = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: shop, namespace: web}\nspec:\n  template:\n    metadata: {labels: {app: shop}}\n    spec:\n      containers:\n"

// second is an ordinary route for the host and path of the canary's.
const second = "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata:\n  name: second\n  namespace: web\nspec:\n  parentRefs: [{name: public, namespace: infra}]\n  hostnames: [shop.example.com]\n  rules:\n  - matches: [{path: {value: /}}]\n    backendRefs: [{name: other, port: 80}]\n"

var vectors = []vector{
	{"GR001", "a broken file", nginx, nil, "a: b: c\n", []string{"a: b: c"}},
	{"GR001", "a template", nginx, nil, "{{- if .Values.on }}\na: {{ .Values.a }}\n{{- end }}\n", nil},
	{"GR001", "YAML that is no object", nginx, nil, "- a\n---\n---\nb: [1, 2]\n", nil},
	{"GR002", "no reason", nginx, nil, "# gitramp:ignore GR101\na: 1\n", []string{"GR101"}},
	{"GR002", "no code", nginx, nil, "# gitramp:ignore because\na: 1\n", []string{"because"}},
	{"GR002", "a code that there is not", nginx, nil, "# gitramp:ignore GR999 because\na: 1\n", []string{"GR999"}},
	{"GR002", "a code and a reason", nginx, nil, "# gitramp:ignore GR101 the blog may see it\n" + ingress("blog", "blog.example.com", "/", "shop", "nginx"), nil},
	{"GR003", "nothing to ignore", nginx, after(weight, "    # gitramp:ignore GR107 we know\n"), "", []string{"we know"}},
	{"GR003", "something to ignore", nginx, []string{"  replicas: 3\n", "  # gitramp:ignore GR208 out of hours\n  replicas: 0\n"}, "", nil},

	{"GR101", "another host", nginx, nil, ingress("blog", "blog.example.com", "/", "shop", "nginx"), []string{"name: shop"}},
	{"GR101", "another path of the same Ingress", nginx, []string{prodHost, prodHost + "\n" + strings.Replace(prodHost, "path: /", "path: /api", 1)}, "", []string{"/api"}},
	{"GR101", "another controller's", nginx, nil, ingress("blog", "blog.example.com", "/", "shop", "internal"), nil},
	{"GR101", "another port", nginx, nil, strings.Replace(ingress("blog", "blog.example.com", "/", "shop", "nginx"), "80", "81", 1), nil},
	{"GR101", "a path that the canary has too", nginx, []string{prodHost, prodHost + "\n" + strings.Replace(prodHost, "path: /", "path: /api", 1),
		canaryRow, canaryRow + "\n" + strings.Replace(canaryRow, "path: /", "path: /api", 1)}, "", nil},
	{"GR101", "another host with annotations left over", nginx, nil, ingress("blog", "blog.example.com", "/", "shop", "nginx", `canary-weight: "10"`), []string{"name: shop"}},
	{"GR102", "prod with annotations left over", nginx, leftOver, "", nil},
	{"GR102", "a preview with annotations left over", nginx, nil, ingress("preview", "preview.example.com", "/", "shop-canary", "nginx", `canary-weight: "10"`), []string{"name: shop-canary"}},
	{"GR111", "prod with annotations left over", nginx, leftOver, "", nil},
	{"GR111", "annotations left over, and nothing to merge into", nginx, nil, ingress("blog", "blog.example.com", "/", "blog", "nginx", `canary-weight: "10"`), nil},
	{"GR102", "a preview", nginx, nil, ingress("preview", "preview.example.com", "/", "shop-canary", "nginx"), []string{"name: shop-canary"}},
	{"GR102", "a preview by a third Service", nginx, nil, ingress("preview", "preview.example.com", "/", "shop-preview", "nginx"), nil},
	{"GR103", "two canaries of a host and path", nginx, nil, ingress("second", "shop.example.com", "/", "other", "nginx", `canary: "true"`), []string{"name: second"}},
	{"GR103", "two canaries of one Service", nginx, []string{prodHost, prodHost + "\n" + strings.Replace(prodHost, "path: /", "path: /api", 1)},
		ingress("second", "shop.example.com", "/api", "other", "nginx", `canary: "true"`), []string{"name: second"}},
	{"GR103", "a canary of something else", nginx, nil, ingress("blog", "blog.example.com", "/", "blog", "nginx") + ingress("second", "blog.example.com", "/", "other", "nginx", `canary: "true"`), nil},
	{"GR103", "two routes", gateway, nil, strings.ReplaceAll(route, "NAME", "second"), []string{"name: second"}},
	{"GR103", "a second ordinary Ingress", nginx, nil, ingress("second", "shop.example.com", "/", "other", "nginx"), []string{"name: other"}},
	{"GR103", "a second ordinary Ingress for the same Service", nginx, nil, ingress("second", "shop.example.com", "/", "shop", "nginx"), []string{"name: shop"}},
	{"GR101", "a second ordinary Ingress for the same host, path and Service", nginx, nil, ingress("second", "shop.example.com", "/", "shop", "nginx"), nil},
	{"GR103", "a second ordinary Ingress for another path", nginx, nil, ingress("second", "shop.example.com", "/api", "other", "nginx"), nil},
	{"GR103", "a second ordinary Ingress of another controller", nginx, nil, ingress("second", "shop.example.com", "/", "other", "internal"), nil},
	{"GR103", "a second ordinary route", gateway, nil, second, []string{"name: second"}},
	{"GR103", "a second ordinary route for everything", gateway, nil, strings.Replace(second, "- matches: [{path: {value: /}}]\n    backend", "- backend", 1), []string{"name: second"}},
	{"GR103", "a second ordinary route for another host", gateway, nil, strings.Replace(second, "shop.example", "blog.example", 1), nil},
	{"GR103", "a second ordinary route for another path", gateway, nil, strings.Replace(second, "value: /", "value: /api", 1), nil},
	{"GR103", "a second ordinary route for a header of its own", gateway, nil, strings.Replace(second, "value: /}", "value: /}, headers: [{name: X-Preview, value: yes}]", 1), nil},
	{"GR103", "two routes for two hosts", gateway, nil, strings.ReplaceAll(strings.ReplaceAll(route, "NAME", "second"), "shop.", "blog."), nil},
	{"GR104", "another class", nginx, []string{weight + "spec:\n  ingressClassName: nginx", weight + "spec:\n  ingressClassName: internal"}, "", []string{"internal"}},
	{"GR104", "no class on prod", nginx, []string{"  ingressClassName: nginx\n  rules:\n  - host: shop.example.com\n    http:\n      paths:\n" + prodHost, "  rules:\n  - host: shop.example.com\n    http:\n      paths:\n" + prodHost}, "",
		[]string{"ingressClassName"}},
	{"GR104", "two controllers, each with its prod", nginx, nil, ingress("inside", "shop.example.com", "/", "inside", "internal"), nil},
	{"GR105", "field and annotation", nginx, []string{weight + "spec:\n  ingressClassName: nginx\n", weight + "    kubernetes.io/ingress.class: nginx\nspec:\n"}, "", []string{"ingress.class"}},
	{"GR105", "both on one", nginx, after(weight, "    kubernetes.io/ingress.class: nginx\n"), "", []string{"ingress.class"}},
	{"GR105", "the annotation on both", "legacy", nil, "", nil},
	{"GR105", "no class on either", "classless", nil, "", []string{"spec:"}},
	{"GR106", "left out", nginx, []string{on, ""}, "", []string{"annotations"}},
	{"GR106", "switched off, the rest kept", nginx, []string{on, note + "canary: \"false\"\n"}, "", []string{"canary: \"false\""}},
	{"GR106", "no boolean", nginx, []string{on, note + "canary: \"yes\"\n"}, "", []string{"canary: \"yes\""}},
	{"GR106", "without quotes", nginx, []string{on, note + "canary: true\n"}, "", []string{"canary: true"}},
	{"GR106", "switched off, and nothing else", nginx, []string{on + weight, note + "canary: \"false\"\n"}, "", nil},
	{"GR107", "percent", nginx, []string{`"20"`, `"20%"`}, "", []string{"20%"}},
	{"GR107", "half", nginx, []string{`"20"`, `"0.5"`}, "", []string{"0.5"}},
	{"GR107", "negative", nginx, []string{`"20"`, `"-5"`}, "", []string{"-5"}},
	{"GR107", "empty", nginx, []string{`"20"`, `""`}, "", []string{`weight: ""`}},
	{"GR107", "too much", nginx, []string{`"20"`, `"150"`}, "", []string{"150"}},
	{"GR107", "without quotes", nginx, []string{`"20"`, `20`}, "", []string{"weight: 20"}},
	{"GR107", "of a larger total", nginx, append(after(weight, note+"canary-weight-total: \"1000\"\n"), `"20"`, `"150"`), "", nil},
	{"GR107", "all", nginx, []string{`"20"`, `"100"`}, "", nil},
	{"GR108", "below 100", nginx, after(weight, note+"canary-weight-total: \"50\"\n"), "", []string{"total"}},
	{"GR108", "100", nginx, after(weight, note+"canary-weight-total: \"100\"\n"), "", []string{"total"}},
	{"GR108", "no number", nginx, after(weight, note+"canary-weight-total: \"1k\"\n"), "", []string{"total"}},
	{"GR108", "above 100", nginx, after(weight, note+"canary-weight-total: \"1000\"\n"), "", nil},
	{"GR109", "the header alone", nginx, after(weight, note+"canary-by-header: X-Canary\n"), "", []string{"by-header"}},
	{"GR109", "with a value", nginx, after(weight, note+"canary-by-header: X-Canary\n"+note+"canary-by-header-value: beta\n"), "", nil},
	{"GR110", "a value alone", nginx, after(weight, note+"canary-by-header-value: beta\n"), "", []string{"beta"}},
	{"GR110", "a pattern alone", nginx, after(weight, note+"canary-by-header-pattern: beta\n"), "", []string{"beta"}},
	{"GR110", "both", nginx, after(weight, note+"canary-by-header: X\n"+note+"canary-by-header-value: a\n"+note+"canary-by-header-pattern: beta\n"), "", []string{"beta"}},
	{"GR110", "a pattern", nginx, after(weight, note+"canary-by-header: X\n"+note+"canary-by-header-pattern: beta\n"), "", nil},
	{"GR111", "another path type", nginx, []string{canaryRow, strings.Replace(canaryRow, "Prefix", "Exact", 1)}, "", []string{"Exact"}},
	{"GR111", "another path", nginx, []string{canaryRow, strings.Replace(canaryRow, "path: /", "path: /api", 1)}, "", []string{"/api"}},
	{"GR111", "another host", nginx, nil, ingress("blog-canary", "blog.example.com", "/", "blog-canary", "nginx", `canary: "true"`), []string{"name: blog-canary"}},
	{"GR111", "a prod in another folder", nginx, nil, ingress("blog", "blog.example.com", "/", "blog", "nginx") + ingress("blog-canary", "blog.example.com", "/", "blog-canary", "nginx", `canary: "true"`), nil},
	{"GR112", "promoted by the route", nginx, []string{prodHost, canaryRow}, "", []string{canaryRow}},
	{"GR112", "the canary on prod's own Service", nginx, []string{canaryRow, strings.Replace(prodHost, "path: /,", "path: /, ", 1)}, "", []string{"path: /,  "}},
	{"GR102", "the canary on prod's own Service, and another host there", nginx, []string{canaryRow, prodHost}, ingress("blog", "blog.example.com", "/", "shop", "nginx"), nil},
	{"GR112", "the canary is another app's prod", nginx, nil, ingress("blog", "blog.example.com", "/", "blog", "nginx"), nil},
	{"GR120", "the weight of one", gateway, []string{"weight: 80", ""}, "", []string{"name: shop, port: 80, "}},
	{"GR120", "both, and one is a canary by its name", gateway, []string{", weight: 80", "", ", weight: 20", ""}, "", []string{"name: shop, port", "name: shop-canary"}},
	{"GR120", "equal shares of two others", gateway, nil, strings.ReplaceAll(preview, "{name: SERVICE, port: 80}", "{name: a}, {name: b}"), nil},
	{"GR120", "a single backend", gateway, nil, "", nil},
	{"GR121", "another route", gateway, nil, strings.ReplaceAll(preview, "SERVICE", "shop-canary"), []string{"name: shop-canary"}},
	{"GR121", "another Ingress", gateway, nil, ingress("preview", "preview.example.com", "/", "shop-canary", "nginx"), []string{"name: shop-canary"}},
	{"GR121", "another route to prod", gateway, nil, strings.ReplaceAll(preview, "SERVICE", "shop"), nil},

	{"GR201", "prod's selector has both", nginx, []string{"selector: {app: shop}\n  ports", "selector: {team: store}\n  ports"}, "", []string{"selector: {team"}},
	{"GR201", "the canary's selector has both", nginx, []string{"selector: {app: shop-canary}\n  ports", "selector: {team: store}\n  ports"}, "", []string{"selector: {team"}},
	{"GR201", "a Service of a third app", nginx, nil, "apiVersion: v1\nkind: Service\nmetadata: {name: all, namespace: web}\nspec:\n  selector: {team: store}\n", nil},
	{"GR201", "pods of another namespace", nginx, nil, "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d, namespace: x}\nspec: {template: {metadata: {labels: {app: shop}}}}\n", nil},
	{"GR202", "a budget for prod", nginx, nil, policy("PodDisruptionBudget", "selector: {matchLabels: {app: shop}}"), []string{"selector"}},
	{"GR202", "a budget for both", nginx, nil, policy("PodDisruptionBudget", "selector: {matchLabels: {team: store}}"), nil},
	{"GR202", "a budget for each", nginx, nil, policy("PodDisruptionBudget", "selector: {matchLabels: {app: shop}}") + policy("PodDisruptionBudget", "selector: {matchExpressions: [{key: app, operator: In, values: [shop-canary]}]}"), nil},
	{"GR202", "a policy for prod", nginx, nil, policy("NetworkPolicy", "podSelector: {matchLabels: {app: shop}}"), []string{"podSelector"}},
	{"GR202", "a policy for prod beside one that denies all", nginx, nil, policy("NetworkPolicy", "podSelector: {}") + strings.Replace(policy("NetworkPolicy", "podSelector: {matchLabels: {app: shop}}"), "name: p", "name: q", 1),
		[]string{"app: shop"}},
	{"GR202", "a policy for each", nginx, nil, policy("NetworkPolicy", "podSelector: {matchLabels: {app: shop}}") + strings.Replace(policy("NetworkPolicy", "podSelector: {matchLabels: {app: shop-canary}}"), "name: p", "name: q", 1), nil},
	{"GR202", "a policy for all", nginx, nil, policy("NetworkPolicy", "podSelector: {}"), nil},
	{"GR202", "a policy that lets prod in", nginx, nil, policy("NetworkPolicy", "podSelector: {matchLabels: {app: db}}\ningress:\n- from:\n  - podSelector: {matchLabels: {app: shop}}"), []string{"- podSelector"}},
	{"GR202", "a policy that lets both in", nginx, nil, policy("NetworkPolicy", "podSelector: {matchLabels: {app: db}}\ningress:\n- from:\n  - podSelector: {matchExpressions: [{key: team, operator: Exists}]}"), nil},
	{"GR202", "a monitor of prod's Service", nginx, nil, policy("ServiceMonitor", "selector: {matchLabels: {app: shop}}"), []string{"selector"}},
	{"GR202", "a monitor of both", nginx, nil, policy("ServiceMonitor", "selector: {matchLabels: {team: store}}"), nil},
	{"GR202", "a monitor of other namespaces", nginx, nil, policy("ServiceMonitor", "selector: {matchLabels: {app: shop}}\nnamespaceSelector: {matchNames: [x]}"), nil},
	{"GR202", "a monitor of prod's pods", nginx, nil, strings.Replace(policy("PodMonitor", "selector: {matchLabels: {app: shop}}\nnamespaceSelector: {any: true}"), "namespace: web", "namespace: monitoring", 1), []string{"selector"}},
	{"GR202", "a monitor of its own namespace", nginx, nil, strings.Replace(policy("PodMonitor", "selector: {matchLabels: {app: shop}}"), "namespace: web", "namespace: monitoring", 1), nil},
	{"GR203", "an HPA", nginx, nil, scaler("HorizontalPodAutoscaler", "kind: Deployment, name: shop"), []string{"scaleTargetRef"}},
	{"GR203", "a ScaledObject", nginx, nil, scaler("ScaledObject", "name: shop-canary"), []string{"scaleTargetRef"}},
	{"GR203", "no replicas", nginx, []string{"  replicas: 3\n", ""}, scaler("HorizontalPodAutoscaler", "kind: Deployment, name: shop"), nil},
	{"GR203", "of another app", nginx, nil, scaler("HorizontalPodAutoscaler", "kind: Deployment, name: blog"), nil},
	{"GR204", "Recreate", nginx, []string{"{rollingUpdate: {maxUnavailable: 0}}", "{type: Recreate}"}, "", []string{"Recreate"}},
	{"GR204", "all at once", nginx, []string{"maxUnavailable: 0", "maxUnavailable: 100%"}, "", []string{"100%"}},
	{"GR204", "as many as there are", nginx, []string{"maxUnavailable: 0", "maxUnavailable: 3"}, "", []string{"Unavailable: 3"}},
	{"GR204", "one less", nginx, []string{"maxUnavailable: 0", "maxUnavailable: 2"}, "", nil},
	{"GR204", "a quarter of three", nginx, []string{"maxUnavailable: 0", "maxUnavailable: 25%"}, "", nil},
	{"GR205", "none", nginx, []string{"readinessProbe: {tcpSocket: {port: 8080}}\n        lifecycle: {preStop: {sleep", "lifecycle: {preStop: {sleep"}, "", []string{"containers:"}},
	{"GR205", "a Deployment without a canary", nginx, nil, "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: blog}\nspec: {template: {spec: {containers: [{name: a, image: a}]}}}\n", nil},
	{"GR206", "none", nginx, []string{"        lifecycle: {preStop: {sleep: {seconds: 10}}}\n", ""}, "", []string{"containers:"}},
	{"GR206", "shorter than the router needs", nginx, []string{"seconds: 10", "seconds: 2"}, "", []string{"containers:"}},
	{"GR206", "shorter than the router needs, by a command", nginx, []string{"sleep 10", "sleep 4s"}, "", []string{"containers:"}},
	{"GR206", "as long as the router needs", nginx, []string{"seconds: 10", "seconds: 5", "sleep 10", "sleep 5"}, "", nil},
	{"GR206", "minutes", nginx, []string{"sleep 10", "sleep 2m"}, "", nil},
	{"GR206", "shorter than a Gateway needs", gateway, nil, pods + "      - {name: a, image: 'a@sha256:aa', lifecycle: {preStop: {sleep: {seconds: 2}}}}\n", []string{"containers:"}},
	{"GR206", "too long for the grace period", nginx, []string{"seconds: 10", "seconds: 30"}, "", []string{"spec:"}},
	{"GR206", "a grace period that is too short", nginx, []string{"sleep 10", "/bin/sleep 10", "    spec:\n      containers:\n      - name: shop\n        image: registry.example.com/shop@sha256:b", "    spec:\n      terminationGracePeriodSeconds: 5\n      containers:\n      - name: shop\n        image: registry.example.com/shop@sha256:b"}, "", []string{"PeriodSeconds"}},
	{"GR206", "in a sidecar", nginx, []string{"        lifecycle: {preStop: {sleep: {seconds: 10}}}\n", "      - {name: proxy, image: 'p@sha256:aa', lifecycle: {preStop: {httpGet: {port: 1}}}}\n"}, "", nil},
	{"GR207", "latest", nginx, []string{digest, "shop:latest"}, "", []string{"latest"}},
	{"GR207", "no tag", nginx, []string{digest, "localhost:5000/shop"}, "", []string{"5000"}},
	{"GR207", "a tag", nginx, []string{digest, "shop:1.2"}, "", nil},
	{"GR210", "a tag", nginx, []string{digest, "shop:1.2"}, "", []string{"1.2"}},
	{"GR210", "a tag and a digest", nginx, []string{digest, "shop:1.2@sha256:aa"}, "", nil},
	{"GR208", "scaled down", nginx, []string{"replicas: 3", "replicas: 0"}, "", []string{"replicas: 0"}},
	{"GR208", "the canary scaled down", nginx, []string{"replicas: 1", "replicas: 0"}, "", nil},
	{"GR209", "a Rollout's Services", "rollout", nil, "", []string{"selector"}},
	{"GR209", "two selectors", "rollout", []string{"selector: {app: shop, a: b}", "selector: {app: x}"}, "", nil},
	{"GR211", "the canary's selector has both", nginx, []string{"matchLabels: {app: shop-canary}", "matchLabels: {team: store}"}, "", []string{"team: store"}},
	{"GR211", "prod's selector has both", nginx, []string{"matchLabels: {app: shop}", "matchExpressions: [{key: app, operator: Exists}]"}, "", []string{"Exists"}},
	{"GR211", "a third app's selector", nginx, nil, "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: all, namespace: web}\nspec: {selector: {matchLabels: {team: store}}, template: {metadata: {labels: {team: store}}}}\n", nil},

	{"GR301", "copied", nginx, after(weight, "    argocd.argoproj.io/tracking-id: shop:apps/Deployment:web/shop\n"), "", []string{"tracking-id"}},
	{"GR301", "another annotation", nginx, after(weight, "    argocd.argoproj.io/compare-options: IgnoreExtraneous\n"), "", nil},
	{"GR302", "no prune", nginx, nil, application("syncPolicy:\n  automated: {selfHeal: true}"), []string{"automated"}},
	{"GR302", "prune off", nginx, nil, application("syncPolicy:\n  automated:\n    prune: false"), []string{"prune"}},
	{"GR302", "Flux", nginx, nil, flux("prune: false"), []string{"prune"}},
	{"GR302", "an ApplicationSet", nginx, nil, "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {name: a}\nspec:\n  generators: [{git: {directories: [{path: deploy/*}]}}]\n  template: {spec: {source: {path: '{{path}}'}, syncPolicy: {automated: {}}}}\n", []string{"automated"}},
	{"GR302", "kept", nginx, after(weight, "    argocd.argoproj.io/sync-options: Replace=true,Prune=false\n"), "", []string{"Prune=false"}},
	{"GR302", "kept by Flux", nginx, after(weight, "    kustomize.toolkit.fluxcd.io/prune: disabled\n"), "", []string{"disabled"}},
	{"GR302", "of two canaries, said once", nginx, nil, strings.Replace(application("syncPolicy:\n  automated: {}"), "path: deploy/shop", "path: .", 1) + ingress("blog", "blog.example.com", "/", "blog", "nginx") +
		ingress("blog-canary", "blog.example.com", "/", "blog-canary", "nginx", `canary: "true"`), []string{"automated"}},
	{"GR302", "prune", nginx, nil, application("syncPolicy:\n  automated: {prune: true}") + "---\n" + flux("prune: true"), nil},
	{"GR302", "switched off", nginx, nil, application("syncPolicy:\n  automated: {enabled: false}"), nil},
	{"GR302", "by hand", nginx, nil, application("project: default"), nil},
	{"GR302", "another path", nginx, nil, strings.Replace(application("syncPolicy:\n  automated: {}"), "deploy/shop", "deploy/blog", 1), nil},
	{"GR303", "with affinity", nginx, affinity, application("syncPolicy:\n  automated: {}"), []string{"automated"}},
	{"GR303", "legacy affinity", nginx, []string{affinity[0], strings.Replace(affinity[1], "cookie}", "cookie, nginx.ingress.kubernetes.io/affinity-canary-behavior: legacy}", 1)}, application("syncPolicy:\n  automated: {}"), nil},
	{"GR304", "wait", nginx, nil, flux("prune: true\nwait: true"), []string{"wait"}},
	{"GR304", "health checks", nginx, nil, flux("prune: true\nhealthChecks: [{kind: Deployment, name: shop}]"), []string{"healthChecks"}},
	{"GR304", "with the gate", nginx, nil, flux("prune: true\nwait: true") + "# --feature-gates=CancelHealthCheckOnNewRevision=true\n", nil},
	{"GR304", "no wait", nginx, nil, flux("prune: true"), nil},
	{"GR305", "pods first", nginx, after(weight, "    argocd.argoproj.io/sync-wave: \"2\"\n"), "", []string{"sync-wave"}},
	{"GR305", "the route first", nginx, after(weight, "    argocd.argoproj.io/sync-wave: \"-2\"\n"), "", nil},
}

const (
	digest = "registry.example.com/shop@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	route  = `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata:
  name: NAME
  namespace: web
spec:
  parentRefs: [{name: public, namespace: infra}]
  hostnames: [shop.example.com]
  rules:
  - matches: [{path: {type: PathPrefix, value: /}}]
    backendRefs: [{name: shop, port: 80, weight: 80}, {name: other, port: 80, weight: 20}]
`
	preview = `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: preview, namespace: web}
spec:
  parentRefs: [{name: public, namespace: infra}]
  rules:
  - backendRefs: [{name: SERVICE, port: 80}]
`
	rollout = `apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: shop}
spec:
  template: {metadata: {labels: {app: shop, a: b}}}
  strategy: {canary: {stableService: shop, canaryService: shop-canary, trafficRouting: {nginx: {stableIngress: shop}}}}
---
apiVersion: v1
kind: Service
metadata: {name: shop}
spec: {selector: {app: shop}}
---
apiVersion: v1
kind: Service
metadata: {name: shop-canary}
spec:
  selector: {app: shop, a: b}
`
)

// base is one of the canaries that are changed.
func base(t *testing.T, name string) string {
	t.Helper()
	if name == "rollout" {
		return rollout
	}
	file := name
	if name == "legacy" || name == "classless" {
		file = nginx
	}
	data, err := os.ReadFile("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	switch name {
	case "legacy":
		text = strings.Replace(strings.ReplaceAll(text, "  ingressClassName: nginx\n", ""), weight, weight+"    kubernetes.io/ingress.class: nginx\n", 1)
		text = strings.Replace(text, "  name: shop\n  namespace: web\nspec:", "  name: shop\n  namespace: web\n  annotations: {kubernetes.io/ingress.class: nginx}\nspec:", 1)
	case "classless":
		text = strings.ReplaceAll(text, "  ingressClassName: nginx\n", "")
	}
	return text
}

// TestChecks goes through the vectors: a code is found at the lines that are wanted, and nowhere else.
func TestChecks(t *testing.T) {
	bad, good := map[string]int{}, map[string]int{}
	for _, v := range vectors {
		t.Run(v.code+" "+v.what, func(t *testing.T) {
			text := base(t, v.base)
			for i := 0; i+1 < len(v.edits); i += 2 {
				if n := strings.Count(text, v.edits[i]); n != 1 {
					t.Fatalf("%q stands there %d times", v.edits[i], n)
				}
				text = strings.Replace(text, v.edits[i], v.edits[i+1], 1)
			}
			files := []lint.File{{Name: "shop.yaml", Path: "deploy/shop/shop.yaml", Data: []byte(text)}, {Name: "extra.yaml", Path: "other/extra.yaml", Data: []byte(v.extra)}}
			var got []string
			for _, f := range lint.Run(files).Findings {
				if f.Code == v.code {
					got = append(got, strings.Split(map[string]string{"shop.yaml": text, "extra.yaml": v.extra}[f.File], "\n")[f.Line-1])
				}
			}
			if len(got) != len(v.want) {
				t.Fatalf("found at %q, want %q", got, v.want)
			}
			for i, want := range v.want {
				if !strings.Contains(got[i], want) {
					t.Errorf("found at %q, want %q", got[i], want)
				}
			}
		})
		if v.want != nil {
			bad[v.code]++
		} else {
			good[v.code]++
		}
	}
	for _, c := range lint.Checks {
		if bad[c.Code] == 0 || good[c.Code] == 0 {
			t.Errorf("%s has %d vectors that it finds and %d that it does not", c.Code, bad[c.Code], good[c.Code])
		}
	}
}

// TestNothingWrong: the canaries that the vectors change are found to be right.
func TestNothingWrong(t *testing.T) {
	for _, name := range []string{nginx, gateway} {
		r := lint.Run([]lint.File{{Name: name, Path: name, Data: []byte(base(t, name))}})
		if r.Canaries != 1 || len(r.Findings) != 0 {
			t.Errorf("%s: %d canaries, %v", name, r.Canaries, lines(r))
		}
	}
}

// TestForgottenFlag: what is said of an Ingress with canary annotations and no canary, by whether another has its host and path.
func TestForgottenFlag(t *testing.T) {
	for host, want := range map[string]string{
		"shop.example.com": "has canary annotations and no canary: \"true\", so it is an ordinary Ingress for shop.example.com/, which Ingress web/shop has too",
		"blog.example.com": "has canary annotations and no canary: \"true\", so it is an ordinary Ingress",
	} {
		extra := ingress("second", host, "/", "second", "nginx", `canary-weight: "10"`)
		var got []string
		for _, f := range lint.Run([]lint.File{{Name: nginx, Path: nginx, Data: []byte(base(t, nginx))}, {Name: "extra.yaml", Path: "extra.yaml", Data: []byte(extra)}}).Findings {
			if f.Code == "GR106" {
				got = append(got, f.Message)
			}
		}
		if diff := cmp.Diff([]string{want}, got); diff != "" {
			t.Errorf("%s (- want, + found):\n%s", host, diff)
		}
	}
}

// lines are findings as FILE:LINE:COLUMN CODE.
func lines(r lint.Report) []string {
	var list []string
	for _, f := range r.Findings {
		list = append(list, fmt.Sprintf("%s:%d:%d %s", f.File, f.Line, f.Column, f.Code))
	}
	return list
}

// load reads a directory as it would be linted.
func load(t *testing.T, dir, as string) []lint.File {
	t.Helper()
	var files []lint.File
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if d != nil && d.IsDir() && path == "../../golden/bases" && dir == "../../golden" {
			return filepath.SkipDir // the policies and monitors of a step are for its own pods
		}
		if err != nil || d.IsDir() || filepath.Ext(path) != ".yaml" && d.Name() != render.LockFile {
			return err
		}
		data, err := os.ReadFile(path)
		rel, _ := filepath.Rel(dir, path)
		files = append(files, lint.File{Name: filepath.ToSlash(rel), Path: filepath.ToSlash(filepath.Join(as, rel)), Data: data})
		return err
	})
	if err != nil || len(files) == 0 {
		t.Fatal(err, len(files))
	}
	return files
}

// TestSeed: what is wrong with the tutorial's files, the canary by hand and the one by Argo Rollouts.
func TestSeed(t *testing.T) {
	want := []string{
		"canary-demo-service.yaml:28:3 GR209", // two Services, one selector
		"canary-rollout.yaml:17:7 GR205",
		"canary-rollout.yaml:17:7 GR206",
		"canary-rollout.yaml:19:9 GR210",
		"canary_deployment.yaml:17:7 GR205",
		"canary_deployment.yaml:17:7 GR206",
		"canary_deployment.yaml:19:9 GR210",
		"canary_ingress.yaml:6:5 GR104", // why the canary had no effect until the prod Ingress was deleted
		"canary_ingress.yaml:9:5 GR109",
		"prod_deployment.yaml:17:7 GR205",
		"prod_deployment.yaml:17:7 GR206",
		"prod_deployment.yaml:19:9 GR210",
	}
	files := load(t, "../../fixtures/seed/tutorial", ".")
	r := lint.Run(files)
	if diff := cmp.Diff(want, lines(r)); diff != "" || r.Canaries != 2 {
		t.Errorf("%d canaries (- want, + found):\n%s", r.Canaries, diff)
	}
	// The reader's promotion: prod's route to the canary's Service, weight 0, prod without pods.
	edit(t, files, "prod_ingress.yaml", "name: prod-service", "name: canary-service")
	edit(t, files, "canary_ingress.yaml", `canary-weight: "20"`, `canary-weight: "0"`)
	edit(t, files, "prod_deployment.yaml", "replicas: 1", "replicas: 0")
	found := lines(lint.Run(files))
	for _, want := range []string{"prod_ingress.yaml:14:13 GR112", "canary_ingress.yaml:6:5 GR104"} {
		if !slices.Contains(found, want) {
			t.Errorf("the reader's promotion: no %s in %v", want, found)
		}
	}
}

func edit(t *testing.T, files []lint.File, name, from, to string) {
	t.Helper()
	for i := range files {
		if files[i].Name == name && strings.Count(string(files[i].Data), from) == 1 {
			files[i].Data = []byte(strings.Replace(string(files[i].Data), from, to, 1))
			return
		}
	}
	t.Fatalf("%s: %q does not stand there once", name, from)
}

// TestGolden: in what gitramp writes no error is found, at any step; with the defaults for production no warning either. All trees together are as good as
// each alone: the steps of one app are not taken for several apps in one cluster.
func TestGolden(t *testing.T) {
	steps, err := filepath.Glob("../../golden/*/*")
	if err != nil || len(steps) < 50 {
		t.Fatal(err, len(steps))
	}
	bases, err := filepath.Glob("../../golden/bases/*/*")
	if err != nil || len(bases) < 50 {
		t.Fatal(err, len(bases))
	}
	steps = slices.DeleteFunc(append(steps, bases...), func(dir string) bool { return filepath.Dir(dir) == "../../golden/bases" })
	routed := 0
	for _, dir := range append(steps, "../../golden") {
		r := lint.Run(load(t, dir, "deploy/app"))
		routed += r.Canaries
		for _, f := range r.Findings {
			if f.Severity == lint.Error || f.Severity == lint.Warning && !(strings.Contains(dir+f.File, "seed") && (f.Code == "GR205" || f.Code == "GR206")) {
				t.Errorf("%s/%s:%d: %s %s", dir, f.File, f.Line, f.Code, f.Message)
			}
		}
	}
	if routed < len(steps)/2 {
		t.Errorf("only %d canaries are found in %d steps", routed, len(steps))
	}
}

// TestBetweenReleases: what would be wrong with the next canary of an app of gitramp's is found while there is none.
func TestBetweenReleases(t *testing.T) {
	for _, c := range []struct{ step, extra, want string }{
		{"ten-replicas/00-idle", "", ""},
		{"ten-replicas/00-idle", policy("PodDisruptionBudget", "selector: {matchLabels: {app: NAME}}"), "extra.yaml:6:3 GR202"},
		{"ten-replicas/00-idle", policy("PodDisruptionBudget", "selector: {matchLabels: {app.kubernetes.io/component: prod}}"), "extra.yaml:6:3 GR202"},
		{"ten-replicas/00-idle", policy("PodDisruptionBudget", "selector: {matchLabels: {app.kubernetes.io/name: NAME}}"), ""},
		{"ten-replicas/00-idle", ingress("other", "other.example.com", "/", "NAME", "nginx"), "extra.yaml:17:13 GR101"},
		{"ten-replicas/00-idle", scaler("HorizontalPodAutoscaler", "kind: Deployment, name: NAME"), "extra.yaml:5:3 GR203"},
		{"ten-replicas/01-prepare", policy("ServiceMonitor", "selector: {matchLabels: {app: NAME}}"), "extra.yaml:6:3 GR202"},
		{"gateway-match/00-idle", policy("PodMonitor", "selector: {matchLabels: {app: NAME}}"), "extra.yaml:6:3 GR202"},
	} {
		files := load(t, "../../golden/"+c.step, "deploy/app")
		name, namespace := "", ""
		for _, f := range files {
			if f.Name == "prod-deployment.yaml" {
				name = strings.Fields(strings.SplitAfter(string(f.Data), "\n  name: ")[1])[0]
				if _, after, ok := strings.Cut(string(f.Data), "\n  namespace: "); ok {
					namespace = strings.Fields(after)[0]
				}
			}
		}
		extra := strings.ReplaceAll(c.extra, "NAME", name)
		if extra = strings.ReplaceAll(extra, "namespace: web", "namespace: "+namespace); namespace == "" {
			extra = strings.ReplaceAll(strings.ReplaceAll(extra, "  namespace: \n", "  labels: {}\n"), ", namespace: }", "}")
		}
		var got []string
		for _, line := range lines(lint.Run(append(files, lint.File{Name: "extra.yaml", Path: "other/extra.yaml", Data: []byte(extra)}))) {
			if !strings.HasSuffix(line, "GR210") {
				got = append(got, line)
			}
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s with\n%s: %q, want %q", c.step, extra, got, c.want)
		}
	}
	if r := lint.Run(load(t, "../../golden/ten-replicas/00-idle", "deploy/app")); len(r.Findings) != 1 || r.Findings[0].Code != "GR210" {
		t.Errorf("the canary that is not there yet is looked at as if it were: %v", lines(r))
	}
}
