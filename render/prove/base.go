package prove

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/gitramp/gitramp/render"
	"github.com/gitramp/gitramp/render/internal/node"
)

// capacity notes what autoscalers keep at the most of their least, in any tree: as many pods as take all requests.
func (p *proof) capacity(in Input) error {
	states := slices.Clone(in.Steps)
	for _, w := range in.Ways {
		states = append(states, w.States...)
	}
	for _, m := range in.Moves {
		states = append(states, m.From, m.To)
	}
	for _, s := range states {
		floors, err := p.floors(s.Tree)
		if err != nil {
			return fmt.Errorf("%s: %w", s.Name, err)
		}
		for name, least := range floors {
			if p.most == nil {
				p.most = map[string]int{}
				p.assume("an autoscaler keeps at least the pods that it is told to keep, and while prod has all requests as many as take them")
			}
			p.most[name] = max(p.most[name], least, numbered(s.Tree, name))
		}
	}
	return nil
}

// numbered is how many pods prod's Deployment asks for by itself: while who owns them changes it has a number and an autoscaler.
func numbered(t render.Tree, name string) int {
	data, _ := t.Get("prod-deployment.yaml")
	n, err := node.Parse(data)
	if err != nil || full(n) != name {
		return 0
	}
	replicas, _ := strconv.Atoi(node.Text(n, "spec", "replicas"))
	return replicas
}

// floors are how many pods the autoscalers of a tree keep at the least, by the name of the Deployment; nil where there are none. Where there is no canary no
// request has left prod, so that its autoscaler has no reason to go below what takes them all.
func (p *proof) floors(t render.Tree) (floors map[string]int, err error) {
	_, tried := t.Get("canary-deployment.yaml")
	for _, path := range t.Resources() {
		if !strings.Contains(path, "-horizontalpodautoscaler-") && !strings.Contains(path, "-scaledobject-") {
			continue
		}
		data, _ := t.Get(path)
		n, err := node.Parse(data)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		if deployment, least, ok := render.Floor(n); ok {
			if floors == nil {
				floors = map[string]int{}
			}
			name := beside(n, deployment)
			if !tried {
				least = max(least, p.most[name])
			}
			if other, several := floors[name]; several { // each of them does as it says
				least = min(least, other)
			}
			floors[name] = least
		}
	}
	return floors, nil
}

// beside is the name of another object in the same namespace.
func beside(n *yaml.Node, name string) string {
	if namespace := node.Text(n, "metadata", "namespace"); namespace != "" {
		return namespace + "/" + name
	}
	return name
}

// atFloor is a Deployment that an autoscaler owns, with the pods that it has at the least.
func (p *proof) atFloor(data []byte, floors map[string]int) ([]byte, error) {
	n, err := node.Parse(data)
	if err != nil || node.Text(n, "kind") != "Deployment" || node.Get(n, "spec", "replicas") != nil {
		return data, err
	}
	least, ok := floors[full(n)]
	if !ok {
		return data, nil
	}
	key := strconv.Itoa(least) + string(data)
	if p.sized[key] == nil {
		node.Set(n, node.Int(least), "spec", "replicas")
		sized, err := node.Encode(n)
		if err != nil {
			return nil, err
		}
		if p.sized == nil {
			p.sized = map[string][]byte{}
		}
		p.sized[key] = sized
	}
	return p.sized[key], nil
}

// missing finds the pods that refer to a ConfigMap or Secret of the app that is not there: they could not start.
func (p *proof) missing() {
	known := map[string]bool{}
	for _, c := range p.configs {
		for _, name := range c.has {
			known[name] = true
		}
	}
	for _, c := range p.configs {
		for _, w := range c.wants {
			if known[w.Config] && !slices.Contains(c.has, w.Config) {
				p.tellOf(Reference, mix{pair: pair{from: c.of, to: c.of}, v: c.of.v}, w.Deployment+" refers to "+w.Config+", which is not there", "what pods refer to is there as long as they are")
			}
		}
	}
}

// configs are what a tree has of ConfigMaps and Secrets, and what its Deployments refer to.
type configs struct {
	of    *state
	has   []string
	wants []render.ConfigUse
}
