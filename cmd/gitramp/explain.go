package main

import (
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"

	"github.com/gitramp/gitramp/cmd/internal/show"
	"github.com/gitramp/gitramp/render"
	"github.com/gitramp/gitramp/render/schema"
)

func (c *cli) explain() *cobra.Command {
	var recursive bool
	cmd := &cobra.Command{
		Use:     "explain [FIELD]",
		GroupID: "start",
		Short:   "Explain a field of the spec: what it means, its type, default and what is allowed",
		Long: `Explains a field of the spec, such as spec.steps.pause: what it means, its type,
its default, what is allowed, an example, and the fields in it. The word spec at
the beginning can be left out. Without a field it explains the whole file.`,
		Example: "  gitramp explain spec.steps.pause\n  gitramp explain route.match\n  gitramp explain --recursive",
		Args:    atMostOne("FIELD"),
		RunE: func(_ *cobra.Command, args []string) error {
			if err := c.formats("table", "json"); err != nil {
				return err
			}
			root, err := schema.Root()
			if err != nil {
				return err
			}
			f, err := root.Find(strings.Join(args, ""))
			if unknown, ok := errors.AsType[*schema.Unknown](err); ok {
				return unknownField(unknown)
			}
			return c.printField(f, recursive)
		},
	}
	cmd.Flags().BoolVar(&recursive, "recursive", false, "list all fields in it, and the fields in those")
	return cmd
}

func unknownField(e *schema.Unknown) error {
	if near := render.Suggest(e.Name, e.Names); near != "" {
		return usage("field %q is unknown in %s, did you mean %s?: allowed %s", e.Name, e.Path, near, strings.Join(e.Names, ", "))
	}
	if len(e.Names) == 0 {
		return usage("%s has no fields, and %q is asked for", e.Path, e.Name)
	}
	return usage("%s", e)
}

func (c *cli) printField(f schema.Field, recursive bool) error {
	if c.output == "json" {
		return c.printJSON(fieldView(f, recursive))
	}
	p := c.printer()
	if f.Path != "" {
		w := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
		fmt.Fprintf(w, "FIELD:\t%s\nTYPE:\t%s\n", f.Path, f.Kind())
		if f.Required {
			fmt.Fprintln(w, "REQUIRED:\tyes")
		}
		if f.Default != nil {
			fmt.Fprintf(w, "DEFAULT:\t%v\n", f.Default)
		}
		if f.Allowed != "" {
			fmt.Fprintf(w, "ALLOWED:\t%s\n", f.Allowed)
		}
		if err := w.Flush(); err != nil {
			return err
		}
		fmt.Fprintln(c.out)
	}
	fmt.Fprintln(c.out, wrap(f.Description, 80))
	for i, example := range f.Examples {
		text, err := inSpec(f.Path, example)
		if err != nil {
			return err
		}
		fmt.Fprintf(c.out, "\n%s\n%s", p.Paint(show.Bold, []string{"EXAMPLE:", "OR:"}[min(i, 1)]), indent(text))
	}
	if children := f.Children(); len(children) > 0 {
		fmt.Fprintf(c.out, "\n%s\n", p.Paint(show.Bold, "FIELDS:"))
		w := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
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
		first, _, _ := strings.Cut(f.Description, ". ")
		fmt.Fprintf(w, "%s\t%s\t%s\n", name, f.Kind(), strings.TrimSuffix(first, "."))
	}
}

type fieldJSON struct {
	Field       string      `json:"field"`
	Type        string      `json:"type"`
	Required    bool        `json:"required"`
	Default     any         `json:"default,omitempty"`
	Allowed     string      `json:"allowed,omitempty"`
	Description string      `json:"description"`
	Examples    []any       `json:"examples,omitempty"`
	Fields      []fieldJSON `json:"fields,omitempty"`
}

func fieldView(f schema.Field, recursive bool) fieldJSON {
	v := fieldJSON{f.Path, f.Kind(), f.Required, f.Default, f.Allowed, f.Description, f.Examples, nil}
	for _, child := range f.Children() {
		one := fieldView(child, recursive)
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
