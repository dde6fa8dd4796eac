package app

import (
	"bytes"
	"cmp"
	"encoding/json"
	"flag"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"

	"pgregory.net/rapid"
	"sigs.k8s.io/yaml"

	yamlv3 "go.yaml.in/yaml/v3"

	"github.com/gitramp/gitramp/cmd/internal/kustomize"
	"github.com/gitramp/gitramp/render"
	"github.com/gitramp/gitramp/render/prove"
	"github.com/gitramp/gitramp/templates"
)

// randomBase is a base and what may change of it with a release.
type randomBase struct {
	name, namespace             string
	key                         string // the first label
	conf                        string // the name of the ConfigMap that pods refer to; "" for conf
	image, level                string
	replicas                    int
	generated, secret, scaler   bool
	gateway, budget, policy     bool
	worker, twoLabels, foreign  bool
	extra                       int
	capacity                    int
	numberedTarget, headerMatch bool
	late                        bool // pods refer to a ConfigMap that is there anyway
	expression, metrics, second bool
	matched, certificate        bool
	ports                       int // that a policy lets in
}

func draw(t *rapid.T) randomBase {
	flag := func(name string) bool { return rapid.Bool().Draw(t, name) }
	b := randomBase{
		name:      rapid.StringMatching(`[a-z][a-z0-9]{0,7}(-[a-z0-9]{1,4})?`).Draw(t, "name"),
		namespace: rapid.SampledFrom([]string{"", "web"}).Draw(t, "namespace"),
		key:       rapid.SampledFrom([]string{"app", "app.kubernetes.io/name", "run"}).Draw(t, "key"),
		image:     "registry.example.com/a:1", level: "info",
		replicas:  rapid.IntRange(1, 12).Draw(t, "replicas"),
		generated: flag("generated"), secret: flag("secret"), scaler: flag("scaler"), gateway: flag("gateway"), budget: flag("budget"), policy: flag("policy"),
		worker: flag("worker"), twoLabels: flag("twoLabels"), foreign: flag("foreign"), extra: rapid.IntRange(0, 2).Draw(t, "extra"),
		numberedTarget: flag("numberedTarget"), headerMatch: flag("headerMatch"),
		late: flag("late"), expression: flag("expression"), metrics: flag("metrics"), second: flag("second"), matched: flag("matched"), certificate: flag("certificate"),
	}
	b.capacity = rapid.IntRange(2, 9).Draw(t, "capacity")
	return b
}

// next is the base after a change of something that makes a new revision, and maybe of more.
func (b randomBase) next(t *rapid.T) randomBase {
	changed := rapid.IntRange(1, 3).Draw(t, "changed")
	if changed&1 != 0 {
		b.image = "registry.example.com/a:2"
	}
	if changed&2 != 0 {
		b.level = "debug"
	}
	if rapid.Bool().Draw(t, "refers") {
		b.late = !b.late
	}
	if rapid.Bool().Draw(t, "policies") {
		b.ports, b.expression, b.metrics = b.ports+1, !b.expression, !b.metrics
	}
	if rapid.Bool().Draw(t, "other") {
		b.extra, b.budget = (b.extra+1)%3, !b.budget
	}
	return b
}

func (b randomBase) spec() string {
	spec := "apiVersion: gitramp.dev/v1alpha1\nkind: Canary\nmetadata:\n  name: app\n"
	if b.namespace != "" {
		spec += "  namespace: " + b.namespace + "\n"
	}
	spec += "spec:\n  base: base\n"
	if b.scaler {
		spec += fmt.Sprintf("  replicas: %d\n", b.capacity)
	}
	switch {
	case b.worker && b.second:
		spec += "  output: {names: {prod: {deployment: " + b.name + ", service: " + b.name + "}}}\n"
	case b.worker:
		spec += "  output: {names: {prod: {deployment: " + b.name + "}}}\n"
	case b.second:
		spec += "  output: {names: {prod: {service: " + b.name + "}}}\n"
	}
	if b.headerMatch {
		spec += "  route: {match: [{header: {name: X-Canary}}]}\n"
	}
	return spec + "  steps:\n  - setWeight: 20\n  - pause: {}\n  - setWeight: 60\n"
}

func (b randomBase) files() fstest.MapFS {
	var docs []string
	doc := func(format string, args ...any) { docs = append(docs, fmt.Sprintf(format, args...)) }
	conf := cmp.Or(b.conf, "conf")
	labels := fmt.Sprintf("{%s: %s}", b.key, b.name)
	all := labels
	if b.twoLabels {
		all = fmt.Sprintf("{%s: %s, tier: front}", b.key, b.name)
	}
	replicas := fmt.Sprintf("\n  replicas: %d", b.replicas)
	if b.scaler {
		replicas = ""
		doc("apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: %[1]s}\nspec:\n  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: %[1]s}\n  minReplicas: 2\n  maxReplicas: 9\n", b.name)
	}
	env := ""
	if b.secret {
		env = "\n        - secretRef: {name: keys}"
		doc("apiVersion: v1\nkind: Secret\nmetadata: {name: keys}\nstringData: {KEY: %s}\n", b.level)
	}
	doc("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: late}\ndata: {LEVEL: %s}\n", b.level)
	if b.late {
		env += "\n        - configMapRef: {name: late}"
	}
	doc("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: %s}\nspec:%s\n  selector: {matchLabels: %s}\n  strategy: {rollingUpdate: {maxUnavailable: 0, maxSurge: 1}}\n  template:\n    metadata: {labels: %s}\n    spec:\n      containers:\n      - name: main\n        image: %s # the app\n        ports: [{name: http, containerPort: 8080}]\n        envFrom:\n        - configMapRef: {name: %s}%s\n        lifecycle: {preStop: {sleep: {seconds: 15}}}\n",
		b.name, replicas, all, all, b.image, conf, env)
	target := "http"
	if b.numberedTarget {
		target = "8080"
	}
	doc("apiVersion: v1\nkind: Service\nmetadata: {name: %s, labels: %s}\nspec:\n  selector: %s\n  ports: [{name: web, port: 80, targetPort: %s}]\n", b.name, labels, labels, target)
	kustomization := "resources: [all.yaml]\n"
	if b.generated {
		kustomization += "configMapGenerator: [{name: " + conf + ", literals: [LEVEL=" + b.level + "]}]\n"
	} else {
		doc("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s}\ndata: {LEVEL: %s}\n", conf, b.level)
	}
	if b.namespace != "" {
		kustomization += "namespace: " + b.namespace + "\n"
	}
	if b.second {
		doc("apiVersion: v1\nkind: Service\nmetadata: {name: admin}\nspec:\n  selector: %s\n  ports: [{port: 80, targetPort: http}]\n", labels)
	}
	if b.gateway {
		matches := ""
		if b.matched {
			matches = "\n    matches: [{method: GET}, {path: {type: PathPrefix, value: /v2}, queryParams: [{name: beta, value: \"1\"}]}]"
		}
		route := "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: %s}\nspec:\n  parentRefs: [{name: gw}]\n  hostnames: [%s.example.com]\n  rules:\n  - backendRefs: [{name: %s, port: 80}]%s\n"
		if doc(route, b.name, "a", b.name, matches); b.second {
			doc(route, "admin", "admin", "admin", "")
		}
	} else {
		other := ""
		if b.second {
			doc("apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: admin}\nspec:\n  ingressClassName: nginx\n  rules:\n  - host: admin.example.com\n    http:\n      paths:\n      - {path: /, pathType: Prefix, backend: {service: {name: admin, port: {number: 80}}}}\n")
		}
		tls := ""
		if b.certificate {
			tls = "\n  tls: [{hosts: [a.example.com], secretName: keys}]"
		}
		if b.foreign {
			other = "\n      - {path: /api, pathType: Prefix, backend: {service: {name: other, port: {number: 80}}}}"
		}
		doc("apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: %[1]s}\nspec:\n  ingressClassName: nginx%[3]s\n  rules:\n  - host: a.example.com\n    http:\n      paths:\n      - {path: /, pathType: Prefix, backend: {service: {name: %[1]s, port: {number: 80}}}}%[2]s\n", b.name, other, tls)
	}
	if b.budget {
		doc("apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: %s}\nspec: {minAvailable: 1, selector: {matchLabels: %s}}\n", b.name, labels)
	}
	if b.policy {
		doc("apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: allow}\nspec: {podSelector: {matchLabels: %s}, ingress: [{ports: [{port: %d}]}]}\n", labels, 8080+b.ports)
	}
	if b.expression {
		doc("apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: expressed}\nspec: {podSelector: {matchExpressions: [{key: %s, operator: In, values: [%s, db]}]}, egress: [{}]}\n", b.key, b.name)
	}
	if b.metrics {
		doc("apiVersion: v1\nkind: Service\nmetadata: {name: metrics, labels: {for: metrics}}\nspec: {clusterIP: None, selector: %s, ports: [{name: m, port: 9090}]}\n", labels)
		doc("apiVersion: monitoring.coreos.com/v1\nkind: ServiceMonitor\nmetadata: {name: m}\nspec: {selector: {matchLabels: {for: metrics}}, endpoints: [{port: m}]}\n")
	}
	if b.worker {
		doc("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: worker}\nspec:\n  selector: {matchLabels: {job: worker}}\n  template:\n    metadata: {labels: {job: worker}}\n    spec: {containers: [{name: w, image: registry.example.com/w:1, envFrom: [{configMapRef: {name: conf}}]}]}\n")
	}
	for i := range b.extra {
		doc("apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: widget-%d}\nspec: {size: %d, for: %s}\n", i, i, b.name)
	}
	return fstest.MapFS{"base/all.yaml": {Data: []byte(strings.Join(docs, "---\n"))}, "base/kustomization.yaml": {Data: []byte(kustomization)}}
}

func (b randomBase) read(t *rapid.T) (*render.Canary, []*yamlv3.Node) {
	spec, err := render.ParseSpec("canary.yaml", []byte(b.spec()))
	if err != nil {
		t.Fatalf("%v\n%s", err, b.spec())
	}
	objs, err := kustomize.Build(b.files(), "base")
	if err != nil {
		t.Fatal(err)
	}
	with, err := spec.WithBase(objs, kustomize.Rename)
	if err != nil {
		t.Fatalf("%v\n%s", err, b.files()["base/all.yaml"].Data)
	}
	return with, objs
}

// TestPropBases: whatever a base is, prod of the idle step is it; each tree builds and knows what it refers to; the tracks do not meet; every way is proven safe; a
// tree says all that it takes to go on from it; and an abort leads back to the very tree that there was.
func TestPropBases(t *testing.T) {
	if f := flag.Lookup("rapid.checks"); f.Value.String() == f.DefValue { // make fuzz asks for more
		if err := f.Value.Set("15"); err != nil {
			t.Fatal(err)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		b := draw(t)
		set := render.NewTemplates(templates.FS)
		was, objs := b.read(t)
		next := b.next(t)
		spec, _ := next.read(t)
		r := releaseOf(t, was, spec)
		var idle render.Tree
		var from *render.Lock
		for i, st := range r.Plan.Steps {
			tree, lock, err := r.Tree(st, from)
			if err != nil {
				t.Fatal(err)
			}
			if i == 0 {
				idle = tree
				isBase(t, tree, objs)
			}
			builds(t, st.ID(), tree)
			apart(t, st.ID(), tree)
			reads(t, st, tree, b.level, next.level)
			state := reread(t, tree)
			goesOn(t, spec, state, tree, set)
			if st.Transition == render.Cleanup {
				staysAs(t, spec, state, tree, set)
			}
			if st.HasCanary() && st.Transition != render.Restore {
				takesBack(t, state, idle, st.ID())
			}
			from = lock
		}
		in, err := prove.Release(r)
		if err != nil {
			t.Fatal(err)
		}
		result, err := prove.Prove(in, prove.Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range result.Stories {
			t.Errorf("not safe: %s", s)
		}
	})
}

// isBase: prod between two releases is what kustomize built, but for the label that says who manages it.
func isBase(t *rapid.T, tree render.Tree, objs []*yamlv3.Node) {
	built := map[string]any{}
	for _, o := range objs {
		var v map[string]any
		if err := o.Decode(&v); err != nil {
			t.Fatal(err)
		}
		built[id(v)] = v
	}
	for _, v := range objects(t, tree) {
		meta := v["metadata"].(map[string]any)
		labels := meta["labels"].(map[string]any)
		if delete(labels, "app.kubernetes.io/managed-by"); len(labels) == 0 {
			delete(meta, "labels")
		}
		if want := built[id(v)]; asJSON(t, v) != asJSON(t, want) {
			t.Fatalf("idle is not the base: %s\nwant %s", asJSON(t, v), asJSON(t, want))
		}
		delete(built, id(v))
	}
	if len(built) > 0 {
		t.Fatalf("not in the idle tree: %v", built)
	}
}

func asJSON(t *rapid.T, v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var again any // numbers come as int from one parser and as float from the other
	if err := json.Unmarshal(text, &again); err != nil {
		t.Fatal(err)
	}
	text, _ = json.Marshal(again)
	return string(text)
}

func id(v map[string]any) string {
	meta := v["metadata"].(map[string]any)
	return fmt.Sprint(v["kind"], " ", meta["namespace"], " ", meta["name"])
}

// objects are those of a tree as another parser reads them.
func objects(t *rapid.T, tree render.Tree) (list []map[string]any) {
	for _, path := range tree.Resources() {
		data, ok := tree.Get(path)
		if !ok {
			t.Fatalf("%s is listed, and not there", path)
		}
		var v map[string]any
		if err := yaml.Unmarshal(data, &v); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		list = append(list, v)
	}
	return list
}

// builds: kustomize builds the tree as it lies, and finds as many objects as are listed.
func builds(t *rapid.T, step string, tree render.Tree) {
	files := fstest.MapFS{}
	for _, f := range tree {
		files["out/"+f.Path] = &fstest.MapFile{Data: f.Data}
	}
	objs, err := kustomize.Build(files, "out")
	if err != nil {
		t.Fatalf("%s: %v", step, err)
	}
	if listed := len(tree.Resources()); len(objs) != listed {
		t.Fatalf("%s: %d objects, of %d that are listed", step, len(objs), listed)
	}
	has, wants := tree.Config()
	for _, w := range wants {
		if !strings.Contains(" "+strings.Join(has, " , ")+" ", " "+w.Config+" ") {
			t.Fatalf("%s: %s refers to %s, and there are %v", step, w.Deployment, w.Config, has)
		}
	}
}

// reads: the pods of each track read the config of their own revision, from the first step on.
func reads(t *rapid.T, st render.Step, tree render.Tree, was, is string) {
	if st.Promoted() || st.Transition == render.Cleanup {
		was = is
	}
	says := map[string]any{}
	for _, v := range objects(t, tree) {
		for _, field := range []string{"data", "stringData"} {
			if data, ok := v[field].(map[string]any); ok {
				says[fmt.Sprint(v["kind"], " ", v["metadata"].(map[string]any)["name"])] = data
			}
		}
	}
	_, wants := tree.Config()
	for _, w := range wants {
		level := map[bool]string{false: was, true: is}[strings.HasSuffix(w.Deployment, "-canary")]
		for _, value := range says[w.Config].(map[string]any) {
			if value != level {
				t.Fatalf("%s: %s reads %v from %s, and its revision says %s", st.ID(), w.Deployment, value, w.Config, level)
			}
		}
	}
}

// apart: no selector picks pods of the other track, and what refers to a Deployment or Service of a track is of that track, but for the route.
func apart(t *rapid.T, step string, tree render.Tree) {
	objs := map[string]map[string]any{}
	for i, path := range tree.Resources() {
		objs[path] = objects(t, tree)[i]
	}
	if objs["canary-deployment.yaml"] == nil {
		return
	}
	at := func(path string, fields ...string) map[string]any {
		var v any = objs[path]
		for _, f := range fields {
			m, _ := v.(map[string]any)
			v = m[f]
		}
		m, _ := v.(map[string]any)
		return m
	}
	for _, own := range []string{"prod", "canary"} {
		other := map[string]string{"prod": "canary", "canary": "prod"}[own]
		mine, others := at(own+"-deployment.yaml", "spec", "template", "metadata", "labels"), at(other+"-deployment.yaml", "spec", "template", "metadata", "labels")
		for _, selector := range []map[string]any{at(own+"-deployment.yaml", "spec", "selector", "matchLabels"), at(own+"-service.yaml", "spec", "selector")} {
			if !picks(selector, mine) || picks(selector, others) {
				t.Fatalf("%s: selector %v of %s; its pods are %v, the others' %v", step, selector, own, mine, others)
			}
		}
		for path, v := range objs {
			if name := v["metadata"].(map[string]any)["name"].(string); own == "canary" && !strings.HasSuffix(name, "-canary") {
				continue // one of prod's that only the new revision has
			}
			if target := at(path, "spec", "scaleTargetRef"); target != nil && strings.HasPrefix(path, own+"-") && target["name"] != objs[own+"-deployment.yaml"]["metadata"].(map[string]any)["name"] {
				t.Fatalf("%s: %s scales %v", step, path, target)
			}
			selectors := []map[string]any{at(path, "spec", "selector", "matchLabels"), at(path, "spec", "podSelector", "matchLabels")}
			if v["kind"] == "Service" {
				selectors = append(selectors, at(path, "spec", "selector"))
			}
			expressions, _ := at(path, "spec", "podSelector")["matchExpressions"].([]any)
			for _, e := range expressions {
				for _, value := range e.(map[string]any)["values"].([]any) {
					selectors = append(selectors, map[string]any{e.(map[string]any)["key"].(string): value})
				}
			}
			for _, selector := range selectors {
				if selector != nil && strings.HasPrefix(path, own+"-") && v["kind"] != "ServiceMonitor" && picks(selector, others) {
					t.Fatalf("%s: %s picks pods of %s", step, path, other)
				}
			}
		}
	}
}

func picks(selector, labels map[string]any) bool {
	for k, v := range selector {
		if !reflect.DeepEqual(labels[k], v) {
			return false
		}
	}
	return len(selector) > 0
}

func reread(t *rapid.T, tree render.Tree) render.State {
	files := map[string][]byte{}
	for _, f := range tree {
		files[f.Path] = f.Data
	}
	s, err := render.ReadState("out", files)
	if err != nil || s.Drift != nil {
		t.Fatalf("%v %v", err, s.Drift)
	}
	return s
}

// goesOn: a tree alone says what its step looks like.
func goesOn(t *rapid.T, spec *render.Canary, s render.State, tree render.Tree, set *render.Templates) {
	if s.IsIdle() {
		return // the spec is asked as well
	}
	revs, err := s.Revisions()
	if err != nil {
		t.Fatal(err)
	}
	r, err := render.NewRelease(spec, "canary.yaml", revs, set)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.At(s); err != nil {
		t.Fatal(err)
	}
	own, _, err := r.Own(s)
	if err != nil {
		t.Fatal(err)
	}
	same(t, s.Lock.Step.Name, tree, own)
}

// staysAs: a tree after its release is what the base says of it: nothing is left to do.
func staysAs(t *rapid.T, spec *render.Canary, s render.State, tree render.Tree, set *render.Templates) {
	revs, err := s.Revisions()
	if err != nil {
		t.Fatal(err)
	}
	if revs.Stable, err = spec.Refreshed(revs.Stable); err != nil {
		t.Fatal(err)
	}
	if revs.Canary, err = spec.RevisionBeside(revs.Stable, set); err != nil {
		t.Fatal(err)
	}
	r, err := render.NewRelease(spec, "canary.yaml", revs, set)
	if err != nil {
		t.Fatal(err)
	}
	own, _, err := r.Own(s)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "after the cleanup", unlocked(tree), unlocked(own))
}

func same(t *rapid.T, step string, want, got render.Tree) {
	for _, f := range want {
		if data, ok := got.Get(f.Path); !ok || !bytes.Equal(data, f.Data) {
			t.Fatalf("%s: %s is not as it was\n%s\nbut\n%s", step, f.Path, f.Data, data)
		}
	}
	if len(got) != len(want) {
		t.Fatalf("%s: %d files, and there were %d", step, len(got), len(want))
	}
}

// takesBack: an abort leads back to what there was, from the tree alone.
func takesBack(t *rapid.T, s render.State, idle render.Tree, step string) {
	for d := s.Abort(); d.Transition != ""; d = s.Finish("", render.Evidence{NoHolds: true}) {
		tree, lock, err := s.Turn(d)
		if err != nil {
			t.Fatal(err)
		}
		builds(t, string(d.Transition)+" at "+step, tree)
		s = render.State{Lock: lock, Tree: tree}
		if s.IsIdle() {
			break
		}
	}
	for _, f := range idle {
		if f.Path == render.LockFile {
			continue
		}
		data, ok := s.Tree.Get(f.Path)
		if !ok || !bytes.Equal(data, f.Data) {
			t.Fatalf("after an abort at %s %s is\n%s\nand was\n%s", step, f.Path, data, f.Data)
		}
	}
	if len(s.Tree) != len(idle) {
		t.Fatalf("after an abort at %s there are %d files, and there were %d", step, len(s.Tree), len(idle))
	}
}

// unlocked is a tree without its lock.
func unlocked(tree render.Tree) (files render.Tree) {
	for _, f := range tree {
		if f.Path != render.LockFile {
			files = append(files, f)
		}
	}
	return files
}
