package kustomize

import (
	"bytes"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
	"go.yaml.in/yaml/v3"
	"sigs.k8s.io/kustomize/api/konfig"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/resmap"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	kubernetes "sigs.k8s.io/yaml"

	"github.com/gitramp/gitramp/render"
)

// TestMain lets no test reach a network: what kustomize asks a web server for is counted and refused, and the git it would run leaves a file.
func TestMain(m *testing.M) {
	http.DefaultTransport = &asked
	bin, err := os.MkdirTemp("", "gitramp-kustomize-")
	if err != nil {
		panic(err)
	}
	cloned = filepath.Join(bin, "cloned")
	if err := os.WriteFile(filepath.Join(bin, "git"), []byte("#!/bin/sh\n: >"+cloned+"\nexit 1\n"), 0o755); err != nil {
		panic(err)
	}
	realPath = os.Getenv("PATH")
	os.Setenv("PATH", bin)
	code := m.Run()
	os.RemoveAll(bin)
	os.Exit(code)
}

var (
	asked            recorder
	cloned, realPath string
)

type recorder struct{ requests atomic.Int32 }

func (r *recorder) RoundTrip(*http.Request) (*http.Response, error) {
	r.requests.Add(1)
	return nil, http.ErrUseLastResponse
}

// reached fails a test that has let kustomize out.
func reached(t testing.TB) {
	t.Helper()
	if n := asked.requests.Swap(0); n > 0 {
		t.Errorf("%d web requests", n)
	}
	if os.Remove(cloned) == nil {
		t.Error("git was run")
	}
}

// files is a txtar archive as a file system.
func files(archive string) fstest.MapFS {
	out := fstest.MapFS{}
	for _, f := range txtar.Parse([]byte(archive)).Files {
		out[f.Name] = &fstest.MapFile{Data: f.Data, Mode: 0o444}
	}
	return out
}

// stream encodes objects, one document each.
func stream(t testing.TB, objs []*yaml.Node) string {
	t.Helper()
	var buf bytes.Buffer
	enc := yaml.NewEncoder(&buf)
	enc.SetIndent(2)
	for _, obj := range objs {
		if err := enc.Encode(obj); err != nil {
			t.Fatal(err)
		}
	}
	return buf.String()
}

func build(t testing.TB, fsys fs.FS, dir string) string {
	t.Helper()
	objs, err := Build(fsys, dir)
	if err != nil {
		t.Fatal(err)
	}
	return stream(t, objs)
}

// usual is what most bases look like.
const usual = `
-- base/kustomization.yaml --
resources: [deployment.yaml, service.yaml, ingress.yaml, hpa.yaml]
configMapGenerator:
- name: settings
  literals: [LOG_LEVEL=info]
  files: [app.conf]
-- base/app.conf --
listen = 8080
-- base/deployment.yaml --
# What serves shop.example.org.
apiVersion: apps/v1
kind: Deployment
metadata:
  name: shop # as everything here
spec:
  # the autoscaler has the last word
  replicas: 3
  selector: {matchLabels: {app: shop}}
  template:
    metadata:
      labels: {app: shop}
    spec:
      containers:
      - name: web
        image: registry.example.org/shop:1.0 # bumped by CI
        ports:
        - containerPort: 8080
        envFrom:
        - configMapRef: {name: settings}
        notYetKnown: {to: Kubernetes}
-- base/service.yaml --
apiVersion: v1
kind: Service
metadata:
  name: shop
spec:
  ports: [{port: 80, targetPort: 8080}]
  selector: {app: shop}
-- base/ingress.yaml --
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: shop
spec:
  rules:
  - host: shop.example.org
    http:
      paths:
      - {path: /, pathType: Prefix, backend: {service: {name: shop, port: {number: 80}}}}
-- base/hpa.yaml --
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: shop
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: shop}
  minReplicas: 3
  maxReplicas: 9
`

func TestBuildKeepsOrderCommentsAndWhatItDoesNotKnow(t *testing.T) {
	in := files(usual)
	got := build(t, in, "base")
	config := `apiVersion: v1
kind: ConfigMap
metadata:
  name: settings-7k777f45hk
data:
  LOG_LEVEL: info
  app.conf: |
    listen = 8080
`
	var want []string
	for _, name := range []string{"deployment", "service", "ingress", "hpa"} {
		want = append(want, string(in["base/"+name+".yaml"].Data))
	}
	text := strings.Join(append(want, config), "---\n")
	text = strings.ReplaceAll(text, "configMapRef: {name: settings}", "configMapRef: {name: settings-7k777f45hk}")
	if diff := cmp.Diff(indented(t, text), got); diff != "" {
		t.Error(diff)
	}
	reached(t)
}

// indented is a stream as stream writes it: the encoder indents lists where kustomize's users mostly do not.
func indented(t testing.TB, text string) string {
	t.Helper()
	var objs []*yaml.Node
	for doc := range strings.SplitSeq(text, "---\n") {
		var n yaml.Node
		if err := yaml.Unmarshal([]byte(doc), &n); err != nil {
			t.Fatal(err)
		}
		objs = append(objs, n.Content[0])
	}
	return stream(t, objs)
}

// TestKustomizationNames: what gitramp takes for a kustomization is what kustomize does.
func TestKustomizationNames(t *testing.T) {
	if got, want := render.KustomizationNames(), konfig.RecognizedKustomizationFileNames(); !slices.Equal(got, want) {
		t.Errorf("they are %q, and kustomize's are %q", got, want)
	}
}

// TestBuildReadsWhatTheFunctionNoted: objects that gitramp as a function has taken out of the cluster are the base's still, one by one and in a list, with what else is
// noted on them; what others have taken out is gone, and where that is the Deployment the error says so.
func TestBuildReadsWhatTheFunctionNoted(t *testing.T) {
	const ours, theirs = "gitramp.dev/base-of: a", "config.kubernetes.io/local-config: 'true'"
	text := func(notes ...string) string {
		return fmt.Sprintf(`
-- base/kustomization.yaml --
resources: [a.yaml, list.yaml]
-- base/a.yaml --
# ours
apiVersion: apps/v1
kind: Deployment
metadata: {name: a%s} # here
spec: {a: &same {replicas: 1}, b: *same}
---
apiVersion: v1
kind: A
metadata: {name: b%s}
-- base/list.yaml --
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: A, metadata: {name: c%s}}
`, notes[0], notes[1], notes[2])
	}
	both, more := ", annotations: {"+theirs+", "+ours+"}", ", annotations: {x: y, "
	want := build(t, files(text("", more+"}", "")), "base")
	if got := build(t, files(text(both, more+theirs+", "+ours+"}", both)), "base"); got != want {
		t.Errorf("it is\n%s\nwant\n%s", got, want)
	}
	if got := build(t, files(text(both, ", annotations: {"+theirs+"}", "")), "base"); strings.Contains(got, "name: b") || !strings.Contains(got, "name: a") {
		t.Errorf("what others left out is\n%s", got)
	}
	refused(t, files(text(", annotations: {"+theirs+"}", "", "")), "base", "has no Deployment: Deployment a of base/a.yaml is left out by kustomize: allowed one without the annotation config.kubernetes.io/local-config")
}

func TestBuildIsTheSameEveryTime(t *testing.T) {
	want := build(t, files(everything), "app/overlay")
	for range 5 {
		if diff := cmp.Diff(want, build(t, files(everything), "app/overlay")); diff != "" {
			t.Fatal(diff)
		}
	}
}

// everything has each field of a kustomization that names a file or a directory, and each that does without.
const everything = `
-- app/overlay/kustomization.yml --
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources: [../base, extra/list.yaml, crontab.yaml]
bases: [../other/]
components: [../component]
crds: [crd.json]
configurations: [config.yaml]
openapi: {path: schema.json}
namePrefix: p-
nameSuffix: -s
namespace: shop
labels: [{pairs: {team: blue}, includeTemplates: true}]
commonLabels: {stage: live}
commonAnnotations: {docs: "https://example.org/docs"}
images: [{name: nginx, newTag: "1.29"}]
replicas: [{name: web, count: 4}]
generatorOptions: {labels: {generated: "yes"}}
configMapGenerator:
- name: files
  files: [extra/a.txt, b=extra/b.txt]
- name: envs
  envs: [extra/c.env]
- name: one
  env: extra/c.env
- name: merged
  behavior: merge
  literals: [B=2]
secretGenerator:
- name: secret
  files: [extra/a.txt]
  options: {disableNameSuffixHash: true}
patches:
- path: patches/memory.yaml
- target: {kind: Service}
  patch: |
    - {op: add, path: /spec/type, value: ClusterIP}
patchesStrategicMerge:
- patches/sm.yaml
- |
  apiVersion: v1
  kind: Service
  metadata: {name: web}
  spec: {sessionAffinity: None}
patchesJson6902:
- target: {version: v1, kind: Service, name: web}
  path: patches/json.yaml
replacements:
- path: replacement.yaml
- source: {kind: Service, name: web, fieldPath: metadata.name}
  targets: [{select: {kind: Deployment}, fieldPaths: [metadata.annotations.service], options: {create: true}}]
vars:
- name: WEB
  objref: {apiVersion: v1, kind: Service, name: web}
generators:
- |
  apiVersion: builtin
  kind: ConfigMapGenerator
  metadata: {name: unused}
  name: plugged
  files: [extra/a.txt]
- plugins/secret.yaml
transformers:
- plugins/label.yaml
- |
  apiVersion: builtin
  kind: PatchTransformer
  metadata: {name: unused}
  path: patches/memory.yaml
validators:
- |
  apiVersion: builtin
  kind: AnnotationsTransformer
  metadata: {name: unused}
  annotations: {}
  fieldSpecs: []
buildMetadata: [originAnnotations, transformerAnnotations]
sortOptions: {order: fifo}
-- app/overlay/extra/list.yaml --
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: ServiceAccount, metadata: {name: one}}
- {apiVersion: v1, kind: ServiceAccount, metadata: {name: two}}
-- app/overlay/extra/a.txt --
a
-- app/overlay/extra/b.txt --
b & *b
-- app/overlay/extra/c.env --
C=3
-- app/overlay/crontab.yaml --
apiVersion: example.org/v1
kind: CronTab
metadata: {name: tab}
spec: {bucket: {name: one}, $patch: x}
-- app/overlay/crd.json --
{"example.org/v1.CronTab": {"Schema": {"properties": {"apiVersion": {}, "kind": {}, "metadata": {}, "spec": {"$ref": "example.org/v1.Spec"}}}},
 "example.org/v1.Spec": {"Schema": {"properties": {"bucket": {"x-kubernetes-object-ref-api-version": "v1", "x-kubernetes-object-ref-kind": "ServiceAccount"}}}}}
-- app/overlay/config.yaml --
nameReference:
- kind: Service
  fieldSpecs: [{kind: CronTab, path: spec/service}]
-- app/overlay/schema.json --
{"definitions": {"v1.CronTab": {"properties": {"spec": {"type": "object"}}, "x-kubernetes-group-version-kind": [{"group": "example.org", "kind": "CronTab", "version": "v1"}]}}}
-- app/overlay/replacement.yaml --
source: {kind: Service, name: web, fieldPath: metadata.name}
targets: [{select: {kind: CronTab}, fieldPaths: [spec.service], options: {create: true}}]
-- app/overlay/patches/memory.yaml --
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec: {template: {spec: {containers: [{name: web, resources: {limits: {memory: 64Mi}}}]}}}
-- app/overlay/patches/sm.yaml --
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec: {minReadySeconds: 5}
-- app/overlay/patches/json.yaml --
- {op: add, path: /metadata/annotations, value: {json: "yes"}}
-- app/overlay/plugins/secret.yaml --
apiVersion: builtin
kind: SecretGenerator
metadata: {name: unused}
name: plugged
envs: [extra/c.env]
-- app/overlay/plugins/label.yaml --
apiVersion: builtin
kind: LabelTransformer
metadata: {name: unused}
labels: {plugged: "yes"}
fieldSpecs: [{path: metadata/labels, create: true}]
-- app/base/Kustomization --
resources: [web.yaml]
configMapGenerator:
- {name: merged, literals: [A=1]}
-- app/base/web.yaml --
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, annotations: {config.kubernetes.io/depends-on: nothing}}
spec:
  selector: {matchLabels: &labels {app: web}}
  template:
    metadata: {labels: *labels}
    spec:
      containers:
      - {name: web, image: nginx, args: ["--service=$(WEB)"], envFrom: [{configMapRef: {name: merged}}, {secretRef: {name: plugged}}]}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: local, annotations: {config.kubernetes.io/local-config: "true"}}
-- app/other/kustomization.yaml --
resources: [account.yaml]
-- app/other/account.yaml --
{apiVersion: v1, kind: ServiceAccount, metadata: {name: other}}
-- app/component/kustomization.yaml --
apiVersion: kustomize.config.k8s.io/v1alpha1
kind: Component
resources: [account.yaml]
-- app/component/account.yaml --
{apiVersion: v1, kind: ServiceAccount, metadata: {name: component}}
`

// TestBuildIsWhatKustomizeBuilds holds Build against kustomize on the same files on disk: nothing that a kustomization may name is left behind.
func TestBuildIsWhatKustomizeBuilds(t *testing.T) {
	for dir, archive := range map[string]string{"base": usual, "app/overlay": everything, "app/base": everything, ".": "-- kustomization.yaml --\nresources: [sub]\n" +
		"-- sub/kustomization.yaml --\nresources: [a.yaml]\n-- sub/a.yaml --\n{apiVersion: v1, kind: Secret, metadata: {name: a}}\n"} {
		root := t.TempDir()
		if err := os.CopyFS(root, files(archive)); err != nil {
			t.Fatal(err)
		}
		built := onDisk(t, filepath.Join(root, filepath.FromSlash(dir)), dir == "app/overlay")
		for _, r := range built.Resources() {
			stripAnnotations(r.YNode())
		}
		data, err := built.AsYaml()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(values(t, string(data)), values(t, build(t, files(archive), dir))); diff != "" {
			t.Errorf("%s: %s", dir, diff)
		}
	}
	reached(t)
}

// onDisk is what kustomize builds of a directory. Its warnings of old fields are left out here as they are by Build.
func onDisk(t *testing.T, dir string, sorted bool) resmap.ResMap {
	t.Helper()
	stderr := os.Stderr
	defer func() { os.Stderr = stderr }()
	os.Stderr = nil
	options := krusty.MakeDefaultOptions()
	if sorted {
		options.Reorder = krusty.ReorderOptionUnspecified
	}
	built, err := krusty.MakeKustomizer(options).Run(filesys.MakeFsOnDisk(), dir)
	if err != nil {
		t.Fatal(err)
	}
	return built
}

// values decodes a stream.
func values(t testing.TB, text string) (out []any) {
	t.Helper()
	dec := yaml.NewDecoder(strings.NewReader(text))
	for {
		var v any
		if dec.Decode(&v) != nil {
			return out
		}
		out = append(out, v)
	}
}

func TestBuildLeavesNoNotesOfKustomizeOnObjects(t *testing.T) {
	got := build(t, files(everything), "app/overlay")
	for _, note := range []string{"internal.config.kubernetes.io", "config.kubernetes.io/origin", "config.kubernetes.io/index", "transformations", "annotations: {}"} {
		if strings.Contains(got, note) {
			t.Errorf("%s is left in %s", note, got)
		}
	}
	for _, kept := range []string{"config.kubernetes.io/depends-on: nothing", "docs: https://example.org/docs", "--service=p-web-s"} {
		if !strings.Contains(got, kept) {
			t.Errorf("%s is missing in %s", kept, got)
		}
	}
	if strings.Contains(got, "name: p-local-s") {
		t.Error("an object for kustomize's own use is built")
	}
}

// TestBuildForgetsSchemas has a base whose schema says that lists of its kind are merged by name, and one of the same kind that does not.
func TestBuildForgetsSchemas(t *testing.T) {
	base := func(openapi string) fstest.MapFS {
		return files(`
-- kustomization.yaml --
resources: [a.yaml]
` + openapi + `
patches: [{patch: "{apiVersion: example.org/v1, kind: Set, metadata: {name: a}, items: [{name: two, v: 2}]}"}]
-- a.yaml --
{apiVersion: example.org/v1, kind: Set, metadata: {name: a}, items: [{name: one, v: 1}]}
-- schema.json --
{"definitions": {"v1.Set": {"properties": {"items": {"type": "array", "items": {"type": "object"}, "x-kubernetes-patch-merge-key": "name", "x-kubernetes-patch-strategy": "merge"}},
 "x-kubernetes-group-version-kind": [{"group": "example.org", "kind": "Set", "version": "v1"}]}}}
`)
	}
	plain := build(t, base(""), ".")
	if strings.Contains(plain, "one") {
		t.Fatalf("merged without a schema: %s", plain)
	}
	if got := build(t, base("openapi: {path: schema.json}"), "."); !strings.Contains(got, "one") {
		t.Errorf("the base's own schema is not used: %s", got)
	}
	if diff := cmp.Diff(plain, build(t, base(""), ".")); diff != "" {
		t.Errorf("the schema of another base is used: %s", diff)
	}
}

// TestBuildWritesStringsThatStayStrings reads what is built as Kubernetes does.
func TestBuildWritesStringsThatStayStrings(t *testing.T) {
	in := files(`
-- kustomization.yaml --
resources: [a.yaml]
configMapGenerator: [{name: c, literals: [A=yes, B=1:20, C=010, D=null, E=1e3, F=y]}]
labels: [{pairs: {on: "off"}}]
-- a.yaml --
{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {plain: yes, quoted: 'no', block: "on\n", time: 12:30:45.5, base: -1_0:59, word: 1:60, not: yesterday}}
`)
	for _, text := range strings.Split(build(t, in, "."), "---\n") {
		var obj struct {
			Metadata struct{ Labels map[string]any }
			Data     map[string]any
		}
		if err := kubernetes.Unmarshal([]byte(text), &obj); err != nil {
			t.Fatal(err)
		}
		for _, values := range []map[string]any{obj.Data, obj.Metadata.Labels} {
			for key, v := range values {
				if _, ok := v.(string); !ok {
					t.Errorf("%s is %T in %s", key, v, text)
				}
			}
			if len(values) == 0 {
				t.Errorf("nothing in %s", text)
			}
		}
	}
}

func BenchmarkBuild(b *testing.B) {
	in := files(usual)
	for b.Loop() {
		if _, err := Build(in, "base"); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkBuildPatched has a strategic merge patch, for which kustomize reads its schemas once in a process.
func BenchmarkBuildPatched(b *testing.B) {
	in := files(usual + "-- overlay/kustomization.yaml --\nresources: [../base]\npatches: [{patch: '{apiVersion: v1, kind: Service, metadata: {name: shop}, spec: {type: NodePort}}'}]\n")
	for b.Loop() {
		if _, err := Build(in, "overlay"); err != nil {
			b.Fatal(err)
		}
	}
}
