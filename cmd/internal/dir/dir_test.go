package dir

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gitramp/gitramp/render"
)

const rel = "deploy/web"

var (
	oldFiles = map[string]string{"a.yaml": "a1", "gone.yaml": "g", "kustomization.yaml": "k1", "same.yaml": "s"}
	newFiles = map[string]string{"a.yaml": "a2", "fresh.yaml": "f", "kustomization.yaml": "k2", "same.yaml": "s"}
	oldToNew = []Change{{"a.yaml", Update}, {"fresh.yaml", Create}, {render.LockFile, Update}, {"gone.yaml", Delete}, {"kustomization.yaml", Update}}
)

// treeOf adds the lock: the digests of the files, as JSON.
func treeOf(files map[string]string) (tree render.Tree) {
	digests := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		tree = append(tree, render.File{Path: name, Data: []byte(files[name])})
		digests[name] = render.Digest([]byte(files[name]))
	}
	lock, _ := json.Marshal(digests)
	return append(tree, render.File{Path: render.LockFile, Data: lock})
}

// ownedIn does what the CLI does: it reads the lock, and adds the lock itself.
func ownedIn(base, rel string) (Owned, error) {
	files, err := Read(base, rel)
	if err != nil || files[render.LockFile] == nil {
		return nil, err
	}
	var owned Owned
	if err := json.Unmarshal(files[render.LockFile], &owned); err != nil {
		return nil, err
	}
	owned[render.LockFile] = render.Digest(files[render.LockFile])
	return owned, nil
}

func update(base string, files map[string]string, o Options) ([]Change, error) {
	owned, err := ownedIn(base, rel)
	if err != nil {
		return nil, err
	}
	return Write(base, rel, treeOf(files), owned, o)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// installed is a base in which rel holds oldFiles.
func installed(t *testing.T) (base, dir string) {
	t.Helper()
	base = t.TempDir()
	_, err := update(base, oldFiles, Options{})
	must(t, err)
	return base, filepath.Join(base, rel)
}

func put(t *testing.T, name, data string) {
	t.Helper()
	must(t, os.WriteFile(name, []byte(data), 0o644))
}

// snapshot returns every entry below base: kind, mode and content; with identity, inode and mtime.
func snapshot(t *testing.T, base string, identity bool) map[string]string {
	t.Helper()
	all := map[string]string{}
	must(t, filepath.WalkDir(base, func(name string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		s := info.Mode().String()
		if info.Mode().IsRegular() {
			data, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			s += fmt.Sprintf(" %x", sha256.Sum256(data))
		} else if info.Mode()&fs.ModeSymlink != 0 {
			s += readlink(name)
		}
		if identity {
			s += ident(info) + info.ModTime().String()
		}
		all[strings.TrimPrefix(name, base)] = s
		return nil
	}))
	return all
}

func readlink(name string) string {
	to, _ := os.Readlink(name)
	return " -> " + to
}

// holds checks that a directory holds the files with their lock and what extra says, and no more; and
// that nothing temporary is beside it.
func holds(t *testing.T, dir string, files map[string]string, extra ...string) {
	t.Helper()
	want := append([]string{}, extra...)
	for _, f := range treeOf(files) {
		want = append(want, f.Path)
		if data, err := os.ReadFile(filepath.Join(dir, f.Path)); err != nil || string(data) != string(f.Data) {
			t.Errorf("%s is %q (%v), want %q", f.Path, data, err, f.Data)
		}
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, list(t, dir)); diff != "" {
		t.Errorf("entries (-want +got):\n%s", diff)
	}
	noTemp(t, filepath.Dir(dir))
}

func list(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	must(t, err)
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func noTemp(t *testing.T, parent string) {
	t.Helper()
	if _, err := os.Stat(parent); errors.Is(err, fs.ErrNotExist) {
		return
	}
	for _, name := range list(t, parent) {
		if strings.HasPrefix(name, tempPrefix) {
			t.Errorf("%s is left", name)
		}
	}
}

// at runs do once, at the named step.
func at(t *testing.T, name string, do func()) {
	t.Helper()
	met := false
	step = func(s string) {
		if s == name && !met {
			met = true
			do()
		}
	}
	t.Cleanup(func() {
		step = func(string) {}
		if !met {
			t.Errorf("step %q was not met", name)
		}
	})
}

func TestWrite(t *testing.T) {
	base, dir := installed(t)
	holds(t, dir, oldFiles)
	info, err := os.Stat(filepath.Join(dir, "a.yaml"))
	must(t, err)
	if mode := info.Mode().Perm(); mode&0o133 != 0 || mode&0o600 != 0o600 {
		t.Errorf("mode %v", mode)
	}
	owned, err := ownedIn(base, rel)
	must(t, err)
	before := snapshot(t, base, true)
	compared, err := Compare(base, rel, treeOf(newFiles), owned)
	must(t, err)
	if diff := cmp.Diff(before, snapshot(t, base, true)); diff != "" {
		t.Errorf("Compare wrote:\n%s", diff)
	}
	written, err := update(base, newFiles, Options{})
	must(t, err)
	for _, got := range [][]Change{compared, written} {
		if diff := cmp.Diff(oldToNew, got); diff != "" {
			t.Errorf("changes (-want +got):\n%s", diff)
		}
	}
	holds(t, dir, newFiles)
	if after := snapshot(t, base, true); before["/deploy/web/same.yaml"] != after["/deploy/web/same.yaml"] {
		t.Error("same.yaml was written again")
	}
}

func TestWriteNothing(t *testing.T) {
	for _, foreign := range []bool{false, true} {
		base, dir := installed(t)
		if foreign {
			must(t, os.Mkdir(filepath.Join(dir, "sub"), 0o755))
		}
		before := snapshot(t, base, true)
		time.Sleep(10 * time.Millisecond)
		changes, err := update(base, oldFiles, Options{})
		must(t, err)
		if diff := cmp.Diff(before, snapshot(t, base, true)); diff != "" || len(changes) != 0 {
			t.Errorf("changes %v, on disk:\n%s", changes, diff)
		}
	}
}

func TestRemove(t *testing.T) {
	base, dir := installed(t)
	owned, err := ownedIn(base, rel)
	must(t, err)
	changes, err := Remove(base, rel, owned)
	must(t, err)
	if len(changes) != len(owned) || changes[0] != (Change{"a.yaml", Delete}) {
		t.Errorf("changes %v", changes)
	}
	if diff := cmp.Diff([]string(nil), list(t, filepath.Dir(dir))); diff != "" {
		t.Error(diff)
	}
	for range 2 { // neither again, nor where the parent is gone
		if changes, err = Remove(base, rel, owned); err != nil || changes != nil {
			t.Errorf("again: %v, %v", changes, err)
		}
		must(t, os.RemoveAll(filepath.Dir(dir)))
	}
	noTemp(t, base)
}

func TestRemoveEmptyDirectory(t *testing.T) {
	base, dir := t.TempDir(), ""
	dir = filepath.Join(base, rel)
	must(t, os.MkdirAll(dir, 0o755))
	_, err := Remove(base, rel, nil)
	must(t, err)
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

func TestForeignEntriesStay(t *testing.T) {
	for name, plant := range map[string]func(t *testing.T, dir string){
		"file":      func(t *testing.T, dir string) { put(t, dir+"/note", "mine") },
		"not UTF-8": func(t *testing.T, dir string) { put(t, dir+"/note\xff", "mine") },
		"symlink":   func(t *testing.T, dir string) { must(t, os.Symlink("/etc/passwd", dir+"/note")) },
		"dangling":  func(t *testing.T, dir string) { must(t, os.Symlink("nowhere", dir+"/note")) },
		"directory": func(t *testing.T, dir string) {
			must(t, os.MkdirAll(dir+"/note/deep", 0o700))
			put(t, dir+"/note/deep/f", "x")
		},
		"two hardlinks": func(t *testing.T, dir string) {
			put(t, dir+"/note", "mine")
			must(t, os.Link(dir+"/note", dir+"/../x"))
		},
		"like a stage": func(t *testing.T, dir string) { must(t, os.Mkdir(dir+"/note", 0o755)); plantStages(t, dir) },
	} {
		t.Run(name, func(t *testing.T) {
			if name == "not UTF-8" && runtime.GOOS != "linux" {
				t.Skip("no such names here")
			}
			base, dir := installed(t)
			plant(t, dir)
			foreign := func() map[string]string {
				all := snapshot(t, base, true)
				maps.DeleteFunc(all, func(k, _ string) bool {
					return !strings.Contains(k, "note") && !strings.Contains(k, tempPrefix) && !strings.HasSuffix(k, "/x")
				})
				return all
			}
			before := foreign()
			_, err := update(base, newFiles, Options{})
			must(t, err)
			if diff := cmp.Diff(before, foreign()); diff != "" {
				t.Errorf("after Write:\n%s", diff)
			}
			owned, err := ownedIn(base, rel)
			must(t, err)
			_, err = Remove(base, rel, owned)
			must(t, err)
			if diff := cmp.Diff(before, foreign()); diff != "" {
				t.Errorf("after Remove:\n%s", diff)
			}
			if _, err := os.Stat(dir + "/" + render.LockFile); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("lock: %v", err)
			}
		})
	}
}

// plantStages makes what looks like a leftover and cannot be proven to be one.
func plantStages(t *testing.T, dir string) {
	for _, name := range []string{
		tempPrefix + "web-0123456789abcdef",       // no marker, not empty
		tempPrefix + "web-other-0123456789abcdef", // of another directory
		tempPrefix + "web-0123456789abcdeg",
		tempPrefix + "web-",
	} {
		for _, at := range []string{dir + "/", dir + "/../"} {
			must(t, os.Mkdir(at+name, 0o755))
			if name == tempPrefix+"web-0123456789abcdef" {
				put(t, at+name+"/data", "x")
			} else {
				put(t, at+name+"/"+marker, "")
			}
		}
	}
}

func TestDrift(t *testing.T) {
	edit := func(name string) func(*testing.T, string) {
		return func(t *testing.T, dir string) { put(t, dir+"/"+name, "hotfix") }
	}
	for name, c := range map[string]struct {
		spoil func(t *testing.T, dir string)
		want  string
	}{
		"changed, to be updated": {edit("a.yaml"), "a.yaml: changed since gitramp wrote it"},
		"changed, to be deleted": {edit("gone.yaml"), "gone.yaml: changed since gitramp wrote it"},
		"changed, to be kept":    {edit("same.yaml"), "same.yaml: changed since gitramp wrote it"},
		"foreign in the way":     {edit("fresh.yaml"), "fresh.yaml: no gitramp.lock says that gitramp wrote it"},
		"deleted":                {func(t *testing.T, dir string) { must(t, os.Remove(dir+"/same.yaml")) }, "same.yaml: deleted since gitramp wrote it"},
	} {
		for _, sub := range []bool{false, true} {
			t.Run(fmt.Sprint(name, " sub=", sub), func(t *testing.T) {
				base, dir := installed(t)
				extra := []string{}
				if sub {
					must(t, os.Mkdir(dir+"/sub", 0o755))
					extra = append(extra, "sub")
				}
				c.spoil(t, dir)
				before := snapshot(t, base, true)
				changes, err := update(base, newFiles, Options{})
				drift, ok := errors.AsType[*Drift](err)
				if !ok || changes != nil || !cmp.Equal(drift.Files, []string{c.want}) || drift.Dir != dir {
					t.Errorf("got %v, %v", changes, err)
				}
				owned, err := ownedIn(base, rel)
				must(t, err)
				if changes, err = Compare(base, rel, treeOf(newFiles), owned); len(changes) < 5 || !errors.As(err, &drift) {
					t.Errorf("Compare: %v, %v", changes, err)
				}
				if diff := cmp.Diff(before, snapshot(t, base, true)); diff != "" {
					t.Errorf("written:\n%s", diff)
				}
				if _, err = update(base, newFiles, Options{OverwriteDrift: true}); name == "foreign in the way" {
					if !errors.As(err, &drift) {
						t.Errorf("a file that gitramp never wrote was written over: %v", err)
					}
					return
				}
				must(t, err)
				holds(t, dir, newFiles, extra...)
			})
		}
	}
}

func TestDriftWithoutLock(t *testing.T) {
	base := t.TempDir()
	dir := filepath.Join(base, rel)
	must(t, os.MkdirAll(dir, 0o755))
	put(t, dir+"/a.yaml", "mine")
	put(t, dir+"/other.yaml", "mine")
	if _, err := update(base, oldFiles, Options{}); err == nil || !strings.Contains(err.Error(), "a.yaml: no gitramp.lock says that gitramp wrote it") {
		t.Error(err)
	}
	put(t, dir+"/a.yaml", oldFiles["a.yaml"]) // equal to what is wanted: no drift
	_, err := update(base, oldFiles, Options{})
	must(t, err)
	holds(t, dir, oldFiles, "other.yaml")
}

func TestStaleLockIsDrift(t *testing.T) {
	base, dir := installed(t)
	owned, err := ownedIn(base, rel)
	must(t, err)
	_, err = update(base, newFiles, Options{})
	must(t, err)
	if _, err := Write(base, rel, treeOf(map[string]string{"a.yaml": "a3"}), owned, Options{}); err == nil || !strings.Contains(err.Error(), render.LockFile+": changed") {
		t.Error(err)
	}
	holds(t, dir, newFiles)
}

func TestOutside(t *testing.T) {
	elsewhere := t.TempDir()
	put(t, elsewhere+"/secret", "x")
	tree := func(name string) render.Tree { return render.Tree{{Path: name, Data: []byte("x")}} }
	for name, c := range map[string]struct {
		rel       string
		plant     func(t *testing.T, base string)
		tree      render.Tree
		owned     Owned
		component string
	}{
		"up":               {rel: "../x", component: ".."},
		"up inside":        {rel: "deploy/../../x", component: ".."},
		"absolute":         {rel: elsewhere, component: elsewhere},
		"empty":            {rel: "", component: ""},
		"base":             {rel: ".", component: "."},
		"unclean":          {rel: "deploy//web", component: ""},
		"backslash":        {rel: `..\x`, component: `..\x`},
		"git":              {rel: ".git/hooks", component: ".git"},
		"Git":              {rel: "deploy/.GiT", component: ".GiT"},
		"git for Windows":  {rel: "deploy/GIT~1/x", component: "GIT~1"},
		"temporary":        {rel: tempPrefix + "x", component: tempPrefix + "x"},
		"symlink":          {rel: rel, component: "web", plant: func(t *testing.T, b string) { must(t, os.Symlink(elsewhere, b+"/deploy/web")) }},
		"symlink dangling": {rel: rel, component: "web", plant: func(t *testing.T, b string) { must(t, os.Symlink("nowhere", b+"/deploy/web")) }},
		"symlink inside":   {rel: "link/web", component: "link", plant: func(t *testing.T, b string) { must(t, os.Symlink("deploy", b+"/link")) }},
		"file":             {rel: "file/web", component: "file", plant: func(t *testing.T, b string) { put(t, b+"/file", "") }},
		"last is a file":   {rel: rel, component: "web", plant: func(t *testing.T, b string) { put(t, b+"/deploy/web", "") }},
		"submodule":        {rel: rel, component: "deploy", plant: func(t *testing.T, b string) { put(t, b+"/deploy/.git", "gitdir: x") }},
		"repository": {rel: rel, component: "web", plant: func(t *testing.T, b string) {
			must(t, os.MkdirAll(b+"/deploy/web/.git", 0o755))
		}},
		"file in the tree: path":   {rel: rel, tree: tree("sub/a.yaml"), component: "sub/a.yaml"},
		"file in the tree: up":     {rel: rel, tree: tree(".."), component: ".."},
		"file in the tree: empty":  {rel: rel, tree: tree(""), component: ""},
		"file in the tree: git":    {rel: rel, tree: tree(".git"), component: ".git"},
		"file in the tree: twice":  {rel: rel, tree: render.Tree{{Path: "A.yaml"}, {Path: "a.yaml"}}, component: "a.yaml"},
		"file in the lock: up":     {rel: rel, owned: Owned{"../x": "sha256:0"}, component: "../x"},
		"file in the dir: symlink": {rel: rel, component: "a.yaml", plant: inDir(func(d string) error { return os.Symlink(elsewhere+"/secret", d+"/a.yaml") })},
		"file in the dir: a dir":   {rel: rel, component: "a.yaml", plant: inDir(func(d string) error { return os.Mkdir(d+"/a.yaml", 0o755) })},
		"owned, not in the tree": {rel: rel, component: "old.yaml", owned: Owned{"old.yaml": render.Digest([]byte("x"))},
			plant: inDir(func(d string) error { return os.Symlink(elsewhere+"/secret", d+"/old.yaml") })},
	} {
		t.Run(name, func(t *testing.T) {
			base := t.TempDir()
			must(t, os.MkdirAll(base+"/deploy", 0o755))
			if c.plant != nil {
				c.plant(t, base)
			}
			if c.tree == nil {
				c.tree = treeOf(oldFiles)
			}
			before := snapshot(t, base, true)
			_, written := Write(base, c.rel, c.tree, c.owned, Options{OverwriteDrift: true})
			_, compared := Compare(base, c.rel, c.tree, c.owned)
			for _, err := range []error{written, compared} {
				if o, ok := errors.AsType[*Outside](err); !ok || o.Component != c.component {
					t.Errorf("got %v", err)
				}
			}
			if diff := cmp.Diff(before, snapshot(t, base, true)); diff != "" {
				t.Errorf("written:\n%s", diff)
			}
			if got := list(t, elsewhere); !cmp.Equal(got, []string{"secret"}) {
				t.Errorf("elsewhere: %v", got)
			}
		})
	}
}

func inDir(plant func(dir string) error) func(*testing.T, string) {
	return func(t *testing.T, base string) {
		must(t, os.MkdirAll(base+"/deploy/web", 0o755))
		must(t, plant(base+"/deploy/web"))
	}
}

func TestReplacedByASymlinkWhileOpened(t *testing.T) {
	base, dir := installed(t)
	at(t, "saw web", func() {
		must(t, os.Rename(dir, dir+"2"))
		must(t, os.Mkdir(dir+"3", 0o755))
		must(t, os.Symlink("web3", dir))
	})
	_, err := Write(base, rel, treeOf(newFiles), nil, Options{OverwriteDrift: true})
	if o, ok := errors.AsType[*Outside](err); !ok || o.Component != "web" {
		t.Error(err)
	}
	if got := list(t, dir+"3"); got != nil {
		t.Error(got)
	}
}

func TestBaseMayBeASymlink(t *testing.T) {
	base, dir := installed(t)
	link := filepath.Join(t.TempDir(), "link")
	must(t, os.Symlink(base, link))
	_, err := update(link, newFiles, Options{})
	must(t, err)
	holds(t, dir, newFiles)
	if _, err := Read(filepath.Join(base, "missing"), rel); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

func TestDirectlyInARepository(t *testing.T) {
	base := t.TempDir()
	must(t, os.Mkdir(base+"/.git", 0o755))
	for _, rel := range []string{"web", "deploy/web"} {
		_, err := Write(base, rel, treeOf(oldFiles), nil, Options{})
		must(t, err)
		holds(t, filepath.Join(base, rel), oldFiles)
	}
}

func TestParentsAreUnmade(t *testing.T) {
	base := t.TempDir()
	_, err := Write(base, "new/"+strings.Repeat("x", 300)+"/web", treeOf(oldFiles), nil, Options{})
	if err == nil || !strings.HasPrefix(err.Error(), "open "+base) {
		t.Error(err)
	}
	if got := list(t, base); got != nil {
		t.Error(got)
	}
}

func TestRead(t *testing.T) {
	base, dir := installed(t)
	must(t, os.Mkdir(dir+"/sub", 0o755))
	must(t, os.Symlink("a.yaml", dir+"/link"))
	files, err := Read(base, rel)
	must(t, err)
	if len(files) != 5 || string(files["a.yaml"]) != "a1" {
		t.Errorf("%q", files)
	}
	for _, missing := range []string{"deploy/none", "none/web"} {
		if files, err := Read(base, missing); files != nil || err != nil {
			t.Errorf("%s: %v, %v", missing, files, err)
		}
	}
}

// What others do in the instant of the swap stays as if they had done it right after.
func TestEditsDuringTheSwap(t *testing.T) {
	base, dir := installed(t)
	put(t, dir+"/note", "1")
	at(t, "signed", func() {
		put(t, dir+"/.note~", "2")
		must(t, os.Rename(dir+"/.note~", dir+"/note"))
		put(t, dir+"/late", "3")
		must(t, os.MkdirAll(dir+"/sub/deep", 0o755))
		put(t, dir+"/a.yaml", "hotfix")
		put(t, dir+"/gone.yaml", "hotfix")
	})
	_, err := update(base, newFiles, Options{})
	must(t, err)
	for name, want := range map[string]string{"note": "2", "late": "3", "a.yaml": "hotfix", "gone.yaml": "hotfix", "fresh.yaml": "f"} {
		if data, err := os.ReadFile(dir + "/" + name); string(data) != want {
			t.Errorf("%s: %q, %v", name, data, err)
		}
	}
	if _, err := os.Stat(dir + "/sub/deep"); err != nil {
		t.Error(err)
	}
	noTemp(t, filepath.Dir(dir))
	noTemp(t, dir)
}

func TestEditsDuringRemove(t *testing.T) {
	base, dir := installed(t)
	owned, err := ownedIn(base, rel)
	must(t, err)
	at(t, "signed", func() { put(t, dir+"/late", "3") })
	_, err = Remove(base, rel, owned)
	must(t, err)
	if got := list(t, dir); !cmp.Equal(got, []string{"late"}) {
		t.Error(got)
	}
	noTemp(t, filepath.Dir(dir))
}

func TestEditsDuringOneByOne(t *testing.T) {
	base, dir := installed(t)
	must(t, os.Mkdir(dir+"/sub", 0o755))
	at(t, "wrote kustomization.yaml", func() { put(t, dir+"/fresh.yaml", "mine") })
	_, err := update(base, newFiles, Options{})
	if _, ok := errors.AsType[*Drift](err); !ok {
		t.Error(err)
	}
	holdsOld := map[string]string{"fresh.yaml": "mine"}
	maps.Copy(holdsOld, oldFiles)
	for name, want := range holdsOld {
		if data, _ := os.ReadFile(dir + "/" + name); string(data) != want {
			t.Errorf("%s: %q", name, data)
		}
	}
	noTemp(t, dir)
}
