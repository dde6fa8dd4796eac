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
	Tip      string // "": unborn
	Upstream string // short name such as origin/main, "": none
	WorkTree string // top of the work tree that has it checked out, "": none
}

// Branch reads a branch; name "" is the one that HEAD is on, born or not.
func (r *Repo) Branch(ctx context.Context, name string) (Branch, error) {
	head, err := r.head(ctx, r.gitDir, r.dir)
	if err != nil {
		return Branch{}, err
	}
	if name == "" && head == "" {
		return Branch{}, &Usage{Text: "HEAD is detached: name the branch with --branch"}
	}
	if name == "" {
		name = head
	}
	if err := checkName(name); err != nil {
		return Branch{}, err
	}
	tip, err := r.tip(name)
	if err != nil {
		return Branch{}, err
	}
	b := Branch{Name: name, Tip: tip.id, Upstream: r.config.upstream(name)}
	b.WorkTree, err = r.workTree(ctx, name, head)
	return b, err
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

// checkName holds a branch name against git's rules and a whitelist: git itself allows semicolons, pipes, dollars and backticks.
func checkName(name string) error {
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
