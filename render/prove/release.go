package prove

import (
	"github.com/gitramp/gitramp/render"
)

// Release renders what a proof of a release goes by: every step, and from each step with a canary the commits that lead back.
func Release(r *render.Release) (Input, error) {
	in := Input{Elsewhere: r.Elsewhere()}
	var from *render.Lock
	for i, st := range r.Plan.Steps {
		tree, lock, err := r.Tree(st, from)
		if err != nil {
			return in, err
		}
		in.Scaled = in.Scaled || st.Transition == render.Scale
		s := State{Name: st.ID(), Tree: tree}
		if st.Transition != render.Restore && st.Transition != render.Cleanup {
			s.Share = &Share{st.Weight, r.Plan.Total}
		}
		in.Steps = append(in.Steps, s)
		way, err := back(render.State{Lock: lock, Tree: tree}, st)
		if err != nil {
			return in, err
		}
		if way != nil {
			in.Ways = append(in.Ways, Way{i, way})
		}
		from = lock
	}
	return in, nil
}

// back are the commits of an abort. Superseding a revision writes the same ones.
func back(s render.State, st render.Step) ([]State, error) {
	var way []State
	for d := s.Abort(); d.Transition != ""; d = s.Finish("", render.Evidence{NoHolds: true}) {
		tree, lock, err := s.Turn(d)
		if err != nil {
			return nil, err
		}
		way = append(way, State{Name: string(d.Transition) + " at " + st.ID(), Tree: tree})
		s = render.State{Lock: lock, Tree: tree}
		if s.IsIdle() {
			break
		}
	}
	return way, nil
}
