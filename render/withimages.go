package render

import (
	"bytes"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/gitramp/gitramp/render/internal/node"
)

// WithImages is the text of the spec with other images and every other byte as it is; nil where it does not name the same containers, or writes an image in a way
// that cannot be replaced in its place. With a base it may name some of them.
func (c *Canary) WithImages(images Images) []byte {
	text, named := c.source.data, 0
	for _, want := range images {
		src, errs := document(c.source.file, text)
		if errs != nil {
			return nil
		}
		n := node.Get(src.root, "spec", "images", want.Container)
		if n == nil && want.Container == c.imageContainer() {
			n = node.Get(src.root, "spec", "image")
		}
		if n == nil && c.base != nil {
			continue
		}
		if text = replaced(text, n, want.Image); text == nil {
			return nil
		}
		named++
	}
	if named == 0 || len(images) != len(c.Spec.Images) {
		return nil
	}
	return text
}

// imageContainer is the container that spec.image is about.
func (c *Canary) imageContainer() string {
	if c.base == nil {
		return c.Metadata.Name
	}
	for _, i := range c.Spec.Images {
		if i.Image == c.Spec.Image {
			return i.Container
		}
	}
	return ""
}

// replaced is a text with one scalar in it replaced, quoted as it was.
func replaced(text []byte, n *yaml.Node, value string) []byte {
	if n == nil || n.Kind != yaml.ScalarNode {
		return nil
	}
	lines := bytes.SplitAfter(text, []byte("\n"))
	if n.Line > len(lines) || n.Column > len(lines[n.Line-1]) {
		return nil
	}
	line := string(lines[n.Line-1])
	for _, quote := range []string{"", `"`, "'"} {
		if old := quote + n.Value + quote; strings.HasPrefix(line[n.Column-1:], old) {
			if quote == "" && !node.Plain(value) {
				quote = `"`
			}
			lines[n.Line-1] = []byte(line[:n.Column-1] + quote + value + quote + line[n.Column-1+len(old):])
			return bytes.Join(lines, nil)
		}
	}
	return nil
}
