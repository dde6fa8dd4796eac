package krm

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/gitramp/gitramp/render"
	"github.com/gitramp/gitramp/render/internal/node"
)

// check says what of the own items is not as the step renders it; where no step was asked for, as the step does that they are most like.
func (r *run) check(own map[int]string) error {
	steps := r.release.Plan.Steps
	if r.asked {
		steps = []render.Step{r.step}
	}
	like, best, err := r.stands(own, steps)
	if err != nil {
		return err
	}
	if len(best) == 0 {
		r.results = append(r.results, Result{Severity: Info, Message: fmt.Sprintf("%s stands at %s of %d steps", r.spec.Metadata.Name, like.ID(), len(r.release.Plan.Steps)), File: r.file, of: r.config})
		return nil
	}
	for _, f := range best {
		f.Message += " (at step " + like.ID() + ")"
		r.results = append(r.results, f)
	}
	return nil
}

// distance is how much is different: an object more or less weighs more than a field.
func (rs Results) distance() (n int) {
	for _, r := range rs {
		if n++; r.Field == "" {
			n += 9
		}
	}
	return n
}

// differences are those of the own items from what would be written.
func (r *run) differences(own map[int]string, written []Item) (list Results) {
	seen := map[string]bool{}
	for i, item := range r.items {
		if _, mine := own[i]; !mine {
			continue
		}
		at := slices.IndexFunc(written, func(w Item) bool { return node.ID(w.node) == node.ID(item.node) })
		if at < 0 {
			list = append(list, Result{Severity: Error, Message: node.Title(item.node) + " is not what the spec renders: allowed none", File: item.file(), of: item.node})
			continue
		}
		seen[node.ID(item.node)] = true
		list = append(list, differs(item, written[at])...)
	}
	for _, w := range written {
		if !seen[node.ID(w.node)] {
			list = append(list, Result{Severity: Error, Message: node.Title(w.node) + " is missing", File: w.file(), of: w.node})
		}
	}
	return list
}

// differs finds the first field in which an item is another one.
func differs(item, want Item) Results {
	have, should := node.Copy(item.node), node.Copy(want.node)
	unannotate(have)
	unannotate(should)
	field, got, wanted := difference("", have, should)
	if field == "" {
		return nil
	}
	if secret(have, field) {
		got, wanted = hidden(got), hidden(wanted)
	}
	message := fmt.Sprintf("is %s: allowed %s", shown(got), shown(wanted))
	return Results{{Severity: Error, Message: message, Field: field, Current: scalar(got), Proposed: scalar(wanted), File: item.file(), of: item.node}}
}

// secret says whether a field of an object has in it what a Secret holds, as kubectl's copy of all that was applied does.
func secret(o *yaml.Node, field string) bool {
	top, _, _ := strings.Cut(field, ".")
	return node.Text(o, "kind") == "Secret" && (top == "data" || top == "stringData" || field == "metadata.annotations.kubectl.kubernetes.io/last-applied-configuration")
}

// hidden is a value that nobody is to see: whether it is there, and no more.
func hidden(n *yaml.Node) *yaml.Node {
	if n == nil || n.Kind != yaml.ScalarNode {
		return n
	}
	return node.String("***")
}

// difference is the first field that is not the same, "" for none. The order of fields is nobody's business.
func difference(field string, have, want *yaml.Node) (string, *yaml.Node, *yaml.Node) {
	if have == nil || want == nil || have.Kind != want.Kind || have.Kind == yaml.ScalarNode && canonical(have) != canonical(want) || have.Kind == yaml.SequenceNode && len(have.Content) != len(want.Content) {
		return field, have, want
	}
	switch have.Kind {
	case yaml.MappingNode:
		for _, key := range keysOf(want, have) {
			h, w := node.Get(have, key), node.Get(want, key)
			if h == nil && w == nil {
				continue
			}
			if at, got, wanted := difference(strings.TrimPrefix(field+"."+key, "."), h, w); at != "" {
				return at, got, wanted
			}
		}
	case yaml.SequenceNode:
		for i := range want.Content {
			if at, got, wanted := difference(field+"["+strconv.Itoa(i)+"]", have.Content[i], want.Content[i]); at != "" {
				return at, got, wanted
			}
		}
	}
	return "", nil, nil
}

func keysOf(maps ...*yaml.Node) (keys []string) {
	for _, m := range maps {
		for i := 0; i+1 < len(m.Content); i += 2 {
			keys = append(keys, m.Content[i].Value)
		}
	}
	return keys
}

// canonical is a value whatever its style, its comments and the order of its fields.
func canonical(n *yaml.Node) string {
	if n == nil {
		return "null"
	}
	switch n.Kind {
	case yaml.MappingNode:
		var parts []string
		for i := 0; i+1 < len(n.Content); i += 2 {
			parts = append(parts, strconv.Quote(n.Content[i].Value)+":"+canonical(n.Content[i+1]))
		}
		slices.Sort(parts)
		return "{" + strings.Join(parts, ",") + "}"
	case yaml.SequenceNode:
		var parts []string
		for _, c := range n.Content {
			parts = append(parts, canonical(c))
		}
		return "[" + strings.Join(parts, ",") + "]"
	}
	return n.ShortTag() + " " + strconv.Quote(n.Value)
}

func scalar(n *yaml.Node) string {
	if n == nil || n.Kind != yaml.ScalarNode {
		return ""
	}
	return n.Value
}

func shown(n *yaml.Node) string {
	switch {
	case n == nil:
		return "missing"
	case n.Kind == yaml.ScalarNode:
		return strconv.Quote(n.Value)
	case n.Kind == yaml.SequenceNode:
		return fmt.Sprintf("a list of %d", len(n.Content))
	}
	return "a mapping"
}
