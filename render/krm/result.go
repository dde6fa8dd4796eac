package krm

import (
	"errors"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/gitramp/gitramp/render"
	"github.com/gitramp/gitramp/render/internal/node"
)

// The severities of results.
const (
	Error   = "error"
	Warning = "warning"
	Info    = "info"
)

// Result is something that was found, as the protocol has it.
type Result struct {
	Severity, Message string
	Field             string // of the object
	Current, Proposed string // values of the field, "" for none
	File              string // of the object, "" where nobody says

	// passing says that the next call, with what this one wrote, would not find it: it is told on stderr and is not in the list, which is answered alike again.
	passing      bool
	of           *yaml.Node // the object
	line, column int        // of the field in the file, 0 where they are not known
}

// String is a result in one line: kustomize shows what a function says on stderr, and not its results.
func (r Result) String() string {
	parts := []string{"[" + r.Severity + "]"}
	at := r.File
	if at == "" && r.of != nil {
		at = node.Title(r.of)
	}
	if r.line > 0 {
		at = fmt.Sprintf("%s:%d:%d", r.File, r.line, r.column)
	}
	for _, part := range []string{at, r.Field} {
		if part != "" {
			parts = append(parts, part+":")
		}
	}
	return strings.Join(append(parts, r.Message), " ")
}

// Results are all that was found.
type Results []Result

// Failed says whether one of them is an error.
func (rs Results) Failed() bool {
	for _, r := range rs {
		if r.Severity == Error {
			return true
		}
	}
	return false
}

func (rs Results) node() *yaml.Node {
	list := node.Seq()
	for _, r := range rs {
		if r.passing {
			continue
		}
		n := node.Map(node.String("message"), node.Quoted(r.Message), node.String("severity"), node.String(r.Severity))
		if r.of != nil {
			for _, f := range [][]string{{"apiVersion"}, {"kind"}, {"metadata", "name"}, {"metadata", "namespace"}} {
				if text := node.Text(r.of, f...); text != "" {
					node.Set(n, node.String(text), "resourceRef", f[len(f)-1])
				}
			}
		}
		for _, f := range []struct {
			value string
			path  []string
		}{{r.Field, []string{"field", "path"}}, {r.Current, []string{"field", "currentValue"}}, {r.Proposed, []string{"field", "proposedValue"}}, {r.File, []string{"file", "path"}}} {
			if f.value != "" && (r.Field != "" || f.path[0] == "file") {
				node.Set(n, node.Quoted(f.value), f.path...)
			}
		}
		list.Content = append(list.Content, n)
	}
	return list
}

// failure makes results of an error: one for each field of the spec. Lines are told where the text of the spec is what the user wrote.
func (r *run) failure(err error) Results {
	var fields render.SpecError
	if !errors.As(err, &fields) {
		return Results{{Severity: Error, Message: err.Error(), File: r.file, of: r.config}}
	}
	var list Results
	for _, f := range fields {
		result := Result{Severity: Error, Message: f.Problem, Field: f.Field, Current: f.Value, File: r.file, of: r.config}
		if f.Allowed != "" {
			result.Message += ": allowed " + f.Allowed
		}
		if r.Text != nil {
			result.line, result.column = f.Line, f.Column
		}
		list = append(list, result)
	}
	return list
}
