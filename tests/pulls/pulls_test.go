// Package pulls runs the shell steps of the pipelines as they stand in their YAML, against real repositories, with the real gh, git's real push options and a forge
// that keeps pull requests in memory. It is a module of its own so that actionlint and a Markdown parser are no dependencies of gitramp.
package pulls

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"
)

// step is a step of a workflow or an action.
type step struct {
	Name string            `yaml:"name"`
	Uses string            `yaml:"uses"`
	If   string            `yaml:"if"`
	Run  string            `yaml:"run"`
	With map[string]any    `yaml:"with"`
	Env  map[string]string `yaml:"env"`
}

// read decodes a YAML file of the repository.
func read[T any](t *testing.T, name string) T {
	t.Helper()
	data, err := os.ReadFile("../../" + name)
	if err != nil {
		t.Fatal(err)
	}
	var v T
	if err := yaml.Unmarshal(data, &v); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return v
}

type action struct {
	Inputs map[string]any `yaml:"inputs"`
	Runs   struct {
		Steps []step `yaml:"steps"`
	} `yaml:"runs"`
}

type workflow struct {
	On          any               `yaml:"on"`
	Permissions map[string]string `yaml:"permissions"`
	Jobs        map[string]struct {
		Permissions map[string]string `yaml:"permissions"`
		Steps       []step            `yaml:"steps"`
	} `yaml:"jobs"`
}

// named is the script of a step.
func named(t *testing.T, steps []step, name string) string {
	t.Helper()
	for _, s := range steps {
		if s.Name == name && s.Run != "" {
			return s.Run
		}
	}
	t.Fatalf("there is no step %q", name)
	return ""
}

// need skips a test without its programs, and says why .ci/tools could not get one. In CI what could be had and is not there fails it.
func need(t *testing.T, programs ...string) {
	t.Helper()
	verdicts, _ := os.ReadFile("../../out/clients/missing") // nothing, where .ci/tools did not run
	for _, what := range programs {
		if _, err := exec.LookPath(what); err == nil {
			continue
		}
		for _, line := range strings.Split(string(verdicts), "\n") {
			if why, is := strings.CutPrefix(line, what+": "); is {
				t.Skipf("%s is not tried: %s", what, why)
			}
		}
		if os.Getenv("CI") == "true" {
			t.Fatalf("%s is not installed here, and CI=true (.ci/tools installs it)", what)
		}
		t.Skipf("%s is not tried: it is not installed here (.ci/tools installs it)", what)
	}
}

const spec = `apiVersion: gitramp.dev/v1alpha1
kind: Canary
metadata: {name: shop, namespace: web}
spec:
  image: registry.example.com/shop:2.4.0
  stable: {image: registry.example.com/shop:2.3.1}
  port: 8080
  settle: 1m
  route: {host: shop.example.com}
  steps:
  - setWeight: 20
  - pause: {}
  - setWeight: 50
`

// site is a repository that is pushed to, a person's clone of it, and the clone of a job.
type site struct {
	t    *testing.T
	dir  string
	env  []string
	hour int // each commit is an hour after the one before it, and all are long ago: no hold of the spec is left
}

// newSite builds gitramp as the action does, and installs the app.
func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{t: t, dir: t.TempDir()}
	for _, dir := range []string{"home", "runner"} {
		if err := os.Mkdir(s.at(dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	s.env = append(os.Environ(), "HOME="+s.at("home"), "GIT_CONFIG_NOSYSTEM=1", "LC_ALL=C.UTF-8", "RUNNER_TEMP="+s.at("runner"), "GITHUB_OUTPUT="+s.at("output"),
		"GITHUB_PATH="+s.at("path"), "GITHUB_STEP_SUMMARY="+s.at("summary"))
	for _, name := range []string{"GOCACHE", "GOMODCACHE", "GOPATH"} {
		out, err := exec.Command("go", "env", name).Output()
		if err != nil {
			t.Fatal(err)
		}
		s.env = append(s.env, name+"="+strings.TrimSpace(string(out)))
	}
	top, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	s.bash(".", named(t, read[action](t, "action.yml").Runs.Steps, "install"), "ACTION="+top)
	path, err := os.ReadFile(s.at("path"))
	if err != nil {
		t.Fatal(err)
	}
	s.env = append(s.env, "PATH="+strings.TrimSpace(string(path))+":"+os.Getenv("PATH"))
	s.run(".", "git", "init", "-q", "--bare", "-b", "main", "hub.git")
	s.run(".", "git", "-C", "hub.git", "config", "receive.advertisePushOptions", "true")
	s.run(".", "git", "clone", "-q", "hub.git", "work")
	s.write("work/canary.yaml", spec)
	s.run("work", "git", "switch", "-q", "-C", "main")
	s.run("work", "git", "add", "canary.yaml")
	s.run("work", "git", "commit", "-q", "-m", "canary of shop")
	s.run("work", "git", "push", "-q", "-u", "origin", "main")
	s.run("work", "gitramp", "install", "canary.yaml", "--push")
	return s
}

func (s *site) at(name string) string { return filepath.Join(s.dir, name) }

func (s *site) write(name, text string) {
	s.t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(s.at(name)), 0o755), os.WriteFile(s.at(name), []byte(text), 0o755)); err != nil {
		s.t.Fatal(err)
	}
}

func (s *site) text(name string) string {
	s.t.Helper()
	data, err := os.ReadFile(s.at(name))
	if err != nil {
		s.t.Fatal(err)
	}
	return string(data)
}

// try runs a program as a person, an hour after the last one.
func (s *site) try(dir string, env []string, argv ...string) (string, error) {
	cmd := exec.Command(argv[0], argv[1:]...)
	date := fmt.Sprintf("@%d +0000", 1700000000+3600*s.hour)
	s.hour++
	cmd.Dir = s.at(dir)
	cmd.Env = append(append([]string{}, s.env...), "GIT_AUTHOR_NAME=Ada", "GIT_AUTHOR_EMAIL=ada@example.com", "GIT_AUTHOR_DATE="+date,
		"GIT_COMMITTER_NAME=Ada", "GIT_COMMITTER_EMAIL=ada@example.com", "GIT_COMMITTER_DATE="+date)
	cmd.Env = append(cmd.Env, env...)
	if path := s.path(); path != "" {
		if found, err := exec.LookPath(filepath.Join(path, argv[0])); err == nil {
			cmd.Path, cmd.Err = found, nil
		}
	}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	return out.String(), err
}

// path is the directory of the gitramp that the action has built.
func (s *site) path() string {
	data, err := os.ReadFile(s.at("path"))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(data))
}

func (s *site) run(dir string, argv ...string) string {
	s.t.Helper()
	out, err := s.try(dir, nil, argv...)
	if err != nil {
		s.t.Fatalf("%s: %v\n%s", strings.Join(argv, " "), err, out)
	}
	return strings.TrimSpace(out)
}

// shell runs a script as a runner would, in a clone.
func (s *site) shell(dir, script string, env ...string) (string, error) {
	name := fmt.Sprintf("script-%d.sh", time.Now().UnixNano())
	s.write(name, script)
	return s.try(dir, env, "bash", "--noprofile", "--norc", "-eo", "pipefail", s.at(name))
}

func (s *site) bash(dir, script string, env ...string) string {
	s.t.Helper()
	out, err := s.shell(dir, script, env...)
	if err != nil {
		s.t.Fatalf("%v\n%s", err, out)
	}
	return out
}

// job is a fresh clone of the hub, as a job has it.
func (s *site) job(clone ...string) string {
	s.t.Helper()
	dir := fmt.Sprintf("job-%d", time.Now().UnixNano())
	s.run(".", append(append([]string{"git", "clone", "-q"}, clone...), "hub.git", dir)...)
	return dir
}

// proposals are the branches of the hub.
func (s *site) proposals() string {
	s.t.Helper()
	return s.run("hub.git", "git", "for-each-ref", "--format=%(refname:lstrip=2)", "refs/heads/gitramp")
}

// edit changes the spec at main.
func (s *site) edit(old, now string) {
	s.t.Helper()
	s.run("work", "git", "pull", "-q", "--ff-only")
	text := s.text("work/canary.yaml")
	if strings.Count(text, old) != 1 {
		s.t.Fatalf("%q stands %d times in the spec", old, strings.Count(text, old))
	}
	s.write("work/canary.yaml", strings.Replace(text, old, now, 1))
	s.run("work", "git", "commit", "-q", "-a", "-m", "spec: "+now)
	s.run("work", "git", "push", "-q")
}

// merge merges a branch of the hub into main, in one of the ways that a forge has.
func (s *site) merge(how, branch string) {
	s.t.Helper()
	s.run("work", "git", "fetch", "-q", "origin", "+refs/heads/*:refs/remotes/origin/*")
	s.run("work", "git", "pull", "-q", "--ff-only", "origin", "main")
	switch how {
	case "merge":
		s.run("work", "git", "merge", "-q", "--no-ff", "-m", "Merge "+branch, "origin/"+branch)
	case "squash":
		s.run("work", "git", "merge", "-q", "--squash", "origin/"+branch)
		s.run("work", "git", "commit", "-q", "-m", branch)
	case "rebase":
		s.run("work", "git", "cherry-pick", "origin/"+branch)
	}
	s.run("work", "git", "push", "-q", "origin", "main")
}
