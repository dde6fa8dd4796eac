package rollout

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/gitramp/gitramp/cmd/internal/app"
	"github.com/gitramp/gitramp/cmd/internal/git"
	"github.com/gitramp/gitramp/render"
)

// pair is an app at two commits.
type pair struct {
	dir           string
	before, after readState
	specs         []*app.App // what the transition may have gone by, loaded with the state before it
}

// VerifyCommit says whether what one commit did to an output path is exactly one legal transition, or none.
func (v *View) VerifyCommit(ctx context.Context, from, to, dir string, spec *app.App) (*Verified, error) {
	r := &Verified{App: dir, Dir: dir, Commit: to}
	p, err := v.pair(ctx, from, to, dir, spec, r)
	if err != nil || p == nil {
		return r, err
	}
	l := p.after.Lock
	if l != nil {
		r.Step = l.Step.Name
	}
	closest, t, ok := p.transition()
	r.Transition = t
	if ok {
		return r, nil
	}
	held, err := v.held(ctx, from, p)
	switch {
	case err != nil:
		return r, err
	case held != "" && !p.same():
		return r, v.reverted(ctx, held, p, r)
	case closest != nil:
		for _, ch := range render.Changes(closest, p.after.Tree) {
			r.edits(ch, "")
		}
	default:
		p.illegal(r)
	}
	return r, nil
}

// reverted says that somebody took commits back, and what beside that was edited.
func (v *View) reverted(ctx context.Context, held string, p *pair, r *Verified) error {
	r.find("", "goes back from %s to %s, as %.10s left it: somebody took commits back", stands(p.before.Lock), stands(p.after.Lock), held)
	var then readState
	if _, _, err := v.stateAt(ctx, held, p.dir, &then); err != nil {
		return err
	}
	for _, ch := range render.Changes(then.Tree, p.after.Tree) {
		r.edits(ch, "")
	}
	return nil
}

// pair reads both states; nil where that says it all.
func (v *View) pair(ctx context.Context, from, to, dir string, spec *app.App, r *Verified) (*pair, error) {
	p := &pair{dir: dir}
	was, files, err := v.stateAt(ctx, from, dir, &p.before)
	if err != nil {
		return nil, err
	}
	is, _, err := v.stateAt(ctx, to, dir, &p.after)
	switch {
	case err != nil:
		return nil, err
	case p.after.Unread != nil:
		r.find("", "%s", strings.TrimPrefix(p.after.Unread.Error(), dir+"/"))
		return nil, nil
	case p.before.Unread != nil:
		r.note("what was before cannot be read, so what this commit did cannot be checked")
		return nil, nil
	}
	l := p.after.Lock
	if l == nil {
		l = p.before.Lock
	}
	if l == nil {
		return nil, nil // no app of ours
	}
	r.App = fullName(l.Namespace, l.App)
	for _, at := range []*git.Reader{is, was} {
		data, err := at.File(l.Spec)
		if err != nil || data == nil {
			continue
		}
		if a, err := setAt(at).ParseText(l.Spec, v.repo.Root(), l.Spec, data); err == nil {
			p.specs = append(p.specs, a)
		}
	}
	if spec != nil { // that lies in another repository, or is not committed
		p.specs = append(p.specs, spec)
	}
	p.specs = slices.DeleteFunc(p.specs, func(a *app.App) bool { return a.Load(dir, files) != nil })
	return p, nil
}

// setAt is for a spec as it was at a commit, and its base as that was: what lies on disk is of another time.
func setAt(at *git.Reader) *app.Set {
	set := app.NewSet()
	set.Committed, set.CommittedAlone = func(string) fs.FS { return at.FS() }, true
	return set
}

// readState is a state, or why there is none.
type readState struct {
	render.State
	Unread error
}

// stateAt reads an output path at a commit.
func (v *View) stateAt(ctx context.Context, commit, dir string, s *readState) (*git.Reader, map[string][]byte, error) {
	reader, err := v.repo.Reader(ctx, commit)
	if err != nil {
		return nil, nil, err
	}
	files, err := reader.Dir(dir)
	if err == nil {
		s.State, s.Unread = render.ReadState(dir, files)
	}
	return reader, files, err
}

// illegal says what is wrong with a move that no single transition makes.
func (p *pair) illegal(r *Verified) {
	now, was := stands(p.after.Lock), stands(p.before.Lock)
	switch {
	case p.after.Lock == nil:
		r.find("", "was removed at %s, and not by gitramp delete", was)
	case len(p.specs) == 0:
		r.find("", "from %s to %s cannot be checked without its spec %s: name the spec", was, now, p.after.Lock.Spec)
	default:
		r.find("", "from %s to %s is no single transition: %s", was, now, p.allowed())
	}
}

// Reverted says whether a finding is that a person took commits back, which is legal in a history and is not what a pull request should do.
func (f Finding) Reverted() bool { return strings.HasSuffix(f.Problem, "somebody took commits back") }

// held is the newest commit at which the branch held the tree before, "" for none.
func (v *View) held(ctx context.Context, from string, p *pair) (commit string, err error) {
	lock := path.Join(p.dir, render.LockFile)
	err = v.repo.History(ctx, from, lock, func(e git.Entry) (bool, error) {
		for _, ch := range e.Changes {
			if ch.Path != lock || (ch.New == "") != (p.after.Lock == nil) {
				continue
			}
			place, err := v.place(ch.New)
			if err != nil {
				return false, err
			}
			if p.after.Lock == nil || place != nil && place.Self == p.after.Lock.Self {
				commit = e.Commit
			}
		}
		return commit == "", nil
	})
	return commit, err
}

func stands(l *render.Lock) string {
	switch {
	case l == nil:
		return "nothing"
	case l.Phase.GoesBack():
		return string(l.Phase)
	}
	return fmt.Sprintf("%02d-%s", l.Step.Index, l.Step.Name)
}

// settled is evidence by which every hold is met.
var settled = render.Evidence{Now: 1 << 40, Promoted: true}

// allowed says what could have come next.
func (p *pair) allowed() string {
	if p.before.Lock == nil {
		return "allowed is the tree that gitramp install writes"
	}
	if len(p.specs) == 0 {
		return "allowed is a way back"
	}
	d, err := p.specs[0].Next(settled)
	switch {
	case err != nil:
		return "by the spec nothing can come next: " + err.Error()
	case d.Refused != "":
		return "by the spec nothing can come next: " + d.Refused
	case d.Waiting != "":
		return "by the spec nothing comes next: " + d.Waiting
	case d.Transition == "":
		return "by the spec nothing comes next"
	}
	name := string(d.Transition)
	if d.Step.Name != "" && d.Step.Name != name {
		name += " to " + d.Step.ID()
	}
	return "allowed is " + name + ", or a way back"
}

// transition finds the one that leads from before to after. Where there is none, closest is the tree that was meant, if one is alike but for edited files.
func (p *pair) transition() (closest render.Tree, t render.Transition, ok bool) {
	fewest := 0
	try := func(d Decision, turn func(Decision) (render.Tree, *render.Lock, error)) bool {
		if d.Transition == "" || ok {
			return ok
		}
		tree, lock, err := turn(d)
		if err != nil {
			return false
		}
		changes := len(render.Changes(tree, p.after.Tree))
		if ok = changes == 0; ok {
			t = d.Transition
		} else if l := p.after.Lock; l != nil && lock != nil && (closest == nil || changes < fewest) && stands(l) == stands(lock) && l.Attempt == lock.Attempt && len(l.Files) == len(lock.Files) {
			closest, fewest = tree, changes
		}
		return ok
	}
	if p.before.Lock == nil {
		for _, a := range p.specs {
			install := Decision{Transition: render.Install}
			if a.Compile() == nil && try(install, func(Decision) (render.Tree, *render.Lock, error) { return a.First() }) {
				break
			}
		}
		return closest, t, ok
	}
	if p.same() {
		return p.before.Tree, "", len(p.after.Drift) == 0
	}
	for _, a := range p.specs {
		for _, ev := range p.evidences() {
			if d, err := a.Next(ev); err == nil && try(d, a.Turn) {
				return nil, t, true
			}
		}
	}
	s := p.before.State
	back := settled
	back.WentBack, back.Attempts = true, max(p.attempt()-1, 0)
	for _, d := range []Decision{s.Abort(), s.AbortAtOnce(), s.Pause(), s.Resume(settled), s.Resume(back), s.PromoteFull(settled), s.PromoteFull(back), p.remove(), s.Finish("", settled), s.Finish(s.Lock.Stable.Revision, settled)} {
		if try(d, s.Turn) {
			return nil, t, true
		}
	}
	return closest, "", false
}

// remove is what gitramp delete decides; how long its route's removal settles is in the tree that it led to.
func (p *pair) remove() Decision {
	ev := settled
	if l := p.after.Lock; l != nil {
		ev.Settle = l.Hold.Settle
	}
	return p.before.Remove(ev)
}

// same says whether the lock did not move: then no file may have been edited, though one may have been mended.
func (p *pair) same() bool {
	a, _ := p.before.Tree.Get(render.LockFile)
	b, _ := p.after.Tree.Get(render.LockFile)
	return bytes.Equal(a, b)
}

func (p *pair) attempt() int {
	if p.after.Lock == nil {
		return 0
	}
	return p.after.Lock.Attempt
}

// evidences are all that may have stood behind a transition: a promotion of either kind, a retry, other steps, an end to what a revert means.
func (p *pair) evidences() (list []render.Evidence) {
	for i := range 16 {
		ev := settled
		ev.Full, ev.Retried, ev.Replan = i&1 != 0, i&2 != 0, i&4 != 0
		if i&8 != 0 && p.after.Lock != nil && p.after.Lock.Canary != nil {
			ev.WentBack, ev.BackFrom, ev.Attempts = true, p.after.Lock.Canary.Revision, max(p.attempt()-1, 0)
		}
		list = append(list, ev)
	}
	return list
}
