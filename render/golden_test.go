package render_test

import (
	"bytes"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/gitramp/gitramp/render"
	"github.com/gitramp/gitramp/templates"
)

var update = flag.Bool("update", false, "rewrite golden/ (make golden)")

// TestGolden renders every step of every fixture. A golden is a directory: its paths are compared as a set, then the bytes.
func TestGolden(t *testing.T) {
	for _, name := range fixtures(t) {
		t.Run(name, func(t *testing.T) {
			got := map[string][]byte{}
			for _, s := range ramp(t, loadFixture(t, name)) {
				for _, f := range s.Tree {
					got[s.ID()+"/"+f.Path] = f.Data
				}
			}
			dir := filepath.Join("..", "golden", name)
			if *update {
				rewrite(t, dir, got)
			}
			compareDir(t, dir, got)
		})
	}
}

// TestGoldenHasNoStranger: a golden directory without a fixture would never be looked at again.
func TestGoldenHasNoStranger(t *testing.T) {
	entries, err := os.ReadDir("../golden")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Name() != "bases" && !slices.Contains(fixtures(t), e.Name()) { // those are held by the package that builds bases
			t.Errorf("golden/%s has no fixture", e.Name())
		}
	}
}

func rewrite(t *testing.T, dir string, files map[string][]byte) {
	t.Helper()
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	for path, data := range files {
		path = filepath.Join(dir, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func compareDir(t *testing.T, dir string, got map[string][]byte) {
	t.Helper()
	seen := map[string]bool{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		seen[rel] = true
		want, err := os.ReadFile(path)
		if data, ok := got[rel]; !ok {
			t.Errorf("%s/%s is not rendered any more", dir, rel)
		} else if !bytes.Equal(data, want) {
			t.Errorf("%s/%s differs; make golden, and read the diff. It is rendered as\n%s", dir, rel, data)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for path := range got {
		if !seen[path] {
			t.Errorf("%s/%s is missing: make golden", dir, path)
		}
	}
}

// shared templates let one test's objects be patched into the bytes of another's, as in a fleet.
var shared = render.NewTemplates(templates.FS)

// rendered is a step with its tree.
type rendered struct {
	render.Step
	Tree render.Tree
	Lock render.Lock
}

// ramp renders the whole release of a spec from its own stable revision.
func ramp(tb tester, c *render.Canary) []rendered {
	tb.Helper()
	r := release(tb, c, shared)
	var list []rendered
	var from *render.Lock
	for _, st := range r.Plan.Steps {
		tree, lock, err := r.Tree(st, from)
		if err != nil {
			tb.Fatal(err)
		}
		list, from = append(list, rendered{st, tree, *lock}), lock
	}
	return list
}

func fixtures(tb tester) []string {
	tb.Helper()
	paths, err := filepath.Glob("../fixtures/*/canary.yaml")
	if err != nil || len(paths) == 0 {
		tb.Fatalf("no fixtures: %v", err)
	}
	var names []string
	for _, p := range paths {
		names = append(names, filepath.Base(filepath.Dir(p)))
	}
	return names
}

func loadFixture(tb tester, name string) *render.Canary {
	tb.Helper()
	data, err := os.ReadFile("../fixtures/" + name + "/canary.yaml")
	if err != nil {
		tb.Fatal(err)
	}
	return parse(tb, string(data))
}

func parse(tb tester, text string) *render.Canary {
	tb.Helper()
	c, err := render.ParseSpec("canary.yaml", []byte(text))
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

// tester is what the helpers need of a test: a testing.TB or a *rapid.T.
type tester interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
	Errorf(format string, args ...any)
}
