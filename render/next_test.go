package render_test

import (
	"testing"

	"github.com/gitramp/gitramp/render"
)

const nextSpec = `{apiVersion: gitramp.dev/v1alpha1, kind: Canary, metadata: {name: app}, spec: {image: "app:2", stable: {image: "app:1"}, port: 80,
  settle: 10m, route: {host: a.example.com}, steps: [{setWeight: 20}, {pause: {}}, {setWeight: 50}, {pause: {duration: 1h}}]}}`

// TestNext: one row for a kind of tree and evidence. Steps: 0 idle, 1 prepare, 2 weight-20, 3 weight-50, 4 full, 5 promote, 6 restore, 7 cleanup.
func TestNext(t *testing.T) {
	const committed, min = 1_700_000_000, 60
	at := func(seconds int64) render.Evidence {
		return render.Evidence{Now: committed + seconds, Since: committed}
	}
	with := func(ev render.Evidence, change func(*render.Evidence)) render.Evidence { change(&ev); return ev }
	for _, c := range []struct {
		name    string
		step    int
		edit    func(*render.Lock)
		wanted  string // "" is the release's canary
		ev      render.Evidence
		move    render.Transition
		to      int
		waiting string
		until   int64
		refused string
	}{
		{name: "idle, another revision: prepare", step: 0, ev: at(0), move: render.Prepare, to: 1},
		{name: "idle, the same revision: nothing", step: 0, wanted: "stable", ev: at(0)},
		{name: "after cleanup: nothing", step: 7, ev: at(0)},
		{name: "not settled", step: 1, ev: at(10*min - 1), waiting: "settling", until: committed + 10*min},
		{name: "settled", step: 1, ev: at(10 * min), move: render.Shift, to: 2},
		{name: "seen applied: settle is met by the witness", step: 1, ev: with(at(5), func(e *render.Evidence) { e.Applied = committed + 4 }), move: render.Shift, to: 2},
		{name: "manual", step: 2, ev: at(1e6), waiting: "until promoted"},
		{name: "manual, promoted", step: 2, ev: with(at(10*min), func(e *render.Evidence) { e.Promoted = true }), move: render.Shift, to: 3},
		{name: "promoted does not waive settle", step: 2, ev: with(at(9*min), func(e *render.Evidence) { e.Promoted = true }), waiting: "settling", until: committed + 10*min},
		{name: "a pause runs from when the step is applied", step: 3, ev: at(69 * min), waiting: "pausing", until: committed + 70*min},
		{name: "a pause is over", step: 3, ev: at(70 * min), move: render.Full, to: 4},
		{name: "a pause after a witness", step: 3, ev: with(at(61*min), func(e *render.Evidence) { e.Applied = committed + min }), move: render.Full, to: 4},
		{name: "full waives pauses", step: 3, edit: func(l *render.Lock) { l.Full = true }, ev: at(10 * min), move: render.Full, to: 4},
		{name: "full waives no settle", step: 3, edit: func(l *render.Lock) { l.Full = true }, ev: at(9 * min), waiting: "settling", until: committed + 10*min},
		{name: "full has the longest pause", step: 4, ev: at(60 * min), waiting: "pausing", until: committed + 70*min},
		{name: "then promote", step: 4, ev: at(70 * min), move: render.Promote, to: 5},
		{name: "then restore", step: 5, ev: at(10 * min), move: render.Restore, to: 6},
		{name: "then cleanup", step: 6, ev: at(10 * min), move: render.Cleanup, to: 7},
		{name: "no holds", step: 2, ev: render.Evidence{NoHolds: true}, move: render.Shift, to: 3},
		{name: "paused", step: 1, edit: func(l *render.Lock) { l.Paused = true }, ev: at(1e6), waiting: "paused"},
		{name: "history went back", step: 1, ev: with(at(1e6), func(e *render.Evidence) { e.WentBack = true }), waiting: "paused"},
		{name: "another revision on the way", step: 2, wanted: "another", ev: at(1e6), refused: "the rollout of app:2 stands at step 2 of 7 (weight-20), and the spec asks for another revision by now: ask for that one again to finish it, or take it back with git revert, the newest commit first"},
	} {
		t.Run(c.name, func(t *testing.T) {
			spec := parse(t, nextSpec)
			r := release(t, spec, shared)
			s := ramp(t, spec)[c.step]
			state := render.State{Lock: &s.Lock, Tree: s.Tree}
			if c.edit != nil {
				c.edit(state.Lock)
				state.Tree = replace(s.Tree, render.LockFile, state.Lock.Encode())
			}
			canary, stable := revisionNames(t, spec)
			wanted := canary
			switch c.wanted {
			case "stable":
				wanted = stable
			case "another":
				wanted = "another"
			}
			d, err := r.Next(state, wanted, c.ev)
			if err != nil {
				t.Fatal(err)
			}
			want := render.Decision{Transition: c.move, Waiting: c.waiting, Until: c.until, Refused: c.refused}
			if c.move != "" {
				want.Step = r.Plan.Steps[c.to]
			}
			if d.Transition != want.Transition || d.Step.ID() != want.Step.ID() || d.Waiting != want.Waiting || d.Until != want.Until || d.Refused != want.Refused {
				t.Errorf("got %+v\nwant %+v", d, want)
			}
		})
	}
}

// TestNextWithoutTree, with edited files and with other steps than the pinned ones: refused, and why.
func TestNextRefuses(t *testing.T) {
	spec := parse(t, nextSpec)
	canary, _ := revisionNames(t, spec)
	s := ramp(t, spec)[2]
	other := release(t, parse(t, `{apiVersion: gitramp.dev/v1alpha1, kind: Canary, metadata: {name: app}, spec: {image: "app:2", stable: {image: "app:1"}, port: 80,
	  route: {host: a.example.com}, steps: [{setWeight: 20}, {setWeight: 60}]}}`), shared)
	for _, c := range []struct {
		name  string
		r     *render.Release
		state render.State
		want  string
	}{
		{"no tree", release(t, spec, shared), render.State{}, "nothing is installed here"},
		{"drift", release(t, spec, shared), render.State{Lock: &s.Lock, Tree: s.Tree, Drift: []render.Drift{{Path: "prod-service.yaml", Problem: "was edited"}}},
			"prod-service.yaml was edited since gitramp wrote it"},
		{"other steps", other, render.State{Lock: &s.Lock, Tree: s.Tree}, "the rollout of app:2 stands at step 2 of 7 (weight-20), and the spec has other steps by now: put back those in gitramp.lock to go on"},
	} {
		if d, err := c.r.Next(c.state, canary, render.Evidence{NoHolds: true}); err != nil || d.Refused != c.want || d.Transition != "" {
			t.Errorf("%s: %+v %v, want refused: %s", c.name, d, err, c.want)
		}
	}
}

// TestNextSyncs: an idle tree follows the spec in what is no revision, before anything else.
func TestNextSyncs(t *testing.T) {
	before := ramp(t, parse(t, nextSpec))[0]
	moved := parse(t, `{apiVersion: gitramp.dev/v1alpha1, kind: Canary, metadata: {name: app}, spec: {image: "app:2", stable: {image: "app:1"}, port: 80, replicas: 3,
	  route: {host: b.example.com}, steps: [{setWeight: 20}]}}`)
	canary, _ := revisionNames(t, moved)
	r := release(t, moved, shared)
	d, err := r.Next(render.State{Lock: &before.Lock, Tree: before.Tree}, canary, render.Evidence{})
	if err != nil || d.Transition != render.Sync {
		t.Fatalf("%+v %v, want a sync", d, err)
	}
	tree, lock, err := r.Own(render.State{Lock: &before.Lock, Tree: before.Tree})
	if err != nil {
		t.Fatal(err)
	}
	if lock.Parent != before.Lock.Self || lock.Stable.Revision != before.Lock.Stable.Revision || lock.Phase != render.Idle {
		t.Errorf("the sync's lock: %+v", lock)
	}
	if d, err = r.Next(render.State{Lock: lock, Tree: tree}, canary, render.Evidence{}); err != nil || d.Transition != render.Prepare {
		t.Errorf("after the sync: %+v %v, want prepare", d, err)
	}
}

func replace(tree render.Tree, path string, data []byte) render.Tree {
	var out render.Tree
	for _, f := range tree {
		if f.Path == path {
			f.Data = data
		}
		out = append(out, f)
	}
	return out
}

func revisionNames(t *testing.T, c *render.Canary) (canary, stable string) {
	t.Helper()
	rev, err := c.Revision(shared)
	if err != nil {
		t.Fatal(err)
	}
	old, _, err := c.StableRevision(shared)
	if err != nil {
		t.Fatal(err)
	}
	return rev.Name, old.Name
}
