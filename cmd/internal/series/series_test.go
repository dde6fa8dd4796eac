package series

import (
	"testing"

	"github.com/gitramp/gitramp/cmd/internal/message"
	"github.com/gitramp/gitramp/render"
)

// TestCommitHoldsNoContent: the message of one app tells what changes; those of several tell nothing of it, and must not keep all that a fleet renders.
func TestCommitHoldsNoContent(t *testing.T) {
	var c commit
	for i, want := range []int{1, 0, 0} {
		c.add(message.Move{App: "a", Changes: []render.Change{{Path: "a.yaml", Op: render.Added, New: []byte("a")}}, Config: []render.ConfigChange{{}}})
		for _, m := range c.moves {
			if len(m.Changes) != want || len(m.Config) != want {
				t.Errorf("with %d moves one holds %d changes of files and %d of config, want %d", i+1, len(m.Changes), len(m.Config), want)
			}
		}
	}
	lock := render.Lock{App: "a", Files: render.FileDigests{{Path: "a.yaml"}}}
	if less := told(&lock); less.Files != nil || less.App != "a" || lock.Files == nil || told(nil) != nil {
		t.Error("a message keeps the digests of a lock, or takes them from who has it")
	}
}
