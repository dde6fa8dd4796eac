// Package gitops finds out how a controller reaches the branch that holds the output of some specs, and makes the objects with which Argo CD or Flux applies it.
//
// It writes nothing, asks no network, and refuses to put an object where the controller would prune it.
package gitops

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/gitramp/gitramp/cmd/internal/app"
	"github.com/gitramp/gitramp/cmd/internal/git"
	"github.com/gitramp/gitramp/render/follow"
)

// Options are which objects are wanted, and what the controller is to follow.
type Options struct {
	Flux         bool   // else Argo CD's
	Plugin       bool   // Argo CD runs gitramp itself
	Wait         bool   // Flux waits for pods
	Fleet        bool   // objects for all apps, those of later too, and not for one
	Repo, Branch string // "": the repository of the specs, the branch that is checked out
	URL          string // "": where the branch is pushed to
}

// File is an object, or several, at the path that it is for.
type File struct {
	Path string
	Data []byte
}

// Found is what is to be written.
type Found struct {
	Files  []File   // the first is applied
	Beside []string // files that are there, of Applications that one of these may make too
	Next   string   // what is left to do by hand
}

// Objects makes the objects for the apps.
func (o Options) Objects(ctx context.Context, apps []*app.App) (Found, error) {
	for _, a := range apps {
		if a.Root != apps[0].Root && o.Repo == "" {
			return Found{}, usage("%s and %s lie in two repositories: name the target with --repo", apps[0].File, a.File)
		}
	}
	branch, top, err := o.branch(ctx, apps[0])
	if err != nil {
		return Found{}, err
	}
	files, err := o.files(branch, apps)
	if err != nil {
		return Found{}, err
	}
	for _, f := range files {
		if err := outside(f.Path, top, apps); err != nil {
			return Found{}, err
		}
	}
	return Found{files, o.beside(files[0].Path, apps), o.next(files[0].Path, branch)}, nil
}

// branch is the branch as a controller finds it, and the top of its work tree, "" where there is none.
func (o Options) branch(ctx context.Context, a *app.App) (b follow.Branch, top string, err error) {
	b = follow.Branch{Name: o.Branch}
	if b.URL = git.Public(o.URL); o.URL != "" && b.URL == "" {
		return b, "", usage("--repo-url: value is invalid: allowed an https or ssh URL such as https://github.com/acme/deploy.git")
	}
	at := o.Repo
	if at == "" {
		at = a.Root
	}
	if at == "" {
		if b.URL == "" || b.Name == "" {
			return b, "", usage("%s lies in no git repository: say with --repo-url and --branch what the controller is to follow", a.File)
		}
		return b, "", nil
	}
	repo, err := git.Open(ctx, at)
	if err != nil {
		return b, "", err
	}
	defer repo.Close()
	if b.Name, err = repo.Head(ctx, o.Branch); err != nil {
		return b, "", err
	}
	if remote, err := repo.Upstream(b.Name); err == nil {
		b = follow.Branch{URL: cmp.Or(b.URL, repo.Address(remote.Name)), Name: cmp.Or(o.Branch, remote.Branch)}
	}
	if b.URL == "" {
		return b, "", usage("no remote of the repository has an https or ssh URL that a controller could use: name it with --repo-url")
	}
	return b, repo.Root(), nil
}

// files are those for a controller: named after the app, or gitramp for a fleet.
func (o Options) files(branch follow.Branch, apps []*app.App) ([]File, error) {
	var list []follow.App
	for _, a := range apps {
		list = append(list, followed(a))
	}
	name := fleetName
	if !o.Fleet {
		name = list[0].FullName()
	}
	if o.Plugin {
		if err := o.pluginFits(apps); err != nil {
			return nil, err
		}
	}
	switch {
	case o.Flux:
		data, err := branch.Flux(name, list, o.Wait)
		return []File{{"flux/" + name + ".yaml", data}}, err
	case o.Fleet:
		data, err := branch.ApplicationSet(list)
		return []File{{"argocd/" + name + ".yaml", data}}, err
	}
	data, err := branch.Application(list[0], o.Plugin)
	files := []File{{"argocd/" + name + ".yaml", data}}
	if o.Plugin && err == nil {
		data, err = follow.Plugin()
		files = append(files, File{"argocd/plugin.yaml", data})
	}
	return files, err
}

// pluginFits says what the plugin needs: it renders every spec below the directory that an Application names, at the step that the same repository holds.
func (o Options) pluginFits(apps []*app.App) error {
	if o.Fleet {
		return usage("--plugin is for one spec, named as a file: an Application that runs gitramp is made for each")
	}
	dir := filepath.Dir(apps[0].File)
	found, err := app.Find([]string{dir})
	if err == nil && len(found) > 1 {
		return usage("--plugin renders every spec below %s, and there are %d: give each a directory of its own", dir, len(found))
	}
	return err
}

// outside refuses a file in an output path: what is there is gitramp's, and the controller applies and prunes it.
func outside(file, top string, apps []*app.App) error {
	abs, err := filepath.Abs(file)
	if err != nil || top == "" {
		return err
	}
	rel, err := filepath.Rel(top, abs)
	if err != nil {
		return nil // another volume
	}
	for _, a := range apps {
		if strings.HasPrefix(filepath.ToSlash(rel), a.Spec.OutputPath()+"/") {
			return usage("%s would lie in %s, which the controller applies and prunes: run this at the top of the repository", file, a.Spec.OutputPath())
		}
	}
	return nil
}

// next is what is left to do by hand.
func (o Options) next(file string, branch follow.Branch) string {
	next := "commit what it wrote, and kubectl apply -f " + file
	switch {
	case o.Plugin:
		next += ", and plugin.yaml goes into the repo-server's sidecar"
	case o.Flux && branch.NeedsSecret():
		name := strings.TrimSuffix(path.Base(file), ".yaml")
		next += fmt.Sprintf("; the apps' namespaces have to be there, and the source's key: flux create secret git %s --url %s", name, branch.URL)
	case o.Flux:
		next += "; the apps' namespaces have to be there"
	}
	return next
}

// beside are the files of other Applications that an app may have: that which was written for it alone, or that of the ApplicationSet.
func (o Options) beside(file string, apps []*app.App) (list []string) {
	if o.Flux {
		return nil
	}
	others := []string{"argocd/" + fleetName + ".yaml"}
	if o.Fleet {
		others = nil
		for _, a := range apps {
			others = append(others, "argocd/"+followed(a).FullName()+".yaml")
		}
	}
	for _, other := range others {
		if _, err := os.Lstat(other); err == nil && other != file {
			list = append(list, other)
		}
	}
	return list
}

// fleetName is what the objects of all apps are called.
const fleetName = "gitramp"

func followed(a *app.App) follow.App {
	return follow.App{Name: a.Spec.Metadata.Name, Namespace: a.Spec.Metadata.Namespace, Path: a.Spec.OutputPath(), SpecDir: path.Dir(a.Origin())}
}

func usage(format string, args ...any) error { return app.Usage{Text: fmt.Sprintf(format, args...)} }
