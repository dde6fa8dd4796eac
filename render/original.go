package render

import (
	"fmt"

	"go.yaml.in/yaml/v3"

	"github.com/gitramp/gitramp/render/internal/node"
)

// original is a Deployment or Service of a revision, before it is put on a track: nodes, or the text of it that a tree has. Most trees are as they should be, and
// nobody looks at their objects for longer than it takes to see that.
type original struct {
	node *yaml.Node
	text []byte
}

// inTree is the object of a file, once it is known that it can be read.
func inTree(path string, text []byte) (original, error) {
	if err := node.Look(text, func(*yaml.Node) {}); err != nil {
		return original{}, fmt.Errorf("%s: %w", path, err)
	}
	return original{text: text}, nil
}

// nodes are those of the object, and not to be changed.
func (o original) nodes() *yaml.Node {
	if o.node != nil || o.text == nil {
		return o.node
	}
	n, _ := node.Parse(o.text)
	return n
}

// at is the scalar at a path of the object, "" where there is none.
func (o original) at(path ...string) (text string) {
	if o.node != nil || o.text == nil {
		return node.Text(o.node, path...)
	}
	_ = node.Look(o.text, func(n *yaml.Node) { text = node.Text(n, path...) })
	return text
}
