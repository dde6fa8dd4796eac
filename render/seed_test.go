package render_test

import (
	"bytes"
	"maps"
	"os"
	"reflect"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/kustomize/kyaml/kio"

	"github.com/gitramp/gitramp/render"
)

type object = map[string]any

// TestSeedEqualsTheTutorial: the seed's idle step is the tutorial's prod files and its weight-20 step adds the canary files, as parsed objects, but for the
// mends below: where the tutorial is wrong, gitramp writes the right thing.
func TestSeedEqualsTheTutorial(t *testing.T) {
	mends := map[string]func(object){
		// Names no class: served only where the controller runs with --watch-ingress-without-class, else everything is 404 (measured on v1.15.1).
		"Ingress/prod-ingress": func(o object) { o["spec"].(object)["ingressClassName"] = "nginx" },
		// Has the class in the legacy annotation: prod and canary need it in the very same way, and the field is what is read first.
		"Ingress/canary-ingress-canary": func(o object) {
			delete(o["metadata"].(object)["annotations"].(object), "kubernetes.io/ingress.class")
			o["spec"].(object)["ingressClassName"] = "nginx"
		},
	}
	steps := ramp(t, loadFixture(t, "seed"))
	for _, c := range []struct {
		step  int
		files []string
	}{
		{0, []string{"prod_deployment.yaml", "prod_ingress.yaml"}},
		{2, []string{"prod_deployment.yaml", "prod_ingress.yaml", "canary_deployment.yaml", "canary_ingress.yaml"}},
	} {
		want := map[string]object{}
		for _, f := range c.files {
			data, err := os.ReadFile("../fixtures/seed/tutorial/" + f)
			if err != nil {
				t.Fatal(err)
			}
			maps.Copy(want, objects(t, data))
		}
		for _, name := range slices.Sorted(maps.Keys(want)) {
			if mend, ok := mends[name]; ok {
				before := deepCopy(want[name])
				if mend(want[name]); reflect.DeepEqual(before, want[name]) {
					t.Errorf("the mend of %s changes nothing: the list of differences is not exact", name)
				}
			}
		}
		if diff := cmp.Diff(want, treeObjects(t, steps[c.step].Tree)); diff != "" {
			t.Errorf("%s (- tutorial, + gitramp):\n%s", steps[c.step].ID(), diff)
		}
	}
}

// treeObjects are the objects of a tree by kind and name.
func treeObjects(t *testing.T, tree render.Tree) map[string]object {
	t.Helper()
	all := map[string]object{}
	for _, f := range tree.Resources() {
		data, _ := tree.Get(f)
		maps.Copy(all, objects(t, data))
	}
	return all
}

func objects(t *testing.T, data []byte) map[string]object {
	t.Helper()
	reader := kio.ByteReader{Reader: bytes.NewReader(data), OmitReaderAnnotations: true}
	nodes, err := reader.Read()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]object{}
	for _, n := range nodes {
		o, err := n.Map()
		if err != nil {
			t.Fatal(err)
		}
		all[n.GetKind()+"/"+n.GetName()] = o
	}
	return all
}

func deepCopy(o object) object {
	c := object{}
	for k, v := range o {
		if m, ok := v.(object); ok {
			v = deepCopy(m)
		}
		c[k] = v
	}
	return c
}
