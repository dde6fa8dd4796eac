// Package show says in tables, Markdown and data what a release does: for people before they let it happen, and for programs.
//
// It renders through the release it is given and writes to the writer it is given; it reads no file, and no verb's flags.
package show

import (
	"strings"

	"github.com/aymanbagabas/go-udiff"

	"github.com/gitramp/gitramp/cmd/internal/app"
	"github.com/gitramp/gitramp/render"
)

// Step is one step of the whole ramp with its tree and what it changes.
type Step struct {
	render.Step
	Tree    render.Tree
	Changes []render.Change
}

// Ramp renders every step of an app's plan, the first one against nothing.
func Ramp(a *app.App) ([]Step, error) {
	var steps []Step
	var before render.Tree
	var from *render.Lock
	for _, st := range a.Release.Plan.Steps {
		tree, lock, err := a.Release.Tree(st, from)
		if err != nil {
			return nil, err
		}
		steps = append(steps, Step{st, tree, render.Changes(before, tree)})
		before, from = tree, lock
	}
	return steps, nil
}

// Unified is the text of some changes as a unified diff, the lock left out: it changes in every step.
func Unified(changes []render.Change) string {
	var b strings.Builder
	for _, ch := range changes {
		if ch.Path == render.LockFile {
			continue
		}
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
	parts := []string{"settle " + st.Hold.Settle.String()}
	if st.Hold.Manual {
		parts = append(parts, "until promoted")
	}
	if st.Hold.Pause > 0 {
		parts = append(parts, "pause "+st.Hold.Pause.String())
	}
	return strings.Join(parts, ", ")
}
