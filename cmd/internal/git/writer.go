package git

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Mark names a blob or commit that a Writer has written.
type Mark int

// Edit puts a blob at a path, relative to the repository's top and slash-separated; Mark 0 deletes the path.
type Edit struct {
	Path string
	Mark Mark
}

// Options of a chain of commits.
type Options struct {
	Date   time.Time // of author and committer; zero: now, or git's own GIT_*_DATE
	RefLog string    // what the reflog says
	Files  []string  // single files that may be written beside the roots
	// Push is where the commits go before anything here moves: on top of Tip, which is where the remote's branch has to be. The branch of this repository comes
	// along where it is at Tip too; else it is left alone.
	Push *Remote
	Tip  string
	// Regardless, with Push: whatever of this clone's work tree or index is in the way, the branch is pushed, and that of this repository left alone.
	Regardless bool
	// Apart is for proposals: each commit is made on Tip by itself, no branch of this repository is meant, and Propose ends it instead of Finish.
	Apart bool
}

// Writer builds a chain of commits on top of a branch. Nothing moves before Finish. It is for one goroutine.
type Writer struct {
	Recovered string   // what Begin finished for a run that crashed: a line for stderr
	Made      []string // after Finish: the ids of the commits
	Left      error    // with Regardless: why the branch of this repository is left alone

	repo              *Repo
	ctx               context.Context
	branch            Branch
	roots             []string
	files             []string        // beside them
	under             map[string]bool // the roots as a set
	reflog            string
	push              *Remote
	regardless        bool
	apart             bool   // each commit stands alone on base
	base              string // what the first commit is made on
	author, committer ident
	lock              *os.File
	tree              *Reader   // at the tip
	work              *checkout // nil: not checked out
	imp               *importer
	commits           []commit
	present           map[string]bool // what became of each path
	unsure            bool            // the branch may have moved, index and work tree are not along: leave the journal
	done              bool
}

type commit struct {
	mark    Mark
	message string
}

// Begin locks the repository, finishes a run that crashed, checks that the branch is where the caller read it and that the roots (directories, relative
// to the repository's top) can be written, and starts fast-import.
func (r *Repo) Begin(ctx context.Context, b Branch, roots []string, o Options) (*Writer, error) {
	w := &Writer{repo: r, ctx: ctx, reflog: "gitramp", present: map[string]bool{}, under: map[string]bool{}}
	if o.RefLog != "" {
		w.reflog = strings.Join(strings.Fields(sanitise(o.RefLog)), " ")
	}
	for _, root := range roots {
		root = path.Clean(root)
		if err := checkPath(root); err != nil {
			return nil, err
		}
		w.roots, w.under[root] = append(w.roots, root), true
	}
	for _, file := range o.Files {
		if err := checkPath(file); err != nil {
			return nil, err
		}
		w.files = append(w.files, file)
	}
	var err error
	if w.lock, err = r.flock(ctx); err != nil {
		return nil, err
	}
	if err := w.begin(b, o); err != nil {
		w.Abort()
		return nil, err
	}
	return w, nil
}

func (w *Writer) begin(b Branch, o Options) (err error) {
	r := w.repo
	if w.Recovered, err = r.recover(w.ctx, w.lock); err != nil {
		w.unsure = true
		return err
	}
	if err = w.pin(b, o); err != nil {
		return err
	}
	if w.author, err = r.ident(w.ctx, "AUTHOR", o.Date); err != nil {
		return err
	}
	if w.committer, err = r.ident(w.ctx, "COMMITTER", o.Date); err != nil {
		return err
	}
	if w.tree, err = r.Reader(w.ctx, w.base); err != nil {
		return err
	}
	for _, root := range w.roots {
		if at, err := w.tree.lookup(root); err != nil {
			return err
		} else if at.id != "" && at.mode != modeTree {
			return &Conflict{Text: quote(root) + " is a file, not a directory"}
		}
	}
	if w.branch.WorkTree != "" {
		if w.work, err = r.checkout(w.ctx, w.branch.WorkTree, w.roots, w.files); err != nil && !w.leave(err) {
			return err
		}
	}
	w.imp, err = r.startImport(w.ctx, w.lock)
	return err
}

// leave leaves the branch of this repository alone for the sake of what is in the way, where that is wanted.
func (w *Writer) leave(why error) bool {
	if !w.regardless || w.push == nil || !errors.As(why, new(*Conflict)) {
		return false
	}
	w.Left, w.branch, w.work = why, Branch{}, nil
	return w.repo.unlockIndex() == nil
}

// pin makes sure that the branch is where the caller read it.
func (w *Writer) pin(b Branch, o Options) (err error) {
	if w.push, w.base, w.apart, w.regardless = o.Push, o.Tip, o.Apart, o.Regardless; o.Apart {
		return nil
	}
	if o.Push != nil {
		if w.branch, err = w.repo.alongWith(w.ctx, b.Name, o.Tip); err != nil {
			return err
		}
		return nil
	}
	if w.branch, err = w.repo.Branch(w.ctx, b.Name); err != nil {
		return err
	}
	w.base = w.branch.Base()
	if w.branch.Base() != b.Base() || w.branch.Tip != b.Tip {
		return w.repo.lost(b.Name)
	}
	return nil
}

// Blob writes a file's content.
func (w *Writer) Blob(data []byte) (Mark, error) {
	w.imp.marks++
	return Mark(w.imp.marks), w.imp.put("blob\nmark :%d\ndata %d\n%s\n", w.imp.marks, len(data), data)
}

// Commit writes the next commit of the chain.
func (w *Writer) Commit(message string, edits []Edit) error {
	var b strings.Builder
	for _, e := range edits {
		if err := checkPath(e.Path); err != nil {
			return err
		}
		if !within(e.Path, w.under) && !slices.Contains(w.files, e.Path) {
			return &Usage{Text: "path " + quote(e.Path) + " lies outside of " + list(w.roots)}
		}
		if w.present[e.Path] = e.Mark != 0; e.Mark == 0 {
			b.WriteString("D " + e.Path + "\n")
		} else {
			b.WriteString("M 100644 :" + strconv.Itoa(int(e.Mark)) + " " + e.Path + "\n")
		}
	}
	from := ""
	if (len(w.commits) == 0 || w.apart) && w.base != "" {
		from = "from " + w.base + "\n"
	}
	message = strings.TrimRight(message, "\n") + "\n"
	w.imp.marks++
	w.commits = append(w.commits, commit{Mark(w.imp.marks), message})
	return w.imp.put("commit refs/heads/chain\nmark :%d\nauthor %s\ncommitter %s\ndata %d\n%s%s%s\n",
		w.imp.marks, w.author, w.committer, len(message), message, from, b.String())
}

// Finish completes the commits, moves the branch onto the last one, and brings index and work tree along. Without commits it changes nothing.
func (w *Writer) Finish() (tip string, err error) {
	defer w.Abort()
	if w.done {
		return "", errors.New("the writer is closed")
	}
	if len(w.commits) == 0 {
		return w.base, nil
	}
	if err := w.obstacles(); err != nil && !w.leave(err) {
		return "", err
	}
	if err := w.complete(); err != nil {
		return "", err
	}
	tip = w.Made[len(w.Made)-1]
	j, err := w.intend(tip)
	if err == nil && w.push != nil {
		err = w.repo.push(w.ctx, *w.push, w.base, tip)
		w.unsure = j != nil && (errors.As(err, new(*Unreachable)) || isStuck(err)) // it may have arrived
	}
	if err != nil {
		return "", err
	}
	if j == nil {
		return tip, nil
	}
	return tip, w.land(j)
}

// complete signs the commits where they are to be, and moves their objects into the repository.
func (w *Writer) complete() error {
	ids, err := w.imp.finish()
	if err != nil {
		return err
	}
	step("imported")
	for _, c := range w.commits {
		w.Made = append(w.Made, ids[c.mark])
	}
	if w.repo.config.flag("commit.gpgsign") {
		if err = w.sign(ids); err != nil {
			return err
		}
	}
	for _, id := range w.Made {
		if !isHex(id, w.repo.config.hashLen()) {
			return fmt.Errorf("git fast-import left no commit: %q", id)
		}
	}
	return w.imp.publish(w.repo.common + "/objects")
}

// obstacles refuses to overwrite untracked files.
func (w *Writer) obstacles() error {
	if w.work == nil {
		return nil
	}
	var found []string
	for name, present := range w.present {
		if !present {
			continue
		}
		at, err := w.work.untracked(w.tree, name)
		if err != nil {
			return err
		}
		if at != "" {
			found = append(found, at)
		}
	}
	if slices.Sort(found); len(found) > 0 {
		return &Conflict{Text: "untracked files are in the way", Files: slices.Compact(found)}
	}
	return nil
}

// Abort drops everything that did not land. After Finish it does nothing.
func (w *Writer) Abort() {
	if w.done {
		return
	}
	w.done = true
	if w.imp != nil {
		w.imp.kill()
		os.RemoveAll(w.imp.dir)
	}
	if w.unsure {
		_ = w.repo.unlockIndex()
	} else {
		_ = w.repo.drop()
	}
	w.lock.Close()
}
