// Package manifests reads the manifests of a repository, whoever wrote them.
//
// It reads every YAML file below a directory, and the locks beside them. It follows no symlink, leaves hidden directories and node_modules alone, and
// judges nothing: that is for package lint.
package manifests

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/gitramp/gitramp/cmd/internal/app"
	"github.com/gitramp/gitramp/render"
	"github.com/gitramp/gitramp/render/lint"
)

// Folder is a directory with manifests.
type Folder struct {
	Names []string // of the files to read, as the user would call them

	dir   string
	place string // of dir below the top of the repository; "." where there is none
}

// Open lists the files below a directory.
func Open(dir string) (*Folder, error) {
	if info, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return nil, app.Usage{Text: dir + ": does not exist: allowed a directory with manifests"}
	} else if err == nil && !info.IsDir() {
		return nil, app.Usage{Text: dir + ": is a file: allowed a directory, as findings are about all its manifests together"}
	}
	f := &Folder{dir: dir}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		switch ext := filepath.Ext(path); {
		case err != nil:
			return err
		case d.IsDir() && path != dir && (strings.HasPrefix(d.Name(), ".") || d.Name() == "node_modules"):
			return fs.SkipDir
		case d.Type().IsRegular() && (ext == ".yaml" || ext == ".yml" || d.Name() == render.LockFile):
			f.Names = append(f.Names, path)
		}
		return nil
	})
	if err == nil && f.Names == nil {
		err = app.Usage{Text: dir + ": no manifest here: a manifest is a file named *.yaml or *.yml"}
	}
	if err == nil {
		f.place, err = placeOf(dir)
	}
	return f, err
}

// placeOf is a directory's path below the top of the repository around it.
func placeOf(dir string) (string, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	if abs, err = filepath.EvalSymlinks(abs); err != nil {
		return "", err
	}
	top := app.RepositoryAround(abs)
	if top == "" {
		return ".", nil
	}
	return filepath.Rel(top, abs)
}

// Read reads one of the files.
func (f *Folder) Read(name string) (lint.File, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return lint.File{}, err
	}
	below, err := filepath.Rel(f.dir, name)
	return lint.File{Name: filepath.Clean(name), Path: filepath.ToSlash(filepath.Join(f.place, below)), Data: data}, err
}
