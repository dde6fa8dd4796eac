package render

import (
	"fmt"
	"sort"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/gitramp/gitramp/render/internal/node"
)

// State is what an output directory says of itself. Lock is nil where it holds no app.
type State struct {
	Lock  *Lock
	Tree  Tree    // the files of the lock, the lock among them
	Drift []Drift // files that are not what the lock says
}

// Drift is a generated file that was changed or removed by someone else.
type Drift struct {
	Path    string
	Problem string // "was edited", "is missing"
}

// ReadState reads the files of an output directory; dir is its name for errors. Files that the lock does not know are not looked at.
func ReadState(dir string, files map[string][]byte) (State, error) {
	data, ok := files[LockFile]
	if !ok {
		return State{}, nil
	}
	l, err := ReadLock(dir+"/"+LockFile, data)
	if err != nil {
		return State{}, err
	}
	s := State{Lock: &l, Tree: Tree{{LockFile, data}}}
	for _, f := range l.Files {
		data, ok := files[f.Path]
		switch {
		case !ok:
			s.Drift = append(s.Drift, Drift{f.Path, "is missing"})
			continue
		case Digest(data) != f.Digest:
			s.Drift = append(s.Drift, Drift{f.Path, "was edited"})
		}
		s.Tree = append(s.Tree, File{f.Path, data})
	}
	sort.Slice(s.Tree, func(i, j int) bool { return s.Tree[i].Path < s.Tree[j].Path })
	return s, nil
}

// Mislabelled says where a track's Deployment does not run what the lock says that it runs: somebody edited both, and the digests with them.
func (s State) Mislabelled() (list []string) {
	for _, track := range []struct {
		path string
		ref  *RevisionRef
	}{{prodDeployment, &s.Lock.Stable}, {"canary-deployment.yaml", s.Lock.Canary}} {
		data, there := s.Tree.Get(track.path)
		if !there || track.ref == nil || s.drifted(track.path) {
			continue
		}
		n, err := parseObject(track.path, data)
		if err != nil {
			continue
		}
		for _, image := range track.ref.Images {
			if runs := imageOf(n, image.Container); runs != image.Image {
				list = append(list, fmt.Sprintf("says that container %s of %s runs %s, and that is %s", image.Container, track.path, image.Image, runs))
			}
		}
	}
	return list
}

// imageOf is the image of a Deployment's container, "" where there is none of that name.
func imageOf(deployment *yaml.Node, container string) string {
	for _, c := range containersOf(deployment) {
		if node.Text(c, "name") == container {
			return node.Text(c, "image")
		}
	}
	return ""
}

// IsIdle says whether the tree is between two releases.
func (s State) IsIdle() bool { return s.Lock.Phase.idle() }

// Revisions are the ones that the tree holds, byte for byte what it says: a running release never takes them from the spec again. Where the tree is idle,
// Canary is empty.
func (s State) Revisions() (Revisions, error) {
	var revs Revisions
	var err error
	l := s.Lock
	if l.Templates == BaseSet {
		return s.baseRevisions()
	}
	if s.IsIdle() {
		revs.Stable, err = s.revision(l.Stable, "prod")
		revs.Stable.parts = &parts{prod: Tree{}} // for a base that it gets
		for _, path := range []string{prodDeployment, prodService} {
			data, _ := s.Tree.Get(path)
			revs.Stable.parts.prod = append(revs.Stable.parts.prod, File{path, data})
		}
		return revs, err
	}
	if revs.Canary, err = s.revision(*l.Canary, "canary"); err != nil {
		return revs, err
	}
	if l.Phase == Promote || l.Phase == Restore {
		revs.Stable, err = s.previous()
		return revs, err
	}
	revs.Stable, err = s.revision(l.Stable, "prod")
	return revs, err
}

func (s State) revision(ref RevisionRef, component string) (Revision, error) {
	rev := Revision{Name: ref.Revision, Images: ref.Images}
	for _, part := range []struct {
		path string
		to   *original
	}{{component + "-deployment.yaml", &rev.Deployment}, {component + "-service.yaml", &rev.Service}} {
		data, ok := s.Tree.Get(part.path)
		if !ok {
			return rev, fmt.Errorf("%s: is missing from the tree", part.path)
		}
		var err error
		if *part.to, err = inTree(part.path, data); err != nil {
			return rev, err
		}
	}
	return rev, nil
}

func (s State) previous() (Revision, error) {
	rev := Revision{Name: s.Lock.Previous.Revision, Images: s.Lock.Previous.Images}
	data, _ := s.Tree.Get(PreviousFile)
	service, deployment, ok := strings.Cut(string(data), "\n---\n")
	if !ok {
		return rev, fmt.Errorf("%s: is not what gitramp wrote", PreviousFile)
	}
	var err error
	if rev.Service, err = inTree(PreviousFile, []byte(service)); err != nil {
		return rev, err
	}
	rev.Deployment, err = inTree(PreviousFile, []byte(deployment))
	return rev, err
}

func parseObject(path string, data []byte) (*yaml.Node, error) {
	n, err := node.Parse(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return n, nil
}
