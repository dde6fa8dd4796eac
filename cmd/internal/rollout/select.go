package rollout

import (
	"context"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gitramp/gitramp/cmd/internal/app"
	"github.com/gitramp/gitramp/render"
)

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
		if it.App != nil {
			continue
		}
		if rel, ok := v.inside(it.File); ok {
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
