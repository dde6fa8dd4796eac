package prove_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/gitramp/gitramp/render"
	"github.com/gitramp/gitramp/render/prove"
	"github.com/gitramp/gitramp/templates"
)

var shared = render.NewTemplates(templates.FS)

// release compiles a spec from its own stable revision.
func release(tb testing.TB, text string) *render.Release {
	tb.Helper()
	c, err := render.ParseSpec("canary.yaml", []byte(text))
	if err != nil {
		tb.Fatal(err)
	}
	canary, err := c.Revision(shared)
	if err != nil {
		tb.Fatal(err)
	}
	stable, _, err := c.StableRevision(shared)
	if err != nil {
		tb.Fatal(err)
	}
	r, err := render.NewRelease(c, "canary.yaml", render.Revisions{Stable: stable, Canary: canary}, shared)
	if err != nil {
		tb.Fatal(err)
	}
	return r
}

func input(tb testing.TB, text string) prove.Input {
	tb.Helper()
	in, err := prove.Release(release(tb, text))
	if err != nil {
		tb.Fatal(err)
	}
	return in
}

func proven(tb testing.TB, in prove.Input, o prove.Options) prove.Result {
	tb.Helper()
	r, err := prove.Prove(in, o)
	if err != nil {
		tb.Fatal(err)
	}
	return r
}

func fixture(tb testing.TB, name string) string {
	tb.Helper()
	text, err := os.ReadFile(filepath.Join("../../fixtures", name, "canary.yaml"))
	if err != nil {
		tb.Fatal(err)
	}
	return string(text)
}

// TestFixtures: every fixture is safe at the level of its router.
func TestFixtures(t *testing.T) {
	paths, err := filepath.Glob("../../fixtures/*/canary.yaml")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no fixtures: %v", err)
	}
	for _, path := range paths {
		name := filepath.Base(filepath.Dir(path))
		t.Run(name, func(t *testing.T) {
			r := proven(t, input(t, fixture(t, name)), prove.Options{})
			for _, s := range r.Stories {
				t.Errorf("%s", s)
			}
		})
	}
}
