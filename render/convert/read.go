package convert

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"

	"github.com/gitramp/gitramp/render"
	"github.com/gitramp/gitramp/render/internal/node"
)

// File is one file of the input. Name is what errors and the report call it.
type File struct {
	Name string
	Data []byte
}

const (
	maxFile    = 16 << 20 // as much as a ResourceList may have
	maxNesting = 64
)

// object is one Kubernetes object of the input.
type object struct {
	file string
	node *yaml.Node
}

func (o *object) kind() string      { return node.Text(o.node, "kind") }
func (o *object) name() string      { return node.Text(o.node, "metadata", "name") }
func (o *object) namespace() string { return node.Text(o.node, "metadata", "namespace") }

// group is the API group, "" for the core's.
func (o *object) group() string {
	group, _, grouped := strings.Cut(node.Text(o.node, "apiVersion"), "/")
	if !grouped {
		return ""
	}
	return group
}

// is says whether the object is of a kind of a group.
func (o *object) is(group, kind string) bool { return o.kind() == kind && o.group() == group }

func (o *object) String() string { return o.kind() + "/" + o.name() }

// wrong is an error about a field of the object: at the field, or at the nearest one around it that is there.
func (o *object) wrong(field, value, problem, allowed string) error {
	n := o.node
	for _, part := range parts(field) {
		next := node.Get(n, part)
		if next == nil {
			break
		}
		n = next
	}
	if problem == "" {
		problem = "value " + strconv.Quote(short(value)) + " is invalid"
	}
	return render.SpecError{{File: o.file, Line: n.Line, Column: n.Column, Field: field, Value: value, Problem: problem, Allowed: allowed}}
}

// lazy compiles a pattern when it is first asked for: most starts of the program convert nothing.
func lazy(pattern string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(pattern) })
}

// parts are the keys of a field's path: spec.steps[2].setWeight.
func parts(field string) []string {
	return strings.FieldsFunc(field, func(r rune) bool { return r == '.' || r == '[' || r == ']' })
}

// read parses all documents of all files; the items of a List are objects like any other.
func read(files []File) ([]*object, error) {
	var all []*object
	var errs []error
	for _, f := range files {
		objs, err := readFile(f)
		errs = append(errs, err)
		all = append(all, objs...)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	seen := map[string]*object{}
	for _, o := range all {
		id := o.group() + "/" + o.String() + "." + o.namespace()
		if before := seen[id]; before != nil {
			errs = append(errs, o.wrong("metadata.name", o.name(), fmt.Sprintf("%s is in %s:%d already", o, before.file, before.node.Line), "each object once"))
		}
		seen[id] = o
	}
	return all, errors.Join(errs...)
}

func readFile(f File) ([]*object, error) {
	if len(f.Data) > maxFile {
		return nil, problem(f.Name, 0, fmt.Sprintf("is larger than %d bytes", maxFile), "the files of one app")
	}
	var objs []*object
	decoder := yaml.NewDecoder(bytes.NewReader(f.Data))
	for {
		var doc yaml.Node
		err := decode(decoder, &doc)
		if errors.Is(err, io.EOF) {
			return objs, nil
		}
		if err != nil {
			return nil, notYAML(f.Name, err)
		}
		n := doc.Content[0]
		if n.Tag == node.TagNull {
			continue
		}
		list, err := objectsOf(f.Name, n)
		if err != nil {
			return nil, err
		}
		objs = append(objs, list...)
	}
}

// decode keeps a parser's panic from being ours.
func decode(d *yaml.Decoder, n *yaml.Node) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("yaml: %v", r)
		}
	}()
	return d.Decode(n)
}

var yamlLine = lazy(`^yaml: (?:line ([0-9]+): )?(?s:(.*))$`)

func notYAML(file string, err error) error {
	m := yamlLine().FindStringSubmatch(err.Error())
	if m == nil {
		return problem(file, 1, "is not YAML: "+err.Error(), "")
	}
	line, _ := strconv.Atoi(m[1])
	return problem(file, max(line, 1), "is not YAML: "+m[2], "")
}

func problem(file string, line int, text, allowed string) error {
	return render.SpecError{{File: file, Line: line, Column: min(line, 1), Problem: text, Allowed: allowed}}
}

// What an object is called. Most names are stricter, those of roles are not: what matters is that none means anything to a shell or a terminal.
var (
	kindName   = lazy(`^[A-Z][A-Za-z0-9]{0,62}$`)
	objectName = lazy(`^[A-Za-z0-9][-A-Za-z0-9.:_]{0,252}$`)
)

// objectsOf is a document as objects.
func objectsOf(file string, n *yaml.Node) ([]*object, error) {
	if err := plain(file, n, 1); err != nil {
		return nil, err
	}
	o := &object{file, n}
	if o.kind() == "" || node.Text(n, "apiVersion") == "" {
		return nil, problem(file, n.Line, "is no Kubernetes object", "documents with apiVersion and kind")
	}
	if !kindName().MatchString(o.kind()) {
		return nil, o.wrong("kind", o.kind(), "", "a word such as Deployment")
	}
	if o.kind() != "List" {
		if o.name() == "" {
			return nil, o.wrong("metadata.name", "", "is missing", "a name")
		}
		for _, field := range []string{"name", "namespace"} {
			if text := node.Text(n, "metadata", field); text != "" && !objectName().MatchString(text) {
				return nil, o.wrong("metadata."+field, text, "", "letters, digits and - . : _, beginning with a letter or digit, at most 253 characters")
			}
		}
		return []*object{o}, nil
	}
	var objs []*object
	for _, item := range items(n, "items") {
		list, err := objectsOf(file, item)
		if err != nil {
			return nil, err
		}
		objs = append(objs, list...)
	}
	return objs, nil
}

// plain refuses what a manifest does not need and a converter would have to carry along: aliases, merge keys, keys that come twice or are no words.
func plain(file string, n *yaml.Node, depth int) error {
	switch {
	case depth > maxNesting:
		return problem(file, n.Line, "is nested too deeply", fmt.Sprintf("at most %d levels", maxNesting))
	case n.Kind == yaml.AliasNode:
		return problem(file, n.Line, "alias *"+n.Value+" is not supported", "the value itself")
	}
	n.Anchor = ""
	keys := map[string]bool{}
	for i, c := range n.Content {
		if n.Kind == yaml.MappingNode && i%2 == 0 {
			switch {
			case c.Kind != yaml.ScalarNode:
				return problem(file, c.Line, "a key is no word", "words as keys")
			case c.Tag == "!!merge":
				return problem(file, c.Line, "merge key << is not supported", "the fields themselves")
			case keys[c.Value]:
				return problem(file, c.Line, c.Value+" is given twice", "each field once")
			}
			keys[c.Value] = true
		}
		if err := plain(file, c, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// items are the items of the list at path.
func items(n *yaml.Node, path ...string) []*yaml.Node {
	if list := node.Get(n, path...); list != nil && list.Kind == yaml.SequenceNode {
		return list.Content
	}
	return nil
}

// keys are the keys of the mapping at path.
func keys(n *yaml.Node, path ...string) []string {
	m := node.Get(n, path...)
	if m == nil || m.Kind != yaml.MappingNode {
		return nil
	}
	var list []string
	for i := 0; i < len(m.Content); i += 2 {
		list = append(list, m.Content[i].Value)
	}
	return list
}

// stringsAt are the texts of a mapping, nil where there is none.
func stringsAt(n *yaml.Node, path ...string) map[string]string {
	var m map[string]string
	for _, key := range keys(n, path...) {
		if m == nil {
			m = map[string]string{}
		}
		m[key] = node.Text(n, append(slices.Clone(path), key)...)
	}
	return m
}

// short cuts a value for an error or the report.
func short(s string) string {
	if r := []rune(s); len(r) > 80 {
		return string(r[:80]) + "..."
	}
	return s
}
