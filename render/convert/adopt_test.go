package convert

import (
	"slices"
	"strings"
	"testing"

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
		if last := a.before[len(a.before)-1]; !strings.Contains(last, "delete replicaset") || !strings.HasSuffix(last, "rollouts-pod-template-hash,"+selectorText(a.from.node)) {
			t.Errorf("%s: what the Rollout leaves is not deleted at last: %q", name, last)
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
