package render

import (
	"bytes"
	"slices"

	"github.com/gitramp/gitramp/render/internal/node"
)

// Waits are the objects of a base, by kind and name, that are not as the base has them while a release is on its way.
type Waits struct {
	Promote []string `json:"promote,omitempty"` // they came with the release, and change with its promotion
	Cleanup []string `json:"cleanup,omitempty"` // the base has changed since the release began, which takes nothing of that
}

// Waits are those of a tree whose release goes forward, and asks for what the spec asks for.
func (c *Canary) Waits(s State) (w Waits, err error) {
	l := s.Lock
	if c.base == nil || l == nil || l.Canary == nil || l.Phase.GoesBack() || l.Canary.Revision != c.RevisionName() || len(s.Drift) > 0 {
		return w, nil
	}
	revs, err := s.Revisions()
	if err != nil {
		return w, err
	}
	today, err := c.baseRevision(c.Spec.Images, revs.Stable.parts.prod)
	if err != nil {
		return w, err
	}
	next := revs.Canary.parts.prod
	if w.Cleanup, err = differing(today.parts.prod, next, true); err == nil && !l.promoted() {
		if w.Promote, err = differing(next, s.Tree, false); err == nil {
			w.Promote = slices.DeleteFunc(w.Promote, func(name string) bool { return slices.Contains(w.Cleanup, name) })
		}
	}
	return w, err
}

// differing are the objects of a tree beside the Deployment, the Service and the autoscaler that are others in another one, with those that only one of them has where
// that counts.
func differing(tree, other Tree, alone bool) (names []string, err error) {
	add := func(f File) error {
		n, err := node.Parse(f.Data)
		if err == nil {
			names = append(names, node.Title(n))
		}
		return err
	}
	for _, f := range tree {
		now, both := other.counterpart(f.Path)
		if f.Path == prodDeployment || f.Path == prodService || isScaler(f.Path) || !both && !alone || bytes.Equal(now, f.Data) {
			continue
		}
		if err := add(f); err != nil {
			return nil, err
		}
	}
	for _, f := range other {
		if _, both := tree.counterpart(f.Path); alone && !both && !isScaler(f.Path) {
			if err := add(f); err != nil {
				return nil, err
			}
		}
	}
	return names, nil
}
