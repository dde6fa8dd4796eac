//go:build unix

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gitramp/gitramp/render"
)

// TestGitRevertOfEveryStep: for every fixture each commit of its release is the tip in turn, and is taken back by git revert. Status says so, advance moves nothing
// however late it is, and promote, or retry where no rollout is left, goes on from there as another attempt. GITRAMP_REVERTS says
// that so-many-th commits of so-many-th fixtures are tried (make chaos: all of all).
func TestGitRevertOfEveryStep(t *testing.T) {
	every, tried, all := 5, 0, 0
	if n, err := strconv.Atoi(os.Getenv("GITRAMP_REVERTS")); err == nil {
		every = max(n, 1)
	}
	for _, env := range []string{"GIT_AUTHOR_NAME=a", "GIT_COMMITTER_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_COMMITTER_EMAIL=a@example.com", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1"} {
		name, value, _ := strings.Cut(env, "=")
		t.Setenv(name, value)
	}
	var fixtures []string
	for _, pattern := range []string{"../../fixtures/bases/*/canary.yaml", "../../fixtures/*/canary.yaml"} {
		specs, err := filepath.Glob(pattern)
		if err != nil || len(specs) == 0 {
			t.Fatalf("no fixtures: %v", err)
		}
		fixtures = append(fixtures, specs...)
	}
	for i, spec := range fixtures {
		dir, err := filepath.Abs(filepath.Dir(spec))
		if err != nil {
			t.Fatal(err)
		}
		if i%every != 0 {
			continue
		}
		t.Run(filepath.Base(dir), func(t *testing.T) {
			r := newReverts(t, dir)
			all += len(r.tips) - 1
			for k := 1; k < len(r.tips); k++ {
				if (k+i/every)%every == 0 { // another one of each
					tried++
					r.revert(t, k)
				}
			}
		})
	}
	t.Logf("%d of the %d step commits of %d of %d fixtures taken back", tried, all, (len(fixtures)+every-1)/every, len(fixtures))
}

// reverts is a fixture in a repository, with its release committed.
type reverts struct {
	*site
	tips []string // of the branch: idle, and each step
}

func newReverts(t *testing.T, fixture string) *reverts {
	t.Helper()
	r := &reverts{site: &site{t, t.TempDir()}}
	if err := os.CopyFS(r.at("work"), os.DirFS(fixture)); err != nil {
		t.Fatal(err)
	}
	t.Chdir(r.at("work"))
	r.git("work", 0, "init", "-q", "--template=", "-b", "main")
	if _, err := os.Stat("was"); err == nil { // what prod ran before
		r.rename("base", "is")
		r.rename("was", "base")
	}
	r.keep("start")
	r.must(t, 1, "install", "canary.yaml")
	if _, err := os.Stat("is"); err == nil {
		r.rename("base", "was")
		r.rename("is", "base")
		r.keep("what is wanted")
	}
	from := r.tip("work")
	r.must(t, 2, "commit", "canary.yaml")
	r.tips = append([]string{from}, strings.Fields(r.git("work", 0, "rev-list", "--reverse", from+"..HEAD"))...)
	if len(r.tips) < 5 {
		t.Fatalf("a release of %d commits", len(r.tips)-1)
	}
	return r
}

func (r *reverts) rename(from, to string) {
	r.t.Helper()
	if err := os.Rename(r.at("work/"+from), r.at("work/"+to)); err != nil {
		r.t.Fatal(err)
	}
}

func (r *reverts) keep(message string) {
	r.t.Helper()
	r.git("work", 0, "add", "-A")
	r.git("work", 0, "commit", "-q", "-m", message)
}

// run runs a verb in this process, at a turn.
func (r *reverts) run(turn int, args ...string) (code int, out string) {
	var both bytes.Buffer
	at := time.Unix(int64(siteBegan+turn*siteTurn), 0).UTC().Format(time.RFC3339)
	if args[0] != "status" {
		args = append(args, "--date", at)
	}
	if args[0] != "commit" {
		args = append(args, "--now", at)
	}
	code = run(args, &both, &both, never)
	return code, both.String()
}

func (r *reverts) must(t *testing.T, turn int, args ...string) {
	t.Helper()
	if code, out := r.run(turn, args...); code != exitDone {
		t.Fatalf("gitramp %s: exit code %d: %s", strings.Join(args, " "), code, out)
	}
}

// lock is the one at the branch's tip.
func (r *reverts) lock(t *testing.T) render.Lock {
	t.Helper()
	path := r.git("work", 0, "ls-files", "*gitramp.lock")
	l, err := render.ReadLock(path, []byte(r.git("work", 0, "show", "HEAD:"+path)+"\n"))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// revert takes the k-th step back where it is the newest one.
func (r *reverts) revert(t *testing.T, k int) {
	t.Helper()
	const late = 1e6
	r.git("work", 0, "reset", "-q", "--hard", r.tips[k])
	r.git("work", 3, "revert", "--no-edit", "HEAD")
	tip, before := r.tip("work"), r.lock(t)
	what := fmt.Sprintf("step %d (%s) taken back", k, r.git("work", 0, "log", "-1", "--format=%s", r.tips[k]))
	wrong := func(format string, args ...any) { t.Helper(); t.Errorf("%s: %s", what, fmt.Sprintf(format, args...)) }
	if out, err := r.try("work", 0, "git", "diff", "--quiet", "HEAD", r.tips[k-1]); err != nil {
		wrong("the tree is not the one before it: %s", out)
	}
	code, out := r.run(late, "status", "canary.yaml", "-o", "json")
	var said struct {
		Items []struct {
			Phase        render.Transition
			Step         struct{ Index int }
			Next, Commit string
		}
	}
	if err := json.Unmarshal([]byte(out), &said); err != nil || code != exitDone || len(said.Items) != 1 {
		t.Fatalf("%s: status: exit code %d: %s", what, code, out)
	}
	if s := said.Items[0]; s.Phase != before.Phase || s.Step.Index != before.Step.Index || s.Commit != tip || s.Next != "" || !strings.Contains(out, "taken back by a person") {
		wrong("status: %s", out)
	}
	for _, turn := range []int{3, 4, late} {
		if code, out := r.run(turn, "advance"); code != exitWaiting || !strings.Contains(out, "taken back by a person") || r.tip("work") != tip {
			wrong("advance: exit code %d: %s", code, out)
		}
	}
	verb, want := "promote", k
	if before.Canary == nil {
		verb, want = "retry", 1
	}
	r.must(t, late, verb, "canary.yaml")
	after := r.lock(t)
	if after.Step.Index != want || after.Canary != nil && after.Attempt != 2 || after.Parent != before.Self {
		wrong("%s leads to step %d, as attempt %d", verb, after.Step.Index, after.Attempt)
	}
	code, out = r.run(2*late, "advance")
	switch moved := r.lock(t); {
	case strings.Contains(out, "taken back"):
		wrong("then advance: exit code %d: %s", code, out)
	case after.Canary == nil && (code != exitDone || moved.Self != after.Self):
		wrong("then advance, with nothing left: exit code %d: %s", code, out)
	case after.Canary != nil && after.Hold.Manual && (code != exitWaiting || moved.Self != after.Self):
		wrong("then advance, before a manual hold: exit code %d: %s", code, out)
	case after.Canary != nil && !after.Hold.Manual && (code != exitDone || moved.Step.Index != after.Step.Index+1):
		wrong("then advance: exit code %d: %s", code, out)
	}
}
