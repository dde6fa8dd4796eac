package main

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// manySpec is an app that stands at a pause: its hold is met by a promotion, or never.
const manySpec = `apiVersion: gitramp.dev/v1alpha1
kind: Canary
metadata:
  name: %[1]s
spec:
  image: argoproj/rollouts-demo:green
  stable: {image: argoproj/rollouts-demo:blue}
  port: 8080
  replicas: 10
  route:
    host: %[1]s.example.com
    match: [{header: {name: X-Canary}}]
  steps:
  - setWeight: 10
  - setWeight: 20
  - pause: {duration: 1h}
  - setWeight: 50
`

// The clock of the benchmark: when the repository was made, while every app waits, and when every hold is over.
const (
	manyMade  = "2026-11-20T08:00:00Z"
	manyWaits = "2026-11-20T08:30:00Z"
	manyLater = "2026-11-20T12:00:00Z"
)

// many measures what looks at, and moves, many apps of one repository, against git reading the same files and history.
func (l *lab) many(apps int) (*manyReport, error) {
	repo, err := l.manyRepo(apps)
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(repo)
	r := &manyReport{Apps: apps}
	runs := []struct {
		what string
		args []string
	}{
		{"status", []string{"status", "--now", manyWaits}},
		{"advance, all wait", []string{"advance", "--now", manyWaits, "--exit-zero-on-wait"}},
		{"advance, all move", []string{"advance", "--now", manyLater}},
	}
	for _, run := range runs {
		one := manyRun{What: run.what}
		if one.Git, one.Gitramp, one.Ratio, err = duel(l.runs, l.manyRead(repo), l.manyVerb(repo, run.args)); err != nil {
			return nil, fmt.Errorf("%s: %w", run.what, err)
		}
		r.Runs = append(r.Runs, one)
	}
	return r, nil
}

// manyRepo makes a repository with all specs, and every app at its second weight.
func (l *lab) manyRepo(apps int) (string, error) {
	repo, err := l.fresh("many")
	if err != nil {
		return "", err
	}
	if err := writeSpecs(repo, apps, manySpec); err != nil {
		return "", err
	}
	if err := l.git(repo, "init -q", "add .", "commit -q -m specs"); err != nil {
		return "", err
	}
	if _, err := l.output(repo, l.gitramp, "commit", ".", "--date", manyMade); err != nil {
		return "", err
	}
	return repo, l.git(repo, "reset -q --hard HEAD~5", "tag start", "gc -q")
}

// manyVerb runs a verb and puts the repository back.
func (l *lab) manyVerb(repo string, args []string) contender {
	return func() (c cost, work string, err error) {
		if c, err = measure(l.command(repo, l.gitramp, args...)); err != nil {
			return c, "", err
		}
		if work, err = l.output(repo, "git", "rev-list", "--count", "start..HEAD"); err != nil {
			return c, "", err
		}
		return c, work + " commits", l.git(repo, "reset -q --hard start")
	}
}

// manyRead is what git itself needs to list the tree, to read the files of all apps, and to tell the history of their locks.
func (l *lab) manyRead(repo string) contender {
	return func() (c cost, work string, err error) {
		list := l.command(repo, "git", "ls-tree", "-r", "-z", "HEAD")
		var names strings.Builder
		list.Stdout = &names
		if c, err = measure(list); err != nil {
			return c, "", err
		}
		var ids strings.Builder
		for line := range strings.SplitSeq(names.String(), "\x00") {
			if f := strings.Fields(line); len(f) == 4 {
				ids.WriteString(f[2] + "\n")
			}
		}
		cat := l.command(repo, "git", "cat-file", "--batch", "--buffer")
		cat.Stdin = strings.NewReader(ids.String())
		log := l.command(repo, "git", "log", "--first-parent", "-m", "--raw", "--no-abbrev", "--no-renames", "-z", "--format=%H", "-n", "1", "--", ":(glob)**/gitramp.lock")
		for _, cmd := range []*exec.Cmd{cat, log} {
			more, err := measure(cmd)
			if err != nil {
				return c, "", err
			}
			c = cost{c.cpu + more.cpu, max(c.peak, more.peak)}
		}
		return c, fmt.Sprint(strings.Count(ids.String(), "\n"), " files"), nil
	}
}
