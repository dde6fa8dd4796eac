package prove_test

import (
	"strings"
	"testing"

	"github.com/gitramp/gitramp/render"
	"github.com/gitramp/gitramp/render/prove"
)

// TestWaysBack: from each step with a canary that prod has no traffic of its own for yet, the commits of an abort; superseding a revision writes the same objects.
func TestWaysBack(t *testing.T) {
	r := release(t, shop)
	in, err := prove.Release(r)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, w := range in.Ways {
		var names []string
		for _, s := range w.States {
			names = append(names, s.Name)
		}
		got = append(got, in.Steps[w.From].Name+": "+strings.Join(names, ", "))
	}
	want := `01-prepare: abort at 01-prepare, cleanup at 01-prepare
02-weight-20: abort at 02-weight-20, cleanup at 02-weight-20
03-weight-50: abort at 03-weight-50, cleanup at 03-weight-50
04-full: abort at 04-full, cleanup at 04-full
05-promote: un-promote at 05-promote, abort at 05-promote, cleanup at 05-promote`
	if strings.Join(got, "\n") != want {
		t.Errorf("%s\nwant\n%s", strings.Join(got, "\n"), want)
	}
	var from *render.Lock
	for _, st := range r.Plan.Steps[:full+1] {
		tree, lock, err := r.Tree(st, from)
		if err != nil {
			t.Fatal(err)
		}
		if from = lock; st.Index < prepare {
			continue
		}
		state := render.State{Lock: lock, Tree: tree}
		superseded, _, err := state.Turn(render.Decision{Transition: render.Supersede})
		if err != nil {
			t.Fatal(err)
		}
		for _, ch := range render.Changes(in.Ways[st.Index-1].States[0].Tree, superseded) {
			t.Errorf("%s: superseded, %s is %s", st.ID(), ch.Path, ch.Op)
		}
	}
}
