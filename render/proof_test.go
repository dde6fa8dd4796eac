package render_test

import (
	"bytes"
	"regexp"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/gitramp/gitramp/render"
	"github.com/gitramp/gitramp/render/prove"
)

// TestPropProven: whatever a valid spec asks for, its release is safe at the level of its router, and is no longer as soon as somebody breaks it, which is
// done to every second one. Package prove goes by the objects, and knows nothing of the spec.
func TestPropProven(t *testing.T) {
	for _, broken := range []bool{false, true} { // rapid makes 100 specs at a time, and 200 are asked for; to break all of them takes more than 8 s of CPU
		rapid.Check(t, func(t *rapid.T) {
			text := specs(t)
			r := release(t, parse(t, text), shared)
			in, err := prove.Release(r)
			if err != nil {
				t.Fatal(err)
			}
			result, err := prove.Prove(in, prove.Options{})
			if err != nil {
				t.Fatalf("%v\n%s", err, text)
			}
			for _, s := range result.Stories {
				t.Errorf("%s\n%s", s, text)
			}
			if !broken {
				return
			}
			name := rapid.SampledFrom([]string{"prod at 0", "promoted too early", "a Service less", "an abort that does nothing"}).Draw(t, "fault")
			rule := plant(&in, r.Plan, name)
			if result, err = prove.Prove(in, prove.Options{}); err != nil {
				t.Fatalf("%s: %v\n%s", name, err, text)
			}
			if !slices.ContainsFunc(result.Stories, func(s prove.Story) bool { return s.Rule == rule }) {
				t.Fatalf("%s: no story of %s: %v\n%s", name, rule, result.Stories, text)
			}
		})
	}
}

var replicasLine = regexp.MustCompile(`(?m)^  replicas: \d+$`)

// plant breaks a release, and says which rule that breaks.
func plant(in *prove.Input, p render.Plan, name string) (rule string) {
	full := slices.IndexFunc(p.Steps, func(st render.Step) bool { return st.Transition == render.Promote }) - 1
	change := func(s *prove.State, path string, edit func([]byte) []byte) {
		s.Tree = slices.Clone(s.Tree)
		for i, f := range s.Tree {
			if f.Path == path {
				s.Tree[i].Data = edit(f.Data)
			}
		}
	}
	switch name {
	case "prod at 0":
		change(&in.Steps[full], "prod-deployment.yaml", func(d []byte) []byte { return replicasLine.ReplaceAll(d, []byte("  replicas: 0")) })
		return prove.ProdEmpty
	case "promoted too early":
		early, _ := in.Steps[full+1].Tree.Get("prod-deployment.yaml")
		change(&in.Steps[1], "prod-deployment.yaml", func([]byte) []byte { return early })
		return prove.Exposure
	case "a Service less":
		change(&in.Steps[full], render.KustomizationFile, func(d []byte) []byte { return bytes.Replace(d, []byte("- canary-service.yaml\n"), nil, 1) })
		return prove.Reference
	}
	for i, w := range in.Ways {
		if w.From == full {
			in.Ways[i].States[0].Tree = in.Steps[full].Tree
		}
	}
	return prove.Withdrawn
}
