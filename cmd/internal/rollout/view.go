package rollout

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
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

// Specs makes an item of every spec that the arguments name, and of every app below a directory among them whose spec is gone.
func (v *View) Specs(ctx context.Context, args []string) ([]*Item, error) {
	args, named, err := v.byName(ctx, args)
	if err != nil || len(args) == 0 && named != nil {
		return named, err
	}
	files, err := v.specFiles(ctx, args)
	if v.repo.Root() == "" && err != nil { // nothing lies on disk: what is installed is what there is
		return v.Installed(ctx, args)
	}
	if err != nil {
		return nil, err
	}
	if len(files) > few { // reads them ahead
		if _, err := v.locks(ctx); err != nil {
			return nil, err
		}
	}
	var items []*Item
	for _, f := range files {
		it := v.bySpec(f)
		if it.App == nil {
			if err := v.adopt(ctx, it); err != nil {
				return nil, err
			}
		}
		items = append(items, it)
	}
	orphans, err := v.orphans(ctx, args, items)
	return append(append(named, items...), orphans...), err
}

// byName takes the arguments out that are no file or directory but the name of an installed app.
func (v *View) byName(ctx context.Context, args []string) (rest []string, items []*Item, err error) {
	for _, arg := range args {
		if _, err := os.Lstat(arg); err == nil {
			rest = append(rest, arg)
			continue
		}
		locks, err := v.locks(ctx)
		if err != nil {
			return nil, nil, err
		}
		dir, err := called(arg, locks)
		switch {
		case err != nil:
			return nil, nil, err
		case dir == "":
			rest = append(rest, arg)
		default:
			items = append(items, v.byLock(dir))
		}
	}
	return rest, items, nil
}

// called is the output path of the app that a word is the name of: with its namespace, or without one where no other app is called so. "" where there is none.
func called(word string, locks []known) (string, error) {
	var names, dirs []string
	for _, l := range locks {
		if l.name == word {
			return l.dir, nil
		}
		if bare(l.name) == word {
			names, dirs = append(names, l.name), append(dirs, l.dir)
		}
	}
	switch len(dirs) {
	case 0:
		return "", nil
	case 1:
		return dirs[0], nil
	}
	return "", app.Usage{Text: fmt.Sprintf("%s: %d apps are called so: allowed %s", word, len(names), strings.Join(names, ", "))}
}

// bare is an app's name without its namespace.
func bare(name string) string { return name[strings.LastIndex(name, "/")+1:] }

// specFiles are the files of the arguments. A directory that has no spec is no error where there is an app of one: the spec is gone, or not checked out.
func (v *View) specFiles(ctx context.Context, args []string) ([]string, error) {
	files, all := app.Find(args)
	if all == nil {
		return files, nil
	}
	if len(args) == 0 {
		args = []string{"."}
	}
	for _, arg := range args {
		found, err := app.Find([]string{arg})
		if err != nil {
			if left, lookErr := v.orphans(ctx, []string{arg}, nil); lookErr != nil || left == nil {
				return nil, all
			}
		}
		files = append(files, found...)
	}
	return files, nil
}

// orphans are the apps whose spec lies, or lay, below one of the directories, and that none of the items is: it is gone, or not checked out.
func (v *View) orphans(ctx context.Context, args []string, specs []*Item) ([]*Item, error) {
	var below []string
	if len(args) == 0 {
		args = []string{"."}
	}
	for _, arg := range args {
		if info, err := os.Stat(arg); err == nil && info.IsDir() {
			if rel, ok := v.inside(arg); ok {
				below = append(below, rel)
			}
		}
	}
	if below == nil {
		return nil, nil
	}
	locks, err := v.locks(ctx)
	if err != nil {
		return nil, err
	}
	dirs, broken := map[string]bool{}, map[string]bool{}
	for _, it := range specs {
		dirs[it.Dir] = true
		if rel, ok := v.inside(it.File); ok && it.App == nil {
			broken[rel] = true
		}
	}
	var items []*Item
	for _, l := range locks {
		if dirs[l.dir] || broken[l.spec] || !slices.ContainsFunc(below, func(dir string) bool { return under(l.spec, dir) }) {
			continue
		}
		items = append(items, v.byLock(l.dir))
	}
	return items, nil
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

// Installed makes an item of every installed app that the arguments name: by its spec, whether that is there and valid or not, by its output path, by a directory
// around either, or by its name. No argument means the current directory.
func (v *View) Installed(ctx context.Context, args []string) ([]*Item, error) {
	locks, err := v.locks(ctx)
	if err != nil {
		return nil, err
	}
	if len(args) == 0 {
		args = []string{"."}
		if v.repo.Root() != "" {
			if _, ok := v.inside("."); !ok {
				args = []string{v.repo.Root()}
			}
		}
	}
	var items []*Item
	seen := map[string]bool{}
	for _, arg := range args {
		found, err := v.named(arg, locks)
		if err != nil {
			return nil, err
		}
		for _, it := range found {
			if !seen[it.Dir] {
				seen[it.Dir] = true
				items = append(items, it)
			}
		}
	}
	return items, nil
}

// All makes an item of every installed app that the arguments name, as Installed does, and of every spec below them that is not installed.
func (v *View) All(ctx context.Context, args []string) ([]*Item, error) {
	items, err := v.Installed(ctx, args)
	if err != nil || v.repo.Root() == "" {
		return items, err
	}
	known := map[string]bool{}
	for _, l := range v.apps {
		known[l.spec] = true
	}
	for _, it := range items {
		known[it.File] = true
	}
	if len(args) == 0 {
		args = []string{"."}
	}
	for _, arg := range args {
		if _, err := os.Stat(arg); err != nil {
			continue // the name of an app
		}
		files, _ := app.Find([]string{arg}) // a directory without a spec is none here
		dir, _ := v.inside(arg)
		for _, f := range files {
			if below, err := filepath.Rel(arg, f); err == nil && known[path.Join(dir, filepath.ToSlash(below))] {
				continue // spares asking the disk for symlinks
			}
			if rel, ok := v.inside(f); ok && !known[rel] && !known[f] {
				items = append(items, v.bySpec(f))
			}
		}
	}
	return withoutMoved(items), nil
}

// withoutMoved leaves out an app whose spec is gone where another item is of the spec that has moved.
func withoutMoved(items []*Item) []*Item {
	at := map[string]bool{}
	for _, it := range items {
		at[it.Dir] = at[it.Dir] || it.App != nil
	}
	return slices.DeleteFunc(items, func(it *Item) bool { return it.Gone && at[it.Dir] })
}

// named are the installed apps that one argument names.
func (v *View) named(arg string, locks []known) ([]*Item, error) {
	rel, ok := v.inside(arg)
	var items []*Item
	for _, l := range locks {
		if ok && (under(l.dir, rel) || l.spec != "" && under(l.spec, rel)) || l.name == arg {
			items = append(items, v.byLock(l.dir))
		}
	}
	if items != nil {
		return items, nil
	}
	if dir, err := called(arg, locks); err != nil || dir != "" {
		return []*Item{v.byLock(dir)}, err
	}
	if files, err := v.reader.Dir(rel); ok && err == nil && files[render.KustomizationFile] != nil {
		return []*Item{v.byLock(rel)}, nil // whose lock is gone
	}
	info, err := os.Stat(arg)
	switch {
	case err == nil && info.Mode().IsRegular(): // a spec of another repository
		it := v.bySpec(arg)
		if it.App == nil {
			return nil, it.Err
		}
		return []*Item{it}, nil
	case err == nil && info.IsDir() && !ok:
		files, err := app.Find([]string{arg})
		for _, f := range files {
			items = append(items, v.bySpec(f))
		}
		return items, err
	case err == nil && info.IsDir():
		return nil, nil
	}
	var names []string
	for _, l := range locks {
		names = append(names, l.name)
	}
	allowed := "a spec, an output path, a directory or the name of an app: no gitramp.lock is here"
	if names != nil {
		allowed = "a spec, an output path, a directory or the name of an app: " + strings.Join(names[:min(len(names), 10)], ", ")
	}
	return nil, app.Usage{Text: fmt.Sprintf("%s: no such app: allowed %s", arg, allowed)}
}
