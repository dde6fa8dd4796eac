package app

import (
	"bytes"
	"io/fs"
	"os"
	"path"
	"path/filepath"
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
	dir := BaseDir(spec, origin)
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
	read := &recorder{FS: files}
	objs, err := kustomize.Build(read, dir)
	s.bases[file] = built{root, read.names}
	if err != nil && strings.Contains(err.Error(), ": allowed ") {
		return nil, wrong(err.Error(), "")
	}
	if err != nil {
		return nil, wrong(err.Error(), "a kustomization that kustomize builds, from files of the repository alone")
	}
	return spec.WithBase(objs, kustomize.Rename)
}

// BaseDir is the directory of a spec's base, below the top of the repository.
func BaseDir(spec *render.Canary, origin string) string {
	return path.Join(path.Dir(origin), spec.Spec.Base)
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

// built is a base as it was built: of which files of which repository.
type built struct {
	root  string
	files []string
}

// BaseFiles are the files that the base of a spec was built from, below the top of the repository; none where it has none.
func (s *Set) BaseFiles(file string) []string { return s.bases[file].files }

// EditedBase are the files of a spec's base that are not on disk as they are elsewhere, named as the spec is.
func (s *Set) EditedBase(a string, origin string, at func(name string) ([]byte, error)) (names []string) {
	b := s.bases[a]
	for _, name := range b.files {
		held, err := at(name)
		if disk, bad := os.ReadFile(filepath.Join(b.root, filepath.FromSlash(name))); err == nil && (bad != nil || Edited(disk, held)) {
			rel, _ := filepath.Rel(filepath.FromSlash(path.Dir(origin)), filepath.FromSlash(name))
			names = append(names, filepath.Join(filepath.Dir(a), rel))
		}
	}
	return names
}

// Edited says whether a file on disk is another than in git, where git may have changed its line ends.
func Edited(disk, held []byte) bool {
	return !bytes.Equal(disk, held) && !bytes.Equal(bytes.ReplaceAll(disk, []byte("\r\n"), []byte("\n")), held)
}

// recorder notes which files are opened.
type recorder struct {
	fs.FS
	names []string
}

func (r *recorder) Open(name string) (fs.File, error) {
	r.names = append(r.names, name)
	return r.FS.Open(name)
}

func (r *recorder) Stat(name string) (fs.FileInfo, error)  { return fs.Stat(r.FS, name) }
func (r *recorder) Lstat(name string) (fs.FileInfo, error) { return fs.Lstat(r.FS, name) }
func (r *recorder) ReadLink(name string) (string, error)   { return fs.ReadLink(r.FS, name) }
