package convert

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/gitramp/gitramp/render"
	"github.com/gitramp/gitramp/render/internal/node"
)

// peer is a tool with a list of all its fields, and an input to put each of them into.
type peer struct {
	name, list, kind, input string
	samples                 map[string]string // of fields that take no word or number of their type
	beside                  map[string]string // fields that stand beside those below a path, for them to mean something
	same                    []string          // carried, and the result is the same with and without them: what they say is gitramp's only way
}

var peers = []peer{
	{"rollout", "argo-rollouts.txt", rolloutKind, rolloutInput, argoSamples, map[string]string{"spec.workloadRef": "{apiVersion: apps/v1, kind: Deployment, name: shop-deploy}"},
		[]string{"spec.strategy.canary.trafficRouting.nginx.annotationPrefix", "spec.strategy.canary.trafficRouting.nginx.stableIngresses[]"}},
	{"rollout with the plugin", "argo-rollouts.txt", rolloutKind, pluginInput, argoSamples, map[string]string{"spec.workloadRef": "{apiVersion: apps/v1, kind: Deployment, name: shop-deploy}", "spec.strategy.canary.trafficRouting.nginx": "{stableIngress: shop}"},
		[]string{"spec.strategy.canary.trafficRouting.nginx.annotationPrefix", "spec.strategy.canary.trafficRouting.nginx.stableIngresses[]"}},
	{"rollout without routing", "argo-rollouts.txt", rolloutKind, strings.Replace(rolloutInput, "trafficRouting:\n        nginx: {stableIngress: shop, additionalIngressAnnotations: {canary-by-header: X-Canary}}", "", 1),
		argoSamples, map[string]string{"spec.workloadRef": "{apiVersion: apps/v1, kind: Deployment, name: shop-deploy}", "spec.strategy.canary.trafficRouting.nginx": "{stableIngress: shop}"},
		[]string{"spec.strategy.canary.trafficRouting.nginx.annotationPrefix", "spec.strategy.canary.trafficRouting.nginx.stableIngresses[]"}},
	{"canary", "flagger.txt", flaggerKind, flaggerInput, flaggerSamples, map[string]string{"spec.autoscalerRef": "{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, name: shop}"},
		[]string{"spec.targetRef", "spec.provider", "spec.ingressRef", "spec.autoscalerRef", "spec.skipAnalysis"}},
	{"canary of an HTTPRoute", "flagger.txt", flaggerKind, flaggerGateway, flaggerSamples, map[string]string{"spec.autoscalerRef": "{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, name: shop}"},
		[]string{"spec.targetRef", "spec.provider", "spec.autoscalerRef", "spec.skipAnalysis"}},
	{"deprecated name", "flagger.txt", flaggerKind, strings.Replace(flaggerInput, " analysis:", " canaryAnalysis:", 1), flaggerSamples, nil,
		[]string{"spec.targetRef", "spec.provider", "spec.ingressRef", "spec.autoscalerRef", "spec.skipAnalysis"}},
	{"A/B test", "flagger.txt", flaggerKind, strings.Replace(flaggerInput, "maxWeight: 50, stepWeight: 25", "iterations: 3, match: [{headers: {x-user: {exact: a}}}]", 1), flaggerSamples, nil,
		[]string{"spec.targetRef", "spec.provider", "spec.ingressRef", "spec.autoscalerRef", "spec.skipAnalysis"}},
}

var argoSamples = map[string]string{
	"spec.replicas": "3", "spec.selector": "{matchLabels: {app: shop, tier: web}}", "spec.template": "{metadata: {labels: {app: shop}}, spec: {containers: [{name: shop, image: 'shop:9'}]}}",
	"spec.workloadRef.apiVersion": "apps/v1", "spec.workloadRef.kind": "Deployment", "spec.workloadRef.name": "shop-deploy", "spec.strategy.canary.canaryService": "other-canary", "spec.strategy.canary.stableService": "other",
	"spec.strategy.canary.pingPong.pingService": "shop", "spec.strategy.canary.steps[].pause.duration": "1h", "spec.strategy.canary.steps[].setWeight": "90",
	"spec.strategy.canary.minPodsPerReplicaSet": "2", "spec.strategy.canary.trafficRouting.maxTrafficWeight": "1000",
	"spec.strategy.canary.trafficRouting.nginx.annotationPrefix": "nginx.ingress.kubernetes.io", "spec.strategy.canary.trafficRouting.nginx.stableIngress": "other",
	"spec.strategy.canary.trafficRouting.nginx.stableIngresses[]": "shop", "spec.strategy.canary.trafficRouting.plugins{}": "{a: b}",
}

var flaggerSamples = map[string]string{
	"spec.targetRef.apiVersion": "apps/v1", "spec.targetRef.kind": "Deployment", "spec.targetRef.name": "other", "spec.ingressRef.name": "other", "spec.ingressRef.kind": "Ingress", "spec.ingressRef.apiVersion": "networking.k8s.io/v1",
	"spec.autoscalerRef.apiVersion": "autoscaling/v2", "spec.autoscalerRef.kind": "HorizontalPodAutoscaler", "spec.autoscalerRef.name": "shop", "spec.analysis.interval": "7m", "spec.analysis.stepWeights[]": "77",
	"spec.analysis.stepWeight": "7", "spec.analysis.match[].headers{}.exact": "value", "spec.service.name": "other", "spec.service.timeout": "7s", "spec.service.rewrite.type": "ReplacePrefixMatch",
	"spec.canaryAnalysis.interval": "7m", "spec.canaryAnalysis.stepWeights[]": "77",
}

const deploymentInput = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: NAME}
spec:
  replicas: 2
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec: {containers: [{name: shop, image: "shop:1", ports: [{containerPort: 8080}]}]}
`

const serviceInput = `---
apiVersion: v1
kind: Service
metadata: {name: NAME}
spec: {selector: {app: shop}, ports: [{port: 80, targetPort: 8080}]}
`

const ingressInput = `---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: NAME}
spec:
  rules:
  - host: NAME.example.com
    http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: NAME, port: {number: 80}}}}]}
`

const httpRouteInput = `---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: shop}
spec:
  parentRefs: [{name: public}]
  hostnames: [shop.example.com]
  rules: [{matches: [{path: {type: PathPrefix, value: /}}], backendRefs: [{name: shop, port: 80, weight: 100}, {name: shop-canary, port: 80, weight: 0}]}]
`

var pluginInput = strings.Replace(strings.TrimSuffix(rolloutInput, ingressInput), "nginx: {stableIngress: shop, additionalIngressAnnotations: {canary-by-header: X-Canary}}",
	"plugins: {argoproj-labs/gatewayAPI: {httpRoute: shop, namespace: default}}", 1) + httpRouteInput

var flaggerGateway = strings.Replace(strings.Replace(strings.TrimSuffix(flaggerInput, ingressInput), "provider: nginx", "provider: gatewayapi:v1", 1),
	"  ingressRef: {apiVersion: networking.k8s.io/v1, kind: Ingress, name: shop}\n  service: {", "  service: {gatewayRefs: [{name: public}], hosts: [shop.example.com], match: [{uri: {prefix: /}}], ", 1)

const rolloutInput = `
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: shop}
spec:
  replicas: 2
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec: {containers: [{name: shop, image: "shop:1", ports: [{containerPort: 8080}]}]}
  strategy:
    canary:
      canaryService: shop-canary
      stableService: shop
      trafficRouting:
        nginx: {stableIngress: shop, additionalIngressAnnotations: {canary-by-header: X-Canary}}
      steps: [{setWeight: 20}, {pause: {}}]
` + serviceInput + ingressInput

const flaggerInput = `
apiVersion: flagger.app/v1beta1
kind: Canary
metadata: {name: shop}
spec:
  provider: nginx
  targetRef: {apiVersion: apps/v1, kind: Deployment, name: shop}
  ingressRef: {apiVersion: networking.k8s.io/v1, kind: Ingress, name: shop}
  service: {port: 80, targetPort: 8080}
  analysis: {interval: 1m, threshold: 5, maxWeight: 50, stepWeight: 25}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: shop}
spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: shop}, maxReplicas: 9}
---` + deploymentInput + serviceInput + ingressInput

// text is the input with names filled in.
func (p peer) text() []byte { return []byte(strings.ReplaceAll(p.input, "NAME", "shop")) }

// workload is the Deployment that a Rollout's workloadRef names.
var workload = "---" + strings.ReplaceAll(deploymentInput, "NAME", "shop-deploy")

// TestEveryField walks every field that a Rollout and a Canary of Flagger can have: the report names it, or the error does; and what is said to be carried changes
// the result.
func TestEveryField(t *testing.T) {
	for _, p := range peers {
		t.Run(p.name, func(t *testing.T) { everyField(t, p) })
	}
}

func everyField(t *testing.T, p peer) {
	plain, err := load([]File{{"in.yaml", p.text()}})
	if err != nil {
		t.Fatal(err)
	}
	before := result(t, plain)
	outcomes := map[Outcome]int{}
	for _, line := range fieldList(t, p.list) {
		field, kind, _ := strings.Cut(line, " ")
		text := p.with(t, field, kind)
		a, err := load([]File{{"in.yaml", text}})
		if err != nil {
			if named := namedBy(err); !slices.ContainsFunc(named, func(at string) bool { return covers(at, field) || covers(around(at), field) }) {
				t.Errorf("%s: is refused by an error about %v: %v", field, named, err)
			}
			outcomes["refused"]++
			continue
		}
		f, found := entry(a.report, field, p.kind)
		if !found {
			t.Errorf("%s: is in no report", field)
			continue
		}
		outcomes[f.Outcome]++
		only := slices.ContainsFunc(p.same, func(s string) bool { return covers(s, field) })
		if f.Outcome == Carried && !only && result(t, a) == before {
			t.Errorf("%s: is said to be carried to %q, and makes no difference:\n%s", field, f.Note, text)
		}
		if f.Note == "" || f.Note == "has no equal" {
			t.Errorf("%s: is %s without a reason", field, f.Outcome)
		}
	}
	t.Log(outcomes)
}

func fieldList(t *testing.T, name string) []string {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for line := range strings.Lines(string(data)) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			list = append(list, line)
		}
	}
	if len(list) < 100 {
		t.Fatalf("%d fields in %s", len(list), name)
	}
	return list
}

// covers says whether a path is a field or around it; indices count for nothing.
func covers(at, field string) bool {
	clean := func(s string) string {
		s = index().ReplaceAllString(s, "[]")
		return strings.ReplaceAll(strings.ReplaceAll(s, "{}", ".key"), "[]", "")
	}
	at, field = clean(at), clean(field)
	rest, in := strings.CutPrefix(field, at)
	return in && at != "" && (rest == "" || rest[0] == '.')
}

// around is the block that a field of a block in spec or strategy.canary is in: an error about one of its fields is about the block.
func around(at string) string {
	i := strings.LastIndexByte(at, '.')
	if i < 0 || at[:i] == "spec" || at[:i] == canaryPath {
		return at
	}
	return at[:i]
}

// entry is the report's about a field of the object that is converted.
func entry(r Report, field, kind string) (Field, bool) {
	for _, f := range r {
		if strings.HasPrefix(f.Object, kind+"/") && covers(f.Field, field) && strings.Contains(f.Field, ".") {
			return f, true
		}
	}
	return Field{}, false
}

func namedBy(err error) []string {
	var list []string
	var spec render.SpecError
	if errors.As(err, &spec) {
		for _, e := range spec {
			list = append(list, e.Field)
		}
	}
	return list
}

// result is what an import comes to: the spec but for what it keeps, and the base.
func result(t *testing.T, a *app) string {
	t.Helper()
	data, err := node.Encode(a.spec(node.String(BaseDir)))
	if err != nil {
		t.Fatal(err)
	}
	base, err := a.base()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range base {
		data = append(append(data, f.Path...), f.Data...)
	}
	return string(data)
}

var segment = regexp.MustCompile(`[A-Za-z0-9_-]+|\[\]|\{\}`)

// with is the input with a field set: in a list a new item has it.
func (p peer) with(t *testing.T, field, kind string) []byte {
	t.Helper()
	input := p.text()
	if p.kind == rolloutKind && covers("spec.workloadRef", field) {
		input = append(input, workload...)
	}
	objs, err := readFile(File{"in.yaml", input})
	if err != nil {
		t.Fatal(err)
	}
	n := objs[0].node
	for at, text := range p.beside {
		if covers(at, field) {
			more, err := node.Parse([]byte(text))
			if err != nil {
				t.Fatal(err)
			}
			node.Set(n, more, parts(at)...)
		}
	}
	var path []string
	for _, s := range segment.FindAllString(field, -1) {
		switch s {
		case "[]":
			list := node.Get(n, path...)
			if list == nil {
				list = node.Seq()
				node.Set(n, list, path...)
			}
			list.Content = append(list.Content, node.Map())
			path = append(path, fmt.Sprint(len(list.Content)-1))
		case "{}":
			path = append(path, "key")
		default:
			path = append(path, s)
		}
	}
	value := sample(t, p, field, kind)
	if parent := node.Get(n, path[:len(path)-1]...); parent != nil && parent.Kind == yaml.SequenceNode {
		parent.Content[len(parent.Content)-1] = value
	} else {
		node.Set(n, value, path...)
	}
	var docs []string
	for _, o := range objs {
		data, err := node.Encode(o.node)
		if err != nil {
			t.Fatal(err)
		}
		docs = append(docs, string(data))
	}
	return []byte(strings.Join(docs, "---\n"))
}

func sample(t *testing.T, p peer, field, kind string) *yaml.Node {
	t.Helper()
	text, ok := p.samples[field]
	if !ok {
		switch kind {
		case "string", "DurationString":
			text = "value"
		case "bool":
			text = "true"
		case "float64":
			text = "7.5"
		case "object", "RawMessage":
			text = "{a: b}"
		case "LabelSelector":
			text = "{matchLabels: {a: b}}"
		case "Time":
			text = `"2026-11-22T10:00:00Z"`
		default:
			text = "7"
		}
	}
	n, err := node.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return n
}
