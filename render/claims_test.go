package render_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/gitramp/gitramp/render"
	"github.com/gitramp/gitramp/render/route"
)

// TestClaims: at every step of every fixture the tree claims the places of its spec, prod's objects, and the canary's where it has one: who only has the tree
// can see what is taken.
func TestClaims(t *testing.T) {
	keys := func(list []render.Claim) []string {
		var all []string
		for _, c := range list {
			all = append(all, c.Key)
		}
		slices.Sort(all)
		return slices.Compact(all)
	}
	places := func(list []route.Place) []string {
		var all []string
		for _, p := range list {
			all = append(all, fmt.Sprintf("%+v", p))
		}
		slices.Sort(all)
		return slices.Compact(all)
	}
	for _, name := range fixtures(t) {
		t.Run(name, func(t *testing.T) {
			spec := loadFixture(t, name)
			want := spec.Claims()
			for _, st := range ramp(t, spec) {
				got := render.State{Lock: &st.Lock, Tree: st.Tree}.Claims()
				if a, b := places(got.Places), places(want.Places); !slices.Equal(a, b) || len(a) == 0 {
					t.Fatalf("%s: places %q, the spec has %q", st.ID(), a, b)
				}
				objects := len(st.Tree.Resources())
				if got := keys(got.Objects); len(got) != objects || slices.ContainsFunc(got, func(key string) bool { return !slices.Contains(keys(want.Objects), key) }) {
					t.Fatalf("%s: objects %q, the spec has %q", st.ID(), got, keys(want.Objects))
				}
			}
		})
	}
	broken := render.State{Lock: &render.Lock{Router: "ingress-nginx"}, Tree: render.Tree{{Path: "prod-ingress.yaml", Data: []byte("{")}, {Path: "kustomization.yaml", Data: []byte("resources:\n- prod-ingress.yaml\n")}}}
	if got := broken.Claims(); got.Objects != nil || got.Places != nil {
		t.Errorf("what is no YAML claims %v", got)
	}
}
