package rollout

import (
	"context"

	"go.yaml.in/yaml/v3"

	"github.com/gitramp/gitramp/cmd/internal/git"
	"github.com/gitramp/gitramp/render"
)

// Salvage makes what cannot be read of a tree readable, for an abort: the lock, and every object that is no YAML, is taken from the newest commit of the branch
// that has it whole. It says which commit, "" where nothing was amiss. What it takes is seen as drift no longer: the abort writes it.
func (v *View) Salvage(ctx context.Context, it *Item) (from string, err error) {
	if it.State.Lock != nil && v.whole(it.State) {
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
			old, err := render.ReadState(it.Dir, then)
			if err != nil || old.Lock == nil || len(old.Drift) > 0 {
				continue
			}
			if it.State.Lock != nil && old.Lock.Self != it.State.Lock.Self {
				continue
			}
			from = e.Commit
			return false, it.patch(now, then, old)
		}
		return true, nil
	})
	return from, err
}

// patch puts what was whole in the place of what is not.
func (it *Item) patch(now, then map[string][]byte, old render.State) error {
	files := map[string][]byte{}
	for name, data := range now {
		files[name] = data
	}
	files[render.LockFile] = then[render.LockFile]
	for _, f := range old.Lock.Files {
		if data, there := now[f.Path]; there && !parses(data) {
			files[f.Path] = then[f.Path]
		}
	}
	state, err := render.ReadState(it.Dir, files)
	if err != nil {
		return err
	}
	it.State, it.Err, it.present = state, nil, now
	it.Name = fullName(state.Lock.Namespace, state.Lock.App)
	return nil
}

// whole says whether every object of a tree can be read.
func (v *View) whole(s render.State) bool {
	for _, f := range s.Tree {
		if !parses(f.Data) {
			return false
		}
	}
	return true
}

func parses(data []byte) bool {
	var n yaml.Node
	return yaml.Unmarshal(data, &n) == nil
}
