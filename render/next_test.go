package render_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/gitramp/gitramp/render"
)

// TestNext has every row of the table of transitions: what the tree is, what the spec asks for, and what comes next. app:1 is what prod runs first, app:2 what is
// tried, app:3 a third revision.
func TestNext(t *testing.T) {
	const committed, min = 1_700_000_000, 60
	after := func(seconds int64) render.Evidence {
		return render.Evidence{Now: committed + seconds, Since: committed}
	}
	late := after(1e6)
	with := func(ev render.Evidence, change func(*render.Evidence)) render.Evidence { change(&ev); return ev }
	witness := func(ev render.Evidence, yes bool, at int64) render.Evidence {
		if at != 0 {
			at += committed
		}
		ev.Applied = &render.Applied{Yes: yes, At: at}
		return ev
	}
	idle := newStory
	at := func(step int) func(tester) *story { return func(t tester) *story { return newStory(t).run(step) } }
	abort := func(w *story) *story { return w.do(render.State.Abort) }
	aborting := func(t tester) *story { return abort(at(3)(t)) }
	aborted := func(t tester) *story { return aborting(t).run(1) }
	unpromoting := func(t tester) *story { return abort(at(5)(t)) }
	paused := func(step int) func(tester) *story {
		return func(t tester) *story { return at(step)(t).do(render.State.Pause) }
	}
	full := func(step int) func(tester) *story {
		return func(t tester) *story {
			return at(step)(t).do(func(s render.State) render.Decision { return s.PromoteFull(render.Evidence{}) })
		}
	}
	took := func(ev *render.Evidence) { ev.WentBack, ev.Attempts = true, 1 }
	rolledBack := func(steps int) func(tester) *story {
		return func(t tester) *story { return at(7)(t).ask("1").run(steps) }
	}
	const goesOn = "the rollout of app:2 stands at step "

	for _, c := range []struct {
		name  string
		tree  func(tester) *story
		image string // what the spec asks for
		ev    render.Evidence
		want  string
	}{
		{"none: install is explicit", func(t tester) *story { w := idle(t); w.state = render.State{}; return w }, "2", late, "refused: nothing is installed here: gitramp install"},

		{"idle on S, S: nothing", idle, "1", late, "nothing"},
		{"idle on S, S and another host: sync", func(t tester) *story {
			w := idle(t)
			w.text = strings.Replace(w.text, "a.example", "b.example", 1)
			return w
		}, "1", late, "sync 00-idle"},
		{"idle on S, C and another host: sync first", func(t tester) *story {
			w := idle(t)
			w.text = strings.Replace(w.text, "a.example", "b.example", 1)
			return w
		}, "2", late, "sync 00-idle"},
		{"idle on S, C: prepare", idle, "2", after(0), "prepare 01-prepare"},
		{"idle on S, C, history cut off: refused", idle, "2", with(late, func(e *render.Evidence) { e.Shallow = true }), "refused: history is cut off before this step began, so nobody knows since when it stands: fetch all of it (git fetch --unshallow, or fetch-depth: 0)"},
		{"idle on S, S, history cut off: nothing", idle, "1", with(late, func(e *render.Evidence) { e.Shallow = true }), "nothing"},
		{"idle on S by a revert of prepare, C: a person's stop sticks", idle, "2", with(late, func(e *render.Evidence) { took(e); e.BackFrom = newStory(t).wanted() }), "waiting: taken back by a person: gitramp retry, or ask for another revision"},
		{"idle on S by a revert of prepare, D: prepare", idle, "3", with(late, func(e *render.Evidence) { took(e); e.BackFrom = newStory(t).wanted() }), "prepare 01-prepare"},
		{"idle on S by a revert of prepare, retried", idle, "2", with(late, func(e *render.Evidence) { took(e); e.Retried = true; e.BackFrom = newStory(t).wanted() }), "prepare 01-prepare"},

		{"prepare, S: abort", at(1), "1", after(0), "abort"},
		{"prepare, D: supersede", at(1), "3", after(0), "supersede"},
		{"prepare, taken back", at(1), "2", with(late, took), "waiting: taken back by a person: gitramp resume, promote or abort"},
		{"prepare, taken back, promoted", at(1), "2", with(late, func(e *render.Evidence) { took(e); e.Promoted = true }), "shift 02-weight-20"},
		{"ramping, C: not settled", at(1), "2", after(10*min - 1), "waiting: settling until +10m"},
		{"ramping, C: settled", at(1), "2", after(10 * min), "shift 02-weight-20"},
		{"ramping, C: manual", at(2), "2", late, "waiting: until promoted"},
		{"ramping, C: manual, promoted", at(2), "2", with(after(10*min), func(e *render.Evidence) { e.Promoted = true }), "shift 03-weight-50"},
		{"ramping, C: promoted waives no settle", at(2), "2", with(after(9*min), func(e *render.Evidence) { e.Promoted = true }), "waiting: settling until +10m"},
		{"ramping, C: a pause runs from when the step is applied", at(3), "2", after(70*min - 1), "waiting: pausing until +1h10m"},
		{"ramping, C: a pause is over", at(3), "2", after(70 * min), "full 04-full"},
		{"ramping, C: a witness that it is not applied", at(3), "2", witness(late, false, 0), "waiting: not applied by the cluster yet"},
		{"ramping, C: a witness that it is applied ends settle", at(1), "2", witness(after(5), true, 0), "shift 02-weight-20"},
		{"ramping, C: a witness without a time starts no pause early", at(3), "2", witness(after(65*min), true, 0), "waiting: pausing until +1h10m"},
		{"ramping, C: a witness with a time starts the pause", at(3), "2", witness(after(61*min), true, 1*min), "full 04-full"},
		{"ramping, C: a witness of before the step is of the step", at(3), "2", witness(after(60*min-1), true, -1), "waiting: pausing until +1h"},
		{"ramping, C: promoted, not applied", at(2), "2", witness(with(late, func(e *render.Evidence) { e.Promoted = true }), false, 0), "waiting: not applied by the cluster yet"},
		{"ramping, C, full waived: settle", full(3), "2", after(10*min - 1), "waiting: settling until +10m"},
		{"ramping, C, full waived: no pause", full(3), "2", after(10 * min), "full 04-full"},
		{"ramping, C, full waived: nothing manual", full(2), "2", after(10 * min), "shift 03-weight-50"},
		{"full, C: the longest pause", at(4), "2", after(70*min - 1), "waiting: pausing until +1h10m"},
		{"full, C: promote", at(4), "2", after(70 * min), "promote 05-promote"},
		{"ramping, S: abort, whatever the hold", at(2), "1", after(0), "abort"},
		{"ramping, S, in the future: abort", at(2), "1", after(-1000), "abort"},
		{"full, S: abort", at(4), "1", after(0), "abort"},
		{"full, D: supersede", at(4), "3", after(0), "supersede"},
		{"full, taken back", at(4), "2", with(late, took), "waiting: taken back by a person: gitramp resume, promote or abort"},
		{"full, taken back, promoted", at(4), "2", with(late, func(e *render.Evidence) { took(e); e.Promoted = true }), "promote 05-promote"},
		{"ramping, D: supersede", at(3), "3", after(0), "supersede"},
		{"ramping, other steps: refused", func(t tester) *story {
			w := at(2)(t)
			w.text = strings.Replace(w.text, "setWeight: 50", "setWeight: 60", 1)
			return w
		}, "2", late,
			"refused: " + goesOn + "2 of 7 (weight-20), and the spec has other steps by now (spec.steps): put back those in gitramp.lock to go on, or gitramp advance --replan"},
		{"ramping, other steps: the hold of the step counts", func(t tester) *story {
			w := at(2)(t)
			w.text = strings.Replace(w.text, "setWeight: 50", "setWeight: 60", 1)
			return w
		}, "2",
			with(after(0), func(e *render.Evidence) { e.Replan = true }), "waiting: settling until +10m"},
		{"ramping, other steps, replan: at today's weight", func(t tester) *story {
			w := at(2)(t)
			w.text = strings.Replace(w.text, "[{setWeight: 20}", "[{setWeight: 5}, {setWeight: 20}", 1)
			return w
		}, "2",
			with(late, func(e *render.Evidence) { e.Replan, e.Promoted = true, true }), "replan 03-weight-20"},
		{"ramping, other steps, replan: above today's weight", func(t tester) *story {
			w := at(2)(t)
			w.text = strings.Replace(w.text, "[{setWeight: 20}", "[{setWeight: 10}, {setWeight: 40}", 1)
			return w
		}, "2",
			with(late, func(e *render.Evidence) { e.Replan, e.Promoted = true, true }), "replan 03-weight-40"},
		{"ramping, other steps, replan: the pods are not there", func(t tester) *story {
			w := at(2)(t)
			w.text = strings.Replace(w.text, "{setWeight: 20}, {pause: {}}, {setWeight: 50}", "{setWeight: 80}", 1)
			return w
		}, "2",
			with(late, func(e *render.Evidence) { e.Replan, e.Promoted = true, true }), "refused: " + goesOn + "2 of 7 (weight-20) with 2 canary pods, and the next weight of the spec's new steps, 80, needs 4: let the steps have setWeight: 20 before it, so that the pods start first"},
		{"ramping, another host: sync before the step", func(t tester) *story {
			w := at(2)(t)
			w.text = strings.Replace(w.text, "a.example", "b.example", 1)
			return w
		}, "2", late, "sync 02-weight-20"},
		{"ramping, fewer replicas: refused", func(t tester) *story {
			w := at(1)(t)
			w.text = strings.Replace(w.text, "replicas: 4", "replicas: 3", 1)
			return w
		}, "2", late,
			"refused: " + goesOn + "1 of 7 (prepare); meanwhile the spec changes spec.replicas, where only more may be asked for: put it back until the rollout is over"},
		{"ramping, edited: refused", func(t tester) *story { w := at(2)(t); w.state = edited(t, w.state, "prod-service.yaml"); return w }, "2", late, "refused: prod-service.yaml was edited since gitramp wrote it: take that back with git, write over it with gitramp render --write --overwrite-drift, or gitramp abort"},
		{"ramping, edited, S: abort all the same", func(t tester) *story { w := at(2)(t); w.state = edited(t, w.state, "prod-service.yaml"); return w }, "1", late, "abort"},
		{"ramping, paused", paused(2), "2", late, "waiting: paused: gitramp resume, promote or abort"},
		{"ramping, paused, promoted", paused(2), "2", with(late, func(e *render.Evidence) { e.Promoted = true }), "shift 03-weight-50"},
		{"ramping, paused, D: a person's stop sticks", paused(2), "3", late, "waiting: paused: gitramp resume, promote or abort"},
		{"ramping, paused, S: abort", paused(2), "1", late, "abort"},
		{"idle, paused, C", paused(0), "2", late, "waiting: paused: gitramp resume or promote"},
		{"ramping, taken back", at(2), "2", with(late, took), "waiting: taken back by a person: gitramp resume, promote or abort"},
		{"ramping, taken back, D", at(2), "3", with(late, took), "waiting: taken back by a person: gitramp resume, promote or abort"},
		{"ramping, taken back, S: abort", at(2), "1", with(late, took), "abort"},
		{"ramping, taken back, promoted", at(2), "2", with(late, func(e *render.Evidence) { took(e); e.Promoted = true }), "shift 03-weight-50"},
		{"promote, taken back", at(5), "2", with(late, took), "waiting: taken back by a person: gitramp resume, promote or abort"},
		{"restore, taken back", at(6), "2", with(late, took), "waiting: taken back by a person: gitramp resume or promote"},
		{"ramping, history cut off", at(2), "2", with(late, func(e *render.Evidence) { e.Shallow = true }), "refused: history is cut off before this step began, so nobody knows since when it stands: fetch all of it (git fetch --unshallow, or fetch-depth: 0)"},
		{"ramping, history cut off, S: abort", at(2), "1", with(late, func(e *render.Evidence) { e.Shallow = true }), "abort"},
		{"ramping, committed in the future", at(2), "2", after(-121), "refused: clock skew: the step was committed 2m1s ahead of the clock of this machine"},
		{"ramping, committed a little in the future", at(2), "2", after(-120), "waiting: settling until +10m"},

		{"promote, C: not settled", at(5), "2", after(10*min - 1), "waiting: settling until +10m"},
		{"promote, C: restore", at(5), "2", after(10 * min), "restore 06-restore"},
		{"promote, S: un-promote", at(5), "1", after(0), "un-promote"},
		{"promote, D: finish first", at(5), "3", after(10 * min), "restore 06-restore"},
		{"promote, C and other steps: they no longer matter", func(t tester) *story {
			w := at(5)(t)
			w.text = strings.Replace(w.text, "setWeight: 50", "setWeight: 60", 1)
			return w
		}, "2", late, "restore 06-restore"},
		{"un-promoting, C: not settled", unpromoting, "2", after(10*min - 1), "waiting: settling until +10m"},
		{"un-promoting, C: finish to S", unpromoting, "2", after(10 * min), "abort"},
		{"un-promoting, D: finish to S", unpromoting, "3", after(10 * min), "abort"},
		{"un-promoting, S: finish to S", unpromoting, "1", after(10 * min), "abort"},
		{"un-promoted, C: finish withdrawing", func(t tester) *story { return unpromoting(t).run(1) }, "2", after(10 * min), "cleanup"},
		{"un-promoted, D: finish withdrawing", func(t tester) *story { return unpromoting(t).run(1) }, "3", after(10 * min), "cleanup"},
		{"un-promoted and clean, D: prepare", func(t tester) *story { return unpromoting(t).run(2) }, "3", late, "prepare 01-prepare"},
		{"un-promoted and clean, C: waits", func(t tester) *story { return unpromoting(t).run(2) }, "2", late, "waiting: aborted: gitramp retry, or ask for another revision"},

		{"restore, C: not settled", at(6), "2", after(0), "waiting: settling until +10m"},
		{"restore, C: cleanup", at(6), "2", late, "cleanup 07-cleanup"},
		{"restore, D: finish first", at(6), "3", late, "cleanup 07-cleanup"},
		{"restore, S: finish first", at(6), "1", late, "cleanup 07-cleanup"},
		{"cleanup, C: nothing", at(7), "2", after(0), "nothing"},
		{"cleanup, D: prepare", at(7), "3", after(0), "prepare 01-prepare"},
		{"cleanup, S: a rollback release", at(7), "1", after(0), "prepare 01-prepare"},
		{"rolling back, S: no steps of the spec's", rolledBack(1), "1", after(10 * min), "full 02-full"},
		{"rolling back, S: settles", rolledBack(2), "1", after(10*min - 1), "waiting: settling until +10m"},
		{"rolling back, S: no pause", rolledBack(2), "1", after(10 * min), "promote 03-promote"},
		{"rolling back, C: abort", rolledBack(2), "2", after(0), "abort"},
		{"rolling back, D: supersede", rolledBack(2), "3", after(0), "supersede"},
		{"rolled back, S: nothing", rolledBack(5), "1", late, "nothing"},
		{"rolled back, C again: a whole ramp", func(t tester) *story { return rolledBack(5)(t).ask("2").run(1) }, "2", late, "shift 02-weight-20"},

		{"aborting, C: not settled", aborting, "2", after(10*min - 1), "waiting: settling until +10m"},
		{"aborting, C: finish withdrawing", aborting, "2", after(10 * min), "cleanup"},
		{"aborting, D: finish withdrawing", aborting, "3", after(10 * min), "cleanup"},
		{"aborting, S: finish, and forget", aborting, "1", after(10 * min), "forget"},
		{"aborting, history cut off", aborting, "1", with(late, func(e *render.Evidence) { e.Shallow = true }), "refused: history is cut off before this step began, so nobody knows since when it stands: fetch all of it (git fetch --unshallow, or fetch-depth: 0)"},
		{"aborting, committed in the future", aborting, "2", after(-121), "refused: clock skew: the step was committed 2m1s ahead of the clock of this machine"},
		{"aborting, taken back is no matter", aborting, "2", with(late, took), "cleanup"},
		{"aborting, edited: finish all the same", func(t tester) *story { w := aborting(t); w.state = edited(t, w.state, "prod-service.yaml"); return w }, "2", late, "cleanup"},
		{"aborted, C: waits for a retry", aborted, "2", late, "waiting: aborted: gitramp retry, or ask for another revision"},
		{"aborted, C, retried", aborted, "2", with(late, func(e *render.Evidence) { e.Retried = true }), "prepare 01-prepare"},
		{"aborted, S: forgotten", aborted, "1", late, "forget"},
		{"aborted, D: prepare", aborted, "3", late, "prepare 01-prepare"},
		{"forgotten, C: prepare", func(t tester) *story { return aborted(t).ask("1").run(1) }, "2", late, "prepare 01-prepare"},
		{"being deleted", func(t tester) *story {
			return idle(t).do(func(s render.State) render.Decision { return s.Remove(render.Evidence{NoHolds: true}) })
		}, "1", late, "refused: the app is being deleted: gitramp delete finishes it"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := c.tree(t).ask(c.image)
			d, state := w.next(c.ev)
			if got := said(d, committed); got != c.want {
				t.Fatalf("got  %s\nwant %s", got, c.want)
			}
			if again, _ := w.next(c.ev); said(again, 0) != said(d, 0) {
				t.Errorf("asked again it says %s", said(again, committed))
			}
			if d.Transition != "" && len(state.Drift) == 0 {
				w.state = state
				checkStory(t, w)
			}
		})
	}
}

// edited is a state with a line appended to one file.
func edited(t tester, s render.State, path string) render.State {
	t.Helper()
	files := map[string][]byte{}
	for _, f := range s.Tree {
		files[f.Path] = f.Data
	}
	files[path] = append(bytes.Clone(files[path]), "# by hand\n"...)
	state, err := render.ReadState("deploy/app", files)
	if err != nil || len(state.Drift) == 0 {
		t.Fatal(err, state.Drift)
	}
	return state
}

// checkStory: what a spec of today renders for the tree as it stands is the tree.
func checkStory(t *testing.T, w *story) {
	t.Helper()
	r, err := w.compile()
	if err != nil {
		t.Fatal(err)
	}
	if own, _, err := r.Own(w.state); err != nil {
		t.Error(err)
	} else if w.state.Lock.Phase != render.Delete {
		for _, ch := range render.Changes(w.state.Tree, own) {
			t.Errorf("%s: rendered again, %s is %s:\n%s\nwas\n%s", w.state.Lock.Phase, ch.Path, ch.Op, ch.New, ch.Old)
		}
	}
}

// TestAttempts: what a person took back or aborted goes on as another attempt, so that history tells it from the one before.
func TestAttempts(t *testing.T) {
	w := newStory(t).run(3)
	if got := w.state.Lock.Attempt; got != 1 {
		t.Fatalf("attempt %d of a first rollout", got)
	}
	took := render.Evidence{WentBack: true, Attempts: 4}
	w.do(func(s render.State) render.Decision { return s.Resume(took) })
	if got := w.state.Lock; got.Attempt != 5 || got.Phase != render.Shift || got.Step.Index != 3 {
		t.Fatalf("resumed after a revert: attempt %d at %s %d, want 5 at the step where it was", got.Attempt, got.Phase, got.Step.Index)
	}
	w.do(render.State.Abort).run(1)
	d, _ := w.next(render.Evidence{NoHolds: true, Retried: true})
	r, _ := w.compile()
	w.state = w.turn(r, d)
	if got := w.state.Lock; got.Attempt != 6 || got.Phase != render.Prepare || got.Aborted != "" {
		t.Fatalf("retried: attempt %d at %s, aborted %q", got.Attempt, got.Phase, got.Aborted)
	}
	promoted := render.Evidence{Now: 1e6, WentBack: true, Attempts: 6, Promoted: true}
	d, _ = w.next(promoted)
	r, _ = w.compile()
	if w.state = w.turn(r, d); w.state.Lock.Attempt != 7 || w.state.Lock.Phase != render.Shift {
		t.Errorf("promoted after a revert: attempt %d at %s", w.state.Lock.Attempt, w.state.Lock.Phase)
	}
	w.do(render.State.Abort).run(1).ask("3").run(1)
	if got := w.state.Lock.Attempt; got != 1 {
		t.Errorf("attempt %d of another revision, want 1", got)
	}
}

// TestFullIsRecorded: promote --full holds for every later step, and ends with the release.
func TestFullIsRecorded(t *testing.T) {
	w := newStory(t).run(2)
	d, _ := w.next(render.Evidence{Now: 1e6, Promoted: true, Full: true})
	r, _ := w.compile()
	w.state = w.turn(r, d)
	for _, want := range []string{"full 04-full", "promote 05-promote", "restore 06-restore", "cleanup 07-cleanup"} {
		if !w.state.Lock.Full {
			t.Errorf("%s: full is not recorded", w.state.Lock.Phase)
		}
		d, state := w.next(render.Evidence{Now: 600})
		if said(d, 0) != want {
			t.Fatalf("got %s, want %s", said(d, 0), want)
		}
		w.state = state
	}
	if w.ask("3").run(1); w.state.Lock.Full {
		t.Error("the next release is promoted in full too")
	}
	w = newStory(t)
	d, _ = w.next(render.Evidence{Now: 1e6, Promoted: true, Full: true})
	r, _ = w.compile()
	if w.state = w.turn(r, d); w.state.Lock.Phase != render.Prepare || !w.state.Lock.Full {
		t.Errorf("promoted in full from idle: %s, full %v", w.state.Lock.Phase, w.state.Lock.Full)
	}
}
