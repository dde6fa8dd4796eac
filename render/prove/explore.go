package prove

import (
	"fmt"
	"math/bits"
	"slices"
)

// pair is two trees, one of which goes over into the other.
type pair struct {
	from, to *state
	inOrder  bool // they are neighbours: what is deleted and added has had its time
	comes    bool // a move beside the plan: hosts and paths may come
	goes     bool // likewise, and go
}

// pairs are all that the router's level asks for, neighbours first: a counterexample between them is the simplest.
func (p *proof) pairs() []pair {
	var list []pair
	seen := map[[2]*state]bool{}
	add := func(pair pair) {
		if ends := [2]*state{pair.from, pair.to}; pair.from != pair.to && !seen[ends] {
			seen[ends] = true
			list = append(list, pair)
		}
	}
	for i := 1; i < len(p.steps); i++ {
		add(pair{from: p.steps[i-1], to: p.steps[i], inOrder: true})
	}
	for _, w := range p.ways {
		at := w.from
		for _, s := range w.states {
			add(pair{from: at, to: s, inOrder: true})
			at = s
		}
	}
	for _, m := range p.moves {
		add(m)
	}
	for _, forth := range list { // git revert
		add(pair{forth.to, forth.from, true, forth.goes, forth.comes})
	}
	if p.result.Level = Neighbours; p.semantics.FailsOpen {
		p.result.Level = AllPairs
		for _, from := range p.states[:p.planned] {
			for _, to := range p.states[:p.planned] {
				add(pair{from: from, to: to})
			}
		}
	}
	p.result.Pairs = len(list)
	return list
}

// mostChanges is how many objects may differ between two trees.
const mostChanges = 14

// explore goes through every set of objects that may be applied of a pair, the smallest first, and every number of pods that may be ready then.
func (p *proof) explore(pair pair) error {
	var changed []int
	for id := range p.objects {
		if pair.from.v[id] != pair.to.v[id] {
			changed = append(changed, id)
		}
	}
	if len(changed) > mostChanges {
		return fmt.Errorf("%s to %s: %d objects differ, and at most %d can be explored", pair.from.name, pair.to.name, len(changed), mostChanges)
	}
	p.immutable(pair, changed)
	for _, mask := range masks(len(changed)) {
		p.result.Mixes++
		m := mix{pair: pair, changed: changed, mask: mask, v: slices.Clone(pair.from.v)}
		for i, id := range changed {
			if mask&(1<<i) != 0 {
				m.v[id] = pair.to.v[id]
			}
		}
		p.overlap(m)
		p.everyReadiness(m)
	}
	return nil
}

// mix is a pair of trees of which some objects are applied.
type mix struct {
	pair
	changed []int
	mask    uint
	v       vector
}

func (m mix) applied(id int) bool {
	i := slices.Index(m.changed, id)
	return i >= 0 && m.mask&(1<<i) != 0
}

// masks are all sets of n things, the smallest first.
func masks(n int) []uint {
	list := make([]uint, 1<<n)
	for i := range list {
		list[i] = uint(i)
	}
	slices.SortStableFunc(list, func(a, b uint) int { return bits.OnesCount(a) - bits.OnesCount(b) })
	return list
}

// everyReadiness checks a mix with each number of ready pods that its Deployments can have.
func (p *proof) everyReadiness(m mix) {
	s := situation{m.v, make([]pods, len(p.objects))}
	var next func(id int)
	next = func(id int) {
		for ; id < len(p.objects); id++ {
			if p.objects[id][1].deployment != nil {
				break
			}
		}
		if id == len(p.objects) {
			p.result.Readiness++
			p.check(m, s)
			return
		}
		for _, c := range p.choices(id, m.from.v[id], m.to.v[id], m.applied(id)) {
			s.pods[id] = c
			next(id + 1)
		}
	}
	next(0)
}

// check holds one situation against what must be true of it.
func (p *proof) check(m mix, s situation) {
	out, a, b := p.outcome(s), p.settle(m.from), p.settle(m.to)
	for class, status := range out.status {
		switch before, after := a.status[class] == 404, b.status[class] == 404; {
		case status == 0, status == 404 && (before && after || before && m.comes || after && m.goes):
		default:
			p.tell(NoBackend, m, s, class, "every request has a backend")
		}
		if most := max(a.fresh[class], b.fresh[class]); out.fresh[class] > most+epsilon {
			p.tell(Exposure, m, s, class, fmt.Sprintf("at most %s of these requests reach the new revision, as in the one or the other", percent(most)))
		}
	}
	if out.empty != "" {
		p.tell(ProdEmpty, m, s, -1, "Service "+out.empty+", a primary backend, has a ready pod")
	}
	planned := p.settle(p.steps[0]).load
	if p.scaled || m.comes || m.goes {
		planned = max(planned, a.load, b.load)
	}
	if m.inOrder && out.load > planned*tolerance+epsilon {
		p.tell(Capacity, m, s, -1, fmt.Sprintf("a ready pod gets at most %s of all requests, 4/3 of what is planned, and one gets %s", percent(planned*tolerance), percent(out.load)))
	}
	for _, id := range m.changed {
		if class := out.touched[id]; class > 0 && !m.applied(id) && p.loses(id, m.from.v[id], m.to.v[id]) {
			p.linger(m, s, id, class-1)
		}
	}
}
