// Package adopt writes what an import came to: a spec and its base, whole or not at all, over nothing that is there. It refuses what gitramp itself could not
// render.
package adopt

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/gitramp/gitramp/cmd/internal/app"
	"github.com/gitramp/gitramp/cmd/internal/kustomize"
	"github.com/gitramp/gitramp/cmd/internal/newfile"
	"github.com/gitramp/gitramp/render"
	"github.com/gitramp/gitramp/render/convert"
	"github.com/gitramp/gitramp/templates"
)

// Write writes the spec and its base into dir, which is made where it is not there. With dryRun it only checks.
func Write(dir string, im *convert.Imported, dryRun bool) (err error) {
	for _, name := range []string{convert.SpecFile, convert.BaseDir} {
		if _, err := os.Lstat(filepath.Join(dir, name)); err == nil {
			return app.Conflict{Text: filepath.Join(dir, name) + " is there already: name another directory, or move it away"}
		}
	}
	parent := existing(dir)
	if dryRun {
		parent = os.TempDir()
	}
	stage, err := os.MkdirTemp(parent, ".gitramp-import-*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(stage)) }()
	base := filepath.Join(stage, convert.BaseDir)
	if err := writeBase(base, im.Base); err != nil {
		return err
	}
	if err := renders(stage, im); err != nil || dryRun {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if im.Base != nil {
		if err := os.Rename(base, filepath.Join(dir, convert.BaseDir)); err != nil {
			return err
		}
	}
	err = newfile.Write(filepath.Join(dir, convert.SpecFile), im.Spec, false) // last: without it a base is nobody's
	if errors.Is(err, fs.ErrExist) {
		return app.Conflict{Text: filepath.Join(dir, convert.SpecFile) + " is there by now"}
	}
	return err
}

// existing is the nearest directory around dir that is there: what is written in it can be renamed into dir.
func existing(dir string) string {
	for {
		if info, err := os.Stat(dir); err == nil && info.IsDir() {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "."
		}
		dir = parent
	}
}

func writeBase(dir string, files render.Tree) error {
	if files == nil {
		return nil
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	for _, f := range files {
		if err := os.WriteFile(filepath.Join(dir, f.Path), f.Data, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// renders makes every step of the ramp.
func renders(stage string, im *convert.Imported) error {
	spec, err := render.ParseSpec(convert.SpecFile, im.Spec)
	if err != nil {
		return err
	}
	if im.Base != nil {
		objs, err := kustomize.Build(os.DirFS(stage), convert.BaseDir)
		if err != nil {
			return err
		}
		if spec, err = spec.WithBase(objs, kustomize.Rename); err != nil {
			return err
		}
	}
	t := render.NewTemplates(templates.FS)
	rev, err := spec.Revision(t)
	if err != nil {
		return err
	}
	release, err := render.NewRelease(spec, convert.SpecFile, render.Revisions{Stable: rev, Canary: rev}, t)
	if err != nil {
		return err
	}
	for _, step := range release.Plan.Steps {
		if _, err := release.Objects(step); err != nil {
			return fmt.Errorf("%s: %w", step.ID(), err)
		}
	}
	return nil
}
