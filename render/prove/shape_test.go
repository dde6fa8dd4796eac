package prove

import (
	"reflect"
	"strings"
	"testing"

	"github.com/gitramp/gitramp/render"
	"github.com/gitramp/gitramp/templates"
)

const shapeSpec = `apiVersion: gitramp.dev/v1alpha1
kind: Canary
metadata: {name: shop, namespace: store}
spec:
  image: example.com/shop:2
  stable: {image: example.com/shop:1}
  port: 8080
  replicas: 4
  route: {host: shop.example.com, match: [{header: {name: X-Canary}}]}
  steps: [{setWeight: 20}, {setWeight: 50}]
`

// compiled is the release of a spec in which the words are replaced.
func compiled(t *testing.T, words ...string) *render.Release {
	t.Helper()
	c, err := render.ParseSpec("canary.yaml", []byte(strings.NewReplacer(words...).Replace(shapeSpec)))
	if err != nil {
		t.Fatal(err)
	}
	set := render.NewTemplates(templates.FS)
	var revs render.Revisions
	if revs.Canary, err = c.Revision(set); err != nil {
		t.Fatal(err)
	}
	if revs.Stable, _, err = c.StableRevision(set); err != nil {
		t.Fatal(err)
	}
	r, err := render.NewRelease(c, "canary.yaml", revs, set)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestShape: names, images and hosts do not count, everything else does.
func TestShape(t *testing.T) {
	of := func(words ...string) [32]byte {
		key, err := shape(compiled(t, words...), Options{})
		if err != nil {
			t.Fatal(err)
		}
		return key
	}
	same, apart := of(), [][]string{
		{"replicas: 4", "replicas: 5"}, {"setWeight: 20", "setWeight: 21"}, {"X-Canary", "X-Other"}, {"port: 8080", "port: 8081"},
		{"host: shop.example.com", "host: shop.example.com, path: /a"}, {"host: shop.example.com", "hosts: [a.example.com, b.example.com]"},
		{"  replicas: 4", "  replicas: 4\n  defaults: none"}, {", namespace: store", ""}, {"shop.example.com", `"*.example.com"`},
		{"[{header: {name: X-Canary}}]", "[{cookie: {name: canary}}]"},
		{"  steps", "  output: {names: {canary: {service: shop-next}}}\n  steps"}, // the Deployment has another name then
	}
	for _, words := range [][]string{
		{"name: shop", "name: cart", "shop:", "cart:", "shop.example.com", "cart.example.com"}, {"store", "shop-floor"}, {"shop:1", "shop:9"},
		{"name: shop", "name: other-shop"},
	} {
		if of(words...) != same {
			t.Errorf("%v: another shape", words)
		}
	}
	seen := map[[32]byte]string{same: "the spec"}
	for _, words := range apart {
		key := of(words...)
		if other := seen[key]; other != "" {
			t.Errorf("%v has the shape of %s", words, other)
		}
		seen[key] = strings.Join(words, " -> ")
	}
	two := []string{"host: shop.example.com", "hosts: [a.example.com, '*.example.com']"}
	apartFromIt := []string{"host: shop.example.com", "hosts: [a.example.org, '*.example.com']"} // which the wildcard is not for
	if of(two...) == of(apartFromIt...) {
		t.Error("a host that a wildcard stands for has the shape of one that it does not stand for")
	}
	twice := []string{"host: shop.example.com", "hosts: [a.example.com, b.example.com]", "replicas: 4", "replicas: 4"}
	if of(twice...) != of("host: shop.example.com", "hosts: [c.example.com, d.example.com]") {
		t.Error("two hosts by other names: another shape")
	}
	if of("image: example.com/shop:2", "image: example.com/shop:1\n  env: [{name: A, value: b}]") == same {
		t.Error("the image that stays the same has the shape of one that does not")
	}
}

// TestCache: a certificate of an app is one of every app of its shape, and says the very same; what is not proven is explored again, for its story has names in it.
func TestCache(t *testing.T) {
	var c Cache
	first, err := c.Release(compiled(t), nil, Options{})
	if err != nil || !first.Proven() || len(c.proven) != 1 {
		t.Fatalf("%v %v, %d kept", first, err, len(c.proven))
	}
	r := compiled(t, "name: shop", "name: cart")
	in, err := Release(r)
	if err != nil {
		t.Fatal(err)
	}
	alone, err := Prove(in, Options{})
	if err != nil {
		t.Fatal(err)
	}
	shared, err := c.Release(r, nil, Options{})
	if err != nil || !reflect.DeepEqual(shared, alone) || len(c.proven) != 1 {
		t.Errorf("shared %+v (%v), alone %+v, %d kept", shared, err, alone, len(c.proven))
	}
	if r, err := c.Release(compiled(t, "{name: X-Canary}", `{name: X-Canary, pattern: 'x\by'}`), nil, Options{}); err != nil || len(r.Stories) != 1 || r.Stories[0].Rule != Unexplored {
		t.Errorf("a pattern that nothing matches: %v %v", r, err)
	}
	none := []string{"  replicas: 4", "  replicas: 4\n  defaults: none"}
	if r, err := c.Release(compiled(t, none...), nil, Options{DieAtOnce: true}); err != nil || r.Proven() || len(c.proven) != 1 {
		t.Errorf("%v %v, %d kept", r, err, len(c.proven))
	}
	if r, err := c.Release(compiled(t, none...), nil, Options{}); err != nil || !r.Proven() || len(r.Assumptions) <= len(first.Assumptions) {
		t.Errorf("%v %v", r, err)
	}
}
