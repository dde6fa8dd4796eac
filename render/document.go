package render

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/gitramp/gitramp/render/internal/node"
)

const (
	maxFileSize = 256 << 10
	maxNesting  = 32
	maxOddities = 3 // of a file: whoever writes such YAML needs no list of all
)

// source finds the place of a field in the file it was read from.
type source struct {
	file string
	data []byte
	done func()     // gives root back
	root *yaml.Node // of data; nil once the spec is read, and parsed again where an error needs a place
}

// documents is what specs and locks were read.
var documents node.Decoders

// document parses exactly one YAML (or JSON) document without anchors, aliases, merge keys and tags of its own.
func document(file string, data []byte) (s source, errs SpecError) {
	s = source{file: file, data: data}
	if len(data) > maxFileSize {
		return s, SpecError{{File: file, Problem: fmt.Sprintf("file of %d bytes is too large", len(data)), Allowed: "at most 256 KiB"}}
	}
	s.root, s.done, _ = documents.Borrow(data, func() (*yaml.Node, error) {
		var n *yaml.Node
		if n, errs = parse(file, data); errs != nil {
			return n, errs
		}
		return n, nil
	})
	return s, errs
}

func parse(file string, data []byte) (*yaml.Node, SpecError) {
	fail := func(line, col int, problem, allowed string) (*yaml.Node, SpecError) {
		return nil, SpecError{{File: file, Line: line, Column: col, Problem: problem, Allowed: allowed}}
	}
	if !utf8.Valid(data) {
		valid := len(data) - len(bytes.TrimLeftFunc(data, func(r rune) bool { return r != utf8.RuneError }))
		return fail(1+bytes.Count(data[:valid], []byte("\n")), 1, "is not UTF-8", "UTF-8 text")
	}
	if trimmed := bytes.TrimLeft(data, " \t\r\n"); len(trimmed) > 0 && trimmed[0] == '{' {
		data = bytes.ReplaceAll(data, []byte("\t"), []byte(" ")) // JSON may be indented by tabs; inside its strings they cannot stand
	}
	var doc, second yaml.Node
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	if err := decodeNode(decoder, &doc); errors.Is(err, io.EOF) {
		return fail(1, 1, "file is empty", "one document of kind Canary")
	} else if err != nil {
		return nil, SpecError{yamlProblem(file, data, err)}
	}
	if err := decodeNode(decoder, &second); err == nil {
		return fail(second.Line, second.Column, "a second document begins here", "exactly one document in a file")
	} else if !errors.Is(err, io.EOF) {
		return nil, SpecError{yamlProblem(file, data, err)}
	}
	return doc.Content[0], oddities(file, doc.Content[0], 1)
}

// decodeNode keeps a parser's panic from being ours.
func decodeNode(d *yaml.Decoder, n *yaml.Node) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("yaml: %v", r)
		}
	}()
	return d.Decode(n)
}

var (
	yamlLine     = lazy(`^yaml: (?:line ([0-9]+): )?(?s:(.*))$`)
	unknownAlias = lazy(`^unknown anchor '(.*)' referenced$`)
)

// yamlProblem is a parser's error with a place, which the parser leaves out where it is not about one line.
func yamlProblem(file string, data []byte, err error) FieldError {
	e := FieldError{File: file, Line: 1, Column: 1, Problem: "is not YAML: " + err.Error()}
	m := yamlLine().FindStringSubmatch(err.Error())
	if m == nil {
		return e
	}
	e.Problem = "is not YAML: " + m[2]
	if line, err := strconv.Atoi(m[1]); err == nil {
		e.Line = line
	}
	switch {
	case strings.HasSuffix(m[2], "cannot start any token") && bytes.ContainsRune(data, '\t'):
		e.Problem += " (a tab? YAML is indented by spaces)"
	case strings.HasPrefix(m[2], "mapping values are not allowed"):
		e.Problem += " (a value with a colon and a space in it needs quotes)"
	}
	at := -1
	if alias := unknownAlias().FindStringSubmatch(m[2]); alias != nil {
		e.Problem, e.Allowed = "alias *"+alias[1]+" is not supported", "the value itself"
		at = bytes.Index(data, []byte("*"+alias[1]))
	} else if strings.HasPrefix(m[2], "control characters") {
		at = bytes.IndexFunc(data, func(r rune) bool { return unicode.IsControl(r) && !strings.ContainsRune("\t\n\r\u0085", r) })
	}
	if at >= 0 {
		before := data[:at]
		e.Line = 1 + bytes.Count(before, []byte("\n"))
		e.Column = at - bytes.LastIndexByte(before, '\n')
	}
	return e
}

// oddities lists what YAML has beyond plain values, none of which a spec needs.
func oddities(file string, n *yaml.Node, depth int) SpecError {
	odd := func(problem, allowed string) SpecError {
		return SpecError{{File: file, Line: n.Line, Column: n.Column, Problem: problem, Allowed: allowed}}
	}
	switch {
	case depth > maxNesting:
		return odd("is nested too deeply", fmt.Sprintf("at most %d levels", maxNesting))
	case n.Kind == yaml.AliasNode:
		return odd("alias *"+n.Value+" is not supported", "the value itself")
	case n.Tag == "!!merge":
		return odd("merge key << is not supported", "the fields themselves")
	}
	var errs SpecError
	if n.Anchor != "" {
		errs = append(errs, odd("anchor &"+n.Anchor+" is not supported", "the value itself, wherever it is needed")...)
	}
	if n.Style&yaml.TaggedStyle != 0 {
		errs = append(errs, odd("tag "+excerpt(n.Tag)+" is not supported", "values without a tag")...)
	}
	for _, c := range n.Content {
		errs = append(errs, oddities(file, c, depth+1)...)
		if len(errs) >= maxOddities {
			return errs[:maxOddities]
		}
	}
	return errs
}
