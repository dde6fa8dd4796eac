package git

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"slices"
	"testing"
	"testing/fstest"
)

// filesAt is the file system of a branch's tip.
func filesAt(t *testing.T, f *fixture, rev string) fs.FS {
	t.Helper()
	rd, err := f.open().Reader(context.Background(), f.git("rev-parse", rev))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { rd.Close() })
	return rd.FS()
}

func TestFSIsTheCommitsTree(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"sha1", "sha256"} {
		f := empty(t, "--object-format="+format)
		f.write("README.md", "read me\n")
		f.write("base/empty", "")
		f.write("base/deep/er/run.sh", "#!/bin/sh\n")
		if err := os.Chmod(f.at("base/deep/er/run.sh"), 0o755); err != nil {
			t.Fatal(err)
		}
		f.git("add", ".")
		f.git("commit", "-q", "-m", "first")
		f.write("README.md", "not committed\n")
		tree := filesAt(t, f, "HEAD")
		if err := fstest.TestFS(tree, "README.md", "base/empty", "base/deep/er/run.sh"); err != nil {
			t.Errorf("%s: %v", format, err)
		}
		if got, err := fs.ReadFile(tree, "README.md"); err != nil || string(got) != "read me\n" {
			t.Errorf("%s: %q, %v", format, got, err)
		}
		if fi, err := fs.Stat(tree, "base/deep/er/run.sh"); err != nil || fi.Mode() != 0o555 || fi.Size() != 10 {
			t.Errorf("%s: %v, %v", format, fi, err)
		}
	}
}

func TestFSSaysWhatIsAbsent(t *testing.T) {
	t.Parallel()
	tree := filesAt(t, seeded(t), "HEAD")
	for _, name := range []string{"no", "src/no", "src/main.go/no", "README.md/no"} {
		if _, err := fs.Stat(tree, name); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, name := range []string{"", "/README.md", "../README.md", "src/../README.md", "src/"} {
		if _, err := fs.ReadFile(tree, name); !errors.Is(err, fs.ErrInvalid) {
			t.Errorf("%q: %v", name, err)
		}
	}
	if _, err := fs.ReadFile(tree, "src"); !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("a directory is read: %v", err)
	}
	if _, err := fs.ReadDir(tree, "README.md"); !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("a file is listed: %v", err)
	}
}

func TestFSOfAnUnbornBranchIsEmpty(t *testing.T) {
	t.Parallel()
	rd, err := empty(t).open().Reader(context.Background(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer rd.Close()
	if err := fstest.TestFS(rd.FS()); err != nil {
		t.Error(err)
	}
	if _, err := fs.Stat(rd.FS(), "base"); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

func TestFSFollowsNeitherSymlinksNorSubmodules(t *testing.T) {
	t.Parallel()
	f := seeded(t)
	for from, to := range map[string]string{"inside": "README.md", "dir": "src", "out": "/etc", "src/up": "../../../etc/passwd"} {
		if err := os.Symlink(to, f.at(from)); err != nil {
			t.Fatal(err)
		}
	}
	f.git("add", ".")
	f.git("update-index", "--add", "--cacheinfo", "160000,"+f.git("rev-parse", "HEAD")+",sub")
	f.git("commit", "-q", "-m", "links")
	tree := filesAt(t, f, "HEAD")
	for _, name := range []string{"inside", "dir/main.go", "dir", "out/passwd", "src/up", "sub", "sub/README.md"} {
		outside := (*Outside)(nil)
		if _, err := fs.ReadFile(tree, name); !errors.As(err, &outside) {
			t.Errorf("%s is read: %v", name, err)
		}
		if _, err := fs.Stat(tree, name); !errors.As(err, &outside) {
			t.Errorf("%s is found: %v", name, err)
		}
	}
	list, err := fs.ReadDir(tree, ".")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range list {
		got = append(got, e.Type().String()+" "+e.Name())
	}
	want := []string{"---------- README.md", "d--------- deploy", "L--------- dir", "L--------- inside", "L--------- out", "d--------- src", "?--------- sub"}
	if !slices.Equal(got, want) {
		t.Errorf("listed: %q", got)
	}
}
