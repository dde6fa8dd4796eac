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

// look is what lies at some paths, nil where nothing does.
func look(names []string) []fs.FileInfo {
	found := make([]fs.FileInfo, len(names))
	for i, name := range names {
		found[i], _ = os.Lstat(name)
	}
	return found
}

// stuck says that a lock of a ref, which a git of ours left, cannot be removed.
type stuck struct{ error }

func (s *stuck) Unwrap() error { return s.error }

func isStuck(err error) bool { return errors.As(err, new(*stuck)) }

// unlockRefs removes the locks that a dead git of ours left. They were not there before it ran, are there when it is gone, hold nothing or what it was told to write,
// and are the very same a while later: a living git holds one for milliseconds.
func (r *Repo) unlockRefs(c call, before []fs.FileInfo) (err error) {
	left := look(c.locks)
	for i, lock := range c.locks {
		if before[i] != nil || left[i] == nil {
			continue
		}
		end := poll(context.Background(), r.patience, func() (bool, error) {
			now, err := os.Lstat(lock)
			return err != nil || !os.SameFile(now, left[i]) || !now.ModTime().Equal(left[i].ModTime()), nil
		})
		data, _ := os.ReadFile(lock)
		if !errors.Is(end, errTimeout) || !strings.Contains(c.stdin+strings.Join(c.args, " "), strings.TrimSpace(string(data))) {
			continue
		}
		if gone := ignore(os.Remove(lock), fs.ErrNotExist); gone != nil {
			err = &stuck{fmt.Errorf("git left a lock that cannot be removed now (no git can do its work before it is): %w", gone)}
		}
	}
	return err
}

// refLocks are the files by which git locks what moves with a branch: the branch, what is kept of the remote's, and the HEAD that is on it.
func (r *Repo) refLocks(j *journal) []string {
	locks := []string{r.refLock("refs/heads/" + j.Branch)}
	if j.Remote != nil {
		locks = append(locks, r.refLock(j.Remote.tracking()))
	}
	if j.GitDir != "" {
		locks = append(locks, filepath.Join(j.GitDir, "HEAD.lock"))
	}
	return locks
}

func (r *Repo) refLock(ref string) string {
	return filepath.Join(r.common, filepath.FromSlash(ref)+".lock")
}

// clearRefLocks removes what a killed update-ref or push left: locks that hold our new tip, or nothing and are not older than the journal. A living git
// holds such a lock for milliseconds, so it is given time to vanish.
func (r *Repo) clearRefLocks(ctx context.Context, j *journal) error {
	for _, lock := range r.refLocks(j) {
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
