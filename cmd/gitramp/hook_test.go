package main

import (
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// TestHooks: each hook is a verb with flags that there are, and runs whatever file is committed, since any may be one of a base. tests/clients has the real pre-commit
// run them.
func TestHooks(t *testing.T) {
	data, err := os.ReadFile("../../.pre-commit-hooks.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var hooks []struct {
		ID, Entry, Language, Files string
		Args                       []string
		AlwaysRun                  bool `yaml:"always_run"`
		PassFilenames              bool `yaml:"pass_filenames"`
	}
	if err := yaml.Unmarshal(data, &hooks); err != nil || len(hooks) != 3 {
		t.Fatal(hooks, err)
	}
	root := (&cli{out: io.Discard, err: io.Discard}).root()
	for _, h := range hooks {
		words := strings.Fields(h.Entry)
		if why := unknownWord(root, nil, words[0], words[1:]); why != "" || words[0] != "gitramp" || h.Language != "golang" {
			t.Errorf("%s: %s: %s", h.ID, h.Entry, why)
		}
		if !h.AlwaysRun || h.PassFilenames || h.Files != "" || !slices.Equal(h.Args, []string{"."}) {
			t.Errorf("%s: does not run over all specs at each commit: %+v", h.ID, h)
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
