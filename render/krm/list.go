// Package krm is gitramp as a KRM function: a ResourceList in, a ResourceList out (functions-spec v1 of kustomize and kpt). Its functionConfig is a spec, its items
// are the base and what prod runs, and what comes out is the objects of one step.
//
// It asks nothing but what it is given: no file, git, network, clock or environment. It answers the same for its own output, byte for byte, touches no item that is
// not its own, and refuses to guess which ones are. It does not decide which step comes next: whoever calls it names one.
package krm

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/gitramp/gitramp/render/internal/node"
)

// MaxBytes bounds an input, as that of a base: kustomize and kpt send whole packages.
const MaxBytes = 16 << 20

// Item is one object.
type Item struct {
	node *yaml.Node
	text []byte // as it stands in the input; nil of one that gitramp writes
}

// Node is the object.
func (i Item) Node() *yaml.Node { return i.node }

// List is a ResourceList, with its text: what nobody changes goes out as it came in.
type List struct {
	Config *yaml.Node // functionConfig, nil where there is none
	Items  []Item

	entries []entry
	indent  int    // of the items' dashes
	lead    []byte // what stands above the first of them
}

// entry is one field of the list as it stands in the text, what is above it included. The first one may have no key.
type entry struct {
	key  string
	text []byte
}

var versions = []string{"config.kubernetes.io/v1", "config.kubernetes.io/v1beta1"}

// ReadList reads a ResourceList, in YAML or JSON.
func ReadList(data []byte) (*List, error) {
	if !bytes.HasSuffix(data, []byte("\n")) {
		data = append(slices.Clone(data), '\n')
	}
	if rest, marked := bytes.CutSuffix(data, []byte("\n...\n")); marked { // the end of the document
		data = append(slices.Clone(rest), '\n')
	}
	root, err := readRoot(data)
	if err != nil {
		return nil, err
	}
	if l := split(data, root); l != nil {
		return l, nil
	}
	return rewritten(root)
}

func readRoot(data []byte) (*yaml.Node, error) {
	docs, err := documents(data)
	if err != nil {
		return nil, err
	}
	if len(docs) != 1 || docs[0].Kind != yaml.MappingNode {
		return nil, errors.New("is no ResourceList: allowed one YAML document with apiVersion, kind and items")
	}
	root := docs[0]
	if kind := node.Text(root, "kind"); kind != "ResourceList" {
		return nil, fmt.Errorf("kind: value %q is invalid: allowed ResourceList", kind)
	}
	if version := node.Text(root, "apiVersion"); !slices.Contains(versions, version) {
		return nil, fmt.Errorf("apiVersion: value %q is invalid: allowed %s", version, strings.Join(versions, ", "))
	}
	if err := is(yaml.MappingNode, present(root, "functionConfig"), "functionConfig", "is no object: allowed a Canary, or a ConfigMap that names one"); err != nil {
		return nil, err
	}
	items := present(root, "items")
	if err := is(yaml.SequenceNode, items, "items", "is no list: allowed a list of objects"); err != nil || items == nil {
		return root, err
	}
	for i, item := range items.Content {
		if err := is(yaml.MappingNode, item, fmt.Sprintf("items[%d]", i), "is no object: allowed a mapping with apiVersion, kind and metadata"); err != nil {
			return nil, err
		}
	}
	return root, nil
}

// is refuses a field that is there and of another kind. An alias is one too: it could not go out as it came in where what it names is replaced.
func is(kind yaml.Kind, n *yaml.Node, field, problem string) error {
	switch {
	case n == nil || n.Kind == kind:
		return nil
	case n.Kind == yaml.AliasNode:
		return fmt.Errorf("%s: is an alias (*%s): allowed what it names, written out", field, n.Value)
	}
	return fmt.Errorf("%s: %s", field, problem)
}

// present is a field, nil where it is null.
func present(n *yaml.Node, key string) *yaml.Node {
	if at := node.Get(n, key); at != nil && at.Tag != node.TagNull {
		return at
	}
	return nil
}

// documents parses YAML documents, and leaves empty ones out.
func documents(data []byte) (docs []*yaml.Node, err error) {
	defer func() { // the parser has panicked before, and what is read here is anybody's
		if r := recover(); r != nil {
			docs, err = nil, fmt.Errorf("is not YAML: %v", r)
		}
	}()
	switch {
	case len(data) > MaxBytes:
		return nil, fmt.Errorf("is larger than %d bytes: allowed a smaller list", MaxBytes)
	case !utf8.Valid(data):
		return nil, errors.New("is not UTF-8: allowed UTF-8 text")
	}
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	for {
		var doc yaml.Node
		err := decoder.Decode(&doc)
		if errors.Is(err, io.EOF) {
			return docs, nil
		}
		if err != nil {
			return nil, fmt.Errorf("is not YAML: %s", strings.TrimPrefix(err.Error(), "yaml: "))
		}
		if len(doc.Content) == 1 && doc.Content[0].Tag != node.TagNull {
			docs = append(docs, doc.Content[0])
		}
	}
}

// rewritten is a list whose text cannot be taken apart by lines, as JSON: it is written anew first, as gitramp writes YAML.
func rewritten(root *yaml.Node) (*List, error) {
	root.Style &^= yaml.FlowStyle
	root.HeadComment, root.FootComment = "", ""
	if items := node.Get(root, "items"); items != nil {
		items.Style &^= yaml.FlowStyle | yaml.TaggedStyle
		items.Anchor = ""
		for _, item := range items.Content {
			item.Style &^= yaml.FlowStyle
		}
	}
	data, err := node.Encode(root)
	if err != nil {
		return nil, err
	}
	again, err := readRoot(data)
	if err != nil {
		return nil, err
	}
	if l := split(data, again); l != nil {
		return l, nil
	}
	return nil, errors.New("cannot be written back: allowed a list in plain YAML, a field or an item on lines of its own")
}

// split takes the text of a list apart by its lines; nil where it is not written in blocks.
func split(data []byte, root *yaml.Node) *List {
	lines := bytes.SplitAfter(data, []byte("\n"))
	if root.Style&yaml.FlowStyle != 0 || root.Column != 1 || root.Anchor != "" || otherBreaks(data) {
		return nil
	}
	l := &List{Config: present(root, "functionConfig")}
	starts, keys := []int{0}, []string{""}
	for i := 0; i+1 < len(root.Content); i += 2 {
		key := root.Content[i]
		starts, keys = append(starts, above(lines, key.Line-1, 0)), append(keys, key.Value)
	}
	for i, key := range keys {
		text := lines[starts[i]:next(starts, i, len(lines))]
		l.entries = append(l.entries, entry{key, bytes.Join(text, nil)})
		if key == "items" && !l.take(lines, root.Content[2*i-2].Line, root.Content[2*i-1], next(starts, i, len(lines))) {
			return nil
		}
	}
	return l
}

// otherBreaks says whether there are line breaks that a parser counts and that do not end in a line feed, or ends of documents.
func otherBreaks(data []byte) bool {
	plain := bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n"))
	return bytes.ContainsAny(plain, "\r\u0085\u2028\u2029") || bytes.Contains(plain, []byte("\n...")) || bytes.HasPrefix(plain, []byte("\ufeff"))
}

func next(starts []int, i, end int) int {
	if i+1 < len(starts) {
		return starts[i+1]
	}
	return end
}

// above is the first of the comment lines that stand above a line, at the same indent.
func above(lines [][]byte, at, indent int) int {
	for at > 0 && bytes.HasPrefix(lines[at-1], append(bytes.Repeat([]byte(" "), indent), '#')) {
		at--
	}
	return at
}

// take takes the items' own lines, which begin behind that of the key.
func (l *List) take(lines [][]byte, begin int, items *yaml.Node, end int) bool {
	if items.Kind != yaml.SequenceNode || len(items.Content) == 0 {
		return true
	}
	l.indent = items.Column - 1
	dash := append(bytes.Repeat([]byte(" "), l.indent), '-')
	if items.Style != 0 || items.Anchor != "" || items.Line <= begin {
		return false
	}
	var starts []int
	for _, item := range items.Content {
		at := item.Line - 1
		for at > 0 && !bytes.HasPrefix(lines[at], dash) {
			at--
		}
		starts = append(starts, above(lines, at, l.indent))
	}
	l.lead = bytes.Join(lines[begin:max(begin, starts[0])], nil)
	for i, item := range items.Content {
		if to := next(starts, i, end); starts[i] < to {
			l.Items = append(l.Items, Item{item, bytes.Join(lines[starts[i]:to], nil)})
		}
	}
	return len(l.Items) == len(items.Content)
}

// Write is the list with other items and with results.
func (l *List) Write(items []Item, results Results) ([]byte, error) {
	var b bytes.Buffer
	listed := false
	for _, e := range l.entries {
		switch e.key {
		case "results":
			b.Write(comments(e.text))
		case "items":
			listed = true
			b.Write(comments(e.text))
			if err := l.writeItems(&b, items); err != nil {
				return nil, err
			}
		default:
			b.Write(e.text)
		}
	}
	if !listed {
		if err := l.writeItems(&b, items); err != nil {
			return nil, err
		}
	}
	if found := results.node(); len(found.Content) > 0 {
		data, err := node.Encode(node.Map(node.String("results"), found))
		if err != nil {
			return nil, err
		}
		b.Write(data)
	}
	return b.Bytes(), l.verify(b.Bytes(), items)
}

// comments are the lines above a field, which stay where they are whoever writes the field.
func comments(text []byte) []byte {
	n := 0
	for line := range bytes.Lines(text) {
		if !bytes.HasPrefix(line, []byte("#")) {
			break
		}
		n += len(line)
	}
	return text[:n]
}

func (l *List) writeItems(b *bytes.Buffer, items []Item) error {
	if len(items) == 0 {
		b.WriteString("items: []\n")
		return nil
	}
	b.WriteString("items:\n")
	b.Write(l.lead)
	for _, item := range items {
		text := item.text
		if text == nil {
			data, err := node.Encode(item.node)
			if err != nil {
				return err
			}
			text = indented(data, l.indent)
		}
		b.Write(text)
	}
	return nil
}

// indented makes an item of a list of an object's text.
func indented(data []byte, indent int) []byte {
	var b bytes.Buffer
	margin, dash := strings.Repeat(" ", indent), false
	for line := range bytes.Lines(data) {
		switch {
		case len(line) == 1:
		case !dash && line[0] == '#':
			b.WriteString(margin)
		case !dash:
			dash = true
			b.WriteString(margin + "- ")
		default:
			b.WriteString(margin + "  ")
		}
		b.Write(line)
	}
	return b.Bytes()
}

// verify reads what was written: whatever the text was like, no item may come to be another one.
func (l *List) verify(data []byte, items []Item) error {
	again, err := readRoot(data)
	if err != nil {
		return fmt.Errorf("cannot be written back: %w", err)
	}
	got := node.Get(again, "items").Content
	for i := range items {
		if len(got) != len(items) || !equal(got[i], items[i].node) {
			return errors.New("cannot be written back: allowed a list in plain YAML, a field or an item on lines of its own")
		}
	}
	return nil
}

// equal says whether two nodes have the same values, in the same order, however they are written.
func equal(a, b *yaml.Node) bool {
	if a.Kind != b.Kind || a.Value != b.Value || a.ShortTag() != b.ShortTag() || len(a.Content) != len(b.Content) {
		return false
	}
	for i := range a.Content {
		if !equal(a.Content[i], b.Content[i]) {
			return false
		}
	}
	return true
}
