package clients

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// withKustomize builds gitramp and kustomize and puts both in front of the PATH.
func withKustomize(t *testing.T) {
	t.Helper()
	bin := gitramp(t)
	run(t, "go", "build", "-o", filepath.Join(bin, "kustomize"), "sigs.k8s.io/kustomize/kustomize/v5")
}

const (
	alpha = "--enable-alpha-plugins"
	execs = "--enable-exec"
)

// attempt runs a program that may fail.
func attempt(t *testing.T, dir string, argv ...string) (stdout, stderr string, err error) {
	t.Helper()
	var out, said bytes.Buffer
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &out, &said
	err = cmd.Run()
	return out.String(), said.String(), err
}

// within runs a program that must not fail.
func within(t *testing.T, dir string, argv ...string) string {
	t.Helper()
	out, said, err := attempt(t, dir, argv...)
	if err != nil {
		t.Fatalf("%s: %v\n%s%s", strings.Join(argv, " "), err, out, said)
	}
	return out
}

func put(t *testing.T, dir, name, text string) {
	t.Helper()
	at := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(at, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func get(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// spec is a fixture's spec with annotations.
func spec(t *testing.T, fixture string, notes ...string) string {
	t.Helper()
	text := get(t, "../../fixtures/"+fixture+"/canary.yaml")
	lines := "metadata:\n  annotations:\n    " + strings.Join(notes, "\n    ") + "\n"
	if strings.Count(text, "\nmetadata:\n") != 1 || strings.Contains(text, "annotations:") {
		t.Fatalf("%s has another metadata than this test knows", fixture)
	}
	return strings.Replace(text, "metadata:\n", lines, 1)
}

func function(args string) string {
	return "config.kubernetes.io/function: |\n      exec: {path: gitramp, args: " + args + "}"
}

func step(name string) string { return "gitramp.dev/step: " + name }

func copyDir(t *testing.T, from, to string) {
	t.Helper()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
}

// sameObjects compares what was built with the files of a golden tree.
func sameObjects(t *testing.T, what, built, tree string) {
	t.Helper()
	got, want := objects(t, []byte(built)), files(t, tree)
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if !reflect.DeepEqual(got[name], want[name]) {
			t.Errorf("%s: %s is\n%v\nwant\n%v", what, name, got[name], want[name])
		}
	}
	if len(got) != len(want) {
		t.Errorf("%s: %d objects, want %d: %v", what, len(got), len(want), slices.Sorted(maps.Keys(got)))
	}
}

// goldenSteps are the steps of a fixture.
func goldenSteps(t *testing.T, fixture string) (ids []string) {
	t.Helper()
	dirs, err := filepath.Glob("../../golden/" + fixture + "/[0-9][0-9]-*")
	if err != nil || len(dirs) < 4 {
		t.Fatal(dirs, err)
	}
	for _, dir := range dirs {
		ids = append(ids, filepath.Base(dir))
	}
	return ids
}

// TestKustomizeGenerator: what kustomize builds with gitramp as a generator are the golden objects of the step.
func TestKustomizeGenerator(t *testing.T) {
	withKustomize(t)
	for _, fixture := range []string{"seed", "gateway-hosts", "ten-replicas"} {
		dir := t.TempDir()
		put(t, dir, "kustomization.yaml", "generators: [canary.yaml]\n")
		for _, id := range goldenSteps(t, fixture) {
			put(t, dir, "canary.yaml", spec(t, fixture, step(id), function("[fn]")))
			sameObjects(t, fixture+" "+id, within(t, dir, "kustomize", "build", alpha, execs, "."), "../../golden/"+fixture+"/"+id)
		}
	}
}

// TestKustomizeTrap: without --enable-exec the output is missing and the exit code is 0; without either flag, and with kubectl, it fails. doctor goes by this.
func TestKustomizeTrap(t *testing.T) {
	withKustomize(t)
	dir := t.TempDir()
	put(t, dir, "kustomization.yaml", "generators: [canary.yaml]\n")
	put(t, dir, "canary.yaml", spec(t, "seed", function("[fn]")))
	if out := within(t, dir, "kustomize", "build", alpha, "."); strings.TrimSpace(out) != "" {
		t.Errorf("without %s it is built:\n%s", execs, out)
	}
	if _, said, err := attempt(t, dir, "kustomize", "build", "."); err == nil || !strings.Contains(said, "external plugins disabled") {
		t.Errorf("without %s: %v\n%s", alpha, err, said)
	}
	within(t, dir, "git", "init", "-q")
	put(t, dir, "Makefile", "all:\n\tkustomize build "+alpha+" .\n")
	if out, _, err := attempt(t, dir, "gitramp", "doctor", "--color", "never"); err == nil || !strings.Contains(out, "Makefile:2") {
		t.Errorf("doctor does not find it: %v\n%s", err, out)
	}
}

// TestKustomizeTransformer: the base's own objects become prod's, the canary's come beside them, and what the function wrote earlier is replaced.
func TestKustomizeTransformer(t *testing.T) {
	withKustomize(t)
	for _, fixture := range []string{"bases/hpa", "bases/keda"} {
		dir := t.TempDir()
		copyDir(t, "../../fixtures/"+fixture+"/base", dir+"/base")
		put(t, dir, "kustomization.yaml", "resources: [base]\ntransformers: [canary.yaml]\n")
		for _, id := range goldenSteps(t, fixture) {
			if strings.HasSuffix(id, "-idle") {
				continue // where prod is another revision than spec.stable says, only its tree knows
			}
			put(t, dir, "canary.yaml", spec(t, fixture, step(id), function("[fn]")))
			sameObjects(t, fixture+" "+id, within(t, dir, "kustomize", "build", alpha, execs, "."), "../../golden/"+fixture+"/"+id)
		}
	}
	dir := t.TempDir()
	copyDir(t, "../../golden/ten-replicas/01-prepare", dir+"/tree")
	put(t, dir, "other.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: other}\ndata: {a: b}\n")
	put(t, dir, "kustomization.yaml", "resources: [tree, other.yaml]\ntransformers: [canary.yaml]\n")
	last := goldenSteps(t, "ten-replicas")
	put(t, dir, "canary.yaml", spec(t, "ten-replicas", step(last[3]), function("[fn]")))
	out := within(t, dir, "kustomize", "build", alpha, execs, ".")
	if built := objects(t, []byte(out)); built["ConfigMap/other"] == nil {
		t.Errorf("another's object is gone:\n%s", out)
	}
	kept := slices.DeleteFunc(strings.Split(out, "---\n"), func(doc string) bool { return strings.Contains(doc, "name: other\n") })
	sameObjects(t, "replaced", strings.Join(kept, "---\n"), "../../golden/ten-replicas/"+last[3])
}

// TestKustomizeCheck: as the last transformer gitramp fn --check lets a step through as it is and stops a build of anything else. As a validator no exec function works in
// v5.8.2: its runtime notes a path on each object, and kustomize takes that for a change.
func TestKustomizeCheck(t *testing.T) {
	withKustomize(t)
	dir := t.TempDir()
	copyDir(t, "../../golden/seed/02-weight-20", dir+"/tree")
	put(t, dir, "kustomization.yaml", "resources: [tree]\ntransformers: [canary.yaml]\n")
	put(t, dir, "canary.yaml", spec(t, "seed", function("[fn, --check]")))
	sameObjects(t, "checked", within(t, dir, "kustomize", "build", alpha, execs, "."), "../../golden/seed/02-weight-20")
	ingress := get(t, dir+"/tree/canary-ingress.yaml")
	put(t, dir, "tree/canary-ingress.yaml", strings.Replace(ingress, `weight: "20"`, `weight: "30"`, 1))
	out, said, err := attempt(t, dir, "kustomize", "build", alpha, execs, ".")
	if err == nil || out != "" || !strings.Contains(said, `[error] Ingress canary-ingress-canary: metadata.annotations.nginx.ingress.kubernetes.io/canary-weight: is "30": allowed "20"`) {
		t.Errorf("an edited weight: %v\n%s%s", err, out, said)
	}
	put(t, dir, "tree/canary-ingress.yaml", ingress)
	put(t, dir, "kustomization.yaml", "resources: [tree]\nvalidators: [canary.yaml]\n")
	for _, program := range []string{"{path: cat}", "{path: gitramp, args: [fn, --check]}"} {
		put(t, dir, "canary.yaml", spec(t, "seed", "config.kubernetes.io/function: |\n      exec: "+program))
		if _, said, err := attempt(t, dir, "kustomize", "build", alpha, execs, "."); err == nil || !strings.Contains(said, "validator shouldn't modify the resource map") {
			t.Errorf("%s works as a validator by now, which docs/krm.md denies: %v\n%s", program, err, said)
		}
	}
}

// TestKustomizeHash: of a base with generators the hash of a name gets lost behind the function, which says so on stderr; where nobody asks for one it says nothing.
func TestKustomizeHash(t *testing.T) {
	withKustomize(t)
	dir := t.TempDir()
	copyDir(t, "../../fixtures/bases/hpa/base", dir+"/base")
	put(t, dir, "kustomization.yaml", "resources: [base]\ntransformers: [canary.yaml]\n")
	put(t, dir, "canary.yaml", spec(t, "bases/hpa", step("weight-20"), function("[fn]")))
	resources := get(t, dir+"/base/kustomization.yaml")
	for options, warned := range map[string]bool{"": true, ", options: {disableNameSuffixHash: true}": false} {
		put(t, dir, "base/kustomization.yaml", resources+"configMapGenerator: [{name: team, literals: [a=b]"+options+"}]\n")
		out, said, err := attempt(t, dir, "kustomize", "build", alpha, execs, ".")
		if err != nil || objects(t, []byte(out))["ConfigMap/team"] == nil {
			t.Errorf("the name has a hash by now, which docs/krm.md denies: %v\n%s%s", err, out, said)
		}
		if got := strings.Contains(said, "[warning] ConfigMap team: metadata.name: loses the hash"); got != warned {
			t.Errorf("with {%s} it warns: %v, want %v:\n%s", options, got, warned, said)
		}
	}
}

// TestKustomizeLastCheck: two transformers of one spec collide, whatever their arguments; a generator and a check of the same spec do not, nor does a check one kustomization
// further up.
func TestKustomizeLastCheck(t *testing.T) {
	withKustomize(t)
	dir, id := t.TempDir(), "02-weight-20"
	check := spec(t, "seed", step(id), function("[fn, --check]"))
	put(t, dir, "canary.yaml", spec(t, "seed", step(id), function("[fn]")))
	put(t, dir, "check.yaml", check)
	put(t, dir, "kustomization.yaml", "generators: [canary.yaml]\ntransformers: [check.yaml]\n")
	sameObjects(t, "generated and checked", within(t, dir, "kustomize", "build", alpha, execs, "."), "../../golden/seed/"+id)
	put(t, dir, "check.yaml", strings.Replace(check, step(id), step("03-weight-50"), 1))
	if out, said, err := attempt(t, dir, "kustomize", "build", alpha, execs, "."); err == nil || !strings.Contains(said, "[error]") {
		t.Errorf("another step is let through: %v\n%s%s", err, out, said)
	}
	dir, id = t.TempDir(), "02-weight-20"
	copyDir(t, "../../fixtures/bases/hpa/base", dir+"/app/base")
	put(t, dir, "app/canary.yaml", spec(t, "bases/hpa", step(id), function("[fn]")))
	check = spec(t, "bases/hpa", step(id), function("[fn, --check]"))
	put(t, dir, "app/check.yaml", check)
	put(t, dir, "check.yaml", check)
	put(t, dir, "app/kustomization.yaml", "resources: [base]\ntransformers: [canary.yaml, check.yaml]\n")
	if _, said, err := attempt(t, dir, "kustomize", "build", alpha, execs, "app"); err == nil || !strings.Contains(said, "already registered id") {
		t.Errorf("two transformers of a spec: %v\n%s", err, said)
	}
	put(t, dir, "app/kustomization.yaml", "resources: [base]\ntransformers: [canary.yaml]\n")
	put(t, dir, "kustomization.yaml", "resources: [app]\ntransformers: [check.yaml]\n")
	sameObjects(t, "checked further up", within(t, dir, "kustomize", "build", alpha, execs, "."), "../../golden/bases/hpa/"+id)
}

// TestKustomizeBadSpec: kustomize shows no results, so that stderr names the field.
func TestKustomizeBadSpec(t *testing.T) {
	withKustomize(t)
	dir := t.TempDir()
	put(t, dir, "kustomization.yaml", "generators: [canary.yaml]\n")
	put(t, dir, "canary.yaml", strings.Replace(spec(t, "seed", function("[fn]")), "setWeight: 20", "setWeight: 120", 1))
	out, said, err := attempt(t, dir, "kustomize", "build", alpha, execs, ".")
	if err == nil || out != "" || !strings.Contains(said, `[error] Canary demo: spec.steps[0].setWeight: value "120" is invalid: allowed 0 to 100`) {
		t.Errorf("%v\n%s%s", err, out, said)
	}
}

// TestKustomizeFnRun: in place, the files are those of the golden tree, byte for byte, and a second run changes nothing; also for a program without arguments.
func TestKustomizeFnRun(t *testing.T) {
	withKustomize(t)
	dir := t.TempDir()
	put(t, dir, "other/cm.yaml", "# mine\napiVersion: v1\nkind: ConfigMap\nmetadata: # here\n  name: other\n")
	for _, id := range goldenSteps(t, "seed") {
		put(t, dir, "canary.yaml", spec(t, "seed", step(id), function("[fn]")))
		within(t, dir, "kustomize", "fn", "run", ".", execs)
		sameFiles(t, "fn run "+id, dir+"/deploy/demo", "../../golden/seed/"+id)
		before := snapshot(t, dir)
		within(t, dir, "kustomize", "fn", "run", ".", execs)
		if after := snapshot(t, dir); !reflect.DeepEqual(before, after) {
			t.Errorf("%s: a second run changes files: %v, before %v", id, after, before)
		}
	}
	if got := get(t, dir+"/other/cm.yaml"); got != "# mine\napiVersion: v1\nkind: ConfigMap\nmetadata: # here\n  name: other\n" {
		t.Errorf("another's file is\n%s", got)
	}
	program, err := exec.LookPath("gitramp")
	if err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), "gitramp-fn")
	if err := os.Symlink(program, link); err != nil {
		t.Fatal(err)
	}
	dir = t.TempDir()
	put(t, dir, "canary.yaml", spec(t, "seed", step("01-prepare"), `config.kubernetes.io/local-config: "true"`))
	within(t, dir, "kustomize", "fn", "run", ".", execs, "--exec-path", link)
	sameFiles(t, "fn run --exec-path", dir+"/deploy/demo", "../../golden/seed/01-prepare")
}

// TestKustomizeFnRunBase: in place on a base that lies in files, with a kustomization that says no kind. A second run changes nothing, kustomize builds nothing of the base
// any more, and gitramp's own verbs do what they did.
func TestKustomizeFnRunBase(t *testing.T) {
	withKustomize(t)
	for _, fixture := range []string{"bases/hpa", "bases/httproute"} {
		dir := t.TempDir()
		within(t, dir, "git", "init", "-q")
		copyDir(t, "../../fixtures/"+fixture+"/base", dir+"/base")
		if text := get(t, dir+"/base/kustomization.yaml"); strings.Contains(text, "kind:") {
			t.Fatal("this test is about a kustomization without a kind")
		}
		var before string
		for i, id := range goldenSteps(t, fixture)[1:] {
			put(t, dir, "canary.yaml", spec(t, fixture, step(id), function("[fn]")))
			if i == 0 {
				before = within(t, dir, "gitramp", "render", "canary.yaml", "--step", id)
			}
			within(t, dir, "kustomize", "fn", "run", ".", execs)
			files, _ := filepath.Glob(dir + "/deploy/*")
			sameObjects(t, "fn run "+id, stream(t, files[0]), "../../golden/"+fixture+"/"+id)
			if i > 0 {
				continue
			}
			first := snapshot(t, dir)
			within(t, dir, "kustomize", "fn", "run", ".", execs)
			if second := snapshot(t, dir); !reflect.DeepEqual(first, second) {
				t.Errorf("%s: a second run changes files", id)
			}
			if out := within(t, dir, "kustomize", "build", "base"); strings.TrimSpace(out) != "" {
				t.Errorf("the base is built, which docs/krm.md denies:\n%s", out)
			}
			within(t, dir, "gitramp", "validate", "canary.yaml")
			if after := within(t, dir, "gitramp", "render", "canary.yaml", "--step", id); !reflect.DeepEqual(objects(t, []byte(after)), objects(t, []byte(before))) {
				t.Errorf("behind the function render prints\n%s\nand before\n%s", after, before)
			}
		}
	}
}

// sameFiles compares a directory with the objects of a golden tree, byte for byte.
func sameFiles(t *testing.T, what, dir, tree string) {
	t.Helper()
	got := snapshot(t, dir)
	for name, text := range snapshot(t, tree) {
		if name == "kustomization.yaml" || filepath.Ext(name) != ".yaml" {
			continue
		}
		if got[name] != text {
			t.Errorf("%s: %s is\n%s\nwant\n%s", what, name, got[name], text)
		}
		delete(got, name)
	}
	if len(got) > 0 {
		t.Errorf("%s: there is more: %v", what, slices.Sorted(maps.Keys(got)))
	}
}

func snapshot(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(name string, d os.DirEntry, err error) error {
		if err == nil && d.IsDir() && d.Name() == ".git" {
			return filepath.SkipDir
		}
		if err == nil && d.Type().IsRegular() {
			rel, _ := filepath.Rel(dir, name)
			all[rel] = get(t, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

const pipeline = `apiVersion: kpt.dev/v1
kind: Kptfile
metadata:
  name: package
pipeline:
  mutators:
  - exec: gitramp fn
    configPath: canary.yaml
  validators:
  - exec: gitramp fn --check
    configPath: canary.yaml
`

const local = `config.kubernetes.io/local-config: "true"`

// TestKptRender: a package goes through the steps, its files are those of the golden trees, and rendering twice changes nothing. What prod runs is in the package.
func TestKptRender(t *testing.T) {
	need(t, "kpt")
	gitramp(t)
	for _, fixture := range []string{"seed", "bases/adopted"} {
		dir, out := t.TempDir(), "deploy/demo"
		put(t, dir, "Kptfile", pipeline)
		if strings.HasPrefix(fixture, "bases/") {
			out = "deploy/web/shop"
			built := within(t, "../../fixtures/"+fixture, "go", "-C", "../../../tests/clients", "run", "sigs.k8s.io/kustomize/kustomize/v5", "build", "../../fixtures/"+fixture+"/base")
			put(t, dir, "base/all.yaml", built)
			copyDir(t, "../../golden/"+fixture+"/00-idle", dir+"/"+out)
			for _, name := range []string{"gitramp.lock", "kustomization.yaml"} {
				if err := os.Remove(filepath.Join(dir, out, name)); err != nil {
					t.Fatal(err)
				}
			}
		}
		for i, id := range goldenSteps(t, fixture) {
			put(t, dir, "canary.yaml", spec(t, fixture, step(id), local))
			within(t, dir, "kpt", "fn", "render", ".", "--allow-exec")
			if out == "deploy/demo" {
				sameFiles(t, "kpt "+id, dir+"/"+out, "../../golden/"+fixture+"/"+id)
			} else {
				sameObjects(t, "kpt "+id, stream(t, dir+"/"+out), "../../golden/"+fixture+"/"+id)
			}
			if i%3 != 0 {
				continue
			}
			before := snapshot(t, dir)
			within(t, dir, "kpt", "fn", "render", ".", "--allow-exec")
			if after := snapshot(t, dir); !reflect.DeepEqual(before, after) {
				t.Errorf("%s %s: rendering again changes files", fixture, id)
			}
		}
	}
}

// stream are the files of a directory as one.
func stream(t *testing.T, dir string) string {
	t.Helper()
	all := snapshot(t, dir)
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(all)) {
		b.WriteString("---\n" + all[name])
	}
	return b.String()
}

// TestKptEval: with a file as functionConfig, with words, in a pipe; a bad spec is told in results, and nothing is written.
func TestKptEval(t *testing.T) {
	need(t, "kpt")
	gitramp(t)
	dir := t.TempDir()
	put(t, dir, "pkg/Kptfile", strings.Split(pipeline, "pipeline:")[0])
	put(t, dir, "canary.yaml", spec(t, "seed", step("weight-20")))
	within(t, dir, "kpt", "fn", "eval", "pkg", "--exec", "gitramp fn", "--fn-config", "canary.yaml")
	sameFiles(t, "eval", dir+"/pkg/deploy/demo", "../../golden/seed/02-weight-20")
	put(t, dir, "pkg/canary.yaml", spec(t, "seed", local))
	within(t, dir, "kpt", "fn", "eval", "pkg", "--exec", "gitramp fn", "--", "step=weight-50")
	sameFiles(t, "eval -- step", dir+"/pkg/deploy/demo", "../../golden/seed/03-weight-50")
	within(t, dir, "sh", "-c", "kpt fn source pkg | gitramp fn --step weight-70 | kpt fn sink out")
	sameFiles(t, "source and sink", dir+"/out/deploy/demo", "../../golden/seed/04-weight-70")
	before := snapshot(t, dir+"/pkg")
	put(t, dir, "canary.yaml", strings.Replace(spec(t, "seed"), "setWeight: 20", "setWeight: 120", 1))
	out, said, err := attempt(t, dir, "kpt", "fn", "eval", "pkg", "--exec", "gitramp fn", "--fn-config", "canary.yaml", "--results-dir", "results")
	if err == nil || !strings.Contains(get(t, dir+"/results/results.yaml"), "path: spec.steps[0].setWeight") {
		t.Errorf("a bad spec: %v\n%s%s\n%s", err, out, said, fmt.Sprint(snapshot(t, dir+"/results")))
	}
	if after := snapshot(t, dir+"/pkg"); !reflect.DeepEqual(before, after) {
		t.Errorf("a bad spec changes files: %v", after)
	}
}
