// Package git reads trees from the user's repository and writes chains of commits onto one of its branches. It is the only place that runs git:
// always the user's own binary, with a fixed argv and a cleaned environment, never through a shell.
//
// What holds, whenever and wherever a run is killed:
//
//   - the branch is at the old tip or at the new one; it moves once, by compare-and-set, when every object of every commit is in place;
//   - objects are built in a scratch repository of our own and moved into the user's when complete: an aborted run leaves none behind;
//   - where the branch is checked out, index and work tree of the ROOTS alone are brought along; every other file and index entry stays as it is;
//   - a journal in the common git directory lets the next run (Recover, also called by Begin) finish what a killed one left;
//   - a git of ours that dies alone leaves no lock of a ref behind: what it left is removed when it is gone.
//
// Concurrency: one Writer at a time per repository, guarded by a flock that git's children inherit, so that it is free only when all of them are
// dead. git's own index lock is taken before anything moves and kept until the index is new.
//
// Processes for commits onto a branch that is checked out: `cat-file` (tip, trees), `var -l` (config, identity), `status` (are ROOTS clean; left
// out where neither index nor ROOTS exist), `fast-import`, `update-ref`, `restore`. Elsewhere `status` and `restore` are left out. One `rev-parse`
// more where the repository is not an ordinary one (bare, linked work tree, submodule), one `worktree list` where it has linked work trees, one
// `commit-tree` per commit where commits are signed. With a remote `ls-remote` comes first, `fetch` where it has news, and `push` before `update-ref`; neither
// of the first two writes a ref.
//
// It refuses: detached HEAD with no branch named, dirty ROOTS, ROOTS in a submodule or behind a symlink, foreign locks, branch names outside a
// whitelist. It never runs porcelain that commits, merges, rebases or stashes, never pushes but by compare-and-set, and by design runs no pre-commit, commit-msg or
// post-checkout hook; the reference-transaction hook has its say when the branch moves.
package git

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// step is called before each of our own effects. Tests set it, to fail or die there.
var step = func(string) {}

// Repo is a repository that Open found. It is safe for concurrent reads; ctx of Open bounds its life.
type Repo struct {
	git    string   // the binary
	env    []string // the children's environment
	reach  []string // beside it, of those that talk to a remote
	dir    string   // where children run: the top of the work tree, or the bare repository
	gitDir string   // of this work tree
	common string   // shared by all work trees
	bare   bool
	config config

	lockWait time.Duration // how long for another gitramp
	patience time.Duration // how long for a lock of git's own

	ctx context.Context
	mu  sync.Mutex // guards cat
	cat *catFile
}

// Open finds the repository of dir: anywhere in a work tree, or a bare repository.
func Open(ctx context.Context, dir string) (*Repo, error) {
	bin, err := exec.LookPath("git")
	if err != nil {
		return nil, err
	}
	return open(ctx, dir, bin, os.Environ())
}

func open(ctx context.Context, dir, bin string, environ []string) (*Repo, error) {
	dir, err := filepath.Abs(dir)
	if err == nil {
		dir, err = filepath.EvalSymlinks(dir)
	}
	if err != nil {
		return nil, &Usage{Text: err.Error()}
	}
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return nil, &Usage{Text: dir + " is no directory"}
	}
	r := &Repo{git: bin, env: clean(environ), reach: reach(environ), dir: dir, ctx: ctx, lockWait: 10 * time.Second, patience: time.Second}
	top, plain := ordinary(dir)
	if plain {
		r.dir, r.gitDir, r.common = top, filepath.Join(top, ".git"), filepath.Join(top, ".git")
	} else if err := r.discover(ctx); err != nil {
		return nil, err
	}
	if r.config, err = r.readConfig(ctx); err != nil {
		return nil, err
	}
	if plain && (r.config.has("core.worktree") || r.config.flag("core.bare")) {
		r.dir = dir
		return r, r.discover(ctx)
	}
	return r, nil
}

// ordinary walks up to a .git that is a directory with all that belongs into one: finding that needs no process. All else is for git to judge.
func ordinary(dir string) (top string, ok bool) {
	for d := dir; ; d = filepath.Dir(d) {
		dot := filepath.Join(d, ".git")
		if isGitDir(dot) {
			return d, true
		}
		if _, err := os.Lstat(dot); err == nil || isGitDir(d) || d == filepath.Dir(d) {
			return "", false
		}
	}
}

func isGitDir(dir string) bool {
	for name, isDir := range map[string]bool{".": true, "objects": true, "refs": true, "HEAD": false} {
		if fi, err := os.Lstat(filepath.Join(dir, name)); err != nil || fi.IsDir() != isDir {
			return false
		}
	}
	_, err := os.Lstat(filepath.Join(dir, "commondir"))
	return err != nil
}

// discover asks git where things are.
func (r *Repo) discover(ctx context.Context) error {
	out, err := r.run(ctx, call{args: []string{"rev-parse", "--absolute-git-dir", "--git-common-dir", "--is-bare-repository", "--show-cdup"}})
	if said := (*Error)(nil); errors.As(err, &said) && strings.Contains(said.Stderr, "not a git repository") {
		return &Usage{Text: r.dir + " is not a git repository, nor inside one"}
	}
	if err != nil {
		return err
	}
	lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
	if len(lines) < 3 {
		return &Usage{Text: "git does not say where the repository of " + r.dir + " is"}
	}
	r.gitDir, r.common, r.bare = lines[0], absolute(r.dir, lines[1]), lines[2] == "true"
	switch {
	case r.bare:
		r.dir = r.gitDir
	case len(lines) > 3:
		r.dir = absolute(r.dir, lines[3])
	default:
		return &Usage{Text: r.dir + " is inside a git directory: name the work tree"}
	}
	return nil
}

func absolute(dir, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}

// Root is the top of the work tree, "" in a bare repository.
func (r *Repo) Root() string {
	if r.bare {
		return ""
	}
	return r.dir
}

// Bare says that the repository has no work tree of its own.
func (r *Repo) Bare() bool { return r.bare }

// Close ends the process that reads objects. The Repo can still be used: it starts another.
func (r *Repo) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.stopCat()
}
