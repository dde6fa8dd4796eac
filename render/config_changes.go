package render

import (
	"bytes"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/gitramp/gitramp/render/internal/node"
)

// ConfigChange is what pods read otherwise than others in one ConfigMap or Secret. What a Secret says is in neither Old nor New.
type ConfigChange struct {
	Config string `json:"config"`        // kind and name, without the hash that kustomize or gitramp puts after it
	Key    string `json:"key,omitempty"` // "" where the whole of it is added or removed
	Op     Op     `json:"op"`
	Old    string `json:"old,omitempty"` // as one line
	New    string `json:"new,omitempty"`
}

func (c ConfigChange) String() string {
	switch {
	case c.Key == "":
		return fmt.Sprintf("%s: %s", c.Config, c.Op)
	case c.Old == "" && c.New == "":
		return fmt.Sprintf("%s: %s: %s", c.Config, c.Key, c.Op)
	case c.Op == Changed:
		return fmt.Sprintf("%s: %s: %s -> %s", c.Config, c.Key, c.Old, c.New)
	}
	return fmt.Sprintf("%s: %s: %s: %s", c.Config, c.Key, c.Op, c.Old+c.New)
}

// ConfigChanges says what pods read otherwise from one tree to another: prod's than before, or those of a canary that was not there than prod's.
func ConfigChanges(before, after Tree) []ConfigChange {
	track := prodDeployment
	if _, there := before.Get(canaryDeployment); !there {
		if _, comes := after.Get(canaryDeployment); comes {
			track = canaryDeployment
		}
	}
	_, ran := before.Get(prodDeployment)
	if _, runs := after.Get(track); !ran || !runs {
		return nil
	}
	return configChanges(before.configOf(prodDeployment), after.configOf(track))
}

// ConfigChanges says what the canary's pods read otherwise than those of the stable revision.
func (r Revisions) ConfigChanges() []ConfigChange {
	return ConfigChanges(r.Stable.parts.files(), r.Canary.parts.files())
}

// ConfigChanges are those of the two revisions that the release is about.
func (r *Release) ConfigChanges() []ConfigChange { return r.revs.ConfigChanges() }

// configOf is the config that the pods of a tree's Deployment refer to.
func (t Tree) configOf(deployment string) (list []*yaml.Node) {
	config := slices.DeleteFunc(slices.Clone(t), func(f File) bool { return !isObject(f.Path) || rank(f.Path) != rank("shared-configmap.yaml") })
	data, _ := t.Get(deployment)
	if len(config) == 0 {
		return nil
	}
	pods, err := node.Parse(data)
	if err != nil {
		return nil
	}
	refs := configRefs(pods)
	for _, f := range config {
		if n, err := node.Parse(f.Data); err == nil && isConfig(n) && slices.Contains(refs, configOf(n)) && sameNamespace(n, pods) {
			list = append(list, n)
		}
	}
	return list
}

// generated is the hash that kustomize puts after the names of what it generates (kustomize api/hasher, encode).
var generated = regexp.MustCompile(`-[2456789bcdfghkmt]{10}$`)

// stems are the names by which people know some config, each of them once.
func stems(list []*yaml.Node) map[string]*yaml.Node {
	named := map[string]*yaml.Node{}
	for _, o := range list {
		ref := originOf(o)
		named[ref.kind+" "+ref.name] = o
	}
	short := map[string]*yaml.Node{}
	for _, full := range keysIn(named) {
		stem := generated.ReplaceAllString(full, "")
		if short[stem] != nil || named[stem] != nil {
			stem = full
		}
		short[stem] = named[full]
	}
	return short
}

func configChanges(before, after []*yaml.Node) (list []ConfigChange) {
	was, is := stems(before), stems(after)
	for _, name := range keysIn(was, is) {
		switch {
		case is[name] == nil:
			list = append(list, ConfigChange{Config: name, Op: Removed})
		case was[name] == nil:
			list = append(list, ConfigChange{Config: name, Op: Added})
		default:
			list = append(list, keyChanges(name, was[name], is[name])...)
		}
	}
	return list
}

// keysIn are those of all maps, sorted.
func keysIn[T any](list ...map[string]T) (keys []string) {
	for _, m := range list {
		keys = slices.AppendSeq(keys, maps.Keys(m))
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// keyChanges compares two versions of one config.
func keyChanges(name string, was, is *yaml.Node) (list []ConfigChange) {
	a, b := readable(was), readable(is)
	for _, key := range keysIn(a, b) {
		before, had := a[key]
		now, has := b[key]
		if had && has && before == now {
			continue
		}
		c := ConfigChange{Config: name, Key: key, Op: Changed}
		c.Old, c.New = shortened(before.text, now.text)
		if !has {
			c.Op, c.New = Removed, ""
		}
		if !had {
			c.Op, c.Old = Added, ""
		}
		if isSecret(is) || before.opaque || now.opaque || c.Old == c.New { // other spaces alone
			c.Old, c.New = "", ""
		}
		list = append(list, c)
	}
	return list
}

func isSecret(o *yaml.Node) bool { return node.Text(o, "kind") == "Secret" }

// saying is the value of a key; opaque where it is no text.
type saying struct {
	text   string
	opaque bool
}

// readable are the keys of a config with what they say, and its type, which a Secret is read by.
func readable(o *yaml.Node) map[string]saying {
	says := map[string]saying{}
	for _, field := range []string{"data", "binaryData", "stringData"} {
		at := node.Get(o, field)
		if at == nil || at.Kind != yaml.MappingNode {
			continue
		}
		for i := 0; i+1 < len(at.Content); i += 2 {
			says[at.Content[i].Value] = saying{at.Content[i+1].Value, field == "binaryData"}
		}
	}
	for _, field := range []string{"type", "immutable"} {
		if text := node.Text(o, field); text != "" {
			says["("+field+")"] = saying{text, false}
		}
	}
	return says
}

// longest is how much of a value is shown.
const longest = 60

// shortened are two values as one line each: of many lines the one that is another, else how many there are.
func shortened(was, is string) (before, after string) {
	a, b := strings.Split(strings.TrimSuffix(was, "\n"), "\n"), strings.Split(strings.TrimSuffix(is, "\n"), "\n")
	if max(len(a), len(b)) > 1 && min(len(a), len(b)) > 0 {
		for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
			a, b = a[1:], b[1:]
		}
		for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] {
			a, b = a[:len(a)-1], b[:len(b)-1]
		}
	}
	return inOneLine(a), inOneLine(b)
}

func inOneLine(lines []string) string {
	switch len(lines) {
	case 0:
		return "no line"
	case 1:
		return legible(strings.TrimSpace(lines[0]))
	}
	return fmt.Sprintf("%d lines", len(lines))
}

// legible is text that does no harm on a terminal or in a message, and that is not taken for nothing.
func legible(text string) string {
	if utf8.RuneCountInString(text) > longest {
		text = string([]rune(text)[:longest]) + "..."
	}
	if text == "" || strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return strconv.Quote(text)
	}
	return text
}

// Discreet is a change as people may see it: the values of a Secret are not in it, only which of them are others.
func (ch Change) Discreet() Change {
	was, errA := node.Parse(ch.Old)
	is, errB := node.Parse(ch.New)
	if len(ch.Old) > 0 && errA == nil && isSecret(was) || len(ch.New) > 0 && errB == nil && isSecret(is) {
		ch.Old, ch.New = hidden(ch.Old, was, nil, "***"), hidden(ch.New, is, was, "*** (changed)")
	}
	return ch
}

// hidden is a Secret without its values; what another one says otherwise is called so.
func hidden(data []byte, o, other *yaml.Node, changed string) []byte {
	if len(data) == 0 {
		return nil
	}
	o = node.Copy(o)
	for _, field := range []string{"data", "stringData"} {
		at := node.Get(o, field)
		if at == nil || at.Kind != yaml.MappingNode {
			continue
		}
		for i := 0; i+1 < len(at.Content); i += 2 {
			text := "***"
			if was := valueIn(other, field, at.Content[i].Value); was != nil && was.Value != at.Content[i+1].Value {
				text = changed
			}
			at.Content[i+1] = node.Quoted(text)
		}
	}
	if bytes.HasPrefix(data, []byte(HeadComment)) {
		o.HeadComment = HeadComment
	}
	text, err := node.Encode(o)
	if err != nil {
		return nil
	}
	return text
}

func valueIn(o *yaml.Node, path ...string) *yaml.Node {
	if o == nil {
		return nil
	}
	return node.Get(o, path...)
}
