package main

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/gitramp/gitramp/cmd/internal/app"
	"github.com/gitramp/gitramp/render"
)

func (c *cli) plan() *cobra.Command {
	var t target
	var diff bool
	cmd := &cobra.Command{
		Use:     "plan [SPEC|DIR...]",
		GroupID: "look",
		Short:   "Show the whole ramp: every step, what it changes and what it waits for",
		Long: `Shows every step of the release that the spec asks for: the weight, the pods of
both tracks, the files that change, and what must be true before the step after
it. What prod runs now is taken from the tree at the tip of the target branch;
where there is none, from spec.stable. Nothing is written.`,
		Example: "  gitramp plan canary.yaml\n  gitramp plan canary.yaml --diff\n  gitramp plan canary.yaml -o json",
		RunE: func(cmd *cobra.Command, args []string) error {
			apps, err := c.atTip(cmd.Context(), t, args)
			if err != nil {
				return err
			}
			return c.printPlans(apps, diff)
		},
	}
	t.flags(cmd)
	cmd.Flags().BoolVar(&diff, "diff", false, "show each step's change as a diff (without gitramp.lock, which changes in every step)")
	return cmd
}

// planView is a plan for programs.
type planView struct {
	APIVersion string            `json:"apiVersion"`
	Kind       string            `json:"kind"`
	App        string            `json:"app"`
	Namespace  string            `json:"namespace,omitempty"`
	Spec       string            `json:"spec"`
	Path       string            `json:"path"`
	Stable     map[string]string `json:"stable"`
	Canary     map[string]string `json:"canary"`
	At         string            `json:"at,omitempty"` // the step that the tree stands at
	Total      int               `json:"weightTotal"`
	Steps      []stepView        `json:"steps"`
}

type stepView struct {
	Index      int               `json:"index"`
	Name       string            `json:"name"`
	Transition render.Transition `json:"transition"`
	Weight     int               `json:"weight"`
	Replicas   replicasView      `json:"replicas"`
	Files      []fileView        `json:"files"`
	Hold       holdView          `json:"hold"`
	Diff       string            `json:"diff,omitempty"`
}

type replicasView struct {
	Prod   int `json:"prod"`
	Canary int `json:"canary"`
}

type fileView struct {
	Path string    `json:"path"`
	Op   render.Op `json:"op"`
}

type holdView struct {
	Settle string `json:"settle,omitempty"`
	Pause  string `json:"pause,omitempty"`
	Manual bool   `json:"manual,omitempty"`
}

func (c *cli) printPlans(apps []*app.App, diff bool) error {
	var views []planView
	for i, a := range apps {
		ramp, err := wholeRamp(a)
		if err != nil {
			return err
		}
		switch c.output {
		case "table":
			if i > 0 {
				fmt.Fprintln(c.out)
			}
			c.planTable(a, ramp, diff)
		case "markdown":
			c.planMarkdown(a, ramp, diff)
		default:
			views = append(views, newPlanView(a, ramp, diff))
		}
	}
	if views == nil {
		return nil
	}
	var data any = views[0]
	if len(views) > 1 {
		data = map[string]any{"apiVersion": render.APIVersion, "kind": "PlanList", "items": views}
	}
	if c.output == "yaml" {
		return c.printYAML(data)
	}
	return c.printJSON(data)
}

func newPlanView(a *app.App, ramp []rampStep, diff bool) planView {
	stable, canary := a.Images()
	m := a.Spec.Metadata
	v := planView{APIVersion: render.APIVersion, Kind: "Plan", App: m.Name, Namespace: m.Namespace, Spec: a.File, Path: a.Spec.OutputPath(),
		Stable: imageMap(stable), Canary: imageMap(canary), Total: a.Release.Plan.Total}
	if l := a.State.Lock; l != nil {
		v.At = fmt.Sprintf("%02d-%s", l.Step.Index, l.Step.Name)
	}
	for _, st := range ramp {
		sv := stepView{Index: st.Index, Name: st.Name, Transition: st.Transition, Weight: st.Weight, Replicas: replicasView{st.Prod, st.Canary}}
		for _, ch := range st.changes {
			sv.Files = append(sv.Files, fileView{ch.Path, ch.Op})
		}
		if st.HasCanary() {
			sv.Hold = holdView{Settle: st.Hold.Settle.String(), Manual: st.Hold.Manual}
			if st.Hold.Pause > 0 {
				sv.Hold.Pause = st.Hold.Pause.String()
			}
		}
		if diff {
			sv.Diff = unified(st.changes)
		}
		v.Steps = append(v.Steps, sv)
	}
	return v
}

func imageMap(images []render.ContainerImage) map[string]string {
	m := map[string]string{}
	for _, i := range images {
		m[i.Container] = i.Image
	}
	return m
}

func (c *cli) planTable(a *app.App, ramp []rampStep, diff bool) {
	fmt.Fprintln(c.out, c.paint(bold, headline(a)))
	fmt.Fprintf(c.out, "%s -> %s\n\n", a.File, a.Spec.OutputPath())
	w := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "STEP\tTRANSITION\tCANARY WEIGHT\tPODS\tCHANGES\tHOLD BEFORE THE NEXT STEP")
	total := a.Release.Plan.Total
	for _, st := range ramp {
		fmt.Fprintf(w, "%s\t%s\t%s %s\t%s\t%s\t%s\n", st.ID(), st.Transition, bar(st.Weight, total), percent(st.Weight, total),
			pods(st.Step), changesText(st), holdText(a.Release.Plan, st.Step))
	}
	w.Flush()
	fmt.Fprintf(c.out, "\n%s\n", summary(a, ramp))
	if diff {
		for _, st := range ramp {
			fmt.Fprintf(c.out, "\n%s\n%s", c.paint(bold, st.ID()), c.paintDiff(unified(st.changes)))
		}
	}
}

func (c *cli) planMarkdown(a *app.App, ramp []rampStep, diff bool) {
	fmt.Fprintf(c.out, "### %s\n\n", headline(a))
	fmt.Fprint(c.out, "| step | transition | canary weight | pods | changes | hold before the next step |\n| --- | --- | --- | --- | --- | --- |\n")
	total := a.Release.Plan.Total
	for _, st := range ramp {
		fmt.Fprintf(c.out, "| %s | %s | %s %s | %s | %s | %s |\n", st.ID(), st.Transition, bar(st.Weight, total), percent(st.Weight, total),
			pods(st.Step), changesText(st), holdText(a.Release.Plan, st.Step))
	}
	fmt.Fprintf(c.out, "\n%s\n", summary(a, ramp))
	if diff {
		for _, st := range ramp {
			fmt.Fprintf(c.out, "\n<details><summary>%s</summary>\n\n```diff\n%s```\n\n</details>\n", st.ID(), unified(st.changes))
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
func changesText(st rampStep) string {
	sign := map[render.Op]string{render.Added: "+", render.Changed: "~", render.Removed: "-"}
	var parts []string
	for _, ch := range st.changes {
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
func summary(a *app.App, ramp []rampStep) string {
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
