package git

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"path"
	"slices"
	"strings"
)

// Reader reads files at one commit, through the one `git cat-file` process that its Repo keeps. It is for one
// goroutine.
type Reader struct {
	repo  *Repo
	root  string              // the commit's tree, "" for no commit: everything is absent
	trees map[string][]member // by id, each by name
	all   []member            // the whole tree by path, once that is asked for
	ahead map[string][]byte   // blobs that Prefetch has read, by id
}

type entry struct{ mode, id string }

// member is a file or a directory of a tree: by its path, or by its name alone.
type member struct {
	path string
	entry
}

const (
	modeTree   = "40000"
	modeLink   = "120000"
	modeModule = "160000"
)

// Reader reads at a commit, given by its full id; "" is the unborn branch.
func (r *Repo) Reader(ctx context.Context, commit string) (*Reader, error) {
	rd := &Reader{repo: r, trees: map[string][]member{}}
	if commit == "" {
		return rd, nil
	}
	if !isHex(commit, r.config.hashLen()) {
		return nil, &Usage{Text: "not a commit id: " + quote(commit)}
	}
	got, err := r.objects(commit)
	if err != nil {
		return nil, err
	}
	if got[0].kind != "commit" {
		return nil, fmt.Errorf("there is no commit %s", commit)
	}
	line, _, _ := strings.Cut(string(got[0].data), "\n")
	rd.root = strings.TrimPrefix(line, "tree ")
	return rd, ctx.Err()
}

// Close ends the reader. The process behind it belongs to the Repo.
func (rd *Reader) Close() error {
	rd.root, rd.trees = "", nil
	return nil
}

// Dir returns the regular files that lie directly in a directory, nil if there is no such directory.
func (rd *Reader) Dir(dir string) (map[string][]byte, error) {
	at, err := rd.lookup(dir)
	if err != nil || at.id == "" {
		return nil, err
	}
	if at.mode != modeTree {
		return nil, &Conflict{Text: quote(dir) + " is a file, not a directory"}
	}
	entries, err := rd.tree(at.id)
	if err != nil {
		return nil, err
	}
	names, ids := make([]string, 0, len(entries)), make([]string, 0, len(entries))
	for _, e := range entries {
		if err := plain(dir, e.path, e.entry); err != nil {
			return nil, err
		}
		if e.mode != modeTree {
			names, ids = append(names, e.path), append(ids, e.id)
		}
	}
	return rd.blobs(names, ids)
}

// Files lists the regular files that have that name, in whichever directory, by path. It is one process, and after it the whole tree is known.
func (rd *Reader) Files(ctx context.Context, name string) ([]string, error) {
	if err := rd.list(ctx); err != nil {
		return nil, err
	}
	var paths []string
	for _, f := range rd.all {
		if strings.HasPrefix(f.mode, "100") && (f.path == name || strings.HasSuffix(f.path, "/"+name)) {
			paths = append(paths, f.path)
		}
	}
	return paths, nil
}

// list reads the whole tree.
func (rd *Reader) list(ctx context.Context) error {
	if rd.root == "" || rd.all != nil {
		return nil
	}
	rd.trees = map[string][]member{rd.root: nil}
	dirs := []member{{".", entry{modeTree, rd.root}}} // from the root to where the list is
	err := rd.repo.lines(ctx, call{args: []string{"ls-tree", "-r", "-t", "-z", "--full-tree", rd.root}}, func(line string) {
		meta, name, _ := strings.Cut(line, "\t")
		mode, rest, _ := strings.Cut(meta, " ")
		_, id, ok := strings.Cut(rest, " ")
		if !ok {
			return
		}
		dir, base := path.Split(name)
		for len(dirs) > 1 && dirs[len(dirs)-1].path != dir {
			dirs = dirs[:len(dirs)-1]
		}
		e, in := entry{strings.TrimLeft(mode, "0"), id}, dirs[len(dirs)-1].id
		rd.all, rd.trees[in] = append(rd.all, member{name, e}), append(rd.trees[in], member{base, e})
		if e.mode == modeTree {
			dirs, rd.trees[id] = append(dirs, member{name + "/", e}), nil // nil: a tree that is there twice is listed twice
		}
	})
	if err != nil { // half a list is none
		rd.all, rd.trees = nil, map[string][]member{}
		return err
	}
	for _, entries := range rd.trees {
		byName(entries)
	}
	return nil
}

// byName sorts the entries of a tree: git has a directory where its name and a slash would be.
func byName(entries []member) {
	slices.SortFunc(entries, func(a, b member) int { return strings.Compare(a.path, b.path) })
}

// Prefetch reads the files that are wanted, by path, and remembers them: for many directories of one commit that takes two processes, and else some questions
// and answers for each.
func (rd *Reader) Prefetch(ctx context.Context, wanted func(path string) bool) error {
	if err := rd.list(ctx); err != nil {
		return err
	}
	var ids []string
	rd.ahead = make(map[string][]byte, len(rd.all))
	for _, f := range rd.all {
		if _, twice := rd.ahead[f.id]; !twice && f.mode != modeTree && f.mode != modeModule && wanted(f.path) {
			rd.ahead[f.id] = nil
			ids = append(ids, f.id)
		}
	}
	got, err := rd.repo.objects(ids...)
	if err != nil {
		return err
	}
	for i, o := range got {
		if rd.ahead[ids[i]] = o.data; o.kind != "blob" {
			delete(rd.ahead, ids[i])
		}
	}
	return nil
}

func (rd *Reader) blobs(names, ids []string) (map[string][]byte, error) {
	files := make(map[string][]byte, len(names))
	var missing []string
	for i, id := range ids {
		if data, ok := rd.ahead[id]; ok {
			files[names[i]] = data
		} else {
			missing = append(missing, id)
		}
	}
	got, err := rd.repo.objects(missing...)
	if err != nil {
		return nil, err
	}
	for i, id := range ids {
		if _, ahead := rd.ahead[id]; ahead {
			continue
		}
		if got[0].kind != "blob" {
			return nil, fmt.Errorf("object %s of %s is missing", id, quote(names[i]))
		}
		files[names[i]], got = got[0].data, got[1:]
	}
	return files, nil
}

// lookup walks to a path; the zero entry means that it is absent. A symlink or submodule on the way, or at its end, is an error.
func (rd *Reader) lookup(name string) (entry, error) {
	at := entry{mode: modeTree, id: rd.root}
	name = path.Clean(name)
	if name == "." || rd.root == "" {
		return at, nil
	}
	end := 0
	for part := range strings.SplitSeq(name, "/") {
		if at.mode != modeTree {
			return entry{}, nil
		}
		entries, err := rd.tree(at.id)
		if err != nil {
			return entry{}, err
		}
		i, there := slices.BinarySearchFunc(entries, part, func(e member, name string) int { return strings.Compare(e.path, name) })
		if !there {
			return entry{}, nil
		}
		end += len(part)
		at = entries[i].entry
		if err := plain("", name[:end], at); err != nil {
			return entry{}, err
		}
		end++
	}
	return at, nil
}

// plain says whether gitramp reads what has that name in a directory.
func plain(dir, name string, e entry) error {
	switch e.mode {
	case modeLink:
		return &Outside{Text: quote(path.Join(dir, name)) + " is a symlink in git: gitramp neither reads nor writes through one"}
	case modeModule:
		return &Outside{Text: quote(path.Join(dir, name)) + " is a submodule: run gitramp in that repository"}
	}
	return nil
}

// tree reads a tree object: "mode name\0" and the raw id, again and again.
func (rd *Reader) tree(id string) ([]member, error) {
	if known, ok := rd.trees[id]; ok {
		return known, nil
	}
	got, err := rd.repo.objects(id)
	if err != nil {
		return nil, err
	}
	if got[0].kind != "tree" {
		return nil, fmt.Errorf("tree %s is missing", id)
	}
	var entries []member
	size := rd.repo.config.hashLen() / 2
	for data := got[0].data; len(data) > 0; {
		head, rest, ok := bytes.Cut(data, []byte{0})
		mode, name, _ := strings.Cut(string(head), " ")
		if !ok || len(rest) < size {
			return nil, fmt.Errorf("tree %s is malformed", id)
		}
		entries = append(entries, member{name, entry{mode, hex.EncodeToString(rest[:size])}})
		data = rest[size:]
	}
	byName(entries)
	rd.trees[id] = entries
	return entries, nil
}

// File returns the bytes of the regular file at path, nil where there is none.
func (rd *Reader) File(name string) ([]byte, error) {
	at, err := rd.lookup(name)
	if err != nil || at.id == "" || at.mode == modeTree {
		return nil, err
	}
	files, err := rd.blobs([]string{name}, []string{at.id})
	return files[name], err
}
