package git

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// fixture is a repository and the environment that it is used with: nothing of the machine's own configuration.
type fixture struct {
	t   testing.TB
	dir string
	env []string
	bin string
}

var day = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func environ(home string) []string {
	return []string{"PATH=" + os.Getenv("PATH"), "HOME=" + home, "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=" + filepath.Join(home, "gitconfig"),
		"GIT_AUTHOR_NAME=Ann", "GIT_AUTHOR_EMAIL=ann@example.org", "GIT_COMMITTER_NAME=Con", "GIT_COMMITTER_EMAIL=con@example.org"}
}

// empty makes a new repository; args go to git init.
func empty(t testing.TB, args ...string) *fixture {
	t.Helper()
	f := &fixture{t: t, dir: filepath.Join(t.TempDir(), "re po"), bin: gitBin(t)}
	f.env = environ(t.TempDir())
	cmd := exec.Command("git", append(append([]string{"init", "-q", "-b", "main"}, args...), f.dir)...)
	cmd.Env = f.env
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return f
}

func gitBin(t testing.TB) string {
	t.Helper()
	bin, err := exec.LookPath("git")
	if err != nil {
		t.Fatal(err)
	}
	return bin
}

// seeded has a commit with files of somebody else, and a first release under deploy/demo.
func seeded(t testing.TB) *fixture {
	t.Helper()
	seed.Do(func() { makeSeed(t) })
	f := &fixture{t: t, dir: filepath.Join(t.TempDir(), "re po"), bin: gitBin(t), env: environ(t.TempDir())}
	if err := os.CopyFS(f.dir, os.DirFS(filepath.Join(scratch, "seed"))); err != nil {
		t.Fatal(err)
	}
	return f
}

// scratch holds the repository that seeded copies. TestMain removes it.
var (
	scratch string
	seed    sync.Once
)

func makeSeed(t testing.TB) {
	t.Helper()
	f := &fixture{t: t, dir: filepath.Join(scratch, "seed"), env: environ(scratch)}
	f.write("README.md", "read me\n")
	f.write("src/main.go", "package main\n")
	f.write("deploy/demo/prod-service.yaml", "kind: Service\n")
	f.write("deploy/demo/gone.yaml", "kind: Gone\n")
	f.git("init", "-q", "-b", "main")
	f.git("add", ".")
	f.git("commit", "-q", "-m", "first")
}

func (f *fixture) at(name string) string { return filepath.Join(f.dir, filepath.FromSlash(name)) }

func (f *fixture) write(name, text string) {
	f.t.Helper()
	if err := os.MkdirAll(filepath.Dir(f.at(name)), 0o777); err != nil {
		f.t.Fatal(err)
	}
	if err := os.WriteFile(f.at(name), []byte(text), 0o666); err != nil {
		f.t.Fatal(err)
	}
}

func (f *fixture) read(name string) string {
	f.t.Helper()
	data, err := os.ReadFile(f.at(name))
	if err != nil {
		f.t.Fatal(err)
	}
	return string(data)
}

func (f *fixture) try(args ...string) (string, error) {
	cmd := exec.Command("git", args...)
	cmd.Dir, cmd.Env = f.dir, f.env
	out, err := cmd.CombinedOutput()
	return strings.TrimSuffix(string(out), "\n"), err
}

func (f *fixture) git(args ...string) string {
	f.t.Helper()
	out, err := f.try(args...)
	if err != nil {
		f.t.Fatalf("git %s: %v: %s", args, err, out)
	}
	return out
}

func (f *fixture) open() *Repo {
	f.t.Helper()
	r, err := open(context.Background(), f.dir, f.bin, f.env)
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() { r.Close() })
	return r
}

const root = "deploy/demo"

// release writes three commits under deploy/demo: files come, change and go.
func release(r *Repo, branch string, o Options) (string, error) {
	ctx := context.Background()
	b, err := r.Branch(ctx, branch)
	if err != nil {
		return "", err
	}
	rd, err := r.Reader(ctx, b.Tip)
	if err != nil {
		return "", err
	}
	old, err := rd.Dir(root)
	if err != nil {
		return "", err
	}
	w, err := r.Begin(ctx, b, []string{root}, o)
	if err != nil {
		return "", err
	}
	defer w.Abort()
	for i := range 3 {
		if err := writeStep(w, i, old); err != nil {
			return "", err
		}
	}
	return w.Finish()
}

func writeStep(w *Writer, i int, old map[string][]byte) error {
	var edits []Edit
	for _, name := range []string{"gitramp.lock", fmt.Sprintf("step-%d.yaml", i)} {
		m, err := w.Blob([]byte(fmt.Sprintf("kind: Step\nstep: %d\n", i)))
		if err != nil {
			return err
		}
		edits = append(edits, Edit{root + "/" + name, m})
	}
	if i > 0 {
		edits = append(edits, Edit{Path: fmt.Sprintf("%s/step-%d.yaml", root, i-1)})
	}
	if _, ok := old["gone.yaml"]; ok && i == 1 {
		edits = append(edits, Edit{Path: root + "/gone.yaml"})
	}
	return w.Commit(fmt.Sprintf("demo: step %d", i), edits)
}

// released checks all that must hold after a release, in any kind of repository.
func (f *fixture) released(branch, tip string, commits int) {
	f.t.Helper()
	if got := f.git("rev-parse", "refs/heads/"+branch); got != tip {
		f.t.Errorf("%s is at %s, want %s", branch, got, tip)
	}
	if got := f.git("rev-list", "--count", branch); got != fmt.Sprint(commits) {
		f.t.Errorf("%s commits, want %d", got, commits)
	}
	if got := f.git("show", branch+":"+root+"/gitramp.lock"); got != "kind: Step\nstep: 2" {
		f.t.Errorf("lock at the tip: %q", got)
	}
	f.sound()
}

// sound checks that objects are whole and that nothing of ours is left but the file of the flock.
func (f *fixture) sound() {
	f.t.Helper()
	f.fsck()
	if got := f.git("count-objects", "-v"); !strings.Contains(got, "\ngarbage: 0\n") {
		f.t.Error(got)
	}
	common := f.git("rev-parse", "--path-format=absolute", "--git-common-dir")
	left, err := os.ReadDir(filepath.Join(common, "gitramp"))
	if err != nil || len(left) != 1 || left[0].Name() != "lock" {
		f.t.Errorf("left in gitramp/: %v, %v", left, err)
	}
	for _, pattern := range []string{"*.lock", "refs/heads/*.lock", "worktrees/*/*.lock", "objects/pack/tmp_*", "fast_import_crash_*", "refs/gitramp"} {
		if found, _ := filepath.Glob(filepath.Join(common, pattern)); found != nil {
			f.t.Errorf("left: %s", found)
		}
	}
}

func (f *fixture) fsck() {
	f.t.Helper()
	out, err := f.try("fsck", "--strict", "--no-dangling")
	for line := range strings.Lines(out) {
		if !strings.HasPrefix(line, "notice: ") {
			err = errors.Join(err, errors.New(line))
		}
	}
	if err != nil {
		f.t.Errorf("fsck: %v", err)
	}
}

func (f *fixture) clean() {
	f.t.Helper()
	if out := f.git("status", "--porcelain", "--untracked-files=all"); out != "" {
		f.t.Errorf("status: %s", out)
	}
}

func TestReleaseOnCheckedOutBranch(t *testing.T) {
	t.Parallel()
	f := seeded(t)
	tip, err := release(f.open(), "", Options{})
	if err != nil {
		t.Fatal(err)
	}
	f.released("main", tip, 4)
	f.clean()
	if _, err := os.Stat(f.at(root + "/gone.yaml")); err == nil {
		t.Error("gone.yaml is still in the work tree")
	}
	if got := f.read(root + "/gitramp.lock"); got != "kind: Step\nstep: 2\n" {
		t.Errorf("lock in the work tree: %q", got)
	}
	if got := f.git("log", "-1", "--format=%an %ae %cn %ce"); got != "Ann ann@example.org Con con@example.org" {
		t.Errorf("identity: %s", got)
	}
}

func TestReleaseOnUnbornBranch(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"sha1", "sha256"} {
		f := empty(t, "--object-format="+format)
		f.write("notes.txt", "mine\n")
		tip, err := release(f.open(), "", Options{})
		if err != nil {
			t.Fatal(err)
		}
		f.released("main", tip, 3)
		if got := f.git("count-objects"); got != "0 objects, 0 kilobytes" {
			t.Errorf("not in one pack: %s", got)
		}
		if got := f.git("status", "--porcelain"); got != "?? notes.txt" {
			t.Errorf("status: %q", got)
		}
	}
}
