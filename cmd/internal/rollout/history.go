package rollout

import (
	"context"
	"path"
	"slices"
	"strings"

	"github.com/gitramp/gitramp/cmd/internal/git"
	"github.com/gitramp/gitramp/cmd/internal/message"
	"github.com/gitramp/gitramp/render"
)

// Past is what the branch's first-parent history says of one output path.
type Past struct {
	Name, Dir string
	Records   []render.Record // oldest first
	Authors   map[string]string
	Cut       bool // the history is shallow: what was before the first record is not here
	Unread    int  // locks that are none of this format, or were edited
}

// Pasts tells the history of every app that the arguments name, also of those that are removed by now. No argument means all of them.
func (v *View) Pasts(ctx context.Context, args []string) ([]*Past, error) {
	byDir := map[string]*Past{}
	var order []string
	only, err := v.single(ctx, args)
	if err != nil {
		return nil, err
	}
	err = v.repo.History(ctx, v.Tip, path.Join(only, render.LockFile), func(e git.Entry) (bool, error) {
		for _, ch := range e.Changes {
			dir := path.Dir(ch.Path)
			p := byDir[dir]
			if p == nil {
				p = &Past{Dir: dir, Authors: map[string]string{}}
				byDir[dir], order = p, append(order, dir)
			}
			if err := v.record(p, e, ch); err != nil {
				return false, err
			}
		}
		return true, nil
	})
	if err != nil {
		return nil, err
	}
	slices.Sort(order)
	var list []*Past
	for _, dir := range order {
		p := byDir[dir]
		p.inOrder()
		if len(args) == 0 || slices.ContainsFunc(args, func(arg string) bool { return v.means(arg, p) }) {
			list = append(list, p)
		}
	}
	return list, nil
}

// single is the output path of the one app that is meant, which spares a walk for all of them; "" where that is not known.
func (v *View) single(ctx context.Context, args []string) (string, error) {
	if len(args) != 1 {
		return "", nil
	}
	locks, err := v.locks(ctx)
	if err != nil {
		return "", err
	}
	rel, ok := v.inside(args[0])
	for _, l := range locks {
		if l.name == args[0] || ok && (l.dir == rel || l.spec == rel) {
			return l.dir, nil
		}
	}
	return "", nil
}

// means says whether an argument names an app of the past: by name, spec, output path, or a directory around either.
func (v *View) means(arg string, p *Past) bool {
	rel, ok := v.inside(arg)
	if arg == p.Name || arg == bare(p.Name) || ok && under(p.Dir, rel) {
		return true
	}
	return ok && slices.ContainsFunc(p.Records, func(r render.Record) bool { return r.Lock != nil && under(r.Lock.Spec, rel) })
}

// record adds what one commit did to a lock. History tells the newest first.
func (v *View) record(p *Past, e git.Entry, ch git.FileChange) error {
	r := render.Record{Commit: e.Commit, Date: e.Date}
	p.Cut = p.Cut || e.Cut
	list, err := v.repo.Commits(e.Commit)
	if err != nil {
		return err
	}
	c := list[0]
	p.Authors[e.Commit] = c.Author
	if name := c.Trailer(message.TrailerApp); name == p.Name || p.Name == "" {
		r.Action, r.Reason = c.Trailer(message.TrailerAction), c.Trailer(message.TrailerReason)
	}
	if ch.New != "" {
		data, err := v.repo.Blobs(ch.New)
		if err != nil {
			return err
		}
		l, err := render.ReadLock(ch.Path, data[0])
		if err != nil {
			p.Unread++
			return nil
		}
		if r.Lock = &l; p.Name == "" {
			p.Name = fullName(l.Namespace, l.App)
		}
		r.Unsafe = unsafe(c, p.Name)
	}
	p.Records = append(p.Records, r)
	return nil
}

// unsafe is why a commit does something of an app that was not proven safe. In one of several apps the reason has the app's name before it.
func unsafe(c git.Commit, app string) string {
	alone := c.Trailer(message.TrailerAction) != "" && c.Trailer(message.TrailerApp) == app
	for _, text := range c.Trailers(message.TrailerUnsafe) {
		reason, named := strings.CutPrefix(text, app+": ")
		if alone || named {
			return reason
		}
	}
	return ""
}

// inOrder turns the records round and mends dates: none is earlier than that of an older record.
func (p *Past) inOrder() {
	slices.Reverse(p.Records)
	for i := 1; i < len(p.Records); i++ {
		p.Records[i].Date = max(p.Records[i].Date, p.Records[i-1].Date)
	}
	if p.Name == "" {
		p.Name = strings.TrimPrefix(p.Dir, "deploy/")
	}
}
