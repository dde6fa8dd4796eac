package render_test

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
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
	steps                             string // which steps the ramp goes by: A, B, both also with "-" where prod gives up pods, or "" for a rollback
	host                              string
	rest, coming, was                 int // what the base has beside a revision: as prod's tree has it, as it comes with the canary, as it was before the promotion
	paused, full                      bool
}

// wanting is what the spec says.
type wanting struct {
	revision, rest int
	steps, host    string
}

// holds are the holds of prepare and of every weight of a ramp, the last one the full one, in minutes beside settle; -1 is manual. Where prod gives up pods it
// does so before a pause, of 4 pods first at 50%, or at 30%.
func (m modelled) holds() []int64 {
	return map[string][]int64{"A": {0, -1, 60, 60}, "B": {0, -1, 0}, "A-": {0, -1, 0, 60, 60}, "B-": {0, 0, -1, 0}, "": {0, 0}}[m.steps]
}

// shrunk says whether prod has given up pods.
func (m modelled) shrunk() bool {
	return m.phase == "ramp" && (m.steps == "A-" && m.at > 2 || m.steps == "B-" && m.at > 1)
}

const settleSeconds = 600

// went says what history knows: how long the state stands, and whether somebody took it back.
type went struct {
	stood    int64 // seconds
	written  int64 // the same of the manifests: less, where something was synced since
	back     bool
	from     int // the revision that was taken back
	attempts int
}

// next is the table. It answers with the state that follows, or with the same state and why.
func (m modelled) next(w wanting, h went, promoted, retried bool) (modelled, string) {
	n := m
	waits := func(why string) (modelled, string) { return m, "waits: " + why }
	settled := min(h.stood, h.written) >= settleSeconds
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
		n = modelled{phase: "idle", stable: m.stable, previous: m.previous, aborted: m.canary, attempt: m.attempt, host: m.host, rest: m.rest}
		if w.revision == m.stable {
			n.aborted, n.attempt = 0, 1
		}
		return n, ""
	case m.phase == "ramp" && w.revision == m.stable, m.phase == "promote" && w.revision == m.previous:
		return m.abort(), ""
	case m.paused && !promoted:
		return waits("paused")
	case h.back && m.phase != "idle" && !promoted, h.back && m.phase == "idle" && w.revision == h.from && !retried && w.revision != m.stable:
		return waits("taken back")
	case m.phase == "ramp" && w.revision != m.canary:
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
			n.phase, n.at, n.previous, n.stable, n.was, n.rest = "promote", 0, m.stable, m.canary, m.rest, m.coming
		}
	case "promote":
		n.phase = "restore"
	case "restore":
		n = modelled{phase: "idle", stable: m.stable, previous: m.previous, attempt: 1, host: m.host, rest: m.rest}
		if m.steps == "" {
			n.previous = 0
		}
	}
	return n, ""
}

func (m modelled) begin(w wanting, h went, retried bool) (modelled, string) {
	n := m
	switch {
	case w.revision == m.stable && (m.host != w.host || m.rest != w.rest):
		n.host, n.rest = w.host, w.rest
		return n, ""
	case m.host != w.host: // the rest comes with the release
		n.host = w.host
		return n, ""
	case w.revision == m.stable && m.aborted != 0:
		n.aborted, n.attempt = 0, 1
		return n, ""
	case w.revision == m.stable:
		return m, "nothing"
	case w.revision == m.aborted && !retried:
		return m, "waits: aborted"
	}
	n = modelled{phase: "ramp", stable: m.stable, canary: w.revision, previous: m.previous, attempt: 1, steps: w.steps, host: m.host, rest: m.rest, coming: w.rest}
	if w.revision == m.previous {
		n.steps = ""
	}
	if w.revision == m.aborted || h.back && w.revision == h.from {
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
		n.phase, n.stable, n.previous, n.rest, n.was = "un-promote", m.previous, 0, m.was, 0
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

// world is a repository in memory: two branches by their first-parent histories, each commit with all files, and what the model says of its tree.
type world struct {
	*story
	chain, other []snapshot // the branch that is worked on, and the other one
	all          []snapshot // every commit that there ever was
	clock        int64
	based, fewer bool                // the app has a base; prod gives up pods
	hasty        bool                // the move that is recorded next does not wait for them
	known        map[string]modelled // by the lock's digest
	names        map[string]int      // revisions' numbers by their names
}

type snapshot struct {
	id    int               // its place in all
	files map[string]string // the tree's by their names; fields of spec and base by "spec" and their names, so that they merge as lines do
	date  int64
	state modelled
	drift bool
	past  map[int]bool // all that it stands on, and itself
}

func (w *world) tip() snapshot { return w.chain[len(w.chain)-1] }

func isSpec(file string) bool { return strings.HasPrefix(file, "spec ") }

func (w *world) want() wanting {
	spec := w.tip().files
	n := wanting{steps: spec["spec steps"], host: spec["spec host"]}
	if w.fewer {
		n.steps += "-"
	}
	image, _ := strconv.Atoi(spec["spec image"])
	level, _ := strconv.Atoi(spec["spec level"])
	n.rest, _ = strconv.Atoi(spec["spec rest"])
	n.revision = image + 3*level
	return n
}

// spelt is a revision as the spec asks for it.
func spelt(revision int) map[string]string {
	return map[string]string{"image": fmt.Sprint((revision-1)%3 + 1), "level": fmt.Sprint((revision - 1) / 3)}
}

var modelSteps = map[string]string{"A": "{setWeight: 20}, {pause: {}}, {setWeight: 50}, {pause: {duration: 1h}}", "B": "{setWeight: 30}, {pause: {}}"}

// modelBase is a base whose config is part of a revision, and whose widgets are not; the second one is not always there.
const (
	modelBase = `apiVersion: apps/v1
kind: Deployment
metadata: {name: app}
spec:
  replicas: 4
  selector: {matchLabels: {app: app}}
  template:
    metadata: {labels: {app: app}}
    spec: {containers: [{name: app, image: "app:0", envFrom: [{configMapRef: {name: conf}}]}]}
---
{apiVersion: v1, kind: Service, metadata: {name: app}, spec: {selector: {app: app}, ports: [{name: web, port: 80}]}}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: app}
spec:
  rules:
  - host: HOST.example.com
    http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: app, port: {name: web}}}}]}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: conf}, data: {LEVEL: "LEVEL"}}
---
{apiVersion: example.com/v1, kind: Widget, metadata: {name: one}, spec: {size: REST}}
`
	modelWidget = "---\n{apiVersion: example.com/v1, kind: Widget, metadata: {name: two}}\n"
)

// respell writes the texts of spec and base from what is wanted.
func (w *world) respell() {
	spec := w.tip().files
	w.image, w.text, w.base = spec["spec image"], storySpec, ""
	if w.based {
		w.text = strings.NewReplacer("port: 80", "base: base", "replicas: 4, ", "", "host: a.example.com, ", "").Replace(w.text)
		w.base = strings.NewReplacer("HOST", spec["spec host"], `"LEVEL"`, `"`+spec["spec level"]+`"`, "REST", spec["spec rest"]).Replace(modelBase)
		if spec["spec rest"] == "3" {
			w.base += modelWidget
		}
	}
	if w.fewer {
		w.text = strings.Replace(w.text, "settle: 10m", "settle: 10m, dynamicStableScale: true", 1)
	}
	w.text = strings.NewReplacer("a.example.com", spec["spec host"]+".example.com", modelSteps["A"], modelSteps[spec["spec steps"]]).Replace(w.text)
}

// commit puts files onto the branch; merged is the past of what is merged with it.
func (w *world) commit(files map[string]string, merged map[int]bool) {
	s := snapshot{id: len(w.all), files: files, date: w.clock, past: map[int]bool{len(w.all): true}}
	maps.Copy(s.past, merged)
	if len(w.chain) > 0 {
		maps.Copy(s.past, w.tip().past)
	}
	w.chain = append(w.chain, s)
	w.read()
	w.all = append(w.all, w.tip())
}

// read takes state and spec from the tip.
func (w *world) read() {
	tip := &w.chain[len(w.chain)-1]
	files := map[string][]byte{}
	for name, data := range tip.files {
		if !isSpec(name) {
			files[name] = []byte(data)
		}
	}
	state, err := render.ReadState("deploy/app", files)
	if err != nil {
		w.t.Fatal(err)
	}
	w.state, tip.drift = state, len(state.Drift) > 0
	tip.state = modelled{}
	if state.Lock != nil {
		var known bool
		if tip.state, known = w.known[state.Lock.Self]; !known {
			w.t.Fatalf("a lock that no transition made: %s", state.Lock.Self)
		}
	}
	w.respell()
	w.named(w.wanted(), w.want().revision)
}

// named: a revision has one name, and no other revision has it.
func (w *world) named(name string, number int) {
	for have, n := range w.names {
		if (have == name) != (n == number) {
			w.t.Fatalf("revision %d is named %s, and %d %s", number, name, n, have)
		}
	}
	w.names[name] = number
}

// edit commits another spec, or another base.
func (w *world) edit(fields map[string]string) {
	files := maps.Clone(w.tip().files)
	for name, value := range fields {
		if name == "level" && !w.based {
			continue
		}
		files["spec "+name] = value
	}
	if !maps.Equal(files, w.tip().files) {
		w.commit(files, nil)
	}
}

// record checks a move of the program against the model's, and commits it.
func (w *world) record(d render.Decision, state render.State, want modelled) {
	files := maps.Clone(w.tip().files)
	maps.DeleteFunc(files, func(name, _ string) bool { return !isSpec(name) })
	for _, f := range state.Tree {
		files[f.Path] = string(f.Data)
	}
	if state.Lock != nil {
		if was, known := w.known[state.Lock.Self]; known && was != want {
			w.t.Fatalf("%s leads to one lock for\n%+v and\n%+v", said(d, 0), was, want)
		}
		w.known[state.Lock.Self] = want
		if before := w.state; before.Lock != nil && !w.hasty {
			enough(w.t, before, state)
		}
		w.hasty = false
	}
	w.commit(files, nil)
	if w.state.Lock != nil {
		if got := w.abstract(w.state); got != want {
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

// abstract is what a tree, and its lock, say of themselves in the model's words. Nothing in it is the model's.
func (w *world) abstract(s render.State) modelled {
	l := s.Lock
	number := func(r *render.RevisionRef) int {
		if r == nil {
			return 0
		}
		return w.names[r.Revision]
	}
	m := modelled{phase: string(l.Phase), stable: number(&l.Stable), canary: number(l.Canary), previous: number(l.Previous), aborted: w.names[l.Aborted], attempt: l.Attempt,
		host: hostIn(s), rest: sizeIn(s, "shared-widget-one.yaml"), coming: sizeIn(s, render.NextFile), was: sizeIn(s, render.PreviousFile), paused: l.Paused, full: l.Full}
	if l.Aborted != "" && m.aborted == 0 {
		m.aborted = -1
	}
	switch l.Phase {
	case render.Cleanup:
		m.phase = "idle"
	case render.Prepare, render.Shift, render.Shrink, render.Full:
		m.phase, m.at = "ramp", l.Step.Index-1
	case render.Abort, render.Grow:
		if l.Step.Name != string(render.Promote) {
			m.at = l.Step.Index - 1
		}
	case render.Idle:
		m.at = -l.Step.Index
	}
	if l.Canary == nil {
		m.coming, m.was = 0, 0
		return m
	}
	if m.steps = stepsIn(l); l.Previous != nil && (l.Phase == render.Promote || l.Phase == render.Restore) {
		if data, _ := s.Tree.Get(render.PreviousFile); !strings.Contains(string(data), "kind: Widget") { // the promotion leaves it as it is
			m.was = m.rest
		}
	}
	return m
}

// hostIn is the host that every route of a tree is for.
func hostIn(s render.State) (host string) {
	for _, f := range s.Tree {
		for _, found := range hostOf.FindAllSubmatch(f.Data, -1) {
			if now := string(found[1]); host == "" || host == now {
				host = now
			} else {
				return host + " and " + now
			}
		}
	}
	return host
}

var (
	hostOf  = regexp.MustCompile(`host: (\w+)\.example\.com`)
	sizeOf  = regexp.MustCompile(`size: (\d)`)
	imageIs = regexp.MustCompile(`image: ['"]?app:(\d)`)
	refers  = regexp.MustCompile(`configMapRef: {name: ([-\w]+)}`)
	nameOf  = regexp.MustCompile(`(?s)^[^\n]*\n.*?\bname: ([-\w]+)`)
	levelOf = regexp.MustCompile(`LEVEL: "(\d)"`)
)

// sizeIn is the size of the widget in a file of a tree, 0 where it has none.
func sizeIn(s render.State, path string) (size int) {
	data, _ := s.Tree.Get(path)
	if found := sizeOf.FindSubmatch(data); found != nil {
		size, _ = strconv.Atoi(string(found[1]))
	}
	return size
}

// stepsIn is which steps a lock has pinned; a plan in which prod gives up pods is longer by one.
func stepsIn(l *render.Lock) string {
	var weights []string
	for _, s := range l.Steps {
		if s.SetWeight != nil {
			weights = append(weights, fmt.Sprint(*s.SetWeight))
		}
	}
	switch text := fmt.Sprintf("%s of %d", strings.Join(weights, ", "), l.Step.Last); {
	case l.Rollback && len(l.Steps) == 0:
		return ""
	case text == "20, 50 of 7":
		return "A"
	case text == "20, 50 of 8":
		return "A-"
	case text == "30 of 6":
		return "B"
	case text == "30 of 7":
		return "B-"
	default:
		return text
	}
}

// runs is the number of the revision that a track's pods run, as its Deployment and the config that this refers to say; 0 where there are none.
func runs(s render.State, component string) int {
	deployment, _ := s.Tree.Get(component + "-deployment.yaml")
	image, config := imageIs.FindSubmatch(deployment), refers.FindSubmatch(deployment)
	if image == nil {
		return 0
	}
	level := 0
	for _, f := range s.Tree {
		if name, found := nameOf.FindSubmatch(f.Data), levelOf.FindSubmatch(f.Data); config != nil && found != nil && string(name[1]) == string(config[1]) && strings.HasSuffix(f.Path, ".yaml") {
			level, _ = strconv.Atoi(string(found[1]))
		}
	}
	n, _ := strconv.Atoi(string(image[1]))
	return n + 3*level
}

// manifests is what of a state is in the manifests.
func (m modelled) manifests() modelled {
	if m.paused, m.full, m.aborted = false, false, 0; m.phase == "idle" {
		m.attempt, m.previous, m.canary = 0, 0, 0
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
	synced := began
	for i := len(w.chain) - 1; i > began; i-- {
		if w.chain[i].state.manifests() != tip.manifests() {
			synced = i
			break
		}
	}
	h.written = w.clock - w.chain[synced+1].date
	for i := 0; i <= synced+1; i++ { // a clock that was late
		late := w.clock - w.chain[i].date
		if h.written = min(h.written, late); i <= began+1 {
			h.stood = min(h.stood, late)
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
		case before.canary != 0 && !before.goesBack() && before.canary != tip.stable:
			h.back, h.from = true, before.canary
		case before.phase == "idle": // whole releases were taken back, where prod is at what it ran before them
			for i := began - 1; i >= 0 && w.chain[i].state.phase != ""; i-- { // what was before the app went and came is no part of its life
				h.back = h.back || w.chain[i].state.stable == tip.stable
			}
			if h.back = h.back || before.previous == tip.stable; h.back {
				h.from = before.stable
			}
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
	if w.state.Lock == nil {
		return ev
	}
	r := render.Recall{Tip: w.state.Lock.Place()}
	since, date := "", int64(0)
	newest := func(to int) (date int64) {
		for _, s := range w.chain[:to+1] {
			date = max(date, s.date)
		}
		return date
	}
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
			since, date = r.Since, newest(i)
		}
		if r.Written == fmt.Sprint(i) {
			ev.Written = newest(i)
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
		w.t.Fatalf("the program: %s; the model: %+v -> %+v\n%s", got, tip.state, want, w.told())
	case why == "":
		w.record(d, state, want)
	case !strings.HasPrefix(got, strings.Replace(why, "waits", "waiting", 1)):
		w.t.Fatalf("the program: %s; the model: %s, of %+v with %+v\n%s", got, why, tip.state, w.history(), w.told())
	}
}

// told is the branch as the model sees it, oldest first.
func (w *world) told() (text string) {
	for _, s := range w.chain {
		text += fmt.Sprintf("%d: %+v\n", s.id, s.state)
	}
	return text
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
		w.commit(files, nil)
	}
}

func joinedKeys[V any](a, b map[string]V) map[string]bool {
	keys := map[string]bool{}
	for k := range a {
		keys[k] = true
	}
	for k := range b {
		keys[k] = true
	}
	return keys
}

// some is the size of the widget of a base, which is 1 or 2, or 3 of it and another widget.
func (w *world) some(n int) string {
	if !w.based {
		return "0"
	}
	return fmt.Sprint(n + 1)
}

// merge merges one of the branches into the other, as git does: by what each changed since they parted. Where both changed the same field of the spec, or the tree,
// somebody takes one side's; a tree is never a mixture, for its lock conflicts wherever two moves met. Only a squash forgets where it came from.
func (w *world) merge(t *rapid.T) {
	if rapid.Bool().Draw(t, "into the other") {
		w.chain, w.other = w.other, w.chain
		w.read()
	}
	ours, theirs := w.tip(), w.other[len(w.other)-1]
	base := w.all[min(ours.id, theirs.id)]
	for !ours.past[base.id] || !theirs.past[base.id] {
		base = w.all[base.id-1]
	}
	how := rapid.SampledFrom([]string{"commit", "squash", "fast-forward"}).Draw(t, "how")
	switch {
	case base.id == theirs.id:
		return // up to date
	case base.id == ours.id && how == "fast-forward":
		w.chain = slices.Clone(w.other)
		w.read()
		return
	}
	favoured := rapid.SampledFrom([]map[string]string{ours.files, theirs.files}).Draw(t, "where both changed something")
	files := merged(base.files, ours.files, theirs.files, favoured)
	switch past := theirs.past; {
	case how != "squash":
		w.commit(files, past)
	case !maps.Equal(files, ours.files):
		w.commit(files, nil)
	}
}

func merged(base, ours, theirs, favoured map[string]string) map[string]string {
	files, conflict := map[string]string{}, false
	for name := range joinedKeys(joinedKeys(base, ours), joinedKeys(theirs, nil)) {
		switch {
		case ours[name] == base[name]:
			files[name] = theirs[name]
		case theirs[name] == base[name] || ours[name] == theirs[name]:
			files[name] = ours[name]
		default:
			files[name], conflict = favoured[name], conflict || !isSpec(name)
		}
	}
	for name := range files {
		if conflict && !isSpec(name) {
			files[name] = favoured[name]
		}
	}
	maps.DeleteFunc(files, func(_, text string) bool { return text == "" })
	return files
}

// crash runs a verb that dies, and runs it again. Either what it made is there and the branch is not at it, or the branch has moved and nobody was told.
func (w *world) crash(t *rapid.T, verb string, run func()) {
	before := len(w.chain)
	if run(); len(w.chain) == before {
		return
	}
	made, lost := w.tip(), rapid.Bool().Draw(t, "lost")
	if lost {
		w.chain = slices.Clone(w.chain[:before])
		w.read()
	}
	run()
	switch moves := len(w.chain) - before; {
	case lost && (moves != 1 || !maps.Equal(w.tip().files, made.files)):
		t.Fatalf("%s died before the branch moved; run again it makes %d moves, and not the tree that it made", verb, moves)
	case !lost && moves != 1 && verb != "advance" && verb != "promote" && verb != "retry":
		t.Fatalf("%s died after the branch moved; run again it moves once more", verb)
	}
}

// TestPropModel drives the program and the model over two branches in memory, by everything that users, colleagues and machines do to it.
func TestPropModel(t *testing.T) {
	did := map[string]int{}
	rapid.Check(t, func(t *rapid.T) {
		w := &world{story: &story{t: t}, clock: 1_700_000_000, known: map[string]modelled{}, names: map[string]int{},
			fewer: rapid.Bool().Draw(t, "prod gives up pods"), based: rapid.Bool().Draw(t, "base")}
		w.commit(map[string]string{"spec image": "2", "spec level": "0", "spec steps": "A", "spec host": "a", "spec rest": w.some(0)}, nil)
		install := func() {
			r, _ := w.compile()
			tree, lock, err := r.Tree(r.Plan.Steps[0], nil)
			if err != nil {
				t.Fatal(err)
			}
			want := w.want()
			m := modelled{phase: "idle", stable: 1 + (want.revision-1)/3*3, attempt: 1, host: want.host, rest: want.rest}
			w.named(lock.Stable.Revision, m.stable)
			w.record(render.Decision{Transition: render.Install}, render.State{Lock: lock, Tree: tree}, m)
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
		var actions map[string]func(*rapid.T)
		actions = map[string]func(*rapid.T){
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
				w.edit(spelt(max(w.tip().state.previous, 1)))
				w.step(false, false)
			},
			"promote":  func(*rapid.T) { w.step(true, false) },
			"promote2": func(*rapid.T) { w.clock += 600; w.step(true, false) },
			"retry":    func(*rapid.T) { w.step(false, true) },
			"tick":     tick,
			"install": func(t *rapid.T) {
				if w.state.Lock == nil && w.image != "1" {
					install()
				}
			},
			"promote all; abort": func(t *rapid.T) { // where most is to be taken back
				for range 9 {
					if w.tip().state.phase == "promote" {
						actions["abort"](t)
						return
					}
					w.clock += 600
					w.step(true, false)
				}
			},
			"abort": func(*rapid.T) {
				tip := w.tip()
				if w.state.Lock == nil {
					return
				}
				d := w.state.Abort()
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
				if w.state.Lock == nil || tip.drift {
					return
				}
				d, want := w.state.AbortAtOnce(), tip.state.abort()
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
			"image": func(t *rapid.T) {
				w.edit(map[string]string{"image": rapid.SampledFrom([]string{"1", "2", "3"}).Draw(t, "image")})
			},
			"host": func(t *rapid.T) {
				w.edit(map[string]string{"host": rapid.SampledFrom([]string{"a", "b"}).Draw(t, "host")})
			},
			"steps": func(t *rapid.T) {
				w.edit(map[string]string{"steps": rapid.SampledFrom([]string{"A", "B"}).Draw(t, "steps")})
			},
			"config": func(t *rapid.T) {
				w.edit(map[string]string{"level": rapid.SampledFrom([]string{"0", "1"}).Draw(t, "level")})
			},
			"release": func(t *rapid.T) { // of all that a base has
				fields := spelt(rapid.IntRange(1, 6).Draw(t, "revision"))
				fields["rest"] = w.some(rapid.IntRange(0, 2).Draw(t, "rest"))
				w.edit(fields)
			},
			"rest": func(t *rapid.T) { w.edit(map[string]string{"rest": w.some(rapid.IntRange(0, 2).Draw(t, "rest"))}) },
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
						maps.DeleteFunc(files, func(name, _ string) bool { return isSpec(name) })
						for name, value := range tip.files {
							if isSpec(name) {
								files[name] = value
							}
						}
						w.commit(files, nil)
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
			"squash": func(t *rapid.T) { // a range of commits as one
				i, j := pick(t, "base"), pick(t, "end")
				if i < j {
					w.apply(w.chain[i], w.chain[j])
				}
			},
			"branch": func(t *rapid.T) { w.other = slices.Clone(w.chain[:pick(t, "from")+1]) },
			"switch": func(*rapid.T) { w.chain, w.other = w.other, w.chain; w.read() },
			"merge":  w.merge,
			"force-push": func(t *rapid.T) {
				switch i := pick(t, "to"); rapid.IntRange(0, 7).Draw(t, "really") {
				case 0:
					w.chain = slices.Clone(w.chain[:i+1])
				case 1:
					w.chain = slices.Clone(w.other)
				}
				w.read()
			},
			"edit by hand": func(t *rapid.T) {
				if rapid.IntRange(0, 9).Draw(t, "really") == 0 && w.state.Lock != nil && !w.tip().drift {
					files := maps.Clone(w.tip().files)
					files["prod-service.yaml"] += "# by hand\n"
					w.commit(files, nil)
					before := w.chain[len(w.chain)-2]
					w.step(false, false)
					files = maps.Clone(w.tip().files)
					files["prod-service.yaml"] = before.files["prod-service.yaml"]
					w.commit(files, nil)
				}
			},
			"": func(t *rapid.T) { w.check() },
		}
		install()
		w.other = slices.Clone(w.chain)
		actions["crash"] = func(t *rapid.T) {
			name := rapid.SampledFrom([]string{"advance", "promote", "retry", "abort", "pause", "resume", "waive"}).Draw(t, "verb")
			w.crash(t, name, func() { actions[name](t) })
		}
		t.Repeat(w.grouped(actions, map[string]string{
			"work 1": "run", "work 2": "run, advance, advance2, advance3, promote, promote2, tick", "spec": "image, config, rest, release, back to before, host, steps",
			"person": "abort, promote all; abort, abort at once, pause, resume, waive, retry, install", "git": "revert, revert the tip, twice back; and again, cherry-pick, squash, there and back, take the release back, edit by hand",
			"branches": "branch, switch, merge, force-push", "machine": "crash",
		}, did))
	})
	t.Logf("how often each changed something: %v", did)
}

// grouped are actions to draw from by groups, so that a release gets somewhere between what people do to it.
func (w *world) grouped(actions map[string]func(*rapid.T), groups map[string]string, did map[string]int) map[string]func(*rapid.T) {
	drawn := map[string]func(*rapid.T){"": actions[""]}
	for group, names := range groups {
		list := strings.Split(names, ", ")
		drawn[group] = func(t *rapid.T) {
			name, commits, tip := rapid.SampledFrom(list).Draw(t, "action"), len(w.all), w.tip().id
			if actions[name](t); len(w.all) != commits || w.tip().id != tip {
				did[name]++
			}
		}
	}
	return drawn
}

// flag carries a decision out that changes no more than the lock.
func (w *world) flag(decide func(render.State) render.Decision, change func(*modelled)) {
	tip := w.tip()
	if w.state.Lock == nil || tip.drift {
		return
	}
	d := decide(w.state)
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
	s := w.state
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
	w.checkObjects(s)
	if s.Lock.Phase == render.Abort && split != nil && len(split.Matches) > 0 {
		w.t.Fatalf("an aborted canary is still reached by %v", split.Matches)
	}
}

// checkObjects: pods run what the lock says, and of the base each object is there that one of the revisions has, and no other.
func (w *world) checkObjects(s render.State) {
	m := w.tip().state
	if prod, canary := runs(s, "prod"), runs(s, "canary"); prod != m.stable || canary != m.canary {
		w.t.Fatalf("prod runs revision %d and the canary %d: %+v", prod, canary, m)
	}
	was := m.rest
	if m.was != 0 {
		was = m.was
	}
	for path, there := range map[string]bool{"shared-widget-two.yaml": was == 3, "canary-widget-two.yaml": m.coming == 3 && was != 3, render.NextFile: m.coming != 0} {
		if _, is := s.Tree.Get(path); is != there {
			w.t.Fatalf("%s is there: %v, in %+v", path, is, m)
		}
	}
}
