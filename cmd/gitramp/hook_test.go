package main

import (
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/gitramp/gitramp/cmd/internal/app"
)

// TestHooks: each hook is a verb with flags that there are, and its files are those that specs are called as. tests/clients has the real pre-commit run them.
func TestHooks(t *testing.T) {
	data, err := os.ReadFile("../../.pre-commit-hooks.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var hooks []struct{ ID, Entry, Language, Files string }
	if err := yaml.Unmarshal(data, &hooks); err != nil || len(hooks) != 3 {
		t.Fatal(hooks, err)
	}
	root := (&cli{out: io.Discard, err: io.Discard}).root()
	for _, h := range hooks {
		words := strings.Fields(h.Entry)
		if why := unknownWord(root, nil, words[0], words[1:]); why != "" || words[0] != "gitramp" || h.Language != "golang" {
			t.Errorf("%s: %s: %s", h.ID, h.Entry, why)
		}
		files := regexp.MustCompile(h.Files)
		for _, name := range []string{"canary.yaml", "canary.shop-2.yml", "canary_.yaml", "mycanary.yaml", "canary.json", "canary..yaml"} {
			if got, want := files.MatchString("apps/"+name), app.IsSpecName(name); got != want && h.ID != "gitramp-check" {
				t.Errorf("%s: takes %s: %v, want %v", h.ID, name, got, want)
			}
		}
	}
}

// TestOneMain: pre-commit runs go install ./... and would install each main package of the module.
func TestOneMain(t *testing.T) {
	cmd := exec.Command("go", "list", "-f", `{{if eq .Name "main"}}{{.ImportPath}}{{end}}`, "./...")
	cmd.Dir = "../.."
	out, err := cmd.Output()
	if got := strings.Fields(string(out)); err != nil || len(got) != 1 || got[0] != "github.com/gitramp/gitramp/cmd/gitramp" {
		t.Errorf("main packages are %v (%v)", got, err)
	}
}

// TestAsFunction: a program called gitramp-fn is gitramp fn, and no other is.
func TestAsFunction(t *testing.T) {
	for name, want := range map[string]string{"/usr/bin/gitramp": "plan", "/usr/bin/gitramp-fn": "fn plan", "gitramp-fn.exe": "fn plan", "gitramp-fns": "plan"} {
		if got := strings.Join(asFunction([]string{name, "plan"}), " "); got != want {
			t.Errorf("%s plan: %s, want %s", name, got, want)
		}
	}
}
