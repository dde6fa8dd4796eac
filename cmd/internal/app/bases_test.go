package app

import (
	"bytes"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/gitramp/gitramp/cmd/internal/kustomize"
	"github.com/gitramp/gitramp/render"
	"github.com/gitramp/gitramp/render/prove"
	"github.com/gitramp/gitramp/templates"
)

var update = flag.Bool("update", false, "rewrite golden/bases (make golden)")

const basesDir = "../../../fixtures/bases"

// TestBases renders every step of every fixture with a base, from what was/ builds, or spec.stable says, to what base/ does, and has the release proven safe.
func TestBases(t *testing.T) {
	for _, name := range baseFixtures(t) {
		t.Run(name, func(t *testing.T) {
			r := baseRelease(t, name)
			got := map[string][]byte{}
			var from *render.Lock
			for _, st := range r.Plan.Steps {
				tree, lock, err := r.Tree(st, from)
				if err != nil {
					t.Fatal(err)
				}
				for _, f := range tree {
					got[st.ID()+"/"+f.Path] = f.Data
				}
				from = lock
			}
			compare(t, filepath.Join("../../../golden/bases", name), got)
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
}

// counted is files that count how often one is opened.
type counted struct {
	fs.FS
	opened *int
}

func (c counted) Open(name string) (fs.File, error) {
	*c.opened++
	return c.FS.Open(name)
}

// TestOneBuild: once a spec is read with its base, no step reads a file of that again, so that none builds it again.
func TestOneBuild(t *testing.T) {
	at := filepath.Join(basesDir, "adopted")
	data, err := os.ReadFile(filepath.Join(at, "canary.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	opened := 0
	set := NewSet()
	set.Committed = func(string) fs.FS { return counted{os.DirFS(at), &opened} }
	a, err := set.ParseText("canary.yaml", at, "canary.yaml", data)
	if err != nil {
		t.Fatal(err)
	}
	read := opened
	if err := a.Compile(); err != nil {
		t.Fatal(err)
	}
	for _, st := range a.Release.Plan.Steps {
		if _, _, err := a.Release.Tree(st, nil); err != nil {
			t.Fatal(err)
		}
	}
	if read == 0 || opened != read {
		t.Errorf("%d files are opened to read the spec, %d more for %d steps, want none", read, opened-read, len(a.Release.Plan.Steps))
	}
}

// TestOneRun: kustomize names the canary's objects once, however many steps there are, and not at all for a spec that is only read.
func TestOneRun(t *testing.T) {
	at := filepath.Join(basesDir, "adopted")
	data, err := os.ReadFile(filepath.Join(at, "canary.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	spec, err := render.ParseSpec("canary.yaml", data)
	if err != nil {
		t.Fatal(err)
	}
	objs, err := kustomize.Build(os.DirFS(at), "base")
	if err != nil {
		t.Fatal(err)
	}
	runs := 0
	spec, err = spec.WithBase(objs, func(objs []*yaml.Node, names []string) ([]*yaml.Node, error) {
		runs++
		return kustomize.Rename(objs, names)
	})
	if err != nil {
		t.Fatal(err)
	}
	set := render.NewTemplates(templates.FS)
	stable, err := spec.Revision(set)
	if err != nil {
		t.Fatal(err)
	}
	wanted, err := spec.RevisionBeside(stable, set)
	if err != nil || runs != 0 {
		t.Fatalf("%d runs before anything of the canary is asked for (%v)", runs, err)
	}
	r, err := render.NewRelease(spec, "canary.yaml", render.Revisions{Stable: stable, Canary: wanted}, set)
	if err != nil {
		t.Fatal(err)
	}
	for _, st := range r.Plan.Steps {
		if _, _, err := r.Tree(st, nil); err != nil {
			t.Fatal(err)
		}
	}
	if runs != 1 {
		t.Errorf("%d runs for %d steps, want 1", runs, len(r.Plan.Steps))
	}
}

// TestBadBases: what cannot be ramped is said with the object's name, the field and what is allowed, at the place of spec.base.
func TestBadBases(t *testing.T) {
	base := randomBase{name: "shop", key: "app", image: "registry.example.com/a:1", level: "info", replicas: 3}
	with := func(change func(*randomBase)) randomBase {
		b := base
		change(&b)
		return b
	}
	for name, c := range map[string]struct {
		base     randomBase
		old, new string // in the base's objects
		spec     string // in the spec, instead of its first line of steps
		want     string
	}{
		"recreate":          {base, "strategy: {rollingUpdate: {maxUnavailable: 0, maxSurge: 1}}", "strategy: {type: Recreate}", "", `Deployment shop: spec.strategy.type "Recreate" takes all pods away before new ones start: allowed RollingUpdate`},
		"all unavailable":   {base, "maxUnavailable: 0", "maxUnavailable: 100%", "", `Deployment shop: spec.strategy.rollingUpdate.maxUnavailable "100%" of 3 pods takes all of them away: allowed less than replicas, best 0`},
		"two deployments":   {with(func(b *randomBase) { b.worker = true }), "job: worker}}\n", "job: worker}}\n", "output: {}", `has 2 objects that could be the Deployment: Deployment shop, Deployment worker: allowed one, or its name in spec.output.names.prod.deployment`},
		"no such":           {base, "", "", "output: {names: {prod: {deployment: shp}}}", `spec.output.names.prod.deployment: value "shp" is no Deployment of the base: allowed Deployment shop`},
		"no deployment":     {base, "kind: Deployment", "kind: StatefulSet", "", "has no Deployment: allowed a kustomization with the app's Deployment, its Service and its route"},
		"no service":        {base, "selector: {app: shop}\n  ports", "selector: {app: other}\n  ports", "", "Deployment shop: has no Service: none selects its pods"},
		"no common label":   {with(func(b *randomBase) { b.twoLabels = true }), "matchLabels: {app: shop, tier: front}", "matchLabels: {tier: front}", "", "Service shop: spec.selector has no label in common with spec.selector.matchLabels of Deployment shop"},
		"no route":          {base, "service: {name: shop,", "service: {name: other,", "", "Service shop: gets requests from no route: allowed an Ingress, HTTPRoute or GRPCRoute in the base that sends to it, or spec.route with a host"},
		"route twice":       {base, "", "", "route: {host: b.example.com}", "spec.route: is given beside Ingress shop of the base: allowed match, weightTotal and router alone"},
		"affinity":          {base, "metadata: {name: shop}\nspec:\n  ingressClassName", "metadata: {name: shop, annotations: {nginx.ingress.kubernetes.io/affinity: cookie}}\nspec:\n  ingressClassName", "", "Ingress shop: metadata.annotations.nginx.ingress.kubernetes.io/affinity \"cookie\" keeps users on the track of their first request"},
		"default backend":   {base, "  ingressClassName: nginx", "  ingressClassName: nginx\n  defaultBackend: {service: {name: shop, port: {number: 80}}}", "", "Ingress shop: spec.defaultBackend"},
		"replicas and hpa":  {with(func(b *randomBase) { b.scaler, b.capacity = true, 3 }), "spec:\n  selector: {matchLabels", "spec:\n  replicas: 2\n  selector: {matchLabels", "", "Deployment shop: spec.replicas is given beside HorizontalPodAutoscaler shop, which owns it"},
		"hpa, no replicas":  {with(func(b *randomBase) { b.scaler = true }), "", "", "replicas: 0", "spec: has no replicas, and HorizontalPodAutoscaler shop owns how many pods there are: allowed replicas: 2 to 9"},
		"replicas, no hpa":  {base, "", "", "replicas: 4", `spec.replicas: is given beside a base: allowed spec.replicas in Deployment shop of the base`},
		"two autoscalers":   {with(func(b *randomBase) { b.scaler, b.capacity = true, 3 }), "", "", "second scaler", `has 2 objects that could be the autoscaler: HorizontalPodAutoscaler shop, ScaledObject shop-queue: allowed one, or its name in spec.output.names.prod.autoscaler`},
		"no such scaler":    {with(func(b *randomBase) { b.scaler, b.capacity = true, 3 }), "", "", "output: {names: {prod: {autoscaler: api}}}", `spec.output.names.prod.autoscaler: value "api" is no autoscaler of the base: allowed HorizontalPodAutoscaler shop`},
		"idle without pods": {with(func(b *randomBase) { b.scaler, b.capacity = true, 3 }), "spec:\n  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: shop}\n  minReplicas: 2\n  maxReplicas: 9", "spec:\n  idleReplicaCount: 0\n  minReplicaCount: 2\n  maxReplicaCount: 9\n  scaleTargetRef: {name: shop}", "keda", `ScaledObject shop: spec.idleReplicaCount`},
		"namespace":         {with(func(b *randomBase) { b.namespace = "web" }), "", "", "namespace", `metadata.namespace: value "" is invalid, for Deployment shop of the base is in namespace "web"`},
		"unknown container": {base, "", "", "images: {sidecar: nginx:1}", `spec.images: value "sidecar" is no container of Deployment shop: allowed main`},
		"name of a twin":    {base, "---\n", "---\napiVersion: v1\nkind: Service\nmetadata: {name: shop-canary}\n---\n", "", "Service shop-canary: has the name that the canary's Service shop gets: allowed another name"},
		"label selected":    {base, "", "", "canaryMetadata: {labels: {app: x}}", `spec.canaryMetadata.labels: value "app" is a label that Deployment shop selects by: allowed any other label`},
		"no port of route":  {base, "", "", "port: 80", "spec.port: is given beside base: allowed the base's own Deployment and Service"},
		"volume":            {base, "      containers:\n      - name: main", "      volumes: [{name: v, persistentVolumeClaim: {claimName: disk}}]\n      containers:\n      - name: main", "claim", "PersistentVolumeClaim disk: spec.accessModes lets one node or pod alone use the volume"},
	} {
		t.Run(name, func(t *testing.T) {
			files := c.base.files()
			text := string(files["base/all.yaml"].Data)
			if c.old != "" && !strings.Contains(text, c.old) {
				t.Fatalf("%q is not in\n%s", c.old, text)
			}
			text = strings.Replace(text, c.old, c.new, 1)
			spec := c.base.spec()
			switch c.spec {
			case "namespace":
				spec = strings.Replace(spec, "  namespace: web\n", "", 1)
			case "claim":
				text += "---\napiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: disk}\nspec: {accessModes: [ReadWriteOnce]}\n"
			case "second scaler":
				text += "---\napiVersion: keda.sh/v1alpha1\nkind: ScaledObject\nmetadata: {name: shop-queue}\nspec: {minReplicaCount: 3, maxReplicaCount: 9, scaleTargetRef: {name: shop}}\n"
			case "keda":
				text = strings.Replace(text, "autoscaling/v2\nkind: HorizontalPodAutoscaler", "keda.sh/v1alpha1\nkind: ScaledObject", 1)
			case "output: {}":
				spec = strings.Replace(spec, "  output: {names: {prod: {deployment: shop}}}\n", "", 1)
			case "replicas: 0":
				spec = strings.Replace(spec, "  replicas: 0\n", "", 1)
			default:
				spec = strings.Replace(spec, "  steps:", "  "+c.spec+"\n  steps:", 1)
				spec = strings.Replace(spec, "  \n", "", 1)
			}
			files["base/all.yaml"].Data = []byte(text)
			parsed, err := render.ParseSpec("canary.yaml", []byte(spec))
			if err == nil {
				objs, buildErr := kustomize.Build(files, "base")
				if buildErr != nil {
					t.Fatal(buildErr)
				}
				_, err = parsed.WithBase(objs, kustomize.Rename)
			}
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got  %v\nwant %s", err, c.want)
			}
		})
	}
}

// TestBaseWarnings: what is no error and seldom meant is said.
func TestBaseWarnings(t *testing.T) {
	for _, name := range baseFixtures(t) {
		want := map[string]string{
			"metrics":        "PodDisruptionBudget post counts the pods of both tracks together, while there is a canary: it selects by labels that both have, and none of them is app",
			"second-service": "Ingress admin sends to Service shop-admin, which finds prod's pods alone: what it sends goes past the canary",
		}[name]
		if want != "" {
			want = "canary.yaml:6:9: spec.base: warning: " + want
		}
		if got := strings.Join(baseSpec(t, name, "base").Warnings(), "\n"); got != want {
			t.Errorf("%s: got  %s\nwant %s", name, got, want)
		}
	}
}

// TestNothingWaits: as long as the base is what the release began with, nothing of it waits for the end of the release, and nothing for the promotion once that is made.
func TestNothingWaits(t *testing.T) {
	waiting := 0
	for _, name := range baseFixtures(t) {
		spec, r := baseSpec(t, name, "base"), baseRelease(t, name)
		var from *render.Lock
		for _, st := range r.Plan.Steps {
			tree, lock, err := r.Tree(st, from)
			if err != nil {
				t.Fatal(err)
			}
			from = lock
			w, err := spec.Waits(render.State{Lock: lock, Tree: tree})
			waiting += len(w.Promote)
			if err != nil || w.Cleanup != nil || st.Promoted() && w.Promote != nil {
				t.Errorf("%s: %s: waits %v %v", name, st.ID(), w, err)
			}
		}
	}
	if waiting == 0 {
		t.Error("no fixture has anything that waits for the promotion")
	}
}

// TestNumberedPort: a port that pods know by its number alone cannot change with a release, and is not proven safe: while prod's pods take the new revision, its Service
// would send to a port that some of them do not listen at. By its name it can.
func TestNumberedPort(t *testing.T) {
	for _, c := range []struct {
		numbered, match bool
		safe            bool
	}{{false, true, true}, {true, false, false}, {true, true, false}} {
		base := randomBase{name: "shop", key: "app", image: "registry.example.com/a:1", level: "info", replicas: 3, numberedTarget: c.numbered, headerMatch: c.match}
		read := func(port string) *render.Canary {
			files := base.files()
			files["base/all.yaml"].Data = bytes.ReplaceAll(files["base/all.yaml"].Data, []byte("8080"), []byte(port))
			spec, err := render.ParseSpec("canary.yaml", []byte(base.spec()))
			if err != nil {
				t.Fatal(err)
			}
			objs, err := kustomize.Build(files, "base")
			if err == nil {
				spec, err = spec.WithBase(objs, kustomize.Rename)
			}
			if err != nil {
				t.Fatal(err)
			}
			return spec
		}
		stories := proven(t, read("8080"), read("9090"))
		if safe := stories == ""; safe != c.safe {
			t.Errorf("numbered %t, match %t: safe %t\n%s", c.numbered, c.match, safe, stories)
		}
	}
}

// tester is what *testing.T, *testing.B and *rapid.T have in common.
type tester interface {
	Helper()
	Fatal(args ...any)
}

// releaseOf is the release from what one spec asks for to what another does.
func releaseOf(t tester, was, spec *render.Canary) *render.Release {
	t.Helper()
	set := render.NewTemplates(templates.FS)
	stable, err := was.Revision(set)
	if err != nil {
		t.Fatal(err)
	}
	wanted, err := spec.RevisionBeside(stable, set)
	if err != nil {
		t.Fatal(err)
	}
	r, err := render.NewRelease(spec, "canary.yaml", render.Revisions{Stable: stable, Canary: wanted}, set)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// proven has the release from one base to another proven, and returns what is not safe.
func proven(t *testing.T, was, spec *render.Canary) string {
	t.Helper()
	in, err := prove.Release(releaseOf(t, was, spec))
	if err != nil {
		t.Fatal(err)
	}
	result, err := prove.Prove(in, prove.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var stories []string
	for _, s := range result.Stories {
		stories = append(stories, s.String())
	}
	return strings.Join(stories, "\n")
}

// TestLongNames: at the limits of Kubernetes a base is as any other, and beyond them it says which object is to blame.
func TestLongNames(t *testing.T) {
	name := func(n int) string { return strings.Repeat("a", n) }
	for _, c := range []struct {
		base randomBase
		more string
		want string
	}{
		{randomBase{name: name(56)}, "", ""},
		{randomBase{name: name(57)}, "", "has the label app: " + name(57) + ", which with the suffix -canary is too long: allowed at most 56 characters"},
		{randomBase{name: "shop"}, "apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: " + name(246) + "}\nspec: {selector: {matchLabels: {app: shop}}}\n", ""},
		{randomBase{name: "shop"}, "apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: " + name(247) + "}\nspec: {selector: {matchLabels: {app: shop}}}\n",
			"PodDisruptionBudget " + name(247) + ": metadata.name with the suffix of the canary's, " + name(247) + "-canary, is too long: allowed at most 246 characters"},
		{randomBase{name: "shop", conf: name(242)}, "", ""},
		{randomBase{name: "shop", conf: name(243)}, "", "ConfigMap " + name(243) + ": metadata.name with a hash of its content behind it is too long: allowed at most 242 characters"},
	} {
		c.base.key, c.base.image, c.base.level, c.base.replicas = "app", "registry.example.com/a:1", "info", 3
		files := c.base.files()
		files["base/all.yaml"].Data = append(files["base/all.yaml"].Data, "---\n"+c.more...)
		spec, err := render.ParseSpec("canary.yaml", []byte(c.base.spec()))
		if err != nil {
			t.Fatal(err)
		}
		objs, err := kustomize.Build(files, "base")
		if err != nil {
			t.Fatal(err)
		}
		if _, err = spec.WithBase(objs, kustomize.Rename); c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s\ngot  %v\nwant %s", files["base/all.yaml"].Data, err, c.want)
		}
	}
}

// TestImageOf: spec.image is for the container of the same repository, else for the only one; what runs before it is another one only where it has that repository.
func TestImageOf(t *testing.T) {
	base := randomBase{name: "shop", key: "app", image: "registry.example.com/a:1", level: "info", replicas: 3}
	for _, c := range []struct{ others, image, want string }{
		{"", "registry.example.com/a:2", "main=registry.example.com/a:2"},
		{"", "registry.example.com/b:2", "main=registry.example.com/b:2"},
		{"initContainers: [{name: wait, image: wait:1}]", "registry.example.com/b:2", "main=registry.example.com/b:2 wait=wait:1"},
		{"initContainers: [{name: wait, image: wait:1}]", "wait:2", "main=registry.example.com/a:1 wait=wait:2"},
		{"initContainers: [{name: migrate, image: \"registry.example.com/a:1\"}]", "registry.example.com/a:2", "error"},
	} {
		files := base.files()
		text := strings.Replace(string(files["base/all.yaml"].Data), "      containers:\n", "      "+c.others+"\n      containers:\n", 1)
		files["base/all.yaml"].Data = []byte(text)
		spec, err := render.ParseSpec("canary.yaml", []byte(strings.Replace(base.spec(), "  steps:", "  image: "+c.image+"\n  steps:", 1)))
		if err != nil {
			t.Fatal(err)
		}
		objs, err := kustomize.Build(files, "base")
		if err != nil {
			t.Fatal(err)
		}
		got := "error"
		if spec, err = spec.WithBase(objs, kustomize.Rename); err == nil {
			var list []string
			for _, i := range spec.Spec.Images {
				list = append(list, i.Container+"="+i.Image)
			}
			got = strings.Join(list, " ")
		}
		if got != c.want {
			t.Errorf("image %s beside %q: got %s (%v), want %s", c.image, c.others, got, err, c.want)
		}
	}
}

func baseFixtures(t *testing.T) (names []string) {
	t.Helper()
	paths, err := filepath.Glob(basesDir + "/*/canary.yaml")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no fixtures: %v", err)
	}
	for _, p := range paths {
		names = append(names, filepath.Base(filepath.Dir(p)))
	}
	goldens, err := os.ReadDir("../../../golden/bases")
	if err != nil && !*update {
		t.Fatal(err)
	}
	for _, e := range goldens {
		if !slices.Contains(names, e.Name()) {
			t.Errorf("golden/bases/%s has no fixture", e.Name())
		}
	}
	return names
}

// baseSpec is a fixture's spec with the base that one of its directories builds; nil where there is no such directory.
func baseSpec(t *testing.T, name, dir string) *render.Canary {
	t.Helper()
	at := filepath.Join(basesDir, name)
	if _, err := os.Stat(filepath.Join(at, dir)); err != nil {
		return nil
	}
	data, err := os.ReadFile(filepath.Join(at, "canary.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	spec, err := render.ParseSpec("canary.yaml", data)
	if err != nil {
		t.Fatal(err)
	}
	objs, err := kustomize.Build(os.DirFS(at), dir)
	if err != nil {
		t.Fatal(err)
	}
	if spec, err = spec.WithBase(objs, kustomize.Rename); err != nil {
		t.Fatal(err)
	}
	return spec
}

func baseRelease(t *testing.T, name string) *render.Release {
	t.Helper()
	set := render.NewTemplates(templates.FS)
	spec, was := baseSpec(t, name, "base"), baseSpec(t, name, "was")
	stable, known, err := spec.StableRevision(set)
	if was != nil {
		stable, err = was.Revision(set)
		known = true
	}
	if err != nil || !known {
		t.Fatalf("nothing says what prod runs: %v", err)
	}
	wanted, err := spec.RevisionBeside(stable, set)
	if err != nil {
		t.Fatal(err)
	}
	r, err := render.NewRelease(spec, "canary.yaml", render.Revisions{Stable: stable, Canary: wanted}, set)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// compare holds files against a golden directory: as a set of paths, then byte by byte.
func compare(t *testing.T, dir string, got map[string][]byte) {
	t.Helper()
	if *update {
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
		for path, data := range got {
			path = filepath.Join(dir, path)
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, data, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	seen := map[string]bool{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		seen[path] = true
		want, err := os.ReadFile(filepath.Join(dir, path))
		if data, ok := got[path]; !ok {
			t.Errorf("%s/%s is not rendered any more", dir, path)
		} else if !bytes.Equal(data, want) {
			t.Errorf("%s/%s differs; make golden, and read the diff. It is rendered as\n%s", dir, path, data)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for path := range got {
		if !seen[path] {
			t.Errorf("%s/%s is missing: make golden", dir, path)
		}
	}
}

// BenchmarkBase renders all steps of the fixtures' largest base.
func BenchmarkBase(b *testing.B) {
	at := filepath.Join(basesDir, "adopted")
	data, err := os.ReadFile(filepath.Join(at, "canary.yaml"))
	if err != nil {
		b.Fatal(err)
	}
	parsed, err := render.ParseSpec("canary.yaml", data)
	if err != nil {
		b.Fatal(err)
	}
	objs, err := kustomize.Build(os.DirFS(at), "base")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		spec, err := parsed.WithBase(objs, kustomize.Rename)
		if err != nil {
			b.Fatal(err)
		}
		r := releaseOf(b, spec, spec)
		for range 10 {
			for _, st := range r.Plan.Steps {
				if _, _, err := r.Tree(st, nil); err != nil {
					b.Fatal(err)
				}
			}
		}
	}
}
