//go:build unix

package main

import (
	"os"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/gitramp/gitramp/render/follow"
)

// TestPlugin runs what plugin.yaml says as Argo CD's repo-server does, in a clone without a branch: at every step it prints what the output path holds, in its order,
// and where .git did not come along it prints nothing and fails, for nobody knows the step then and an idle tree would prune the canary.
func TestPlugin(t *testing.T) {
	data, err := follow.Plugin()
	if err != nil {
		t.Fatal(err)
	}
	var plugin struct {
		Spec struct{ Generate struct{ Command []string } }
	}
	if err := yaml.Unmarshal(data, &plugin); err != nil || len(plugin.Spec.Generate.Command) == 0 {
		t.Fatal(err, plugin)
	}
	s := newSite(t)
	s.gitramp("work", 0, "install", "canary.yaml", "--push")
	seen := map[string]bool{}
	for turn := 1; turn < 12; turn++ {
		s.git(".", turn, "clone", "-q", "hub.git", "app")
		s.git("app", turn, "checkout", "-q", "--detach")
		printed, err := s.command("app", turn, plugin.Spec.Generate.Command...).Output()
		if want := listed(t, s.at("app/deploy/shop")); err != nil || string(printed) != want {
			t.Fatalf("turn %d: %v\n%s\nwant\n%s", turn, err, printed, want)
		}
		seen[string(printed)] = true
		if err := os.RemoveAll(s.at("app/.git")); err != nil {
			t.Fatal(err)
		}
		if printed, err := s.command("app", turn, plugin.Spec.Generate.Command...).Output(); err == nil || len(printed) > 0 {
			t.Fatalf("without .git: %v\n%s", err, printed)
		}
		if err := os.RemoveAll(s.at("app")); err != nil {
			t.Fatal(err)
		}
		s.try("work", turn, verb(turn, "advance", "--push")...)
	}
	if len(seen) < 6 {
		t.Errorf("only %d trees are seen", len(seen))
	}
}

// listed is the objects of an output path, in the order of its kustomization.
func listed(t *testing.T, dir string) string {
	t.Helper()
	list, err := os.ReadFile(dir + "/kustomization.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for line := range strings.Lines(string(list)) {
		if name, ok := strings.CutPrefix(strings.TrimSpace(line), "- "); ok {
			data, err := os.ReadFile(dir + "/" + name)
			if err != nil {
				t.Fatal(err)
			}
			b.WriteString("---\n" + string(data))
		}
	}
	return b.String()
}
