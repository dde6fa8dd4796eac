package git

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestRacedTip(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	f := seeded(t)
	r := f.open()
	b, err := r.Branch(ctx, "")
	if err != nil {
		t.Fatal(err)
	}
	w, err := r.Begin(ctx, b, []string{root}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := writeStep(w, 0, nil); err != nil {
		t.Fatal(err)
	}
	// update-ref alone can win: git's porcelain is kept out by the index lock.
	winner := f.git("commit-tree", "-p", "HEAD", "-m", "the winner", "HEAD^{tree}")
	f.git("update-ref", "refs/heads/main", winner)
	var c *Raced
	if _, err := w.Finish(); !errors.As(err, &c) || !strings.Contains(err.Error(), winner[:10]+" (the winner)") {
		t.Errorf("Finish: %v", err)
	}
	if got := f.git("rev-parse", "main"); got != winner {
		t.Errorf("main is at %s", got)
	}
	f.sound()
	f.clean()
	if _, err := r.Begin(ctx, b, []string{root}, Options{}); !errors.As(err, &c) || !strings.Contains(err.Error(), "the winner") {
		t.Errorf("Begin: %v", err)
	}
	if f.git("update-ref", "-d", "refs/heads/main"); true {
		if _, err := r.Begin(ctx, b, []string{root}, Options{}); !errors.As(err, &c) || !strings.Contains(err.Error(), "deleted") {
			t.Errorf("Begin: %v", err)
		}
	}
}

func TestUnbornBranchIsBornElsewhere(t *testing.T) {
	t.Parallel()
	f := empty(t)
	r := f.open()
	w, err := r.Begin(context.Background(), Branch{Name: "main"}, []string{root}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := writeStep(w, 0, nil); err != nil {
		t.Fatal(err)
	}
	f.git("update-ref", "refs/heads/main", f.git("commit-tree", "-m", "born", f.git("mktree", "--missing", "/dev/null")))
	var c *Raced
	if _, err := w.Finish(); !errors.As(err, &c) || !strings.Contains(err.Error(), "(born)") {
		t.Error(err)
	}
}

func TestHookRefuses(t *testing.T) {
	t.Parallel()
	f := seeded(t)
	f.write(".git/hooks/reference-transaction", "#!/bin/sh\n[ $1 = prepared ] || exit 0\nprintf 'not on a \\033[31mFriday\\n' >&2\nexit 1\n")
	os.Chmod(f.at(".git/hooks/reference-transaction"), 0o755)
	_, err := release(f.open(), "", Options{})
	var refusal *Refusal
	if !errors.As(err, &refusal) || !strings.Contains(err.Error(), "not on a [31mFriday") {
		t.Errorf("%v", err)
	}
	f.clean()
	f.sound()
	if got := f.git("rev-list", "--count", "main"); got != "1" {
		t.Errorf("%s commits", got)
	}
}

// A hook or filter may leave a background job that holds stderr, and our lock, for long.
func TestJobsLeftBehind(t *testing.T) {
	t.Parallel()
	f := seeded(t)
	shim(t, f, `case "$*" in *restore*) sleep 8 & ;; esac; exec "$GIT" "$@"`)
	f.write(".git/hooks/reference-transaction", "#!/bin/sh\n[ $1 = committed ] && sleep 8 &\nexit 0\n")
	os.Chmod(f.at(".git/hooks/reference-transaction"), 0o755)
	r := f.open()
	r.patience = 50 * time.Millisecond
	start := time.Now()
	tip, err := release(r, "", Options{})
	if time.Since(start) > 7*time.Second {
		t.Error("it waited for the job")
	}
	if err != nil {
		t.Fatal(err)
	}
	f.released("main", tip, 4)
	f.clean()
}

// The hooks of commits and checkouts are not run.
func TestOtherHooksAreNotRun(t *testing.T) {
	t.Parallel()
	f := seeded(t)
	for _, hook := range []string{"pre-commit", "commit-msg", "post-checkout", "post-commit", "post-index-change"} {
		f.write(".git/hooks/"+hook, "#!/bin/sh\necho $0 >>'"+f.at(".git/ran")+"'\nexit 1\n")
		os.Chmod(f.at(".git/hooks/"+hook), 0o755)
	}
	if _, err := release(f.open(), "", Options{}); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(f.at(".git/ran")); err == nil {
		t.Error(f.read(".git/ran"))
	}
}

func TestIdentity(t *testing.T) {
	t.Parallel()
	cases := []struct{ name, config, want string }{
		{"none", "[user]\n\tuseConfigOnly = true\n", "who you are"},
		{"no name", "[user]\n\temail = u@x\n\tname = ,\n", "who you are"},
		{"user", "[user]\n\temail = u@x\n\tname = U. V\n", "U. V <u@x> U. V <u@x>"},
		{"roles", "[user]\n\temail = u@x\n\tname = U\n[author]\n\tname = A\n[committer]\n\temail = c@x\n", "A <u@x> U <c@x>"},
	}
	for _, c := range cases {
		f := seeded(t)
		f.env = f.env[:4]
		f.write(".git/gitconfig", c.config)
		f.env[3] = "GIT_CONFIG_GLOBAL=" + f.at(".git/gitconfig")
		_, err := release(f.open(), "", Options{})
		var refusal *Refusal
		got := ""
		if errors.As(err, &refusal) {
			got = err.Error()
		} else if got = f.git("log", "-1", "--format=%an <%ae> %cn <%ce>"); err != nil {
			t.Error(err)
		}
		if !strings.Contains(got, c.want) {
			t.Errorf("%s: %s", c.name, got)
		}
	}
}

func TestDates(t *testing.T) {
	t.Parallel()
	const format = "--format=%ad %cd"
	f := seeded(t)
	f.env = append(f.env, "GIT_AUTHOR_DATE=2025-05-05T05:05:05+0200", "GIT_COMMITTER_DATE=@86400 -0500")
	if _, err := release(f.open(), "", Options{}); err != nil {
		t.Fatal(err)
	}
	if got := f.git("log", "-1", "--date=iso", format); got != "2025-05-05 05:05:05 +0200 1970-01-01 19:00:00 -0500" {
		t.Error(got)
	}
	if _, err := release(f.open(), "other", Options{Date: day.In(time.FixedZone("x", 3600))}); err != nil {
		t.Fatal(err)
	}
	if got := f.git("log", "-1", "--date=iso", format, "other"); got != "2026-01-02 03:04:05 +0000 2026-01-02 03:04:05 +0000" {
		t.Error(got)
	}
	f = seeded(t)
	before := time.Now().Truncate(time.Second)
	if _, err := release(f.open(), "", Options{}); err != nil {
		t.Fatal(err)
	}
	got, err := time.Parse(time.RFC3339, f.git("log", "-1", "--format=%cI"))
	if err != nil || got.Before(before) || got.After(time.Now()) {
		t.Error(got, err)
	}
}

// Same input, same ids, whatever the repository.
func TestDeterminism(t *testing.T) {
	t.Parallel()
	a, b := empty(t), empty(t, "--bare")
	tipA, err := release(a.open(), "", Options{Date: day})
	tipB, err2 := release(b.open(), "", Options{Date: day, RefLog: "other words"})
	if err := errors.Join(err, err2); err != nil || tipA != tipB || tipA == "" {
		t.Errorf("%s, %s, %v", tipA, tipB, err)
	}
	if got := a.git("reflog", "show", "--format=%gs", "main"); got != "gitramp" {
		t.Errorf("reflog: %q", got)
	}
}

func TestSigning(t *testing.T) {
	t.Parallel()
	keygen, err := exec.LookPath("ssh-keygen")
	if err != nil {
		t.Skip("no ssh-keygen:", err)
	}
	f := seeded(t)
	key := filepath.Join(t.TempDir(), "key")
	if out, err := exec.Command(keygen, "-q", "-t", "ed25519", "-N", "", "-f", key).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	f.git("config", "gpg.format", "ssh")
	f.git("config", "user.signingkey", key)
	f.git("config", "commit.gpgsign", "true")
	tip, err := release(f.open(), "", Options{Date: day})
	if err != nil {
		t.Fatal(err)
	}
	f.released("main", tip, 4)
	f.clean()
	public, _ := os.ReadFile(key + ".pub")
	f.write(".git/signers", "con@example.org "+string(public))
	for _, rev := range []string{"HEAD", "HEAD~1", "HEAD~2"} {
		if got := f.git("cat-file", "commit", rev); !strings.Contains(got, "\ngpgsig -----BEGIN SSH SIGNATURE") {
			t.Errorf("%s: %s", rev, got)
		}
		f.git("-c", "gpg.ssh.allowedSignersFile="+f.at(".git/signers"), "verify-commit", rev)
	}
	if got := f.git("log", "-1", "--format=%an %cn %at %ct %B"); got != "Ann Con 1767323045 1767323045 demo: step 2\n" {
		t.Errorf("%q", got)
	}
	f.git("config", "user.signingkey", key+".missing")
	var refusal *Refusal
	if _, err := release(f.open(), "", Options{}); !errors.As(err, &refusal) {
		t.Errorf("no key: %v", err)
	}
	f.released("main", tip, 4)
	f.clean()
}

func TestBranchNames(t *testing.T) {
	t.Parallel()
	f := empty(t)
	r := f.open()
	bad := []string{"-", "-x", "--upload-pack=x", "a..b", "a b", "a.lock", "a.lock/b", "@", "HEAD", "refs/heads/x", "$(id)", "`id`", "a;b", "a|b", "a&b", `a"b`,
		"a'b", "a\x00b", "a\nb", "a\x7fb", "a~1", "a^", "a:b", "a?", "a*", "a[b", `a\b`, "a//b", "/a", "a/", ".a", "a/.b", "a.", "a@{1}", "<a", "a>", "a!", "\xff", "a\u200bb", strings.Repeat("a", 201)}
	for _, name := range bad {
		var usage *Usage
		if _, err := r.Branch(context.Background(), name); !errors.As(err, &usage) {
			t.Errorf("%q: %v", name, err)
		}
	}
	for _, name := range []string{"main", "feature/x-1_2", "été", "v1.2+3", "a@b", "issue#1", "日本"} {
		b, err := r.Branch(context.Background(), name)
		if err != nil || b.Name != name || b.Tip != "" {
			t.Errorf("%q: %v, %v", name, b, err)
		}
		f.git("check-ref-format", "--branch", name)
	}
}

func TestUpstream(t *testing.T) {
	t.Parallel()
	f := seeded(t)
	f.git("branch", "feature/x")
	clone := &fixture{t: t, dir: filepath.Join(t.TempDir(), "c"), env: f.env, bin: f.bin}
	f.git("clone", "-q", f.dir, clone.dir)
	clone.git("checkout", "-q", "-b", "mine", "origin/feature/x")
	clone.git("checkout", "-q", "-b", "local", "--track", "main")
	clone.git("checkout", "-q", "--orphan", "unborn")
	for name, want := range map[string]string{"main": "origin/main", "mine": "origin/feature/x", "local": "main", "unborn": "", "none": ""} {
		if b, err := clone.open().Branch(context.Background(), name); err != nil || b.Upstream != want {
			t.Errorf("%s: %+v, %v", name, b, err)
		}
	}
}

func TestForeignLocks(t *testing.T) {
	t.Parallel()
	f := seeded(t)
	f.write(".git/index.lock", "")
	r := f.open()
	r.patience = 50 * time.Millisecond
	var c *Conflict
	if _, err := release(r, "", Options{}); !errors.As(err, &c) || !strings.Contains(err.Error(), f.at(".git/index.lock")+" is ") {
		t.Errorf("index.lock: %v", err)
	}
	if _, err := os.Stat(f.at(".git/index.lock")); err != nil {
		t.Error("somebody else's index.lock is gone")
	}
	os.Remove(f.at(".git/index.lock"))
	f.write(".git/refs/heads/main.lock", "")
	if _, err := release(r, "", Options{}); !errors.As(err, &c) || !strings.Contains(err.Error(), "main.lock") {
		t.Errorf("main.lock: %v", err)
	}
	os.Remove(f.at(".git/refs/heads/main.lock"))
	f.clean()
	f.sound()
}

func TestAnotherGitrampAtWork(t *testing.T) {
	t.Parallel()
	f := seeded(t)
	first, second := f.open(), f.open()
	b, _ := first.Branch(context.Background(), "")
	w, err := first.Begin(context.Background(), b, []string{root}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	second.lockWait = 50 * time.Millisecond
	var c *Conflict
	for _, call := range []func() error{
		func() error { _, err := release(second, "", Options{}); return err },
		func() error { _, err := second.Recover(context.Background()); return err },
	} {
		if err := call(); !errors.As(err, &c) || !strings.Contains(err.Error(), "(pid "+pid()+")") {
			t.Error(err)
		}
	}
	w.Abort()
	w.Abort()
	f.sound()
	f.clean()
	if _, err := release(second, "", Options{}); err != nil {
		t.Error(err)
	}
}

func TestPathsOutside(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	f := empty(t)
	r := f.open()
	var usage *Usage
	for _, bad := range []string{"", "../x", "/etc", "a/../../b", ".git", "a/.GIT/b", "git~1/x", "a\nb", `a"b`, `a\b`, "\xff"} {
		if _, err := r.Begin(ctx, Branch{Name: "main"}, []string{bad + "/."}, Options{}); bad != "" && !errors.As(err, &usage) {
			t.Errorf("root %q: %v", bad, err)
		}
	}
	w, err := r.Begin(ctx, Branch{Name: "main"}, []string{"a/b", "c"}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	for _, bad := range []string{"", "a/b", "a/bb", "a/x", "a/b/../x", "c/../a", "c/./x", "c/x/", ".git/hooks/x", "c/.git/x"} {
		if err := w.Commit("m", []Edit{{Path: bad}}); !errors.As(err, &usage) {
			t.Errorf("edit %q: %v", bad, err)
		}
	}
}

func TestNotARepository(t *testing.T) {
	t.Parallel()
	f := empty(t)
	for dir, want := range map[string]string{t.TempDir(): "not a git repository", f.at(".git/hooks"): "inside a git directory", f.at("nowhere"): "no such file"} {
		if _, err := open(context.Background(), dir, f.bin, f.env); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", dir, err)
		}
	}
}

func TestConfiguredWorkTree(t *testing.T) {
	t.Parallel()
	f := seeded(t)
	elsewhere := filepath.Join(t.TempDir(), "elsewhere")
	if err := os.CopyFS(elsewhere, os.DirFS(f.at("."))); err != nil {
		t.Fatal(err)
	}
	os.RemoveAll(filepath.Join(elsewhere, ".git"))
	f.git("config", "core.worktree", elsewhere)
	r := f.open()
	if r.Root() != elsewhere {
		t.Errorf("root: %s", r.Root())
	}
}

// We may be called from a hook, or by somebody with odd variables: none reaches git.
func TestEnvironment(t *testing.T) {
	t.Parallel()
	f, other := seeded(t), seeded(t)
	f.env = append(f.env, "GIT_DIR="+other.at(".git"), "GIT_WORK_TREE="+other.dir, "GIT_INDEX_FILE="+other.at(".git/index"), "GIT_OBJECT_DIRECTORY=/nowhere",
		"GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=core.bare", "GIT_CONFIG_VALUE_0=true", "GIT_TRACE=1", "LD_PRELOAD=/nowhere.so", "LANG=de_DE.UTF-8")
	if _, err := release(f.open(), "", Options{}); err != nil {
		t.Fatal(err)
	}
	f.env = f.env[:len(other.env)]
	f.released("main", f.git("rev-parse", "HEAD"), 4)
	if got := other.git("rev-list", "--count", "main"); got != "1" {
		t.Errorf("the other repository has %s commits", got)
	}
	got := clean([]string{"SECRET=1", "GIT_SSH_COMMAND=x", "PATH=/bin", "SSH_AUTH_SOCK=/s", "GIT_ASKPASS=x"})
	if s := strings.Join(got[4:], " "); s != "PATH=/bin SSH_AUTH_SOCK=/s" {
		t.Errorf("kept: %s", s)
	}
}

func TestFastImportDies(t *testing.T) {
	t.Parallel()
	f := seeded(t)
	shim(t, f, `case "$*" in *fast-import*) head -c 100 >/dev/null; echo "fatal: out of luck" >&2; exit 7;; esac; exec "$GIT" "$@"`)
	r := f.open()
	b, _ := r.Branch(context.Background(), "")
	w, err := r.Begin(context.Background(), b, []string{root}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	for range 100 {
		if _, err = w.Blob(make([]byte, 100<<10)); err != nil {
			break
		}
	}
	var said *Error
	if !errors.As(err, &said) || said.Code != 7 || !strings.Contains(err.Error(), "out of luck") {
		t.Errorf("Blob: %v", err)
	}
	if _, err := w.Blob(nil); err == nil {
		t.Error("Blob after the end")
	}
	if err := w.Commit("m", nil); err == nil {
		t.Error("Commit after the end")
	}
	if _, err := w.Finish(); err == nil {
		t.Error("Finish after the end")
	}
	f.clean()
	f.sound()
}

func TestNothingToCommit(t *testing.T) {
	t.Parallel()
	f := seeded(t)
	r := f.open()
	b, _ := r.Branch(context.Background(), "")
	w, err := r.Begin(context.Background(), b, []string{root}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if tip, err := w.Finish(); err != nil || tip != b.Tip {
		t.Errorf("%s, %v", tip, err)
	}
	if _, err := w.Finish(); err == nil {
		t.Error("Finish twice")
	}
	f.sound()
	f.clean()
}

// A root that comes and goes within the chain is known to git neither before nor after.
func TestRootThatComesAndGoes(t *testing.T) {
	t.Parallel()
	f := seeded(t)
	r := f.open()
	b, _ := r.Branch(context.Background(), "")
	w, err := r.Begin(context.Background(), b, []string{"tmp/x", root}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	m, _ := w.Blob([]byte("x"))
	err = errors.Join(w.Commit("come", []Edit{{"tmp/x/f", m}}), w.Commit("go", []Edit{{Path: "tmp/x/f"}, {Path: root + "/gone.yaml"}, {Path: root + "/prod-service.yaml"}}))
	if _, err2 := w.Finish(); err != nil || err2 != nil {
		t.Error(err, err2)
	}
	f.sound()
	f.clean()
	if _, err := os.Stat(f.at("deploy")); err == nil {
		t.Error("deploy/ is still there")
	}
}

func TestMessagesAreSanitised(t *testing.T) {
	t.Parallel()
	said := &tail{}
	for range 10000 {
		said.Write([]byte("words\x1b[0m "))
	}
	said.Write([]byte("\r\nverdict\xff\n"))
	if got := said.String(); len(got) > 4096 || !strings.HasPrefix(got, "words[0m words") || !strings.HasSuffix(got, "\nverdict?") {
		t.Errorf("%d bytes: %q", len(got), got)
	}
}

// A git that reads objects and dies says why.
func TestCatFileDies(t *testing.T) {
	t.Parallel()
	for _, what := range []string{`exit 128`, `read A; echo "$A commit 99"; exit 128`} {
		f := seeded(t)
		shim(t, f, `case "$*" in *cat-file*) echo "fatal: disk full" >&2; `+what+`; esac; exec "$GIT" "$@"`)
		if _, err := f.open().Branch(context.Background(), ""); err == nil || !strings.Contains(err.Error(), "disk full") {
			t.Errorf("%s: %v", what, err)
		}
	}
}
