package render_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/gitramp/gitramp/render"
)

// The reference model: what a release should do, written from the table of the design alone, over numbers. It knows no tree, no lock and no plan.

// modelled is one state of the app. Revisions are numbers, 0 is none.
type modelled struct {
	phase                             string // "" is not installed; idle, ramp, promote, restore, grow, un-promote, abort
	at                                int    // of ramp: 0 is prepare, then the entries of holds
	stable, canary, previous, aborted int
	attempt                           int
	steps                             string // which steps the ramp goes by: A, B, or "" for a rollback
	host                              string
	paused, full                      bool
	shrinks                           bool // prod gives up pods
}

// wanting is what the spec says.
type wanting struct {
	image       int
	steps, host string
}

// holds are the holds of prepare and of every weight of a ramp, the last one the full one, in minutes beside settle; -1 is manual. Where prod gives up pods it
// does so before a pause, of 4 pods first at 50%, or at 30%.
func (m modelled) holds() []int64 {
	if m.shrinks {
		return map[string][]int64{"A": {0, -1, 0, 60, 60}, "B": {0, 0, -1, 0}, "": {0, 0}}[m.steps]
	}
	return map[string][]int64{"A": {0, -1, 60, 60}, "B": {0, -1, 0}, "": {0, 0}}[m.steps]
}

// shrunk says whether prod has given up pods.
func (m modelled) shrunk() bool {
	return m.shrinks && m.phase == "ramp" && (m.steps == "A" && m.at > 2 || m.steps == "B" && m.at > 1)
}

const settleSeconds = 600

// went says what history knows: how long the state stands, and whether somebody took it back.
type went struct {
	stood    int64 // seconds
	back     bool
	from     int // the revision that was taken back
	attempts int
}

// next is the table. It answers with the state that follows, or with the same state and why.
func (m modelled) next(w wanting, h went, promoted, retried bool) (modelled, string) {
	n := m
	waits := func(why string) (modelled, string) { return m, "waits: " + why }
	settled := h.stood >= settleSeconds
	switch {
	case m.phase == "":
		return m, "refused"
	case m.phase == "un-promote" || m.phase == "grow" || m.phase == "abort":
		if !settled {
			return waits("settling")
		}
		if m.phase != "abort" {
			n.phase = "abort"
			return n, ""
		}
		n = modelled{phase: "idle", stable: m.stable, previous: m.previous, aborted: m.canary, attempt: m.attempt, host: m.host, shrinks: m.shrinks}
		if w.image == m.stable {
			n.aborted, n.attempt = 0, 1
		}
		return n, ""
	case m.phase == "ramp" && w.image == m.stable, m.phase == "promote" && w.image == m.previous:
		return m.abort(), ""
	case m.paused && !promoted:
		return waits("paused")
	case h.back && m.phase != "idle" && !promoted, h.back && m.phase == "idle" && w.image == h.from && !retried && w.image != m.stable:
		return waits("taken back")
	case m.phase == "ramp" && w.image != m.canary:
		return m.abort(), ""
	case m.phase == "idle":
		return m.begin(w, h, retried)
	case m.phase == "ramp" && m.steps != "" && m.steps != w.steps:
		return m, "refused"
	case m.host != w.host:
		n.host = w.host
		return n, ""
	case !settled:
		return waits("settling")
	}
	n.paused = false
	if h.back {
		n.attempt = max(m.attempt, h.attempts) + 1
	}
	switch m.phase {
	case "ramp":
		hold := m.holds()[m.at]
		switch {
		case promoted || m.full:
		case hold < 0:
			return waits("until promoted")
		case hold > 0 && h.stood < settleSeconds+60*hold:
			return waits("pausing")
		}
		if n.at++; n.at == len(m.holds()) {
			n.phase, n.at, n.previous, n.stable = "promote", 0, m.stable, m.canary
		}
	case "promote":
		n.phase = "restore"
	case "restore":
		n = modelled{phase: "idle", stable: m.stable, previous: m.previous, attempt: 1, host: m.host, shrinks: m.shrinks}
		if m.steps == "" {
			n.previous = 0
		}
	}
	return n, ""
}

func (m modelled) begin(w wanting, h went, retried bool) (modelled, string) {
	n := m
	switch {
	case m.host != w.host:
		n.host = w.host
		return n, ""
	case w.image == m.stable && m.aborted != 0:
		n.aborted, n.attempt = 0, 1
		return n, ""
	case w.image == m.stable:
		return m, "nothing"
	case w.image == m.aborted && !retried:
		return m, "waits: aborted"
	}
	n = modelled{phase: "ramp", stable: m.stable, canary: w.image, previous: m.previous, attempt: 1, steps: w.steps, host: m.host, shrinks: m.shrinks}
	if w.image == m.previous {
		n.steps = ""
	}
	if w.image == m.aborted || h.back && w.image == h.from {
		n.attempt = max(m.attempt, h.attempts) + 1
	}
	return n, ""
}

func (m modelled) abort() modelled {
	n := m
	n.paused, n.full, n.aborted = false, false, m.canary
	switch {
	case m.shrunk():
		n.phase = "grow"
	case m.phase == "ramp":
		n.phase = "abort"
	case m.phase == "promote":
		n.phase, n.stable, n.previous = "un-promote", m.previous, 0
	}
	return n
}

func (m modelled) goesBack() bool {
	return m.phase == "abort" || m.phase == "grow" || m.phase == "un-promote"
}

// rank orders the states of one rollout.
func (m modelled) rank() int {
	switch m.phase {
	case "ramp":
		return 10*m.attempt*1000 + m.at
	case "promote":
		return 10*m.attempt*1000 + 500
	case "restore":
		return 10*m.attempt*1000 + 501
	case "un-promote", "grow":
		return 10*m.attempt*1000 + 600
	}
	return 10*m.attempt*1000 + 601
}

// world is a branch in memory: its first-parent history, each commit with all files, and what the model says of its tree.
type world struct {
	*story
	chain []snapshot
	clock int64
	steps string
	host  string
	fewer bool                // prod gives up pods
	hasty bool                // the move that is recorded next does not wait for them
	known map[string]modelled // by the lock's digest
}

type snapshot struct {
	files map[string]string // "" + the spec under "spec"
	date  int64
	state modelled
	drift bool
}

func (w *world) tip() snapshot { return w.chain[len(w.chain)-1] }

func (w *world) want() wanting {
	return wanting{int(w.image[0] - '0'), w.steps, w.host}
}

var modelSteps = map[string]string{"A": "{setWeight: 20}, {pause: {}}, {setWeight: 50}, {pause: {duration: 1h}}", "B": "{setWeight: 30}, {pause: {}}"}

// respell writes the spec's text from what is wanted.
func (w *world) respell() {
	w.text = storySpec
	if w.fewer {
		w.text = strings.Replace(w.text, "replicas: 4", "replicas: 4, dynamicStableScale: true", 1)
	}
	w.text = strings.NewReplacer("a.example.com", w.host+".example.com", modelSteps["A"], modelSteps[w.steps]).Replace(w.text)
}

// commit puts files onto the branch.
func (w *world) commit(files map[string]string, state modelled) {
	w.chain = append(w.chain, snapshot{files: files, date: w.clock, state: state})
	w.read()
}

// read takes state and spec from the tip.
func (w *world) read() {
	tip := &w.chain[len(w.chain)-1]
	files := map[string][]byte{}
	for name, data := range tip.files {
		if name != "spec" {
			files[name] = []byte(data)
		}
	}
	state, err := render.ReadState("deploy/app", files)
	if err != nil {
		w.t.Fatal(err)
	}
	w.story.state, tip.drift = state, len(state.Drift) > 0
	tip.state = modelled{}
	if state.Lock != nil {
		var known bool
		if tip.state, known = w.known[state.Lock.Self]; !known {
			w.t.Fatalf("a lock that no transition made: %s", state.Lock.Self)
		}
	}
	spec := strings.Split(tip.files["spec"], " ")
	w.image, w.steps, w.host = spec[0], spec[1], spec[2]
	w.respell()
}

// edit commits another spec.
func (w *world) edit(image, steps, host string) {
	files := maps.Clone(w.tip().files)
	files["spec"] = image + " " + steps + " " + host
	w.commit(files, w.tip().state)
}

// record checks a move of the program against the model's, and commits it.
func (w *world) record(d render.Decision, state render.State, want modelled) {
	files := map[string]string{"spec": w.tip().files["spec"]}
	for _, f := range state.Tree {
		files[f.Path] = string(f.Data)
	}
	if state.Lock != nil {
		w.known[state.Lock.Self] = want
		if before := w.story.state; before.Lock != nil && !w.hasty {
			enough(w.t, before, state)
		}
		w.hasty = false
	}
	w.commit(files, want)
	if l := w.story.state.Lock; l != nil {
		if got := abstract(l, w.host, want); got != want {
			w.t.Fatalf("%s leads to\n%+v, the model to\n%+v", said(d, 0), got, want)
		}
	}
}

// enough: what a move gives back to prod, prod had the pods for already, and the canary the pods for what it has.
func enough(t tester, before, after render.State) {
	if pods := replicasIn(before, "prod-deployment.yaml"); pods*100 < 4*(100-after.Lock.Weight) {
		t.Fatalf("%s -> %s: prod has %d pods of 4, and gets the requests that weight %d leaves", before.Lock.Phase, after.Lock.Phase, pods, after.Lock.Weight)
	}
	if pods := replicasIn(before, "canary-deployment.yaml"); pods*100 < 4*after.Lock.Weight {
		t.Fatalf("%s -> %s: the canary has %d pods, and gets weight %d", before.Lock.Phase, after.Lock.Phase, pods, after.Lock.Weight)
	}
	if before.Lock.Phase.GoesBack() && after.Lock.Weight > before.Lock.Weight {
		t.Fatalf("%s -> %s: the weight rises to %d", before.Lock.Phase, after.Lock.Phase, after.Lock.Weight)
	}
}

func replicasIn(s render.State, path string) (n int) {
	data, _ := s.Tree.Get(path)
	fmt.Sscanf(string(replicasLine.Find(data)), "  replicas: %d", &n)
	return n
}

// abstract is a lock in the model's words. The host is not in a lock: it is what the model says, if the tree says so too.
func abstract(l *render.Lock, _ string, want modelled) modelled {
	number := func(r *render.RevisionRef) int {
		if r == nil {
			return 0
		}
		return int(r.Images[0].Image[len("app:")] - '0')
	}
	m := modelled{phase: string(l.Phase), stable: number(&l.Stable), canary: number(l.Canary), previous: number(l.Previous), attempt: l.Attempt, host: want.host,
		paused: l.Paused, full: l.Full, steps: want.steps, aborted: want.aborted, shrinks: want.shrinks}
	if (l.Aborted == "") != (want.aborted == 0) {
		m.aborted = -1
	}
	switch l.Phase {
	case render.Cleanup:
		m.phase = "idle"
	case render.Prepare, render.Shift, render.Shrink, render.Full:
		m.phase, m.at = "ramp", l.Step.Index-1
	case render.Idle:
	}
	if m.phase == "abort" || m.phase == "grow" {
		m.at = want.at // the step that it goes back from
	}
	if m.phase == "idle" && l.Step.Index != 0 && l.Phase == render.Idle {
		m.at = -1
	}
	return m
}

// history is what the model makes of the branch, by looking at all of it.
func (w *world) history() went {
	tip := w.tip().state
	stands := func(m modelled) string {
		if m.phase == "idle" {
			return fmt.Sprint("idle", m.stable)
		}
		return fmt.Sprint(m.phase, m.at, m.stable, m.canary, m.attempt)
	}
	h, began := went{}, -1
	for i := len(w.chain) - 1; i >= 0; i-- {
		s := w.chain[i].state
		if stands(s) != stands(tip) {
			began = i
			break
		}
		h.stood = w.clock - w.chain[i].date
	}
	for i := 0; i < len(w.chain); i++ { // a clock that was late
		if i <= began+1 {
			h.stood = min(h.stood, w.clock-w.chain[i].date)
		}
	}
	if began < 0 {
		return h
	}
	before := w.chain[began].state
	if tip.phase == "idle" {
		legit := before.phase == "abort" || before.phase == "restore" && before.stable == tip.stable || before.phase == ""
		switch {
		case legit:
		case before.canary != 0 && before.stable == tip.stable, before.phase == "promote" && before.previous == tip.stable, before.phase == "restore" && before.previous == tip.stable:
			h.back, h.from = true, before.canary
		case before.phase == "idle" && before.previous == tip.stable:
			h.back, h.from = true, before.stable
			return h
		}
		for i := began; h.back && i >= 0 && w.chain[i].state.canary == h.from; i-- {
			h.attempts = max(h.attempts, w.chain[i].state.attempt)
		}
		return h
	}
	over := false // the attempt that comes next in the walk was finished
	for i := began; i >= 0; i-- {
		s := w.chain[i].state
		if s.phase == "idle" && s.stable == tip.canary {
			over = true
			continue
		}
		if s.canary != tip.canary {
			break
		}
		h.back = h.back || s.rank() > tip.rank() || over && s.attempt >= tip.attempt
		over, h.attempts = false, max(h.attempts, s.attempt)
	}
	return h
}

// evidence is what the program makes of it.
func (w *world) evidence() render.Evidence {
	ev := render.Evidence{Now: w.clock}
	if w.story.state.Lock == nil {
		return ev
	}
	r := render.Recall{Tip: w.story.state.Lock.Place()}
	since, date := "", int64(0)
	for i := len(w.chain) - 1; i >= 0; i-- {
		old := ""
		if i > 0 {
			old = w.chain[i-1].files[render.LockFile]
		}
		if old == w.chain[i].files[render.LockFile] {
			continue
		}
		var before *render.Place
		if p, ok := render.Glance([]byte(old)); ok {
			before = &p
		}
		more := r.Changed(fmt.Sprint(i), before, false)
		if r.Since != since {
			since = r.Since
			for j := 0; j <= i; j++ {
				date = max(date, w.chain[j].date)
			}
		}
		if !more {
			break
		}
	}
	return r.Told(ev, date)
}

// step advances, as the program and as the model.
func (w *world) step(promoted, retried bool) {
	tip := w.tip()
	ev := w.evidence()
	ev.Promoted, ev.Retried = promoted, retried
	d, state := w.next(ev)
	if tip.drift {
		if back := tip.state.goesBack(); d.Transition != "" && !back && d.Transition != render.Abort && d.Transition != render.Grow && d.Transition != render.Unpromote {
			w.t.Fatalf("an edited tree moves: %s", said(d, ev.Since))
		}
		return // what is edited stays until somebody takes it back
	}
	want, why := tip.state.next(w.want(), w.history(), promoted, retried)
	got := said(d, ev.Since)
	switch {
	case why == "" && d.Transition == "":
		w.t.Fatalf("the program: %s; the model: %+v -> %+v", got, tip.state, want)
	case why == "":
		w.record(d, state, want)
	case !strings.HasPrefix(got, strings.Replace(why, "waits", "waiting", 1)):
		w.t.Fatalf("the program: %s; the model: %s, of %+v with %+v", got, why, tip.state, w.history())
	}
}

// apply puts the difference between two snapshots onto the tip, as git cherry-pick and git revert do with whole files; a conflict changes nothing.
func (w *world) apply(from, to snapshot) {
	files := maps.Clone(w.tip().files)
	for name := range joinedKeys(from.files, to.files) {
		if from.files[name] == to.files[name] {
			continue
		}
		if files[name] != from.files[name] {
			return
		}
		if files[name] = to.files[name]; files[name] == "" {
			delete(files, name)
		}
	}
	if !maps.Equal(files, w.tip().files) {
		w.commit(files, modelled{})
	}
}

func joinedKeys(a, b map[string]string) map[string]bool {
	keys := map[string]bool{}
	for k := range a {
		keys[k] = true
	}
	for k := range b {
		keys[k] = true
	}
	return keys
}

// TestPropModel drives the program and the model over one branch in memory, by everything that users, colleagues and machines do to it.
func TestPropModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := &world{story: &story{t: t}, clock: 1_700_000_000, known: map[string]modelled{}, fewer: rapid.Bool().Draw(t, "prod gives up pods")}
		w.chain = []snapshot{{files: map[string]string{"spec": "2 A a"}, date: w.clock}}
		w.read()
		install := func() {
			r, _ := w.compile()
			tree, lock, err := r.Tree(r.Plan.Steps[0], nil)
			if err != nil {
				t.Fatal(err)
			}
			w.record(render.Decision{Transition: render.Install}, render.State{Lock: lock, Tree: tree}, modelled{phase: "idle", stable: 1, attempt: 1, host: w.host, shrinks: w.fewer})
		}
		pick := func(t *rapid.T, name string) int { return rapid.IntRange(0, len(w.chain)-1).Draw(t, name) }
		tick := func(t *rapid.T) {
			w.clock += rapid.SampledFrom([]int64{1, 599, 600, 3600, 4200}).Draw(t, "seconds")
		}
		resume := func(*rapid.T) {
			h := w.history()
			w.flag(func(s render.State) render.Decision { return s.Resume(w.evidence()) }, func(m *modelled) {
				m.paused = false
				if h.back && m.canary != 0 && !m.goesBack() {
					m.attempt = max(m.attempt, h.attempts) + 1
				}
			})
		}
		actions := map[string]func(*rapid.T){
			"advance":  func(*rapid.T) { w.step(false, false) },
			"advance2": func(t *rapid.T) { tick(t); w.step(false, false) },
			"advance3": func(t *rapid.T) { w.clock += 4200; w.step(false, false) },
			"run": func(t *rapid.T) { // most of a release, or all of it
				for range rapid.IntRange(2, 9).Draw(t, "steps") {
					w.clock += 600
					w.step(true, false)
				}
			},
			"back to before": func(*rapid.T) {
				w.edit(fmt.Sprint(max(w.tip().state.previous, 1)), w.steps, w.host)
				w.step(false, false)
			},
			"promote":  func(*rapid.T) { w.step(true, false) },
			"promote2": func(*rapid.T) { w.clock += 600; w.step(true, false) },
			"retry":    func(*rapid.T) { w.step(false, true) },
			"tick":     tick,
			"install": func(t *rapid.T) {
				if w.story.state.Lock == nil && w.image != "1" {
					install()
				}
			},
			"abort": func(*rapid.T) {
				tip := w.tip()
				if w.story.state.Lock == nil {
					return
				}
				d := w.story.state.Abort()
				can := tip.state.phase == "ramp" || tip.state.phase == "promote"
				if can != (d.Transition != "") {
					t.Fatalf("abort of %+v: %s", tip.state, said(d, 0))
				}
				if can && !tip.drift {
					w.record(d, w.turn(nil, d), tip.state.abort())
				}
			},
			"abort at once": func(*rapid.T) {
				tip := w.tip()
				if w.story.state.Lock == nil || tip.drift {
					return
				}
				d, want := w.story.state.AbortAtOnce(), tip.state.abort()
				if want.phase == "grow" {
					want.phase = "abort"
				}
				if d.Transition != "" {
					w.hasty = true
					w.record(d, w.turn(nil, d), want)
				}
			},
			"pause":  func(*rapid.T) { w.flag(render.State.Pause, func(m *modelled) { m.paused = true }) },
			"resume": resume,
			"waive": func(*rapid.T) {
				h := w.history()
				w.flag(func(s render.State) render.Decision { return s.PromoteFull(w.evidence()) }, func(m *modelled) {
					if m.full, m.paused = true, false; h.back {
						m.attempt = max(m.attempt, h.attempts) + 1
					}
				})
			},
			"image": func(t *rapid.T) { w.edit(rapid.SampledFrom([]string{"1", "2", "3"}).Draw(t, "image"), w.steps, w.host) },
			"host":  func(t *rapid.T) { w.edit(w.image, w.steps, rapid.SampledFrom([]string{"a", "b"}).Draw(t, "host")) },
			"steps": func(t *rapid.T) { w.edit(w.image, rapid.SampledFrom([]string{"A", "B"}).Draw(t, "steps"), w.host) },
			"revert": func(t *rapid.T) {
				if i := pick(t, "commit"); i > 0 {
					w.apply(w.chain[i], w.chain[i-1])
				}
			},
			"revert the tip": func(*rapid.T) {
				if i := len(w.chain) - 1; i > 0 {
					w.apply(w.chain[i], w.chain[i-1])
				}
			},
			"twice back; and again": func(*rapid.T) { // two reverts, and the revert of the second
				n := len(w.chain)
				for i := n - 1; i > 0 && i > n-3; i-- {
					w.apply(w.chain[i], w.chain[i-1])
				}
				if i := len(w.chain) - 1; i > n {
					w.apply(w.chain[i], w.chain[i-1])
				}
			},
			"there and back": func(*rapid.T) { // a revert, what ends it, and that taken back too
				for range 2 {
					if i := len(w.chain) - 1; i > 0 {
						w.apply(w.chain[i], w.chain[i-1])
					}
					resume(nil)
				}
			},
			"take the release back": func(*rapid.T) {
				tip := w.tip()
				for i := len(w.chain) - 1; i >= 0 && tip.state.phase == "idle" && tip.state.previous != 0; i-- {
					if then := w.chain[i].state; then.phase == "idle" && then.stable == tip.state.previous {
						files := maps.Clone(w.chain[i].files)
						files["spec"] = tip.files["spec"]
						w.commit(files, modelled{})
						w.step(false, false)
						return
					}
				}
			},
			"cherry-pick": func(t *rapid.T) {
				if i := pick(t, "commit"); i > 0 {
					w.apply(w.chain[i-1], w.chain[i])
				}
			},
			"merge": func(t *rapid.T) { // a branch that began earlier and holds some of the later commits, by squash
				i, j := pick(t, "base"), pick(t, "end")
				if i < j {
					w.apply(w.chain[i], w.chain[j])
				}
			},
			"force-push": func(t *rapid.T) {
				if i := pick(t, "to"); rapid.IntRange(0, 5).Draw(t, "really") == 0 {
					w.chain = w.chain[:i+1]
					w.read()
				}
			},
			"edit by hand": func(t *rapid.T) {
				if rapid.IntRange(0, 9).Draw(t, "really") == 0 && w.story.state.Lock != nil && !w.tip().drift {
					files := maps.Clone(w.tip().files)
					files["prod-service.yaml"] += "# by hand\n"
					w.commit(files, w.tip().state)
					before := w.chain[len(w.chain)-2]
					w.step(false, false)
					files = maps.Clone(w.tip().files)
					files["prod-service.yaml"] = before.files["prod-service.yaml"]
					w.commit(files, modelled{})
				}
			},
			"crash": func(*rapid.T) { w.next(w.evidence()) }, // whatever was made is lost, and nothing was published
			"":      func(t *rapid.T) { w.check() },
		}
		install()
		t.Repeat(grouped(actions, map[string]string{
			"work 1": "run", "work 2": "run, advance, advance2, advance3, promote, promote2, tick", "spec": "image, back to before, host, steps",
			"person": "abort, abort at once, pause, resume, waive, retry, install", "git": "revert, revert the tip, twice back; and again, cherry-pick, merge, force-push, there and back, take the release back, edit by hand, crash",
		}))
	})
}

// grouped are actions to draw from by groups, so that a release gets somewhere between what people do to it.
func grouped(actions map[string]func(*rapid.T), groups map[string]string) map[string]func(*rapid.T) {
	drawn := map[string]func(*rapid.T){"": actions[""]}
	for group, names := range groups {
		list := strings.Split(names, ", ")
		drawn[group] = func(t *rapid.T) { actions[rapid.SampledFrom(list).Draw(t, "action")](t) }
	}
	return drawn
}

// flag carries a decision out that changes no more than the lock.
func (w *world) flag(decide func(render.State) render.Decision, change func(*modelled)) {
	tip := w.tip()
	if w.story.state.Lock == nil || tip.drift {
		return
	}
	d := decide(w.story.state)
	if d.Transition == "" {
		return
	}
	want := tip.state
	change(&want)
	if want == tip.state {
		w.t.Fatalf("%s changes nothing: %+v", d.Transition, tip.state)
	}
	w.record(d, w.turn(nil, d), want)
}

// check is what must hold of the branch at any time.
func (w *world) check() {
	s := w.story.state
	if s.Lock == nil || w.tip().drift {
		return
	}
	split := s.Split()
	weight := 0
	if split != nil {
		weight = split.Weight
	}
	if weight != s.Lock.Weight {
		w.t.Fatalf("the lock says weight %d, the route %d", s.Lock.Weight, weight)
	}
	if s.Lock.Phase == render.Abort && split != nil && len(split.Matches) > 0 {
		w.t.Fatalf("an aborted canary is still reached by %v", split.Matches)
	}
}
