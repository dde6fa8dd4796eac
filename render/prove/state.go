package prove

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/gitramp/gitramp/render"
	"github.com/gitramp/gitramp/render/route"
)

// proof is the work on one release.
type proof struct {
	options   Options
	scaled    bool
	semantics route.Semantics
	result    Result

	ids     map[string]int
	objects [][]*object // by id, the versions of an object; the first, nil, is its absence
	states  []*state
	steps   []*state
	ways    []way
	moves   []pair
	planned int             // the states that belong to a step or a way back come first
	base    map[string]bool // the revisions of the first step: every other one is new

	classes  []class
	routes   []int // the ids of route objects
	services []int // the ids of Services
	answers  map[string][][]route.Answer
	outcomes map[string]*outcome
	primary  []string // the Services that have the requests in the first step
	found    map[string]bool
	overlaps map[string]bool // versions of the objects that were looked at

	elsewhere []string          // Services that routes send to and that are no part of the app
	most      map[string]int    // of pods that autoscalers keep at the least, by the name of the Deployment
	sized     map[string][]byte // Deployments at the least that their autoscaler keeps
	configs   []configs
}

// vector is which version of each object there is.
type vector []uint8

type state struct {
	name    string
	v       vector
	share   *Share
	settled *outcome
}

type way struct {
	from   *state
	names  []string // of the commits: a tree may have another name too
	states []*state
}

// mostVersions is how many versions an object may have in one release.
const mostVersions = 255

// state reads a tree. parsed has the files that were read already, by the place of their bytes: trees share them.
func (p *proof) state(s State, parsed map[*byte]*object) (*state, error) {
	st := &state{name: s.Name, share: s.Share, v: make(vector, len(p.ids), len(p.ids)+4)}
	floors, err := p.floors(s.Tree)
	if err != nil {
		return nil, err
	}
	for _, path := range s.Tree.Resources() {
		data, ok := s.Tree.Get(path)
		if !ok || len(data) == 0 {
			return nil, fmt.Errorf("%s: is missing", path)
		}
		if floors != nil {
			if data, err = p.atFloor(data, floors); err != nil {
				return nil, fmt.Errorf("%s: %w", path, err)
			}
		}
		o, known := parsed[&data[0]]
		if !known {
			var err error
			if o, err = p.object(render.File{Path: path, Data: data}); err != nil {
				return nil, err
			}
			parsed[&data[0]] = o
		}
		if o == nil {
			continue
		}
		i := p.ids[o.id]
		for i >= len(st.v) {
			st.v = append(st.v, 0)
		}
		st.v[i] = uint8(o.version)
	}
	if has, wants := s.Tree.Config(); has != nil {
		p.configs = append(p.configs, configs{st, has, wants})
	}
	for _, other := range p.states {
		if same(other.v, st.v) {
			return other, nil
		}
	}
	p.states = append(p.states, st)
	return st, nil
}

// same compares two trees; ids that came up later are absent in the shorter.
func same(a, b vector) bool {
	for i := range max(len(a), len(b)) {
		if a.at(i) != b.at(i) {
			return false
		}
	}
	return true
}

func (v vector) at(i int) uint8 {
	if i < len(v) {
		return v[i]
	}
	return 0
}

// object reads a file and gives it a version.
func (p *proof) object(f render.File) (*object, error) {
	o, err := readObject(f)
	if o == nil || err != nil {
		return nil, err
	}
	i, known := p.ids[o.id]
	if !known {
		i = len(p.objects)
		p.ids[o.id] = i
		p.objects = append(p.objects, []*object{nil})
	}
	for _, other := range p.objects[i][1:] {
		if bytes.Equal(other.data, o.data) {
			return other, nil
		}
	}
	if len(p.objects[i]) > mostVersions {
		return nil, fmt.Errorf("%s: has more than %d versions", f.Path, mostVersions)
	}
	o.version = len(p.objects[i])
	p.objects[i] = append(p.objects[i], o)
	return o, nil
}

// of are the objects of a tree, or of some that are half applied.
func (p *proof) of(v vector) []*object {
	var objs []*object
	for i, version := range v {
		if version > 0 {
			objs = append(objs, p.objects[i][version])
		}
	}
	return objs
}

// kinds sorts the ids once all trees are read.
func (p *proof) kinds() {
	for _, s := range p.states {
		for len(s.v) < len(p.objects) {
			s.v = append(s.v, 0)
		}
	}
	for i, versions := range p.objects {
		switch o := versions[1]; {
		case o.service != nil:
			p.services = append(p.services, i)
		case o.deployment == nil:
			p.routes = append(p.routes, i)
		}
	}
	p.base = map[string]bool{}
	for _, o := range p.of(p.steps[0].v) {
		if o.deployment != nil {
			p.base[o.deployment.revision] = true
		}
	}
}

// versions of an object that occur in some tree, its absence among them.
func (p *proof) versions(id int) []uint8 {
	var list []uint8
	for _, s := range p.states {
		if !slices.Contains(list, s.v[id]) {
			list = append(list, s.v[id])
		}
	}
	return list
}
