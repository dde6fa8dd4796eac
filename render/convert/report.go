package convert

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/gitramp/gitramp/render"
	"github.com/gitramp/gitramp/render/internal/node"
)

// Outcome is what becomes of a field.
type Outcome string

// The outcomes.
const (
	Carried Outcome = "carried" // it means the same there
	Changed Outcome = "changed" // there is something like it, which Note tells
	Lost    Outcome = "lost"    // it has no equal, and why
)

// Field is one field of the input and what became of it. A field whose fields all fare alike stands for them.
type Field struct {
	File    string  `json:"file,omitempty"`
	Line    int     `json:"line,omitempty"`
	Object  string  `json:"object"` // Rollout/shop
	Field   string  `json:"field"`
	Value   string  `json:"value,omitempty"` // in one line
	Outcome Outcome `json:"outcome"`
	Note    string  `json:"note"` // where it went, or why it has not
}

// String is the field as a line for people, and one line whatever it is called.
func (f Field) String() string {
	at := f.File
	if f.Line > 0 {
		at = fmt.Sprintf("%s:%d", f.File, f.Line)
	}
	if at != "" {
		at += ": "
	}
	return render.Visible(fmt.Sprintf("%s%s: %s: %s", at, f.Name(), f.Outcome, f.Note))
}

// Name is the field with its object; a field of a spec says by itself of what it is.
func (f Field) Name() string {
	if strings.HasPrefix(f.Field, f.Object+".") {
		return f.Field
	}
	return f.Object + " " + f.Field
}

// Report says of every field of a converted object what became of it, in the order of the fields.
type Report []Field

// Losses are the fields that are not carried as they are.
func (r Report) Losses() Report {
	var list Report
	for _, f := range r {
		if f.Outcome != Carried {
			list = append(list, f)
		}
	}
	return list
}

// ledger books what becomes of the fields of one object. What nobody books is lost: so the report is complete whatever the object has in it.
type ledger struct {
	*object
	fates map[*yaml.Node]fate
	why   []reason // of what is lost
}

type fate struct {
	outcome Outcome
	note    string
}

// reason is why the fields that match a pattern have no equal.
type reason struct{ pattern, text string }

func newLedger(o *object, why []reason) *ledger {
	return &ledger{o, map[*yaml.Node]fate{}, why}
}

// at is the node of a field, nil where it is not there.
func (l *ledger) at(field string) *yaml.Node { return node.Get(l.node, parts(field)...) }

// text is the scalar of a field.
func (l *ledger) text(field string) string { return node.Text(l.node, parts(field)...) }

// carried, changed and lost book a field; one that is not there is none.
func (l *ledger) carried(field, where string) { l.book(field, Carried, where) }
func (l *ledger) changed(field, how string)   { l.book(field, Changed, how) }
func (l *ledger) lost(field, why string)      { l.book(field, Lost, why) }

// each books the values of a mapping as carried, one by one.
func (l *ledger) each(field, where string) {
	n := l.at(field)
	delete(l.fates, n)
	for i := 1; n != nil && i < len(n.Content); i += 2 {
		l.fates[n.Content[i]] = fate{Carried, where}
	}
}

func (l *ledger) book(field string, o Outcome, note string) {
	if n := l.at(field); n != nil {
		l.fates[n] = fate{o, note}
	}
}

// fields is the object's part of the report.
func (l *ledger) fields() Report {
	var r Report
	l.walk(l.node, "", &r)
	return r
}

func (l *ledger) walk(n *yaml.Node, field string, r *Report) {
	f, booked := l.fates[n]
	switch {
	case booked:
	case l.within(n):
		for i, c := range n.Content {
			switch {
			case n.Kind == yaml.SequenceNode:
				l.walk(c, fmt.Sprintf("%s[%d]", field, i), r)
			case i%2 == 1:
				l.walk(c, strings.TrimPrefix(field+"."+n.Content[i-1].Value, "."), r)
			}
		}
		return
	default:
		f = fate{Lost, l.reason(field)}
	}
	*r = append(*r, Field{l.file, n.Line, l.String(), field, short(inLine(n)), f.outcome, f.note})
}

// within says whether a field in n is booked.
func (l *ledger) within(n *yaml.Node) bool {
	for _, c := range n.Content {
		if _, booked := l.fates[c]; booked || l.within(c) {
			return true
		}
	}
	return false
}

var index = lazy(`\[[0-9]+\]`)

// reason is why a field is lost: by the longest pattern that it lies in.
func (l *ledger) reason(field string) string {
	field = index().ReplaceAllString(field, "[]")
	best := reason{"", "has no equal"}
	for _, r := range l.why {
		if rest, in := strings.CutPrefix(field, r.pattern); in && (rest == "" || rest[0] == '.' || rest[0] == '[') && len(r.pattern) > len(best.pattern) {
			best = r
		}
	}
	return best.text
}

// inLine is a value in one line.
func inLine(n *yaml.Node) string {
	data, err := yaml.Marshal(flow(n))
	if err != nil {
		return n.Value
	}
	return strings.Join(strings.Fields(string(data)), " ")
}

// flow is a copy of n in flow style, without comments.
func flow(n *yaml.Node) *yaml.Node {
	c := &yaml.Node{Kind: n.Kind, Tag: n.Tag, Value: n.Value, Style: yaml.FlowStyle}
	if n.Kind == yaml.ScalarNode {
		c.Style = n.Style & (yaml.DoubleQuotedStyle | yaml.SingleQuotedStyle)
	}
	for _, child := range n.Content {
		c.Content = append(c.Content, flow(child))
	}
	return c
}
