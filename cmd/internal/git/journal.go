package git

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// journal says what a run is about to do, from just before the branch moves until index and work tree are along.
type journal struct {
	Version int
	Branch  string
	Old     string // "": unborn
	New     string
	Remote  *Remote `json:",omitempty"` // that New is pushed to before the branch moves, nil: none
	Top     string  // of the work tree that has the branch checked out, "": none
	GitDir  string  // of that work tree, or of a bare repository
	Roots   []string
	PID     int

	written time.Time // of the file
}

const journalVersion = 1

func (j *journal) decode(data []byte) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(j); err != nil {
		return err
	}
	if j.Version != journalVersion {
		return fmt.Errorf("version %d is not known here, but to another gitramp", j.Version)
	}
	return CheckBranch(j.Branch)
}

// writeJournal puts the journal in place, whole and on disk.
func (r *Repo) writeJournal(j *journal) error {
	name := r.state("journal")
	f, err := os.Create(name + ".tmp")
	if err != nil {
		return err
	}
	if err = errors.Join(json.NewEncoder(f).Encode(j), f.Sync(), f.Close()); err != nil {
		return err
	}
	step("journal.tmp")
	if err := os.Rename(name+".tmp", name); err != nil {
		return err
	}
	step("journal")
	return nil
}

// readJournal returns nil when there is none.
func (r *Repo) readJournal() (*journal, error) {
	name := r.state("journal")
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, ignore(err, fs.ErrNotExist)
	}
	fi, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	j := &journal{written: fi.ModTime()}
	if err := j.decode(data); err != nil {
		return nil, &Conflict{Text: "the journal of an interrupted run is damaged (look at it, then remove it): " + name, Err: err}
	}
	return j, nil
}

// drop removes what a run keeps beside the user's files: the journal first, git's index lock last.
func (r *Repo) drop() error {
	errs := []error{}
	for _, name := range []string{"journal", "journal.tmp", "index", "index.lock"} {
		errs = append(errs, ignore(os.Remove(r.state(name)), fs.ErrNotExist))
		step("dropped " + name)
	}
	scratch, _ := filepath.Glob(r.state("run-*"))
	for _, dir := range scratch {
		errs = append(errs, completePacks(dir, filepath.Join(r.common, "objects")), os.RemoveAll(dir))
	}
	return errors.Join(append(errs, r.unlockIndex())...)
}
