package app

import (
	"io/fs"
	"os"
	"path"
	"strings"

	"github.com/gitramp/gitramp/cmd/internal/kustomize"
	"github.com/gitramp/gitramp/render"
)

// withBase builds the base of a spec, and reads the spec together with it.
func (s *Set) withBase(file, root, origin string, spec *render.Canary) (*render.Canary, error) {
	base := spec.Spec.Base
	wrong := func(problem, allowed string) error {
		return render.SpecError{spec.Wrong("spec.base", base, problem, allowed)}
	}
	if root == "" && (s.Committed == nil || s.Committed(root) == nil) {
		return nil, wrong("has no repository around it", "a spec in a git repository: a base is read from that alone")
	}
	dir := path.Join(path.Dir(origin), base)
	if dir == ".." || strings.HasPrefix(dir, "../") {
		return nil, wrong("leaves the repository", "a directory inside the repository")
	}
	if out := spec.OutputPath(); dir == out || strings.HasPrefix(dir+"/", out+"/") {
		return nil, wrong("is where the output goes", "a directory outside of "+out)
	}
	files, done, err := s.files(root, dir)
	if err != nil {
		return nil, err
	}
	defer done()
	if info, err := fs.Stat(files, dir); err != nil || !info.IsDir() {
		return nil, wrong(dir+" is no directory", "a directory with a kustomization.yaml, relative to "+file)
	}
	objs, err := kustomize.Build(files, dir)
	if err != nil {
		return nil, wrong(err.Error(), "a kustomization that kustomize builds, from files of the repository alone")
	}
	return spec.WithBase(objs, kustomize.Rename)
}

// files are those of the repository at the commit that counts, where that has the directory, else those on disk.
func (s *Set) files(root, dir string) (fs.FS, func(), error) {
	if s.Committed != nil {
		if files := s.Committed(root); files != nil {
			if _, err := fs.Stat(files, dir); err == nil || s.CommittedAlone {
				return files, func() {}, nil
			}
		}
	}
	if root == "" {
		return nil, nil, fs.ErrNotExist
	}
	top, err := os.OpenRoot(root)
	if err != nil {
		return nil, nil, err
	}
	return top.FS(), func() { _ = top.Close() }, nil
}
