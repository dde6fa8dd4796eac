package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// baseSteps is how many times a release of the benchmark's base moves its weight.
const baseSteps = 80

type baseReport struct {
	Steps     int    `json:"steps"`
	Gitramp   series `json:"gitramp"`
	Kustomize series `json:"kustomizeBuilds"`
	Ratio     ratio  `json:"ratio"` // a build for each step to gitramp
}

// base measures all steps of an app with a base against a build of it for each step: gitramp runs kustomize for a revision, and not for a step.
func (l *lab) base() (*baseReport, error) {
	repo, err := l.fresh("base")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(repo)
	if err := os.CopyFS(filepath.Join(repo, "base"), os.DirFS("../fixtures/bases/adopted/base")); err != nil {
		return nil, err
	}
	spec := "apiVersion: gitramp.dev/v1alpha1\nkind: Canary\nmetadata: {name: shop, namespace: web}\nspec:\n  base: ./base\n  steps:\n"
	for i := range baseSteps {
		spec += fmt.Sprintf("  - setWeight: %d\n", i+1)
	}
	if err := os.WriteFile(filepath.Join(repo, "canary.yaml"), []byte(spec), 0o644); err != nil {
		return nil, err
	}
	if err := l.git(repo, "init -q"); err != nil {
		return nil, err
	}
	r := &baseReport{}
	r.Gitramp, r.Kustomize, r.Ratio, err = duel(l.runs, func() (cost, string, error) {
		out := filepath.Join(repo, "out")
		if err := os.RemoveAll(out); err != nil {
			return cost{}, "", err
		}
		c, err := measure(l.command(repo, l.gitramp, "render", "canary.yaml", "--to", "out"))
		if err != nil {
			return c, "", err
		}
		steps, err := os.ReadDir(out)
		r.Steps = len(steps)
		return c, fmt.Sprint(len(steps), " steps"), err
	}, func() (sum cost, work string, err error) {
		for range r.Steps {
			c, err := measure(l.command(repo, filepath.Join(l.bin, "kustomize"), "build", "base"))
			if err != nil {
				return sum, "", err
			}
			sum = cost{sum.cpu + c.cpu, max(sum.peak, c.peak)}
		}
		return sum, fmt.Sprint(r.Steps, " builds"), nil
	})
	if err == nil && r.Steps < baseSteps {
		err = fmt.Errorf("%d steps were rendered, of %d", r.Steps, baseSteps)
	}
	return r, err
}

func (r *baseReport) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "\nbase: all %d steps of an app with a base, as directories, against a kustomize build for each of them\n", r.Steps)
	fmt.Fprintf(&b, "contender\tCPU\tpeak MiB\n")
	fmt.Fprintf(&b, "gitramp render --to\t%s\t%.1f\n", r.Gitramp, r.Gitramp.Peak)
	fmt.Fprintf(&b, "kustomize build, %d times\t%s\t%.1f\n", r.Steps, r.Kustomize, r.Kustomize.Peak)
	return b.String()
}
