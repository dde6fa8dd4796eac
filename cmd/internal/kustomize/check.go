package kustomize

import (
	"bytes"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
	"sigs.k8s.io/kustomize/kyaml/kio"
	kyaml "sigs.k8s.io/kustomize/kyaml/yaml"
)

// maxNodes bounds what the YAML of a base is once its aliases stand for what they name: kustomize copies that out.
const maxNodes = 1_000_000

// documents reads YAML as kustomize does, but leaves aliases as they are.
func documents(text []byte) ([]*kyaml.RNode, error) {
	return (&kio.ByteReader{Reader: bytes.NewReader(text), OmitReaderAnnotations: true}).Read()
}

// check looks at YAML before kustomize takes it apart: an alias within what it names would let it run out of stack, and two keys of one name end the process
// when it wants to print the object in an error.
func (g *gathering) check(docs []*kyaml.RNode) error {
	for i, doc := range docs {
		w := weight{of: map[*yaml.Node]int{}}
		size, err := w.node(doc.YNode())
		if err != nil {
			return fmt.Errorf("document %d: %w", i+1, err)
		}
		if g.nodes += size; g.nodes > maxNodes {
			return fmt.Errorf("the base has more than %d YAML nodes, aliases counted as what they name", maxNodes)
		}
	}
	return nil
}

// objects counts what kustomize makes of documents: those of a list are objects of their own.
func objects(docs []*kyaml.RNode) int {
	n := len(docs)
	for _, doc := range docs {
		if items := child(doc.YNode(), "items"); items != nil && strings.HasSuffix(doc.GetKind(), "List") {
			n += len(items.Content)
		}
	}
	return n
}

// weight counts a document's nodes. of has what anchored nodes weigh, 0 while they are being counted.
type weight struct{ of map[*yaml.Node]int }

func (w weight) node(n *yaml.Node) (size int, err error) {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if known, ok := w.of[n]; ok && known == 0 {
		return 0, fmt.Errorf("line %d: alias %q is within what it names", n.Line, n.Anchor)
	} else if ok {
		return known, nil
	}
	if n.Anchor != "" {
		w.of[n] = 0
		defer func() { w.of[n] = size }()
	}
	if n.Kind == yaml.MappingNode {
		if err := keys(n); err != nil {
			return 1, err
		}
	}
	size = 1
	for _, c := range n.Content {
		part, err := w.node(c)
		if size = min(size+part, maxNodes+1); err != nil {
			return size, err
		}
	}
	return size, nil
}

func keys(n *yaml.Node) error {
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k := n.Content[i]
		if k.Kind == yaml.AliasNode {
			k = k.Alias
		}
		if k.Kind != yaml.ScalarNode {
			return fmt.Errorf("line %d: a key is no string", k.Line)
		}
		if seen[k.Value] {
			return fmt.Errorf("line %d: key %q is there twice", k.Line, k.Value)
		}
		seen[k.Value] = true
	}
	return nil
}

// definitions are what a file of crds says of the types it defines, as far as kustomize follows it.
type definitions map[string]struct {
	Schema struct {
		Properties map[string]struct {
			Ref string `json:"$ref"`
		}
	}
}

// count counts the ways from a type to the types its properties refer to. Kustomize walks them all, and without end where a type leads to itself.
func (d definitions) count(name string, ways map[string]int) (n int, err error) {
	if known, ok := ways[name]; ok && known == 0 {
		return 0, fmt.Errorf("type %q refers to itself: kustomize does not come to an end", name)
	} else if ok {
		return known, nil
	}
	ways[name] = 0
	n = 1
	for _, p := range d[name].Schema.Properties {
		if p.Ref == "" {
			continue
		}
		part, err := d.count(p.Ref, ways)
		if n += part; err != nil {
			return n, err
		}
		if n > maxNodes {
			return n, fmt.Errorf("type %q refers to more than %d others", name, maxNodes)
		}
	}
	ways[name] = n
	return n, nil
}
