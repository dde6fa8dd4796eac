package show

import (
	"bytes"
	"io"
	"strings"
	"text/tabwriter"
)

// Printer prints to Out, in colours where it is asked to.
type Printer struct {
	Out    io.Writer
	Colour bool
}

// Codes of ANSI terminals.
const (
	Bold   = "1"
	Red    = "31"
	Green  = "32"
	cyan   = "36"
	yellow = "33"
	plain  = "39"
)

// Paint colours text where colours are wanted.
func (p Printer) Paint(code, text string) string {
	if !p.Colour || text == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// Diff colours a unified diff line by line.
func (p Printer) Diff(diff string) string {
	if !p.Colour {
		return diff
	}
	lines := strings.SplitAfter(diff, "\n")
	for i, line := range lines {
		text, end := strings.TrimSuffix(line, "\n"), ""
		if text != line {
			end = "\n"
		}
		switch {
		case strings.HasPrefix(text, "+++"), strings.HasPrefix(text, "---"):
			text = p.Paint(Bold, text)
		case strings.HasPrefix(text, "@@"):
			text = p.Paint(cyan, text)
		case strings.HasPrefix(text, "+"):
			text = p.Paint(Green, text)
		case strings.HasPrefix(text, "-"):
			text = p.Paint(Red, text)
		}
		lines[i] = text + end
	}
	return strings.Join(lines, "")
}

// table lays cells out in columns and prints them all at once: a fleet has thousands. No line ends in spaces.
func (p Printer) table(fill func(w io.Writer)) {
	var cells, b bytes.Buffer
	w := tabwriter.NewWriter(&cells, 0, 0, 2, ' ', 0)
	fill(w)
	w.Flush()
	for line := range bytes.Lines(cells.Bytes()) {
		b.Write(bytes.TrimRight(line, " \n"))
		b.WriteByte('\n')
	}
	_, _ = p.Out.Write(b.Bytes()) // the writer remembers its errors
}
