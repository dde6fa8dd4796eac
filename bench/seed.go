package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

const (
	seedSpec  = "../fixtures/seed/canary.yaml"
	seedTree  = "deploy/demo"
	manifests = seedTree + "/manifests.yaml"
)

// peerLoop is what people do today, for every step.
const peerLoop = `set -e
mkdir -p ` + seedTree + `
for overlay in overlays/*; do
	kustomize build "$overlay" >` + manifests + `
	git add ` + manifests + `
	git commit -q -m "demo: ${overlay#*/}"
done
`

// seed measures the seed's whole release against an overlay for each step that is built, added and committed.
func (l *lab) seed() (*seedReport, error) {
	spec, err := os.ReadFile(seedSpec)
	if err != nil {
		return nil, err
	}
	inputs, err := l.fresh("gitramp")
	if err != nil {
		return nil, err
	}
	if err := write(filepath.Join(inputs, "canary.yaml"), string(spec)); err != nil {
		return nil, err
	}
	r := &seedReport{}
	repo, err := l.repository(inputs)
	if err != nil {
		return nil, err
	}
	if r.Alone, err = l.observe(repo, "commit", "canary.yaml"); err != nil {
		return nil, err
	}
	p, err := l.newPeer(repo)
	if err != nil {
		return nil, err
	}
	r.Commits = len(p.steps)
	ours, theirs := l.seedRun(inputs, p.checkTip, l.gitramp, "commit", "canary.yaml"), l.seedRun(p.dir, p.check, "/bin/sh", "-c", peerLoop)
	if r.Gitramp, r.Kustomize, r.Ratio, err = duel(l.runs, ours, theirs); err != nil {
		return nil, err
	}
	r.Floor, err = l.floors()
	return r, err
}

// repository makes one whose only commit is the files of a directory, with main checked out.
func (l *lab) repository(inputs string) (string, error) {
	dir, err := l.fresh("repo")
	if err != nil {
		return "", err
	}
	if err := os.CopyFS(dir, os.DirFS(inputs)); err != nil {
		return "", err
	}
	return dir, l.git(dir, "init -q", "add .", "commit -q -m inputs")
}

// seedRun is a contender that writes the release into a repository with its inputs.
func (l *lab) seedRun(inputs string, check func(repo string) error, name string, args ...string) contender {
	return func() (c cost, tip string, err error) {
		repo, err := l.repository(inputs)
		if err != nil {
			return c, "", err
		}
		defer os.RemoveAll(repo)
		if c, err = measure(l.command(repo, name, args...)); err != nil {
			return c, "", err
		}
		if err = l.brought(repo); err != nil {
			return c, "", err
		}
		if tip, err = l.output(repo, "git", "rev-parse", "HEAD"); err != nil {
			return c, "", err
		}
		return c, tip, check(repo)
	}
}

// brought makes sure that index and work tree are at the tip.
func (l *lab) brought(repo string) error {
	dirty, err := l.output(repo, "git", "status", "--porcelain")
	if err == nil && dirty != "" {
		err = fmt.Errorf("the work tree is not at the tip:\n%s", dirty)
	}
	return err
}

// commits lists the commits of a repository after the first, oldest first.
func (l *lab) commits(repo string) ([]string, error) {
	out, err := l.output(repo, "git", "rev-list", "--reverse", "HEAD")
	if err != nil {
		return nil, err
	}
	return strings.Fields(out)[1:], nil
}

// floors measures what no contender can go below.
func (l *lab) floors() (f floor, err error) {
	run := func(name string, args ...string) contender {
		return func() (cost, string, error) {
			c, err := measure(l.command(l.dir, name, args...))
			return c, "", err
		}
	}
	a, b, _, err := duel(max(l.runs, 5), run(filepath.Join(l.bin, "noop")), run("git", "version"))
	return floor{Go: a.CPU, Git: b.CPU}, err
}
