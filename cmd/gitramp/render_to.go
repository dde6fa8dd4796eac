package main

import (
	"errors"
	"os"
	"path"
	"regexp"

	"github.com/gitramp/gitramp/cmd/internal/app"
	"github.com/gitramp/gitramp/cmd/internal/dir"
	"github.com/gitramp/gitramp/cmd/internal/show"
	"github.com/gitramp/gitramp/render"
)

// renderTo writes every step of every app, and takes away steps that an earlier plan had.
func (c *cli) renderTo(to string, apps []*app.App) error {
	if info, err := os.Stat(to); err == nil && !info.IsDir() {
		return usage("--to: %s is no directory", to)
	}
	if err := os.MkdirAll(to, 0o755); err != nil {
		return err
	}
	for _, write := range []bool{false, true} { // look at every directory before the first is written
		for _, a := range apps {
			below := ""
			if len(apps) > 1 {
				below = a.Spec.OutputPath()
			}
			if err := c.rampTo(to, below, a, write); err != nil {
				return err
			}
		}
	}
	return nil
}

// rampTo writes the steps of one app, or only finds out whether they could be written.
func (c *cli) rampTo(to, below string, a *app.App, write bool) error {
	ramp, err := show.NewRamp(a)
	if err != nil {
		return err
	}
	if write {
		if err := c.staleSteps(to, below, ramp.Steps); err != nil {
			return err
		}
	}
	for _, st := range ramp.Steps {
		rel := path.Join(below, st.ID())
		owned, err := ownedFiles(to, rel)
		if err != nil {
			return err
		}
		if write {
			_, err = dir.Write(to, rel, st.Tree, owned, dir.Options{})
		} else {
			_, err = dir.Compare(to, rel, st.Tree, owned)
		}
		if err != nil {
			return err
		}
	}
	if write {
		c.note("%s: %d steps in %s", a.Spec.Metadata.Name, len(ramp.Steps), path.Join(to, below))
	}
	return nil
}

var stepDirectory = regexp.MustCompile(`^[0-9]{2}-[a-z][-a-z0-9]*$`)

// ownedFiles is what the lock in to/rel says that gitramp wrote there.
func ownedFiles(to, rel string) (dir.Owned, error) {
	files, err := dir.Read(to, rel)
	if err != nil {
		return nil, err
	}
	state, err := render.ReadState(path.Join(to, rel), files)
	if err != nil {
		return nil, app.Conflict{Text: err.Error()}
	}
	return app.Owned(state), nil
}

// staleSteps removes the directories of steps that the ramp no longer has.
func (c *cli) staleSteps(to, below string, ramp []show.Step) error {
	entries, err := os.ReadDir(path.Join(to, below))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	wanted := map[string]bool{}
	for _, st := range ramp {
		wanted[st.ID()] = true
	}
	for _, e := range entries {
		if !e.IsDir() || wanted[e.Name()] || !stepDirectory.MatchString(e.Name()) {
			continue
		}
		rel := path.Join(below, e.Name())
		owned, err := ownedFiles(to, rel)
		if err != nil || owned == nil {
			continue // not a step that gitramp wrote, or not any more
		}
		if _, err := dir.Remove(to, rel, owned); err != nil {
			return err
		}
	}
	return nil
}
