package show

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/gitramp/gitramp/cmd/internal/app"
	"github.com/gitramp/gitramp/render"
)

// Table prints a plan for a terminal.
func (p Printer) Table(a *app.App, ramp []Step, diff bool) {
	fmt.Fprintln(p.Out, p.Paint(Bold, headline(a)))
	fmt.Fprintf(p.Out, "%s -> %s\n\n", a.File, a.Spec.OutputPath())
	w := tabwriter.NewWriter(p.Out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "STEP\tTRANSITION\tCANARY WEIGHT\tPODS\tCHANGES\tHOLD BEFORE THE NEXT STEP")
	total := a.Release.Plan.Total
	for _, st := range ramp {
		fmt.Fprintf(w, "%s\t%s\t%s %s\t%s\t%s\t%s\n", st.ID(), st.Transition, bar(st.Weight, total), Percent(st.Weight, total),
			pods(st.Step), changesText(st), holdText(a.Release.Plan, st.Step))
	}
	w.Flush()
	fmt.Fprintf(p.Out, "\n%s\n", summary(a, ramp))
	if diff {
		for _, st := range ramp {
			fmt.Fprintf(p.Out, "\n%s\n%s", p.Paint(Bold, st.ID()), p.Diff(Unified(st.Changes)))
		}
	}
}

// Markdown prints a plan for a pull request.
func (p Printer) Markdown(a *app.App, ramp []Step, diff bool) {
	fmt.Fprintf(p.Out, "### %s\n\n", headline(a))
	fmt.Fprint(p.Out, "| step | transition | canary weight | pods | changes | hold before the next step |\n| --- | --- | --- | --- | --- | --- |\n")
	total := a.Release.Plan.Total
	for _, st := range ramp {
		fmt.Fprintf(p.Out, "| %s | %s | %s %s | %s | %s | %s |\n", st.ID(), st.Transition, bar(st.Weight, total), Percent(st.Weight, total),
			pods(st.Step), changesText(st), holdText(a.Release.Plan, st.Step))
	}
	fmt.Fprintf(p.Out, "\n%s\n", summary(a, ramp))
	if diff {
		for _, st := range ramp {
			fmt.Fprintf(p.Out, "\n<details><summary>%s</summary>\n\n```diff\n%s```\n\n</details>\n", st.ID(), Unified(st.Changes))
		}
	}
}

// headline says which app goes from what to what.
func headline(a *app.App) string {
	stable, canary := a.Images()
	var moves []string
	for i, image := range canary {
		switch {
		case i < len(stable) && stable[i].Image == image.Image:
			moves = append(moves, image.Image)
		case i < len(stable):
			moves = append(moves, stable[i].Image+" -> "+image.Image)
		}
	}
	return a.Spec.Metadata.Name + ": " + strings.Join(moves, ", ")
}

func pods(st render.Step) string {
	if !st.HasCanary() {
		return fmt.Sprintf("%d", st.Prod)
	}
	return fmt.Sprintf("%d + %d", st.Prod, st.Canary)
}

// changesText lists the objects that a step changes, as git would: + added, ~ changed, - removed.
func changesText(st Step) string {
	sign := map[render.Op]string{render.Added: "+", render.Changed: "~", render.Removed: "-"}
	var parts []string
	for _, ch := range st.Changes {
		if name, isObject := strings.CutSuffix(ch.Path, ".yaml"); isObject && ch.Path != render.KustomizationFile {
			parts = append(parts, sign[ch.Op]+name)
		}
	}
	if parts == nil {
		return "none"
	}
	return strings.Join(parts, " ")
}

// summary is the line under a plan.
func summary(a *app.App, ramp []Step) string {
	shifts := 0
	for _, st := range ramp {
		if st.Transition == render.Shift || st.Transition == render.Full {
			shifts++
		}
	}
	text := fmt.Sprintf("%d steps, one commit each; %d move traffic", len(ramp), shifts)
	if l := a.State.Lock; l != nil {
		text += fmt.Sprintf("; the tree is at %02d-%s", l.Step.Index, l.Step.Name)
	}
	return text
}
