package rollout

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/gitramp/gitramp/cmd/internal/app"
	"github.com/gitramp/gitramp/cmd/internal/git"
	"github.com/gitramp/gitramp/render"
)

// Item is one app at one tip.
type Item struct {
	Name  string   // namespace/name; the spec's file where nobody knows the name
	Dir   string   // the output path
	File  string   // the spec, as the user would name it
	App   *app.App // nil where there is no usable spec
	State render.State
	Err   error // why there is no usable spec, or no usable tree
	Gone  bool  // the spec is not where the lock says that it is, or is another app's by now

	Evidence  render.Evidence
	Since     string // the commit that began the step
	SinceDate int64
	Began     *git.Commit // the same, with what it says; for who looks alone
	written   string      // the commit that wrote its manifests as they are: a later one where something was synced since

	present map[string][]byte // the files of the directory
	back    rollback
}

// Wanted is the revision that the spec asks for, "" where nobody knows.
func (it *Item) Wanted() string {
	if it.App == nil {
		return ""
	}
	return it.App.Wanted
}

// Superseded says whether the item goes back for the sake of another revision: the spec asks neither for what is withdrawn, nor for what prod runs.
func (it *Item) Superseded() bool {
	l, wanted := it.State.Lock, it.Wanted()
	return l != nil && l.Phase.GoesBack() && l.Canary != nil && wanted != "" && wanted != l.Canary.Revision && wanted != l.Stable.Revision
}

// View is what a repository says at one tip.
type View struct {
	Tip    string
	Edited []string // specs of this repository, and files of their bases, that are other on disk than at the tip

	repo    *git.Repo
	reader  *git.Reader
	set     *app.Set
	apps    []known                  // once they are asked for
	removed map[string]removal       // by lock, once that is asked for
	cut     bool                     // the history that was asked is shallow
	claimed map[string]render.Claims // output path -> what the app there has, once that is asked for
}

// NewView reads at a commit.
func NewView(ctx context.Context, repo *git.Repo, tip string) (*View, error) {
	reader, err := repo.Reader(ctx, tip)
	if err != nil {
		return nil, err
	}
	set := app.NewSet()
	set.Unclaimed = true
	set.Committed = func(root string) fs.FS {
		if root != repo.Root() {
			return nil
		}
		return reader.FS()
	}
	return &View{Tip: tip, repo: repo, reader: reader, set: set}, nil
}

// committed is the text of a spec at the tip: where the repository holds the spec, that counts and not what lies in the work tree.
func (v *View) committed(file string) func(root, origin string) ([]byte, error) {
	return func(root, origin string) ([]byte, error) {
		if root == "" || root != v.repo.Root() {
			return nil, nil
		}
		data, err := v.reader.File(origin)
		if err != nil || data == nil {
			return nil, err
		}
		if disk, err := os.ReadFile(file); err == nil && app.Edited(disk, data) {
			v.Edited = append(v.Edited, file)
		}
		return data, nil
	}
}

// bySpec makes an item of a spec file.
func (v *View) bySpec(file string) *Item {
	it := &Item{Name: file, File: file}
	a, err := v.set.ParseAs(file, v.committed(file))
	if len(v.set.BaseFiles(file)) > 0 {
		if origin, ok := v.inside(file); ok && v.repo.Root() != "" {
			v.Edited = append(v.Edited, v.set.EditedBase(file, origin, v.reader.File)...)
		}
	}
	if err != nil {
		it.Err = err
		return it
	}
	it.App, it.Dir, it.Name = a, a.Spec.OutputPath(), a.Name()
	files, err := v.reader.Dir(it.Dir)
	if err == nil {
		err = a.Load(it.Dir, files)
	}
	if it.Err, it.present = err, files; err == nil {
		it.State = a.State
	}
	return it
}

// adopt finds the tree of an app whose spec cannot be used by the lock that names it: what goes back needs no spec.
func (v *View) adopt(ctx context.Context, it *Item) error {
	rel, ok := v.inside(it.File)
	locks, err := v.locks(ctx)
	if !ok || err != nil {
		return err
	}
	for _, l := range locks {
		if l.spec != rel {
			continue
		}
		files, err := v.reader.Dir(l.dir)
		if err != nil {
			return err
		}
		if s, err := render.ReadState(l.dir, files); err == nil {
			it.Name, it.Dir, it.State, it.present = l.name, l.dir, s, files
		}
	}
	return nil
}

// byLock makes an item of an output path.
func (v *View) byLock(dir string) *Item {
	it := &Item{Name: dir, Dir: dir}
	files, err := v.reader.Dir(dir)
	if err == nil {
		it.State, err = render.ReadState(dir, files)
	}
	if err != nil {
		it.Err = app.Conflict{Text: err.Error()}
		return it
	}
	it.present = files
	l := it.State.Lock
	if l == nil {
		return it
	}
	it.Name, it.File = fullName(l.Namespace, l.App), l.Spec
	data, err := v.specText(l.Spec)
	if it.Gone = err == nil && data == nil; it.Gone || err != nil {
		it.Err = err
		return it
	}
	spec, err := render.ParseSpec(filepath.FromSlash(l.Spec), data)
	if it.Gone = err == nil && !is(spec, it.Name, dir); it.Gone {
		return it // it is of another app, or of another output path by now
	}
	var a *app.App
	if err == nil {
		a, err = v.set.Add(filepath.FromSlash(l.Spec), v.repo.Root(), l.Spec, spec)
	}
	if err == nil {
		err = a.Take(dir, it.State)
	}
	if err != nil {
		it.Err = err
		return it
	}
	it.App = a
	return it
}

// specText is a spec as it is at the tip; where it is not committed, as it lies on disk.
func (v *View) specText(name string) ([]byte, error) {
	data, err := v.reader.File(name)
	if err != nil || data != nil || v.repo.Root() == "" {
		return data, err
	}
	data, err = os.ReadFile(filepath.Join(v.repo.Root(), filepath.FromSlash(name)))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return data, err
}

// is says whether a spec is that of an app at an output path.
func is(c *render.Canary, name, dir string) bool {
	return fullName(c.Metadata.Namespace, c.Metadata.Name) == name && c.OutputPath() == dir
}

func fullName(namespace, name string) string {
	if namespace == "" {
		return name
	}
	return namespace + "/" + name
}

// few is up to how many apps are read one by one.
const few = 20

// lies says whether a spec is where it was, at the tip or on disk.
func (v *View) lies(spec string) bool {
	if data, err := v.reader.File(spec); err != nil || data != nil {
		return true
	}
	_, err := os.Lstat(filepath.Join(v.repo.Root(), filepath.FromSlash(spec)))
	return !errors.Is(err, fs.ErrNotExist)
}

// known is an installed app.
type known struct{ dir, spec, name string }

// locks lists what is installed.
func (v *View) locks(ctx context.Context) ([]known, error) {
	if v.apps != nil {
		return v.apps, nil
	}
	paths, err := v.reader.Files(ctx, render.LockFile)
	if err != nil {
		return nil, err
	}
	if len(paths) > few {
		apps := map[string]bool{}
		for _, p := range paths {
			apps[path.Dir(p)] = true
		}
		if err := v.reader.Prefetch(ctx, func(name string) bool { return apps[path.Dir(name)] || app.IsSpecName(path.Base(name)) }); err != nil {
			return nil, err
		}
	}
	list := []known{}
	for _, p := range paths {
		data, err := v.reader.File(p)
		if err != nil {
			return nil, err
		}
		k := known{dir: path.Dir(p)}
		k.name, k.spec, _ = render.Owner(data)
		list = append(list, k)
	}
	v.apps = list
	return list, nil
}

// inside is a path on disk as the repository has it; ok is false where it lies elsewhere.
func (v *View) inside(name string) (rel string, ok bool) {
	root := v.repo.Root()
	abs, err := filepath.Abs(name)
	if root == "" || err != nil {
		return filepath.ToSlash(filepath.Clean(name)), root == ""
	}
	if real, err := filepath.EvalSymlinks(abs); err == nil {
		abs = real
	}
	rel, err = filepath.Rel(root, abs)
	rel = filepath.ToSlash(rel)
	return rel, err == nil && rel != ".." && !strings.HasPrefix(rel, "../")
}

// under says whether a path is a directory or lies below it.
func under(name, dir string) bool {
	return dir == "." || name == dir || strings.HasPrefix(name, dir+"/")
}
