package node

import (
	"bytes"
	"fmt"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"
)

// Encode writes n in the one layout that gitramp uses: two spaces, sequences not indented, one final newline.
func Encode(n *yaml.Node) ([]byte, error) {
	var b bytes.Buffer
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	e.CompactSeqIndent()
	if err := e.Encode(n); err != nil {
		return nil, err
	}
	err := e.Close()
	return b.Bytes(), err
}

// Encoders encode many objects of few shapes, as a fleet's are: every app's Deployment at every step. What they answer is always what Encode says, but an
// encoding costs a hundred times a patch, so an object that is like an earlier one but for some words and numbers is patched into that one's bytes.
type Encoders struct {
	mu     sync.Mutex
	shapes map[string][]*encoder
}

// maxShapes of one kind are remembered: with and without an environment, with a header, a cookie, withdrawn.
const maxShapes = 8

// Encode is as the function Encode. kind groups objects that may be alike.
func (e *Encoders) Encode(kind string, n *yaml.Node) ([]byte, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, shape := range e.shapes[kind] {
		if data, ok, err := shape.encode(n); ok || err != nil {
			return data, err
		}
	}
	data, err := Encode(n)
	if err == nil && len(e.shapes[kind]) < maxShapes {
		if e.shapes == nil {
			e.shapes = map[string][]*encoder{}
		}
		e.shapes[kind] = append(e.shapes[kind], &encoder{first: Copy(n), slots: map[*yaml.Node]bool{}, parts: [][]byte{data}})
	}
	return data, err
}

// encoder knows one object's bytes and the places in it, the slots, in which others differ.
type encoder struct {
	first *yaml.Node
	slots map[*yaml.Node]bool
	parts [][]byte // the text around the slots
	alone bool     // the object has a mark for a word, so that nothing can be patched into it
}

// encode patches n into the text of the first object; ok is false where they differ in more than words and numbers.
func (e *encoder) encode(n *yaml.Node) (data []byte, ok bool, err error) {
	values, found, ok := e.compare(e.first, n, nil, nil)
	if !ok || e.alone {
		return nil, false, nil
	}
	if len(found) > 0 {
		for _, slot := range found {
			e.slots[slot] = true
		}
		if err := e.split(); err != nil || e.alone {
			return nil, false, err
		}
		values, _, _ = e.compare(e.first, n, nil, nil)
	}
	return e.join(values), true, nil
}

// compare walks both objects in the order of their text. It collects n's values for the slots, and the nodes of the first object that have to become slots
// as well; ok is false where the objects differ in anything else.
func (e *encoder) compare(first, n *yaml.Node, values []string, found []*yaml.Node) (_ []string, _ []*yaml.Node, ok bool) {
	if first.Kind != n.Kind || first.Tag != n.Tag || first.Style != n.Style || len(first.Content) != len(n.Content) || first.HeadComment != n.HeadComment ||
		first.LineComment != n.LineComment || first.FootComment != n.FootComment {
		return nil, nil, false
	}
	switch {
	case e.slots[first]:
		if !verbatim(n) {
			return nil, nil, false
		}
		values = append(values, n.Value)
	case first.Value == n.Value:
	case verbatim(first) && verbatim(n):
		found = append(found, first)
	default:
		return nil, nil, false
	}
	for i := range first.Content {
		if values, found, ok = e.compare(first.Content[i], n.Content[i], values, found); !ok {
			return nil, nil, false
		}
	}
	return values, found, true
}

// split encodes the first object with a mark in every slot and cuts the text at the marks.
func (e *encoder) split() error {
	var slots []*yaml.Node
	walk(e.first, func(n *yaml.Node) {
		if e.slots[n] {
			slots = append(slots, n)
		}
		e.alone = e.alone || strings.Contains(n.Value, markWord) || strings.Contains(n.Value, markNumber)
	})
	if e.alone {
		return nil
	}
	kept := make([]string, len(slots))
	for i, n := range slots {
		kept[i], n.Value = n.Value, mark(n, i)
	}
	text, err := Encode(e.first)
	for i, n := range slots {
		n.Value = kept[i]
	}
	if err != nil {
		return err
	}
	e.parts = nil
	for i, n := range slots {
		before, after, found := bytes.Cut(text, []byte(mark(n, i)))
		if !found {
			return fmt.Errorf("slot %d is not in its place in the text", i)
		}
		e.parts, text = append(e.parts, before), after
	}
	e.parts = append(e.parts, text)
	return nil
}

const (
	markNumber = "90817263"
	markWord   = "gitramp-slot-"
)

// mark stands for the value of a slot; it is written as the value is.
func mark(n *yaml.Node, i int) string {
	if n.Tag == TagInt || n.Style == yaml.DoubleQuotedStyle {
		return fmt.Sprintf("%s%03d", markNumber, i)
	}
	return fmt.Sprintf("%s%03d", markWord, i)
}

func (e *encoder) join(values []string) []byte {
	size := 0
	for i, part := range e.parts {
		if size += len(part); i < len(values) {
			size += len(values[i])
		}
	}
	b := make([]byte, 0, size)
	for i, part := range e.parts {
		if b = append(b, part...); i < len(values) {
			b = append(b, values[i]...)
		}
	}
	return b
}

func walk(n *yaml.Node, visit func(*yaml.Node)) {
	visit(n)
	for _, c := range n.Content {
		walk(c, visit)
	}
}

// verbatim says whether a scalar is written as its value is, so that another such one can take its place in the text: an integer without a leading zero, a
// word that needs no quotes, or anything of the same letters within quotes.
func verbatim(n *yaml.Node) bool {
	switch {
	case n.Kind != yaml.ScalarNode:
		return false
	case n.Tag == TagInt && n.Style == 0:
		return digits(n.Value)
	case n.Tag == TagString && n.Style == 0:
		return Plain(n.Value)
	case n.Tag == TagString && n.Style == yaml.DoubleQuotedStyle:
		return digits(n.Value) || Plain(n.Value)
	}
	return false
}

func digits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == "" && (len(s) == 1 || s[0] != '0') && len(s) < 16
}
