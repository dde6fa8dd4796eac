package render_test

import (
	"os"
	"strings"
	"testing"
)

// TestSpecIsAFixture: the specs in docs/spec.md are those of the fixtures, so they render at every step.
func TestSpecIsAFixture(t *testing.T) {
	text, err := os.ReadFile("../docs/spec.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := strings.Split(string(text), "```yaml\n")[1:]
	for i, name := range []string{"all-fields", "all-fields-gateway"} {
		fixture, err := os.ReadFile("../fixtures/" + name + "/canary.yaml")
		if err != nil || len(blocks) != 2 {
			t.Fatal(err, len(blocks))
		}
		block, _, _ := strings.Cut(blocks[i], "```")
		if _, spec, _ := strings.Cut(string(fixture), "\n"); block != spec {
			t.Errorf("the spec in docs/spec.md is not fixtures/%s/canary.yaml", name)
		}
	}
}
