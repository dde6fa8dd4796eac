package git

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"unicode"
)

// Branch is a branch as it was when it was read.
type Branch struct {
	Name     string
	Tip      string // "": it does not exist yet
	Start    string // without a Tip: the commit that it will begin at, HEAD's; "" where HEAD has none either
	Upstream string // short name such as origin/main, "": none
	WorkTree string // top of the work tree that has it checked out, "": none
}

// Base is the commit that the next one is made on, "" where there is none.
func (b Branch) Base() string {
	if b.Tip == "" {
		return b.Start
	}
	return b.Tip
}

// Branch reads a branch; name "" is the one that HEAD is on, born or not. A branch that does not exist will begin at HEAD, as `git switch -c` makes it.
func (r *Repo) Branch(ctx context.Context, name string) (Branch, error) {
	head, err := r.head(ctx, r.gitDir, r.dir)
	if err != nil {
		return Branch{}, err
	}
	if name, err = r.Head(ctx, name); err != nil {
		return Branch{}, err
	}
	if err := CheckBranch(name); err != nil {
		return Branch{}, err
	}
	tip, err := r.tip(name)
	if err != nil {
		return Branch{}, err
	}
	b := Branch{Name: name, Tip: tip.id, Upstream: r.config.upstream(name)}
	if b.Tip == "" && name != head {
		if b.Start, err = r.start(name); err != nil {
			return Branch{}, err
		}
	}
	b.WorkTree, err = r.workTree(ctx, name, head)
	return b, err
}

// Tip is where a branch of this repository is, "" where there is none of that name.
func (r *Repo) Tip(branch string) (string, error) {
	tip, err := r.tip(branch)
	return tip.id, err
}

// Shown is the commit that whoever works here has seen of a branch: where it is, or where HEAD is if no branch is checked out and there is none of that name. "" is
// none.
func (r *Repo) Shown(ctx context.Context, branch string) (string, error) {
	if tip, err := r.Tip(branch); err != nil || tip != "" {
		return tip, err
	}
	head, err := r.head(ctx, r.gitDir, r.dir)
	if err != nil || head != "" {
		return "", err
	}
	got, err := r.objects("HEAD")
	return got[0].id, err
}

// alongWith is a branch that comes along with what is pushed: it is at the commit that the remote was at. Where it is not, or is not here, or no branch is meant,
// the zero value says to leave it alone.
func (r *Repo) alongWith(ctx context.Context, name, commit string) (Branch, error) {
	if name == "" || commit == "" {
		return Branch{}, nil
	}
	tip, err := r.tip(name)
	if err != nil || tip.id != commit {
		return Branch{}, err
	}
	return r.Branch(ctx, name)
}

// Head is the name of a branch: as it is given, else the one that is checked out.
func (r *Repo) Head(ctx context.Context, name string) (string, error) {
	if name != "" {
		return name, CheckBranch(name)
	}
	head, err := r.head(ctx, r.gitDir, r.dir)
	if err == nil && head == "" {
		err = &Usage{Text: "HEAD is detached: name the branch with --branch"}
	}
	return head, err
}

// Tracks is the short name of what a branch tracks, "" for nothing.
func (r *Repo) Tracks(branch string) string { return r.config.upstream(branch) }

// Current is as Branch for whoever only reads: with no name a detached HEAD will do.
func (r *Repo) Current(ctx context.Context, name string) (Branch, error) {
	if name != "" {
		return r.Branch(ctx, name)
	}
	head, err := r.head(ctx, r.gitDir, r.dir)
	if err != nil || head != "" {
		return r.Branch(ctx, name)
	}
	got, err := r.objects("HEAD")
	if err != nil {
		return Branch{}, err
	}
	return Branch{Name: "HEAD", Tip: got[0].id}, nil
}

// start is the commit that a branch which does not exist begins at. One that only a remote has is not taken for new.
func (r *Repo) start(name string) (string, error) {
	got, err := r.objects("HEAD", "refs/remotes/"+name, "refs/remotes/origin/"+name)
	switch {
	case err != nil:
		return "", err
	case got[1].id != "":
		return "", &Usage{Text: "branch " + quote(name) + " cannot be used: it is what a remote had; name a branch of this repository"}
	case got[2].id != "":
		return "", &Usage{Text: "branch " + quote(name) + " is here only as origin/" + name + ": git branch " + name + " origin/" + name + " first"}
	}
	return got[0].id, nil
}

// head is the branch that a work tree's HEAD is on, "" when it is detached.
func (r *Repo) head(ctx context.Context, gitDir, dir string) (string, error) {
	data, err := os.ReadFile(filepath.Join(gitDir, "HEAD"))
	if err != nil {
		return "", err
	}
	text := strings.TrimSuffix(string(data), "\n")
	if name, ok := strings.CutPrefix(text, "ref: refs/heads/"); ok && name != ".invalid" {
		return name, nil
	}
	if isHex(text, r.config.hashLen()) {
		return "", nil
	}
	// Neither of the two plain forms (reftable, a symlink of old): git knows.
	out, err := r.run(ctx, call{dir: dir, args: []string{"symbolic-ref", "HEAD"}})
	return strings.TrimPrefix(strings.TrimSuffix(out, "\n"), "refs/heads/"), err
}

// workTree finds where a branch is checked out; head is the branch that our own HEAD is on.
func (r *Repo) workTree(ctx context.Context, name, head string) (string, error) {
	if name == head && !r.bare {
		return r.dir, nil
	}
	if linked, _ := os.ReadDir(filepath.Join(r.common, "worktrees")); len(linked) == 0 {
		return "", nil
	}
	out, err := r.run(ctx, call{args: []string{"worktree", "list", "--porcelain"}})
	if err != nil {
		return "", err
	}
	for record := range strings.SplitSeq(out, "\n\n") {
		top, rest, _ := strings.Cut(strings.TrimPrefix(record, "worktree "), "\n")
		if !strings.Contains(rest+"\n", "\nbranch refs/heads/"+name+"\n") {
			continue
		}
		if _, err := os.Stat(top); err == nil { // else it is gone and only waits to be pruned
			return top, nil
		}
	}
	return "", nil
}

// CheckBranch holds a branch name against git's rules and a whitelist: git itself allows semicolons, pipes, dollars and backticks.
func CheckBranch(name string) error {
	bad := func(why string) error { return &Usage{Text: "branch " + quote(name) + " cannot be used: " + why} }
	switch {
	case name == "" || len(name) > 200:
		return bad("a name has 1 to 200 bytes")
	case strings.HasPrefix(name, "refs/"):
		return bad("name it without refs/heads/")
	case name == "@" || name == "HEAD" || strings.HasPrefix(name, "-") || strings.Contains(name, "..") || strings.Contains(name, "@{"):
		return bad("git reads it as something else than a branch")
	}
	for _, c := range name {
		if !unicode.In(c, unicode.L, unicode.M, unicode.N) && !strings.ContainsRune("-_./+=@#,%", c) || c == unicode.ReplacementChar {
			return bad("allowed are letters, digits and -_./+=@#,%")
		}
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == "" || strings.HasPrefix(part, ".") || strings.HasSuffix(part, ".") || strings.HasSuffix(part, ".lock") {
			return bad("no part between slashes may be empty, begin or end with a dot, or end with .lock")
		}
	}
	return nil
}

// Branches are the names of all branches, sorted.
func (r *Repo) Branches(ctx context.Context) ([]string, error) {
	out, err := r.run(ctx, call{args: []string{"for-each-ref", "--format=%(refname:lstrip=2)", "refs/heads/"}})
	return strings.Fields(out), err
}
