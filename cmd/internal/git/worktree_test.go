package git

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// others is everything in the repository's work tree and index that a release has no business with.
func (f *fixture) others() map[string]string {
	f.t.Helper()
	got := map[string]string{"index": "", "status": ""}
	for _, line := range strings.Split(f.git("ls-files", "-s"), "\n") {
		if !strings.Contains(line, root+"/") {
			got["index"] += line + "\n"
		}
	}
	for _, line := range strings.Split(f.git("status", "--porcelain", "--untracked-files=all"), "\n") {
		if !strings.Contains(line, root+"/") {
			got["status"] += line + "\n"
		}
	}
	filepath.Walk(f.dir, func(name string, fi os.FileInfo, err error) error {
		rel, _ := filepath.Rel(f.dir, name)
		if fi.Mode().IsRegular() && !strings.HasPrefix(rel, ".git") && !strings.HasPrefix(rel, root) {
			got[rel] = f.read(rel) + fi.ModTime().String()
		}
		return nil
	})
	return got
}

func TestDirtyAndStagedWorkSurvives(t *testing.T) {
	t.Parallel()
	f := seeded(t)
	f.write("README.md", "dirty\n")
	f.write("src/staged.go", "package staged\n")
	f.git("add", "src/staged.go")
	f.write("src/main.go", "package staged_and\n")
	f.git("add", "src/main.go")
	f.write("src/main.go", "package dirty\n")
	f.git("rm", "-q", "--cached", "README.md")
	f.write("untracked.txt", "mine\n")
	f.write(root+"/bystander.txt", "mine too\n")
	before := f.others()
	tip, err := release(f.open(), "", Options{})
	if err != nil {
		t.Fatal(err)
	}
	f.released("main", tip, 4)
	if diff := cmp.Diff(before, f.others()); diff != "" {
		t.Error(diff)
	}
	if got := f.git("status", "--porcelain", "--", root); got != "?? "+root+"/bystander.txt" || f.read(root+"/bystander.txt") != "mine too\n" {
		t.Errorf("in the root: %s", got)
	}
	if got := f.git("diff", "--name-only", "HEAD~3", "HEAD", "--", ".", ":!"+root); got != "" {
		t.Errorf("the commits touch %s", got)
	}
}

// A change in the same instant as the index is written, with the size unchanged, shows only by the index's time stamp.
func TestRacilyDirtyFileStaysDirty(t *testing.T) {
	t.Parallel()
	f := seeded(t)
	when := time.Now().Add(-time.Hour)
	f.write("README.md", "aaaa\n")
	stamp := func(name string) { os.Chtimes(f.at(name), when, when) }
	stamp("README.md")
	f.git("add", "README.md")
	f.write("README.md", "bbbb\n")
	stamp("README.md")
	stamp(".git/index")
	f.git("config", "core.trustctime", "false")
	if _, err := release(f.open(), "", Options{}); err != nil {
		t.Fatal(err)
	}
	if got := f.git("status", "--porcelain"); got != "MM README.md" {
		t.Errorf("status: %q", got)
	}
}

func TestOtherBranchLeavesWorkTreeAlone(t *testing.T) {
	t.Parallel()
	f := seeded(t)
	f.git("branch", "releases/été")
	f.write("README.md", "dirty\n")
	f.write(root+"/gone.yaml", "dirty, but of another branch\n")
	before := f.others()
	index := f.read(".git/index")
	tip, err := release(f.open(), "releases/été", Options{})
	if err != nil {
		t.Fatal(err)
	}
	f.released("releases/été", tip, 4)
	if f.read(".git/index") != index {
		t.Error("the index changed")
	}
	if diff := cmp.Diff(before, f.others()); diff != "" {
		t.Error(diff)
	}
	if _, err := release(f.open(), "brand-new", Options{}); err != nil {
		t.Fatal(err)
	}
	f.released("brand-new", f.git("rev-parse", "brand-new"), 4) // it begins at HEAD
	f.git("merge-base", "--is-ancestor", "HEAD", "brand-new")
}

func TestBareAndShallow(t *testing.T) {
	t.Parallel()
	f := seeded(t)
	f.git("commit", "-q", "--allow-empty", "-m", "second")
	for _, how := range []string{"--bare", "--depth=1"} {
		clone := &fixture{t: t, dir: filepath.Join(t.TempDir(), "c"), env: f.env, bin: f.bin}
		f.git("clone", "-q", how, "file://"+f.dir, clone.dir)
		tip, err := release(clone.open(), "", Options{})
		if err != nil {
			t.Fatalf("%s: %v", how, err)
		}
		clone.released("main", tip, map[string]int{"--bare": 5, "--depth=1": 4}[how])
		if how != "--bare" {
			clone.clean()
		}
		if r := clone.open(); r.Bare() != (how == "--bare") || (r.Root() == "") != r.Bare() {
			t.Errorf("%s: bare %v, root %q", how, r.Bare(), r.Root())
		}
	}
}

func TestLinkedWorkTrees(t *testing.T) {
	t.Parallel()
	f := seeded(t)
	linked := &fixture{t: t, dir: filepath.Join(t.TempDir(), "linked tree"), env: f.env, bin: f.bin}
	f.git("worktree", "add", "-q", "-b", "side", linked.dir)
	// Opened in the main work tree, the branch is checked out in the linked one; then the other way round.
	for branch, from := range map[string]*fixture{"side": f, "main": linked} {
		tip, err := release(from.open(), branch, Options{})
		if err != nil {
			t.Fatalf("%s: %v", branch, err)
		}
		from.released(branch, tip, 4)
	}
	f.clean()
	linked.clean()
	if tip, err := release(linked.open(), "", Options{}); err != nil || linked.git("rev-parse", "side") != tip {
		t.Errorf("HEAD of the linked work tree: %s, %v", tip, err)
	}
	linked.clean()
}

func TestSparseCheckout(t *testing.T) {
	t.Parallel()
	for _, cone := range []string{"src", "deploy"} {
		for _, index := range []string{"--sparse-index", "--no-sparse-index"} {
			f := seeded(t)
			f.git("status") // else git takes the copied files for edited
			f.git("sparse-checkout", "set", "--cone", index, cone)
			tip, err := release(f.open(), "", Options{})
			if err != nil {
				t.Fatalf("%s: %v", cone, err)
			}
			f.released("main", tip, 4)
			f.clean()
			if _, err := os.Stat(f.at("src/main.go")); (err == nil) != (cone == "src") {
				t.Errorf("%s: src/main.go: %v", cone, err)
			}
		}
	}
}

// Indexes in other forms than the plain one, and one with a merge under way elsewhere.
func TestOddIndexes(t *testing.T) {
	t.Parallel()
	cases := map[string]func(*fixture){
		"split":     func(f *fixture) { f.git("update-index", "--split-index") },
		"version 4": func(f *fixture) { f.git("update-index", "--index-version=4", "--untracked-cache") },
		"unmerged": func(f *fixture) {
			f.git("checkout", "-q", "-b", "theirs")
			f.write("README.md", "theirs\n")
			f.git("commit", "-q", "-am", "theirs")
			f.git("checkout", "-q", "main")
			f.write("README.md", "ours\n")
			f.git("commit", "-q", "-am", "ours")
			f.try("merge", "theirs")
		},
	}
	for name, spoil := range cases {
		f := seeded(t)
		spoil(f)
		before := f.others()
		if _, err := release(f.open(), "main", Options{}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(before, f.others()); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if got := f.git("status", "--porcelain", "--", root); got != "" {
			t.Errorf("%s: %s", name, got)
		}
		f.sound()
	}
}

// The whole repository can be one root.
func TestRootIsTheTop(t *testing.T) {
	t.Parallel()
	f := seeded(t)
	r := f.open()
	b, _ := r.Branch(context.Background(), "")
	w, err := r.Begin(context.Background(), b, []string{"."}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	m, _ := w.Blob([]byte("x"))
	tip, err := "", w.Commit("top", []Edit{{"canary.yaml", m}, {Path: "README.md"}})
	if err == nil {
		tip, err = w.Finish()
	}
	if err != nil || f.git("rev-parse", "HEAD") != tip || f.read("canary.yaml") != "x" {
		t.Error(err)
	}
	f.clean()
	f.sound()
}

func TestSubdirectoriesSurvive(t *testing.T) {
	t.Parallel()
	f := seeded(t)
	f.write(root+"/sub/keep.yaml", "kind: Keep\n")
	f.git("add", ".")
	f.git("commit", "-q", "-m", "sub")
	r := f.open()
	tip, err := release(r, "", Options{})
	if err != nil {
		t.Fatal(err)
	}
	rd, err := r.Reader(context.Background(), tip)
	if err != nil {
		t.Fatal(err)
	}
	got, err := rd.Dir(root)
	want := map[string][]byte{"gitramp.lock": []byte("kind: Step\nstep: 2\n"), "step-2.yaml": []byte("kind: Step\nstep: 2\n"), "prod-service.yaml": []byte("kind: Service\n")}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
	f.clean()
	if f.read(root+"/sub/keep.yaml") != "kind: Keep\n" {
		t.Error("sub/keep.yaml is gone")
	}
	if got, err := rd.Dir("no/such"); got != nil || err != nil {
		t.Errorf("absent directory: %v, %v", got, err)
	}
	if _, err := rd.Dir("README.md"); err == nil {
		t.Error("a file passes for a directory")
	}
}

// refused runs a release that must not change anything.
func (f *fixture) refused(want any, words ...string) {
	f.t.Helper()
	before, status := f.git("for-each-ref"), f.git("status", "--porcelain", "--ignored")
	_, err := release(f.open(), "", Options{})
	if err == nil || !errors.As(err, want) {
		f.t.Fatalf("%T %v, want %T", err, err, want)
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			f.t.Errorf("%q does not name %q", err, word)
		}
	}
	if got := f.git("for-each-ref") + f.git("status", "--porcelain", "--ignored"); got != before+status {
		f.t.Errorf("something moved: %s", got)
	}
	f.sound()
}

func TestWorkInTheWayIsRefused(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		spoil func(*fixture)
		want  any
		word  string
	}{
		"dirty":     {func(f *fixture) { f.write(root+"/prod-service.yaml", "mine\n") }, new(*Conflict), "prod-service.yaml"},
		"staged":    {func(f *fixture) { f.write(root+"/new.yaml", "mine\n"); f.git("add", root) }, new(*Conflict), "new.yaml"},
		"deleted":   {func(f *fixture) { os.Remove(f.at(root + "/gone.yaml")) }, new(*Conflict), "gone.yaml"},
		"untracked": {func(f *fixture) { f.write(root+"/step-2.yaml", "mine\n") }, new(*Conflict), "step-2.yaml"},
		"ignored": {func(f *fixture) {
			f.write(".git/info/exclude", "*.lock\n")
			f.write(root+"/gitramp.lock", "mine\n")
		}, new(*Conflict), "gitramp.lock"},
		"file for a directory": {func(f *fixture) {
			f.git("rm", "-q", "-r", root)
			f.git("commit", "-q", "-m", "rm")
			f.write("deploy", "mine\n")
		}, new(*Conflict), "deploy"},
		"symlink in git": {func(f *fixture) {
			f.git("mv", "deploy", "real")
			os.Symlink("real", f.at("deploy"))
			f.git("add", ".")
			f.git("commit", "-q", "-m", "link")
		}, new(*Outside), "symlink"},
		"symlink in the work tree": {func(f *fixture) {
			f.git("rm", "-q", "-r", root)
			f.git("commit", "-q", "-m", "rm")
			os.Symlink("src", f.at("deploy"))
		}, new(*Outside), "symlink"},
		"submodule": {func(f *fixture) {
			f.git("rm", "-q", "-r", root)
			f.git("update-index", "--add", "--cacheinfo", "160000,"+f.git("rev-parse", "HEAD")+",deploy")
			f.git("commit", "-q", "-m", "sub")
			os.Mkdir(f.at("deploy"), 0o777)
		}, new(*Outside), "submodule"},
		"nested repository": {func(f *fixture) {
			f.git("rm", "-q", "-r", root)
			f.git("commit", "-q", "-m", "rm")
			f.git("init", "-q", root)
		}, new(*Outside), "repository of its own"},
		"detached": {func(f *fixture) { f.git("checkout", "-q", "--detach") }, new(*Usage), "--branch"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := seeded(t)
			// So that there is a state directory to look into.
			lock, err := f.open().flock(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			lock.Close()
			c.spoil(f)
			f.refused(c.want, c.word)
		})
	}
}

// The user's files go through the user's filters, the commits do not.
func TestLineEndings(t *testing.T) {
	t.Parallel()
	f := seeded(t)
	f.git("config", "core.autocrlf", "true")
	if _, err := release(f.open(), "", Options{}); err != nil {
		t.Fatal(err)
	}
	f.clean()
	if got := f.read(root + "/gitramp.lock"); got != "kind: Step\r\nstep: 2\r\n" {
		t.Errorf("work tree: %q", got)
	}
	if got := f.git("show", "HEAD:"+root+"/gitramp.lock"); got != "kind: Step\nstep: 2" {
		t.Errorf("commit: %q", got)
	}
}
