package convert

import (
	"encoding/json"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/gitramp/gitramp/render"
	"github.com/gitramp/gitramp/render/internal/node"
)

// The way back. What of one format has no equal in the other is kept in an annotation on what it became, so that converting back gives what was there. An
// annotation counts as long as nobody has edited the part that it was made with (of); afterwards what is written there counts, and the annotation is told of
// as lost.
const (
	keptCanary = "gitramp.dev/canary" // on a Rollout or a Canary of Flagger: fields of a spec
	keptPrefix = "gitramp.dev/"       // on a spec, with the format: fields of a Rollout or a Canary of Flagger
	of         = "of"                 // digest of what was made along with it
	stepsField = "steps"
)

// digest names a value, in any layout and order of fields.
func digest(v any) string {
	if n, ok := v.(*yaml.Node); ok {
		v = nil
		if n == nil || n.Decode(&v) != nil {
			return ""
		}
	}
	text, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return render.Digest(text)[len("sha256:"):][:10]
}

// keepable are the parts of a Rollout or a Canary that may be kept: what says how to ramp, and not what runs.
var keepable = map[string][]string{
	argoRollouts:  {"spec.strategy.canary", "spec.rollbackWindow", "spec.analysis", "spec.progressDeadlineAbort"},
	flaggerFormat: {"spec"},
}

// keep remembers what of the object has no equal.
func (a *app) keep(l *ledger) {
	kept := node.Map()
	for _, field := range keepable[a.as] {
		if n := l.at(field); n != nil {
			if rest := l.rest(n); rest != nil {
				node.Set(kept, rest, parts(field)...)
			}
		}
	}
	if len(kept.Content) > 0 {
		a.kept = kept
	}
}

// rest is what of a value is not carried, nil where all is. A list is kept whole.
func (l *ledger) rest(n *yaml.Node) *yaml.Node {
	f, booked := l.fates[n]
	switch {
	case booked && f.outcome == Carried:
		return nil
	case booked || !l.within(n):
		return node.Copy(n)
	}
	rest := node.Map()
	if n.Kind == yaml.SequenceNode {
		for _, c := range n.Content {
			if l.rest(c) != nil {
				return node.Copy(n)
			}
		}
		return nil
	}
	for i := 0; i < len(n.Content); i += 2 {
		if r := l.rest(n.Content[i+1]); r != nil {
			rest.Content = append(rest.Content, node.Copy(n.Content[i]), r)
		}
	}
	if len(rest.Content) == 0 {
		return nil
	}
	return rest
}

// restore takes what an earlier export of a spec has kept on the object.
func (a *app) restore(l *ledger) {
	notes := get(a.from.node, "metadata", "annotations")
	if notes == nil {
		return
	}
	text := get(notes, keptCanary)
	if text == nil {
		return
	}
	kept, err := node.Parse([]byte(text.Value))
	if err != nil || textAt(kept, of) != digest(ramp(a.from.node, a.as)) {
		l.fates[text] = fate{Lost, "an earlier export kept it, and the steps were edited since: what they say now counts"}
		return
	}
	l.fates[text] = fate{Carried, "an earlier export kept it: it is in the spec again"}
	a.more = get(kept, "spec")
}

// ramp is the part of a Rollout or a Canary that says how to ramp.
func ramp(n *yaml.Node, as string) *yaml.Node {
	if as == argoRollouts {
		return get(n, "spec", "strategy", "canary")
	}
	return get(n, "spec", "analysis")
}

// merge puts the fields of kept into n, where n has none of its own.
func merge(n, kept *yaml.Node) {
	for i := 0; i+1 < len(kept.Content); i += 2 {
		key, value := kept.Content[i].Value, kept.Content[i+1]
		switch own := get(n, key); {
		case own == nil:
			node.Set(n, node.Copy(value), key)
		case own.Kind == yaml.MappingNode && value.Kind == yaml.MappingNode:
			merge(own, value)
		}
	}
}

// note is a value as the text of an annotation.
func note(n *yaml.Node) (*yaml.Node, error) {
	text, err := node.Encode(n)
	if err != nil {
		return nil, err
	}
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: node.TagString, Value: strings.TrimSpace(string(text)) + "\n", Style: yaml.LiteralStyle}, nil
}

// rampPath is where ramp finds it.
var rampPath = map[string][]string{argoRollouts: {"spec", "strategy", "canary"}, flaggerFormat: {"spec", "analysis"}}
