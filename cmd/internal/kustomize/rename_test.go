package kustomize

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
	"pgregory.net/rapid"
)

// parse reads a stream of objects.
func parse(t rapid.TB, text string) (objs []*yaml.Node) {
	t.Helper()
	for doc := range strings.SplitSeq(text, "---\n") {
		var n yaml.Node
		if err := yaml.Unmarshal([]byte(doc), &n); err != nil {
			t.Fatal(err)
		}
		objs = append(objs, n.Content[0])
	}
	return objs
}

func suffixed(objs []*yaml.Node, suffix string) (names []string) {
	for _, obj := range objs {
		names = append(names, text(obj, "metadata", "name")+suffix)
	}
	return names
}

// marked are names and references, between < and >: what a renaming changes, and nothing else.
var marked = regexp.MustCompile(`<([a-z0-9.-]+)>`)

// TestRenameChangesNamesAndWhatRefersToThem renames all objects of a stream in which each name and reference is marked.
func TestRenameChangesNamesAndWhatRefersToThem(t *testing.T) {
	for _, c := range []struct{ name, text string }{
		{"every reference of a Deployment", `
# kept
apiVersion: apps/v1
kind: Deployment
metadata:
  name: <app> # kept too
  labels: {app: app}
  annotations: {note: 'app'}
spec:
  selector: {matchLabels: {app: app}}
  template:
    metadata: {labels: {app: app}}
    spec:
      serviceAccountName: <app>
      serviceAccount: <app>
      imagePullSecrets: [{name: <pull>}]
      initContainers:
      - name: app
        env:
        - {name: A, valueFrom: {configMapKeyRef: {name: <app>, key: app}}}
        - {name: B, valueFrom: {secretKeyRef: {name: <pull>, key: app}}}
        envFrom:
        - configMapRef: {name: "<app>"}
        - secretRef: {name: <pull>}
      containers:
      - name: app
        image: app
        args: [app, "app", '--to=app']
        env:
        - {name: A, valueFrom: {configMapKeyRef: {name: <app>, key: app}}}
        - {name: B, valueFrom: {secretKeyRef: {name: <pull>, key: app}}}
        - {name: C, value: app}
        envFrom:
        - {prefix: app, configMapRef: {name: <app>}}
        - secretRef: {name: <pull>}
        volumeMounts: [{name: app, mountPath: /app}]
      volumes:
      - {name: app, configMap: {name: <app>}}
      - {name: pull, secret: {secretName: '<pull>'}}
      - name: projected
        projected:
          sources:
          - configMap: {name: <app>}
          - secret: {name: <pull>}
          - serviceAccountToken: {path: app}
      - {name: claim, persistentVolumeClaim: {claimName: <app>}}
      - {name: csi, csi: {driver: x, nodePublishSecretRef: {name: <pull>}}}
      - {name: elsewhere, configMap: {name: other}}
---
{apiVersion: v1, kind: ServiceAccount, metadata: {name: <app>}, imagePullSecrets: [{name: <pull>}], automountServiceAccountToken: no}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: <app>}
data:
  app: app
  name: |
    app
    pull
---
{apiVersion: v1, kind: Secret, metadata: {name: <pull>}, stringData: {name: pull}}
---
{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: <app>}, spec: {resources: {requests: {storage: 010}}}}
`},
		{"autoscalers", `
{apiVersion: apps/v1, kind: Deployment, metadata: {name: <app>}, spec: {template: {metadata: {labels: {app: app}}}}}
---
{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: <hpa>}, spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: <app>}, maxReplicas: 9}}
---
{apiVersion: keda.sh/v1alpha1, kind: ScaledObject, metadata: {name: <so>}, spec: {scaleTargetRef: {name: <app>},
  triggers: [{type: cron, metadata: {name: app}, authenticationRef: {name: <auth>}}]}}
---
{apiVersion: keda.sh/v1alpha1, kind: TriggerAuthentication, metadata: {name: <auth>}, spec: {secretTargetRef: [{parameter: app, name: <key>, key: app}]}}
---
{apiVersion: v1, kind: Secret, metadata: {name: <key>}}
---
{apiVersion: autoscaling.k8s.io/v1, kind: VerticalPodAutoscaler, metadata: {name: <vpa>}, spec: {targetRef: {apiVersion: apps/v1, kind: Deployment, name: <app>}}}
`},
		{"routes", `
{apiVersion: v1, kind: Service, metadata: {name: <app>}, spec: {selector: {app: app}}}
---
{apiVersion: v1, kind: Secret, metadata: {name: <tls>}}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: <app>, annotations: {nginx.ingress.kubernetes.io/auth-secret: <tls>, x: app}}
spec:
  defaultBackend: {service: {name: <app>, port: {name: app}}}
  tls: [{hosts: [app], secretName: <tls>}]
  rules:
  - host: app
    http:
      paths:
      - {path: /, pathType: Prefix, backend: {service: {name: <app>, port: {number: 80}}}}
      - {path: /other, pathType: Prefix, backend: {service: {name: other, port: {number: 80}}}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: <app>}
spec:
  parentRefs: [{name: app}]
  hostnames: [app]
  rules:
  - backendRefs:
    - {name: <app>, port: 80, weight: 1}
    - {kind: Service, name: <app>, port: 80}
    - {group: x, kind: Backend, name: app}
    - {name: other, port: 80}
    filters: [{type: RequestMirror, requestMirror: {backendRef: {name: <app>}}}]
---
apiVersion: traefik.io/v1alpha1
kind: IngressRoute
metadata: {name: <app>}
spec:
  routes:
  - match: Host('app')
    services: [{name: <app>, port: 80}, {name: <weights>, kind: TraefikService}, {name: app, kind: TraefikService}]
    middlewares: [{name: app}]
---
{apiVersion: traefik.io/v1alpha1, kind: TraefikService, metadata: {name: <weights>}, spec: {weighted: {services: [{name: <app>, port: 80, weight: 1}]}}}
---
{apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {name: <app>}, spec: {hosts: [app], http: [{route: [{destination: {host: <app>, subset: app}}]}]}}
`},
		{"what selects, and what nobody knows", `
{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: <app>}, spec: {minAvailable: 1, selector: {matchLabels: {app: app}}}}
---
{apiVersion: monitoring.coreos.com/v1, kind: ServiceMonitor, metadata: {name: <app>, namespace: shop}, spec: {selector: {matchLabels: {app: app}}, endpoints: [{port: app}]}}
---
{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: <app>}, spec: {podSelector: {matchLabels: {app: app}}}}
---
{apiVersion: example.org/v1, kind: Unknown, metadata: {name: <app>}, spec: {ref: {kind: Deployment, name: app}, name: app, list: [app, 1, 1.0, yes, ~, 2026-01-01]}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: <app>}}
---
{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: <apps.example.org>}, spec: {names: {kind: app}}}
`},
		{"roles", `
{apiVersion: v1, kind: ServiceAccount, metadata: {name: <app>, namespace: shop}}
---
{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {name: <app>, namespace: shop}, rules: [{resources: [configmaps], resourceNames: [<config>, app, other]}]}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: <config>, namespace: shop}}
---
{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: <b>, namespace: shop},
 roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: <app>}, subjects: [{kind: ServiceAccount, name: <app>, namespace: shop}, {kind: User, name: app}]}
`},
	} {
		objs := parse(t, marked.ReplaceAllString(c.text, "$1"))
		before := stream(t, objs)
		got, err := Rename(objs, suffixed(objs, "-canary"))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if diff := cmp.Diff(stream(t, parse(t, marked.ReplaceAllString(c.text, "$1-canary"))), stream(t, got)); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
		if diff := cmp.Diff(before, stream(t, objs)); diff != "" {
			t.Errorf("%s: the objects given have changed: %s", c.name, diff)
		}
	}
}

// TestRenameKnowsEachReference makes an object for each line of references.yaml.
func TestRenameKnowsEachReference(t *testing.T) {
	var config struct {
		NameReference []struct {
			Kind       string
			FieldSpecs []struct{ Group, Kind, Path string } `yaml:"fieldSpecs"`
		} `yaml:"nameReference"`
	}
	if err := yaml.Unmarshal(references, &config); err != nil {
		t.Fatal(err)
	}
	for _, r := range config.NameReference {
		for _, f := range r.FieldSpecs {
			version, nested := "v1", "app"
			if f.Group != "" {
				version = f.Group + "/v1"
			}
			for _, key := range slices.Backward(strings.Split(f.Path, "/")) {
				nested = fmt.Sprintf("{%s: %s}", key, nested)
			}
			spec := strings.TrimPrefix(nested, "{")
			objs := parse(t, fmt.Sprintf("{apiVersion: %s, kind: %s, metadata: {name: from}, %s\n---\n{apiVersion: v1, kind: %s, metadata: {name: app}}", version, f.Kind, spec, r.Kind))
			got, err := Rename(objs, []string{"", "new"})
			if err != nil {
				t.Fatal(err)
			}
			if at := text(got[0], strings.Split(f.Path, "/")...); at != "new" {
				t.Errorf("%s %s is %q", f.Kind, f.Path, at)
			}
		}
	}
}

func TestRenameSome(t *testing.T) {
	objs := parse(t, `
{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: {template: {spec: {volumes: [{configMap: {name: a}}, {configMap: {name: b}}, {secret: {secretName: a}}]}}}}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: b}}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: other}}
---
{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: a}}
---
{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: a}, spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: a}}}
---
{apiVersion: v1, kind: Secret, metadata: {name: a}}
---
{apiVersion: serving.knative.dev/v1, kind: Service, metadata: {name: a}}
---
{apiVersion: v1, kind: Service, metadata: {name: a}}
`)
	// The two ConfigMaps swap their names; neither the other namespace's, the StatefulSet's nor another group's Service is meant by who says a.
	got, err := Rename(objs, []string{"", "b", "a", "c", "set", "", "123", "", "true"})
	if err != nil {
		t.Fatal(err)
	}
	want := `{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: {template: {spec: {volumes: [{configMap: {name: b}}, {configMap: {name: a}}, {secret: {secretName: "123"}}]}}}}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: b}}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: c, namespace: other}}
---
{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: set}}
---
{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: a}, spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: a}}}
---
{apiVersion: v1, kind: Secret, metadata: {name: "123"}}
---
{apiVersion: serving.knative.dev/v1, kind: Service, metadata: {name: a}}
---
{apiVersion: v1, kind: Service, metadata: {name: "true"}}
`
	if diff := cmp.Diff(want, stream(t, got)); diff != "" {
		t.Error(diff)
	}
}

func TestRenameRefuses(t *testing.T) {
	two := "{apiVersion: v1, kind: Secret, metadata: {name: a}}\n---\n{apiVersion: v1, kind: Secret, metadata: {name: b}}"
	for _, c := range []struct {
		text  string
		names []string
		want  string
	}{
		{two, []string{"c"}, "1 names for 2 objects"},
		{two, []string{"b", ""}, `two objects are Secret "b"`},
		{two, []string{"c", "c"}, `two objects are Secret "c"`},
		{"{apiVersion: v1, kind: Secret}", []string{"c"}, "an object has no name"},
		{"{apiVersion: v1, kind: Secret, metadata: {name: a, annotations: {config.kubernetes.io/local-config: 'true'}}}", []string{"c"}, "0 objects of 1"},
	} {
		if _, err := Rename(parse(t, c.text), c.names); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v", c.names, err)
		}
	}
	if got, err := Rename(nil, nil); err != nil || len(got) != 0 {
		t.Errorf("none: %v, %v", got, err)
	}
}

// TestRenameThereAndBackProp draws objects whose names, references and other strings are the same few words. There and back again is where it began; on the way,
// nothing but strings that are such a word has changed, and only to what that word's objects are now called.
func TestRenameThereAndBackProp(t *testing.T) {
	kinds := []string{
		`{apiVersion: apps/v1, kind: Deployment, metadata: {name: %s}, spec: {template: {spec: {serviceAccountName: %s, volumes: [{name: %s, configMap: {name: %s}}]}}}}`,
		`{apiVersion: v1, kind: ConfigMap, metadata: {name: %s, labels: {app: %s}}, data: {a: %s, b: "%s"}}`,
		`{apiVersion: v1, kind: Service, metadata: {name: %s}, spec: {selector: {%s: %s}, ports: [{name: %s}]}}`,
		`{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: %s}, spec: {scaleTargetRef: {kind: Deployment, name: %s}, x: %s, y: '%s'}}`,
		`{apiVersion: example.org/v1, kind: Any, metadata: {name: %s}, spec: {configMapRef: {name: %s}, name: %s, list: [%s, 1.50, 0x1F, null]}}`,
		`{apiVersion: v1, kind: ServiceAccount, metadata: {name: %s, namespace: "%s"}, a: %s, b: &x %s}`,
	}
	word := rapid.SampledFrom([]string{"app", "web", "on", "x1"})
	rapid.Check(t, func(t *rapid.T) {
		var docs []string
		seen := map[string]bool{}
		for range rapid.IntRange(1, 8).Draw(t, "objects") {
			kind, name := rapid.SampledFrom(kinds).Draw(t, "kind"), word.Draw(t, "name")
			if !seen[kind+name] {
				docs = append(docs, fmt.Sprintf(kind, name, word.Draw(t, "a"), word.Draw(t, "b"), word.Draw(t, "c")))
			}
			seen[kind+name] = true
		}
		objs := parse(t, strings.Join(docs, "\n---\n"))
		var there, back []string
		for i, obj := range objs {
			there = append(there, rapid.SampledFrom([]string{"", "app-" + fmt.Sprint(i), "on" + fmt.Sprint(i)}).Draw(t, "new name"))
			back = append(back, text(obj, "metadata", "name"))
		}
		renamed, err := Rename(objs, there)
		if err != nil {
			t.Fatal(err)
		}
		for i := range objs {
			only(t, objs[i], renamed[i], there)
		}
		again, err := Rename(renamed, back)
		if err != nil {
			t.Fatal(err)
		}
		for i := range objs {
			if want, _ := yaml.Marshal(objs[i]); true {
				if got, _ := yaml.Marshal(again[i]); string(got) != string(want) {
					t.Errorf("there and back: %s, was %s", got, want)
				}
			}
		}
	})
}

// only says that two nodes differ in nothing but strings that are now among names.
func only(t *rapid.T, a, b *yaml.Node, names []string) {
	if a.Kind != b.Kind || a.Style != b.Style || a.ShortTag() != b.ShortTag() || a.Anchor != b.Anchor || len(a.Content) != len(b.Content) {
		t.Fatalf("%v has become %v", a, b)
	}
	if a.Value != b.Value && !slices.Contains(names, b.Value) {
		t.Fatalf("%q has become %q", a.Value, b.Value)
	}
	for i := range a.Content {
		if a.Kind == yaml.MappingNode && i%2 == 0 && a.Content[i].Value != b.Content[i].Value {
			t.Fatalf("the key %q has become %q", a.Content[i].Value, b.Content[i].Value)
		}
		only(t, a.Content[i], b.Content[i], names)
	}
}

func BenchmarkRename(b *testing.B) {
	objs, err := Build(files(usual), "base")
	if err != nil {
		b.Fatal(err)
	}
	names := suffixed(objs, "-canary")
	for b.Loop() {
		if _, err := Rename(objs, names); err != nil {
			b.Fatal(err)
		}
	}
}
