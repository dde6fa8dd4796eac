package pulls

import (
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rhysd/actionlint"
	"go.yaml.in/yaml/v3"
)

// workflows are the files that are GitHub's or Gitea's.
var workflows = []string{"docs/pipelines/github/gitramp.yml", "docs/pipelines/github/gitramp-verify.yml", "docs/pipelines/gitea/gitramp.yml", "docs/pipelines/gitea/gitramp-verify.yml"}

// TestActionlint lints the workflows, and the steps of the action as if they were a workflow's, and, with shellcheck, their scripts.
func TestActionlint(t *testing.T) {
	texts := map[string]string{"action.yml": asWorkflow(t)}
	for _, name := range workflows {
		data, err := os.ReadFile("../../" + name)
		if err != nil {
			t.Fatal(err)
		}
		texts[name] = strings.ReplaceAll(string(data), "uses: https://github.com/", "uses: ") // Gitea's, which takes URLs
	}
	t.Run("scripts", func(t *testing.T) { need(t, "shellcheck") })
	shellcheck, _ := exec.LookPath("shellcheck") // without it the rest is linted
	lint, err := actionlint.NewLinter(io.Discard, &actionlint.LinterOptions{Shellcheck: shellcheck})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		found, err := lint.Lint(name, []byte(texts[name]), nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range found {
			t.Errorf("%s: %s", name, e)
		}
	}
	if found, err := lint.Lint("bad.yml", []byte("on: push\njobs: {a: {runs-on: ubuntu-latest, steps: [{run: 'echo ${{ github.event.issue.title }}'}]}}\n"), nil); err != nil || len(found) == 0 {
		t.Errorf("nothing is wrong with a script that takes a title in: %v", err)
	}
}

// asWorkflow is the action as a workflow that is called.
func asWorkflow(t *testing.T) string {
	a := read[action](t, "action.yml")
	inputs := map[string]any{}
	for name := range a.Inputs {
		inputs[name] = map[string]any{"type": "string"}
	}
	var steps []any
	for _, s := range a.Runs.Steps {
		step := map[string]any{}
		if s.Run != "" {
			step["run"], step["shell"], step["env"] = s.Run, "bash", s.Env
		} else {
			step["uses"], step["with"] = s.Uses, s.With
		}
		if s.If != "" {
			step["if"] = s.If
		}
		steps = append(steps, step)
	}
	data, err := yaml.Marshal(map[string]any{"on": map[string]any{"workflow_call": map[string]any{"inputs": inputs}},
		"jobs": map[string]any{"action": map[string]any{"runs-on": "ubuntu-latest", "steps": steps}}})
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// TestShellcheck lints the scripts that actionlint does not know.
func TestShellcheck(t *testing.T) {
	need(t, "shellcheck")
	for _, job := range []string{"gitramp-verify", "gitramp-propose"} {
		file := filepath.Join(t.TempDir(), "script.sh")
		if err := os.WriteFile(file, []byte(script(t, job)), 0o644); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command("shellcheck", "--shell=sh", "--exclude=SC2086", file).CombinedOutput(); err != nil { // $SPECS is words
			t.Errorf("%s: %v\n%s", job, err, out)
		}
	}
}

var pinned = regexp.MustCompile(`^[\w.-]+/[\w.-]+@[0-9a-f]{40}$`)

// TestPrivileges: what runs for a pull request can write nothing, what can write runs for no pull request, other people's actions are pinned, and no script has an
// expression in it.
func TestPrivileges(t *testing.T) {
	var all []step
	for _, name := range workflows {
		w := read[workflow](t, name)
		verifies := strings.HasSuffix(name, "-verify.yml")
		on, _ := yaml.Marshal(w.On)
		if strings.Contains(string(on), "pull_request_target") || strings.Contains(string(on), "pull_request") != verifies {
			t.Errorf("%s runs on %s", name, on)
		}
		if verifies && !maps.Equal(w.Permissions, map[string]string{"contents": "read"}) {
			t.Errorf("%s may %v", name, w.Permissions)
		}
		for _, job := range w.Jobs {
			if verifies && job.Permissions != nil {
				t.Errorf("%s: a job may %v", name, job.Permissions)
			}
			if checkout := job.Steps[0]; verifies && checkout.With["persist-credentials"] != false || !verifies && checkout.With["ref"] != "main" || checkout.With["fetch-depth"] != 0 {
				t.Errorf("%s checks out with %v", name, checkout.With)
			}
			all = append(all, job.Steps...)
		}
		data, err := os.ReadFile("../../" + name)
		if err != nil || strings.Contains(string(data), "secrets.") {
			t.Errorf("%s has secrets, or %v", name, err)
		}
	}
	for _, s := range append(all, read[action](t, "action.yml").Runs.Steps...) {
		if strings.Contains(s.Run, "${{") {
			t.Errorf("the script of %q has an expression in it: %s", s.Name, s.Run)
		}
		if own := strings.HasSuffix(s.Uses, "gitramp/gitramp@main"); s.Uses != "" && !own && !pinned.MatchString(s.Uses) {
			t.Errorf("%s is not pinned to a commit", s.Uses)
		}
	}
}
