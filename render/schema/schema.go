// Package schema is the JSON Schema of a spec, for editors, and what `gitramp explain` says of each field.
//
// The schema is generated from the types of package render and their comments (render/schema_test.go) and embedded; this package reads it, and nothing else. It
// never refuses what gitramp accepts: rules that draft-07 cannot say are left to gitramp validate.
package schema

import (
	"bytes"
	_ "embed" // the schema
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// JSON is the schema, draft-07: what yaml-language-server reads.
//
//go:embed canary.schema.json
var JSON []byte

// ID names the schema.
const ID = "https://gitramp.dev/v1alpha1/canary.schema.json"

// Schema is the part of draft-07 that a spec needs, its keys in the order in which they are written.
type Schema struct {
	Schema        string     `json:"$schema,omitempty"`
	ID            string     `json:"$id,omitempty"`
	Title         string     `json:"title,omitempty"`
	Description   string     `json:"description,omitempty"`
	Ref           string     `json:"$ref,omitempty"` // to another place in the schema
	Type          Types      `json:"type,omitempty"`
	Default       any        `json:"default,omitempty"`
	InWords       string     `json:"x-default,omitempty"` // a default that is not a value; the description ends with it
	Examples      []any      `json:"examples,omitempty"`
	Allowed       string     `json:"x-allowed,omitempty"` // what the decoder's errors say
	Enum          []string   `json:"enum,omitempty"`
	Minimum       *int       `json:"minimum,omitempty"`
	Maximum       *int       `json:"maximum,omitempty"`
	MinItems      int        `json:"minItems,omitempty"`
	MaxItems      int        `json:"maxItems,omitempty"`
	MinProperties int        `json:"minProperties,omitempty"`
	MaxLength     int        `json:"maxLength,omitempty"`
	Pattern       string     `json:"pattern,omitempty"`
	Required      []string   `json:"required,omitempty"`
	Properties    Properties `json:"properties,omitempty"`
	Additional    any        `json:"additionalProperties,omitempty"` // false, or the schema of a map's values
	Items         *Schema    `json:"items,omitempty"`
	Not           *Schema    `json:"not,omitempty"`
	AnyOf         []*Schema  `json:"anyOf,omitempty"`
	If            *Schema    `json:"if,omitempty"`
	Then          *Schema    `json:"then,omitempty"`
}

// Types is one type, or several.
type Types []string

// MarshalJSON writes one type as a word.
func (t Types) MarshalJSON() ([]byte, error) {
	if len(t) == 1 {
		return json.Marshal(t[0])
	}
	return json.Marshal([]string(t))
}

// UnmarshalJSON reads either form.
func (t *Types) UnmarshalJSON(data []byte) error {
	if data[0] != '"' {
		return json.Unmarshal(data, (*[]string)(t))
	}
	*t = make(Types, 1)
	return json.Unmarshal(data, &(*t)[0])
}

// Property is a field of an object.
type Property struct {
	Name   string
	Schema *Schema
}

// Properties are the fields of an object in the order of the Go type.
type Properties []Property

// MarshalJSON keeps the order.
func (p Properties) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	for i, f := range p {
		b.WriteByte("{,"[min(i, 1)])
		name, err := json.Marshal(f.Name)
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(f.Schema)
		if err != nil {
			return nil, err
		}
		b.Write(append(append(name, ':'), value...))
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// UnmarshalJSON keeps the order.
func (p *Properties) UnmarshalJSON(data []byte) error {
	d := json.NewDecoder(bytes.NewReader(data))
	if _, err := d.Token(); err != nil {
		return err
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return err
		}
		f := Property{Name: fmt.Sprint(name)}
		if err := d.Decode(&f.Schema); err != nil {
			return err
		}
		*p = append(*p, f)
	}
	return nil
}

// Field is a field of a spec with its place.
type Field struct {
	Path     string // spec.steps[].pause
	Required bool
	*Schema
}

// RouteRef is where the schema has a route, for the list form to point to.
const RouteRef = "#/properties/spec/properties/route"

// Root is the whole spec.
func Root() (Field, error) {
	f := Field{Schema: &Schema{}}
	if err := json.Unmarshal(JSON, f.Schema); err != nil {
		return f, err
	}
	one, err := f.Find("spec.route")
	if err != nil {
		return f, err
	}
	list, err := f.Find("spec.routes")
	if err == nil && list.Items.Ref == RouteRef {
		list.Items = one.Schema
	}
	return f, err
}

// Unknown is a path that leads to no field.
type Unknown struct {
	Path, Name string
	Names      []string // that there are
}

func (e *Unknown) Error() string {
	return fmt.Sprintf("field %q is unknown in %s: allowed %s", e.Name, e.Path, strings.Join(e.Names, ", "))
}

// Find follows a path such as spec.steps[].pause; indices may have a number or be left out, and spec. at the beginning as well.
func (f Field) Find(path string) (Field, error) {
	names := strings.FieldsFunc(path, func(r rune) bool { return r == '.' || r == '[' || r == ']' })
	if len(names) > 0 && f.child(names[0]) == nil {
		if spec := f.child("spec"); spec != nil && spec.child(names[0]) != nil {
			f = *spec
		}
	}
	for _, name := range names {
		if name != "" && strings.Trim(name, "0123456789") == "" {
			continue
		}
		next := f.child(name)
		if next == nil {
			where := f.Path
			if where == "" {
				where = "a spec"
			}
			return Field{}, &Unknown{where, name, f.names()}
		}
		f = *next
	}
	return f, nil
}

// Children are the fields of an object, or of what a list holds.
func (f Field) Children() []Field {
	s, path := f.Schema, f.Path
	for s.Items != nil {
		s, path = s.Items, path+"[]"
	}
	if path != "" {
		path += "."
	}
	var list []Field
	for _, p := range s.Properties {
		list = append(list, Field{path + p.Name, slices.Contains(s.Required, p.Name), p.Schema})
	}
	return list
}

func (f Field) child(name string) *Field {
	for _, c := range f.Children() {
		if c.Name() == name {
			return &c
		}
	}
	return nil
}

func (f Field) names() []string {
	var list []string
	for _, c := range f.Children() {
		list = append(list, c.Name())
	}
	return list
}

// Name is the last part of the path.
func (f Field) Name() string { return f.Path[strings.LastIndex(f.Path, ".")+1:] }

// Text is the description without a default that is told in words.
func (f Field) Text() string {
	return strings.TrimSuffix(f.Description, " Default: "+f.InWords+".")
}

// Kind says in words what the field holds: "list of objects", "map of strings", "integer or string".
func (f Field) Kind() string { return kind(f.Schema) }

func kind(s *Schema) string {
	switch {
	case s.Items != nil:
		return "list of " + strings.ReplaceAll(kind(s.Items), "string", "strings") + map[bool]string{true: "s"}[kind(s.Items) == "object"]
	case s.Type != nil && s.Type[0] == "object" && s.Properties == nil:
		return "map of strings"
	}
	return strings.Join(s.Type, " or ")
}
