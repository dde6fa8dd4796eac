package render

import (
	"reflect"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/gitramp/gitramp/render/internal/node"
)

// ParseSpec reads a spec strictly, fills in the defaults and checks it. The error is a SpecError with everything that is wrong; file is the name that it
// shows.
func ParseSpec(file string, data []byte) (*Canary, error) {
	src, errs := document(file, data)
	if errs != nil {
		return nil, errs
	}
	defer src.done()
	d := &decoder{source: src}
	c := &Canary{source: src}
	d.value(src.root, reflect.ValueOf(c).Elem(), "", "")
	c.capacity = c.Spec.Replicas
	applyDefaults(reflect.ValueOf(c).Elem())
	v := &validator{decoder: d, c: c, decoded: d.errs}
	v.canary()
	if err := d.sorted(); err != nil {
		return nil, err
	}
	c.source.root, c.source.done = nil, nil // a fleet's specs are held together, and their nodes are ten times their text
	return c, nil
}

// find returns the node of a field such as spec.steps[2].setWeight, or of the nearest one around it that is written in the file.
func (s source) find(field string) *yaml.Node {
	n := s.root
	if n == nil {
		parsed, _ := document(s.file, s.data)
		n = parsed.root
	}
	for _, part := range strings.FieldsFunc(field, func(r rune) bool { return r == '.' || r == '[' || r == ']' }) {
		next := node.Get(n, part)
		if next == nil {
			return n
		}
		n = next
	}
	return n
}

// Source is the text that the spec was read from.
func (c *Canary) Source() []byte { return c.source.data }

// Wrong is an error about a field of the spec that is right in itself, but not here.
func (c *Canary) Wrong(field, value, problem, allowed string) FieldError {
	n := c.source.find(field)
	return FieldError{File: c.source.file, Line: n.Line, Column: n.Column, Field: field, Value: value, Problem: problem, Allowed: allowed}
}
