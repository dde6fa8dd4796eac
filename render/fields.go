package render

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// FieldChange is a field that two versions of an object do not have in common.
type FieldChange struct {
	Field    string // such as spec.template.spec.containers[web].image
	Old, New string // as YAML, in one line; "" where the object does not have the field
	Line     int    // in the new version: of the field, or of what it was taken out of
}

// FieldChanges lists what turns one version of an object into another, in the order of the fields. Items of a list are told apart by their names, where all of
// them have one. ok is false where one of the two is no YAML mapping; a change of comments or layout alone is none.
func FieldChanges(old, now []byte) (list []FieldChange, ok bool) {
	var a, b yaml.Node
	if yaml.Unmarshal(old, &a) != nil || yaml.Unmarshal(now, &b) != nil || len(a.Content) != 1 || len(b.Content) != 1 ||
		a.Content[0].Kind != yaml.MappingNode || b.Content[0].Kind != yaml.MappingNode {
		return nil, false
	}
	c := fieldChanges{}
	c.compare("", a.Content[0], b.Content[0], 1)
	if isSecret(a.Content[0]) || isSecret(b.Content[0]) {
		for i := range c.list {
			c.list[i].hide()
		}
	}
	return c.list, true
}

// hide takes out what a Secret holds.
func (f *FieldChange) hide() {
	if !strings.HasPrefix(f.Field, "data") && !strings.HasPrefix(f.Field, "stringData") {
		return
	}
	for _, text := range []*string{&f.Old, &f.New} {
		if *text != "" {
			*text = "***"
		}
	}
}

type fieldChanges struct{ list []FieldChange }

// compare compares two values of a field; nil is that there is none. line is that of what is around them.
func (c *fieldChanges) compare(field string, a, b *yaml.Node, line int) {
	if b != nil {
		line = b.Line
	}
	switch {
	case a != nil && b != nil && a.Kind == b.Kind && a.Kind == yaml.MappingNode:
		c.children(a, b, line, keysOf(a), keysOf(b), func(key string) string { return join(field, key) })
		return
	case a != nil && b != nil && a.Kind == b.Kind && a.Kind == yaml.SequenceNode:
		before, after := itemNames(a), itemNames(b)
		if before == nil || after == nil {
			before, after = indices(a), indices(b)
		}
		c.children(a, b, line, before, after, func(name string) string { return field + "[" + name + "]" })
		return
	}
	if was, is := inLine(a), inLine(b); was != is {
		c.list = append(c.list, FieldChange{field, was, is, line})
	}
}

// children compares the values of two mappings, or the items of two lists, by their names.
func (c *fieldChanges) children(a, b *yaml.Node, line int, before, after []string, path func(string) string) {
	for i, name := range before {
		c.compare(path(name), value(a, i), value(b, slices.Index(after, name)), line)
	}
	for i, name := range after {
		if !slices.Contains(before, name) {
			c.compare(path(name), nil, value(b, i), line)
		}
	}
}

// value is the i-th value of a mapping or list, nil for -1.
func value(n *yaml.Node, i int) *yaml.Node {
	switch {
	case i < 0:
		return nil
	case n.Kind == yaml.MappingNode:
		return n.Content[2*i+1]
	}
	return n.Content[i]
}

func keysOf(n *yaml.Node) (keys []string) {
	for i := 0; i+1 < len(n.Content); i += 2 {
		keys = append(keys, n.Content[i].Value)
	}
	return keys
}

// itemNames are the names of a list's items, nil where not every item has one of its own.
func itemNames(n *yaml.Node) (names []string) {
	for _, item := range n.Content {
		name := ""
		if i := slices.Index(keysOf(item), "name"); item.Kind == yaml.MappingNode && i >= 0 {
			name = value(item, i).Value
		}
		if name == "" || slices.Contains(names, name) {
			return nil
		}
		names = append(names, name)
	}
	return names
}

func indices(n *yaml.Node) (names []string) {
	for i := range n.Content {
		names = append(names, fmt.Sprint(i))
	}
	return names
}

// inLine is a value as YAML in flow style, without comments.
func inLine(n *yaml.Node) string {
	if n == nil {
		return ""
	}
	flat := flow(n)
	text, err := yaml.Marshal(flat)
	if err != nil {
		return n.Value
	}
	return strings.Join(strings.Fields(string(text)), " ")
}

func flow(n *yaml.Node) *yaml.Node {
	c := &yaml.Node{Kind: n.Kind, Tag: n.Tag, Value: n.Value}
	if n.Kind == yaml.ScalarNode {
		c.Style = n.Style & (yaml.DoubleQuotedStyle | yaml.SingleQuotedStyle)
	} else {
		c.Style = yaml.FlowStyle
	}
	for _, child := range n.Content {
		c.Content = append(c.Content, flow(child))
	}
	return c
}
