package convert

import (
	"encoding/json"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/gitramp/gitramp/render"
	"github.com/gitramp/gitramp/render/internal/node"
)

// The way back. What of one format has no equal in the other is kept in an annotation on what it became, so that converting back gives what was there. What
// would contradict an edit made since is left where it is: an annotation says by a digest (of) what the ramp was that it was made along with.
const (
	keptCanary = "gitramp.dev/canary" // on a Rollout or a Canary of Flagger: fields of a spec
	keptPrefix = "gitramp.dev/"       // on a spec, with the format: fields of a Rollout or a Canary of Flagger
	of         = "of"
	rampField  = "ramp" // the whole ramp as it was, where it cannot be made again of the spec
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

// notKept are the fields of a Rollout that do not come back: what says what runs, which is the base's word by then, and what was so for a moment: a Rollout that is paused
// from the start gets no ReplicaSet (rollout/sync.go of argoproj/argo-rollouts, syncReplicasOnly).
var notKept = []string{"template", "selector", "workloadRef", "paused"}

// keep remembers what of the object's spec has no equal.
func (a *app) keep(l *ledger) {
	rest := l.rest(l.at("spec"))
	if rest == nil {
		return
	}
	if a.as == argoRollouts {
		for _, field := range notKept {
			node.Clear(rest, field)
		}
	}
	if len(rest.Content) > 0 {
		a.kept = node.Map(node.String("spec"), rest)
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
	notes := node.Get(a.from.node, "metadata", "annotations")
	if notes == nil {
		return
	}
	text := node.Get(notes, keptCanary)
	if text == nil {
		return
	}
	kept, err := node.Parse([]byte(text.Value))
	if err != nil || node.Text(kept, of) != rampDigest(a.from.node, a.as) {
		l.fates[text] = fate{Lost, "an earlier export kept it, and the steps were edited since: what they say now counts"}
		return
	}
	l.fates[text] = fate{Carried, "an earlier export kept it: it is in the spec again"}
	a.more = node.Get(kept, "spec")
	if a.grpc = node.Text(a.more, "route", "protocol") == "GRPC"; a.grpc { // the route itself says so
		if node.Clear(a.more, "route", "protocol"); len(keys(a.more, "route")) == 0 {
			node.Clear(a.more, "route")
		}
	}
}

// ramp is the part of a Rollout or a Canary that says how to ramp, and the mapping that it is in.
func ramp(n *yaml.Node, as string) (value, in *yaml.Node, key string) {
	in, keys := node.Get(n, "spec", "strategy"), []string{"canary"}
	if as == flaggerFormat {
		in, keys = node.Get(n, "spec"), []string{"analysis", "canaryAnalysis"}
	}
	for _, key := range keys {
		if value := node.Get(in, key); value != nil {
			return value, in, key
		}
	}
	return nil, in, keys[0]
}

// rampDigest names a ramp.
func rampDigest(n *yaml.Node, as string) string {
	value, _, _ := ramp(n, as)
	return digest(value)
}

// remember is what the spec keeps of the input, nil where an export makes the same again: it is tried.
func (a *app) remember(c *render.Canary, objs []*yaml.Node) (*yaml.Node, error) {
	if a.as == "" {
		return nil, nil
	}
	out, err := Export(c, objs, a.as)
	if err != nil {
		return nil, err
	}
	made := out.Objects[len(out.Objects)-1]
	kept := node.Map(node.String(of), node.String(rampDigest(made, a.as)))
	if rest := beyond(node.Get(a.kept, "spec"), node.Get(made, "spec")); rest != nil {
		node.Set(kept, rest, "spec")
	}
	again := node.Copy(made)
	(&export{as: a.as, spec: c}).takeBack(again, kept)
	if rampDigest(again, a.as) == rampDigest(a.from.node, a.as) {
		if node.Get(kept, "spec") == nil {
			return nil, nil
		}
		return kept, nil
	}
	value, _, key := ramp(a.from.node, a.as)
	if value == nil {
		value = node.Map()
	}
	node.Set(kept, node.Copy(value), rampField, key)
	if a.as == flaggerFormat { // it has the rest of the analysis in it
		node.Clear(kept, "spec", key)
		if len(keys(kept, "spec")) == 0 {
			node.Clear(kept, "spec")
		}
	}
	return kept, nil
}

// beyond is what of kept an export does not make anyway; nil where that is nothing. A list counts as a whole.
func beyond(kept, made *yaml.Node) *yaml.Node {
	if kept == nil {
		return nil
	}
	rest := node.Map()
	for i := 0; i+1 < len(kept.Content); i += 2 {
		key, value := kept.Content[i].Value, kept.Content[i+1]
		switch own := node.Get(made, key); {
		case own != nil && own.Kind == yaml.MappingNode && value.Kind == yaml.MappingNode:
			value = beyond(value, own)
		case own != nil && (value.Kind != yaml.SequenceNode || digest(own) == digest(value)):
			value = nil
		}
		if value != nil {
			node.Set(rest, value, key)
		}
	}
	if len(rest.Content) == 0 {
		return nil
	}
	return rest
}

// ofTheSteps are the fields of Flagger's analysis that steps are made of.
var ofTheSteps = []string{"interval", "iterations", "maxWeight", "stepWeight", "stepWeights", "match"}

// takeBack puts what was kept into what is made of the spec by now.
func (e *export) takeBack(main, kept *yaml.Node) {
	unchanged := node.Text(kept, of) == rampDigest(main, e.as)
	rest := node.Get(kept, "spec")
	was, _, _ := ramp(kept, e.as)
	switch whole := node.Get(kept, rampField); {
	case unchanged && whole != nil:
		_, in, key := ramp(main, e.as)
		node.Clear(in, key)
		merge(in, whole)
		e.losses = slices.DeleteFunc(e.losses, func(f Field) bool { // nothing of the ramp is lost: it is what it was
			return strings.HasPrefix(f.Field, "spec.steps") || strings.HasPrefix(f.Field, e.spec.RouteField()+".match") || f.Field == e.spec.RouteField()+".weightTotal"
		})
	case unchanged && node.Get(was, stepsField) != nil:
		value, _, _ := ramp(main, e.as)
		node.Set(value, node.Copy(node.Get(was, stepsField)), stepsField)
	case whole != nil, node.Get(was, stepsField) != nil:
		e.lose("metadata.annotations", keptPrefix+e.as, "the ramp was edited since the import: what it says now counts")
		if e.as == flaggerFormat {
			was, _, _ := ramp(node.Map(node.String("spec"), node.Copy(whole)), e.as)
			for _, field := range ofTheSteps {
				node.Clear(was, field)
			}
			value, _, _ := ramp(main, e.as)
			merge(value, was)
		}
	}
	if rest == nil {
		return
	}
	rest = node.Copy(rest)
	if was, _, _ := ramp(node.Map(node.String("spec"), rest), e.as); was != nil {
		node.Clear(was, stepsField)
	}
	merge(node.Get(main, "spec"), rest)
}

// merge puts the fields of kept into n, where n has none of its own.
func merge(n, kept *yaml.Node) {
	for i := 0; i+1 < len(kept.Content); i += 2 {
		key, value := kept.Content[i].Value, kept.Content[i+1]
		switch own := node.Get(n, key); {
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
