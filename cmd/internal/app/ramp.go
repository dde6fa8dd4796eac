package app

import (
	"github.com/gitramp/gitramp/render"
	"github.com/gitramp/gitramp/render/ask"
)

// Ramp is the whole ramp from what prod runs to what is asked for, as a spec writes it: the app's own, or one like it. No tree on its way pins anything.
func (a *App) Ramp(spec *render.Canary) ([]ask.Step, error) {
	r, err := render.NewRelease(spec, a.origin, a.revs, a.set.templates)
	if err != nil {
		return nil, err
	}
	var steps []ask.Step
	for _, st := range r.Plan.Steps {
		tree, _, err := r.Tree(st, nil)
		if err != nil {
			return nil, err
		}
		s, err := ask.At(st.ID(), tree)
		if err != nil {
			return nil, err
		}
		steps = append(steps, s)
	}
	return steps, nil
}
