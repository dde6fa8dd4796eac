package render

import (
	"bytes"
	"hash/fnv"
	"io"
	"strconv"
)

// Place is what history is asked about a lock: where in which rollout it stands.
type Place struct {
	Phase    Transition
	Index    int    // of the step
	Weight   int    // of the canary
	Attempt  int    // at Canary
	Stable   string // revisions, "" for none
	Canary   string
	Previous string
	Self     string // digests
	Parent   string
	Settling bool   // idle, and yet something has to be applied before the next transition
	files    uint64 // of the manifests' digests: other ones have to be applied
}

// Place is where the lock stands.
func (l *Lock) Place() Place {
	p := Place{Phase: l.Phase, Index: l.Step.Index, Weight: l.Weight, Attempt: l.Attempt, Stable: l.Stable.Revision, Self: l.Self, Parent: l.Parent, Settling: l.Phase == Idle && l.Hold.Settle > 0}
	if l.Canary != nil {
		p.Canary = l.Canary.Revision
	}
	if l.Previous != nil {
		p.Previous = l.Previous.Revision
	}
	sum := fnv.New64a()
	for _, f := range l.Files {
		_, _ = io.WriteString(sum, f.Digest)
	}
	p.files = sum.Sum64()
	return p
}

// Glance reads a lock's place without judging the lock: history is long, and each line of a lock is where gitramp wrote it. ok is false where it is no lock.
func Glance(lock []byte) (p Place, ok bool) {
	var section []byte
	files := fnv.New64a()
	for line := range bytes.Lines(lock) {
		key, text, _ := bytes.Cut(bytes.TrimSuffix(line, []byte("\n")), []byte(": "))
		if len(key) > 0 && key[0] != ' ' {
			section = bytes.TrimSuffix(key, []byte(":"))
		}
		if bytes.HasPrefix(key, []byte("   ")) {
			continue // an image
		}
		if string(section) == "files" {
			_, _ = files.Write(bytes.TrimLeft(text, " "))
			continue
		}
		value := func() string { return string(bytes.Trim(text, `"`)) }
		switch string(section) + string(bytes.TrimLeft(key, " ")) {
		case "weightweight":
			p.Weight, _ = strconv.Atoi(value())
		case "phasephase":
			p.Phase = Transition(value())
		case "stepindex":
			p.Index, _ = strconv.Atoi(value())
		case "holdsettle":
			p.Settling = p.Phase == Idle
		case "attemptattempt":
			p.Attempt, _ = strconv.Atoi(value())
		case "stablerevision":
			p.Stable = value()
		case "canaryrevision":
			p.Canary = value()
		case "previousrevision":
			p.Previous = value()
		case "parentparent":
			p.Parent = value()
		case "selfself":
			p.Self = value()
		}
	}
	p.files = files.Sum64()
	return p, p.Phase != "" && p.Self != ""
}

// stands is what has to change for a step to begin anew: who is tried, for which time, the step, and its weight. A pause or a sync changes nothing of it.
func (p Place) stands() Place {
	p.Previous, p.Self, p.Parent, p.files = "", "", "", 0
	if p.Phase.idle() && p.Phase != Delete {
		p.Phase, p.Index, p.Attempt = Idle, 0, 0
	}
	return p
}

// SameStep says whether two places of an app are the same step of the same rollout.
func (p Place) SameStep(q Place) bool { return p.stands() == q.stands() }

// Beyond says whether the place is one that q's rollout has gone back from.
func (p Place) Beyond(q Place) bool { return p.Canary != "" && p.Canary == q.Canary && p.later(q) }

// later says whether the place is further on in the rollout of the same revision than q.
func (p Place) later(q Place) bool {
	if p.Attempt != q.Attempt {
		return p.Attempt > q.Attempt
	}
	order := func(p Place) int {
		switch p.Phase {
		case Unpromote, Grow:
			return 1000
		case Abort:
			return 1001
		}
		return p.Index
	}
	return order(p) > order(q)
}

// Owner reads whose a lock is, without judging the lock: the app, with its namespace, and the path of its spec.
func Owner(lock []byte) (app, spec string, ok bool) {
	namespace := ""
	for line := range bytes.Lines(lock) {
		key, text, _ := bytes.Cut(bytes.TrimSuffix(line, []byte("\n")), []byte(": "))
		switch string(key) {
		case "app":
			app = unquoted(text)
		case "namespace":
			namespace = unquoted(text) + "/"
		case "spec":
			spec = unquoted(text)
		}
	}
	return namespace + app, spec, app != "" && spec != ""
}

func unquoted(text []byte) string {
	if s, err := strconv.Unquote(string(text)); err == nil {
		return s
	}
	return string(text)
}
