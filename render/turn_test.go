package render_test

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/gitramp/gitramp/render"
)

// TestPropWaysBack: at every step of every release the ways back, which know the tree alone, give what the release itself renders: the first commit of an abort
// is the route of restore and nothing else; what is left in the end is idle, byte for byte.
func TestPropWaysBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		steps := ramp(t, parse(t, specs(t)))
		at := rapid.IntRange(1, len(steps)-3).Draw(t, "step") // up to promote
		checkWayBack(t, steps, at)
	})
}

// TestWaysBackOfFixtures does so for every step of every fixture.
func TestWaysBackOfFixtures(t *testing.T) {
	for _, name := range fixtures(t) {
		t.Run(name, func(t *testing.T) {
			steps := ramp(t, loadFixture(t, name))
			for at := 1; at < len(steps)-2; at++ {
				checkWayBack(t, steps, at)
			}
		})
	}
}

func checkWayBack(t tester, steps []rendered, at int) {
	t.Helper()
	w := &story{t: t, state: render.State{Lock: &steps[at].Lock, Tree: steps[at].Tree}}
	idle, restore := steps[0], steps[len(steps)-2]
	if steps[at].Transition == render.Promote {
		w.do(render.State.Abort)
		if w.state.Lock.Phase != render.Unpromote || w.state.Lock.Weight != steps[at].Weight {
			t.Fatalf("abort of a promotion: %s at weight %d", w.state.Lock.Phase, w.state.Lock.Weight)
		}
		before := slices.Clone(steps[at-1].Tree) // but for the pods that prod gave up
		for i, f := range before {
			if f.Path == "prod-deployment.yaml" {
				before[i].Data, _ = idle.Tree.Get(f.Path)
			}
		}
		sameFiles(t, "un-promoted", w.state.Tree, before)
		w.state = w.turn(nil, w.state.Finish("", render.Evidence{NoHolds: true}))
	} else {
		w.do(render.State.Abort)
	}
	if steps[at].Prod < steps[0].Prod {
		checkGrown(t, w, steps[0], steps[at])
		w.state = w.turn(nil, w.state.Finish("", render.Evidence{NoHolds: true}))
	}
	l := w.state.Lock
	if l.Phase != render.Abort || l.Weight != 0 || l.Aborted != l.Canary.Revision || l.Stable.Revision != idle.Lock.Stable.Revision {
		t.Fatalf("%s: aborted to %s at weight %d, aborted %q", steps[at].ID(), l.Phase, l.Weight, l.Aborted)
	}
	for _, f := range w.state.Tree {
		from := steps[at].Tree
		switch {
		case f.Path == render.LockFile:
			continue
		case f.Path == "prod-deployment.yaml", f.Path == "prod-service.yaml":
			from = idle.Tree
		case steps[at].Routed && (isRoute(f.Path) || f.Path == render.KustomizationFile):
			from = restore.Tree
		}
		if want, ok := from.Get(f.Path); !ok || string(want) != string(f.Data) {
			t.Fatalf("%s: after an abort %s is\n%s\nwant\n%s", steps[at].ID(), f.Path, f.Data, want)
		}
	}
	w.state = w.turn(nil, w.state.Finish("", render.Evidence{NoHolds: true}))
	sameFiles(t, "aborted and clean", w.state.Tree, idle.Tree)
	if l := w.state.Lock; l.Phase != render.Idle || l.Canary != nil || l.Aborted == "" {
		t.Fatalf("%s: cleaned up to %s, canary %v, aborted %q", steps[at].ID(), l.Phase, l.Canary, l.Aborted)
	}
}

// checkGrown: an abort of a step at which prod has given up pods gives them back first, and changes nothing else.
func checkGrown(t tester, w *story, idle, at rendered) {
	t.Helper()
	l := w.state.Lock
	if l.Phase != render.Grow || l.Weight != at.Weight || l.Replicas != 0 || l.Aborted != l.Canary.Revision || l.Hold != (render.Hold{Settle: at.Hold.Settle}) {
		t.Fatalf("%s: aborted to %s at weight %d of %d, replicas %d, aborted %q, hold %v", at.ID(), l.Phase, l.Weight, at.Weight, l.Replicas, l.Aborted, l.Hold)
	}
	for _, f := range w.state.Tree {
		from := at.Tree
		switch f.Path {
		case render.LockFile:
			continue
		case "prod-deployment.yaml":
			from = idle.Tree
		}
		if want, ok := from.Get(f.Path); !ok || string(want) != string(f.Data) {
			t.Fatalf("%s: before an abort %s is\n%s\nwant\n%s", at.ID(), f.Path, f.Data, want)
		}
	}
	again := &story{t: t, state: render.State{Lock: &at.Lock, Tree: at.Tree}}
	again.do(render.State.AbortAtOnce)
	sameFiles(t, "aborted at once", again.state.Tree, w.turn(nil, w.state.Finish("", render.Evidence{NoHolds: true})).Tree)
	if l := again.state.Lock; l.Phase != render.Abort || l.Weight != 0 || l.Replicas != 0 {
		t.Fatalf("%s: aborted at once to %s at weight %d, replicas %d", at.ID(), l.Phase, l.Weight, l.Replicas)
	}
}

// sameFiles: two trees differ in nothing but their locks.
func sameFiles(t tester, what string, got, want render.Tree) {
	t.Helper()
	for _, ch := range render.Changes(want, got) {
		if ch.Path != render.LockFile {
			t.Fatalf("%s: %s is %s:\n%s\nwant\n%s", what, ch.Path, ch.Op, ch.New, ch.Old)
		}
	}
}

// TestAbortTolerates: whatever somebody did to the files of a tree, the canary's routing goes, what was edited stays edited and is still seen as drift.
func TestAbortTolerates(t *testing.T) {
	for _, text := range []string{storySpec, strings.Replace(storySpec, "route: {", "route: {router: gateway-api, parentRefs: [{name: gw}], ", 1)} {
		w := newStory(t)
		w.text = text
		w.state = render.State{}
		r, _ := w.compile()
		tree, lock, err := r.Tree(r.Plan.Steps[0], nil)
		if err != nil {
			t.Fatal(err)
		}
		w.state = render.State{Lock: lock, Tree: tree}
		w.run(3)
		files := map[string][]byte{}
		for _, f := range w.state.Tree {
			files[f.Path] = f.Data
			if isRoute(f.Path) {
				files[f.Path] = []byte(strings.NewReplacer(`canary-weight: "50"`, `canary-weight: "75"`, `canary: "true"`, `canary: "yes"`, "weight: 50", "weight: 25").Replace(string(f.Data)))
			}
			if f.Path == "prod-deployment.yaml" {
				files[f.Path] = append(files[f.Path], "# hotfix\n"...)
			}
			if f.Path == render.KustomizationFile {
				files[f.Path] = append(files[f.Path], "- hotfix.yaml\n"...)
			}
		}
		delete(files, "prod-service.yaml")
		if w.state, err = render.ReadState("deploy/app", files); err != nil {
			t.Fatal(err)
		}
		w.do(render.State.Abort)
		for path, data := range map[string]string{"prod-deployment.yaml": "# hotfix\n", render.KustomizationFile: "- hotfix.yaml\n"} {
			if got, _ := w.state.Tree.Get(path); !strings.HasSuffix(string(got), data) {
				t.Errorf("%s lost the edit:\n%s", path, got)
			}
		}
		var drift []string
		for _, d := range w.state.Drift {
			drift = append(drift, d.Path+" "+d.Problem)
		}
		if got := strings.Join(drift, ", "); got != "kustomization.yaml was edited, prod-deployment.yaml was edited, prod-service.yaml is missing" {
			t.Errorf("drift after the abort: %s", got)
		}
		for _, f := range w.state.Tree {
			for _, left := range []string{"canary-by-", `canary-weight: "75"`, "weight: 25", "weight: 75", `canary: "yes"`, "X-Canary"} {
				if isRoute(f.Path) && strings.Contains(string(f.Data), left) {
					t.Errorf("%s still has %s:\n%s", f.Path, left, f.Data)
				}
			}
		}
	}
}

// TestDelete: what is on its way is taken back first, then prod's route goes, and last everything.
func TestDelete(t *testing.T) {
	for step, want := range map[int]string{0: "delete delete", 2: "abort cleanup delete delete", 5: "un-promote abort cleanup delete delete", 6: "cleanup delete delete", 7: "delete delete"} {
		w := newStory(t).run(step)
		var got []string
		for range 9 {
			d := w.state.Remove(render.Evidence{NoHolds: true})
			if d.Transition == "" {
				break
			}
			got = append(got, string(d.Transition))
			if w.state = w.turn(nil, d); w.state.Lock != nil && w.state.Lock.Phase == render.Delete {
				if d := w.state.Remove(render.Evidence{Now: 599}); d.Waiting != "settling" {
					t.Errorf("step %d: the route is gone, and %s", step, said(d, 0))
				}
				for want, ev := range map[string]render.Evidence{"refused: history is cut off": {Now: 1e6, Shallow: true}, "refused: clock skew": {Now: 1, Since: 1e6}} {
					if d := w.state.Remove(ev); !strings.HasPrefix(said(d, 0), want) {
						t.Errorf("step %d: %s, want %s", step, said(d, 0), want)
					}
				}
				if _, has := w.state.Tree.Get("prod-ingress.yaml"); has {
					t.Errorf("step %d: the route is still there", step)
				}
			}
		}
		if strings.Join(got, " ") != want || w.state.Lock != nil {
			t.Errorf("step %d: %v, want %s", step, got, want)
		}
	}
}

// TestPause ends as it began, and does not hold back what goes back.
func TestPause(t *testing.T) {
	w := newStory(t).run(2)
	before := w.state
	w.do(render.State.Pause)
	if !w.state.Lock.Paused || w.state.Lock.Step != before.Lock.Step {
		t.Fatalf("paused: %+v", w.state.Lock)
	}
	if d := w.state.Pause(); d.Transition != "" {
		t.Errorf("paused twice: %s", said(d, 0))
	}
	w.do(func(s render.State) render.Decision { return s.Resume(render.Evidence{}) })
	sameFiles(t, "resumed", w.state.Tree, before.Tree)
	if w.state.Lock.Paused || w.state.Lock.Attempt != 1 {
		t.Errorf("resumed: %+v", w.state.Lock)
	}
	if d := w.state.Resume(render.Evidence{}); d.Transition != "" {
		t.Errorf("resumed twice: %s", said(d, 0))
	}
	w.do(render.State.Pause).do(render.State.Abort)
	if w.state.Lock.Paused {
		t.Error("an abort is still paused")
	}
	if d := w.state.Pause(); d.Refused == "" {
		t.Errorf("an abort can be paused: %s", said(d, 0))
	}
	if d := w.run(1).state.Abort(); said(d, 0) != "nothing" {
		t.Errorf("aborted twice: %s", said(d, 0))
	}
}
