package git

import (
	"context"
	"io/fs"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Oldest is the oldest git that will do: `git restore --pathspec-from-file` came with it.
const Oldest = "2.25"

// Version is that of the git on the PATH, such as 2.39.5.
func Version(ctx context.Context) (string, error) {
	bin, err := exec.LookPath("git")
	if err != nil {
		return "", err
	}
	r := &Repo{git: bin, env: clean(os.Environ()), dir: os.TempDir(), ctx: ctx, patience: time.Second}
	out, err := r.run(ctx, call{args: []string{"version"}})
	if err != nil {
		return "", err
	}
	fields := strings.Fields(out) // git version 2.39.5 (Apple Git-154)
	if len(fields) < 3 {
		return "", &Usage{Text: "git says that its version is " + quote(out)}
	}
	return fields[2], nil
}

// IsOld says whether a version is older than Oldest.
func IsOld(version string) bool {
	var number [2]int
	for i, part := range strings.SplitN(version, ".", 3)[:min(2, strings.Count(version, ".")+1)] {
		number[i], _ = strconv.Atoi(part)
	}
	return number[0] < 2 || number[0] == 2 && number[1] < 25
}

// Health is what a writing verb would meet in a repository.
type Health struct {
	Who        string // author of the commits
	WhoErr     error
	Branch     string // checked out; "" for a detached HEAD
	Upstream   string // what it tracks, "" for nothing
	Unfinished bool   // a run was killed, and the next writing verb finishes its work
	Signer     string // the program that signs, "" where commits are not signed
	SignerErr  error
}

// Health looks, and changes nothing.
func (r *Repo) Health(ctx context.Context) Health {
	var h Health
	who, err := r.ident(ctx, "AUTHOR", time.Time{})
	if h.WhoErr = err; err == nil {
		h.Who = who.name + " <" + who.email + ">"
	}
	if b, err := r.Branch(ctx, ""); err == nil {
		h.Branch, h.Upstream = b.Name, b.Upstream
	}
	left, err := os.ReadDir(r.state("."))
	h.Unfinished = err == nil && slices.ContainsFunc(left, func(d fs.DirEntry) bool { return d.Name() != "lock" })
	if r.config.flag("commit.gpgsign") {
		h.Signer = map[string]string{"ssh": "ssh-keygen", "x509": "gpgsm"}[r.config["gpg.format"]]
		if h.Signer == "" {
			h.Signer = "gpg"
		}
		for _, key := range []string{"gpg.program", "gpg." + r.config["gpg.format"] + ".program"} {
			if r.config.has(key) {
				h.Signer = r.config[key]
			}
		}
		_, h.SignerErr = exec.LookPath(h.Signer)
	}
	return h
}
