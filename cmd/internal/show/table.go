package show

import (
	"bytes"
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/gitramp/gitramp/cmd/internal/app"
	"github.com/gitramp/gitramp/cmd/internal/message"
	"github.com/gitramp/gitramp/render"
	"github.com/gitramp/gitramp/render/prove"
)

// Table prints a plan for a terminal.
func (p Printer) Table(ramp Ramp, r prove.Result, diff bool) {
	a := ramp.coming
	fmt.Fprintln(p.Out, p.Paint(Bold, headline(a)))
	for _, line := range ramp.Config() {
		fmt.Fprintf(p.Out, "  %s\n", line)
	}
	fmt.Fprintf(p.Out, "%s -> %s\n", a.File, a.Spec.OutputPath())
	if text := ramp.ending(); text != "" {
		fmt.Fprintln(p.Out, text)
	}
	fmt.Fprintln(p.Out)
	w := tabwriter.NewWriter(p.Out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "STEP\t%s\t%s\tPODS\tCHANGES\tHOLD BEFORE THE NEXT STEP\n", p.Paint(plain, "TRANSITION"), p.Paint(plain, "CANARY WEIGHT"))
	total := a.Release.Plan.Total
	for _, st := range ramp.Steps {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", mark(a, st)+st.ID(), p.Paint(transitionCode(st.Transition), string(st.Transition)),
			p.Paint(cyan, bar(st.Weight, total)+" "+message.Percent(st.Weight, total)), pods(st.Step), changesText(st, column), holdText(a.Release.Plan, st.Step))
	}
	w.Flush()
	fmt.Fprintf(p.Out, "\n%s\n%s\n", ramp.summary(), ProofLine(r))
	if diff {
		for _, st := range ramp.Steps {
			fmt.Fprintf(p.Out, "\n%s\n%s", p.Paint(Bold, st.ID()), p.Diff(Unified(st.Changes)))
		}
	}
}

// transitionCode: what moves requests is yellow, what changes prod green. All codes are of one length, and every cell of a column has one, because columns
// count every byte.
func transitionCode(t render.Transition) string {
	switch t {
	case render.Shift, render.Header, render.Full, render.Restore:
		return yellow
	case render.Promote:
		return Green
	}
	return plain
}

// Markdown prints a plan for a pull request.
func (p Printer) Markdown(ramp Ramp, r prove.Result, diff bool) {
	a := ramp.coming
	fmt.Fprintf(p.Out, "### %s\n\n", headline(a))
	for _, line := range ramp.Config() {
		fmt.Fprintf(p.Out, "- `%s`\n", strings.ReplaceAll(line, "`", "'"))
	}
	if len(ramp.Config()) > 0 {
		fmt.Fprintln(p.Out)
	}
	if text := ramp.ending(); text != "" {
		fmt.Fprintf(p.Out, "%s\n\n", text)
	}
	fmt.Fprint(p.Out, "| step | transition | canary weight | pods | changes | hold before the next step |\n| --- | --- | --- | --- | --- | --- |\n")
	total := a.Release.Plan.Total
	for _, st := range ramp.Steps {
		fmt.Fprintf(p.Out, "| %s | %s | %s %s | %s | %s | %s |\n", mark(a, st)+st.ID(), st.Transition, bar(st.Weight, total), message.Percent(st.Weight, total),
			pods(st.Step), changesText(st, math.MaxInt), holdText(a.Release.Plan, st.Step))
	}
	fmt.Fprintf(p.Out, "\n%s\n%s\n", ramp.summary(), ProofLine(r))
	if diff {
		for _, st := range ramp.Steps {
			fmt.Fprintf(p.Out, "\n<details><summary>%s</summary>\n\n```diff\n%s```\n\n</details>\n", st.ID(), Unified(st.Changes))
		}
	}
}

// headline says which app goes from what to what; images that stay are left out, and where all of them stay it is by the revisions' names.
func headline(a *app.App) string {
	stable, canary := a.Images()
	var moves []string
	for i, image := range canary {
		name := ""
		if len(canary) > 1 {
			name = image.Container + " "
		}
		if i < len(stable) && stable[i].Image != image.Image {
			moves = append(moves, name+stable[i].Image+" -> "+image.Image)
		}
	}
	if was, is := a.Revisions(); moves == nil && was != is {
		moves = append(moves, "revision "+was+" -> "+is)
	} else if moves == nil {
		moves = append(moves, canary[0].Image)
	}
	return a.Spec.Metadata.Name + ": " + strings.Join(moves, ", ")
}

func pods(st render.Step) string {
	if !st.HasCanary() {
		return fmt.Sprintf("%d", st.Prod)
	}
	return fmt.Sprintf("%d + %d", st.Prod, st.Canary)
}

// column is how wide the changes of a step may be on a terminal: those of a base are many.
const column = 60

// changesText lists the objects that a step changes, as git would: + added, ~ changed, - removed. Those that every app has come first, and what makes it longer than
// most is counted.
func changesText(st Step, most int) string {
	sign := map[render.Op]string{render.Added: "+", render.Changed: "~", render.Removed: "-"}
	var parts []string
	for _, ch := range unmoved(st.Changes) {
		if name, isObject := strings.CutSuffix(ch.Path, ".yaml"); isObject && ch.Path != render.KustomizationFile {
			parts = append(parts, sign[ch.Op]+name)
		}
	}
	more := func(part string) int { return min(strings.Count(part[1:], "-"), 2) } // beside the Deployments, Services and routes
	slices.SortStableFunc(parts, func(a, b string) int { return more(a) - more(b) })
	text := ""
	for i, part := range parts {
		if i > 0 && len(text)+1+len(part) > most {
			return fmt.Sprintf("%s and %d more", text, len(parts)-i)
		}
		text = strings.TrimPrefix(text+" "+part, " ")
	}
	return cmp.Or(text, "none")
}

// unmoved are changes without the objects that go by another file from then on, as the canary's own do with the cleanup.
func unmoved(changes []render.Change) []render.Change {
	moved := func(a render.Change) bool {
		return slices.ContainsFunc(changes, func(b render.Change) bool {
			return a.Op == render.Added && b.Op == render.Removed && bytes.Equal(a.New, b.Old) || a.Op == render.Removed && b.Op == render.Added && bytes.Equal(a.Old, b.New)
		})
	}
	return slices.DeleteFunc(slices.Clone(changes), moved)
}

// summary says how much the plan is, and how much of it is left.
func (r Ramp) summary() string {
	shifts := 0
	for i, st := range r.Steps[1:] {
		if movesTraffic(r.Steps[i].Step, st.Step) {
			shifts++
		}
	}
	return fmt.Sprintf("%d steps, %d of them move traffic. A hold begins with settle, the time that a commit gets to be applied; a pause runs from then.\n%s",
		len(r.Steps), shifts, leftText(r.app))
}

// leftText says what commit would write onto the tree as it is.
func leftText(a *app.App) string {
	left, why := Left(a)
	where := ""
	if l := a.State.Lock; l != nil {
		where = fmt.Sprintf("The tree is at %02d-%s. ", l.Step.Index, l.Step.Name)
	}
	switch {
	case why != "":
		return where + "It cannot go on: " + why
	case len(left) == 0:
		return where + "Nothing to do: prod runs what the spec asks for, and another revision would take this ramp."
	case len(left) == 1:
		return where + "Left: 1 commit, " + left[0] + "."
	}
	return fmt.Sprintf("%sLeft: %d commits, from %s.", where, len(left), left[0])
}

// Left names the commits that are left of a release; why says what is in their way.
func Left(a *app.App) (left []string, why string) {
	err := a.Moves(func(m app.Move) error {
		name := fmt.Sprintf("%02d-%s", m.Lock.Step.Index, m.Lock.Step.Name)
		if m.Transition != m.Lock.Phase || m.Transition.GoesBack() {
			name = string(m.Transition)
		}
		left = append(left, name)
		return nil
	})
	if err != nil {
		return nil, err.Error()
	}
	return left, ""
}

// mark shows in a plan where the tree is.
func mark(a *app.App, st Step) string {
	if l := a.State.Lock; l != nil && !a.State.IsIdle() && l.Step.Index == st.Index {
		return "> "
	}
	return ""
}
