package rollout

import (
	"context"
	"maps"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/gitramp/gitramp/cmd/internal/git"
	"github.com/gitramp/gitramp/render"
)

// Salvage makes what cannot be read of a tree readable, for an abort: the lock, and what an abort has to write, is taken from the newest commit of the branch that
// has it whole. It says which commit, "" where nothing was amiss. What it takes is seen as drift no longer: the abort writes it.
func (v *View) Salvage(ctx context.Context, it *Item) (from string, err error) {
	if it.State.Lock != nil && damaged(it.State) == nil {
		return "", nil
	}
	now, err := v.reader.Dir(it.Dir)
	if err != nil || it.State.Lock == nil && now == nil {
		return "", err
	}
	path := it.Dir + "/" + render.LockFile
	err = v.repo.History(ctx, v.Tip, path, func(e git.Entry) (bool, error) {
		for _, ch := range e.Changes {
			if ch.Path != path || ch.New == "" {
				continue
			}
			reader, err := v.repo.Reader(ctx, e.Commit)
			if err != nil {
				return false, err
			}
			defer reader.Close()
			then, err := reader.Dir(it.Dir)
			if err != nil {
				return false, err
			}
			if it.hasWhole(then) {
				from = e.Commit
				return false, it.patch(now, then)
			}
		}
		return true, nil
	})
	return from, err
}

// hasWhole says whether the directory as it was then has what is amiss now.
func (it *Item) hasWhole(then map[string][]byte) bool {
	if it.State.Lock == nil {
		old, err := render.ReadState(it.Dir, then)
		return err == nil && old.Lock != nil && len(old.Drift) == 0
	}
	wanted := map[string]string{}
	for _, f := range it.State.Lock.Files {
		wanted[f.Path] = f.Digest
	}
	for _, path := range damaged(it.State) {
		if data, there := then[path]; !there || render.Digest(data) != wanted[path] {
			return false
		}
	}
	return true
}

// patch puts what was whole in the place of what is not.
func (it *Item) patch(now, then map[string][]byte) error {
	files := maps.Clone(now)
	if it.State.Lock == nil {
		files[render.LockFile] = then[render.LockFile]
	}
	state, err := render.ReadState(it.Dir, files)
	if err != nil {
		return err
	}
	for _, path := range damaged(state) {
		files[path] = then[path]
	}
	if state, err = render.ReadState(it.Dir, files); err != nil {
		return err
	}
	it.State, it.Err, it.present = state, nil, now
	it.Name = fullName(state.Lock.Namespace, state.Lock.App)
	return nil
}

// damaged are the files of a tree that an abort could not go by: an object that is none, or another's; a route that is gone, as its canary may still have
// requests where prune is off; and what a promotion is taken back with. Whatever else somebody edited or removed stays so.
func damaged(s render.State) []string {
	var paths []string
	for _, d := range s.Drift {
		data, there := s.Tree.Get(d.Path)
		switch kind := kindOf(d.Path); {
		case d.Path == render.PreviousFile, there && !readable(kind, data):
			paths = append(paths, d.Path)
		case !there && kind != "" && kind != "deployment" && kind != "service":
			paths = append(paths, d.Path)
		}
	}
	return paths
}

// kindOf is the kind of object that a file of a tree holds, in lower case; "" for one that holds none.
func kindOf(path string) string {
	_, rest, _ := strings.Cut(strings.TrimSuffix(path, ".yaml"), "-")
	kind, _, _ := strings.Cut(rest, "-")
	return kind
}

// readable says whether a file holds an object of that kind, or, without a kind, any YAML.
func readable(kind string, data []byte) bool {
	var o struct{ Kind string }
	return yaml.Unmarshal(data, &o) == nil && (kind == "" || strings.ToLower(o.Kind) == kind)
}
