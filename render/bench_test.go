package render_test

import (
	"testing"

	"github.com/gitramp/gitramp/render"
	"github.com/gitramp/gitramp/templates"
)

const benchSpec = `apiVersion: gitramp.dev/v1alpha1
kind: Canary
metadata: {name: demo}
spec:
  image: argoproj/rollouts-demo:green
  stable: {image: argoproj/rollouts-demo:blue}
  port: 8080
  replicas: 10
  route: {host: canary.demo, match: [{header: {name: X-Canary}}]}
  steps:
  - setWeight: 5
  - setWeight: 10
  - setWeight: 20
  - setWeight: 30
  - setWeight: 50
  - setWeight: 70
  - setWeight: 90
  - setWeight: 100
`

func BenchmarkParseSpec(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := render.ParseSpec("canary.yaml", []byte(benchSpec)); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRelease is all that is computed for one app of a fleet: parse, compile, and every step's tree.
func BenchmarkRelease(b *testing.B) {
	t := render.NewTemplates(templates.FS)
	b.ReportAllocs()
	for b.Loop() {
		c, err := render.ParseSpec("canary.yaml", []byte(benchSpec))
		if err != nil {
			b.Fatal(err)
		}
		var from *render.Lock
		r := release(b, c, t)
		for _, st := range r.Plan.Steps {
			if _, from, err = r.Tree(st, from); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// release compiles a spec from its own stable revision to what it asks for.
func release(tb tester, c *render.Canary, t *render.Templates) *render.Release {
	tb.Helper()
	canary, err := c.Revision(t)
	if err != nil {
		tb.Fatal(err)
	}
	stable, _, err := c.StableRevision(t)
	if err != nil {
		tb.Fatal(err)
	}
	r, err := render.NewRelease(c, "canary.yaml", render.Revisions{Stable: stable, Canary: canary}, t)
	if err != nil {
		tb.Fatal(err)
	}
	return r
}
