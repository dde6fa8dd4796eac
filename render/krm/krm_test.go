package krm

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/gitramp/gitramp/render/internal/node"
)

const spec = `  apiVersion: gitramp.dev/v1alpha1
  kind: Canary
  metadata:
    name: demo
    annotations: {internal.config.kubernetes.io/path: 'apps/canary.yaml', gitramp.dev/step: STEP}
  spec:
    image: demo:2
    stable: {image: demo:1}
    port: 8080
    route: {host: demo.example.com}
    steps:
    - setWeight: 20
    - setWeight: 50
`

const head = "apiVersion: config.kubernetes.io/v1\nkind: ResourceList\n"

// at is a list with the spec at a step.
func at(step, items string) string {
	return head + "functionConfig:\n" + strings.Replace(spec, "STEP", step, 1) + items
}

// call runs the function on a list.
func call(t *testing.T, in string) (string, Results) {
	t.Helper()
	l, err := ReadList([]byte(in))
	if err != nil {
		t.Fatalf("%v\n%s", err, in)
	}
	items, results := Call{Config: l.Config, Items: l.Items}.Run()
	out, err := l.Write(items, results)
	if err != nil {
		t.Fatalf("%v\n%s", err, in)
	}
	return string(out), results
}

// ok is as call, without an error among the results.
func ok(t *testing.T, in string) string {
	t.Helper()
	out, results := call(t, in)
	if results.Failed() {
		t.Fatalf("%v\n%s", results, in)
	}
	return out
}

// TestLists: what is no list that the function can answer is said with the field and what is allowed.
func TestLists(t *testing.T) {
	for in, want := range map[string]string{
		"":                                "is no ResourceList: allowed one YAML document with apiVersion, kind and items",
		"a: b\n":                          `kind: value "" is invalid: allowed ResourceList`,
		"kind: ResourceList\nitems: []\n": `apiVersion: value "" is invalid: allowed config.kubernetes.io/v1, config.kubernetes.io/v1beta1`,
		"apiVersion: config.kubernetes.io/v1alpha1\nkind: ResourceList\n": `apiVersion: value "config.kubernetes.io/v1alpha1" is invalid: allowed config.kubernetes.io/v1, config.kubernetes.io/v1beta1`,
		head + "items: {}\n":                         "items: is no list: allowed a list of objects",
		head + "items: [a]\n":                        "items[0]: is no object: allowed a mapping with apiVersion, kind and metadata",
		head + "items:\n- {}\n- []\n":                "items[1]: is no object: allowed a mapping with apiVersion, kind and metadata",
		head + "items:\n- &a {}\n- *a\n":             "items[1]: is an alias (*a): allowed what it names, written out",
		"a: &a {}\n" + head + "functionConfig: *a\n": "functionConfig: is an alias (*a): allowed what it names, written out",
		"a: &a []\n" + head + "items: *a\n":          "items: is an alias (*a): allowed what it names, written out",
		head + "functionConfig: text\n":              "functionConfig: is no object: allowed a Canary, or a ConfigMap that names one",
		head + "---\n" + head:                        "is no ResourceList: allowed one YAML document with apiVersion, kind and items",
		"- a\n":                                      "is no ResourceList: allowed one YAML document with apiVersion, kind and items",
		head + "items: [\n":                          "is not YAML: line 3: did not find expected node content",
		"a: \xff\n":                                  "is not UTF-8: allowed UTF-8 text",
		head + "items: *nothing\n":                   "is not YAML: unknown anchor 'nothing' referenced",
	} {
		if _, err := ReadList([]byte(in)); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", in, err, want)
		}
	}
	if _, err := ReadList(make([]byte, MaxBytes+1)); err == nil || !strings.Contains(err.Error(), "is larger than") {
		t.Errorf("a huge one: %v", err)
	}
}

// TestConfigs: what is wrong with a functionConfig is a result with the field, the file and the object, and the items stay as they are.
func TestConfigs(t *testing.T) {
	items := "items:\n- {apiVersion: v1,  kind: ConfigMap, metadata: {name: other}}\n"
	config := func(text string) string { return head + "functionConfig: " + text + "\n" + items }
	for name, c := range map[string]struct{ in, want, field string }{
		"none":          {head + items, "[error] functionConfig: is no Canary, and the items have 0: allowed a Canary (apiVersion gitramp.dev/v1alpha1), or data.canary with one of (none: there is no Canary)", ""},
		"null":          {config("null"), "[error] functionConfig: is no Canary, and the items have 0: allowed a Canary (apiVersion gitramp.dev/v1alpha1), or data.canary with one of (none: there is no Canary)", ""},
		"kind":          {config("{kind: Deployment}"), `[error] functionConfig: kind "Deployment" is invalid: allowed Canary (apiVersion gitramp.dev/v1alpha1), or ConfigMap (apiVersion v1) with data.canary, data.step, data.check`, ""},
		"word":          {config("{apiVersion: v1, kind: ConfigMap, data: {stap: '1'}}"), "[error] functionConfig: data.stap is unknown: allowed data.canary, data.step, data.check", ""},
		"check":         {config("{apiVersion: v1, kind: ConfigMap, data: {check: maybe}}"), `[error] functionConfig: data.check: value "maybe" is invalid: allowed true, false`, ""},
		"name":          {config("{apiVersion: v1, kind: ConfigMap, data: {canary: shop}}"), `[error] functionConfig: data.canary: value "shop" is none of the items: allowed (none: there is no Canary)`, ""},
		"step":          {at("weight-21", items), `[error] apps/canary.yaml: metadata.annotations.gitramp.dev/step: value "weight-21" is no step: allowed 0 to 7, or one of 00-idle, 01-prepare, 02-weight-20, 03-weight-50, 04-full, 05-promote, 06-restore, 07-cleanup`, "metadata.annotations.gitramp.dev/step"},
		"check note":    {strings.Replace(at("idle", items), "gitramp.dev/step: idle", "gitramp.dev/check: yes", 1), `[error] apps/canary.yaml: metadata.annotations.gitramp.dev/check: value "yes" is invalid: allowed "true", "false"`, "metadata.annotations.gitramp.dev/check"},
		"typo":          {strings.Replace(at("idle", items), "setWeight: 20", "setWieght: 20", 1), "[error] apps/canary.yaml: spec.steps[0].setWieght: field is unknown (did you mean setWeight?): allowed name, setWeight, pause, setCanaryScale, setHeaderRoute", "spec.steps[0].setWieght"},
		"odd number":    {strings.Replace(at("idle", items), "setWeight: 20", "setWeight: 020", 1), `[error] apps/canary.yaml: spec.steps[0].setWeight: value "020" is invalid: allowed 0 to 100, as a whole number in plain digits`, "spec.steps[0].setWeight"},
		"alias":         {strings.Replace(at("idle", items), "image: demo:2", "image: &a demo:2", 1), "[error] apps/canary.yaml: anchor &a is not supported: allowed the value itself, wherever it is needed", ""},
		"no stable":     {strings.Replace(at("weight-20", items), "    stable: {image: demo:1}\n", "", 1), "[error] apps/canary.yaml: spec.stable: is missing, and no item is what prod runs: allowed the image that prod runs, or its objects as this function wrote them", "spec.stable"},
		"nothing new":   {strings.Replace(at("weight-20", items), "demo:1", "demo:2", 1), `[error] apps/canary.yaml: metadata.annotations.gitramp.dev/step: value "02-weight-20" is over: prod runs what the spec asks for: allowed a step without a ramp (idle), or another image`, "metadata.annotations.gitramp.dev/step"},
		"base":          {strings.Replace(at("idle", "items: []\n"), "    port: 8080\n    route: {host: demo.example.com}\n", "    base: ./base\n", 1), "[error] apps/canary.yaml: spec.base: is none of the items: allowed items that lie below apps/base, or items that lie in no file and that gitramp did not write", "spec.base"},
		"others base":   {strings.Replace(at("idle", "items:\n- {kind: A, metadata: {name: a, annotations: {config.kubernetes.io/path: apps/other/a.yaml}}}\n"), "    port: 8080\n    route: {host: demo.example.com}\n", "    base: ./baes\n", 1), "[error] apps/canary.yaml: spec.base: is none of the items: allowed items that lie below apps/baes, or items that lie in no file and that gitramp did not write", "spec.base"},
		"aliased base":  {strings.Replace(at("idle", "items: [{kind: A, metadata: {name: a}, a: &a [b], c: *a}]\n"), "    port: 8080\n    route: {host: demo.example.com}\n", "    base: ./base\n", 1), "[error] apps/canary.yaml: spec.base: A a has an alias: allowed the value itself", "spec.base"},
		"broken prod":   {at("idle", items+"- apiVersion: apps/v1\n  kind: Deployment\n  metadata: {name: demo, annotations: {config.kubernetes.io/path: deploy/demo/prod-deployment.yaml}}\n"), "[error] apps/canary.yaml: Deployment demo has no spec.template.spec.containers, so it is not what prod runs: allowed the object as gitramp wrote it, or none", ""},
		"others object": {at("idle", items+"- apiVersion: apps/v1\n  kind: Deployment\n  metadata: {name: demo, annotations: {config.kubernetes.io/path: mine.yaml}}\n"), "[error] mine.yaml: Deployment demo is there already, and nothing says that gitramp wrote it: allowed other names (spec.output.names), or that object as a base (spec.base)", ""},
	} {
		out, results := call(t, c.in)
		if len(results) != 1 || results[0].String() != c.want || !results.Failed() {
			t.Errorf("%s: %v, want\n%s", name, results, c.want)
			continue
		}
		_, before, _ := strings.Cut(c.in, "items:")
		if _, after, _ := strings.Cut(out, "items:"); !strings.HasPrefix(strings.TrimSpace(after), strings.TrimSpace(before)) && !strings.Contains(before, "[{kind") {
			t.Errorf("%s: the items are\n%s", name, after)
		}
		var list struct {
			Results []struct {
				Severity string
				Field    struct{ Path string }
				Ref      struct{ Name string } `yaml:"resourceRef"`
				File     struct{ Path string }
			}
		}
		if err := yaml.Unmarshal([]byte(out), &list); err != nil || len(list.Results) != 1 || list.Results[0].Severity != "error" || list.Results[0].Field.Path != c.field ||
			c.field != "" && (list.Results[0].Ref.Name != "demo" || list.Results[0].File.Path != "apps/canary.yaml") {
			t.Errorf("%s: the results are %+v (%v)", name, list, err)
		}
		if again, _ := call(t, out); again != out {
			t.Errorf("%s: of its own output it makes\n%s\nand that was\n%s", name, again, out)
		}
	}
}

// TestForms: a list in whatever form, with items of others in whatever form, keeps those, and is answered alike again.
func TestForms(t *testing.T) {
	other := "- {apiVersion:   v1, kind: ConfigMap, metadata: {name: other}}\n"
	forms := map[string]string{
		"no items":       at("prepare", ""),
		"null items":     at("prepare", "items: null\n"),
		"empty items":    at("prepare", "items: []\n"),
		"indented":       at("prepare", "items:\n  # above\n"+"  "+other),
		"config behind":  head + "items:\n" + other + strings.TrimPrefix(at("prepare", ""), head),
		"other fields":   at("prepare", "items:\n"+other+"more: {a:  b} # behind\n"),
		"no last line":   strings.TrimSuffix(at("prepare", "items:\n"+other), "\n"),
		"line ends":      strings.ReplaceAll(at("prepare", "items:\n"+other), "\n", "\r\n"),
		"document marks": "---\n" + at("prepare", "items:\n"+other) + "...\n",
		"anchors":        at("prepare", "items:\n- &a {kind: A, metadata: {name: a}, b: [*a]}\n"),
		"flow":           at("prepare", "items: [{kind: A,   metadata: {name: a}}, {kind: B, metadata: {name: b}}]\n"),
		"a literal":      at("prepare", "items:\n- kind: A\n  metadata: {name: a}\n  text: |+\n    x\n\n\n"+other),
		"quoted lines":   at("prepare", "items:\n- kind: A\n  metadata: {name: a}\n  text: \"x\n# y\"\n"+other),
	}
	var v map[string]any
	if err := yaml.Unmarshal([]byte(at("prepare", "items:\n"+other)), &v); err != nil {
		t.Fatal(err)
	}
	forms["JSON"] = asJSON(v)
	for name, in := range forms {
		before, err := ReadList([]byte(in))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		out := ok(t, in)
		after, err := ReadList([]byte(out))
		if err != nil || len(after.Items) != len(before.Items)+5 {
			t.Errorf("%s: %d items of %d (%v)\n%s", name, len(after.Items), len(before.Items), err, out)
			continue
		}
		for i, item := range before.Items {
			if !equal(item.node, after.Items[i].node) {
				t.Errorf("%s: item %d is another one:\n%s", name, i, out)
			}
		}
		if strings.Contains(in, "\n"+other) && !strings.Contains(out, other) {
			t.Errorf("%s: another's item is written otherwise:\n%s", name, out)
		}
		if again := ok(t, out); again != out {
			t.Errorf("%s: of its own output it makes\n%s\nand that was\n%s", name, again, out)
		}
	}
}

// asJSON writes plain data in one line.
func asJSON(v any) string {
	switch v := v.(type) {
	case map[string]any:
		var parts []string
		for key, value := range v {
			parts = append(parts, fmt.Sprintf("%q: %s", key, asJSON(value)))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case []any:
		var parts []string
		for _, value := range v {
			parts = append(parts, asJSON(value))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	if text, is := v.(string); is {
		return fmt.Sprintf("%q", text)
	}
	return fmt.Sprint(v)
}

// TestOwn: its own objects are replaced where the first of them was, wherever they lie, also in another app's company and when another step had more of them.
func TestOwn(t *testing.T) {
	before, after := "- {kind: A, metadata: {name: a}}\n", "- {kind: B, metadata: {name: b}}\n"
	full := ok(t, at("full", "items:\n"+before))
	idle := ok(t, strings.Replace(full, "gitramp.dev/step: full", "gitramp.dev/step: idle", 1)[:len(full)]+after)
	kinds := func(out string) string {
		l, err := ReadList([]byte(out))
		if err != nil {
			t.Fatal(err)
		}
		var list []string
		for _, item := range l.Items {
			list = append(list, node.Title(item.node))
		}
		return strings.Join(list, ", ")
	}
	if got := kinds(idle); got != "A a, Service demo, Deployment demo, Ingress demo, B b" {
		t.Errorf("the items are %s", got)
	}
	moved := strings.ReplaceAll(idle, "deploy/demo/prod-", "elsewhere/prod-")
	if got := ok(t, moved); got != idle {
		t.Errorf("moved ones are not taken back:\n%s", got)
	}
	bare := strings.ReplaceAll(idle, "# Generated by gitramp: change the spec, not this file.\n", "")
	if got := ok(t, bare); got != idle {
		t.Errorf("without comments they are not found:\n%s", got)
	}
	shop := strings.NewReplacer("name: demo", "name: shop", "host: demo", "host: shop").Replace(strings.Replace(at("full", ""), "'apps/canary.yaml'", "'shop.yaml'", 1))
	both := ok(t, shop+itemsOf(idle))
	if got := kinds(both); !strings.HasPrefix(got, "A a, Service demo, Deployment demo, Ingress demo, B b, Service shop, ") {
		t.Errorf("with another app the items are %s", got)
	}
	twice := ok(t, at("idle", itemsOf(both)))
	if got := kinds(twice); got != kinds(both) {
		t.Errorf("the other app's are touched: %s", got)
	}
}

func itemsOf(list string) string {
	_, items, _ := strings.Cut(list, "\nitems:\n")
	return "items:\n" + items
}

// TestStable: what prod runs is what the items say, whatever spec.stable says; and a ramp is over once prod runs what the spec asks for.
func TestStable(t *testing.T) {
	done := ok(t, at("cleanup", "items: []\n"))
	released := strings.Replace(done, "image: demo:2\n    stable", "image: demo:3\n    stable", 1)
	out := ok(t, strings.Replace(released, "step: cleanup", "step: weight-20", 1))
	if strings.Count(out, "image: demo:2\n") != 1 || strings.Count(out, "image: demo:3\n") != 2 || strings.Count(out, "demo:1") != 1 {
		t.Errorf("prod does not run what it ran:\n%s", out)
	}
	promoted := ok(t, strings.Replace(out, "step: weight-20", "step: promote", 1))
	back, results := call(t, strings.Replace(promoted, "step: promote", "step: weight-20", 1))
	if !results.Failed() || !strings.Contains(results[0].Message, "is over") || !strings.Contains(back, "canary-weight: \"100\"") {
		t.Errorf("back to a step that is over: %v\n%s", results, back)
	}
	first := ok(t, strings.Replace(at("idle", ""), "    stable: {image: demo:1}\n", "", 1))
	if strings.Count(first, "image: demo:2\n") != 2 {
		t.Errorf("the first installation runs something else:\n%s", first)
	}
}

// TestKept: a tree that has a kustomization of gitramp's is on its way by commits; another step is not written over it.
func TestKept(t *testing.T) {
	tree := ok(t, at("weight-20", "items:\n- # Generated by gitramp: change the spec, not this file.\n  apiVersion: kustomize.config.k8s.io/v1beta1\n  kind: Kustomization\n  metadata: {annotations: {config.kubernetes.io/path: elsewhere/kustomization.yaml}}\n"))
	tree = strings.Replace(tree, "elsewhere/kustomization.yaml", "deploy/demo/kustomization.yaml", 1)
	if out := ok(t, tree); out != tree {
		t.Errorf("the same step is written anew:\n%s", out)
	}
	_, results := call(t, strings.Replace(tree, "step: weight-20", "step: weight-50", 1))
	if len(results) != 1 || !strings.Contains(results[0].String(), "spec.output.path: holds a tree that gitramp keeps, at another step") {
		t.Errorf("another step: %v", results)
	}
}

// TestCheck: a validator changes nothing, knows every step, and names object, field and value of what is none.
func TestCheck(t *testing.T) {
	for _, step := range []string{"idle", "prepare", "weight-20", "full", "promote", "restore", "cleanup"} {
		list := strings.Replace(ok(t, at(step, "items: []\n")), "gitramp.dev/step: "+step, "gitramp.dev/check: \"true\"", 1)
		out, results := call(t, list)
		if results.Failed() || len(results) != 1 || !strings.HasPrefix(out, list) {
			t.Errorf("%s: %v", step, results)
		}
	}
	list := strings.Replace(ok(t, at("weight-20", "items: []\n")), "gitramp.dev/step: weight-20", "gitramp.dev/check: \"true\"", 1)
	for old, c := range map[string][2]string{
		`canary-weight: "20"`:                            {`canary-weight: "21"`, `[error] deploy/demo/canary-ingress.yaml: metadata.annotations.nginx.ingress.kubernetes.io/canary-weight: is "21": allowed "20" (at step 02-weight-20)`},
		"image: demo:2\n        ":                        {"image: demo:9\n        ", `[error] deploy/demo/canary-deployment.yaml: spec.template.spec.containers[0].image: is "demo:9": allowed "demo:2" (at step 02-weight-20)`},
		"  kind: Ingress\n  metadata:\n    name: demo\n": {"  kind: Ingress\n  metadata:\n    name: other\n", "[error] deploy/demo/prod-ingress.yaml: Ingress other is not what the spec renders: allowed none (at step 02-weight-20)"},
	} {
		if strings.Count(list, old) != 1 {
			t.Fatalf("%q is there %d times:\n%s", old, strings.Count(list, old), list)
		}
		edited := strings.Replace(list, old, c[0], 1)
		out, results := call(t, edited)
		if !results.Failed() || results[0].String() != c[1] || !strings.HasPrefix(out, edited) {
			t.Errorf("%s: %v, want\n%s", c[0], results, c[1])
		}
	}
}

// TestDoubts: a step is written, and it is said that its release is not proven safe, and that the items stand at a step that is not next to it; neither where it is.
func TestDoubts(t *testing.T) {
	idle := ok(t, strings.Replace(at("idle", "items: []\n"), "    port: 8080\n", "    port: 8080\n    defaults: none\n", 1))
	released := strings.NewReplacer("image: demo:2\n    stable", "image: demo:3\n    stable", "port: 8080\n    defaults", "port: 9090\n    defaults").Replace(idle)
	out, results := call(t, strings.Replace(released, "step: idle", "step: prepare", 1))
	if len(results) != 1 || results[0].Severity != Warning || !strings.HasPrefix(results[0].Message, "the release is not proven safe, and gitramp commit refuses it: no-backend: from 00-idle to ") {
		t.Errorf("another port with another image: %v", results)
	}
	if !strings.Contains(out, "severity: warning") || !strings.Contains(out, "name: demo-canary") {
		t.Errorf("the list is\n%s", out)
	}
	if again := ok(t, out); again != out {
		t.Errorf("of its own output it makes\n%s\nand that was\n%s", again, out)
	}
	steps := []string{"idle", "prepare", "weight-20", "weight-50", "full", "promote", "restore", "cleanup"}
	for i, from := range steps {
		before := ok(t, at(from, "items: []\n"))
		for j, to := range steps {
			if i >= 5 && j >= 1 && j <= 4 {
				continue // the ramp is over
			}
			out, results := call(t, strings.Replace(before, "step: "+from, "step: "+to, 1))
			near := max(i-j, j-i) <= 1 || i == 7 && j == 0 // a release that is over stands at its end and at idle
			if near != (len(results) == 0) || !near && (results[0].Severity != Warning || !strings.Contains(results[0].Message, " is not next to ")) {
				t.Errorf("from %s to %s: %v", from, to, results)
			}
			if again := ok(t, out); again != out {
				t.Errorf("from %s to %s: of its own output it makes\n%s\nand that was\n%s", from, to, again, out)
			}
		}
	}
}

// TestSecrets: of a Secret a check says which field is another, and no value of it, whatever form it has.
func TestSecrets(t *testing.T) {
	const head, want = "apiVersion: v1\nkind: Secret\nmetadata: {name: keys}\n", "data: {A: czNjcjN0, B: c2FtZQ==}\nstringData: {C: s3cr3t}\n"
	item := func(text string) Item {
		list, err := ReadStream([]byte(head + text))
		if err != nil {
			t.Fatal(err)
		}
		return list[0]
	}
	for text, field := range map[string]string{
		"data: {A: b3RoZXI=, B: c2FtZQ==}\nstringData: {C: s3cr3t}\n":               "data.A",
		"data: {A: czNjcjN0, B: c2FtZQ==, D: b3RoZXI=}\nstringData: {C: s3cr3t}\n":  "data.D",
		"data: {B: c2FtZQ==}\nstringData: {C: s3cr3t}\n":                            "data.A",
		"data: {A: czNjcjN0, B: c2FtZQ==}\nstringData: {C: b3RoZXI=}\n":             "stringData.C",
		"data: {A: [b3RoZXI=], B: c2FtZQ==}\nstringData: {C: s3cr3t}\n":             "data.A",
		"data: b3RoZXI=\nstringData: {C: s3cr3t}\n":                                 "data",
		"data: {A: czNjcjN0, B: c2FtZQ==}\nstringData: {C: s3cr3t}\ntype: Opaque\n": "type",
	} {
		results := differs(item(text), item(want))
		if len(results) != 1 || results[0].Field != field {
			t.Errorf("%s: %v, want %s", text, results, field)
			continue
		}
		said, err := yaml.Marshal(results.node())
		if err != nil {
			t.Fatal(err)
		}
		for _, value := range []string{"czNjcjN0", "b3RoZXI=", "c2FtZQ==", "s3cr3t"} {
			if all := results[0].String() + string(said); strings.Contains(all, value) {
				t.Errorf("%s: shows %s:\n%s", text, value, all)
			}
		}
	}
	shown := differs(item("type: Opaque\n"), item("type: other\n"))
	if len(shown) != 1 || shown[0].Message != `is "Opaque": allowed "other"` || shown[0].Current != "Opaque" {
		t.Errorf("what is no value of it is hidden: %v", shown)
	}
}

// FuzzCall: whatever comes in, nothing panics, and where there is an answer it can be read again and is answered alike.
func FuzzCall(f *testing.F) {
	f.Add(at("weight-20", "items: []\n"))
	f.Add(at("idle", "items:\n- kind: A\n  metadata: {name: a}\n"))
	f.Add(head + "items:\n- &a {kind: A, b: *a}\n")
	f.Add(strings.Replace(at("idle", "items: [{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}}]\n"), "    port: 8080\n", "    base: ./base\n", 1))
	f.Add(head + strings.Repeat("a: [", 2000))
	f.Add(head + "# of what is added\n")
	f.Add("# first\nitems: []\n" + head + "# of the results\n")
	f.Add(head + "# of the items\nitems: []\n# of the results\nresults: []\n# last\n")
	f.Fuzz(func(t *testing.T, in string) {
		l, err := ReadList([]byte(in))
		if err != nil {
			return
		}
		rename := func([]*yaml.Node, []string) ([]*yaml.Node, error) { return nil, errors.New("none here") }
		items, results := Call{Config: l.Config, Items: l.Items, Rename: rename}.Run()
		out, err := l.Write(items, results)
		if err != nil {
			return
		}
		again, err := ReadList(out)
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		items, results = Call{Config: again.Config, Items: again.Items, Rename: rename}.Run()
		if twice, err := again.Write(items, results); err != nil || string(twice) != string(out) {
			t.Fatalf("of its own output it makes (%v)\n%s\nand that was\n%s", err, twice, out)
		}
	})
}

func asTheyAre(objs []*yaml.Node, _ []string) ([]*yaml.Node, error) { return objs, nil }

// TestHash: a generated object of a base, as kustomize passes it on, comes with a warning that it loses its hash; a plain one does not.
func TestHash(t *testing.T) {
	var texts [2][]byte
	for i, name := range []string{"canary.yaml", "base/app.yaml"} {
		var err error
		if texts[i], err = os.ReadFile("../../fixtures/bases/hpa/" + name); err != nil {
			t.Fatal(err)
		}
	}
	config, err := ReadStream(texts[0])
	if err != nil {
		t.Fatal(err)
	}
	for note, want := range map[string]int{"needsHashSuffix: enabled": 1, "generatorBehavior: unspecified": 0} {
		items, err := ReadStream(append(slices.Clone(texts[1]), "---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: team\n  annotations:\n    internal.config.kubernetes.io/"+note+"\n"...))
		if err != nil {
			t.Fatal(err)
		}
		out, results := Call{Config: config[0].Node(), Items: items, Step: "weight-20", Rename: asTheyAre}.Run()
		var warned []string
		for _, r := range results {
			if r.Severity == Warning && r.Field == "metadata.name" && r.Current == "team" {
				warned = append(warned, r.String())
			}
		}
		if results.Failed() || len(out) == len(items) || len(warned) != want {
			t.Errorf("with %s: %v", note, results)
		}
	}
}

// based is a list with a spec that has a base, which lies in base/ where path says so.
func based(items string) string {
	return strings.Replace(at("idle", items), "    port: 8080\n    route: {host: demo.example.com}\n", "    base: ./base\n", 1)
}

// shop is a base as a stream of documents, or as items at a path.
const shop = `apiVersion: apps/v1
kind: Deployment
metadata: {name: shop, annotations: {}}
spec:
  replicas: 3
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec: {containers: [{name: web, image: "demo:1", ports: [{name: http, containerPort: 8080}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: shop, annotations: {}}
spec: {selector: {app: shop}, ports: [{name: http, port: 80, targetPort: http}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: shop, annotations: {}}
spec:
  ingressClassName: nginx
  rules: [{host: shop.example.com, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: shop, port: {name: http}}}}]}}]
`

func shopItems(path string) string {
	var b strings.Builder
	for _, doc := range strings.Split(strings.ReplaceAll(shop, "annotations: {}", "annotations: {config.kubernetes.io/path: "+path+"}"), "---\n") {
		b.WriteString("- " + strings.ReplaceAll(strings.TrimSpace(doc), "\n", "\n  ") + "\n")
	}
	return b.String()
}

// renames is as call, with a renamer that leaves names alone.
func renames(t *testing.T, in string) (string, Results) {
	t.Helper()
	l, err := ReadList([]byte(in))
	if err != nil {
		t.Fatalf("%v\n%s", err, in)
	}
	items, results := Call{Config: l.Config, Items: l.Items, Rename: asTheyAre}.Run()
	out, err := l.Write(items, results)
	if err != nil {
		t.Fatalf("%v\n%s", err, in)
	}
	return string(out), results
}

// TestBaseFiles: a kustomization among the base's files is none of its objects, with a kind or without one, and what is no object is named with its file.
func TestBaseFiles(t *testing.T) {
	items := "items:\n" + shopItems("apps/base/app.yaml")
	file := func(name, text string) string {
		return "- {" + text + ", metadata: {annotations: {config.kubernetes.io/path: apps/base/" + name + "}}}\n"
	}
	for _, name := range []string{"kustomization.yaml", "kustomization.yml", "Kustomization", "more/kustomization.yaml"} {
		item := file(name, "resources: [app.yaml]")
		out, results := renames(t, based(items+item))
		if len(results) != 0 || !strings.Contains(out, item) {
			t.Errorf("%s: %v\n%s", name, results, out)
		}
	}
	for key, field := range map[string]string{"namespace": "namespace: web", "images": "images: [{name: demo, newTag: '2'}]", "patches": "apiVersion: kustomize.config.k8s.io/v1beta1, kind: Kustomization, patches: []"} {
		_, results := renames(t, based(items+file("kustomization.yaml", field)))
		if want := "[warning] apps/base/kustomization.yaml: " + key + ": has no effect: the items are the base's files as they lie: allowed resources alone, with files that kustomize has built"; len(results) != 1 || results[0].String() != want {
			t.Errorf("%s: %v, want\n%s", field, results, want)
		}
	}
	in := based(items + file("values.yaml", "a: b") + file("patch.yaml", "kind: Service"))
	out, results := renames(t, in)
	want := []string{
		"[error] apps/base/values.yaml: is no object, and lies in the base: allowed objects with kind and metadata.name, and kustomizations",
		"[error] apps/base/patch.yaml: is no object, and lies in the base: allowed objects with kind and metadata.name, and kustomizations",
	}
	if len(results) != 2 || results[0].String() != want[0] || results[1].String() != want[1] || !strings.HasPrefix(out, in) {
		t.Errorf("%v, want\n%s", results, want)
	}
}

// TestTwice: an object that the function would take or write is there once: which of two is meant nobody knows. Those of others are none of its business.
func TestTwice(t *testing.T) {
	written := ok(t, at("weight-20", "items: []\n"))
	l, err := ReadList([]byte(written))
	if err != nil {
		t.Fatal(err)
	}
	prod := slices.IndexFunc(l.Items, func(i Item) bool { return node.Title(i.node) == "Deployment demo" })
	other := strings.NewReplacer("demo:1", "evil/other:1", "deploy/demo/prod-deployment.yaml", "elsewhere/a.yaml").Replace(string(l.Items[prod].text))
	base := "items:\n" + shopItems("apps/base/app.yaml")
	kept := "- {apiVersion: gitramp.dev/v1alpha1, kind: CanaryBase, metadata: {name: demo}, objects: []}\n"
	specs := func(image string) string {
		return "- {apiVersion: gitramp.dev/v1alpha1, kind: Canary, metadata: {name: demo, annotations: {config.kubernetes.io/path: " + image + ".yaml}}, spec: {image: " + image + ", port: 80, route: {host: a.example.com}, steps: [{setWeight: 20}]}}\n"
	}
	for name, c := range map[string]struct{ in, want string }{
		"behind":       {written + other, "[error] elsewhere/a.yaml: Deployment demo is there twice: allowed once"},
		"before":       {strings.Replace(written, "items:\n", "items:\n"+other, 1), "[error] deploy/demo/prod-deployment.yaml: Deployment demo is there twice: allowed once"},
		"base":         {based(base + shopItems("apps/base/more/app.yaml")), "[error] apps/base/more/app.yaml: Deployment shop is there twice: allowed once"},
		"kept base":    {based("items:\n" + kept + kept), "[error] CanaryBase demo: CanaryBase demo is there twice: allowed once"},
		"named canary": {head + "functionConfig: {apiVersion: v1, kind: ConfigMap, data: {canary: demo}}\nitems:\n" + specs("a") + specs("b"), "[error] b.yaml: functionConfig: data.canary: value \"demo\" is 2 of the items: allowed one of that name"},
	} {
		for _, check := range []bool{false, true} {
			in := c.in
			if check {
				in = strings.NewReplacer("gitramp.dev/step: weight-20", "gitramp.dev/check: 'true'", "gitramp.dev/step: idle", "gitramp.dev/check: 'true'", "{canary: demo}", "{canary: demo, check: 'true'}").Replace(in)
			}
			out, results := renames(t, in)
			if len(results) == 0 || results[0].String() != c.want || !results.Failed() || !strings.HasPrefix(out, in) {
				t.Errorf("%s (check %v): %v, want\n%s\n%s", name, check, results, c.want, out)
			}
		}
	}
	theirs := "- {apiVersion: v1, kind: ConfigMap, metadata: {name: theirs}}\n"
	ok(t, at("weight-20", "items:\n"+theirs+theirs))
	if _, results := renames(t, based(base+theirs+theirs)); results.Failed() {
		t.Errorf("others' objects: %v", results)
	}
	if _, results := renames(t, strings.Replace(written, "items:\n", "items:\n"+specs("a")+specs("a"), 1)); results.Failed() {
		t.Errorf("others' specs: %v", results)
	}
}

// TestStepFrom: a step that is none is wrong where it was asked for.
func TestStepFrom(t *testing.T) {
	l, err := ReadList([]byte(at("weight-20", "items: []\n")))
	if err != nil {
		t.Fatal(err)
	}
	const allowed = `value "weight_50" is no step: allowed 0 to 7, or one of 00-idle, 01-prepare, 02-weight-20, 03-weight-50, 04-full, 05-promote, 06-restore, 07-cleanup`
	_, results := Call{Config: l.Config, Step: "weight_50"}.Run()
	if want := "[error] apps/canary.yaml: --step: " + allowed; len(results) != 1 || results[0].String() != want {
		t.Errorf("%v, want %s", results, want)
	}
	canary := "items:\n- " + strings.TrimSpace(strings.Replace(spec, "STEP", "idle", 1)) + "\n"
	_, results = call(t, head+"functionConfig: {apiVersion: v1, kind: ConfigMap, data: {step: weight_50}}\n"+canary)
	if want := "[error] apps/canary.yaml: functionConfig: data.step: " + allowed; len(results) != 1 || results[0].String() != want {
		t.Errorf("%v, want %s", results, want)
	}
	for word, step := range map[string]string{"2": "02-weight-20", "02": "02-weight-20", "02-weight-20": "02-weight-20", "weight-20": "02-weight-20"} {
		if got := ok(t, at("'"+word+"'", "items: []\n")); got != strings.Replace(ok(t, at(step, "items: []\n")), "step: "+step, "step: '"+word+"'", 1) {
			t.Errorf("%s is another step than %s:\n%s", word, step, got)
		}
	}
}
