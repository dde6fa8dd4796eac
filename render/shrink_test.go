package render_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/gitramp/gitramp/render"
)

// shrinking is the story of an app whose prod gives up pods. Steps: 0 idle, 1 prepare, 2 weight-20, 3 weight-50, 4 shrink (2 of prod's 4 pods), 5 full, 6 promote,
// 7 restore, 8 cleanup.
func shrinking(t tester) *story {
	t.Helper()
	w := newStory(t)
	w.text = strings.Replace(storySpec, "replicas: 4", "replicas: 4, dynamicStableScale: true", 1)
	return w
}

// halved is one that goes to half of the weight at once: 0 idle, 1 prepare, 2 weight-50, 3 shrink.
func halved(t tester) *story {
	t.Helper()
	w := shrinking(t)
	w.text = strings.Replace(w.text, "{setWeight: 20}, {pause: {}}, ", "", 1)
	return w.run(3)
}

// TestNextShrunk has the rows of the table of transitions that are other ones where prod has given up pods: no request comes back to it before its pods have.
func TestNextShrunk(t *testing.T) {
	const committed, min = 1_700_000_000, 60
	after := func(seconds int64) render.Evidence {
		return render.Evidence{Now: committed + seconds, Since: committed}
	}
	late := after(1e6)
	with := func(ev render.Evidence, change func(*render.Evidence)) render.Evidence { change(&ev); return ev }
	at := func(step int) func(tester) *story { return func(t tester) *story { return shrinking(t).run(step) } }
	growing := func(t tester) *story { return at(4)(t).do(render.State.Abort) }
	after1 := func(tree func(tester) *story, transitions int) func(tester) *story {
		return func(t tester) *story { return tree(t).run(transitions) }
	}
	spec := func(tree func(tester) *story, old, now string) func(tester) *story {
		return func(t tester) *story {
			w := tree(t)
			w.text = strings.Replace(w.text, old, now, 1)
			return w
		}
	}
	byHand := func(tree func(tester) *story, path string) func(tester) *story {
		return func(t tester) *story { w := tree(t); w.state = edited(t, w.state, path); return w }
	}
	took := func(e *render.Evidence) { e.WentBack, e.Attempts = true, 1 }
	const otherPlan = "refused: the rollout of app:2 stands at step 4 of 8 (shrink), and the spec makes another plan of its steps by now (spec.replicas, spec.minPods, spec.canaryScale, spec.dynamicStableScale): put that back until the rollout is over"
	const cutOff = "refused: history is cut off before this step began, so nobody knows since when it stands: fetch all of it (git fetch --unshallow, or fetch-depth: 0)"

	for _, c := range []struct {
		name  string
		tree  func(tester) *story
		image string // what the spec asks for
		ev    render.Evidence
		want  string
	}{
		{"shifted, C: settles, then shrinks", at(3), "2", after(10*min - 1), "waiting: settling until +10m"},
		{"shifted, C: shrink, before the pause", at(3), "2", after(10 * min), "shrink 04-shrink"},
		{"shifted, S: prod has all its pods", at(3), "1", after(0), "abort"},
		{"shrunk, C: the pause", at(4), "2", after(70*min - 1), "waiting: pausing until +1h10m"},
		{"shrunk, C: full", at(4), "2", after(70 * min), "full 05-full"},
		{"shrunk, C, promoted", at(4), "2", with(after(10*min), func(e *render.Evidence) { e.Promoted = true }), "full 05-full"},
		{"shrunk, C, full waived: settles", func(t tester) *story {
			return at(4)(t).do(func(s render.State) render.Decision { return s.PromoteFull(render.Evidence{}) })
		}, "2", after(10*min - 1), "waiting: settling until +10m"},
		{"shrunk, S: grow, whatever the hold", at(4), "1", after(0), "grow"},
		{"shrunk, S, history cut off: grow", at(4), "1", with(late, func(e *render.Evidence) { e.Shallow = true }), "grow"},
		{"shrunk, S, in the future: grow", at(4), "1", after(-1000), "grow"},
		{"shrunk, D: supersede", at(4), "3", after(0), "supersede"},
		{"shrunk, paused", func(t tester) *story { return at(4)(t).do(render.State.Pause) }, "2", late, "waiting: paused: gitramp resume, promote or abort"},
		{"shrunk, paused, S: grow", func(t tester) *story { return at(4)(t).do(render.State.Pause) }, "1", late, "grow"},
		{"shrunk, taken back", at(4), "2", with(late, took), "waiting: taken back by a person: gitramp resume, promote or abort"},
		{"shrunk, taken back, S: grow", at(4), "1", with(late, took), "grow"},
		{"shrunk, edited: refused", byHand(at(4), "prod-deployment.yaml"), "2", late, "refused: prod-deployment.yaml was edited since gitramp wrote it: take that back with git, write over it with gitramp render --write --overwrite-drift, or gitramp abort"},
		{"shrunk, edited, S: grow all the same", byHand(at(4), "prod-deployment.yaml"), "1", late, "grow"},
		{"shrunk, more replicas: sync", spec(halved, "replicas: 4", "replicas: 6"), "2", late, "sync 03-shrink"},
		{"shrunk, more replicas, S: grow to what prod had", spec(halved, "replicas: 4", "replicas: 6"), "1", late, "grow"},
		{"shrunk, more replicas that more has to be given up of: another plan", spec(at(4), "replicas: 4", "replicas: 6"), "2", late, otherPlan},
		{"shrunk, fewer replicas: refused", spec(at(4), "replicas: 4", "replicas: 3"), "2", late,
			"refused: the rollout of app:2 stands at step 4 of 8 (shrink); meanwhile the spec changes spec.replicas, where only more may be asked for: put it back until the rollout is over"},
		{"shrunk, dynamicStableScale off: another plan", spec(at(4), "dynamicStableScale: true", "minPods: 1"), "2", late, otherPlan},
		{"shrunk, other steps, replan at today's weight: prod gets pods back", spec(at(4), "setWeight: 20}, {pause: {}}", "setWeight: 40}"), "2",
			with(late, func(e *render.Evidence) { e.Replan, e.Promoted = true, true }), "replan 03-weight-50"},
		{"full, C: promote", at(5), "2", after(70 * min), "promote 06-promote"},
		{"full, S: grow", at(5), "1", after(0), "grow"},
		{"promote, S: un-promote, with all pods", at(6), "1", after(0), "un-promote"},
		{"un-promoted, S: withdraw", func(t tester) *story { return at(6)(t).do(render.State.Abort) }, "1", late, "abort"},
		{"restore, C: cleanup", at(7), "2", late, "cleanup 08-cleanup"},
		{"cleanup, S: a rollback release", at(8), "1", after(0), "prepare 01-prepare"},
		{"rolling back: nothing shrinks", func(t tester) *story { return at(8)(t).ask("1").run(2) }, "1", after(10 * min), "promote 03-promote"},

		{"growing, C: not settled", growing, "2", after(10*min - 1), "waiting: settling until +10m"},
		{"growing, C: withdraw all the same", growing, "2", after(10 * min), "abort"},
		{"growing, S: withdraw", growing, "1", after(10 * min), "abort"},
		{"growing, D: withdraw", growing, "3", after(10 * min), "abort"},
		{"growing, a witness that it is not applied", growing, "1", with(late, func(e *render.Evidence) { e.Applied = &render.Applied{} }), "waiting: not applied by the cluster yet"},
		{"growing, a witness ends settle", growing, "1", with(after(5), func(e *render.Evidence) { e.Applied = &render.Applied{Yes: true} }), "abort"},
		{"growing, promoted: no settle is waived", growing, "2", with(after(9*min), func(e *render.Evidence) { e.Promoted = true }), "waiting: settling until +10m"},
		{"growing, history cut off", growing, "1", with(late, func(e *render.Evidence) { e.Shallow = true }), cutOff},
		{"growing, committed in the future", growing, "1", after(-121), "refused: clock skew: the step was committed 2m1s ahead of the clock of this machine"},
		{"growing, taken back is no matter", growing, "2", with(late, took), "abort"},
		{"growing, edited: finish all the same", byHand(growing, "prod-deployment.yaml"), "2", late, "abort"},
		{"superseding, D: withdraw", func(t tester) *story { return at(4)(t).ask("3").run(1) }, "3", after(10 * min), "abort"},
		{"superseded, D: clean up", func(t tester) *story { return at(4)(t).ask("3").run(2) }, "3", after(10 * min), "cleanup"},
		{"superseded and clean, D: prepare", func(t tester) *story { return at(4)(t).ask("3").run(3) }, "3", late, "prepare 01-prepare"},
		{"grown and withdrawn, C: clean up", after1(growing, 1), "2", after(10 * min), "cleanup"},
		{"aborted, C: waits for a retry", after1(growing, 2), "2", late, "waiting: aborted: gitramp retry, or ask for another revision"},
		{"aborted, C, retried", after1(growing, 2), "2", with(late, func(e *render.Evidence) { e.Retried = true }), "prepare 01-prepare"},
		{"aborted, S: forgotten", after1(growing, 2), "1", late, "forget"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := c.tree(t).ask(c.image)
			weight := w.state.Lock.Weight
			d, state := w.next(c.ev)
			if got := said(d, committed); got != c.want {
				t.Fatalf("got  %s\nwant %s", got, c.want)
			}
			if state.Lock.Phase.GoesBack() && state.Lock.Weight > weight {
				t.Errorf("on the way back the weight rises from %d to %d", weight, state.Lock.Weight)
			}
			if d.Transition != "" && len(state.Drift) == 0 && d.Transition != render.Replan {
				w.state = state
				checkStory(t, w)
			}
		})
	}
}

// TestAbortAtOnce: whoever does not wait for prod's pods withdraws from any step, and from an abort that waits; the same commit starts the pods.
func TestAbortAtOnce(t *testing.T) {
	for step, want := range []string{"nothing", "abort", "abort", "abort", "abort", "abort", "un-promote",
		"refused: prod runs app:2 by now and has all the traffic: gitramp advance finishes the rollout, gitramp rollback goes back by a release", "nothing"} {
		w := shrinking(t).run(step)
		d := w.state.AbortAtOnce()
		if got := said(d, 0); got != want {
			t.Errorf("step %d: %s, want %s", step, got, want)
		}
		if d.Transition != render.Abort {
			continue
		}
		if w.state = w.turn(nil, d); w.state.Lock.Phase != render.Abort || w.state.Lock.Weight != 0 || prodPods(w) != "  replicas: 4" {
			t.Errorf("step %d: %s at weight %d with%s of prod", step, w.state.Lock.Phase, w.state.Lock.Weight, prodPods(w))
		}
		if again := w.state.AbortAtOnce(); said(again, 0) != "nothing" {
			t.Errorf("step %d: aborted at once, and again: %s", step, said(again, 0))
		}
	}
	w := shrinking(t).run(4).do(render.State.Abort)
	if d := w.state.Abort(); said(d, 0) != "nothing" {
		t.Errorf("growing, aborted again: %s", said(d, 0))
	}
	if w.do(render.State.AbortAtOnce); w.state.Lock.Phase != render.Abort {
		t.Errorf("growing, aborted at once: %s", w.state.Lock.Phase)
	}
	if d := (render.State{}).AbortAtOnce(); said(d, 0) != "refused: nothing is installed here" {
		t.Errorf("nothing there: %s", said(d, 0))
	}
	if d := shrinking(t).run(6).do(render.State.Abort).state.AbortAtOnce(); said(d, 0) != "nothing" {
		t.Errorf("un-promoting: %s", said(d, 0))
	}
}

// prodPods is the line of prod's replicas.
func prodPods(w *story) string {
	data, _ := w.state.Tree.Get("prod-deployment.yaml")
	return string(replicasLine.Find(data))
}

// TestGrowTolerates: whatever somebody did to prod's Deployment, an abort gives it no fewer pods than it finds; an edit stays, and is still seen.
func TestGrowTolerates(t *testing.T) {
	for _, c := range []struct{ name, old, now, want, pods string }{
		{"another field", "terminationGracePeriodSeconds: 40", "terminationGracePeriodSeconds: 90", "grow", "  replicas: 4"},
		{"fewer pods", "replicas: 2", "replicas: 1", "grow", "  replicas: 4"},
		{"as many pods as before", "replicas: 2", "replicas: 4", "abort", "  replicas: 4"},
		{"more pods", "replicas: 2", "replicas: 9", "abort", "  replicas: 9"},
		{"no number of pods", "  replicas: 2\n", "", "grow", "  replicas: 4"},
		{"what is no YAML", "spec:", "spec: [", "abort", "  replicas: 2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := shrinking(t).run(4)
			files := map[string][]byte{}
			for _, f := range w.state.Tree {
				if files[f.Path] = f.Data; f.Path == "prod-deployment.yaml" {
					files[f.Path] = bytes.Replace(f.Data, []byte(c.old), []byte(c.now), 1)
				}
			}
			var err error
			if w.state, err = render.ReadState("deploy/app", files); err != nil || len(w.state.Drift) != 1 {
				t.Fatal(err, w.state.Drift)
			}
			d := w.state.Abort()
			if w.state = w.turn(nil, d); string(d.Transition) != c.want || prodPods(w) != c.pods || w.state.Lock.Replicas != 0 {
				t.Errorf("%s with%s, want %s with%s", d.Transition, prodPods(w), c.want, c.pods)
			}
			data, _ := w.state.Tree.Get("prod-deployment.yaml")
			if strings.Contains(c.now, "grace") && !bytes.Contains(data, []byte(c.now)) {
				t.Errorf("the edit is gone:\n%s", data)
			}
			if len(w.state.Drift) != 1 || w.state.Drift[0].Path != "prod-deployment.yaml" {
				t.Errorf("drift after the first commit: %v", w.state.Drift)
			}
		})
	}
}

// TestShrunkWithoutProd: where prod's Deployment is gone there is nothing to grow.
func TestShrunkWithoutProd(t *testing.T) {
	w := shrinking(t).run(4)
	files := map[string][]byte{}
	for _, f := range w.state.Tree {
		files[f.Path] = f.Data
	}
	delete(files, "prod-deployment.yaml")
	var err error
	if w.state, err = render.ReadState("deploy/app", files); err != nil {
		t.Fatal(err)
	}
	if w.do(render.State.Abort); w.state.Lock.Phase != render.Abort || w.state.Lock.Weight != 0 {
		t.Errorf("aborted to %s at weight %d", w.state.Lock.Phase, w.state.Lock.Weight)
	}
}

// TestDeleteShrunk: prod has its pods before it has the requests, and both before its route goes.
func TestDeleteShrunk(t *testing.T) {
	w := shrinking(t).run(5)
	var got []string
	for w.state.Lock != nil {
		d := w.state.Remove(render.Evidence{NoHolds: true})
		got = append(got, string(d.Transition))
		if w.state = w.turn(nil, d); d.Transition == "" {
			break
		}
	}
	if want := "grow abort cleanup delete delete"; strings.Join(got, " ") != want {
		t.Errorf("%v, want %s", got, want)
	}
}

// TestShrunkReplicas: the tree keeps how many pods prod has to get back, and more of them where the spec asks for more meanwhile.
func TestShrunkReplicas(t *testing.T) {
	w := shrinking(t)
	for step, want := range []int{0, 0, 0, 0, 4, 4, 0, 0, 0} {
		if got := w.state.Lock.Replicas; got != want {
			t.Errorf("step %d: the lock says that prod had %d pods, want %d", step, got, want)
		}
		if step < 8 {
			w.run(1)
		}
	}
	w = halved(t)
	w.text = strings.Replace(w.text, "replicas: 4", "replicas: 6", 1)
	if w.run(1); w.state.Lock.Replicas != 6 || w.state.Lock.Phase != render.Shrink || prodPods(w) != "  replicas: 3" {
		t.Fatalf("synced: %s,%s of %d", w.state.Lock.Phase, prodPods(w), w.state.Lock.Replicas)
	}
	if w.do(render.State.Abort); prodPods(w) != "  replicas: 6" {
		t.Errorf("grown:%s", prodPods(w))
	}
}

// TestRevertOfGrow: an abort that gives prod its pods back first is taken back like any other. What stands on the way back then goes on back; what stands in the
// ramp then waits for a person.
func TestRevertOfGrow(t *testing.T) {
	spec := loadFixture(t, "stable-scale")
	wanted, _ := revisionNames(t, spec)
	var b branch
	for _, st := range ramp(t, spec)[:6] { // to the second shrink
		b = append(b, render.State{Lock: &st.Lock, Tree: st.Tree})
	}
	shrunk, shifted := b[5], b[4]
	grown := turned(t, shrunk, shrunk.Abort())
	withdrawn := turned(t, grown, render.Decision{Transition: render.Abort})
	const person = "waiting: taken back by a person: gitramp resume, promote or abort"
	for _, c := range []struct {
		name string
		then branch
		want string
	}{
		{"grown", branch{grown}, "abort"},
		{"the growth", branch{grown, shrunk}, person},
		{"the growth and the step before it", branch{grown, shifted}, person},
		{"the withdrawal", branch{grown, withdrawn, grown}, "abort"},
		{"the withdrawal, then the growth", branch{grown, withdrawn, grown, shrunk}, person},
		{"both at once", branch{grown, withdrawn, shrunk}, person},
	} {
		all := append(b[:len(b):len(b)], c.then...)
		tip := all[len(all)-1]
		if got := said(nextOf(t, spec, tip, wanted, all.recall()), 0); got != c.want {
			t.Errorf("%s taken back: %s, want %s", c.name, got, c.want)
		}
		if d := tip.Abort(); !tip.Lock.Phase.GoesBack() && d.Transition != render.Grow {
			t.Errorf("%s taken back, and aborted again: %s", c.name, said(d, 0))
		}
	}
}

// TestLockReplicas: a lock says how many pods prod had where it has given some of them up, and nowhere else.
func TestLockReplicas(t *testing.T) {
	w := shrinking(t).run(4)
	data, _ := w.state.Tree.Get(render.LockFile)
	for phase, refused := range map[string]bool{"shrink": false, "shift": false, "full": false, "grow": true, "abort": true, "un-promote": true, "promote": true, "restore": true} {
		_, err := render.ReadLock("gitramp.lock", bytes.Replace(data, []byte("phase: shrink\n"), []byte("phase: "+phase+"\n"), 1))
		if got := err != nil && strings.Contains(err.Error(), "phase "+phase+" and replicas do not go together"); got != refused {
			t.Errorf("%s: %v, want refused for that: %t", phase, err, refused)
		}
	}
}
