package main

import (
	"fmt"
	"strings"

	"github.com/aymanbagabas/go-udiff"

	"github.com/gitramp/gitramp/cmd/internal/app"
	"github.com/gitramp/gitramp/render"
)

// rampStep is one step of the whole ramp with its tree and what it changes.
type rampStep struct {
	render.Step
	tree    render.Tree
	changes []render.Change
}

// wholeRamp renders every step of an app's plan, the first one against nothing.
func wholeRamp(a *app.App) ([]rampStep, error) {
	var steps []rampStep
	var before render.Tree
	var from *render.Lock
	for _, st := range a.Release.Plan.Steps {
		tree, lock, err := a.Release.Tree(st, from)
		if err != nil {
			return nil, err
		}
		steps = append(steps, rampStep{st, tree, render.Changes(before, tree)})
		before, from = tree, lock
	}
	return steps, nil
}

// pickStep finds a step by number or name.
func pickStep(p render.Plan, word string) (render.Step, error) {
	var names []string
	for _, st := range p.Steps {
		if word == fmt.Sprint(st.Index) || word == st.Name || word == st.ID() {
			return st, nil
		}
		names = append(names, st.ID())
	}
	return render.Step{}, usage("step %q is unknown: allowed 0 to %d, or one of %s", word, p.Last(), strings.Join(names, ", "))
}

// unified is the text of some changes as a unified diff, the lock left out: it changes in every step.
func unified(changes []render.Change) string {
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

// percent is a weight as people say it: 20%, 0.5%.
func percent(weight, total int) string {
	text := fmt.Sprintf("%.4f", 100*float64(weight)/float64(total))
	return strings.TrimRight(strings.TrimRight(text, "0"), ".") + "%"
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
