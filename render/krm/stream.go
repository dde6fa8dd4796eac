package krm

import (
	"bytes"
	"errors"

	"go.yaml.in/yaml/v3"

	"github.com/gitramp/gitramp/render/internal/node"
)

// ReadStream reads the objects of a stream of documents.
func ReadStream(data []byte) ([]Item, error) {
	if _, err := documents(data); err != nil {
		return nil, err
	}
	var items []Item
	var text []byte
	add := func() error {
		docs, err := documents(text)
		if err != nil || len(docs) == 0 {
			return err
		}
		if len(docs) > 1 || docs[0].Kind != yaml.MappingNode {
			return errors.New("has a document that is no object: allowed mappings with apiVersion, kind and metadata, with lines --- between them")
		}
		items = append(items, Item{docs[0], text})
		return nil
	}
	for line := range bytes.Lines(data) {
		if bytes.Equal(bytes.TrimRight(line, " \r\n"), []byte("---")) {
			if err := add(); err != nil {
				return nil, err
			}
			text = nil
			continue
		}
		text = append(text, line...)
	}
	return items, add()
}

// WriteStream prints objects as render does. What is marked as local configuration is no object for a cluster, and left out.
func WriteStream(items []Item) ([]byte, error) {
	var b bytes.Buffer
	for _, item := range items {
		if item.local() {
			continue
		}
		text := item.text
		if text == nil {
			n := node.Copy(item.node)
			unannotate(n)
			var err error
			if text, err = node.Encode(n); err != nil {
				return nil, err
			}
		}
		b.WriteString("---\n")
		b.Write(text)
		if !bytes.HasSuffix(text, []byte("\n")) {
			b.WriteByte('\n')
		}
	}
	return b.Bytes(), nil
}
