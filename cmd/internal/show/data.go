package show

import (
	"fmt"

	"github.com/gitramp/gitramp/render"
	"github.com/gitramp/gitramp/render/prove"
)

// Plan is a plan for programs.
type Plan struct {
	APIVersion string                `json:"apiVersion"`
	Kind       string                `json:"kind"`
	App        string                `json:"app"`
	Namespace  string                `json:"namespace,omitempty"`
	Spec       string                `json:"spec"`
	Path       string                `json:"path"`
	Stable     map[string]string     `json:"stable"`
	Canary     map[string]string     `json:"canary"`
	At         string                `json:"at,omitempty"`    // the step that the tree stands at
	Ends       render.Transition     `json:"ends,omitempty"`  // how the rollout on its way ends, where it does not go on
	Left       []string              `json:"left"`            // the commits that are left
	Stuck      string                `json:"stuck,omitempty"` // why none can be written
	Total      int                   `json:"weightTotal"`
	Config     []render.ConfigChange `json:"config,omitempty"` // what the new pods read otherwise
	Steps      []PlanStep            `json:"steps"`
	Proof      Proof                 `json:"proof"`
}

// PlanStep is one step of a Plan.
type PlanStep struct {
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

// NewPlan is the plan of an app, with each step's diff where asked.
func NewPlan(ramp Ramp, r prove.Result, diff bool) Plan {
	a := ramp.app
	stable, canary := ramp.coming.Images()
	m := a.Spec.Metadata
	v := Plan{APIVersion: render.APIVersion, Kind: "Plan", App: m.Name, Namespace: m.Namespace, Spec: a.File, Path: a.Spec.OutputPath(),
		Stable: imageMap(stable), Canary: imageMap(canary), Total: ramp.coming.Release.Plan.Total, Ends: ramp.ends, Proof: NewProof(r)}
	if l := a.State.Lock; l != nil {
		v.At = fmt.Sprintf("%02d-%s", l.Step.Index, l.Step.Name)
	}
	v.Config = ramp.coming.Release.ConfigChanges()
	left, why := Left(a)
	v.Left, v.Stuck = append([]string{}, left...), why
	for _, st := range ramp.Steps {
		sv := PlanStep{Index: st.Index, Name: st.Name, Transition: st.Transition, Weight: st.Weight, Replicas: replicasView{st.Prod, st.Canary}}
		for _, ch := range st.Changes {
			sv.Files = append(sv.Files, fileView{ch.Path, ch.Op})
		}
		if st.HasCanary() {
			sv.Hold = holdView{Settle: st.Hold.Settle.String(), Manual: st.Hold.Manual}
			if st.Hold.Pause > 0 {
				sv.Hold.Pause = st.Hold.Pause.String()
			}
		}
		if diff {
			sv.Diff = Unified(st.Changes)
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
