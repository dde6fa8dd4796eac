package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// fleetSpec is the release of one app of a fleet: the seed's shape, eight weights, and enough replicas that a shift changes two objects.
const fleetSpec = `apiVersion: gitramp.dev/v1alpha1
kind: Canary
metadata:
  name: %[1]s
spec:
  image: argoproj/rollouts-demo:green
  stable: {image: argoproj/rollouts-demo:blue}
  port: 8080
  replicas: 10
  imagePullPolicy: Always
  route:
    host: %[1]s.example.com
    match: [{header: {name: X-Canary}}]
  steps:
  - setWeight: 5
  - setWeight: 10
  - setWeight: 20
  - setWeight: 30
  - setWeight: 50
  - setWeight: 70
  - setWeight: 90
  - setWeight: 100
`

// tuned is what keeps glibc from giving fast-import's memory back after every object.
var tuned = []string{"MALLOC_TOP_PAD_=67108864", "MALLOC_TRIM_THRESHOLD_=268435456", "MALLOC_MMAP_THRESHOLD_=268435456"}

// fleet measures the release of many apps, one commit for each step, against git fast-import of the stream that gitramp itself feeds it.
func (l *lab) fleet(apps int) (*fleetReport, error) {
	specs, err := l.fresh("specs")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(specs)
	if err := writeSpecs(specs, apps, fleetSpec); err != nil {
		return nil, err
	}
	bare, err := l.bare()
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(bare)
	if err := l.git(specs, "init -q"); err != nil {
		return nil, err
	}
	r := &fleetReport{Apps: apps}
	args := []string{"commit", "apps", "--repo"}
	if r.Alone, err = l.observe(specs, append(args, bare)...); err != nil {
		return nil, err
	}
	defer os.RemoveAll(filepath.Dir(r.Alone.stream))
	if r.Commits, err = l.count(bare, apps); err != nil {
		return nil, err
	}
	ours := func(bare string) (cost, error) { return measure(l.command(specs, l.gitramp, append(args, bare)...)) }
	theirs := func(bare string) (cost, error) { return l.fastImport(bare, r.Alone.stream) }
	if r.FastImport, r.Gitramp, r.Ratio, err = duel(l.runs, l.fleetRun(theirs), l.fleetRun(ours)); err != nil {
		return nil, err
	}
	if r.Gitramp.work != r.FastImport.work {
		return nil, fmt.Errorf("gitramp's tip is %s, fast-import's %s", r.Gitramp.work, r.FastImport.work)
	}
	return r, nil
}

// writeSpecs writes a spec of that form for each app, below apps/.
func writeSpecs(dir string, apps int, form string) error {
	for i := range apps {
		name := fmt.Sprintf("app-%05d", i)
		if err := write(filepath.Join(dir, "apps", name, "canary.yaml"), fmt.Sprintf(form, name)); err != nil {
			return err
		}
	}
	return nil
}

// bare makes an empty bare repository.
func (l *lab) bare() (string, error) {
	dir, err := l.fresh("bare")
	if err != nil {
		return "", err
	}
	return dir, l.git(dir, "init -q --bare")
}

// count makes sure that the fleet was released, and counts the commits.
func (l *lab) count(bare string, apps int) (int, error) {
	commits, err := l.output(bare, "git", "rev-list", "main")
	if err != nil {
		return 0, err
	}
	dirs, err := l.output(bare, "git", "ls-tree", "--name-only", "main:deploy")
	if err != nil {
		return 0, err
	}
	if n := len(strings.Fields(dirs)); n != apps {
		return 0, fmt.Errorf("gitramp committed %d apps", n)
	}
	return len(strings.Fields(commits)), nil
}

// fastImport reads a ready stream; the pipe that gitramp needs is spared.
func (l *lab) fastImport(bare, stream string) (cost, error) {
	f, err := os.Open(stream)
	if err != nil {
		return cost{}, err
	}
	defer f.Close()
	cmd := l.command(bare, "git", "fast-import", "--quiet", "--done", "--date-format=raw")
	cmd.Env = append(cmd.Env[:len(cmd.Env):len(cmd.Env)], tuned...)
	cmd.Stdin = f
	return measure(cmd)
}

// fleetRun is a contender that fills a bare repository with one branch. Its result is the id of the tip, which stands for all trees and messages.
func (l *lab) fleetRun(run func(bare string) (cost, error)) contender {
	return func() (c cost, tip string, err error) {
		bare, err := l.bare()
		if err != nil {
			return c, "", err
		}
		defer os.RemoveAll(bare)
		if c, err = run(bare); err != nil {
			return c, "", err
		}
		tip, err = l.output(bare, "git", "for-each-ref", "--format=%(objectname)")
		return c, tip, err
	}
}
