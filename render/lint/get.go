package lint

import (
	"strconv"

	"go.yaml.in/yaml/v3"
)

// Manifests of other people's may have aliases and merge keys, so fields are found through them.

// place is where something stands in a file.
type place struct{ line, column int }

// deref is what an alias stands for.
func deref(n *yaml.Node) *yaml.Node {
	for hops := 0; n != nil && n.Kind == yaml.AliasNode && hops < 10; hops++ {
		n = n.Alias
	}
	return n
}

// field finds a key of a mapping or an item of a list, and where it stands.
func field(n *yaml.Node, key string) (value *yaml.Node, at place) {
	n = deref(n)
	if n == nil {
		return nil, place{}
	}
	switch n.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == key {
				return deref(n.Content[i+1]), place{n.Content[i].Line, n.Content[i].Column}
			}
		}
		return merged(n, key)
	case yaml.SequenceNode:
		if i, err := strconv.Atoi(key); err == nil && i < len(n.Content) {
			return deref(n.Content[i]), place{n.Content[i].Line, n.Content[i].Column}
		}
	}
	return nil, place{}
}

// merged looks a key up in what `<<` brings in; one level, as people write it.
func merged(n *yaml.Node, key string) (*yaml.Node, place) {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Tag != "!!merge" {
			continue
		}
		from := deref(n.Content[i+1])
		sources := []*yaml.Node{from}
		if from != nil && from.Kind == yaml.SequenceNode {
			sources = from.Content
		}
		for _, s := range sources {
			if s = deref(s); s == nil || s.Kind != yaml.MappingNode {
				continue
			}
			for j := 0; j+1 < len(s.Content); j += 2 {
				if s.Content[j].Value == key {
					return deref(s.Content[j+1]), place{s.Content[j].Line, s.Content[j].Column}
				}
			}
		}
	}
	return nil, place{}
}

// get is the node at a path, nil where there is none.
func get(n *yaml.Node, path ...string) *yaml.Node {
	n = deref(n)
	for _, key := range path {
		if n, _ = field(n, key); n == nil {
			return nil
		}
	}
	return n
}

// text is the scalar at a path, "" where there is none.
func text(n *yaml.Node, path ...string) string {
	if at := get(n, path...); at != nil && at.Kind == yaml.ScalarNode && at.Tag != "!!null" {
		return at.Value
	}
	return ""
}

// number is the integer at a path, or what it is by default.
func number(n *yaml.Node, fallback int, path ...string) int {
	if i, err := strconv.Atoi(text(n, path...)); err == nil {
		return i
	}
	return fallback
}

// list are the items at a path.
func list(n *yaml.Node, path ...string) []*yaml.Node {
	at := get(n, path...)
	if at == nil || at.Kind != yaml.SequenceNode {
		return nil
	}
	items := make([]*yaml.Node, len(at.Content))
	for i, c := range at.Content {
		items[i] = deref(c)
	}
	return items
}

// pairs are the keys and values at a path.
func pairs(n *yaml.Node, path ...string) map[string]string {
	at := get(n, path...)
	if at == nil || at.Kind != yaml.MappingNode {
		return nil
	}
	m := map[string]string{}
	for i := 0; i+1 < len(at.Content); i += 2 {
		if v := deref(at.Content[i+1]); v != nil && v.Kind == yaml.ScalarNode {
			m[at.Content[i].Value] = v.Value
		}
	}
	return m
}

// at is where a path stands, or the last part of it that there is.
func at(n *yaml.Node, path ...string) place {
	n = deref(n)
	p := place{n.Line, n.Column}
	for _, key := range path {
		next, where := field(n, key)
		if next == nil {
			break
		}
		n, p = next, where
	}
	return p
}

func (o *object) text(path ...string) string       { return text(o.node, path...) }
func (o *object) at(path ...string) place          { return at(o.node, path...) }
func (o *object) has(path ...string) bool          { return get(o.node, path...) != nil }
func (o *object) annotation(key string) string     { return text(o.node, "metadata", "annotations", key) }
func (o *object) atAnnotation(key string) place    { return at(o.node, "metadata", "annotations", key) }
func (o *object) list(path ...string) []*yaml.Node { return list(o.node, path...) }

// lastLine is the last line of a node; a block scalar goes on below where it begins.
func lastLine(n *yaml.Node) int {
	last := n.Line
	for _, c := range n.Content {
		last = max(last, lastLine(c))
	}
	return last
}
