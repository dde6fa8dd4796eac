package kustomize

import (
	"context"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gitramp/gitramp/cmd/internal/git"
)

// TestBuildAtACommit builds a base where gitramp finds one: in the work tree, and in what is committed.
func TestBuildAtACommit(t *testing.T) {
	want := build(t, files(everything), "app/overlay")
	t.Setenv("PATH", realPath)
	t.Setenv("GIT_CONFIG_GLOBAL", os.DevNull)
	t.Setenv("GIT_CONFIG_NOSYSTEM", "1")
	for _, format := range []string{"sha1", "sha256"} {
		dir := t.TempDir()
		run := func(args ...string) {
			t.Helper()
			cmd := exec.Command("git", append([]string{"-C", dir, "-c", "user.name=Ann", "-c", "user.email=ann@example.org"}, args...)...)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("git %s: %v: %s", args, err, out)
			}
		}
		if err := os.CopyFS(dir, files(everything)); err != nil {
			t.Fatal(err)
		}
		run("init", "-q", "-b", "main", "--object-format="+format)
		run("add", ".")
		run("commit", "-q", "-m", "base")
		if err := os.WriteFile(filepath.Join(dir, "app/base/Kustomization"), []byte("namePrefix: not-committed-\nresources: [web.yaml]\nconfigMapGenerator: [{name: merged, literals: [A=1]}]\n"), 0o666); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, build(t, tip(t, dir), "app/overlay")); diff != "" {
			t.Errorf("%s: %s", format, diff)
		}
		if diff := cmp.Diff(want, build(t, os.DirFS(dir), "app/overlay")); diff == "" {
			t.Error("the work tree builds what is committed")
		}
	}
}

// tip is the file system of the branch that is checked out.
func tip(t *testing.T, dir string) fs.FS {
	t.Helper()
	repo, err := git.Open(context.Background(), dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { repo.Close() })
	rd, err := repo.Reader(context.Background(), head(t, dir))
	if err != nil {
		t.Fatal(err)
	}
	return rd.FS()
}

func head(t *testing.T, dir string) string {
	t.Helper()
	out, err := exec.Command("git", "-C", dir, "rev-parse", "HEAD").Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(out[:len(out)-1])
}
