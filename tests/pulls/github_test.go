package pulls

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// quiet is an output in which the runner takes nothing for a command: from its first line to its last.
var quiet = regexp.MustCompile(`(?s)\A::stop-commands::([0-9a-f]{32})\n.*\n::([0-9a-f]{32})::\n\z`)

// TestGitHub runs the steps of action.yml through the life of a release: with the real gh, on a clone as a job has it.
func TestGitHub(t *testing.T) {
	need(t, "gh", "jq", "git", "bash")
	s := newSite(t)
	g := newGitHub(t, s)
	steps := read[action](t, "action.yml").Runs.Steps
	propose := func() string {
		t.Helper()
		_ = os.Remove(s.at("output"))
		out := s.bash(s.job(), named(t, steps, "propose"), "SPECS=.", "GH_TOKEN="+token, "GH_ENTERPRISE_TOKEN="+token)
		if strings.Contains(out+s.text("output")+s.text("summary"), token) {
			t.Fatal("the token is printed")
		}
		return out
	}
	verify := func(number string) (string, error) { // as GitHub checks a pull request out: merged into its base
		t.Helper()
		job := s.job()
		branch := g.pulls[len(g.pulls)-1].Head.Ref
		s.run(job, "git", "checkout", "-q", "--detach", "origin/main")
		s.run(job, "git", "merge", "-q", "--no-ff", "-m", "Merge "+number, "origin/"+branch)
		out, err := s.shell(job, named(t, steps, "verify"), "SPECS=.", "AGAINST=origin/main")
		if stop := quiet.FindStringSubmatch(out); stop == nil || stop[1] != stop[2] {
			t.Errorf("the runner would take commands from it:\n%s", out)
		}
		return out, err
	}
	want := func(lines ...string) {
		t.Helper()
		if got := g.state(); got != strings.Join(lines, "\n") {
			t.Fatalf("the pull requests are\n%s\nwant\n%s", got, strings.Join(lines, "\n"))
		}
	}

	propose()
	want("1 open web/shop: prepare shop:2.4.0 (step 1/7)")
	if p := g.pulls[0]; p.Base.Ref != "main" || !strings.Contains(p.Body, "**Merging is the approval and the deployment**") || !strings.Contains(p.Body, "| ▶ | `01-prepare` |") {
		t.Errorf("the pull request says\n%s", p.Body)
	}
	if out := s.text("output"); !strings.Contains(out, `pull-requests=[{"app":"web/shop","branch":"`+g.pulls[0].Head.Ref+`","number":1,"url":"https://github.localhost/acme/shop/pull/1"}]`) {
		t.Errorf("the output is %s", out)
	}
	if out, err := verify("1"); err != nil {
		t.Errorf("the check of a step is red: %v\n%s", err, out)
	}
	before := g.writes()
	propose()
	if g.writes() != before {
		t.Errorf("nothing has moved, and the API was written to: %v", g.asked)
	}

	g.merge(t, "merge", 1)
	propose()
	want("1 merged web/shop: prepare shop:2.4.0 (step 1/7)", "2 open web/shop: shift to 20% (step 2/7)")
	g.merge(t, "squash", 2)
	propose() // the manual pause is what a person merges away
	g.merge(t, "rebase", 3)
	propose()
	want("1 merged web/shop: prepare shop:2.4.0 (step 1/7)", "2 merged web/shop: shift to 20% (step 2/7)", "3 merged web/shop: shift to 50% (step 3/7)",
		"4 open web/shop: shift to 100% (step 4/7)")

	// Another revision: the step is withdrawn, which closes its pull request, and the way back is proposed.
	s.edit("shop:2.4.0", "shop:2.5.0")
	propose()
	want("1 merged web/shop: prepare shop:2.4.0 (step 1/7)", "2 merged web/shop: shift to 20% (step 2/7)", "3 merged web/shop: shift to 50% (step 3/7)",
		"4 closed web/shop: shift to 100% (step 4/7)", "5 open web/shop: supersede shop:2.4.0 (at step 3/7)")
	if out, err := verify("5"); err != nil {
		t.Errorf("the check of a way back is red: %v\n%s", err, out)
	}

	// A person closes it: it is not opened again, and reopening it brings it back.
	g.pulls[4].State = "closed"
	if out := propose(); !strings.Contains(out, "was closed by a person") || len(g.pulls) != 5 {
		t.Errorf("%d pull requests\n%s", len(g.pulls), out)
	}
	g.pulls[4].State = "open"
	g.pulls[4].Title = "somebody else's words"
	propose()
	if g.pulls[4].Title != "web/shop: supersede shop:2.4.0 (at step 3/7)" {
		t.Errorf("the title is %q", g.pulls[4].Title)
	}

	// Another transition, made by hand on top of the proposal: the check is red, and nobody's work is written over.
	branch := g.pulls[4].Head.Ref
	s.run("work", "git", "fetch", "-q")
	s.run("work", "git", "switch", "-q", branch)
	s.run("work", "sh", "-c", "echo more >>deploy/web/shop/prod-deployment.yaml")
	s.run("work", "git", "commit", "-q", "-a", "-m", "by hand")
	s.run("work", "git", "push", "-q", "origin", branch)
	if out, err := verify("5"); err == nil {
		t.Errorf("the check of an edited step is green\n%s", out)
	}
	out, err := s.shell(s.job(), named(t, steps, "propose"), "SPECS=.", "GH_TOKEN="+token, "GH_ENTERPRISE_TOKEN="+token)
	if err == nil || !strings.Contains(out, "gitramp did not write that") {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestGitHubRefuses: where the API says no the step fails, and the next run opens the pull request, for the branch is there.
func TestGitHubRefuses(t *testing.T) {
	need(t, "gh", "jq", "git", "bash")
	s := newSite(t)
	g := newGitHub(t, s)
	script := named(t, read[action](t, "action.yml").Runs.Steps, "propose")
	g.fail = 503
	out, err := s.shell(s.job(), script, "SPECS=.", "GH_TOKEN="+token, "GH_ENTERPRISE_TOKEN="+token)
	if err == nil || strings.Contains(out, token) || g.state() != "" {
		t.Fatalf("%v\n%s\n%s", err, out, g.state())
	}
	g.fail, g.blind = 0, true
	if out, err := s.shell(s.job(), script, "SPECS=.", "GH_TOKEN="+token, "GH_ENTERPRISE_TOKEN="+token); err == nil || !strings.Contains(s.text("output"), "pull-requests=[]") {
		t.Errorf("what cannot be read ends the step before it has said what is open: %v\n%s", err, out)
	}
	_ = os.Remove(s.at("output"))
	g.blind = false
	s.bash(s.job(), script, "SPECS=.", "GH_TOKEN="+token, "GH_ENTERPRISE_TOKEN="+token)
	if g.state() != "1 open web/shop: prepare shop:2.4.0 (step 1/7)" {
		t.Error(g.state())
	}
	if out, err := s.shell(s.job(), script, "SPECS=.", "GH_TOKEN=wrong", "GH_ENTERPRISE_TOKEN=wrong"); err == nil {
		t.Errorf("a wrong token is fine\n%s", out)
	}
}
