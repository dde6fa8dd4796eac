package app

import (
	"errors"
	"fmt"
	"strings"

	"github.com/gitramp/gitramp/render"
)

// errUnknown: the spec knows a revision of the tree no longer, so only git has its files.
var errUnknown = errors.New("the spec no longer knows a revision of this tree")

// Edited says of each generated file that somebody else has edited what takes it back.
func (a *App) Edited() Conflict {
	cures := a.cures()
	var lines []string
	for i, d := range a.State.Drift {
		lines = append(lines, a.Drifted(d)+": take it back with "+cures[i])
	}
	return Conflict{strings.Join(lines, "\n")}
}

// Drifted names a file that was edited.
func (a *App) Drifted(d render.Drift) string {
	return fmt.Sprintf("%s/%s %s since gitramp wrote it", a.dir, d.Path, d.Problem)
}

// Cure takes the first file back that was edited.
func (a *App) Cure() string { return a.cures()[0] }

// cures take the edited files back. Whoever wrote the lock wrote the files that go with it, so that commit has them, whether the edit is committed by now or not.
func (a *App) cures() []string {
	end := ", and commit that"
	if a.overwritable() {
		end += ", or gitramp render " + a.File + " --write --overwrite-drift"
	}
	at := ":/" + a.Spec.OutputPath() + "/"
	var list []string
	for _, d := range a.State.Drift {
		list = append(list, fmt.Sprintf("git restore --source=$(git log -1 --format=%%h -- %s%s) %s%s%s", at, render.LockFile, at, d.Path, end))
	}
	return list
}

// overwritable says whether the spec renders what was edited as it was.
func (a *App) overwritable() bool {
	again := *a
	if again.rebuild() != nil {
		return false
	}
	r, err := again.release(again.State, again.revs)
	if err != nil {
		return false
	}
	own, _, err := r.Own(again.State)
	return err == nil && r.CannotSync(again.State, own) == ""
}
