package prove_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/gitramp/gitramp/render/prove"
)

// fewer is shop with a prod that gives up pods: at its two pauses it has 3 and 2 of 4.
var fewer = strings.NewReplacer("replicas: 4", "replicas: 4\n  dynamicStableScale: true", "setWeight: 20\n", "setWeight: 25\n  - pause: {}\n", "setWeight: 50\n", "setWeight: 50\n  - pause: {}\n").Replace(shop)

// steps of fewer, by their index
const (
	fewer25 = iota + 2
	fewer25Shrunk
	fewer50
	fewer50Shrunk
	fewerFull
	fewerPromote
	fewerRestore
)

// TestShrunk: prod gives up pods one commit after their requests are gone, and has them back one commit before; everything else gives a pod more than planned.
func TestShrunk(t *testing.T) {
	const pods = "  replicas: "
	direct := func(p *plan, step int) { // the abort withdraws without giving pods back first
		for i, w := range p.Ways {
			if w.From == step {
				p.Ways[i].States = w.States[1:]
			}
		}
	}
	for _, c := range []struct {
		name  string
		fault func(*plan)
		rule  string
		from  string
	}{
		{"as it is", func(*plan) {}, "", ""},
		{"given up by the commit of the weight", func(p *plan) { p.edit(prodPods, pods+"3", pods+"2", fewer50) }, prove.Capacity, "03-shrink"},
		{"more given up than has no requests", func(p *plan) { p.edit(prodPods, pods+"2", pods+"1", fewer50Shrunk, fewerFull) }, prove.Capacity, "04-weight-50"},
		{"the canary's pods come late", func(p *plan) { p.edit("canary-deployment.yaml", pods+"4", pods+"2", fewer50Shrunk) }, prove.Capacity, "05-shrink-2"},
		{"an abort before prod has its pods", func(p *plan) { direct(p, fewer50Shrunk) }, prove.Capacity, "05-shrink-2"},
		{"an abort of all requests before prod has its pods", func(p *plan) { direct(p, fewerFull) }, prove.Capacity, "06-full"},
		{"promoted with too few pods", func(p *plan) { p.edit(prodPods, pods+"4", pods+"2", fewerPromote) }, prove.Capacity, "07-promote"},
		{"never any pod at all", func(p *plan) { p.edit(prodPods, pods+"2", pods+"0", fewerFull) }, prove.ProdEmpty, "05-shrink-2"},
	} {
		for _, router := range []string{"ingress-nginx", "gateway-api"} {
			t.Run(c.name+" "+router, func(t *testing.T) {
				text := fewer
				if router == "gateway-api" {
					text = strings.Replace(fewer, "    host:", "    router: gateway-api\n    parentRefs: [{name: public}]\n    host:", 1)
				}
				p := &plan{t, input(t, text)}
				c.fault(p)
				r := proven(t, p.Input, prove.Options{})
				i := slices.IndexFunc(r.Stories, func(s prove.Story) bool { return s.Rule == c.rule })
				switch {
				case c.rule == "" && r.Proven():
				case i < 0:
					t.Errorf("no story of %q: %v", c.rule, r.Stories)
				case r.Stories[i].From != c.from:
					t.Errorf("the story is from %s, want %s:\n%s", r.Stories[i].From, c.from, r.Stories[i])
				}
			})
		}
	}
}

// TestShrunkWaysBack: an abort gives prod its pods back by a commit of its own, where it has given up any.
func TestShrunkWaysBack(t *testing.T) {
	in := input(t, fewer)
	var got []string
	for _, w := range in.Ways {
		var names []string
		for _, s := range w.States {
			name, _, _ := strings.Cut(s.Name, " ")
			names = append(names, name)
		}
		got = append(got, in.Steps[w.From].Name+": "+strings.Join(names, ", "))
	}
	want := `01-prepare: abort, cleanup
02-weight-25: abort, cleanup
03-shrink: grow, abort, cleanup
04-weight-50: grow, abort, cleanup
05-shrink-2: grow, abort, cleanup
06-full: grow, abort, cleanup
07-promote: un-promote, abort, cleanup`
	if strings.Join(got, "\n") != want {
		t.Errorf("%s\nwant\n%s", strings.Join(got, "\n"), want)
	}
}

// TestShrunkAssumes: a certificate of a prod that gives up pods says what an abort at once does to them; no other certificate does.
func TestShrunkAssumes(t *testing.T) {
	for text, want := range map[string]bool{fewer: true, shop: false} {
		r := proven(t, input(t, text), prove.Options{})
		if got := slices.ContainsFunc(r.Assumptions, func(a string) bool { return strings.Contains(a, "--at-once") }); got != want {
			t.Errorf("assumed %v: %v, want %t", r.Assumptions, got, want)
		}
	}
}
