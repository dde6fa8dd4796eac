package git

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// ident is an author or committer, as git writes it into a commit.
type ident struct{ name, email, date string } // date: seconds and zone

func (i ident) String() string { return i.name + " <" + i.email + "> " + i.date }

// env names the ident to a git child; role is AUTHOR or COMMITTER.
func (i ident) env(role string) []string {
	return []string{"GIT_" + role + "_NAME=" + i.name, "GIT_" + role + "_EMAIL=" + i.email, "GIT_" + role + "_DATE=@" + i.date}
}

// ident finds out who the user is, as `git commit` would, and refuses as it would.
func (r *Repo) ident(ctx context.Context, role string, date time.Time) (ident, error) {
	key := "GIT_" + role + "_IDENT"
	id, ok := parseIdent(r.config[key])
	if !ok || !r.evident(role, "NAME") || !r.evident(role, "EMAIL") {
		// Where somebody has to guess, let git do it strictly.
		out, err := r.run(ctx, call{args: []string{"var", key}})
		if err != nil {
			return id, &Refusal{Text: "git does not know who you are (set user.name and user.email)", Err: err}
		}
		if id, ok = parseIdent(strings.TrimSuffix(out, "\n")); !ok {
			return id, &Refusal{Text: "git says that you are " + quote(out)}
		}
	}
	switch {
	case !date.IsZero() && date.Unix() < 0:
		return id, &Usage{Text: "a commit cannot be dated before 1970"}
	case !date.IsZero():
		id.date = fmt.Sprintf("%d +0000", date.Unix())
	case r.getenv("GIT_"+role+"_DATE") == "":
		now := time.Now()
		id.date = fmt.Sprintf("%d %s", now.Unix(), now.Format("-0700"))
	}
	return id, nil
}

// evident says that a name or email is set, so that git need not make one up.
func (r *Repo) evident(role, what string) bool {
	key := strings.ToLower(what)
	return r.getenv("GIT_"+role+"_"+what) != "" || r.config.has(strings.ToLower(role)+"."+key) || r.config.has("user."+key)
}

func parseIdent(line string) (ident, bool) {
	at := strings.LastIndex(line, "> ")
	if at < 0 {
		return ident{}, false
	}
	name, email, ok := strings.Cut(line[:at], " <")
	return ident{name: name, email: email, date: line[at+2:]}, ok && name != ""
}
