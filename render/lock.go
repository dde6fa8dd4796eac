package render

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strconv"

	"go.yaml.in/yaml/v3"

	"github.com/gitramp/gitramp/render/internal/node"
)

const lockFormat = 1

const lockHeader = "# Written by gitramp: the step that this directory holds. Not to be edited: \"gitramp render --check\" finds any change.\n"

// Lock says which step a directory holds. It has no clock and no tool version in it: the same step always has the same lock.
type Lock struct {
	Format    int        `json:"format" required:"true" min:"1" max:"1"`
	App       string     `json:"app" required:"true" format:"dns1035label"`
	Namespace string     `json:"namespace,omitempty" format:"dns1123label"`
	Spec      string     `json:"spec" required:"true"` // path of the spec in the repository that holds it; another spec on the directory is an error
	Phase     Transition `json:"phase" required:"true" enum:"idle,prepare,shift,scale,shrink,header,full,promote,restore,cleanup,grow,un-promote,abort,delete"`
	Step      LockStep   `json:"step" required:"true"`            // of the plan; where the tree goes back, the one that it goes back from
	Hold      Hold       `json:"hold,omitempty"`                  // what must be true before the next transition
	Attempt   int        `json:"attempt" required:"true" min:"1"` // counts the tries of one canary revision
	Weight    int        `json:"weight" required:"true" min:"0" max:"1000000"`
	// WeightTotal is what Weight is a part of. Replicas are prod's, where it has given some of them up.
	WeightTotal int          `json:"weightTotal" required:"true" min:"100" max:"1000000"`
	Replicas    int          `json:"replicas,omitempty" min:"1" max:"10000"`
	Stable      RevisionRef  `json:"stable" required:"true"` // what prod runs in this tree
	Canary      *RevisionRef `json:"canary,omitempty"`       // what is being tried
	Previous    *RevisionRef `json:"previous,omitempty"`     // what prod ran before stable
	Steps       []SpecStep   `json:"steps" required:"true" maxItems:"90"`
	Router      string       `json:"router" required:"true"`    // what splits the traffic
	Templates   string       `json:"templates" required:"true"` // the template set
	Rollback    bool         `json:"rollback,omitempty"`        // back to what prod ran before: the steps are not the spec's, there are none
	Paused      bool         `json:"paused,omitempty"`          // a person's stop
	Full        bool         `json:"full,omitempty"`            // pauses and analyses are waived
	Aborted     string       `json:"aborted,omitempty"`         // the revision that was aborted
	Files       FileDigests  `json:"files" required:"true"`     // every other file that gitramp wrote
	Parent      string       `json:"parent,omitempty" format:"digest"`
	Self        string       `json:"self" required:"true" format:"digest"` // digest of all of the lock above it

	steps []byte // Steps as they are encoded
}

// LockStep is the step's place in its plan.
type LockStep struct {
	Index int    `json:"index" required:"true" max:"99"`
	Name  string `json:"name" required:"true" format:"stepName"`
	Last  int    `json:"last" required:"true" max:"99"` // index of the plan's last step
}

// RevisionRef names a revision and what it runs.
type RevisionRef struct {
	Revision string `json:"revision" required:"true"`
	Images   Images `json:"images" required:"true"`
}

func (r Revision) ref() RevisionRef { return RevisionRef{r.Name, r.Images} }

// FileDigest is a file's path and digest.
type FileDigest struct{ Path, Digest string }

// FileDigests are sorted by path.
type FileDigests []FileDigest

func (p *FileDigests) decodeNode(d *decoder, n *yaml.Node, field string) {
	if n.Kind != yaml.MappingNode {
		d.invalid(n, field, brief(n), "a mapping of file names to digests")
		return
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		entry := FileDigest{Path: n.Content[i].Value}
		d.value(n.Content[i+1], reflect.ValueOf(&entry.Digest).Elem(), join(field, entry.Path), `format:"digest"`)
		*p = append(*p, entry)
	}
}

// Encode writes the lock and fills in Self.
func (l *Lock) Encode() []byte {
	b := make(lines, 0, 2048)
	b.put(lockHeader)
	b.put("format: ", strconv.Itoa(l.Format), "\n")
	b.put("app: ", scalar(l.App), "\n")
	b.optional("namespace", l.Namespace)
	b.put("spec: ", scalar(l.Spec), "\n")
	b.put("phase: ", string(l.Phase), "\n")
	b.put("step:\n  index: ", strconv.Itoa(l.Step.Index), "\n  name: ", scalar(l.Step.Name), "\n  last: ", strconv.Itoa(l.Step.Last), "\n")
	b.hold(l.Hold)
	b.put("attempt: ", strconv.Itoa(l.Attempt), "\n")
	b.put("weight: ", strconv.Itoa(l.Weight), "\n")
	b.put("weightTotal: ", strconv.Itoa(l.WeightTotal), "\n")
	if l.Replicas != 0 {
		b.put("replicas: ", strconv.Itoa(l.Replicas), "\n")
	}
	b.revision("stable", &l.Stable)
	b.revision("canary", l.Canary)
	b.revision("previous", l.Previous)
	if len(l.steps) == 0 {
		b.put("steps: []\n")
	} else {
		b.put("steps:\n", string(l.steps))
	}
	b.put("router: ", scalar(l.Router), "\n")
	b.put("templates: ", scalar(l.Templates), "\n")
	if l.Rollback {
		b.put("rollback: true\n")
	}
	if l.Paused {
		b.put("paused: true\n")
	}
	if l.Full {
		b.put("full: true\n")
	}
	b.optional("aborted", l.Aborted)
	b.put("files:\n")
	for _, f := range l.Files {
		b.put("  ", scalar(f.Path), ": ", f.Digest, "\n")
	}
	b.optional("parent", l.Parent)
	l.Self = Digest(b)
	b.put("self: ", l.Self, "\n")
	return b
}

// lines is a lock that is being written.
type lines []byte

func (b *lines) put(parts ...string) {
	for _, p := range parts {
		*b = append(*b, p...)
	}
}

func (b *lines) optional(key, value string) {
	if value != "" {
		b.put(key, ": ", scalar(value), "\n")
	}
}

func (b *lines) revision(key string, r *RevisionRef) {
	if r == nil {
		return
	}
	b.put(key, ":\n  revision: ", scalar(r.Revision), "\n  images:\n")
	for _, i := range r.Images {
		b.put("    ", scalar(i.Container), ": ", scalar(i.Image), "\n")
	}
}

func (b *lines) hold(h Hold) {
	if h == (Hold{}) {
		return
	}
	b.put("hold:\n")
	if h.Settle != 0 {
		b.put("  settle: ", h.Settle.String(), "\n")
	}
	if h.Pause != 0 {
		b.put("  pause: ", h.Pause.String(), "\n")
	}
	if h.Manual {
		b.put("  manual: true\n")
	}
}

// pinSteps writes the steps of a spec as the lock keeps them: one to a line.
func pinSteps(steps []SpecStep) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	for _, s := range steps {
		b.WriteString("- ")
		if err := e.Encode(s); err != nil {
			return nil, err
		}
	}
	return b.Bytes(), nil
}

// scalar writes text for YAML: plain where no loader could take it for anything else, else as a JSON string.
func scalar(s string) string {
	if node.Plain(s) {
		return s
	}
	quoted, _ := json.Marshal(s)
	return string(quoted)
}

// ReadLock reads a lock strictly: a lock whose bytes are not exactly what gitramp writes for it was edited, and is an error.
func ReadLock(file string, data []byte) (Lock, error) {
	var l Lock
	src, errs := document(file, data)
	if errs != nil {
		return l, errs
	}
	defer src.done()
	d := &decoder{source: src}
	d.value(src.root, reflect.ValueOf(&l).Elem(), "", "")
	if err := d.sorted(); err != nil {
		return l, err
	}
	if why := l.inconsistent(); why != "" {
		return l, SpecError{{File: file, Problem: why, Allowed: "the lock as gitramp wrote it (git restore, or git revert where the edit is committed)"}}
	}
	var err error
	if l.steps, err = pinSteps(l.Steps); err != nil {
		return l, err
	}
	self := l.Self
	if again := l.Encode(); l.Self != self || !bytes.Equal(again, data) {
		return l, SpecError{{File: file, Problem: "was edited: it is not what gitramp writes", Allowed: "the lock as gitramp wrote it (git restore, or git revert where the edit is committed)"}}
	}
	return l, nil
}

// inconsistent says what a lock cannot mean, "" where nothing is wrong with it.
func (l *Lock) inconsistent() string {
	switch {
	case l.Step.Index > l.Step.Last:
		return "step.index is beyond step.last"
	case l.Weight > l.WeightTotal:
		return "weight is beyond weightTotal"
	case l.Phase.idle() == (l.Canary != nil):
		return "phase " + string(l.Phase) + " and canary do not go together"
	case l.Replicas != 0 && (l.Phase.idle() || l.Phase.GoesBack() || l.promoted()):
		return "phase " + string(l.Phase) + " and replicas do not go together"
	case (l.Phase == Promote || l.Phase == Restore) && l.Previous == nil:
		return "phase " + string(l.Phase) + " has no previous"
	}
	return ""
}
