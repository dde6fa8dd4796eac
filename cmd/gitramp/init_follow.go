package main

import (
	"cmp"
	"context"
	"errors"
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/gitramp/gitramp/cmd/internal/app"
	"github.com/gitramp/gitramp/cmd/internal/gitops"
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
	if err := f.there(); err != nil {
		return err
	}
	apps, err := c.parseAll(app.NewSet(), args)
	if err != nil {
		return err
	}
	fleet := len(apps) > 1
	for _, arg := range args {
		info, err := os.Stat(arg)
		fleet = fleet || err == nil && info.IsDir()
	}
	o := gitops.Options{Flux: f.flux, Plugin: f.plugin, Wait: f.wait, Fleet: fleet, Repo: f.repo, Branch: f.branch, URL: f.url}
	found, err := o.Objects(ctx, apps)
	if err != nil {
		return err
	}
	for _, other := range found.Beside {
		c.note("%s is there: with %s an app may have two Applications of one name, so keep one of the files", other, found.Files[0].Path)
	}
	var files []newFile
	for _, file := range found.Files {
		files = append(files, newFile(file))
	}
	return c.writeNew(f, files, found.Next)
}
