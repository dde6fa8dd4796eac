package render_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gitramp/gitramp/render"
)

// TestCanaryReplicas: the vectors of Argo Rollouts' formula for routed canaries, and its edges.
func TestCanaryReplicas(t *testing.T) {
	for _, c := range []struct{ replicas, weight, total, minPods, want int }{
		{1, 20, 100, 1, 1}, {1, 95, 100, 1, 1}, {3, 50, 100, 1, 2}, {4, 25, 100, 1, 1}, {7, 20, 100, 1, 2}, {10, 5, 100, 1, 1}, {10, 41, 100, 1, 5}, {10, 99, 100, 1, 10},
		{10, 0, 100, 1, 1}, {10, 0, 100, 3, 3}, {10, 100, 100, 1, 10}, {10, 20, 100, 5, 5}, {20, 5, 1000, 1, 1}, {20, 500, 1000, 1, 10}, {20, 501, 1000, 1, 11},
		{10000, 999999, 1000000, 1, 10000}, {3, 34, 100, 1, 2}, {3, 33, 100, 1, 1},
	} {
		if got := render.CanaryReplicas(c.weight, c.total, c.replicas, c.minPods); got != c.want {
			t.Errorf("%d of %d with %d replicas, at least %d: %d pods, want %d", c.weight, c.total, c.replicas, c.minPods, got, c.want)
		}
	}
}

// TestStableReplicas: Argo Rollouts' formula for dynamicStableScale, on the weights of the vectors above, and its edges. Prod's Service is the primary backend at
// any weight, so it never comes to 0 pods.
func TestStableReplicas(t *testing.T) {
	for _, c := range []struct{ replicas, weight, total, minPods, want int }{
		{1, 20, 100, 1, 1}, {1, 95, 100, 1, 1}, {3, 50, 100, 1, 2}, {4, 25, 100, 1, 3}, {7, 20, 100, 1, 6}, {10, 5, 100, 1, 10}, {10, 41, 100, 1, 6}, {10, 99, 100, 1, 1},
		{10, 0, 100, 1, 10}, {10, 0, 100, 3, 10}, {10, 100, 100, 1, 1}, {10, 100, 100, 3, 3}, {10, 95, 100, 2, 2}, {4, 100, 100, 9, 4}, {20, 5, 1000, 1, 20}, {20, 500, 1000, 1, 10},
		{20, 501, 1000, 1, 10}, {20, 999, 1000, 1, 1}, {10000, 1, 1000000, 1, 10000}, {10000, 999999, 1000000, 1, 1}, {3, 34, 100, 1, 2}, {3, 33, 100, 1, 3},
	} {
		got := render.StableReplicas(c.weight, c.total, c.replicas, c.minPods)
		if got != c.want {
			t.Errorf("%d of %d with %d replicas, at least %d: %d pods of prod, want %d", c.weight, c.total, c.replicas, c.minPods, got, c.want)
		}
		if both := got + render.CanaryReplicas(c.weight, c.total, c.replicas, 1); c.minPods == 1 && both > c.replicas+1 {
			t.Errorf("%d of %d with %d replicas: %d pods in all, want one more at most", c.weight, c.total, c.replicas, both)
		}
	}
}

// TestPlan: what the words of the steps become. A line is index-name, transition, weight, prod + canary pods, hold.
func TestPlan(t *testing.T) {
	for _, c := range []struct{ name, spec, want string }{
		{"the seed", `replicas: 1, steps: [{setWeight: 20}, {pause: {}}, {setWeight: 50}, {pause: {duration: 30s}}, {setWeight: 70}, {pause: {duration: 30s}}]`, `
00-idle idle 0 1+0
01-prepare prepare 0 1+1 settle 10m
02-weight-20 shift 20 1+1 settle 10m manual
03-weight-50 shift 50 1+1 settle 10m pause 30s
04-weight-70 shift 70 1+1 settle 10m pause 30s
05-full full 100 1+1 settle 10m pause 30s
06-promote promote 100 1+1 settle 10m
07-restore restore 0 1+1 settle 10m
08-cleanup cleanup 0 1+0`},
		{"capacity leads by one step", `replicas: 10, settle: 5m, steps: [{setWeight: 5}, {setWeight: 41}, {setWeight: 90}]`, `
00-idle idle 0 10+0
01-prepare prepare 0 10+1 settle 5m
02-weight-5 shift 5 10+5 settle 5m
03-weight-41 shift 41 10+9 settle 5m
04-weight-90 shift 90 10+10 settle 5m
05-full full 100 10+10 settle 5m
06-promote promote 100 10+10 settle 5m
07-restore restore 0 10+10 settle 5m
08-cleanup cleanup 0 10+0`},
		{"100 at the end is full, with its own pause", `replicas: 2, steps: [{setWeight: 50}, {pause: {duration: 1h}}, {setWeight: 100}, {pause: {duration: 5m}}]`, `
00-idle idle 0 2+0
01-prepare prepare 0 2+1 settle 10m
02-weight-50 shift 50 2+2 settle 10m pause 1h
03-full full 100 2+2 settle 10m pause 5m
04-promote promote 100 2+2 settle 10m
05-restore restore 0 2+2 settle 10m
06-cleanup cleanup 0 2+0`},
		{"a first pause is a canary for chosen users", `replicas: 4, route: {host: a.example.com, match: [{cookie: {name: c}}]}, steps: [{pause: {}, name: chosen}, {pause: {duration: 60}}]`, `
00-idle idle 0 4+0
01-prepare prepare 0 4+1 settle 10m
02-chosen shift 0 4+4 settle 10m pause 1m manual +1 rules
03-full full 100 4+4 settle 10m pause 1m +1 rules
04-promote promote 100 4+4 settle 10m +1 rules
05-restore restore 0 4+4 settle 10m
06-cleanup cleanup 0 4+0`},
		{"a scale of one's own ends before full", `replicas: 10, steps: [{setCanaryScale: {replicas: 3}}, {setWeight: 40}, {pause: {}}]`, `
00-idle idle 0 10+0
01-prepare prepare 0 10+1 settle 10m
02-scale-3 scale 0 10+3 settle 10m
03-weight-40 shift 40 10+3 settle 10m manual
04-scale-full scale 40 10+10 settle 10m
05-full full 100 10+10 settle 10m
06-promote promote 100 10+10 settle 10m
07-restore restore 0 10+10 settle 10m
08-cleanup cleanup 0 10+0`},
		{"scale in percent and back to the weight", `replicas: 10, minPods: 2, steps: [{setCanaryScale: {weight: 25}}, {setWeight: 10}, {setCanaryScale: {matchTrafficWeight: true}}, {setWeight: 50}]`, `
00-idle idle 0 10+0
01-prepare prepare 0 10+2 settle 10m
02-scale-3 scale 0 10+3 settle 10m
03-weight-10 shift 10 10+3 settle 10m
04-scale-match scale 10 10+5 settle 10m
05-weight-50 shift 50 10+10 settle 10m
06-full full 100 10+10 settle 10m
07-promote promote 100 10+10 settle 10m
08-restore restore 0 10+10 settle 10m
09-cleanup cleanup 0 10+0`},
		{"pauses after one step add up, and the longest single one holds full", `replicas: 1, steps: [{setWeight: 20}, {pause: {duration: 5m}}, {pause: {duration: 1h}}, {pause: {duration: 10m}}]`, `
00-idle idle 0 1+0
01-prepare prepare 0 1+1 settle 10m
02-weight-20 shift 20 1+1 settle 10m pause 1h15m
03-full full 100 1+1 settle 10m pause 1h
04-promote promote 100 1+1 settle 10m
05-restore restore 0 1+1 settle 10m
06-cleanup cleanup 0 1+0`},
		{"a scale for the whole ramp ends before full", `replicas: 10, canaryScale: {replicas: 2}, steps: [{setWeight: 40}, {pause: {}}]`, `
00-idle idle 0 10+0
01-prepare prepare 0 10+2 settle 10m
02-weight-40 shift 40 10+2 settle 10m manual
03-scale-full scale 40 10+10 settle 10m
04-full full 100 10+10 settle 10m
05-promote promote 100 10+10 settle 10m
06-restore restore 0 10+10 settle 10m
07-cleanup cleanup 0 10+0`},
		{"as many canary pods as prod's from the beginning, until a step says otherwise", `replicas: 10, canaryScale: {weight: 100}, steps: [{setWeight: 10}, {setCanaryScale: {matchTrafficWeight: true}}, {setWeight: 20}]`, `
00-idle idle 0 10+0
01-prepare prepare 0 10+10 settle 10m
02-weight-10 shift 10 10+10 settle 10m
03-scale-match scale 10 10+2 settle 10m
04-weight-20 shift 20 10+10 settle 10m
05-full full 100 10+10 settle 10m
06-promote promote 100 10+10 settle 10m
07-restore restore 0 10+10 settle 10m
08-cleanup cleanup 0 10+0`},
		{"prod gives up pods before a pause, one commit after their requests are gone", `replicas: 10, dynamicStableScale: true, steps: [{setWeight: 20}, {pause: {}}, {setWeight: 50}, {pause: {duration: 1h}}, {setWeight: 70}, {pause: {duration: 2h}}]`, `
00-idle idle 0 10+0
01-prepare prepare 0 10+2 settle 10m
02-weight-20 shift 20 10+2 settle 10m
03-shrink shrink 20 8+5 settle 10m manual
04-weight-50 shift 50 8+5 settle 10m
05-shrink-2 shrink 50 5+7 settle 10m pause 1h
06-weight-70 shift 70 5+7 settle 10m
07-shrink-3 shrink 70 3+10 settle 10m pause 2h
08-full full 100 3+10 settle 10m pause 2h
09-promote promote 100 10+10 settle 10m
10-restore restore 0 10+10 settle 10m
11-cleanup cleanup 0 10+0`},
		{"prod gives up pods with the next weight where there is no pause", `replicas: 10, minPods: 3, dynamicStableScale: true, steps: [{setWeight: 20}, {setWeight: 50}, {setHeaderRoute: {name: qa, match: [{headerName: X-Qa, headerValue: {exact: a}}]}}, {setWeight: 90}, {setWeight: 100}]`, `
00-idle idle 0 10+0
01-prepare prepare 0 10+3 settle 10m
02-weight-20 shift 20 10+5 settle 10m
03-weight-50 shift 50 8+5 settle 10m
04-header-qa header 50 8+9 settle 10m +1 rules
05-weight-90 shift 90 5+10 settle 10m +1 rules
06-full full 100 3+10 settle 10m +1 rules
07-promote promote 100 10+10 settle 10m +1 rules
08-restore restore 0 10+10 settle 10m
09-cleanup cleanup 0 10+0`},
		{"prod gives up pods after a header rule too, and before a pause at the whole weight", `replicas: 10, dynamicStableScale: true, steps: [{setWeight: 40}, {setHeaderRoute: {name: qa, match: [{headerName: X-Qa, headerValue: {exact: a}}]}}, {pause: {}}, {pause: {duration: 1m}}, {setWeight: 100}, {pause: {}}]`, `
00-idle idle 0 10+0
01-prepare prepare 0 10+4 settle 10m
02-weight-40 shift 40 10+4 settle 10m
03-header-qa header 40 10+4 settle 10m +1 rules
04-shrink shrink 40 6+10 settle 10m pause 1m manual +1 rules
05-full full 100 6+10 settle 10m +1 rules
06-shrink-2 shrink 100 1+10 settle 10m manual +1 rules
07-promote promote 100 10+10 settle 10m +1 rules
08-restore restore 0 10+10 settle 10m
09-cleanup cleanup 0 10+0`},
		{"prod goes by the weight, and the canary by its own scale", `replicas: 10, canaryScale: {replicas: 4}, dynamicStableScale: true, steps: [{setWeight: 30}, {pause: {}}]`, `
00-idle idle 0 10+0
01-prepare prepare 0 10+4 settle 10m
02-weight-30 shift 30 10+4 settle 10m
03-shrink shrink 30 7+4 settle 10m manual
04-scale-full scale 30 7+10 settle 10m
05-full full 100 7+10 settle 10m
06-promote promote 100 10+10 settle 10m
07-restore restore 0 10+10 settle 10m
08-cleanup cleanup 0 10+0`},
		{"where prod has nothing to give up there is no commit for it", `replicas: 1, dynamicStableScale: true, steps: [{pause: {}}, {setWeight: 20}, {pause: {}}]`, `
00-idle idle 0 1+0
01-prepare prepare 0 1+1 settle 10m
02-weight-0 shift 0 1+1 settle 10m manual
03-weight-20 shift 20 1+1 settle 10m manual
04-full full 100 1+1 settle 10m
05-promote promote 100 1+1 settle 10m
06-restore restore 0 1+1 settle 10m
07-cleanup cleanup 0 1+0`},
		{"more canary pods than prod has stay until the end", `replicas: 4, steps: [{setCanaryScale: {replicas: 6}}, {setWeight: 50}]`, `
00-idle idle 0 4+0
01-prepare prepare 0 4+1 settle 10m
02-scale-6 scale 0 4+6 settle 10m
03-weight-50 shift 50 4+6 settle 10m
04-full full 100 4+6 settle 10m
05-promote promote 100 4+6 settle 10m
06-restore restore 0 4+6 settle 10m
07-cleanup cleanup 0 4+0`},
		{"a header rule ends and begins again", `replicas: 1, steps: [{setHeaderRoute: {name: qa, match: [{headerName: X-Qa, headerValue: {exact: a}}]}}, {setHeaderRoute: {name: qa}}, {setHeaderRoute: {name: qa, match: [{headerName: X-Qa, headerValue: {exact: b}}]}}]`, `
00-idle idle 0 1+0
01-prepare prepare 0 1+1 settle 10m
02-header-qa header 0 1+1 settle 10m +1 rules
03-header-qa-off header 0 1+1 settle 10m
04-header-qa-2 header 0 1+1 settle 10m +1 rules
05-full full 100 1+1 settle 10m +1 rules
06-promote promote 100 1+1 settle 10m +1 rules
07-restore restore 0 1+1 settle 10m
08-cleanup cleanup 0 1+0`},
		{"header rules come and go", `replicas: 1, steps: [{setHeaderRoute: {name: qa, match: [{headerName: X-Qa, headerValue: {prefix: te}}]}}, {pause: {}}, {setHeaderRoute: {name: qa}}, {setWeight: 50}]`, `
00-idle idle 0 1+0
01-prepare prepare 0 1+1 settle 10m
02-header-qa header 0 1+1 settle 10m manual +1 rules
03-header-qa-off header 0 1+1 settle 10m
04-weight-50 shift 50 1+1 settle 10m
05-full full 100 1+1 settle 10m
06-promote promote 100 1+1 settle 10m
07-restore restore 0 1+1 settle 10m
08-cleanup cleanup 0 1+0`},
	} {
		t.Run(c.name, func(t *testing.T) {
			route := "route: {host: a.example.com}, "
			if strings.Contains(c.spec, "route:") {
				route = ""
			}
			plan := parse(t, "{apiVersion: gitramp.dev/v1alpha1, kind: Canary, metadata: {name: app}, spec: {image: app:2, port: 80, "+route+c.spec+"}}").Plan()
			if diff := cmp.Diff(strings.TrimSpace(c.want), planText(plan)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func planText(p render.Plan) string {
	var lines []string
	for _, st := range p.Steps {
		line := fmt.Sprintf("%s %s %d %d+%d", st.ID(), st.Transition, st.Weight, st.Prod, st.Canary)
		if st.Hold.Settle > 0 {
			line += " settle " + st.Hold.Settle.String()
		}
		if st.Hold.Pause > 0 {
			line += " pause " + st.Hold.Pause.String()
		}
		if st.Hold.Manual {
			line += " manual"
		}
		if len(st.Matches) > 0 {
			line += fmt.Sprintf(" +%d rules", len(st.Matches))
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

// TestRevisionIsOfInputs: a revision is named by what is asked for, however it is written, and by all of it.
func TestRevisionIsOfInputs(t *testing.T) {
	name := func(fields string) string {
		c := parse(t, "{apiVersion: gitramp.dev/v1alpha1, kind: Canary, metadata: {name: app}, spec: {"+fields+", route: {host: a.example.com}, steps: [{setWeight: 1}]}}")
		rev, err := c.Revision(shared)
		if err != nil {
			t.Fatal(err)
		}
		return rev.Name
	}
	base := name("image: 'app:2', port: 80")
	for _, same := range []string{"images: {app: 'app:2'}, port: 80", "image: 'app:2', port: 80, service: {port: 80}", "image: 'app:2', port: 80, defaults: production", "image: 'app:2', port: 80, replicas: 7",
		"image: 'app:2', port: 80, settle: 1m"} {
		if name(same) != base {
			t.Errorf("%s: another revision than before", same)
		}
	}
	seen := map[string]string{base: "the base"}
	for _, other := range []string{"image: 'app:3', port: 80", "image: 'app:2', port: 81", "image: 'app:2', port: 80, env: [{name: A, value: b}]", "image: 'app:2', port: 80, env: [{name: A, value: c}]",
		"image: 'app:2', port: 80, resources: {limits: {cpu: 1}}", "image: 'app:2', port: 80, imagePullPolicy: Always", "image: 'app:2', port: 80, defaults: none",
		"image: 'app:2', port: 80, service: {port: 81}", "image: 'app:2', port: 80, service: {targetPort: 81}", "images: {app: 'app:2', side: 'x:1'}, port: 80"} {
		got := name(other)
		if seen[got] != "" {
			t.Errorf("%s: the same revision as %s", other, seen[got])
		}
		seen[got] = other
	}
	if want := "dd00306c44"; base != want {
		t.Errorf("the revision of the same inputs is %s, it was %s in released versions: every app would start a rollout", base, want)
	}
}
