package git

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// The test binary runs itself as a gitramp that is killed: GIT_TEST_DIR is the repository, GIT_TEST_BIN the git, GIT_TEST_DIE the number of the step
// of ours at which it dies, or GIT_TEST_DIE_AT its name; with GIT_TEST_PUSH it pushes. It prints the steps.
func TestMain(m *testing.M) {
	if dir := os.Getenv("GIT_TEST_DIR"); dir != "" {
		os.Exit(helper(dir))
	}
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "git")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	scratch = dir
	return m.Run()
}

func helper(dir string) int {
	die, _ := strconv.Atoi(os.Getenv("GIT_TEST_DIE"))
	var n atomic.Int32
	step = func(name string) {
		if int(n.Add(1)) == die || name == os.Getenv("GIT_TEST_DIE_AT") {
			syscall.Kill(os.Getpid(), syscall.SIGKILL)
		}
		fmt.Println(name)
	}
	r, err := open(context.Background(), dir, os.Getenv("GIT_TEST_BIN"), os.Environ())
	o := Options{Date: day}
	if err == nil && os.Getenv("GIT_TEST_PUSH") != "" {
		o.Push = &Remote{Name: "origin", Branch: "main"}
		o.Tip, err = r.Fetch(context.Background(), *o.Push)
	}
	if err == nil {
		_, err = release(r, "main", o)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// child runs a release in a process of its own. Its output goes to a file: a git that outlives it would keep a pipe open.
func (f *fixture) child(env ...string) (steps []string, err error) {
	f.t.Helper()
	out, err := os.Create(filepath.Join(f.t.TempDir(), "out"))
	if err != nil {
		f.t.Fatal(err)
	}
	defer out.Close()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(append([]string{"GIT_TEST_DIR=" + f.dir, "GIT_TEST_BIN=" + f.bin}, f.env...), env...)
	cmd.Stdout, cmd.Stderr = out, out
	err = cmd.Run()
	data, _ := os.ReadFile(out.Name())
	return strings.Fields(strings.ReplaceAll(string(data), " ", "_")), err
}

// crashed is a place where a release is killed.
type crashed struct {
	name string
	f    *fixture
	env  []string
	late bool // the kill may come too late
}

// checkCrash kills a release and runs it again. R0: the branch is at the old tip or the new one, objects are whole, the user's own work is as it was,
// and the second run ends with the new tip, a clean status and nothing left.
func checkCrash(t *testing.T, c crashed) {
	f := c.f
	f.write("README.md", "dirty\n")
	f.write("src/staged.go", "package staged\n")
	f.git("add", "src/staged.go")
	old, before := f.git("rev-parse", "main"), f.others()
	steps, err := f.child(c.env...)
	if err == nil && !c.late {
		t.Errorf("%s: it survived: %s", c.name, steps)
	}
	f.bin = gitBin(t)
	wait(t, f)
	crashedTip := f.git("rev-parse", "main")
	f.fsck()
	moved := crashedTip != old
	if n := f.git("rev-list", "--count", "main"); n != map[bool]string{false: "1", true: "4"}[moved] {
		t.Errorf("%s: %s commits", c.name, n)
	}
	r := f.open()
	said, err := r.Recover(context.Background())
	if err != nil {
		t.Errorf("%s: Recover: %v", c.name, err)
	}
	if got := f.git("rev-parse", "main"); got != crashedTip {
		t.Errorf("%s: Recover moved the branch", c.name)
	}
	f.settled(c.name+" after "+said, before)
	if _, err := release(r, "main", Options{Date: day}); err != nil && !moved {
		t.Errorf("%s: again: %v", c.name, err)
	}
	f.settled(c.name, before)
}

// wait until the gits of a dead run are dead too.
func wait(t *testing.T, f *fixture) {
	t.Helper()
	lock, err := f.open().flock(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	lock.Close()
}

func (f *fixture) settled(name string, before map[string]string) {
	f.t.Helper()
	f.sound()
	if out := f.git("status", "--porcelain", "--untracked-files=all", "--", "deploy"); out != "" {
		f.t.Errorf("%s: status: %s", name, out)
	}
	if diff := cmp.Diff(before, f.others()); diff != "" {
		f.t.Errorf("%s: %s", name, diff)
	}
}

func TestKilledAtEachStep(t *testing.T) {
	t.Parallel()
	steps, err := seeded(t).child()
	if err != nil || len(steps) < 15 {
		t.Fatal(steps, err)
	}
	t.Log(steps)
	for i, name := range steps {
		t.Run(fmt.Sprint(i+1, name), func(t *testing.T) {
			t.Parallel()
			checkCrash(t, crashed{name: name, f: seeded(t), env: []string{fmt.Sprintf("GIT_TEST_DIE=%d", i+1)}})
		})
	}
}

// The scripts count the git calls in $N; the one that is due does something else than it should.
const countCalls = `echo x >>"$0.n"; N=$(wc -l <"$0.n"); [ $N = %d ] || exec "$GIT" "$@"
%s`

func TestKilledAroundEachGit(t *testing.T) {
	t.Parallel()
	scripts := map[string]string{
		"before": `kill -9 $PPID; exit 1`,
		"during": `P=$PPID; (sleep 0.00$((N*3%%7)); kill -9 $P) >/dev/null 2>&1 & exec "$GIT" "$@"`,
		"after":  `"$GIT" "$@"; kill -9 $PPID`,
		// The git itself is killed at once with its parent, at various times.
		"both":  `P=$PPID; M=$$; (sleep 0.003; kill -9 $P $M) >/dev/null 2>&1 & exec "$GIT" "$@"`,
		"both+": `P=$PPID; M=$$; (sleep 0.006; kill -9 $P $M) >/dev/null 2>&1 & exec "$GIT" "$@"`,
	}
	for when, script := range scripts {
		for n := 1; n <= 6; n++ {
			if when == "both+" && n < 4 {
				continue // the same as "both": they wait for input
			}
			t.Run(fmt.Sprint(when, n), func(t *testing.T) {
				t.Parallel()
				f := seeded(t)
				shim(t, f, fmt.Sprintf(countCalls, n, strings.ReplaceAll(script, "%%", "%")))
				checkCrash(t, crashed{name: when, f: f, late: when != "before" && n == 2 || when == "during" && n > 4 || strings.HasPrefix(when, "both")})
			})
		}
	}
}

// A git that outlives its gitramp keeps the lock: its work would come as a surprise to the next run.
func TestLockLastsAsLongAsTheGits(t *testing.T) {
	t.Parallel()
	f := seeded(t)
	old := f.git("rev-parse", "main")
	shim(t, f, `case "$*" in *update-ref*) IN=$(cat); kill -9 $PPID; sleep 1; echo "$IN" | "$GIT" "$@"; exit;; esac; exec "$GIT" "$@"`)
	if _, err := f.child(); err == nil {
		t.Fatal("it survived")
	}
	f.bin = gitBin(t)
	r := f.open()
	r.lockWait = 10 * time.Millisecond
	var c *Conflict
	if _, err := r.Recover(context.Background()); !errors.As(err, &c) {
		t.Errorf("Recover beside a living git: %v", err)
	}
	wait(t, f)
	said, err := f.open().Recover(context.Background())
	if err != nil || !strings.HasPrefix(said, "finished a run") || f.git("rev-parse", "main") == old {
		t.Errorf("%s, %v", said, err)
	}
	f.sound()
	f.clean()
}

// killedAt leaves a repository as a run leaves it that dies at the named step.
func killedAt(t *testing.T, name string) *fixture {
	t.Helper()
	f := seeded(t)
	f.killAt(name)
	return f
}

func (f *fixture) killAt(name string) {
	f.t.Helper()
	f.child("GIT_TEST_DIE_AT=" + name)
	if _, err := os.Stat(f.at(".git/gitramp/journal")); err != nil {
		f.t.Fatal(err)
	}
}

func TestEditsAfterACrashSurvive(t *testing.T) {
	t.Parallel()
	f := killedAt(t, "moved")
	f.write(root+"/prod-service.yaml", "mine\n") // not part of the release
	f.write(root+"/gone.yaml", "mine\n")         // deleted by it
	f.write(root+"/gitramp.lock", "kind: S")     // written by it: looks like what a killed git left
	f.write(root+"/step-2.yaml", "mine\n")       // written by it
	said, err := f.open().Recover(context.Background())
	if err != nil || !strings.Contains(said, "edited since: deploy/demo/gone.yaml, deploy/demo/step-2.yaml") {
		t.Errorf("%s, %v", said, err)
	}
	for name, want := range map[string]string{"prod-service.yaml": "mine\n", "gone.yaml": "mine\n", "step-2.yaml": "mine\n", "gitramp.lock": "kind: Step\nstep: 2\n"} {
		if got := f.read(root + "/" + name); got != want {
			t.Errorf("%s: %q", name, got)
		}
	}
	if got, want := f.git("status", "--porcelain"), " M deploy/demo/prod-service.yaml\n M deploy/demo/step-2.yaml\n?? deploy/demo/gone.yaml"; got != want {
		t.Errorf("status: %s", got)
	}
	f.sound()
}

// Where the index does not know a file's time, restore writes it anew although it does not change: it may be killed at that too.
func TestTornFilesAreMadeWhole(t *testing.T) {
	t.Parallel()
	for name, tear := range map[string]func(string) error{"gone": os.Remove, "empty": func(at string) error { return os.Truncate(at, 0) }, "cut short": func(at string) error { return os.Truncate(at, 5) }} {
		f := killedAt(t, "moved")
		if err := tear(f.at(root + "/prod-service.yaml")); err != nil {
			t.Fatal(err)
		}
		said, err := f.open().Recover(context.Background())
		if err != nil || strings.Contains(said, "edited") {
			t.Errorf("%s: %s, %v", name, said, err)
		}
		f.sound()
		f.clean()
	}
}

// After a restore that failed the user's git works again, and so may the user.
func TestStagedSinceSurvives(t *testing.T) {
	t.Parallel()
	f := seeded(t)
	shim(t, f, `case "$*" in *restore*) exit 128;; esac; exec "$GIT" "$@"`)
	if _, err := release(f.open(), "", Options{}); err == nil {
		t.Fatal("restore did not fail")
	}
	f.bin = gitBin(t)
	f.write(root+"/step-2.yaml", "mine\n")
	f.git("add", root+"/step-2.yaml")
	said, err := f.open().Recover(context.Background())
	if err != nil || !strings.HasSuffix(said, "edited since: deploy/demo/step-2.yaml") {
		t.Errorf("%s, %v", said, err)
	}
	if got := f.git("status", "--porcelain"); got != "M  deploy/demo/step-2.yaml" {
		t.Errorf("status: %s", got)
	}
	f.sound()
}

func TestCrashOnUnbornBranch(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"sha1", "sha256"} {
		f := empty(t, "--object-format="+format)
		f.killAt("moved")
		f.write(root+"/step-2.yaml", "mine\n")
		said, err := f.open().Recover(context.Background())
		if err != nil || !strings.HasSuffix(said, "edited since: deploy/demo/step-2.yaml") {
			t.Errorf("%s, %v", said, err)
		}
		if got := f.git("status", "--porcelain"); got != " M "+root+"/step-2.yaml" {
			t.Errorf("%s: status %q", format, got)
		}
		f.released("main", f.git("rev-parse", "main"), 3)
	}
}

func TestRestoreFailsAndIsFinishedLater(t *testing.T) {
	t.Parallel()
	f := seeded(t)
	shim(t, f, `case "$*" in *restore*) echo "fatal: disk full" >&2; exit 128;; esac; exec "$GIT" "$@"`)
	_, err := release(f.open(), "", Options{})
	if err == nil || !strings.Contains(err.Error(), "the next run finishes it") || !strings.Contains(err.Error(), "disk full") {
		t.Fatal(err)
	}
	f.bin = gitBin(t)
	f.git("add", "README.md") // the user's git is not locked out
	said, err := f.open().Recover(context.Background())
	if err != nil || !strings.Contains(said, "finished a run") {
		t.Errorf("%s, %v", said, err)
	}
	f.sound()
	f.clean()
}

func TestTheUserMovesOnAfterACrash(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		move func(*fixture)
		said string
	}{
		"elsewhere": {func(f *fixture) {
			f.git("update-ref", "refs/heads/main", f.git("commit-tree", "-m", "x", "main^{tree}"))
		}, "the branch has moved on"},
		"deleted": {func(f *fixture) { f.git("update-ref", "-d", "refs/heads/main") }, "the branch has moved on"},
		"other branch": {func(f *fixture) {
			f.git("symbolic-ref", "HEAD", "refs/heads/other")
		}, "no longer checked out"},
	}
	for name, c := range cases {
		f := killedAt(t, "moved")
		c.move(f)
		index := f.read(".git/index")
		said, err := f.open().Recover(context.Background())
		if err != nil || !strings.Contains(said, c.said) || f.read(".git/index") != index {
			t.Errorf("%s: %s, %v", name, said, err)
		}
		f.read(root + "/gone.yaml")
		f.sound()
	}
}

func TestDamagedJournal(t *testing.T) {
	t.Parallel()
	f := killedAt(t, "moved")
	whole := f.read(".git/gitramp/journal")
	for _, bad := range []string{"", "x", whole[:len(whole)-3], strings.Replace(whole, "Old", "Odd", 1), strings.Replace(whole, `"Version":1`, `"Version":2`, 1),
		strings.Replace(whole, `"Branch":"main"`, `"Branch":"-main"`, 1), strings.Replace(whole, `"`, ``, 1)} {
		f.write(".git/gitramp/journal", bad)
		var c *Conflict
		if _, err := release(f.open(), "", Options{}); !errors.As(err, &c) || !strings.Contains(err.Error(), f.at(".git/gitramp/journal")) {
			t.Errorf("%q: %v", bad, err)
		}
		if f.read(".git/gitramp/journal") != bad {
			t.Error("the journal was touched")
		}
	}
	f.write(".git/gitramp/journal", whole)
	if _, err := release(f.open(), "", Options{}); err != nil {
		t.Error(err)
	}
	f.sound()
	f.clean()
}

// The git alone is killed: gitramp says so, and the next run clears what it left.
func TestUpdateRefIsKilled(t *testing.T) {
	t.Parallel()
	f := seeded(t)
	shim(t, f, `case "$*" in *update-ref*) touch .git/HEAD.lock .git/refs/heads/main.lock; kill -9 $$;; esac; exec "$GIT" "$@"`)
	if _, err := release(f.open(), "", Options{}); err == nil || !strings.Contains(err.Error(), "killed") {
		t.Fatal(err)
	}
	f.bin = gitBin(t)
	f.git("add", "README.md") // the user's git is not locked out
	if _, err := release(f.open(), "", Options{}); err != nil {
		t.Error(err)
	}
	f.sound()
	f.clean()
}

// leaving is an update-ref that does its work and leaves a lock; how it ends follows.
const leaving = `case "$*" in *update-ref*) "$GIT" "$@"; D=$("$GIT" rev-parse --absolute-git-dir); touch "$D/HEAD.lock"`

// The git alone dies when it has moved the branch, or cannot remove its lock, which is no failure to it: gitramp does that for it, wherever HEAD is.
func TestUpdateRefLeavesItsLock(t *testing.T) {
	t.Parallel()
	for end, script := range map[string]string{
		"killed":        "kill -9 $$",
		"cannot remove": `echo "warning: unable to unlink '$D/HEAD.lock': Input/output error" >&2`,
	} {
		for kind, f := range map[string]*fixture{"plain": seeded(t), "bare": cloned(t, "--bare"), "linked": linked(t)} {
			shim(t, f, leaving+"; "+script+`; exit;; esac; exec "$GIT" "$@"`)
			r := f.open()
			r.patience = 50 * time.Millisecond
			tip, err := release(r, "", Options{})
			if err != nil {
				t.Errorf("%s, %s: %v", kind, end, err)
			}
			f.released(f.git("symbolic-ref", "--short", "HEAD"), tip, 4)
		}
	}
}

func cloned(t *testing.T, how string) *fixture {
	t.Helper()
	f := seeded(t)
	clone := &fixture{t: t, dir: filepath.Join(t.TempDir(), "c"), env: f.env, bin: f.bin}
	f.git("clone", "-q", how, "file://"+f.dir, clone.dir)
	return clone
}

func linked(t *testing.T) *fixture {
	t.Helper()
	f := seeded(t)
	side := &fixture{t: t, dir: filepath.Join(t.TempDir(), "side"), env: f.env, bin: f.bin}
	f.git("worktree", "add", "-q", "-b", "side", side.dir)
	return side
}

// What was there before, what holds another's words and what is not the same for a while is no lock that our git left.
func TestLocksBesideADeadGit(t *testing.T) {
	t.Parallel()
	for name, script := range map[string]string{
		"before":   `kill -9 $$`,
		"words":    leaving[len(`case "$*" in *update-ref*) `):] + `; echo "ref: refs/heads/other" >"$D/HEAD.lock"; kill -9 $$`,
		"replaced": leaving[len(`case "$*" in *update-ref*) `):] + `; (sleep 0.1; touch "$D/x"; mv "$D/x" "$D/HEAD.lock") >/dev/null 2>&1 & kill -9 $$`,
	} {
		f := seeded(t)
		if name == "before" {
			f.write(".git/HEAD.lock", "")
		}
		shim(t, f, `case "$*" in *update-ref*) `+script+`; esac; exec "$GIT" "$@"`)
		r := f.open()
		if r.patience = 50 * time.Millisecond; name == "replaced" {
			r.patience = 10 * time.Second
		}
		if _, err := release(r, "", Options{}); (err != nil) != (name == "before") {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := os.Stat(f.at(".git/HEAD.lock")); err != nil {
			t.Errorf("%s: somebody else's lock is gone", name)
		}
	}
}

// Where it cannot do that either it says so, and the next run finishes the job.
func TestLockThatStays(t *testing.T) {
	t.Parallel()
	f := seeded(t)
	shim(t, f, `case "$*" in *update-ref*) "$GIT" "$@"; mkdir -p .git/HEAD.lock/x; kill -9 $$;; esac; exec "$GIT" "$@"`)
	r := f.open()
	r.patience = 50 * time.Millisecond
	if _, err := release(r, "", Options{}); err == nil || !strings.Contains(err.Error(), "git left a lock") || !strings.Contains(err.Error(), f.at(".git/HEAD.lock")) {
		t.Fatal(err)
	}
	os.RemoveAll(f.at(".git/HEAD.lock"))
	f.bin = gitBin(t)
	said, err := f.open().Recover(context.Background())
	if err != nil || !strings.HasPrefix(said, "finished a run") {
		t.Errorf("%s, %v", said, err)
	}
	f.sound()
	f.clean()
}

// That it cannot remove a file is no failure to git restore.
func TestRestoreCannotRemoveAFile(t *testing.T) {
	t.Parallel()
	f := seeded(t)
	shim(t, f, `case "$*" in *restore*) "$GIT" "$@"; echo "kind: Gone" >deploy/demo/gone.yaml; echo "warning: unable to unlink 'deploy/demo/gone.yaml': Permission denied" >&2; exit;; esac; exec "$GIT" "$@"`)
	_, err := release(f.open(), "", Options{})
	if err == nil || !strings.Contains(err.Error(), "the next run finishes it): deploy/demo/gone.yaml is still there") || !strings.Contains(err.Error(), "Permission denied") {
		t.Fatal(err)
	}
	if _, err := f.open().Recover(context.Background()); err == nil || !strings.Contains(err.Error(), "deploy/demo/gone.yaml is still there") {
		t.Errorf("again: %v", err)
	}
	f.bin = gitBin(t)
	said, err := f.open().Recover(context.Background())
	if err != nil || !strings.HasPrefix(said, "finished a run") || strings.Contains(said, "edited") {
		t.Errorf("%s, %v", said, err)
	}
	f.sound()
	f.clean()
}

func TestLocksOfAKilledUpdateRef(t *testing.T) {
	t.Parallel()
	f := killedAt(t, "journal")
	journal := f.read(".git/gitramp/journal")
	_, new, _ := strings.Cut(journal, `"New":"`)
	f.write(".git/refs/heads/main.lock", new[:40]+"\n")
	f.write(".git/HEAD.lock", "")
	r := f.open()
	r.patience = 50 * time.Millisecond
	said, err := r.Recover(context.Background())
	if err != nil || !strings.Contains(said, "had not moved main") {
		t.Errorf("%s, %v", said, err)
	}
	f.sound()
	f.clean()

	f = killedAt(t, "journal")
	foreign := f.git("rev-parse", "HEAD") + "\n"
	f.write(".git/refs/heads/main.lock", foreign)
	f.write(".git/HEAD.lock", "")
	os.Chtimes(f.at(".git/HEAD.lock"), day, day)
	r = f.open()
	r.patience = 50 * time.Millisecond
	if _, err := r.Recover(context.Background()); err != nil {
		t.Error(err)
	}
	if f.read(".git/refs/heads/main.lock") != foreign || f.read(".git/HEAD.lock") != "" {
		t.Error("somebody else's lock is gone")
	}
}
