// Package crds asks the API server's own code about the HTTPRoutes and GRPCRoutes that gitramp writes, and about what it writes for Argo CD and Flux: the
// CustomResourceDefinitions of Gateway API's standard channel and of the controllers, with pruning, defaulting, OpenAPI and CEL rules. It is a module of its own, for what an API server is made of is a lot.
package crds

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/listtype"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	apiservercel "k8s.io/apiserver/pkg/apis/cel"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
	"sigs.k8s.io/yaml"

	"github.com/gitramp/gitramp/render"
	"github.com/gitramp/gitramp/templates"
)

var _ = gatewayv1.GroupName // the module whose CRDs are read

// kind is one kind's CRD, as the API server uses it.
type kind struct {
	structural *schema.Structural
	openAPI    validation.SchemaValidator
	rules      *cel.Validator
}

func load(t *testing.T) map[string]kind {
	t.Helper()
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "sigs.k8s.io/gateway-api").Output()
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]kind{}
	for _, name := range []string{"httproutes", "grpcroutes"} {
		read(t, kinds, filepath.Join(strings.TrimSpace(string(dir)), "config/crd/standard/gateway.networking.k8s.io_"+name+".yaml"), "v1")
	}
	return kinds
}

// read adds the kind of a CRD, in one version.
func read(t *testing.T, kinds map[string]kind, file, version string) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var crd apiextensionsv1.CustomResourceDefinition
	if err := yaml.Unmarshal(data, &crd); err != nil {
		t.Fatal(err)
	}
	for _, v := range crd.Spec.Versions {
		if v.Name != version {
			continue
		}
		var props apiextensions.JSONSchemaProps
		if err := apiextensionsv1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(v.Schema.OpenAPIV3Schema, &props, nil); err != nil {
			t.Fatal(err)
		}
		s, err := schema.NewStructural(&props)
		if err != nil {
			t.Fatal(err)
		}
		open, _, err := validation.NewSchemaValidator(&props)
		if err != nil {
			t.Fatal(err)
		}
		kinds[crd.Spec.Names.Kind] = kind{s, open, cel.NewValidator(s, true, apiservercel.PerCallLimit)}
	}
}

// admit is what the API server says of an object, in place of old or of nothing: what it would drop, fill in, or refuse.
func (k kind) admit(t *testing.T, obj, old map[string]any) []string {
	t.Helper()
	var said []string
	pruned := copyOf(t, obj)
	pruning.Prune(pruned, k.structural, true)
	if !reflect.DeepEqual(pruned, obj) {
		said = append(said, "pruned: a field is unknown")
	}
	full := copyOf(t, obj)
	defaulting.Default(full, k.structural)
	if !reflect.DeepEqual(full, obj) {
		said = append(said, "defaulted: a field is filled in that git does not name")
	}
	errs := validation.ValidateCustomResource(nil, full, k.openAPI)
	errs = append(errs, listtype.ValidateListSetsAndMaps(nil, k.structural, full)...)
	var before any
	if old != nil {
		before = old
	}
	if k.rules != nil {
		more, _ := k.rules.Validate(context.Background(), (*field.Path)(nil), k.structural, full, before, apiservercel.RuntimeCELCostBudget)
		errs = append(errs, more...)
	}
	for _, e := range errs {
		said = append(said, e.Error())
	}
	return said
}

func copyOf(t *testing.T, obj map[string]any) map[string]any {
	t.Helper()
	data, err := json.Marshal(obj)
	if err != nil {
		t.Fatal(err)
	}
	return object(t, data)
}

// object reads JSON or YAML as the API server does: whole numbers are int64.
func object(t *testing.T, data []byte) map[string]any {
	t.Helper()
	text, err := yaml.YAMLToJSON(data)
	if err != nil {
		t.Fatal(err)
	}
	d := json.NewDecoder(strings.NewReader(string(text)))
	d.UseNumber()
	var obj map[string]any
	if err := d.Decode(&obj); err != nil {
		t.Fatal(err)
	}
	return whole(obj).(map[string]any)
}

func whole(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for key := range v {
			v[key] = whole(v[key])
		}
	case []any:
		for i := range v {
			v[i] = whole(v[i])
		}
	case json.Number:
		if i, err := v.Int64(); err == nil {
			return i
		}
		f, _ := v.Float64()
		return f
	}
	return v
}

// TestGoldenRoutesAreAdmitted: every route of every golden tree is admitted as it is, and as an update of the step before it: nothing is dropped, nothing is
// filled in that Argo CD would take for a difference (argoproj/argo-cd#22151), nothing is refused.
func TestGoldenRoutesAreAdmitted(t *testing.T) {
	kinds := load(t)
	files, err := filepath.Glob("../../golden/*/[0-9][0-9]-*/shared-*route.yaml")
	if err != nil || len(files) < 30 {
		t.Fatal(len(files), err)
	}
	var old map[string]any
	last := ""
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		obj := object(t, data)
		if dir := filepath.Dir(filepath.Dir(file)); dir != last {
			old, last = nil, dir
		}
		if said := kinds[obj["kind"].(string)].admit(t, obj, old); said != nil {
			t.Errorf("%s: %s", file, strings.Join(said, "\n"))
		}
		old = obj
	}
}

// TestBrokenRoutesAreCaught: what is wrong is found, each by what should find it.
func TestBrokenRoutesAreCaught(t *testing.T) {
	kinds := load(t)
	data, err := os.ReadFile("../../golden/gateway-filter/02-weight-20/shared-httproute.yaml")
	if err != nil {
		t.Fatal(err)
	}
	good := string(data)
	rule := good[strings.Index(good, "  - matches:"):]
	for what, c := range map[string]struct{ old, new, want string }{
		"an unknown field":         {"  hostnames:", "  hostname: a\n  hostnames:", "pruned"},
		"a kind left out":          {"      kind: Service\n", "", "defaulted"},
		"a weight left out":        {"      weight: 80\n", "", "defaulted"},
		"a weight above the limit": {"weight: 80", "weight: 1000001", "1000000"},
		"two prefixes rewritten":   {"    - path:\n        type: PathPrefix\n        value: /cart\n", "    - path: {type: PathPrefix, value: /x}\n    - path:\n        type: PathPrefix\n        value: /cart\n", "replacePrefixMatch"},
		"a parent twice":           {"    name: public\n", "    name: public\n  - group: gateway.networking.k8s.io\n    kind: Gateway\n    name: public\n", "sectionName"},
		"a header set twice":       {"        - name: X-Forwarded-Prefix\n          value: /cart\n", "        - {name: X-A, value: a}\n        - {name: X-A, value: b}\n", "Duplicate"},
		"too many rules":           {rule, rule + rule + rule, "16"},
	} {
		text := strings.Replace(good, c.old, c.new, 1)
		if text == good {
			t.Fatalf("%s: nothing is changed", what)
		}
		if said := strings.Join(kinds["HTTPRoute"].admit(t, object(t, []byte(text)), nil), "\n"); !strings.Contains(said, c.want) {
			t.Errorf("%s: it says %q, want %s", what, said, c.want)
		}
	}
}

// TestEdges: specs at the edges of what gitramp accepts are admitted as well.
func TestEdges(t *testing.T) {
	kinds := load(t)
	long := strings.Repeat("a", 63)
	hosts := make([]string, 16)
	for i := range hosts {
		hosts[i] = fmt.Sprintf(`"*.h%d.%s.%s.example.com"`, i, long, long)
	}
	paths := make([]string, 64)
	for i := range paths {
		paths[i] = fmt.Sprintf("/%s-%d", strings.Repeat("p._-", 30), i)
	}
	modifier := "{set: [{name: \"!#$%&'*+.^_`|~-9\", value: \"a \\\" ; {} \\\\ b\"}], add: [{name: X-A, value: \"" + strings.Repeat("v", 4096) + "\"}], remove: [X-B, X-C]}"
	for name, text := range map[string]string{
		"many hosts":                    "    parentRefs: [{name: " + long + "." + long + ", namespace: " + long + ", sectionName: a." + long + ", port: 65535}]\n    hosts: [" + strings.Join(hosts, ", ") + "]\n    match: [{header: {name: X-C}}, {cookie: {name: a.b~c_d}}]\n",
		"many paths":                    "    parentRefs: [{name: a}, {name: b}]\n    host: a.example.com\n    paths: [" + strings.Join(paths, ", ") + "]\n    match: [{header: {name: X-C, value: 'a._~/:-'}}]\n",
		"odd paths":                     "    parentRefs: [{name: a, sectionName: a}, {name: a, sectionName: b, port: 81}, {kind: Service, name: b, port: 1}]\n    host: a.example.com\n    rules: [{paths: [/a/, /.b, /c..d, /-], pathType: Exact}, {paths: [/, /_]}]\n",
		"filters":                       "    parentRefs: [{name: a}]\n    host: a.example.com\n    filters: [{type: RequestHeaderModifier, requestHeaderModifier: " + modifier + "}, {type: ResponseHeaderModifier, responseHeaderModifier: " + modifier + "}, {type: ExtensionRef, extensionRef: {group: a.b, kind: C-d, name: e.f}}, {type: URLRewrite, urlRewrite: {hostname: a.b, path: {type: ReplacePrefixMatch, replacePrefixMatch: /a/}}}]\n    match: [{cookie: {name: a}}]\n",
		"a mesh":                        "    parentRefs: [{kind: Service, name: a}]\n    path: /\n    match: [{header: {name: X-C, pattern: 'a|b.*'}}]\n",
		"calls":                         "    parentRefs: [{name: a}]\n    host: a.example.com\n    protocol: GRPC\n    rules: [{paths: [/]}, {paths: [/a.B_c9.D, /_a/_b]}, {paths: [/a.B/C], pathType: Exact}]\n    match: [{header: {name: X-C}}]\n",
		"calls, filtered":               "    parentRefs: [{name: a}]\n    host: a.example.com\n    protocol: GRPC\n    path: /" + long + "." + long + "\n    filters: [{type: RequestHeaderModifier, requestHeaderModifier: " + modifier + "}, {type: ExtensionRef, extensionRef: {group: a.b, kind: C, name: e}}]\n",
		"the largest total":             "    parentRefs: [{name: a}]\n    host: a.example.com\n    weightTotal: 1000000\n",
		"as many rules as there can be": "    parentRefs: [{name: a}]\n    host: a.example.com\n    rules: [{paths: [/a]}, {paths: [/b]}, {paths: [/c]}]\n    match: [{header: {name: X-C}}, {cookie: {name: a}}]\n",
	} {
		t.Run(name, func(t *testing.T) { admitRamp(t, kinds, text) })
	}
}

func admitRamp(t *testing.T, kinds map[string]kind, route string) {
	t.Helper()
	spec := "apiVersion: gitramp.dev/v1alpha1\nkind: Canary\nmetadata: {name: app, namespace: web}\nspec:\n  image: app:2\n  stable: {image: app:1}\n  port: 80\n" +
		"  route:\n    router: gateway-api\n" + route + "  steps:\n  - pause: {}\n  - setWeight: 1\n  - setWeight: 50\n"
	c, err := render.ParseSpec("canary.yaml", []byte(spec))
	if err != nil {
		t.Fatal(err)
	}
	set := render.NewTemplates(templates.FS)
	var revs render.Revisions
	if revs.Stable, _, err = c.StableRevision(set); err != nil {
		t.Fatal(err)
	}
	if revs.Canary, err = c.Revision(set); err != nil {
		t.Fatal(err)
	}
	r, err := render.NewRelease(c, "canary.yaml", revs, set)
	if err != nil {
		t.Fatal(err)
	}
	var old map[string]any
	for _, st := range r.Plan.Steps {
		tree, _, err := r.Tree(st, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range tree.Resources() {
			if !strings.HasPrefix(file, "shared-") {
				continue
			}
			data, _ := tree.Get(file)
			obj := object(t, data)
			if said := kinds[obj["kind"].(string)].admit(t, obj, old); said != nil {
				t.Fatalf("%s: %s\n%.3000s", st.ID(), strings.Join(said, "\n"), data)
			}
			old = obj
		}
	}
}
