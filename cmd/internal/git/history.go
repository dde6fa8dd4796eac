package git

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Entry is a commit of a branch's first-parent history that changed some files.
type Entry struct {
	Commit  string
	Date    int64 // of the committer, Unix seconds
	Cut     bool  // what was before it is not in this repository: a shallow clone ends here
	Changes []FileChange
}

// FileChange is a file before and after a commit, by object id; "" where there is none.
type FileChange struct{ Path, Old, New string }

// logFlags undo what a user's configuration does to the output of git log, which obeys more of it than plumbing does.
var logFlags = []string{"log.diffMerges=separate", "log.follow=false", "log.mailmap=false", "diff.orderFile=" + os.DevNull, "diff.relative=false", "diff.ignoreSubmodules=none",
	"i18n.logOutputEncoding=UTF-8", "color.ui=false"}

// History tells the commits of the first-parent history of a commit that changed a file of that name, in whichever directory, newest first, until yield
// returns false. Merges are told as what they brought to their first parent.
func (r *Repo) History(ctx context.Context, commit, name string, yield func(Entry) (more bool, err error)) error {
	if commit == "" {
		return nil
	}
	return r.log(ctx, []string{"--first-parent", commit}, name, yield)
}

// Merged tells, as History does and in no particular order, all that has come to a commit since another one of its first-parent history, "" for ever, by whichever
// parent.
func (r *Repo) Merged(ctx context.Context, commit, since, name string, yield func(Entry) (more bool, err error)) error {
	span := []string{commit}
	if since != "" {
		span = append(span, "^"+since)
	}
	return r.log(ctx, append([]string{"--full-history"}, span...), name, yield)
}

func (r *Repo) log(ctx context.Context, which []string, name string, yield func(Entry) (more bool, err error)) error {
	cut, err := r.shallow()
	if err != nil {
		return err
	}
	const format = "--format=tformat:%x01%H%x02%ct%x02"
	walk, stop := context.WithCancel(ctx)
	defer stop()
	args := append([]string{"log", "-m", "--root", "--raw", "--no-abbrev", "--no-renames", "--no-show-signature", "--no-notes", "-z", format}, which...)
	cmd, said := r.command(walk, call{globs: true, flags: logFlags, args: append(args, "--", ":(top,glob)**/"+name)})
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	more, err := true, error(nil)
	in := bufio.NewReaderSize(out, 64<<10)
	for more && err == nil {
		var text string
		if text, err = in.ReadString(1); text != "" && text != "\x01" {
			var e Entry
			var bad error
			if e, bad = parseEntry(strings.TrimSuffix(text, "\x01")); bad != nil {
				more, err = false, bad
				break
			}
			e.Cut = cut[e.Commit]
			var stopped error
			if more, stopped = yield(e); stopped != nil {
				err = stopped
			}
		}
	}
	if !more || err != nil && !errors.Is(err, io.EOF) {
		stop()
		_ = cmd.Wait()
		if errors.Is(err, io.EOF) {
			err = nil
		}
		return err
	}
	return failure([]string{"log"}, cmd.Wait(), said)
}

// parseEntry reads one commit as the format above and --raw -z write it.
func parseEntry(text string) (Entry, error) {
	f := strings.SplitN(text, "\x02", 3)
	if len(f) != 3 {
		return Entry{}, fmt.Errorf("git log says %q", text)
	}
	date, err := strconv.ParseInt(f[1], 10, 64)
	if err != nil {
		return Entry{}, fmt.Errorf("git log says %q", text)
	}
	e := Entry{Commit: f[0], Date: date}
	for parts := strings.Split(strings.TrimLeft(f[2], "\x00\n"), "\x00"); len(parts) > 1; parts = parts[2:] {
		meta := strings.Fields(strings.TrimLeft(parts[0], ":\n"))
		if len(meta) != 5 {
			return Entry{}, fmt.Errorf("git log says %q", text)
		}
		e.Changes = append(e.Changes, FileChange{parts[1], known(meta[2]), known(meta[3])})
	}
	return e, nil
}

// known is an object id, "" for the one of nought that stands for no object.
func known(id string) string {
	if strings.Trim(id, "0") == "" {
		return ""
	}
	return id
}

// shallow lists the commits whose parents are not in this repository.
func (r *Repo) shallow() (map[string]bool, error) {
	data, err := os.ReadFile(filepath.Join(r.common, "shallow"))
	if err != nil {
		return nil, ignore(err, os.ErrNotExist)
	}
	cut := map[string]bool{}
	for _, id := range strings.Fields(string(data)) {
		cut[id] = true
	}
	return cut, nil
}

// Dates are the committer dates of the newest commits of a first-parent history, newest first, and whether each is a merge. They are told until yield returns false.
func (r *Repo) Dates(ctx context.Context, commit string, yield func(commit string, date int64, merge bool) bool) error {
	walk, stop := context.WithCancel(ctx)
	defer stop()
	cmd, said := r.command(walk, call{args: []string{"rev-list", "--first-parent", "--timestamp", "--parents", commit, "--"}})
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		text, ids, _ := strings.Cut(lines.Text(), " ")
		id, parents, _ := strings.Cut(ids, " ")
		date, err := strconv.ParseInt(text, 10, 64)
		if err != nil || !yield(id, date, strings.Contains(parents, " ")) {
			stop()
			_ = cmd.Wait()
			return err
		}
	}
	return failure([]string{"rev-list"}, cmd.Wait(), said)
}

// Blobs reads files by their object ids, in order.
func (r *Repo) Blobs(ids ...string) ([][]byte, error) {
	data := make([][]byte, len(ids))
	err := r.EachBlob(ids, func(i int, blob []byte) { data[i] = bytes.Clone(blob) })
	return data, err
}

// EachBlob is as Blobs, for who looks at one file at a time: it is the caller's until each returns.
func (r *Repo) EachBlob(ids []string, each func(i int, blob []byte)) error {
	if len(ids) >= many {
		return r.bulk(ids, func(i int, o object) { each(i, o.data) })
	}
	got, err := r.objects(ids...)
	for i, o := range got {
		each(i, o.data)
	}
	return err
}

// Commit is what a commit says of itself.
type Commit struct {
	ID      string
	Parent  string // the first one, "" for none
	Author  string // name <email>
	Date    int64  // of the committer, Unix seconds
	Message string
}

// Subject is the first line of the message.
func (c Commit) Subject() string {
	subject, _, _ := strings.Cut(c.Message, "\n")
	return subject
}

// Trailer is the value of a trailer of the message, "" where it has none.
func (c Commit) Trailer(key string) string {
	for _, value := range c.Trailers(key) {
		return value
	}
	return ""
}

// Trailers are the values of every trailer of a key.
func (c Commit) Trailers(key string) (values []string) {
	for line := range strings.Lines(c.Message) {
		if value, ok := strings.CutPrefix(line, key+": "); ok {
			values = append(values, strings.TrimSpace(value))
		}
	}
	return values
}

// Commits reads commits by their ids.
func (r *Repo) Commits(ids ...string) ([]Commit, error) {
	got, err := r.objects(ids...)
	if err != nil {
		return nil, err
	}
	list := make([]Commit, len(got))
	for i, o := range got {
		if o.kind != "commit" {
			return nil, fmt.Errorf("there is no commit %s", ids[i])
		}
		head, message, _ := strings.Cut(string(o.data), "\n\n")
		list[i] = Commit{ID: o.id, Message: sanitise(message)}
		for line := range strings.Lines(head) {
			key, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
			if key == "parent" && list[i].Parent == "" {
				list[i].Parent = rest
			}
			who, ok := parseIdent(rest)
			if !ok {
				continue
			}
			switch key {
			case "author":
				list[i].Author = sanitise(who.name + " <" + who.email + ">")
			case "committer":
				seconds, _, _ := strings.Cut(who.date, " ")
				list[i].Date, _ = strconv.ParseInt(seconds, 10, 64)
			}
		}
	}
	return list, nil
}

// Resolve is the full id of a commit that a user named: an id, a branch, HEAD~2.
func (r *Repo) Resolve(ctx context.Context, rev string) (string, error) {
	if rev == "" || strings.HasPrefix(rev, "-") {
		return "", &Usage{Text: "revision " + quote(rev) + " is invalid: allowed what git takes for a commit"}
	}
	out, err := r.run(ctx, call{args: []string{"rev-parse", "--verify", "--quiet", "--end-of-options", rev + "^{commit}"}})
	if said := (*Error)(nil); errors.As(err, &said) {
		return "", &Usage{Text: "revision " + quote(rev) + " is no commit of this repository (is it fetched?)"}
	}
	return strings.TrimSpace(out), err
}

// Contains says whether commit is old, or has it in its history.
func (r *Repo) Contains(ctx context.Context, commit, old string) (bool, error) {
	_, err := r.run(ctx, call{args: []string{"merge-base", "--is-ancestor", old, commit}})
	if said := (*Error)(nil); errors.As(err, &said) && said.Code == 1 {
		return false, nil
	}
	return err == nil, err
}

// Missing are those of some commits that a revision does not have in its history. A whole id that is not in this repository has none of them: somebody may have
// forced the branch since it was told.
func (r *Repo) Missing(ctx context.Context, rev string, commits []string) (map[string]bool, error) {
	missing := map[string]bool{}
	id, err := r.Resolve(ctx, rev)
	if isHex(rev, r.config.hashLen()) && errors.As(err, new(*Usage)) {
		for _, c := range commits {
			missing[c] = true
		}
		return missing, nil
	}
	if err != nil || len(commits) == 0 {
		return missing, err
	}
	out, err := r.run(ctx, call{args: []string{"rev-list", "--stdin"}, stdin: strings.Join(append(commits, "^"+id), "\n") + "\n"})
	for line := range strings.Lines(out) {
		missing[strings.TrimSuffix(line, "\n")] = true // and so are those on the way to them
	}
	return missing, err
}

// MergeBase is the commit that two histories went apart at, "" where they have none in common.
func (r *Repo) MergeBase(ctx context.Context, a, b string) (string, error) {
	out, err := r.run(ctx, call{args: []string{"merge-base", a, b}})
	if said := (*Error)(nil); errors.As(err, &said) && said.Code == 1 {
		return "", nil
	}
	return strings.TrimSpace(out), err
}

// FirstParents lists the commits of a first-parent history, oldest first, that are not in the history of another commit.
func (r *Repo) FirstParents(ctx context.Context, from, to string) ([]string, error) {
	out, err := r.run(ctx, call{args: []string{"rev-list", "--first-parent", "--reverse", to, "^" + from, "--"}})
	return strings.Fields(out), err
}

// Changed lists the files that two commits do not have in common; "" is no commit.
func (r *Repo) Changed(ctx context.Context, from, to string) ([]string, error) {
	args := []string{"diff-tree", "-r", "-z", "--name-only", "--no-renames", from, to}
	if from == "" {
		args = []string{"ls-tree", "-r", "-z", "--name-only", "--full-tree", to}
	}
	out, err := r.run(ctx, call{args: args})
	return strings.FieldsFunc(out, func(c rune) bool { return c == 0 }), err
}
