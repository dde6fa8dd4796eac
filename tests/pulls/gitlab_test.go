package pulls

import (
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// script is what a GitLab job runs.
func script(t *testing.T, job string) string {
	t.Helper()
	file := read[map[string]yaml.Node](t, "docs/pipelines/gitlab/gitramp.yml")
	node := file[job]
	var j struct {
		Script []string `yaml:"script"`
	}
	if err := node.Decode(&j); err != nil || len(j.Script) != 1 {
		t.Fatalf("%s: %v %v", job, err, j)
	}
	return j.Script[0]
}

// recorder is a hook that writes down what was pushed, and with which options.
const recorder = `#!/bin/sh
while read -r old new ref; do echo "$ref ${old%"${old#?}"} ${new%"${new#?}"}"; done | sed 's/ 0/ -/g; s/ [0-9a-f]$/ +/; s/ [0-9a-f] / + /' >>"$RECORD"
i=0
while [ "$i" -lt "${GIT_PUSH_OPTION_COUNT:-0}" ]; do eval "printf '%s\n' \"\$GIT_PUSH_OPTION_$i\"" >>"$RECORD"; i=$((i+1)); done
`

// TestGitLab runs the jobs against a real repository that takes push options, and reads the options as GitLab does.
func TestGitLab(t *testing.T) {
	need(t, "jq", "git", "bash")
	s := newSite(t)
	s.write("hub.git/hooks/post-receive", recorder)
	propose := func() string {
		t.Helper()
		s.write("record", "")
		job := s.job()
		s.run(job, "git", "checkout", "-q", "--detach", "origin/main") // as a runner leaves it
		s.bash(job, script(t, "gitramp-propose"), "SPECS=.", "CI_COMMIT_BRANCH=main", "RECORD="+s.at("record"), "GITLAB_USER_NAME=Ada", "GITLAB_USER_EMAIL=ada@example.com")
		return s.text("record")
	}
	options := func(record string) map[string]string {
		found := map[string]string{}
		for line := range strings.Lines(record) {
			if name, value, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "="); ok && strings.HasPrefix(name, "merge_request.") {
				found[name] = strings.ReplaceAll(value, `\n`, "\n")
			}
		}
		return found
	}

	record := propose()
	o := options(record)
	if o["merge_request.title"] != "web/shop: prepare shop:2.4.0 (step 1/7)" || o["merge_request.target"] != "main" || !strings.Contains(record, "\nmerge_request.create\n") ||
		!strings.Contains(o["merge_request.description"], "\n### Steps\n") || !strings.Contains(o["merge_request.description"], "\n```diff\n--- /dev/null\n") {
		t.Errorf("the push says\n%s", record)
	}
	branch := s.proposals()
	if record := propose(); record != "" {
		t.Errorf("nothing has moved, and this is pushed:\n%s", record)
	}

	// The check, as GitLab checks a merge request out: at its head, detached.
	job := s.job()
	s.run(job, "git", "checkout", "-q", "--detach", "origin/"+branch)
	s.bash(job, script(t, "gitramp-verify"), "SPECS=.", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME=main")

	s.merge("squash", branch)
	record = propose()
	if want := "refs/heads/" + branch + " + -\n"; !strings.Contains(record, want) || options(record)["merge_request.title"] != "web/shop: shift to 20% (step 2/7)" {
		t.Errorf("the branch that is merged stays, or the next step is not there:\n%s", record)
	}
	s.bash(job, "git fetch -q; git checkout -q --detach "+branch+" 2>/dev/null || git checkout -q --detach origin/"+branch)
	s.merge("merge", s.proposals())
	if out, err := s.shell(job, script(t, "gitramp-verify"), "SPECS=.", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME=main"); err == nil {
		t.Errorf("the check of a step that main is beyond is green\n%s", out)
	}
}

// TestGitLabNewlines: a \n that stands in a manifest makes no new line of a description.
func TestGitLabNewlines(t *testing.T) {
	need(t, "jq", "git", "bash")
	s := newSite(t)
	s.edit("  port: 8080\n", "  port: 8080\n  env: [{name: A, value: 'one\\n## two'}]\n")
	s.write("hub.git/hooks/post-receive", recorder)
	s.write("record", "")
	s.bash(s.job(), script(t, "gitramp-propose"), "SPECS=.", "CI_COMMIT_BRANCH=main", "RECORD="+s.at("record"))
	if text := strings.ReplaceAll(s.text("record"), `\n`, "\n"); strings.Contains(text, "\n## two") || !strings.Contains(text, `\ n## two`) {
		t.Error(text)
	}
}
