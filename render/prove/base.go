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

// floors are how many pods the autoscalers of a tree keep at the least, by the name of the Deployment; nil where there are none.
func (p *proof) floors(t render.Tree) (floors map[string]int, err error) {
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
				p.assume("an autoscaler keeps the least number of pods that it is told to, and more are never fewer")
			}
			floors[beside(n, deployment)] = least
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
