package krm

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/gitramp/gitramp/render"
	"github.com/gitramp/gitramp/render/internal/node"
)

// The annotations of a spec that are for the function, for callers that have no arguments.
const (
	stepNote  = "gitramp.dev/step"
	checkNote = "gitramp.dev/check"
)

// configure finds the Canary and how it is to be rendered: in the functionConfig, or, where that is a ConfigMap or none, among the items.
func (r *run) configure() error {
	name := ""
	r.asker = "--step"
	switch config := r.Config; {
	case config == nil:
	case node.Text(config, "kind") == "ConfigMap" && node.Text(config, "apiVersion") == "v1":
		var err error
		if name, err = r.words(config); err != nil {
			return err
		}
	case node.Text(config, "kind") == "Canary":
		r.config, r.file = config, cmp.Or(Item{node: config}.file(), r.File)
	default:
		return fmt.Errorf("functionConfig: kind %q is invalid: allowed Canary (apiVersion %s), or ConfigMap (apiVersion v1) with %s", node.Text(config, "kind"), render.APIVersion, strings.Join(words, ", "))
	}
	if r.config == nil {
		if err := r.among(name); err != nil {
			return err
		}
	}
	if r.Step == "" {
		r.Step, r.asker = annotation(r.config, stepNote), stepField
	}
	switch v := annotation(r.config, checkNote); v {
	case "", "false":
	case "true":
		r.Check = true
	default:
		return render.SpecError{{Field: "metadata.annotations." + checkNote, Value: v, Problem: fmt.Sprintf("value %q is invalid", v), Allowed: `"true", "false"`}}
	}
	return nil
}

var words = []string{"data.canary", "data.step", "data.check"}

// words reads a ConfigMap, as `kpt fn eval -- step=weight-20` makes one.
func (r *run) words(config *yaml.Node) (canary string, err error) {
	data := node.Get(config, "data")
	if data == nil || data.Kind != yaml.MappingNode {
		return "", nil
	}
	for i := 0; i+1 < len(data.Content); i += 2 {
		switch key, value := data.Content[i].Value, data.Content[i+1].Value; {
		case key == "canary":
			canary = value
		case key == "step" && r.Step == "":
			r.Step, r.asker = value, "functionConfig: data.step"
		case key == "step":
		case key == "check" && (value == "true" || value == "false"):
			r.Check = r.Check || value == "true"
		case key == "check":
			return "", fmt.Errorf("functionConfig: data.check: value %q is invalid: allowed true, false", value)
		default:
			return "", fmt.Errorf("functionConfig: data.%s is unknown: allowed %s", key, strings.Join(words, ", "))
		}
	}
	return canary, nil
}

// among finds the Canary among the items.
func (r *run) among(name string) error {
	var names []string
	for _, item := range r.items {
		if node.Text(item.node, "kind") != "Canary" || !strings.HasPrefix(node.Text(item.node, "apiVersion"), "gitramp.dev/") {
			continue
		}
		own := node.Text(item.node, "metadata", "name")
		if names = append(names, own); name == "" || name == own {
			r.config, r.file = item.node, item.file()
		}
	}
	switch n := len(slices.DeleteFunc(slices.Clone(names), func(own string) bool { return own != name })); {
	case name != "" && n > 1:
		return fmt.Errorf("functionConfig: data.canary: value %q is %d of the items: allowed one of that name", name, n)
	case name != "" && !slices.Contains(names, name):
		return fmt.Errorf("functionConfig: data.canary: value %q is none of the items: allowed %s", name, orNone(names))
	case name == "" && len(names) != 1:
		return fmt.Errorf("functionConfig: is no Canary, and the items have %d: allowed a Canary (apiVersion %s), or data.canary with one of %s", len(names), render.APIVersion, orNone(names))
	}
	return nil
}

func orNone(names []string) string {
	if len(names) == 0 {
		return "(none: there is no Canary)"
	}
	return strings.Join(names, ", ")
}
