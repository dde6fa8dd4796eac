// Package prove shows before a merge that no way of applying the commits of a release drops a request, or exposes more users to the new revision than planned.
//
// It goes by the rendered objects alone. Controllers apply what they find at the tip: they skip commits and go back, and apply the objects of one commit in any
// order without waiting for pods. So it takes pairs of trees, every set of the objects between them that may have been applied, and every number of pods that
// may be ready then, and asks the router's own rules (package route, Serve) where each kind of request goes. The answer is a certificate, or the shortest
// counterexample, told as a story.
//
// It writes nothing, and it refuses to guess: an object that no rule is known for is an error where requests go through it.
package prove

import (
	"fmt"

	"github.com/gitramp/gitramp/render"
)

// State is a tree that a commit brings.
type State struct {
	Name  string
	Tree  render.Tree
	Share *Share // what the plan promises; nil where it promises nothing
}

// Share is a part of the requests that no rule picks out.
type Share struct{ Weight, Total int }

// Way is the commits that lead back from a state, one after the other.
type Way struct {
	From   int // in Steps
	States []State
}

// Input is a release as it is rendered.
type Input struct {
	Steps []State // in the order of their commits
	Ways  []Way
	Moves []Move
	// Elsewhere are Services that routes send to and that are no part of the app: what becomes of those requests is not looked at.
	Elsewhere []string
	// Scaled says that the spec scales the canary apart from its weight: then each step says for itself how much a pod gets.
	Scaled bool
}

// Move is a transition beside the plan: a tree that goes on from one which nobody planned like that. Hosts and paths may come and go by it; with Keeps
// they may only come.
type Move struct {
	From, To State
	Keeps    bool
}

// Options are what a proof may take for granted.
type Options struct {
	DieAtOnce bool // a pod whose objects do not say how long it goes on serving dies when it is deleted; else it is assumed to serve for long enough
}

// The levels of a proof.
const (
	AllPairs   = "all pairs"  // from every tree to every other: commits may be skipped and taken back
	Neighbours = "neighbours" // from each commit to the next and back, and into an abort, each when the one before has settled
)

// Result is a certificate, or what is in its way.
type Result struct {
	Router      string
	Level       string
	Trees       int // that differ
	Pairs       int
	Mixes       int // sets of applied objects
	Readiness   int // in how many ways pods were ready there
	Requests    int // kinds of them
	Assumptions []string
	Stories     []Story // the shortest of each rule that is broken
}

// Proven says whether the result is a certificate.
func (r Result) Proven() bool { return len(r.Stories) == 0 }

// tolerance is how much more than planned a ready pod may get while pods are replaced: Kubernetes' own strategy takes a quarter of them away
// (maxUnavailable 25%), so those that are left get 4/3.
const tolerance = 4.0 / 3

// epsilon is less than the smallest weight.
const epsilon = 1e-9

// Prove explores a release.
func Prove(in Input, o Options) (Result, error) {
	p := &proof{options: o, scaled: in.Scaled, elsewhere: in.Elsewhere, ids: map[string]int{}, outcomes: map[string]*outcome{}, found: map[string]bool{}, overlaps: map[string]bool{}}
	if err := p.read(in); err != nil {
		return Result{}, err
	}
	if err := p.ask(); err != nil {
		return Result{}, err
	}
	for _, s := range p.states {
		p.static(s)
	}
	p.missing()
	for _, pair := range p.pairs() {
		if err := p.explore(pair); err != nil {
			return Result{}, err
		}
	}
	for _, w := range p.ways {
		p.withdrawal(w)
	}
	p.standing()
	p.result.Router, p.result.Trees = p.semantics.Router, len(p.states)
	return p.result, nil
}

// read takes in every tree. Trees with the same objects are one.
func (p *proof) read(in Input) error {
	if len(in.Steps) == 0 {
		return fmt.Errorf("there is no step")
	}
	if err := p.capacity(in); err != nil {
		return err
	}
	parsed := map[*byte]*object{}
	add := func(s State) (*state, error) {
		st, err := p.state(s, parsed)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.Name, err)
		}
		return st, nil
	}
	for _, s := range in.Steps {
		st, err := add(s)
		if err != nil {
			return err
		}
		p.steps = append(p.steps, st)
	}
	for _, w := range in.Ways {
		wy := way{from: p.steps[w.From]}
		for _, s := range w.States {
			st, err := add(s)
			if err != nil {
				return err
			}
			wy.names, wy.states = append(wy.names, s.Name), append(wy.states, st)
		}
		p.ways = append(p.ways, wy)
	}
	p.planned = len(p.states)
	for _, m := range in.Moves {
		from, err := add(m.From)
		if err != nil {
			return err
		}
		to, err := add(m.To)
		if err != nil {
			return err
		}
		p.moves = append(p.moves, pair{from: from, to: to, inOrder: true, comes: true, goes: !m.Keeps})
	}
	return nil
}
