package convert

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"go.yaml.in/yaml/v3"
	"pgregory.net/rapid"

	"github.com/gitramp/gitramp/render"
	"github.com/gitramp/gitramp/render/route"
)

// specText draws a spec without a base: every field that has a say in how it ramps.
func specText(t *rapid.T) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	maybe := func(label string) bool { return rapid.Bool().Draw(t, label) }
	line("apiVersion: gitramp.dev/v1alpha1\nkind: Canary\nmetadata:\n  name: shop")
	if maybe("namespace") {
		line("  namespace: store")
	}
	replicas := rapid.IntRange(1, 20).Draw(t, "replicas")
	line("spec:\n  image: shop:2\n  port: 8080\n  replicas: %d\n  minPods: %d\n  defaults: %s", replicas, rapid.IntRange(1, replicas).Draw(t, "minPods"),
		rapid.SampledFrom([]string{"production", "none"}).Draw(t, "defaults"))
	switch rapid.IntRange(0, 5).Draw(t, "canaryScale") {
	case 0:
		line("  canaryScale: {replicas: %d}", rapid.IntRange(1, 30).Draw(t, "canary pods"))
	case 1:
		line("  canaryScale: {weight: %d}", rapid.IntRange(1, 100).Draw(t, "canary percent"))
	case 2:
		line("  canaryScale: {matchTrafficWeight: true}")
	}
	if maybe("dynamicStableScale") {
		line("  dynamicStableScale: true")
	}
	if maybe("settle") {
		line("  settle: %ds", rapid.IntRange(300, 999).Draw(t, "seconds"))
	}
	if maybe("stable") {
		line("  stable: {image: shop:1}")
	}
	if maybe("names") {
		line("  output: {path: out/shop, names: {prod: {service: web}, canary: {deployment: trial, service: trial, route: trial}}}")
	}
	router := rapid.SampledFrom(route.Names()).Draw(t, "router")
	total := rapid.SampledFrom([]int{100, 100, 1000}).Draw(t, "total")
	line("  route:\n    router: %s\n    host: shop.example.com\n    weightTotal: %d", router, total)
	if router == route.GatewayAPI {
		line("    parentRefs: [{name: public, namespace: infra}]")
	}
	rules := "[{paths: [/a, /b]}, {paths: [/c], pathType: Exact}]"
	if router == route.GatewayAPI && maybe("gRPC") {
		line("    protocol: GRPC")
		rules = rapid.SampledFrom([]string{"[{paths: [/shop.Cart, /shop.Pay/Get]}, {paths: [/shop.Web/List], pathType: Exact}]", "[{paths: [/shop.Cart]}, {paths: [/]}]"}).Draw(t, "methods")
	}
	if maybe("paths") {
		line("    rules: %s", rules)
	}
	matches := []string{"{header: {name: X-Canary}}", "{header: {name: X-Canary, value: beta}}", "{header: {name: X-Canary, pattern: 'eu-[0-9]+|us'}}", "{cookie: {name: canary}}"}
	if maybe("match") {
		line("    match: [%s]", matches[rapid.IntRange(0, 3).Draw(t, "which")])
	}
	stepsText(t, line, total, router)
	return b.String()
}

func stepsText(t *rapid.T, line func(string, ...any), total int, router string) {
	line("  steps:")
	if rapid.Bool().Draw(t, "leading pause") {
		line("  - pause: {duration: 2m}")
	}
	weights := rapid.SliceOfNDistinct(rapid.IntRange(0, total), 1, 5, rapid.ID).Draw(t, "weights")
	slices.Sort(weights)
	for i, w := range weights {
		switch rapid.IntRange(0, 5).Draw(t, fmt.Sprint("before", i)) {
		case 0:
			line("  - setCanaryScale: {replicas: %d}", rapid.IntRange(1, 30).Draw(t, "pods"))
		case 1:
			line("  - setCanaryScale: {matchTrafficWeight: true}")
		case 2:
			if router == route.GatewayAPI {
				line("  - setHeaderRoute: {name: rule-%d, match: [{headerName: X-R%d, headerValue: {prefix: a}}]}", i, i)
			}
		}
		line("  - setWeight: %d", w)
		if rapid.Bool().Draw(t, fmt.Sprint("named", i)) {
			line("    name: step-%d", i)
		}
		switch rapid.IntRange(0, 2).Draw(t, fmt.Sprint("pause", i)) {
		case 0:
			line("  - pause: {}")
		case 1:
			line("  - pause: {duration: %s}", rapid.SampledFrom([]string{"30", "90s", "10m", "1h30m"}).Draw(t, "duration"))
		}
	}
}

// TestPropThereAndBack: what a spec is exported as is imported as a spec that plans the same, of the same image and route.
func TestPropThereAndBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := specText(t)
		c, err := render.ParseSpec("canary.yaml", []byte(text))
		if err != nil {
			t.Skip(err) // such as a canary of no pods
		}
		objs, err := Idle(c)
		if err != nil {
			t.Fatal(err)
		}
		as := rapid.SampledFrom(Formats()).Draw(t, "as")
		out, err := Export(c, objs, as)
		if err != nil {
			t.Fatal(err)
		}
		data, err := out.YAML()
		if err != nil {
			t.Fatal(err)
		}
		im, err := Import([]File{{"exported.yaml", data}})
		if err != nil {
			t.Fatalf("%v\n%s\nof\n%s", err, data, text)
		}
		back, _, err := specOf(im)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.Plan(), back.Plan(), cmpopts.IgnoreUnexported(render.Step{})); diff != "" {
			t.Fatalf("as %s, there and back plans otherwise:\n%s\n%s\nof\n%s\nis\n%s", as, diff, data, text, im.Spec)
		}
		if was, is := placesOf(c), placesOf(back); !cmp.Equal(was, is) {
			t.Fatalf("as %s, there and back is at %v, not at %v:\n%s\nof\n%s", as, is, was, data, text)
		}
		for i, image := range back.Spec.Images {
			if image.Image != c.Spec.Images[i].Image {
				t.Fatalf("%s runs %s", image.Container, image.Image)
			}
		}
	})
}

// placesOf are the protocol and the paths of a spec's route.
func placesOf(c *render.Canary) []string {
	r := c.RouteSpec()
	var places []string
	for _, rule := range r.Rules {
		for _, path := range rule.Paths {
			places = append(places, r.Protocol+" "+path)
		}
	}
	if slices.Contains(places, "GRPC /") { // every call, whatever is beside it
		return []string{"GRPC /"}
	}
	return places
}

// TestEditedSince: what an export keeps counts until somebody edits the ramp, and then it is told of.
func TestEditedSince(t *testing.T) {
	c, err := render.ParseSpec("canary.yaml", []byte("apiVersion: gitramp.dev/v1alpha1\nkind: Canary\nmetadata: {name: shop}\nspec:\n  image: shop:2\n  port: 8080\n  settle: 3m\n  route: {host: shop.example.com}\n  steps: [{setWeight: 20}, {pause: {}}]\n"))
	if err != nil {
		t.Fatal(err)
	}
	for _, as := range Formats() {
		objs, err := Idle(c)
		if err != nil {
			t.Fatal(err)
		}
		out, err := Export(c, objs, as)
		if err != nil {
			t.Fatal(err)
		}
		data, err := out.YAML()
		if err != nil {
			t.Fatal(err)
		}
		edited := strings.NewReplacer("setWeight: 20", "setWeight: 30", "[20]", "[30]").Replace(string(data))
		im, err := Import([]File{{"exported.yaml", []byte(edited)}})
		if err != nil {
			t.Fatal(err)
		}
		back, _, err := specOf(im)
		if err != nil {
			t.Fatal(err)
		}
		if got := back.Plan().Steps[2].Weight; got != 30 {
			t.Errorf("as %s: the weight is %d\n%s", as, got, im.Spec)
		}
		if !slices.ContainsFunc(im.Report, func(f Field) bool { return strings.HasSuffix(f.Field, keptCanary) && f.Outcome == Lost }) {
			t.Errorf("as %s: the report does not tell of what was kept", as)
		}
	}
}

// TestPropNoPanic: whatever is cut out of an input or put in another place, an import ends with a spec that can be read, or with an error that names a place.
func TestPropNoPanic(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.SampledFrom(peers).Draw(t, "peer")
		objs, err := readFile(File{"in.yaml", p.text()})
		if err != nil {
			t.Fatal(err)
		}
		var all []*yaml.Node
		for _, o := range objs {
			all = append(all, under(o.node)...)
		}
		for range rapid.IntRange(1, 4).Draw(t, "changes") {
			n, other := rapid.SampledFrom(all).Draw(t, "node"), rapid.SampledFrom(all).Draw(t, "other")
			switch rapid.IntRange(0, 3).Draw(t, "change") {
			case 0:
				*n = yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null", Value: "null"}
			case 1:
				n.Content = nil
			case 2:
				*n = yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
			case 3:
				*n = yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: other.Value}
			}
		}
		var docs []string
		for _, o := range objs {
			data, err := yaml.Marshal(o.node)
			if err != nil {
				t.Skip(err)
			}
			docs = append(docs, string(data))
		}
		im, err := Import([]File{{"in.yaml", []byte(strings.Join(docs, "---\n"))}})
		if err == nil {
			if _, _, err = specOf(im); err != nil {
				t.Fatal(err)
			}
		} else if !strings.Contains(err.Error(), ": ") {
			t.Fatalf("no place: %v", err)
		}
	})
}

func under(n *yaml.Node) []*yaml.Node {
	all := []*yaml.Node{n}
	for _, c := range n.Content {
		all = append(all, under(c)...)
	}
	return all
}
