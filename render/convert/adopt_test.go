package convert

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"
	"text/template"

	"github.com/google/go-cmp/cmp"

	"github.com/gitramp/gitramp/render/internal/node"
)

// TestAdoptsNothing: what a deleted Rollout leaves behind has its labels and a hash. A Deployment that selects them adopts its ReplicaSets and takes their pods away,
// while the Service, with the hash in its selector, has no others.
func TestAdoptsNothing(t *testing.T) {
	for name, files := range map[string][]File{"tutorial": tutorial(t), "rollout": {{"in.yaml", peers[0].text()}}, "plugin": {{"in.yaml", peers[1].text()}}} {
		a, err := load(files)
		if err != nil {
			t.Fatal(err)
		}
		theirs := stringsAt(a.from.node, "spec", "template", "metadata", "labels")
		theirs["rollouts-pod-template-hash"] = "6f5c8d9b7"
		selector, service := stringsAt(a.deployment.node, "spec", "selector", "matchLabels"), stringsAt(a.service.node, "spec", "selector")
		own := stringsAt(a.deployment.node, "spec", "template", "metadata", "labels")
		if selects(selector, theirs) {
			t.Errorf("%s: %v selects the Rollout's pods: %v", name, selector, theirs)
		}
		if !selects(selector, own) || !selects(service, own) || !selects(service, theirs) {
			t.Errorf("%s: %v does not select %v, or the Service's %v not them and %v", name, selector, own, service, theirs)
		}
	}
}

// TestWorkloadRef: a Deployment that is there already keeps its selector, which nobody can change. So its pods get behind the Service first, and the Rollout takes its
// ReplicaSets along: left behind, they would be adopted.
func TestWorkloadRef(t *testing.T) {
	text := strings.Replace(string(peers[0].text())+workload, "  strategy:\n    canary:", "  workloadRef: {apiVersion: apps/v1, kind: Deployment, name: shop, scaleDown: onsuccess}\n  strategy:\n    canary:", 1)
	a, err := load([]File{{"in.yaml", []byte(strings.Replace(text, "shop-deploy}", "shop}", 1))}})
	if err != nil {
		t.Fatal(err)
	}
	if node.Get(a.deployment.node, "spec", "selector", "matchLabels", workloadLabel) != nil {
		t.Error("the selector of a Deployment that is there is changed")
	}
	at := func(text string) int {
		return slices.IndexFunc(a.before, func(line string) bool { return strings.Contains(line, text) })
	}
	order := []int{at(`"scaleDown":"never"`), at("gitramp install"), at("rollout status deployment/"), at("kubectl label pods"), at("kubectl delete rollout"), at("kubectl patch service")}
	if !slices.IsSorted(order) || order[0] < 0 || at("orphan") >= 0 {
		t.Errorf("not in order, or not there: %v\n%s", order, strings.Join(a.before, "\n"))
	}
}

// expressed is a Rollout whose selector is more than its labels: another one has the same labels and another tier.
func expressed(more string) []File {
	const plain = "selector: {matchLabels: {app: shop}}"
	text := strings.Replace(string(peers[0].text()), plain, "selector: {matchLabels: {app: shop}, matchExpressions: [{key: tier, operator: In, values: [web, front]}, "+
		"{key: track, operator: NotIn, values: [old]}, {key: zone, operator: Exists}, {key: legacy, operator: DoesNotExist}]}"+more, 1)
	return []File{{"in.yaml", []byte(strings.Replace(text, "labels: {app: shop}", "labels: {app: shop, tier: web, zone: a}", 1))}}
}

// TestOwnReplicaSets: a selector of labels, or of labels and expressions, may find another Rollout's ReplicaSets as well, and deleting those is an outage. So those that are
// deleted at last have a label, and those get it that the very Rollout owns, while it does: an orphan says no more whose it was.
func TestOwnReplicaSets(t *testing.T) {
	for name, files := range map[string][]File{"labels": {{"in.yaml", peers[0].text()}}, "expressions": expressed("")} {
		im, err := Import(files)
		if err != nil {
			t.Fatal(err)
		}
		want := []string{
			"kubectl rollout status deployment/shop",
			`kubectl label replicaset $(kubectl get replicaset -o go-template='{{range $r := .items}}{{range .metadata.ownerReferences}}{{if and (eq .kind "Rollout") (eq .name "shop")}}{{printf "%s\n" $r.metadata.name}}{{end}}{{end}}{{end}}') gitramp.dev/left-by=shop`,
			"kubectl delete rollout shop --cascade=orphan",
			`kubectl patch service shop --type=merge -p '{"spec":{"selector":{"rollouts-pod-template-hash":null}}}'`,
			"kubectl delete ingress shop-shop-canary --ignore-not-found",
			"kubectl delete service shop-canary --ignore-not-found",
			"kubectl delete replicaset -l gitramp.dev/left-by=shop",
		}
		if diff := cmp.Diff(want, im.Before[3:]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// TestOwned: the template in that line prints the names of the Rollout's ReplicaSets, and no others.
func TestOwned(t *testing.T) {
	im, err := Import([]File{{"in.yaml", peers[0].text()}})
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`go-template='([^']*)'`).FindStringSubmatch(strings.Join(im.Before, "\n"))
	if m == nil {
		t.Fatalf("no template in\n%s", strings.Join(im.Before, "\n"))
	}
	var items any
	if err := json.Unmarshal([]byte(`{"items": [
		{"metadata": {"name": "shop-6f5c8d9b7", "ownerReferences": [{"kind": "Rollout", "name": "shop"}]}},
		{"metadata": {"name": "shop-api-6f5c8d9b7", "ownerReferences": [{"kind": "Rollout", "name": "shop-api"}]}},
		{"metadata": {"name": "shop-58c4d", "ownerReferences": [{"kind": "Deployment", "name": "shop"}]}},
		{"metadata": {"name": "shop-canary", "ownerReferences": [{"kind": "Experiment", "name": "shop"}]}},
		{"metadata": {"name": "shop-7d8b6c4f9", "ownerReferences": [{"kind": "Rollout", "name": "shop"}]}},
		{"metadata": {"name": "shop-alone"}}]}`), &items); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if err := template.Must(template.New("").Parse(m[1])).Execute(&out, items); err != nil {
		t.Fatal(err)
	}
	if want := "shop-6f5c8d9b7\nshop-7d8b6c4f9\n"; out.String() != want {
		t.Errorf("prints %q, and not %q", out.String(), want)
	}
}

// TestSelectorIsWhole: the pods of workloadRef's Deployment are found by all of its selector, expressions too.
func TestSelectorIsWhole(t *testing.T) {
	text := strings.Replace(string(expressed("\n  workloadRef: {apiVersion: apps/v1, kind: Deployment, name: shop-deploy}")[0].Data)+workload, "{matchLabels: {app: shop}}",
		"{matchLabels: {app: shop}, matchExpressions: [{key: tier, operator: In, values: [web, front]}, {key: track, operator: NotIn, values: [old]}, {key: zone, operator: Exists}, {key: legacy, operator: DoesNotExist}]}", 1)
	text = strings.Replace(text, "labels: {app: shop}}", "labels: {app: shop, tier: web, zone: a}}", 1)
	im, err := Import([]File{{"in.yaml", []byte(text)}})
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	const want = `kubectl label pods -l 'app=shop,tier in (web,front),track notin (old),zone,!legacy,!rollouts-pod-template-hash' ` +
		`rollouts-pod-template-hash=$(kubectl get service shop -o jsonpath='{.spec.selector.rollouts-pod-template-hash}')`
	if !slices.Contains(im.Before, want) {
		t.Errorf("%s\nis not in\n%s", want, strings.Join(im.Before, "\n"))
	}
}

// TestNothingForAShell: the instructions are pasted into one. Whatever a manifest puts into them is what Kubernetes takes as a name or a label, or the import is refused.
func TestNothingForAShell(t *testing.T) {
	const evil, labels = `"a b;id"`, "matchLabels: {app: shop}"
	plain := string(peers[0].text())
	ref := strings.Replace(plain+workload, "  strategy:\n", "  workloadRef: {apiVersion: apps/v1, kind: Deployment, name: shop-deploy}\n  strategy:\n", 1)
	expression := func(text string) []string { return []string{labels, labels + ", matchExpressions: [{" + text + "}]"} }
	const selector = "spec.selector."
	for name, c := range map[string]struct {
		in, field string
		replace   []string
	}{
		"the Rollout's name":      {plain, "metadata.name", []string{"metadata: {name: shop}\nspec:\n  replicas", "metadata: {name: " + evil + "}\nspec:\n  replicas"}},
		"the namespace":           {plain, "metadata.namespace", []string{"metadata: {name: shop}", "metadata: {name: shop, namespace: " + evil + "}"}},
		"the Service":             {plain, "metadata.name", []string{"name: shop}\nspec: {selector", "name: " + evil + "}\nspec: {selector", "stableService: shop", "stableService: " + evil, "{service: {name: shop", "{service: {name: " + evil}},
		"the canary's Service":    {plain, canaryPath + ".canaryService", []string{"canaryService: shop-canary", "canaryService: " + evil}},
		"the Ingress":             {plain, "metadata.name", []string{"kind: Ingress\nmetadata: {name: shop}", "kind: Ingress\nmetadata: {name: " + evil + "}", "stableIngress: shop", "stableIngress: " + evil}},
		"the Deployment":          {ref, "metadata.name", []string{"name: shop-deploy", "name: " + evil}},
		"a label's value":         {ref, selector + "matchLabels.app", []string{labels, "matchLabels: {app: " + evil + "}"}},
		"a label's name":          {ref, selector + "matchLabels", []string{labels, "matchLabels: {" + evil + ": shop, app: shop}"}},
		"an expression's value":   {ref, selector + "matchExpressions[0].values[1]", expression("key: tier, operator: NotIn, values: [a, " + evil + "]")},
		"an expression's label":   {ref, selector + "matchExpressions[0].key", expression("key: " + evil + ", operator: DoesNotExist")},
		"an expression's verb":    {ref, selector + "matchExpressions[0].operator", expression("key: tier, operator: " + evil)},
		"an expression of nobody": {ref, selector + "matchExpressions[0].values", expression("key: tier, operator: NotIn")},
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.NewReplacer(c.replace...).Replace(c.in)
			im, err := Import([]File{{"in.yaml", []byte(text)}})
			if err == nil {
				t.Fatalf("is taken:\n%s", strings.Join(im.Before, "\n"))
			}
			if named := namedBy(err); len(named) == 0 || named[0] != c.field {
				t.Errorf("is refused otherwise than at %s: %v", c.field, err)
			}
		})
	}
}
