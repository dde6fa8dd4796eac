package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// peer is a kustomize base for each set of objects that comes and goes, and an overlay for each step that patches what the step is about.
type peer struct {
	lab   *lab
	dir   string
	tip   string
	steps []peerStep
}

// peerStep is a step as gitramp committed it, and what kustomize builds of its overlay.
type peerStep struct {
	dir   string
	built string
}

// part is objects that come and go together; files holds them as they first came.
type part struct {
	name, first string // first: the file that says whether a step has the part
	files       map[string]string
}

// newPeer makes the overlays of the release that gitramp wrote into a repository, and makes sure that they build the same objects.
func (l *lab) newPeer(repo string) (*peer, error) {
	dir, err := l.fresh("kustomize")
	if err != nil {
		return nil, err
	}
	p := &peer{lab: l, dir: dir}
	if p.tip, err = l.output(repo, "git", "rev-parse", "HEAD"); err != nil {
		return nil, err
	}
	commits, err := l.commits(repo)
	if err != nil {
		return nil, err
	}
	if len(commits) == 0 {
		return nil, errors.New("gitramp committed nothing")
	}
	parts := []*part{{name: "prod", first: "prod-deployment.yaml"}, {name: "canary", first: "canary-deployment.yaml"}, {name: "route", first: "canary-ingress.yaml"}}
	for i, id := range commits {
		out, err := l.fresh("step")
		if err != nil {
			return nil, err
		}
		if err := l.git(repo, "--work-tree="+out+" restore --source="+id+" --worktree -- "+seedTree); err != nil {
			return nil, err
		}
		s := peerStep{dir: filepath.Join(out, seedTree)}
		if err := p.overlay(filepath.Join(dir, "overlays", fmt.Sprintf("%02d", i)), s, parts); err != nil {
			return nil, err
		}
		p.steps = append(p.steps, s)
	}
	return p, p.same()
}

// overlay writes the overlay of a step, and the bases that it is the first to need.
func (p *peer) overlay(dir string, s peerStep, parts []*part) error {
	text := "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n"
	patches := ""
	for _, part := range parts {
		if _, err := os.Stat(filepath.Join(s.dir, part.first)); errors.Is(err, os.ErrNotExist) {
			continue
		}
		if part.files == nil {
			if err := part.create(p.dir, s.dir); err != nil {
				return err
			}
		}
		text += "- ../../bases/" + part.name + "\n"
		for _, name := range part.names() {
			data, err := os.ReadFile(filepath.Join(s.dir, name))
			if err != nil {
				return err
			}
			if string(data) != part.files[name] {
				patches += patch(part.files[name], string(data))
			}
		}
	}
	if patches != "" {
		text += "patches:\n" + patches
	}
	return write(filepath.Join(dir, "kustomization.yaml"), text)
}

// create writes the base of a part from the first step that has it.
func (part *part) create(dir, step string) error {
	part.files = map[string]string{}
	prefix, _, _ := strings.Cut(part.first, "-")
	for _, kind := range []string{"service", "deployment", "ingress"} {
		name := prefix + "-" + kind + ".yaml"
		if data, err := os.ReadFile(filepath.Join(step, name)); err == nil && (prefix == "prod" || (kind == "ingress") == (part.name == "route")) {
			part.files[name] = string(data)
		}
	}
	text := "resources:\n- " + strings.Join(part.names(), "\n- ") + "\n"
	for name, data := range part.files {
		if err := write(filepath.Join(dir, "bases", part.name, name), data); err != nil {
			return err
		}
	}
	return write(filepath.Join(dir, "bases", part.name, "kustomization.yaml"), text)
}

func (part *part) names() []string {
	var names []string
	for name := range part.files {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

var (
	nginx   = regexp.MustCompile(`(?m)^    (nginx\.ingress\.kubernetes\.io/canary[\w-]*): (.*)$`)
	scalars = map[string]*regexp.Regexp{
		"apiVersion": regexp.MustCompile(`(?m)^apiVersion: (.*)$`),
		"kind":       regexp.MustCompile(`(?m)^kind: (.*)$`),
		"name":       regexp.MustCompile(`(?m)^  name: (.*)$`),
		"replicas":   regexp.MustCompile(`(?m)^  replicas: (.*)$`),
		"container":  regexp.MustCompile(`(?m)^      - name: (.*)$`),
		"image":      regexp.MustCompile(`(?m)^        image: (.*)$`),
	}
)

func scalar(name, text string) string {
	if m := scalars[name].FindStringSubmatch(text); m != nil {
		return m[1]
	}
	return ""
}

// patch is the strategic merge patch that a person would write to make the one file of the other: weight and matches, or replicas and image.
func patch(from, to string) string {
	lines := []string{"apiVersion: " + scalar("apiVersion", to), "kind: " + scalar("kind", to), "metadata:", "  name: " + scalar("name", to)}
	if scalar("kind", to) == "Deployment" {
		lines = append(lines, "spec:", "  replicas: "+scalar("replicas", to), "  template:", "    spec:", "      containers:",
			"      - name: "+scalar("container", to), "        image: "+scalar("image", to))
	} else {
		lines = append(lines, "  annotations:")
		after := map[string]bool{}
		for _, m := range nginx.FindAllStringSubmatch(to, -1) {
			lines = append(lines, "    "+m[1]+": "+m[2])
			after[m[1]] = true
		}
		for _, m := range nginx.FindAllStringSubmatch(from, -1) {
			if !after[m[1]] {
				lines = append(lines, "    "+m[1]+": null")
			}
		}
	}
	return "- patch: |-\n    " + strings.Join(lines, "\n    ") + "\n"
}

// same builds gitramp's directory and the overlay of each step. What kustomize prints has sorted keys, one style and no comments, so the same objects are the
// same text, whatever the order of the documents.
func (p *peer) same() error {
	for i := range p.steps {
		s := &p.steps[i]
		want, err := p.lab.output(s.dir, filepath.Join(p.lab.bin, "kustomize"), "build", ".")
		if err != nil {
			return err
		}
		if s.built, err = p.lab.output(p.dir, filepath.Join(p.lab.bin, "kustomize"), "build", fmt.Sprintf("overlays/%02d", i)); err != nil {
			return err
		}
		if !slices.Equal(documents(want), documents(s.built)) {
			return fmt.Errorf("step %d: the overlay builds other objects than gitramp committed:\n%s\n--- gitramp:\n%s", i, s.built, want)
		}
	}
	return nil
}

func documents(text string) []string {
	docs := strings.Split(text+"\n", "---\n")
	slices.Sort(docs)
	return docs
}

// checkTip makes sure that a run of gitramp gave the commits that the overlays were made from.
func (p *peer) checkTip(repo string) error {
	tip, err := p.lab.output(repo, "git", "rev-parse", "HEAD")
	if err == nil && tip != p.tip {
		err = fmt.Errorf("gitramp's tip is %s: it was %s", tip, p.tip)
	}
	return err
}

// check makes sure that a run of the loop gave one commit for each step, with that step's objects.
func (p *peer) check(repo string) error {
	commits, err := p.lab.commits(repo)
	if err != nil {
		return err
	}
	if len(commits) != len(p.steps) {
		return fmt.Errorf("kustomize and git made %d commits: %d are due", len(commits), len(p.steps))
	}
	for i, id := range commits {
		got, err := p.lab.output(repo, "git", "show", id+":"+manifests)
		if err != nil {
			return err
		}
		if got != p.steps[i].built {
			return fmt.Errorf("commit %d does not hold what its overlay builds", i)
		}
	}
	return nil
}
