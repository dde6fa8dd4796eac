package prove

import (
	"strings"
	"testing"

	"github.com/gitramp/gitramp/render/internal/node"
)

// TestLeastReady: how many pods a rolling update keeps, as ResolveFenceposts and its own tests have it (kubernetes
// pkg/controller/deployment/util/deployment_util.go and deployment_util_test.go).
func TestLeastReady(t *testing.T) {
	for _, c := range []struct {
		strategy string
		replicas int
		want     int
	}{
		{"{}", 1, 1}, {"{}", 3, 3}, {"{}", 4, 3}, {"{}", 10, 8},
		{"{type: RollingUpdate, rollingUpdate: {maxUnavailable: 0}}", 4, 4},
		{"{type: RollingUpdate, rollingUpdate: {maxUnavailable: 1}}", 4, 3},
		{"{type: RollingUpdate, rollingUpdate: {maxUnavailable: 9}}", 4, 0},
		{"{type: RollingUpdate, rollingUpdate: {maxUnavailable: 100%}}", 4, 0},
		{"{type: RollingUpdate, rollingUpdate: {maxUnavailable: 49%}}", 4, 3},
		{"{type: RollingUpdate, rollingUpdate: {maxUnavailable: 0, maxSurge: 0}}", 4, 3},
		{"{type: RollingUpdate, rollingUpdate: {maxUnavailable: 0, maxSurge: 1%}}", 4, 4},
		{"{type: RollingUpdate, rollingUpdate: {maxUnavailable: 1%, maxSurge: 0}}", 4, 3},
		{"{type: Recreate}", 4, 0},
	} {
		n, err := node.Parse([]byte("spec: {strategy: " + c.strategy + "}"))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := leastReady(n, c.replicas); err != nil || got != c.want {
			t.Errorf("%s of %d: %d (%v), want %d", c.strategy, c.replicas, got, err, c.want)
		}
	}
}

// TestPreStop: what of a preStop can be counted on.
func TestPreStop(t *testing.T) {
	for text, want := range map[string]int{
		"{}": -1,
		"{lifecycle: {preStop: {sleep: {seconds: 7}}}}":                       7,
		"{lifecycle: {preStop: {exec: {command: [sleep, '7']}}}}":             7,
		"{lifecycle: {preStop: {exec: {command: [/bin/sleep, '7']}}}}":        7,
		"{lifecycle: {preStop: {exec: {command: [sh, -c, 'sleep 7']}}}}":      7,
		"{lifecycle: {preStop: {exec: {command: [sh, -c, 'sleep 7 || x']}}}}": -1,
		"{lifecycle: {preStop: {exec: {command: [drain]}}}}":                  -1,
		"{lifecycle: {preStop: {httpGet: {path: /drain}}}}":                   -1,
	} {
		n, err := node.Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if got := readContainer(n).preStop; got != want {
			t.Errorf("%s: %d, want %d", text, got, want)
		}
	}
}

// TestBroken: numbers that are none are not guessed.
func TestBroken(t *testing.T) {
	for text, want := range map[string]string{
		"{kind: Deployment, spec: {}}":                                                             "spec.template is missing",
		"{kind: Deployment, spec: {replicas: many, template: {}}}":                                 "spec.replicas: ",
		"{kind: Deployment, spec: {template: {spec: {terminationGracePeriodSeconds: x}}}}":         "terminationGracePeriodSeconds: ",
		"{kind: Deployment, spec: {template: {}, strategy: {rollingUpdate: {maxSurge: x}}}}":       "maxSurge: ",
		"{kind: Deployment, spec: {template: {}, strategy: {rollingUpdate: {maxUnavailable: x}}}}": "maxUnavailable: ",
	} {
		n, err := node.Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := readDeployment(n); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}
