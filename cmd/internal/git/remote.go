package git

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
)

// Unreachable says that a remote did not answer, or did not let us in. Exit code 7.
type Unreachable struct {
	Text string
	Err  error
}

func (e *Unreachable) Error() string { return join(e.Text, e.Err) }
func (e *Unreachable) Unwrap() error { return e.Err }

// Raced says that somebody moved the branch since it was read. Exit code 5, unless the caller reads it again.
type Raced struct {
	Branch string
	Text   string
}

func (e *Raced) Error() string { return e.Text }

// netTimeout bounds one fetch or push.
const netTimeout = 2 * time.Minute

// Remote is a branch of a remote.
type Remote struct {
	Name   string // of the remote: origin
	Branch string // of that repository
}

func (m Remote) String() string { return m.Name + "/" + m.Branch }

// tracking is the ref that git itself keeps of it: a push brings it along.
func (m Remote) tracking() string { return "refs/remotes/" + m.Name + "/" + m.Branch }

// Upstream is where a branch is pushed to: what it tracks, else its namesake at origin, or at the only remote.
func (r *Repo) Upstream(branch string) (Remote, error) {
	name, merge := r.config["branch."+branch+".remote"], strings.TrimPrefix(r.config["branch."+branch+".merge"], "refs/heads/")
	if name == "." {
		return Remote{}, &Usage{Text: "branch " + quote(branch) + " tracks a branch of this repository: nothing to push to"}
	}
	if name == "" || merge == "" {
		name, merge = r.config.remote(), branch
	}
	if !r.config.has("remote." + name + ".url") {
		return Remote{}, &Usage{Text: "there is no remote " + quote(name) + " to push branch " + quote(branch) + " to"}
	}
	return Remote{name, merge}, nil
}

// Fetch brings the remote's branch here and returns its tip, "" where the remote does not have it. It writes no ref: any number of runs may fetch at once, and one
// that is killed leaves no lock of a ref behind, which nobody could tell from a living git's.
func (r *Repo) Fetch(ctx context.Context, m Remote) (string, error) {
	limited, stop := context.WithTimeout(ctx, netTimeout)
	defer stop()
	for {
		tip, err := r.ask(limited, m)
		if err != nil || tip == "" {
			return "", err
		}
		got, err := r.objects(tip)
		if err != nil || got[0].kind != "" {
			return tip, err
		}
		_, err = r.run(limited, call{net: true, flags: []string{"gc.auto=0", "maintenance.auto=false"}, args: []string{"fetch", "--quiet", "--no-tags",
			"--no-recurse-submodules", "--no-write-fetch-head", "--refmap=", m.Name, "refs/heads/" + m.Branch}})
		if err != nil {
			return "", r.network(limited, "fetching "+m.String(), err)
		}
		if got, err = r.objects(tip); err != nil || got[0].kind != "" {
			return tip, err
		} // else it was forced elsewhere meanwhile
	}
}

// ask finds out where the remote's branch is.
func (r *Repo) ask(ctx context.Context, m Remote) (string, error) {
	ref := "refs/heads/" + m.Branch
	out, err := r.run(ctx, call{net: true, args: []string{"ls-remote", "--quiet", m.Name, ref}})
	if err != nil {
		return "", r.network(ctx, "asking "+m.String(), err)
	}
	for line := range strings.Lines(out) {
		if id, name, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t"); name == ref && isHex(id, r.config.hashLen()) {
			return id, nil
		}
	}
	return "", nil
}

// user is the user part of a URL, which may hold a token. Whoever put an @ into a password has not always written it as %40.
var user = regexp.MustCompile(`(://)[^/\s]*@`)

// WithoutUsers is a text without the user part of the URLs in it.
func WithoutUsers(text string) string { return user.ReplaceAllString(text, "$1") }

func (r *Repo) network(ctx context.Context, what string, err error) error {
	var said *Error
	switch {
	case ctx.Err() != nil:
		return &Unreachable{Text: what + ": no answer within " + netTimeout.String()}
	case errors.As(err, &said):
		return &Unreachable{Text: what, Err: &Error{Args: said.Args, Code: said.Code, Stderr: WithoutUsers(said.Stderr)}}
	}
	return err
}

// push moves the remote's branch from old to commit and nowhere else; old "" is that it does not exist.
func (r *Repo) push(ctx context.Context, m Remote, old, commit string) error {
	limited, stop := context.WithTimeout(ctx, netTimeout)
	defer stop()
	ref := "refs/heads/" + m.Branch
	out, err := r.run(limited, call{net: true, hooks: true, args: []string{"push", "--porcelain", "--no-follow-tags", "--recurse-submodules=no",
		"--force-with-lease=" + ref + ":" + old, m.Name, commit + ":" + ref}, locks: []string{r.refLock(m.tracking())}})
	step("pushed")
	if err == nil {
		return nil
	}
	var said *Error
	if !errors.As(err, &said) {
		return err
	}
	said.Stderr = WithoutUsers(said.Stderr)
	line := ""
	for l := range strings.Lines(out) {
		if strings.HasPrefix(l, "!\t") {
			line = strings.TrimSpace(l[strings.LastIndex(l, "\t")+1:])
		}
	}
	lost := func() error {
		return &Raced{m.String(), fmt.Sprintf("%s was moved while this run was at work", m)}
	}
	if line == "" && limited.Err() == nil && strings.Contains(said.Stderr, "pre-push hook") {
		return &Refusal{Text: "the pre-push hook refused", Err: said}
	}
	// Whatever the answer was, or whether there was one: where the branch is tells.
	now, fetchErr := r.Fetch(ctx, m)
	switch {
	case fetchErr != nil && line == "":
		return r.network(limited, "pushing to "+m.String(), said)
	case fetchErr != nil:
		return fetchErr
	case now == commit:
		return nil // it arrived, only the answer got lost
	case now != old:
		return lost()
	case line == "":
		if hook := strings.TrimSpace(out); hook != "" || said.Code == 1 {
			return &Refusal{Text: "the push to " + m.String() + " was refused", Err: said}
		}
		return r.network(limited, "pushing to "+m.String(), said)
	case strings.HasPrefix(line, "[rejected]"):
		return lost() // somebody was faster, and was taken back since
	case strings.Contains(line, "cannot lock ref"), strings.Contains(line, "failed to update ref"): // somebody is at it, or left a lock there
		return &Raced{m.String(), join(fmt.Sprintf("%s could not be moved", m), said)}
	}
	return &Refusal{Text: fmt.Sprintf("%s refused the push: %s", m, line), Err: said}
}
