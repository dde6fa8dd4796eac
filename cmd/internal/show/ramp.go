// Package show says in tables, Markdown and data what a release does: for people before they let it happen, and for programs.
//
// It renders through the release it is given and writes to the writer it is given; it reads no file, and no verb's flags.
package show

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/aymanbagabas/go-udiff"

	"github.com/gitramp/gitramp/cmd/internal/app"
	"github.com/gitramp/gitramp/cmd/internal/message"
	"github.com/gitramp/gitramp/render"
	"github.com/gitramp/gitramp/render/route"
)

// Step is one step of the whole ramp with its tree and what it changes.
type Step struct {
	render.Step
	Tree    render.Tree
	Changes []render.Change
}

// Ramp is the whole ramp that an app comes to: the one on its way, or the one after it where the spec asks for a third revision by now.
type Ramp struct {
	Steps []Step

	app    *app.App          // as it is
	coming *app.App          // as it is when the ramp begins
	ends   render.Transition // how the rollout on its way ends before it
}

// NewRamp renders every step of the ramp, the first one against nothing.
func NewRamp(a *app.App) (Ramp, error) {
	r := Ramp{app: a}
	var err error
	if r.coming, r.ends, err = a.Coming(); err != nil {
		return r, err
	}
	var before render.Tree
	var from *render.Lock
	for _, st := range r.coming.Release.Plan.Steps {
		tree, lock, err := r.coming.Release.Tree(st, from)
		if err != nil {
			return r, err
		}
		r.Steps = append(r.Steps, Step{st, tree, render.Changes(before, tree)})
		before, from = tree, lock
	}
	return r, nil
}

// Config is what the new pods read otherwise than the old ones, a line for each.
func (r Ramp) Config() []string { return message.Config(r.coming.Release.ConfigChanges()) }

// ending says what becomes of the rollout on its way, where that does not simply go on.
func (r Ramp) ending() string {
	why := map[render.Transition]string{
		render.Supersede: "is superseded: its canary is withdrawn and deleted before this ramp begins",
		render.Abort:     "is aborted: the spec asks for what prod ran before it",
		render.Cleanup:   "is finished first: prod runs it already",
	}[r.ends]
	if why == "" {
		return ""
	}
	return fmt.Sprintf("The rollout of %s %s.", apart(*r.app.State.Lock.Canary, r.app.State.Lock.Stable), why)
}

// movesTraffic says whether a step changes who reaches the canary, against the one before it.
func movesTraffic(before, st render.Step) bool {
	return before.Weight != st.Weight || !slices.EqualFunc(before.Matches, st.Matches, func(a, b route.Match) bool { return reflect.DeepEqual(a, b) })
}

// Unified is the text of some changes as a unified diff, without what is gitramp's own bookkeeping: the lock, which changes in every step, and what it keeps
// for a promotion or an abort. What Secrets hold is not in it.
func Unified(changes []render.Change) string {
	var b strings.Builder
	for _, ch := range changes {
		if ch.Path == render.LockFile || ch.Path == render.PreviousFile || ch.Path == render.NextFile {
			continue
		}
		ch = ch.Discreet()
		from, to := "a/"+ch.Path, "b/"+ch.Path
		switch ch.Op {
		case render.Added:
			from = "/dev/null"
		case render.Removed:
			to = "/dev/null"
		}
		b.WriteString(udiff.Unified(from, to, string(ch.Old), string(ch.New)))
	}
	return b.String()
}

// bar draws a weight in ten cells; anything above zero shows.
func bar(weight, total int) string {
	cells := (weight*10 + total/2) / total
	if weight > 0 && cells == 0 {
		cells = 1
	}
	return strings.Repeat("█", cells) + strings.Repeat("░", 10-cells)
}

// holdText says what must be true before the step after st.
func holdText(p render.Plan, st render.Step) string {
	if st.Index == 0 || st.Index == p.Last() {
		return "until another revision is asked for"
	}
	return holdWords(st.Hold)
}

func holdWords(h render.Hold) string {
	parts := []string{"settle " + h.Settle.String()}
	if h.Manual {
		parts = append(parts, "until promoted")
	}
	if h.Pause > 0 {
		parts = append(parts, "pause "+h.Pause.String())
	}
	return strings.Join(parts, ", ")
}
