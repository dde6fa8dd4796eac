package clients

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// hooksRepository is a local clone of this repository as it lies here, with a tag: what pre-commit installs from.
func hooksRepository(t *testing.T) string {
	t.Helper()
	to := t.TempDir()
	for _, name := range strings.Split(strings.TrimSuffix(string(run(t, "git", "-C", "../..", "ls-files", "-z", "--cached", "--others", "--exclude-standard")), "\x00"), "\x00") {
		if _, err := os.Stat("../../" + name); err == nil && !strings.HasPrefix(name, "golden/") {
			put(t, to, name, get(t, "../../"+name))
		}
	}
	for _, args := range [][]string{{"init", "-q"}, {"add", "-A"}, {"commit", "-qm", "as it lies here"}, {"tag", "v0.0.0"}} {
		within(t, to, append([]string{"git", "-c", "user.name=a", "-c", "user.email=a@example.com"}, args...)...)
	}
	return to
}

// TestPreCommit: the real pre-commit installs the hooks from a clone. The first run writes the manifests and is red, the second is green; so are edits, deletions and
// bad specs found, and a commit is refused until what was written is in it.
func TestPreCommit(t *testing.T) {
	need(t, "pre-commit")
	home := t.TempDir()
	t.Cleanup(func() { _ = exec.Command("chmod", "-R", "u+w", home).Run() }) // Go's module cache is read-only
	t.Setenv("PRE_COMMIT_HOME", home)
	t.Setenv("GOMODCACHE", strings.TrimSpace(string(run(t, "go", "env", "GOMODCACHE")))) // else each environment fetches all modules again
	for _, name := range []string{"GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME"} {
		t.Setenv(name, "Ada")
	}
	for _, name := range []string{"GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"} {
		t.Setenv(name, "ada@example.com")
	}
	dir := t.TempDir()
	within(t, dir, "git", "init", "-q")
	put(t, dir, ".pre-commit-config.yaml", "repos:\n- repo: "+hooksRepository(t)+"\n  rev: v0.0.0\n  hooks: [{id: gitramp-validate}, {id: gitramp-render}, {id: gitramp-check}]\n")
	put(t, dir, "canary.yaml", get(t, "../../fixtures/seed/canary.yaml"))
	within(t, dir, "git", "add", "-A")
	hooks := func(want map[string]string, says ...string) {
		t.Helper()
		out, said, err := attempt(t, dir, "pre-commit", "run", "--all-files", "--color", "never")
		red := strings.Contains(strings.Join([]string{want["validate"], want["render"], want["check"]}, " "), "Failed")
		if (err != nil) != red {
			t.Errorf("exit %v, want red %v:\n%s%s", err, red, out, said)
		}
		for name, verdict := range map[string]string{"validate canary specs": want["validate"], "render canary manifests": want["render"], "check canary manifests": want["check"]} {
			if line := lineWith(out, name); !strings.HasSuffix(line, verdict) {
				t.Errorf("%q, want %s:\n%s%s", line, verdict, out, said)
			}
		}
		for _, text := range says {
			if !strings.Contains(out, text) {
				t.Errorf("it does not say %q:\n%s", text, out)
			}
		}
	}
	green := map[string]string{"validate": "Passed", "render": "Passed", "check": "Passed"}
	with := func(name string) map[string]string {
		want := map[string]string{"validate": "Passed", "render": "Passed", "check": "Passed"}
		want[name] = "Failed"
		return want
	}
	hooks(with("render"), "create deploy/demo/prod-deployment.yaml", "git add :/deploy/demo, and commit again")
	if got, want := get(t, dir+"/deploy/demo/prod-deployment.yaml"), get(t, "../../golden/seed/00-idle/prod-deployment.yaml"); got != want {
		t.Errorf("the first run writes\n%s\nwant\n%s", got, want)
	}
	within(t, dir, "git", "add", ":/deploy/demo")
	hooks(green)

	if err := os.Remove(filepath.Join(dir, "deploy/demo/prod-ingress.yaml")); err != nil {
		t.Fatal(err)
	}
	hooks(map[string]string{"validate": "Passed", "render": "Failed", "check": "Failed"}, "is missing")
	within(t, dir, "git", "restore", ":/deploy/demo")
	put(t, dir, "deploy/demo/prod-service.yaml", get(t, dir+"/deploy/demo/prod-service.yaml")+"# edited\n")
	within(t, dir, "git", "add", "-A")
	hooks(map[string]string{"validate": "Passed", "render": "Failed", "check": "Failed"}, "deploy/demo/prod-service.yaml was edited since gitramp wrote it")
	within(t, dir, "sh", "-c", "sed -i '/# edited/d' deploy/demo/prod-service.yaml && git add -A")

	text := get(t, dir+"/canary.yaml")
	put(t, dir, "canary.yaml", strings.Replace(text, "setWeight: 20", "setWeight: 120", 1))
	within(t, dir, "git", "add", "-A")
	hooks(map[string]string{"validate": "Failed", "render": "Failed", "check": "Failed"}, `spec.steps[0].setWeight: value "120" is invalid: allowed 0 to 100`)

	put(t, dir, "canary.yaml", text)
	within(t, dir, "git", "add", "-A")
	within(t, dir, "pre-commit", "install")
	within(t, dir, "git", "commit", "-qm", "green")
	put(t, dir, "canary.yaml", strings.Replace(text, "replicas: 1", "replicas: 3", 1))
	if out, said, err := attempt(t, dir, "git", "commit", "-qam", "red"); err == nil {
		t.Errorf("a commit without its manifests is not refused:\n%s%s", out, said)
	}
	within(t, dir, "git", "commit", "-qam", "with its manifests")
	if log := within(t, dir, "git", "show", "--stat", "--format=%s", "HEAD"); !strings.Contains(log, "deploy/demo/prod-deployment.yaml") {
		t.Errorf("the commit is\n%s", log)
	}
	hooksOfABase(t, dir)
}

// hooksOfABase: where a base alone changes, and no spec, a commit is refused until what comes of it is in it.
func hooksOfABase(t *testing.T, dir string) {
	t.Helper()
	copyDir(t, "../../fixtures/bases/hpa", dir+"/web")
	refused := func(what, file string) {
		t.Helper()
		within(t, dir, "git", "add", "-A")
		if out, said, err := attempt(t, dir, "git", "commit", "-qm", what); err == nil || !strings.Contains(out+said, file) {
			t.Errorf("%s: a commit without its manifests is not refused, or not for want of %s: %v\n%s%s", what, file, err, out, said)
		}
		within(t, dir, "git", "add", "-A")
		within(t, dir, "git", "commit", "-qm", what)
	}
	refused("an app with a base", "prod-deployment.yaml")
	app := get(t, dir+"/web/base/app.yaml")
	put(t, dir, "web/base/app.yaml", strings.Replace(app, "maxReplicas: 12", "maxReplicas: 15", 1))
	refused("the base alone", "prod-horizontalpodautoscaler-api.yaml")
	put(t, dir, "web/base/app.yaml", strings.Replace(app, "kind: Service", "kind: Servise", 1))
	within(t, dir, "git", "add", "-A")
	if out, said, err := attempt(t, dir, "git", "commit", "-qm", "a base without its Service"); err == nil || !strings.HasSuffix(lineWith(out+said, "validate canary specs"), "Failed") {
		t.Errorf("a base without its Service: %v\n%s%s", err, out, said)
	}
}

func lineWith(text, word string) string {
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, word) {
			return strings.TrimSpace(line)
		}
	}
	return ""
}
