package prove_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/gitramp/gitramp/render/prove"
)

// TestLimits: what there is too much of is an error, and no guess. As much as is allowed is explored.
func TestLimits(t *testing.T) {
	// services writes so many more Services, which pick nobody's pods, into a tree.
	services := func(p *plan, n, step int) {
		for i := range n {
			text := strings.NewReplacer("metadata:\n  name: shop\n", fmt.Sprintf("metadata:\n  name: more-%d\n", i), "    app: shop\n", "    app: more\n").Replace(p.file(step, prodService))
			p.write(&p.Steps[step], fmt.Sprintf("prod-more-%d.yaml", i), text)
		}
	}
	routes := func(p *plan, n, step int) {
		for i := range n {
			text := strings.NewReplacer("metadata:\n  name: shop\n", fmt.Sprintf("metadata:\n  name: more-%d\n", i), "host: shop.", fmt.Sprintf("host: more-%d.", i),
				"name: shop\n            port", fmt.Sprintf("name: more-%d\n            port", i)).Replace(p.file(step, prodRoute))
			p.write(&p.Steps[step], fmt.Sprintf("prod-route-%d.yaml", i), text)
		}
	}
	for _, c := range []struct {
		name string
		do   func(*plan)
		want string
	}{
		{"14 objects differ", func(p *plan) { services(p, 14, 1) }, ""},
		{"15 objects differ", func(p *plan) { services(p, 15, 1) }, "00-idle to 01-prepare: 15 objects differ, and at most 14 can be explored"},
		{"6 Services", func(p *plan) { services(p, 5, 1); routes(p, 5, 1) }, ""},
		{"7 Services", func(p *plan) { services(p, 6, 1); routes(p, 6, 1) }, "routes send to 7 Services: at most 6 can be explored"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := &plan{t, input(t, shop)}
			p.Steps[prepare].Tree = p.Steps[idle].Tree
			p.only(idle, prepare)
			c.do(p)
			_, err := prove.Prove(p.Input, prove.Options{})
			if got := fmt.Sprint(err); c.want == "" && err != nil || c.want != "" && got != c.want {
				t.Errorf("%s, want %q", got, c.want)
			}
		})
	}
}

// TestRestored: an abort of a step at which prod has fewer pods gives it back its pods first, and leaves nobody on the new revision with its second commit. Where
// prod has all of them it has to with its first.
func TestRestored(t *testing.T) {
	for replicas, want := range map[string]bool{"replicas: 1": false, "replicas: 4": true} {
		p := &plan{t, input(t, shop)}
		grown := p.Steps[weight50]
		grown.Name = "abort at 03-weight-50"
		for i, w := range p.Ways {
			if w.From == weight50 {
				p.Ways[i].States = append([]prove.State{grown}, w.States...)
			}
		}
		p.edit(prodPods, "replicas: 4", replicas, weight50)
		r := proven(t, p.Input, prove.Options{})
		if got := slices.ContainsFunc(r.Stories, func(s prove.Story) bool { return s.Rule == prove.Withdrawn }); got != want {
			t.Errorf("prod with %s: a story of %s: %t, want %t: %v", replicas, prove.Withdrawn, got, want, r.Stories)
		}
	}
}
