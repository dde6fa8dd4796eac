package render

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/gitramp/gitramp/render/route"
)

// Transition is the move that makes a step out of the one before it.
type Transition string

// The transitions of a release, in their order. Copy promotion is the only kind: names, selectors and the prod route's backend never change.
const (
	Idle    Transition = "idle"    // prod on the stable revision
	Prepare Transition = "prepare" // the canary's Deployment and Service appear, without traffic
	Shift   Transition = "shift"   // the route carries the weight and the matches
	Scale   Transition = "scale"   // the number of canary pods changes, nothing else
	Shrink  Transition = "shrink"  // prod gives up the pods whose requests the canary has by now, and the canary gets those that the next weight needs
	Header  Transition = "header"  // a header rule begins or ends, nothing else
	Full    Transition = "full"    // all weight on the canary: the last cheap abort
	Promote Transition = "promote" // prod's Deployment takes the canary's revision while it has no weight
	Restore Transition = "restore" // the canary's routing is withdrawn: prod has all the traffic, on the new revision
	Cleanup Transition = "cleanup" // the canary's objects and what abort needed are deleted; idle again
)

// The ways back, which no plan has in it.
const (
	Grow      Transition = "grow"       // prod gets the pods back that it gave up, while the weight stays as it is
	Unpromote Transition = "un-promote" // prod's Deployment takes the stable revision back while the canary has all the weight
	Abort     Transition = "abort"      // the canary's routing is withdrawn: prod has all the traffic, on the stable revision
	Delete    Transition = "delete"     // prod's route is withdrawn: the app itself goes
)

// Hold is what must be true before the next step may be written. A step counts from when it is applied.
type Hold struct {
	// Settle is how long a commit is given to be applied.
	Settle Duration `json:"settle,omitempty"`
	// Pause is how long the step stands once it is applied.
	Pause Duration `json:"pause,omitempty"`
	// Manual says that somebody has to promote.
	Manual bool `json:"manual,omitempty"`
}

// Step is one state of a rollout that is committed.
type Step struct {
	Index      int
	Name       string
	Transition Transition
	Weight     int           // of the plan's total, on the canary
	Routed     bool          // the route knows the canary; withdrawn: Weight 0 and no Matches
	Matches    []route.Match // who reaches the canary whatever the weight
	Prod       int           // prod's replicas
	Canary     int           // the canary's replicas; 0 also where there is no canary
	Hold       Hold

	entry int  // the entry of spec.steps that made it, -1 where none did
	named bool // by the spec
}

// HasCanary says whether the step's tree holds the canary's objects.
func (s Step) HasCanary() bool { return !s.Transition.idle() }

// idle says whether a tree of that phase has no canary.
func (t Transition) idle() bool { return t == Idle || t == Cleanup || t == Delete }

// GoesBack says whether a tree of that phase is on its way back to the stable revision.
func (t Transition) GoesBack() bool { return t == Abort || t == Unpromote || t == Grow }

// Promoted says whether prod runs the new revision in the step.
func (s Step) Promoted() bool {
	return s.Transition == Promote || s.Transition == Restore || s.Transition == Cleanup
}

// ID is the step as a directory's name: 03-weight-50.
func (s Step) ID() string { return fmt.Sprintf("%02d-%s", s.Index, s.Name) }

// Plan is the ordered steps of one release.
type Plan struct {
	Total int // what weights add up to
	Steps []Step
}

// Last is the index of the last step.
func (p Plan) Last() int { return len(p.Steps) - 1 }

// Find is the step that a number (2 or 02), a name or both joined as NN-name mean.
func (p Plan) Find(word string) (st Step, known bool) {
	for _, st := range p.Steps {
		if word == fmt.Sprint(st.Index) || word == fmt.Sprintf("%02d", st.Index) || word == st.Name || word == st.ID() {
			return st, true
		}
	}
	return st, false
}

// Allowed says what Find knows.
func (p Plan) Allowed() string {
	var names []string
	for _, st := range p.Steps {
		names = append(names, st.ID())
	}
	return fmt.Sprintf("0 to %d, or one of %s", p.Last(), strings.Join(names, ", "))
}

// CanaryReplicas is the number of pods that a weight needs: ceil(weight x replicas / total), at least minPods and at least 1, at most replicas or minPods.
// It is Argo Rollouts' formula for routed canaries (utils/replicaset/canary.go, CalculateReplicaCountsForTrafficRoutedCanary), in integers.
func CanaryReplicas(weight, total, replicas, minPods int) int {
	pods := int((int64(weight)*int64(replicas) + int64(total) - 1) / int64(total))
	return max(pods, minPods, 1)
}

// StableReplicas is the number of pods that prod needs for what a weight leaves it: ceil((total - weight) x replicas / total), at least minPods and at least 1,
// for prod's Service is the route's primary backend at any weight, and at most replicas. It is Argo Rollouts' formula for dynamicStableScale in the same place.
func StableReplicas(weight, total, replicas, minPods int) int {
	return min(replicas, CanaryReplicas(total-weight, total, replicas, minPods))
}

// Plan is the whole ramp of a valid spec; it depends on nothing else.
func (c *Canary) Plan() Plan {
	s := &c.Spec
	p := planner{spec: s, total: s.Routes[0].WeightTotal, rules: map[string]route.Match{}, names: map[string]int{}, prod: s.Replicas, fixed: -1, steps: make([]Step, 0, len(s.Steps)+8)}
	if s.CanaryScale != nil {
		p.fixed = p.fixedScale(*s.CanaryScale)
	}
	p.add(Idle, string(Idle), -1)
	p.add(Prepare, string(Prepare), -1)
	for i, step := range s.Steps {
		p.entry(i, step)
	}
	if p.weight < p.total {
		p.shift(p.total, string(Full), -1)
	}
	p.endHold()
	p.prod = s.Replicas
	for _, t := range []Transition{Promote, Restore, Cleanup} {
		p.add(t, string(t), -1)
	}
	p.capacity()
	return Plan{Total: p.total, Steps: p.steps}
}

// planner is the state between two entries of spec.steps.
type planner struct {
	spec   *CanarySpec
	total  int
	weight int
	routed bool
	rules  map[string]route.Match // of setHeaderRoute, by name
	order  []string               // their names, in the order in which they began
	prod   int                    // its pods
	scale  []int                  // the number of canary pods by canaryScale or setCanaryScale at each step, -1 for none
	fixed  int                    // the one in force
	longer Duration               // the longest timed pause so far
	names  map[string]int         // how often each name was made
	steps  []Step
}

func (p *planner) add(t Transition, name string, entry int) {
	st := Step{Index: len(p.steps), Name: name, Transition: t, Prod: p.prod, Hold: Hold{Settle: *p.spec.Settle}, entry: entry}
	st.named = entry >= 0 && p.spec.Steps[entry].Name == name
	if !st.named {
		if p.names[name]++; p.names[name] > 1 { // the same scale or header rule again
			st.Name = fmt.Sprintf("%s-%d", name, p.names[name])
		}
	}
	switch t {
	case Idle, Cleanup:
		st.Hold = Hold{} // until the spec asks for another revision
	case Prepare:
	case Restore:
		st.Routed = true
	default:
		st.Weight, st.Routed = p.weight, p.routed
		if p.routed {
			st.Matches = p.matches()
		}
	}
	p.steps, p.scale = append(p.steps, st), append(p.scale, p.fixed)
}

func (p *planner) matches() []route.Match {
	ms := slices.Clip(p.spec.Routes[0].Match)
	for _, name := range p.order {
		if m, ok := p.rules[name]; ok {
			ms = append(ms, m)
		}
	}
	return ms
}

func (p *planner) entry(i int, s SpecStep) {
	name := func(otherwise string) string {
		if s.Name != "" {
			return s.Name
		}
		return otherwise
	}
	switch {
	case s.SetWeight != nil:
		p.shift(*s.SetWeight, s.Name, i)
	case s.SetCanaryScale != nil:
		p.fixed = p.fixedScale(*s.SetCanaryScale)
		if p.fixed < 0 {
			p.add(Scale, name("scale-match"), i)
		} else {
			p.add(Scale, name(fmt.Sprintf("scale-%d", p.fixed)), i)
		}
	case s.SetHeaderRoute != nil:
		p.header(*s.SetHeaderRoute, name, i)
	case s.Pause != nil:
		p.pause(*s.Pause, name, i)
	}
}

func (p *planner) fixedScale(s CanaryScale) int {
	switch {
	case s.Replicas != nil:
		return *s.Replicas
	case s.Weight != nil: // Argo Rollouts: a share of spec.replicas, rounded up
		return (*s.Weight*p.spec.Replicas + 99) / 100
	}
	return -1
}

// shift moves the weight. Before it becomes full every pod that prod has must be there for the canary too, whatever setCanaryScale said.
func (p *planner) shift(weight int, name string, entry int) {
	if weight == p.total && p.fixed >= 0 && p.fixed < p.spec.Replicas {
		p.fixed = -1
		p.add(Scale, "scale-full", entry)
	}
	t := Shift
	if weight == p.total {
		t = Full
	}
	switch {
	case name != "":
	case t == Full:
		name = string(Full)
	case p.total != 100: // 5 of 1000 is not what 5 looks like
		name = fmt.Sprintf("weight-%d-of-%d", weight, p.total)
	default:
		name = fmt.Sprintf("weight-%d", weight)
	}
	p.prod = p.stable()
	p.weight, p.routed = weight, true
	p.add(t, name, entry)
}

// stable is how many pods prod needs for the weight as it is. It gives the others up one commit after their requests are gone: with the next weight, or before
// a pause in a commit of its own.
func (p *planner) stable() int {
	if !p.spec.DynamicStableScale {
		return p.spec.Replicas
	}
	return StableReplicas(p.weight, p.total, p.spec.Replicas, p.spec.MinPods)
}

func (p *planner) header(h HeaderRoute, name func(string) string, entry int) {
	if len(h.Match) == 0 {
		delete(p.rules, h.Name)
		p.order = slices.DeleteFunc(p.order, func(name string) bool { return name == h.Name })
		p.add(Header, name("header-"+h.Name+"-off"), entry)
		return
	}
	if _, known := p.rules[h.Name]; !known {
		p.order = append(p.order, h.Name)
	}
	p.rules[h.Name] = headerMatch(h.Match[0])
	p.routed = true
	p.add(Header, name("header-"+h.Name), entry)
}

// pause holds the step before it; a spec that begins with one begins with a canary for chosen users only. Prod has no more pods than it needs during a pause.
func (p *planner) pause(pause Pause, name func(string) string, entry int) {
	if p.steps[len(p.steps)-1].Transition == Prepare {
		p.routed = true
		p.add(Shift, name("weight-0"), entry)
	}
	if need := p.stable(); need < p.prod {
		p.prod = need
		p.add(Shrink, string(Shrink), entry)
	}
	hold := &p.steps[len(p.steps)-1].Hold
	if pause.Duration == nil {
		hold.Manual = true
		return
	}
	hold.Pause += *pause.Duration
	p.longer = max(p.longer, *pause.Duration)
}

// endHold gives the last step before promote, where the spec says nothing, the longest timed pause of the spec.
func (p *planner) endHold() {
	if hold := &p.steps[len(p.steps)-1].Hold; !hold.Manual && hold.Pause == 0 {
		hold.Pause = p.longer
	}
}

// capacity gives every step the canary pods that the weight of the step and of the next one need: capacity leads traffic.
func (p *planner) capacity() {
	for i := range p.steps {
		st := &p.steps[i]
		if !st.HasCanary() {
			continue
		}
		weight := st.Weight
		if i+1 < len(p.steps) {
			weight = max(weight, p.steps[i+1].Weight)
		}
		switch {
		case st.Transition == Restore:
			st.Canary = p.steps[i-1].Canary
		case p.scale[i] >= 0:
			st.Canary = p.scale[i]
		default:
			st.Canary = CanaryReplicas(weight, p.total, p.spec.Replicas, p.spec.MinPods)
		}
	}
}

// headerMatch is Argo Rollouts' header match in a router's words.
func headerMatch(m HeaderMatch) route.Match {
	h := route.Header{Name: m.HeaderName, Value: m.HeaderValue.Exact, Pattern: m.HeaderValue.Regex}
	if m.HeaderValue.Prefix != "" {
		h.Pattern = regexp.QuoteMeta(m.HeaderValue.Prefix) + ".*"
	}
	return route.Match{Header: &h}
}
