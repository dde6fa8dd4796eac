package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/gitramp/gitramp/cmd/internal/app"
	"github.com/gitramp/gitramp/cmd/internal/git"
	"github.com/gitramp/gitramp/render/follow"
)

// followFlags is how init was asked for what makes a controller apply the output.
type followFlags struct {
	target
	argocd, flux bool
	plugin, wait bool
	url          string
}

func (f *followFlags) flags(cmd *cobra.Command) {
	f.target.flags(cmd)
	cmd.Flags().BoolVar(&f.argocd, "argocd", false, "write Argo CD's objects for the specs instead: an Application, or an ApplicationSet for a directory or several")
	cmd.Flags().BoolVar(&f.flux, "flux", false, "write Flux's objects for the specs instead: a GitRepository and a Kustomization for each")
	cmd.Flags().StringVar(&f.url, "repo-url", "", "with --argocd or --flux: where the controller finds the target repository (default: where its branch is pushed to)")
	cmd.Flags().BoolVar(&f.plugin, "plugin", false, "with --argocd: for a repo-server that runs gitramp itself, and its plugin.yaml")
	cmd.Flags().BoolVar(&f.wait, "wait", false, "with --flux: wait for pods; only with the controller's feature gate CancelHealthCheckOnNewRevision")
}

// ofFollow are the flags that mean something with --argocd or --flux, and which of the two where it is one.
var ofFollow = map[string]string{"argocd": "", "flux": "", "repo": "", "branch": "", "repo-url": "", "plugin": "argocd", "wait": "flux", "force": "", "dry-run": "", "yes": "", "output": "", "color": ""}

// follows says whether init is asked for a controller's objects, and refuses flags that then mean nothing, or mean something only then.
func (f *followFlags) follows(cmd *cobra.Command) (bool, error) {
	asked := map[string]bool{"argocd": f.argocd, "flux": f.flux}
	on := f.argocd || f.flux
	var errs []error
	if f.argocd && f.flux {
		return true, usage("--argocd and --flux exclude each other: one of them applies an app")
	}
	if f.plugin && f.repo != "" {
		errs = append(errs, usage("--plugin renders a spec at the step that its own repository holds: not with --repo"))
	}
	if on {
		errs = append(errs, noneEmpty(cmd))
	}
	cmd.Flags().Visit(func(flag *pflag.Flag) {
		of, known := ofFollow[flag.Name]
		switch {
		case on && !known:
			errs = append(errs, usage("--%s is about a spec that is written, and --argocd and --flux read those that are there", flag.Name))
		case of != "" && !asked[of]:
			errs = append(errs, usage("--%s goes with --%s", flag.Name, of))
		case flag.Name == "branch" && cmd.Flags().Changed("pipeline"):
		case !on && known && (flag.Name == "repo" || flag.Name == "branch" || flag.Name == "repo-url"):
			also := map[string]string{"branch": ", --flux or --pipeline"}[flag.Name]
			errs = append(errs, usage("--%s goes with --argocd%s", flag.Name, cmp.Or(also, " or --flux")))
		}
	})
	return on, errors.Join(errs...)
}

// initFollow writes what makes a controller apply the output paths of the specs that there are.
func (c *cli) initFollow(ctx context.Context, f initFlags, args []string) error {
	apps, err := c.parseAll(app.NewSet(), args)
	if err != nil {
		return err
	}
	if groups := byRoot(apps); len(groups) > 1 && f.repo == "" {
		return usage("%s and %s lie in two repositories: name the target with --repo", groups[0][0].File, groups[1][0].File)
	}
	branch, top, err := f.followed(ctx, apps[0])
	if err != nil {
		return err
	}
	fleet := len(apps) > 1
	for _, arg := range args {
		info, err := os.Stat(arg)
		fleet = fleet || err == nil && info.IsDir()
	}
	files, err := f.objects(branch, apps, fleet)
	if err != nil {
		return err
	}
	for _, file := range files {
		if err := outside(file.Path, top, apps); err != nil {
			return err
		}
	}
	if f.argocd {
		c.noteTwice(files[0].Path, apps, fleet)
	}
	return c.writeNew(f, files, f.nextOf(files[0].Path, branch))
}

// nextOf is what is left to do by hand.
func (f *followFlags) nextOf(file string, branch follow.Branch) string {
	next := "commit what it wrote, and kubectl apply -f " + file
	switch {
	case f.plugin:
		next += ", and plugin.yaml goes into the repo-server's sidecar"
	case f.flux && branch.NeedsSecret():
		name := strings.TrimSuffix(path.Base(file), ".yaml")
		next += fmt.Sprintf("; the apps' namespaces have to be there, and the source's key: flux create secret git %s --url %s", name, branch.URL)
	case f.flux:
		next += "; the apps' namespaces have to be there"
	}
	return next
}

// noteTwice says where an app may have two objects: the Application that was written for it alone, and that of the ApplicationSet.
func (c *cli) noteTwice(file string, apps []*app.App, fleet bool) {
	others := []string{"argocd/gitramp.yaml"}
	if fleet {
		others = nil
		for _, a := range apps {
			others = append(others, "argocd/"+follow.App{Name: a.Spec.Metadata.Name, Namespace: a.Spec.Metadata.Namespace}.FullName()+".yaml")
		}
	}
	for _, other := range others {
		if _, err := os.Lstat(other); err == nil && other != file {
			c.note("%s is there: with %s an app may have two Applications of one name, so keep one of the files", other, file)
		}
	}
}

// followed is the branch as a controller finds it, and the top of its work tree, "" where there is none.
func (f *followFlags) followed(ctx context.Context, a *app.App) (b follow.Branch, top string, err error) {
	b = follow.Branch{Name: f.branch}
	if b.URL = git.Public(f.url); f.url != "" && b.URL == "" {
		return b, "", usage("--repo-url: value is invalid: allowed an https or ssh URL such as https://github.com/acme/deploy.git")
	}
	if err := f.there(); err != nil {
		return b, "", err
	}
	at := f.repo
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
	if b.Name, err = repo.Head(ctx, f.branch); err != nil {
		return b, "", err
	}
	if remote, err := repo.Upstream(b.Name); err == nil {
		b = follow.Branch{URL: cmp.Or(b.URL, repo.Address(remote.Name)), Name: cmp.Or(f.branch, remote.Branch)}
	}
	if b.URL == "" {
		return b, "", usage("no remote of %s has an https or ssh URL that a controller could use: name it with --repo-url", shorten(repo.Root()))
	}
	return b, repo.Root(), nil
}

// objects are the files for a controller: named after the app, or gitramp for a fleet.
func (f *followFlags) objects(branch follow.Branch, apps []*app.App, fleet bool) ([]newFile, error) {
	var list []follow.App
	for _, a := range apps {
		list = append(list, follow.App{Name: a.Spec.Metadata.Name, Namespace: a.Spec.Metadata.Namespace, Path: a.Spec.OutputPath(), SpecDir: path.Dir(a.Origin())})
	}
	name := "gitramp"
	if !fleet {
		name = list[0].FullName()
	}
	if f.plugin {
		if err := f.pluginFits(apps, fleet); err != nil {
			return nil, err
		}
	}
	switch {
	case f.flux:
		data, err := branch.Flux(name, list, f.wait)
		return []newFile{{"flux/" + name + ".yaml", data}}, err
	case fleet:
		data, err := branch.ApplicationSet(list)
		return []newFile{{"argocd/" + name + ".yaml", data}}, err
	}
	data, err := branch.Application(list[0], f.plugin)
	files := []newFile{{"argocd/" + name + ".yaml", data}}
	if f.plugin && err == nil {
		data, err = follow.Plugin()
		files = append(files, newFile{"argocd/plugin.yaml", data})
	}
	return files, err
}

// pluginFits says what the plugin needs: it renders every spec below the directory that an Application names, at the step that the same repository holds.
func (f *followFlags) pluginFits(apps []*app.App, fleet bool) error {
	if fleet {
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
