package render_test

import (
	"fmt"
	"testing"

	"github.com/gitramp/gitramp/render"
)

// branch is the first-parent history of an app in memory, oldest first: the tree of each commit that changed its lock.
type branch []render.State

// recall is what the program makes of the history: nothing of it is newer than a year.
func (b branch) recall() render.Evidence {
	r := render.Recall{Tip: b[len(b)-1].Lock.Place()}
	for i := len(b) - 1; i >= 0; i-- {
		var before *render.Place
		if i > 0 {
			p := b[i-1].Lock.Place()
			before = &p
		}
		if !r.Changed(fmt.Sprint(i), before, false) {
			break
		}
	}
	return r.Told(render.Evidence{Now: 1e9}, 1e9-365*86400)
}

// TestRevertOfEveryStep: for every fixture, whichever step its release has reached, whichever earlier step somebody takes it back to, by one revert commit or by one
// for each step: nothing moves until a person says so, and then it goes on as another attempt, or back.
func TestRevertOfEveryStep(t *testing.T) {
	for _, name := range fixtures(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			spec := loadFixture(t, name)
			wanted, _ := revisionNames(t, spec)
			var steps branch
			for _, st := range ramp(t, spec) {
				steps = append(steps, render.State{Lock: &st.Lock, Tree: st.Tree})
			}
			for at := 1; at < len(steps); at++ {
				for to := at - 1; to >= 0; to-- {
					once := append(steps[:at+1:at+1], steps[to])
					each := steps[: at+1 : at+1]
					for i := at - 1; i >= to; i-- {
						each = append(each, steps[i])
					}
					for how, b := range map[string]branch{"at once": once, "one by one": each} {
						checkReverted(t, fmt.Sprintf("from step %d to %d %s", at, to, how), spec, wanted, b)
					}
				}
			}
		})
	}
}

// TestRevertOfReleases: whole releases that one commit takes back stay so, however many they are; a branch that is merged as one commit takes none back.
func TestRevertOfReleases(t *testing.T) {
	const stops = "taken back by a person: gitramp retry, or ask for another revision"
	w := newStory(t)
	b := branch{w.state}
	for _, image := range []string{"2", "3"} {
		w.ask(image).run(-1)
		b = append(b, w.state)
	}
	for name, c := range map[string]struct {
		history branch
		want    string
	}{
		"one":             {branch{b[0], b[1], b[0]}, stops},
		"two":             {branch{b[0], b[1], b[2], b[0]}, stops},
		"two, and synced": {branch{b[0], b[1], b[2], b[0], b[0]}, stops},
		"merged as one":   {branch{b[0], b[2]}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			tip := &story{t: t, text: storySpec, state: c.history[len(c.history)-1]}
			tip.image = map[bool]string{true: "3", false: "2"}[name != "one" && c.want != ""]
			d, _ := tip.next(c.history.recall())
			if d.Waiting != c.want || (c.want == "") != (d.Transition == render.Prepare) {
				t.Errorf("advance: %s", said(d, 0))
			}
		})
	}
}

func checkReverted(t *testing.T, what string, spec *render.Canary, wanted string, b branch) {
	t.Helper()
	tip := b[len(b)-1]
	ev := b.recall()
	d := nextOf(t, spec, tip, wanted, ev)
	if tip.Lock.Canary == nil {
		if d.Waiting != "taken back by a person: gitramp retry, or ask for another revision" {
			t.Fatalf("%s: advance: %s", what, said(d, 0))
		}
		ev.Retried = true
		if d := nextOf(t, spec, tip, wanted, ev); d.Transition != render.Prepare {
			t.Fatalf("%s: retry: %s", what, said(d, 0))
		}
		return
	}
	want := "taken back by a person: gitramp resume, promote or abort"
	if tip.Lock.Phase == render.Restore {
		want = "taken back by a person: gitramp resume or promote"
	}
	if d.Waiting != want {
		t.Fatalf("%s: advance: %s", what, said(d, 0))
	}
	resumed := turned(t, tip, tip.Resume(ev))
	if resumed.Lock.Attempt != 2 {
		t.Fatalf("%s: resumed as attempt %d", what, resumed.Lock.Attempt)
	}
	after := append(b[:len(b):len(b)], resumed)
	again := after.recall()
	again.Promoted = true
	if d := nextOf(t, spec, resumed, wanted, again); again.WentBack || d.Transition == "" {
		t.Fatalf("%s: resumed, then promote: %s", what, said(d, 0))
	}
	ev.Promoted = true
	if d := nextOf(t, spec, tip, wanted, ev); d.Transition == "" {
		t.Fatalf("%s: promote: %s", what, said(d, 0))
	}
	if d := tip.Abort(); d.Transition == "" && tip.Lock.Phase != render.Restore {
		t.Fatalf("%s: abort: %s", what, said(d, 0))
	}
}

func nextOf(t *testing.T, spec *render.Canary, s render.State, wanted string, ev render.Evidence) render.Decision {
	t.Helper()
	if d, decided := s.Next(wanted, ev); decided {
		return d
	}
	d, err := releaseAt(t, spec, s).Next(s, wanted, ev)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// releaseAt compiles what goes on from a tree.
func releaseAt(t *testing.T, spec *render.Canary, s render.State) *render.Release {
	t.Helper()
	revs, err := s.Revisions()
	if err == nil && s.IsIdle() {
		revs.Canary, err = spec.Revision(shared)
	}
	if err != nil {
		t.Fatal(err)
	}
	r, err := render.NewRelease(spec, s.Lock.Spec, revs, shared)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.At(s); err != nil {
		t.Fatal(err)
	}
	return r
}

func turned(t *testing.T, s render.State, d render.Decision) render.State {
	t.Helper()
	tree, lock, err := s.Turn(d)
	if err != nil {
		t.Fatalf("%s: %v", said(d, 0), err)
	}
	return render.State{Lock: lock, Tree: tree}
}
