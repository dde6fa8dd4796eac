package render_test

import (
	"testing"
	"time"

	"github.com/gitramp/gitramp/render"
	"github.com/gitramp/gitramp/render/prove"
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

// BenchmarkProof is the proof of the seed: alone, and as one more app of a shape that was proven. x-release is how often the release itself could be rendered in
// the same time; both are measured in turns.
func BenchmarkProof(b *testing.B) {
	c := loadFixture(b, "seed")
	t := render.NewTemplates(templates.FS)
	for name, run := range map[string]func(*prove.Cache, *render.Release) (prove.Result, error){
		"alone": func(_ *prove.Cache, r *render.Release) (prove.Result, error) {
			return new(prove.Cache).Release(r, nil, prove.Options{})
		},
		"shared": func(c *prove.Cache, r *render.Release) (prove.Result, error) {
			return c.Release(r, nil, prove.Options{})
		},
	} {
		b.Run(name, func(b *testing.B) {
			var cache prove.Cache
			var rendering, proving time.Duration
			b.ReportAllocs()
			for b.Loop() {
				start := time.Now()
				r := release(b, c, t)
				for _, st := range r.Plan.Steps {
					if _, err := r.Objects(st); err != nil {
						b.Fatal(err)
					}
				}
				rendered := time.Now()
				if result, err := run(&cache, r); err != nil || !result.Proven() {
					b.Fatal(result, err)
				}
				rendering, proving = rendering+rendered.Sub(start), proving+time.Since(rendered)
			}
			b.ReportMetric(float64(proving)/float64(rendering), "x-release")
			b.ReportMetric(float64(proving.Microseconds())/float64(b.N), "us/proof")
		})
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
