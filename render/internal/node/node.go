// Package node sets fields of Kubernetes objects held as YAML nodes.
//
// The nodes are those of go.yaml.in/yaml/v3, which kyaml's RNode wraps: kyaml itself would cost every start 6 ms and twice the binary. A field keeps the
// place it has in its template; a field that is not there yet is added last. It never interprets what it sets and refuses nothing.
package node

import (
	"errors"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// The tags of scalars and collections, as the parser resolves them.
const (
	TagString = "!!str"
	TagInt    = "!!int"
	TagFloat  = "!!float"
	TagBool   = "!!bool"
	TagNull   = "!!null"
	TagMap    = "!!map"
	TagSeq    = "!!seq"
)

// Get returns the node at path below n, nil where there is none, or no n. A key that is a decimal number indexes a sequence.
func Get(n *yaml.Node, path ...string) *yaml.Node {
	for _, key := range path {
		n = child(n, key)
		if n == nil {
			return nil
		}
	}
	return n
}

// Text returns the scalar at path, "" where there is none.
func Text(n *yaml.Node, path ...string) string {
	if at := Get(n, path...); at != nil && at.Kind == yaml.ScalarNode {
		return at.Value
	}
	return ""
}

// Set puts value at path and makes the mappings on the way.
func Set(n *yaml.Node, value *yaml.Node, path ...string) {
	for i, key := range path {
		last := i == len(path)-1
		at := child(n, key)
		switch {
		case at != nil && last:
			comments := *at
			*at = *value
			at.HeadComment, at.LineComment, at.FootComment = comments.HeadComment, comments.LineComment, comments.FootComment
		case at != nil:
			n = at
		case last:
			n.Content = append(n.Content, String(key), value)
		default:
			next := Map()
			n.Content = append(n.Content, String(key), next)
			n = next
		}
	}
}

// SetIfPresent sets the string at path where the template has that field already.
func SetIfPresent(n *yaml.Node, value string, path ...string) {
	if Get(n, path...) != nil {
		Set(n, String(value), path...)
	}
}

// Clear removes the field at path.
func Clear(n *yaml.Node, path ...string) {
	parent := Get(n, path[:len(path)-1]...)
	if parent == nil || parent.Kind != yaml.MappingNode {
		return
	}
	for i := 0; i+1 < len(parent.Content); i += 2 {
		if parent.Content[i].Value == path[len(path)-1] {
			parent.Content = append(parent.Content[:i:i], parent.Content[i+2:]...)
			return
		}
	}
}

// String is a string scalar. It is quoted unless it is plain to every YAML version: kubectl still reads 1.1, where yes, 0o17 and 12:30 are no strings.
func String(s string) *yaml.Node {
	n := &yaml.Node{Kind: yaml.ScalarNode, Tag: TagString, Value: s}
	if !Plain(s) {
		n.Style = yaml.DoubleQuotedStyle
	}
	return n
}

// Plain says whether every YAML version reads s, unquoted, as the string it is. It is strict: it knows words, references, paths and amounts such as 128Mi,
// and says no to the rest.
func Plain(s string) bool {
	switch strings.TrimLeft(s, "0123456789") {
	case "m", "Ki", "Mi", "Gi", "Ti":
		return true
	}
	if s == "" || !letter(s[0]) && s[0] != '/' || s[len(s)-1] == ':' {
		return false
	}
	for i := range len(s) {
		if c := s[i]; !letter(c) && (c < '0' || c > '9') && strings.IndexByte("._/:@-", c) < 0 {
			return false
		}
	}
	if len(s) > len("false") {
		return true
	}
	switch strings.ToLower(s) {
	case "y", "n", "yes", "no", "on", "off", "true", "false", "null":
		return false
	}
	return true
}

func letter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }

// Quoted is a string scalar that is always quoted, as annotation values are.
func Quoted(s string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: TagString, Value: s, Style: yaml.DoubleQuotedStyle}
}

// Int is an integer scalar.
func Int(i int) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: TagInt, Value: strconv.Itoa(i)}
}

// Map is a mapping of the given alternating keys and values.
func Map(content ...*yaml.Node) *yaml.Node {
	return &yaml.Node{Kind: yaml.MappingNode, Tag: TagMap, Content: content}
}

// Seq is a sequence.
func Seq(items ...*yaml.Node) *yaml.Node {
	return &yaml.Node{Kind: yaml.SequenceNode, Tag: TagSeq, Content: items}
}

// Copy is a deep copy of n, with all its nodes in one piece of memory.
func Copy(n *yaml.Node) *yaml.Node { return newArena(n).copy(n) }

// Same says whether two nodes are written alike, wherever they stand.
func Same(a, b *yaml.Node) bool {
	if a.Kind != b.Kind || a.Style != b.Style || a.Tag != b.Tag || a.Value != b.Value || len(a.Content) != len(b.Content) ||
		a.HeadComment != b.HeadComment || a.LineComment != b.LineComment || a.FootComment != b.FootComment {
		return false
	}
	for i := range a.Content {
		if !Same(a.Content[i], b.Content[i]) {
			return false
		}
	}
	return true
}

// arena is the memory of a copy.
type arena struct {
	nodes []yaml.Node
	links []*yaml.Node
}

func newArena(n *yaml.Node) *arena {
	count, links := 0, 0
	walk(n, func(n *yaml.Node) { count, links = count+1, links+len(n.Content) })
	return &arena{make([]yaml.Node, count), make([]*yaml.Node, links)}
}

// copy is a copy in the arena, instead of what was there before.
func (a *arena) copy(n *yaml.Node) *yaml.Node {
	left := *a
	return left.add(n)
}

func (a *arena) add(n *yaml.Node) *yaml.Node {
	to := &a.nodes[0]
	a.nodes = a.nodes[1:]
	*to = *n
	if k := len(n.Content); k > 0 {
		to.Content, a.links = a.links[:k:k], a.links[k:]
		for i, c := range n.Content {
			to.Content[i] = a.add(c)
		}
	}
	return to
}

func child(n *yaml.Node, key string) *yaml.Node {
	if n == nil {
		return nil
	}
	switch n.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == key {
				return n.Content[i+1]
			}
		}
	case yaml.SequenceNode:
		if i, err := strconv.Atoi(key); err == nil && i >= 0 && i < len(n.Content) {
			return n.Content[i]
		}
	}
	return nil
}

// Parse reads a template: its head comment explains the template to a reader and is left out of what is made from it.
func Parse(text []byte) (*yaml.Node, error) {
	return objects.Decode(text, func() (*yaml.Node, error) { return parse(text) })
}

// Look is as Parse, for who looks at the nodes, and may change them, only until look returns.
func Look(text []byte, look func(*yaml.Node)) error {
	n, done, err := objects.Borrow(text, func() (*yaml.Node, error) { return parse(text) })
	if err == nil {
		look(n)
		done()
	}
	return err
}

func parse(text []byte) (*yaml.Node, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		return nil, err
	}
	if len(doc.Content) != 1 {
		return nil, errors.New("no YAML document")
	}
	root := doc.Content[0]
	root.HeadComment = ""
	if len(root.Content) > 0 {
		root.Content[0].HeadComment = ""
	}
	return root, nil
}

// Identify gives an object its name, its namespace ("" for none) and the values of whichever of the usual labels its template has.
func Identify(n *yaml.Node, name, namespace, app, track, component string) {
	Set(n, String(name), "metadata", "name")
	if namespace == "" {
		Clear(n, "metadata", "namespace")
	} else {
		Set(n, String(namespace), "metadata", "namespace")
	}
	Label(n, app, track, component, "metadata", "labels")
}

// Label gives the usual labels below path their values, where the template has them.
func Label(n *yaml.Node, app, track, component string, path ...string) {
	at := Get(n, path...)
	if at == nil {
		return
	}
	SetIfPresent(at, track, "app")
	SetIfPresent(at, app, "app.kubernetes.io/name")
	SetIfPresent(at, component, "app.kubernetes.io/component")
}

// Bool is a boolean scalar.
func Bool(b bool) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: TagBool, Value: strconv.FormatBool(b)}
}

// ID tells objects of a cluster apart: group, kind, namespace and name. A version is none of it.
func ID(o *yaml.Node) string {
	group, _, grouped := strings.Cut(Text(o, "apiVersion"), "/")
	if !grouped {
		group = ""
	}
	return strings.Join([]string{group, Text(o, "kind"), Text(o, "metadata", "namespace"), Text(o, "metadata", "name")}, " ")
}

// Title is an object for people: its kind and name.
func Title(o *yaml.Node) string { return Text(o, "kind") + " " + Text(o, "metadata", "name") }
