package git

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"path"
	"strings"
)

// Reader reads files at one commit, through the one `git cat-file` process that its Repo keeps. It is for one
// goroutine.
type Reader struct {
	repo  *Repo
	root  string                      // the commit's tree, "" for no commit: everything is absent
	trees map[string]map[string]entry // by id
	all   []member                    // the whole tree by path, once that is asked for
	ahead map[string][]byte           // blobs that Prefetch has read, by id
}

type entry struct{ mode, id string }

const (
	modeTree   = "40000"
	modeLink   = "120000"
	modeModule = "160000"
)

// Reader reads at a commit, given by its full id; "" is the unborn branch.
func (r *Repo) Reader(ctx context.Context, commit string) (*Reader, error) {
	rd := &Reader{repo: r, trees: map[string]map[string]entry{}}
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
	var names, ids []string
	for name, e := range entries {
		if err := plain(path.Join(dir, name), e); err != nil {
			return nil, err
		}
		if e.mode != modeTree {
			names, ids = append(names, name), append(ids, e.id)
		}
	}
	return rd.blobs(names, ids)
}

// member is a file or a directory of the tree.
type member struct {
	path string
	entry
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
	dirs := map[string]map[string]entry{".": {}}
	rd.trees[rd.root] = dirs["."]
	return rd.repo.lines(ctx, call{args: []string{"ls-tree", "-r", "-t", "-z", "--full-tree", rd.root}}, func(line string) {
		meta, name, _ := strings.Cut(line, "\t")
		f := strings.Fields(meta)
		if len(f) != 3 {
			return
		}
		e := entry{strings.TrimLeft(f[0], "0"), f[2]}
		rd.all = append(rd.all, member{name, e})
		dirs[path.Dir(name)][path.Base(name)] = e
		if e.mode == modeTree {
			dirs[name] = map[string]entry{}
			rd.trees[e.id] = dirs[name]
		}
	})
}

// Prefetch reads the files that are wanted, by path, and remembers them: for many directories of one commit that takes two processes, and else some questions
// and answers for each.
func (rd *Reader) Prefetch(ctx context.Context, wanted func(path string) bool) error {
	if err := rd.list(ctx); err != nil {
		return err
	}
	var ids []string
	rd.ahead = map[string][]byte{}
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
	parts := strings.Split(name, "/")
	for i, part := range parts {
		if at.mode != modeTree {
			return entry{}, nil
		}
		entries, err := rd.tree(at.id)
		if err != nil {
			return entry{}, err
		}
		at = entries[part]
		if at.id == "" {
			return entry{}, nil
		}
		if err := plain(path.Join(parts[:i+1]...), at); err != nil {
			return entry{}, err
		}
	}
	return at, nil
}

func plain(name string, e entry) error {
	switch e.mode {
	case modeLink:
		return &Outside{Text: quote(name) + " is a symlink in git: gitramp neither reads nor writes through one"}
	case modeModule:
		return &Outside{Text: quote(name) + " is a submodule: run gitramp in that repository"}
	}
	return nil
}

// tree reads a tree object: "mode name\0" and the raw id, again and again.
func (rd *Reader) tree(id string) (map[string]entry, error) {
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
	entries, size := map[string]entry{}, rd.repo.config.hashLen()/2
	for data := got[0].data; len(data) > 0; {
		head, rest, ok := bytes.Cut(data, []byte{0})
		mode, name, _ := strings.Cut(string(head), " ")
		if !ok || len(rest) < size {
			return nil, fmt.Errorf("tree %s is malformed", id)
		}
		entries[name] = entry{mode: mode, id: hex.EncodeToString(rest[:size])}
		data = rest[size:]
	}
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
