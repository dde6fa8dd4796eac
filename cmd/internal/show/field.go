package show

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"go.yaml.in/yaml/v3"

	"github.com/gitramp/gitramp/render/schema"
)

// Field prints a field of the spec: what it means, what it holds, examples, and the fields in it; all of those where recursive is set.
func (p Printer) Field(f schema.Field, recursive bool) error {
	if f.Path != "" {
		w := tabwriter.NewWriter(p.Out, 0, 0, 2, ' ', 0)
		fmt.Fprintf(w, "FIELD:\t%s\nTYPE:\t%s\n", f.Path, f.Kind())
		if f.Required {
			fmt.Fprintln(w, "REQUIRED:\tyes")
		}
		if f.Default != nil {
			fmt.Fprintf(w, "DEFAULT:\t%v\n", f.Default)
		}
		if f.InWords != "" {
			fmt.Fprintf(w, "DEFAULT:\t%s\n", f.InWords)
		}
		if f.Allowed != "" {
			fmt.Fprintf(w, "ALLOWED:\t%s\n", f.Allowed)
		}
		if err := w.Flush(); err != nil {
			return err
		}
		fmt.Fprintln(p.Out)
	}
	fmt.Fprintln(p.Out, wrap(f.Text(), 80))
	for i, example := range f.Examples {
		text, err := inSpec(f.Path, example)
		if err != nil {
			return err
		}
		fmt.Fprintf(p.Out, "\n%s\n%s", p.Paint(Bold, []string{"EXAMPLE:", "OR:"}[min(i, 1)]), indent(text))
	}
	if children := f.Children(); len(children) > 0 {
		fmt.Fprintf(p.Out, "\n%s\n", p.Paint(Bold, "FIELDS:"))
		w := tabwriter.NewWriter(p.Out, 0, 0, 2, ' ', 0)
		listFields(w, children, 1, recursive)
		return w.Flush()
	}
	return nil
}

func listFields(w *tabwriter.Writer, fields []schema.Field, depth int, recursive bool) {
	for _, f := range fields {
		name := strings.Repeat("  ", depth) + f.Name()
		if f.Required {
			name += " *"
		}
		if recursive {
			fmt.Fprintf(w, "%s\t%s\n", name, f.Kind())
			listFields(w, f.Children(), depth+1, recursive)
			continue
		}
		first, _, _ := strings.Cut(f.Text(), ". ")
		fmt.Fprintf(w, "%s\t%s\t%s\n", name, f.Kind(), strings.TrimSuffix(first, "."))
	}
}

// Field is a field of the spec for programs.
type Field struct {
	Field       string  `json:"field"`
	Type        string  `json:"type"`
	Required    bool    `json:"required"`
	Default     any     `json:"default,omitempty"`
	InWords     string  `json:"defaultInWords,omitempty"` // a default that is not a value
	Allowed     string  `json:"allowed,omitempty"`
	Description string  `json:"description"`
	Examples    []any   `json:"examples,omitempty"`
	Fields      []Field `json:"fields,omitempty"`
}

// NewField is a field and those in it, or all below it.
func NewField(f schema.Field, recursive bool) Field {
	v := Field{f.Path, f.Kind(), f.Required, f.Default, f.InWords, f.Allowed, f.Text(), f.Examples, nil}
	for _, child := range f.Children() {
		one := NewField(child, recursive)
		if !recursive {
			one.Fields = nil
		}
		v.Fields = append(v.Fields, one)
	}
	return v
}

// inSpec is a value as YAML, in the fields around it.
func inSpec(path string, value any) (string, error) {
	names := strings.Split(path, ".")
	for i := len(names) - 1; i >= 0; i-- {
		name, list := strings.CutSuffix(names[i], "[]")
		if list && i < len(names)-1 {
			value = []any{value}
		}
		value = map[string]any{name: value}
	}
	var b strings.Builder
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	e.CompactSeqIndent()
	err := e.Encode(value)
	return b.String(), err
}

func indent(text string) string {
	return "  " + strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", "\n  ") + "\n"
}

// wrap breaks text between words.
func wrap(text string, width int) string {
	var b strings.Builder
	column := 0
	for i, word := range strings.Fields(text) {
		switch {
		case i == 0:
		case column+1+len(word) > width:
			b.WriteByte('\n')
			column = 0
		default:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += len(word)
	}
	return b.String()
}
