package app

import (
	"github.com/gitramp/gitramp/render"
	"github.com/gitramp/gitramp/render/ask"
)

// Other is another text in the place of the app's spec.
func (a *App) Other(text []byte) (*render.Canary, error) {
	set := NewSet()
	set.Committed, set.CommittedAlone = a.set.Committed, a.set.CommittedAlone
	other, err := set.ParseText(a.File, a.Root, a.origin, text)
	if err != nil {
		return nil, err
	}
	return other.Spec, nil
}

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
