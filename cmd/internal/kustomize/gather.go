package kustomize

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/api/konfig"
	"sigs.k8s.io/kustomize/api/provider"
	"sigs.k8s.io/kustomize/api/resmap"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

// What a base may be. A file that is read twice, through two overlays, counts twice, and so do its objects: kustomize makes all of them, and compares each with
// each.
const (
	maxFiles         = 1000
	maxBytes         = 16 << 20
	maxKustomization = 1 << 20
	maxObjects       = 1000
)

// gathering copies the files that a kustomization names, and those of the kustomizations it names, into memory. Kustomize then sees these alone. So nothing
// outside is read, a file cannot change between the check and the build, and what this walk does not know of is an error, not a hole.
type gathering struct {
	from                fs.FS
	to                  filesys.FileSystem
	files, bytes, nodes int
	objects             int
	schemas             bool     // one of the kustomizations names schemas
	sorted              bool     // the first of them says how to sort
	left                string   // a Deployment that kustomize leaves out
	above               []string // the directories whose kustomizations led here
	factory             *resmap.Factory
}

func gather(from fs.FS, dir string) (*gathering, error) {
	g := &gathering{from: from, to: filesys.MakeFsInMemory(), factory: resmap.NewFactory(provider.NewDepProvider().GetResourceFactory())}
	switch mode, err := g.mode(dir); {
	case err != nil:
		return nil, fmt.Errorf("base %q: %w", dir, err)
	case !mode.IsDir():
		return nil, fmt.Errorf("base %q is no directory: allowed a directory of the repository with a kustomization", dir)
	}
	return g, g.kustomization(dir)
}

// kustomization gathers what the kustomization in a directory names.
func (g *gathering) kustomization(dir string) error {
	if slices.Contains(g.above, dir) {
		return fmt.Errorf("base %q includes itself: %s", dir, strings.Join(append(g.above, dir), " -> "))
	}
	g.above = append(g.above, dir)
	defer func() { g.above = g.above[:len(g.above)-1] }()
	name, err := g.find(dir)
	if err != nil {
		return err
	}
	data, err := g.copy(name)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if len(data) > maxKustomization {
		return fmt.Errorf("%s has %d bytes: allowed %d", name, len(data), maxKustomization)
	}
	k := types.Kustomization{}
	if err := k.Unmarshal(data); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	g.schemas = g.schemas || len(k.OpenAPI) > 0
	g.sorted = g.sorted || len(g.above) == 1 && k.SortOptions != nil
	return (&reader{gathering: g, dir: dir, name: name}).all(&k)
}

// find names the one kustomization file of a directory.
func (g *gathering) find(dir string) (string, error) {
	var found []string
	for _, name := range konfig.RecognizedKustomizationFileNames() {
		name = path.Join(dir, name)
		_, err := g.mode(name)
		if err == nil {
			found = append(found, name)
		} else if !errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("%s: %w", name, err)
		}
	}
	if len(found) != 1 {
		return "", fmt.Errorf("base %q has %d kustomizations: allowed one of %s", dir, len(found), strings.Join(konfig.RecognizedKustomizationFileNames(), ", "))
	}
	return found[0], nil
}

// mode says what a path is, without following a symlink on the way to it or at its end.
func (g *gathering) mode(name string) (mode fs.FileMode, err error) {
	if !fs.ValidPath(name) {
		return 0, errors.New("it leads out of the repository")
	}
	for i := 0; i <= len(name); i++ {
		if i < len(name) && name[i] != '/' {
			continue
		}
		info, err := fs.Lstat(g.from, name[:i])
		if err != nil {
			return 0, err
		}
		if mode = info.Mode(); mode&fs.ModeSymlink != 0 {
			return 0, fmt.Errorf("%s is a symlink: gitramp follows none", name[:i])
		}
	}
	return mode, nil
}

// copy takes one regular file along.
func (g *gathering) copy(name string) ([]byte, error) {
	to := path.Join("/", name)
	data, err := g.to.ReadFile(to)
	if err != nil {
		if data, err = g.read(name); err != nil {
			return nil, err
		}
		if err := g.to.WriteFile(to, data); err != nil {
			return nil, err
		}
	}
	g.files++
	g.bytes += len(data)
	if g.files > maxFiles || g.bytes > maxBytes {
		return nil, fmt.Errorf("the base has more than %d files or %d bytes", maxFiles, maxBytes)
	}
	return data, nil
}

func (g *gathering) count(objects int) error {
	if g.objects += objects; g.objects > maxObjects {
		return fmt.Errorf("the base has more than %d objects", maxObjects)
	}
	return nil
}

// read reads no more of a file than a base may have.
func (g *gathering) read(name string) ([]byte, error) {
	f, err := g.from.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxBytes+1))
}
