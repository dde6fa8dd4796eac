package render

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/gitramp/gitramp/render/route"
	"github.com/gitramp/gitramp/render/schema"
)

// TestSchemaIsFresh generates the schema from the types, their tags and their comments, and the reference from the schema. -update rewrites both.
func TestSchemaIsFresh(t *testing.T) {
	g := generator{docs: comments(t), examples: examples(t)}
	root := g.schema(reflect.TypeFor[Canary](), "", "")
	root.Schema, root.ID, root.Title = "http://json-schema.org/draft-07/schema#", schema.ID, "gitramp Canary"
	spec := property(root, "spec")
	// Without a weightTotal of its own a route's weights add up to 100.
	without := &schema.Schema{Not: &schema.Schema{Required: []string{"weightTotal"}}}
	spec.If = &schema.Schema{Properties: schema.Properties{{Name: "route", Schema: without}, {Name: "routes", Schema: &schema.Schema{Items: without}}}}
	most := 100
	weight := &schema.Schema{Properties: schema.Properties{{Name: "setWeight", Schema: &schema.Schema{Maximum: &most}}}}
	spec.Then = &schema.Schema{Properties: schema.Properties{{Name: "steps", Schema: &schema.Schema{Items: weight}}}}
	spec.AnyOf = []*schema.Schema{{Required: []string{"port"}}, {Required: []string{"base"}}}

	list := property(spec, "routes")
	whole := list.Items
	list.Items = &schema.Schema{Ref: schema.RouteRef}

	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	if err := e.Encode(root); err != nil {
		t.Fatal(err)
	}
	fresh(t, "schema/canary.schema.json", b.Bytes())
	list.Items = whole
	fresh(t, "../docs/reference.md", reference(schema.Field{Schema: root}))
	if t.Failed() {
		return
	}
	if read, err := schema.Root(); err != nil {
		t.Error(err)
	} else if diff := cmp.Diff(reference(schema.Field{Schema: root}), reference(read)); diff != "" && flag.Lookup("update").Value.String() != "true" {
		t.Errorf("the schema read back (-generated +read):\n%s", diff)
	}
}

func property(s *schema.Schema, name string) *schema.Schema {
	for _, p := range s.Properties {
		if p.Name == name {
			return p.Schema
		}
	}
	return nil
}

// fresh compares a generated file with the committed one.
func fresh(t *testing.T, path string, want []byte) {
	t.Helper()
	if flag.Lookup("update").Value.String() == "true" {
		if err := os.WriteFile(path, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s is stale: make golden (%v)\n%s", path, err, cmp.Diff(string(got), string(want)))
	}
}

type generator struct {
	docs     map[string]string // Type.Field or Type to its comment
	examples []any
}

// schema is the schema of a type as it stands at path, with the rules of a field's tag.
func (g generator) schema(typ reflect.Type, tag reflect.StructTag, path string) *schema.Schema {
	for typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	s := &schema.Schema{Allowed: allowedBy(typ, tag)}
	f, formatted := formats[tag.Get("format")]
	switch {
	case typ == reflect.TypeFor[Duration]():
		s.Type, s.Pattern = schema.Types{"integer", "string"}, `^(?:[0-9]{1,9}|(?:[0-9]{1,9}h)?(?:[0-9]{1,9}m)?(?:[0-9]{1,9}s)?)$`
		s.Minimum = new(int)
	case typ == reflect.TypeFor[IntOrName]():
		low, high := 1, 65535
		s.Type, s.Minimum, s.Maximum, s.Pattern, s.MaxLength = schema.Types{"integer", "string"}, &low, &high, formats["portName"].pattern, formats["portName"].max
		s.Allowed = "1 to 65535, or the port's name"
	case typ == reflect.TypeFor[Quantity]():
		s.Type, s.Pattern, s.MaxLength = schema.Types{"string", "number"}, formats["quantity"].pattern, formats["quantity"].max
	case typ == reflect.TypeFor[Images]():
		s.Type, s.MinProperties, s.Allowed = schema.Types{"object"}, 1, "a mapping of container names to images"
		s.Additional = &schema.Schema{Type: schema.Types{"string"}, Pattern: formats["image"].pattern, MaxLength: formats["image"].max}
	case typ.Kind() == reflect.Map:
		s.Type, s.Additional, s.Allowed = schema.Types{"object"}, g.schema(typ.Elem(), tag, path), "a mapping of names to texts"
		if typ.Elem() == reflect.TypeFor[Quantity]() {
			s.Allowed = "a mapping of names to quantities"
		}
	case typ.Kind() == reflect.Slice:
		s.Type, s.MinItems, s.MaxItems = schema.Types{"array"}, tagInt(tag, "minItems", 0), tagInt(tag, "maxItems", 100)
		s.Items = g.schema(typ.Elem(), tag, path+"[]")
		s.Allowed = fmt.Sprintf("%d to %d entries", s.MinItems, s.MaxItems)
	case typ.Kind() == reflect.Struct:
		g.object(s, typ, path)
	case typ.Kind() == reflect.Int:
		low, high := tagInt(tag, "min", 0), tagInt(tag, "max", 999999999)
		s.Type, s.Minimum, s.Maximum = schema.Types{"integer"}, &low, &high
	case typ.Kind() == reflect.Bool:
		s.Type = schema.Types{"boolean"}
	default:
		s.Type = schema.Types{"string"}
		if formatted {
			s.Pattern, s.MaxLength = f.pattern, f.max
		}
		if enum := tag.Get("enum"); enum != "" {
			s.Enum = strings.Split(enum, ",")
		}
	}
	return s
}

func (g generator) object(s *schema.Schema, typ reflect.Type, path string) {
	s.Type, s.Additional, s.Allowed, s.Description = schema.Types{"object"}, false, "", g.docs[typ.Name()]
	for i := range typ.NumField() {
		f := typ.Field(i)
		name := jsonName(f)
		if name == "" {
			continue
		}
		at := strings.TrimPrefix(path+"."+name, ".")
		p := g.schema(f.Type, f.Tag, at)
		p.Description = g.docs[typ.Name()+"."+f.Name]
		if rest, ok := strings.CutPrefix(p.Description, f.Name+" "); ok { // Go's name of it is nobody's but ours
			p.Description = name + " " + rest
		}
		if p.Default = f.Tag.Get("default"); p.Default == "" {
			p.Default = nil
		} else if n, err := strconv.Atoi(f.Tag.Get("default")); err == nil {
			p.Default = n
		}
		if _, words, ok := strings.Cut(p.Description, " Default: "); ok {
			p.InWords = strings.TrimSuffix(words, ".")
		}
		p.Examples = g.example(at)
		if f.Tag.Get("required") == "true" {
			s.Required = append(s.Required, name)
		}
		s.Properties = append(s.Properties, schema.Property{Name: name, Schema: p})
	}
}

// examples are the specs of the fixtures, the long ones first.
func examples(t *testing.T) []any {
	t.Helper()
	files, err := filepath.Glob("../fixtures/*/canary.yaml")
	bases, basesErr := filepath.Glob("../fixtures/bases/*/canary.yaml")
	if err != nil || basesErr != nil || len(files) == 0 || len(bases) == 0 {
		t.Fatal(files, err)
	}
	files = append(files, bases...)
	slices.SortStableFunc(files, func(a, b string) int {
		return strings.Compare(strconv.FormatBool(!strings.Contains(a, "all-fields")), strconv.FormatBool(!strings.Contains(b, "all-fields")))
	})
	var list []any
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var spec any
		if err := yaml.Unmarshal(data, &spec); err != nil {
			t.Fatal(err)
		}
		list = append(list, spec)
	}
	return list
}

// example is the first value at path, and where an object can look otherwise another one.
func (g generator) example(path string) []any {
	values := find(g.examples, path)
	if values == nil { // the short form is as the long one
		values = find(g.examples, strings.Replace(path, "route.filters", "route.rules[].filters", 1))
	}
	if len(values) == 0 {
		return nil
	}
	if _, object := values[0].(map[string]any); object && strings.Contains(path, "[]") {
		for _, v := range values[1:] {
			if !cmp.Equal(v, values[0]) {
				return []any{values[0], v}
			}
		}
	}
	return values[:1]
}

// find are the values at a path, spec.steps[].pause, in some values.
func find(in []any, path string) []any {
	name, rest, deeper := strings.Cut(path, ".")
	field, list := strings.CutSuffix(name, "[]")
	var found []any
	for _, v := range in {
		object, _ := v.(map[string]any)
		next, ok := object[field]
		if !ok {
			continue
		}
		values := []any{next}
		if list && deeper {
			values, _ = next.([]any)
		}
		if deeper {
			values = find(values, rest)
		}
		found = append(found, values...)
	}
	return found
}

// comments are the doc comments of the spec's types and their fields, each in one line.
func comments(t *testing.T) map[string]string {
	t.Helper()
	docs := map[string]string{}
	for _, dir := range []string{".", "route"} {
		files, err := filepath.Glob(dir + "/*.go")
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range files {
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range file.Decls {
				if g, ok := d.(*ast.GenDecl); ok {
					typeComments(docs, g)
				}
			}
		}
	}
	return docs
}

func typeComments(docs map[string]string, g *ast.GenDecl) {
	line := func(c *ast.CommentGroup) string { return strings.Join(strings.Fields(c.Text()), " ") }
	for _, s := range g.Specs {
		typ, ok := s.(*ast.TypeSpec)
		if !ok {
			continue
		}
		docs[typ.Name.Name] = line(g.Doc)
		if st, ok := typ.Type.(*ast.StructType); ok {
			for _, f := range st.Fields.List {
				for _, name := range f.Names {
					docs[typ.Name.Name+"."+name.Name] = line(f.Doc)
				}
			}
		}
	}
}

// TestSchemaSaysEverything: every field has a description and an example, and every field of route that a router lacks is refused by it or said to be so.
func TestSchemaSaysEverything(t *testing.T) {
	root, err := schema.Root()
	if err != nil {
		t.Fatal(err)
	}
	var walk func(f schema.Field)
	walk = func(f schema.Field) {
		if first, _, _ := strings.Cut(f.Description, " "); f.Path != "" && strings.EqualFold(first, f.Name()) && first != f.Name() {
			t.Errorf("%s: is described by a name of Go's: %s", f.Path, f.Description)
		}
		for _, c := range f.Children() {
			if c.Description == "" {
				t.Errorf("%s has no description", c.Path)
			}
			if c.InWords != "" && (c.Default != nil || c.Text()+" Default: "+c.InWords+"." != c.Description) {
				t.Errorf("%s: the default %q is not the end of the description, or has a value: %s", c.Path, c.InWords, c.Description)
			}
			if c.InWords == "" && strings.Contains(c.Description, "Default:") {
				t.Errorf("%s tells of a default that is not found: %s", c.Path, c.Description)
			}
			if len(c.Examples) == 0 && !strings.HasPrefix(c.Path, "spec.routes") {
				t.Errorf("%s has no example in fixtures/", c.Path)
			}
			walk(c)
		}
	}
	walk(root)
	router, err := root.Find("route.router")
	if err != nil || !slices.Equal(router.Enum, route.Names()) {
		t.Errorf("routers: the spec allows %v, there are %v (%v)", router.Enum, route.Names(), err)
	}
}

// reference is docs/reference.md.
func reference(root schema.Field) []byte {
	var b bytes.Buffer
	b.WriteString("<!-- Generated by make golden from render/spec.go and render/route/: change the comments there. -->\n\n# Reference of the spec\n\n" +
		"Every field, generated from the types that read it. `gitramp explain FIELD` says the same on a terminal, [spec.md](spec.md) shows it by example.\n" +
		"Fields marked * must be given.\n")
	section(&b, root, "The file")
	return b.Bytes()
}

func section(b *bytes.Buffer, f schema.Field, title string) {
	fmt.Fprintf(b, "\n## %s\n\n| field | type | default | allowed | |\n| --- | --- | --- | --- | --- |\n", title)
	children := f.Children()
	for _, c := range children {
		name := "`" + c.Name() + "`"
		if c.Required {
			name += " *"
		}
		value := cell(c.InWords)
		if c.Default != nil {
			value = fmt.Sprintf("`%v`", c.Default)
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s | %s |\n", name, c.Kind(), value, cell(c.Allowed), cell(c.Text()))
	}
	for _, c := range children {
		if len(c.Children()) == 0 || c.Path == "spec.routes" {
			continue
		}
		title := c.Path
		if c.Items != nil {
			title += "[]"
		}
		section(b, c, title)
	}
}

func cell(text string) string {
	return strings.NewReplacer("|", "\\|", "<", "&lt;", "\n", " ").Replace(text)
}
