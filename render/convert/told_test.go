package convert

import (
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/gitramp/gitramp/render"
	"github.com/gitramp/gitramp/render/internal/node"
)

// told are the lines of a report.
func told(r Report) []string {
	var lines []string
	for _, f := range r {
		lines = append(lines, f.Name()+": "+string(f.Outcome)+": "+f.Note)
	}
	return lines
}

// TestSettleIsTold: a pause of ten minutes is one of twenty here, unless the spec is an earlier one's, which has a settle that somebody chose.
func TestSettleIsTold(t *testing.T) {
	for _, p := range peers {
		im, err := Import([]File{{"in.yaml", p.text()}})
		if err != nil {
			t.Fatal(err)
		}
		c, _, err := specOf(im)
		if err != nil {
			t.Fatal(err)
		}
		var sum render.Duration
		for _, st := range c.Plan().Steps[1 : len(c.Plan().Steps)-1] {
			sum += st.Hold.Settle
		}
		last := im.Report[len(im.Report)-1]
		if last.Name() != "spec.settle" || last.Outcome != Changed || !strings.Contains(last.Note, "first gets 10m to be applied") || !strings.Contains(last.Note, ": "+sum.String()+" in all beside") {
			t.Errorf("%s: %s; the plan settles for %s", p.name, last, sum)
		}
	}
}

// TestScalerOfPrimary: Flagger's copy of the autoscaler is prod's, and so are its bounds.
func TestScalerOfPrimary(t *testing.T) {
	for kind, fields := range map[string][2]string{"HorizontalPodAutoscaler": {"minReplicas", "maxReplicas"}, "ScaledObject": {"minReplicaCount", "maxReplicaCount"}} {
		text := strings.Replace(string(peers[3].text()), "  service: {", "  autoscalerRef: {kind: "+kind+", name: shop, primaryScalerReplicas: {minReplicas: 3, maxReplicas: 8}}\n  service: {", 1)
		text = strings.ReplaceAll(strings.Replace(text, "maxReplicas: 9", fields[1]+": 9", 1), "kind: HorizontalPodAutoscaler\n", "kind: "+kind+"\n")
		a, err := load([]File{{"in.yaml", []byte(text)}})
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(a.objs, func(o *object) bool { return o.kind() == kind })
		if least, most := node.Text(a.objs[i].node, "spec", fields[0]), node.Text(a.objs[i].node, "spec", fields[1]); least != "3" || most != "8" {
			t.Errorf("%s scales from %s to %s", kind, least, most)
		}
		want := "Canary/shop spec.autoscalerRef.primaryScalerReplicas.maxReplicas: changed: " + kind + `/shop is prod's: its ` + fields[1] + ` is 8, and was "9"`
		if got := told(a.report); !slices.Contains(got, want) {
			t.Errorf("not told: %s\n%s", want, strings.Join(got, "\n"))
		}
	}
}

// TestFlaggerLosses: what a Canary cannot say is named one by one, by the step or the port that it is.
func TestFlaggerLosses(t *testing.T) {
	text := strings.Replace(deploymentInput+serviceInput+ingressInput, "{port: 80, targetPort: 8080}", "{name: http, port: 80}, {name: metrics, port: 9100}", 1)
	objs, err := readFile(File{"in.yaml", []byte(strings.ReplaceAll(text, "NAME", "shop"))})
	if err != nil {
		t.Fatal(err)
	}
	c, err := render.ParseSpec("canary.yaml", []byte("apiVersion: gitramp.dev/v1alpha1\nkind: Canary\nmetadata: {name: shop}\nspec:\n  base: base\n  route: {weightTotal: 1000}\n"+
		"  steps: [{pause: {}}, {setWeight: 5}, {pause: {}}, {setWeight: 50}, {setWeight: 55}, {pause: {}}]\n"))
	if err != nil {
		t.Fatal(err)
	}
	var nodes []*yaml.Node
	for _, o := range objs {
		nodes = append(nodes, o.node)
	}
	if c, err = c.WithBase(nodes, nil); err != nil {
		t.Fatal(err)
	}
	out, err := Export(c, c.BaseObjects(), flaggerFormat)
	if err != nil {
		t.Fatal(err)
	}
	const asks = "Flagger asks a webhook whether it may go on, and here nobody is asked: add one of type "
	got := told(out.Report)
	for _, want := range []string{
		"Service/shop spec.ports[1]: lost: port 9100: Flagger's Service has the first one, or with portDiscovery those of the pods",
		"spec.steps[0].pause: lost: " + asks + "confirm-rollout",
		"spec.steps[1].setWeight: lost: weights are whole percent above the last: 5 of 1000 is 0%",
		"spec.steps[2].pause: lost: " + asks + "confirm-traffic-increase, which is asked before every weight",
		"spec.steps[4].setWeight: lost: weights are whole percent above the last: 55 of 1000 is 5%",
		"spec.steps[5].pause: lost: " + asks + "confirm-promotion",
	} {
		if !slices.Contains(got, want) {
			t.Errorf("not told: %s\n%s", want, strings.Join(got, "\n"))
		}
	}
}

// TestHeaderRouteWithNginx: Argo Rollouts refuses the step, so no request came to the canary by it, and none does here; with another router it is carried.
func TestHeaderRouteWithNginx(t *testing.T) {
	const step = "{setHeaderRoute: {name: qa, match: [{headerName: X-Qa, headerValue: {exact: a}}]}}, "
	for _, p := range peers[:3] {
		a, err := load([]File{{"in.yaml", []byte(strings.Replace(string(p.text()), "{pause: {}}", step+"{pause: {}}", 1))}})
		if err != nil {
			t.Fatal(err)
		}
		carried := slices.ContainsFunc(a.steps, func(n *yaml.Node) bool { return node.Get(n, "setHeaderRoute") != nil })
		lost := slices.ContainsFunc(a.report, func(f Field) bool {
			return f.Field == canaryPath+".steps[1].setHeaderRoute" && f.Outcome == Lost && strings.Contains(f.Note, "refuses it with nginx")
		})
		if plugin := p.name == "rollout with the plugin"; carried != plugin || lost == plugin {
			t.Errorf("%s: carried %v, named as lost %v", p.name, carried, lost)
		}
	}
}

// TestErrorsAreAtTheirSource: nobody has seen the spec yet, so an error about it is one about the field that it is made of.
func TestErrorsAreAtTheirSource(t *testing.T) {
	istio := strings.Replace(string(peers[0].text()), "nginx: {stableIngress: shop, additionalIngressAnnotations: {canary-by-header: X-Canary}}", "istio: {}", 1)
	const route = "{setHeaderRoute: {name: NAME, match: [{headerName: X-NAME, headerValue: {exact: a}}]}}, "
	for text, want := range map[string]string{
		strings.Replace(istio, "{pause: {}}", "{setMirrorRoute: {name: m}}, "+strings.ReplaceAll(route, "NAME", "a")+strings.ReplaceAll(route, "NAME", "b")+"{pause: {}}", 1): "in.yaml:17:143: spec.strategy.canary.steps[3]: routes what ingress-nginx cannot",
		strings.Replace(string(peers[0].text()), "canary-by-header: X-Canary", "canary-by-header: 'X Canary'", 1):                                                             "in.yaml:16:16: spec.strategy.canary.trafficRouting.nginx: ",
		strings.Replace(string(peers[3].text()), "maxWeight: 50, stepWeight: 25", "iterations: 3, match: [{headers: {x-a: {exact: a}}}, {headers: {'x b': {exact: b}}}]", 1):  "in.yaml:10:95: spec.analysis.match[1]: value ",
	} {
		_, err := Import([]File{{"in.yaml", []byte(text)}})
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// TestGRPCThroughFlagger: a GRPCRoute comes back as one, without what only an HTTPRoute has, and the spec says nothing of a route that its base has.
func TestGRPCThroughFlagger(t *testing.T) {
	c, err := render.ParseSpec("canary.yaml", []byte("apiVersion: gitramp.dev/v1alpha1\nkind: Canary\nmetadata: {name: shop}\nspec:\n  image: shop:2\n  port: 8080\n"+
		"  route: {router: gateway-api, protocol: GRPC, host: shop.example.com, parentRefs: [{name: public}], paths: [/shop.Cart]}\n  steps: [{setWeight: 20}, {pause: {}}]\n"))
	if err != nil {
		t.Fatal(err)
	}
	objs, err := Idle(c)
	if err != nil {
		t.Fatal(err)
	}
	out, err := Export(c, objs, flaggerFormat)
	if err != nil {
		t.Fatal(err)
	}
	text, err := out.YAML()
	if err != nil {
		t.Fatal(err)
	}
	edited := strings.Replace(string(text), "    gatewayRefs:", "    timeout: 7s\n    rewrite: {uri: /}\n    gatewayRefs:", 1)
	im, err := Import([]File{{"exported.yaml", []byte(edited)}})
	if err != nil {
		t.Fatal(err)
	}
	data, _ := im.Base.Get("grpcroute.yaml")
	if got := string(data); !strings.Contains(got, "service: shop.Cart") || strings.Contains(got, "timeouts") || strings.Contains(got, "filters") || strings.Contains(string(im.Spec), "route:") {
		t.Errorf("%s\n%s", im.Spec, got)
	}
	_, err = Import([]File{{"exported.yaml", []byte(strings.Replace(edited, "prefix: /shop.Cart", "exact: /shop.Cart", 1))}})
	if err == nil || !strings.Contains(err.Error(), `spec.service.match[0].uri: value "/shop.Cart" is invalid: allowed prefix with / or /SERVICE`) {
		t.Error(err)
	}
}
