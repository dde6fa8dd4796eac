package render

import (
	"strconv"

	"go.yaml.in/yaml/v3"

	"github.com/gitramp/gitramp/render/internal/node"
)

// The kinds that own the number of a Deployment's pods.
const (
	hpa          = "HorizontalPodAutoscaler"
	scaledObject = "ScaledObject" // KEDA's, which makes a HorizontalPodAutoscaler
)

// idleFloor is the annotation that keeps what an autoscaler's least number of pods is when no rollout is on its way.
const idleFloor = "gitramp.dev/idle-min-replicas"

// floorFields are where an autoscaler has its least and most pods, and what they are where it says nothing (kubernetes pkg/apis/autoscaling/v2/defaults.go: 1;
// KEDA's apis/keda/v1alpha1/scaledobject_types.go: 0 and 100).
func floorFields(kind string) (least, most string, leastDefault, mostDefault int) {
	if kind == scaledObject {
		return "minReplicaCount", "maxReplicaCount", 0, 100
	}
	return "minReplicas", "maxReplicas", 1, 1
}

// floorOf is an autoscaler's least and most pods.
func floorOf(scaler *yaml.Node) (least, most int) {
	leastField, mostField, least, most := floorFields(node.Text(scaler, "kind"))
	if n, err := strconv.Atoi(node.Text(scaler, "spec", leastField)); err == nil {
		least = n
	}
	if n, err := strconv.Atoi(node.Text(scaler, "spec", mostField)); err == nil {
		most = n
	}
	return least, most
}

// targets says whether an autoscaler owns the replicas of a Deployment.
func targets(scaler, deployment *yaml.Node) bool {
	kind := node.Text(scaler, "spec", "scaleTargetRef", "kind")
	return (kind == "Deployment" || kind == "" && node.Text(scaler, "kind") == scaledObject) && sameNamespace(scaler, deployment) &&
		node.Text(scaler, "spec", "scaleTargetRef", "name") == node.Text(deployment, "metadata", "name")
}

// setFloor makes pods the least that an autoscaler keeps, and notes what it was: capacity leads traffic, and whoever goes back finds prod as large as it was.
// exactly says that it may be less than it was, too: the canary needs what its weight needs.
func setFloor(scaler *yaml.Node, pods int, exactly bool) {
	field, _, _, _ := floorFields(node.Text(scaler, "kind"))
	least, most := floorOf(scaler)
	if pods == least || pods < least && !exactly {
		return
	}
	if node.Get(scaler, "metadata", "annotations", idleFloor) == nil {
		node.Set(scaler, node.Quoted(node.Text(scaler, "spec", field)), "metadata", "annotations", idleFloor)
	}
	node.Set(scaler, node.Int(min(pods, most)), "spec", field)
}

// clearFloor takes setFloor back.
func clearFloor(scaler *yaml.Node) {
	was := node.Get(scaler, "metadata", "annotations", idleFloor)
	if was == nil {
		return
	}
	field, _, _, _ := floorFields(node.Text(scaler, "kind"))
	if pods, err := strconv.Atoi(was.Value); err == nil {
		node.Set(scaler, node.Int(pods), "spec", field)
	} else {
		node.Clear(scaler, "spec", field)
	}
	node.Clear(scaler, "metadata", "annotations", idleFloor)
	if notes := node.Get(scaler, "metadata", "annotations"); len(notes.Content) == 0 {
		node.Clear(scaler, "metadata", "annotations")
	}
}

// Floor is how many pods an autoscaler keeps at the least for which Deployment; ok is false for an object that is none.
func Floor(o *yaml.Node) (deployment string, least int, ok bool) {
	if kind := node.Text(o, "kind"); kind != hpa && kind != scaledObject {
		return "", 0, false
	}
	least, _ = floorOf(o)
	return node.Text(o, "spec", "scaleTargetRef", "name"), least, true
}

// Scaled is what an autoscaler keeps of which Deployment, at the least and at the most; ok is false for an object that is none.
func Scaled(o *yaml.Node) (deployment string, least, most int, ok bool) {
	if deployment, least, ok = Floor(o); ok {
		_, most = floorOf(o)
	}
	return deployment, least, most, ok
}
