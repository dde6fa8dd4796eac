package newfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// TestWrite: a file that is there stays as it is unless it may be overwritten, a link is replaced and not followed, and nothing else is left in the folder.
func TestWrite(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.yaml")
	read := func(path string) string {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	if err := Write(path, []byte("one"), false); err != nil || read(path) != "one" {
		t.Fatal(err)
	}
	if err := Write(path, []byte("two"), false); !errors.Is(err, fs.ErrExist) || read(path) != "one" {
		t.Errorf("written over: %v, %s", err, read(path))
	}
	if err := Write(path, []byte("two"), true); err != nil || read(path) != "two" {
		t.Errorf("not overwritten: %v, %s", err, read(path))
	}
	target, link := filepath.Join(t.TempDir(), "target"), filepath.Join(dir, "link")
	if err := errors.Join(os.WriteFile(target, []byte("mine"), 0o644), os.Symlink(target, link)); err != nil {
		t.Fatal(err)
	}
	if err := Write(link, []byte("two"), false); !errors.Is(err, fs.ErrExist) {
		t.Errorf("over a link: %v", err)
	}
	if err := Write(link, []byte("two"), true); err != nil || read(target) != "mine" || read(link) != "two" {
		t.Errorf("through a link: %v, %s", err, read(target))
	}
	if err := Write(filepath.Join(dir, "no", "where"), nil, false); err == nil {
		t.Error("a folder that is not there is no error")
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 2 {
		t.Errorf("%d entries are left: %v", len(entries), err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o644 {
		t.Errorf("mode %v (%v)", info.Mode(), err)
	}
}
