package git

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// state is the path of a file of ours in the common git directory.
func (r *Repo) state(name string) string { return filepath.Join(r.common, "gitramp", name) }

// flock keeps other gitramps out of the repository. Children inherit the file, so the lock is free only when the last of them is dead.
func (r *Repo) flock(ctx context.Context) (*os.File, error) {
	if err := os.MkdirAll(r.state("."), 0o777); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(r.state("lock"), os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, err
	}
	err = poll(ctx, r.lockWait, func() (bool, error) {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		return err == nil, ignore(err, syscall.EWOULDBLOCK)
	})
	if errors.Is(err, errTimeout) {
		pid, _ := os.ReadFile(r.state("lock"))
		err = &Conflict{Text: "another gitramp is at work in this repository (pid " + sanitise(string(pid)) + ")"}
	}
	if err == nil {
		err = errors.Join(f.Truncate(0), writeAt(f, fmt.Sprintln(os.Getpid())))
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	step("locked")
	return f, nil
}

func writeAt(f *os.File, s string) error {
	_, err := f.WriteAt([]byte(s), 0)
	return err
}

var errTimeout = errors.New("timed out")

// poll tries until it is done, fails, or has waited long enough.
func poll(ctx context.Context, wait time.Duration, try func() (bool, error)) error {
	for end := time.Now().Add(wait); ; time.Sleep(20 * time.Millisecond) {
		if done, err := try(); done || err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if time.Now().After(end) {
			return errTimeout
		}
	}
}

func ignore(err, harmless error) error {
	if errors.Is(err, harmless) {
		return nil
	}
	return err
}

// lockIndex takes git's own lock on a work tree's index: a hard link to our owner file, so that a later run can tell that it is ours.
func (r *Repo) lockIndex(ctx context.Context, gitDir string) error {
	owner, lock := r.state("owner"), filepath.Join(gitDir, "index.lock")
	if err := os.WriteFile(owner, []byte(gitDir), 0o666); err != nil {
		return err
	}
	step("owner")
	err := poll(ctx, r.patience, func() (bool, error) {
		err := os.Link(owner, lock)
		return err == nil, ignore(err, fs.ErrExist)
	})
	if errors.Is(err, errTimeout) {
		err = &Conflict{Text: "git's index is locked by somebody else: " + lock + describe(lock)}
	}
	if err != nil {
		return errors.Join(err, os.Remove(owner))
	}
	step("index.lock")
	return nil
}

func describe(lock string) string {
	fi, err := os.Stat(lock)
	if err != nil {
		return ""
	}
	return fmt.Sprintf(" is %s old (remove it if no git is running)", time.Since(fi.ModTime()).Round(time.Second))
}

// unlockIndex gives git's index lock back, if it is ours.
func (r *Repo) unlockIndex() error {
	owner := r.state("owner")
	gitDir, err := os.ReadFile(owner)
	if err != nil {
		return ignore(err, fs.ErrNotExist)
	}
	for _, dir := range []string{string(gitDir), r.gitDir, r.common} { // after a power cut the file may be empty
		if r.ownsIndex(dir) {
			if err := os.Remove(filepath.Join(dir, "index.lock")); err != nil {
				return err
			}
		}
	}
	step("unlocked")
	return os.Remove(owner)
}

func (r *Repo) ownsIndex(gitDir string) bool {
	owner, err := os.Stat(r.state("owner"))
	lock, err2 := os.Stat(filepath.Join(gitDir, "index.lock"))
	return err == nil && err2 == nil && os.SameFile(owner, lock)
}

// clearRefLocks removes what a killed update-ref or push left: locks that hold our new tip, or nothing and are not older than the journal. A living git
// holds such a lock for milliseconds, so it is given time to vanish.
func (r *Repo) clearRefLocks(ctx context.Context, j *journal) error {
	locks := []string{filepath.Join(r.common, "refs", "heads", filepath.FromSlash(j.Branch)+".lock")}
	if j.Remote != nil {
		locks = append(locks, filepath.Join(r.common, filepath.FromSlash(j.Remote.tracking())+".lock"))
	}
	if j.GitDir != "" {
		locks = append(locks, filepath.Join(j.GitDir, "HEAD.lock"))
	}
	for _, lock := range locks {
		err := poll(ctx, r.patience, func() (bool, error) {
			_, err := os.Stat(lock)
			return err != nil, ignore(err, fs.ErrNotExist)
		})
		if errors.Is(err, errTimeout) && j.left(lock) {
			err = os.Remove(lock)
		}
		if ignore(err, errTimeout) != nil {
			return err
		}
	}
	return nil
}

// left says that a ref lock was left by the run of this journal.
func (j *journal) left(lock string) bool {
	fi, err := os.Stat(lock)
	data, err2 := os.ReadFile(lock)
	content := strings.TrimSpace(string(data))
	return err == nil && err2 == nil && (content == j.New || content == "" && !fi.ModTime().Before(j.written))
}
