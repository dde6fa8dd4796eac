package show

import (
	"fmt"
	"path/filepath"

	"github.com/gitramp/gitramp/render"
	"github.com/gitramp/gitramp/render/convert"
)

// Import is an import as data.
type Import struct {
	APIVersion string         `json:"apiVersion"`
	Kind       string         `json:"kind"`
	From       string         `json:"from"` // Rollout/shop
	App        string         `json:"app"`
	Spec       string         `json:"spec"`           // its file
	Base       []string       `json:"base,omitempty"` // its files
	Before     []string       `json:"before,omitempty"`
	Fields     convert.Report `json:"fields"`
}

// NewImport is an import whose spec is in a file.
func NewImport(im *convert.Imported, spec string) Import {
	i := Import{APIVersion: render.APIVersion, Kind: "Import", From: im.From, App: im.Name, Spec: spec, Before: im.Before, Fields: im.Report}
	for _, f := range im.Base {
		i.Base = append(i.Base, convert.BaseDir+"/"+f.Path)
	}
	if i.Fields == nil {
		i.Fields = convert.Report{}
	}
	return i
}

// Import prints what became of the input: how much is carried, every field that is not, and what to do to an app that is live.
func (p Printer) Import(im *convert.Imported, spec string) {
	losses := im.Report.Losses()
	fmt.Fprintf(p.Out, "%s -> %s", p.Paint(Bold, im.From), p.Paint(Bold, spec))
	if im.Base != nil {
		fmt.Fprintf(p.Out, " and %s", p.Paint(Bold, filepath.Join(filepath.Dir(spec), convert.BaseDir)))
	}
	if carried := len(im.Report) - len(losses); carried > 0 {
		fmt.Fprintf(p.Out, ": %s carried, %d changed or lost", fields(carried), len(losses))
	}
	fmt.Fprintln(p.Out)
	p.losses(losses)
	if len(im.Before) > 0 {
		fmt.Fprintf(p.Out, "\nWhere %s is live, so that no request is lost:\n", im.From)
		for i, line := range im.Before {
			fmt.Fprintf(p.Out, "%2d. %s\n", i+1, line)
		}
	}
}

func (p Printer) losses(losses convert.Report) {
	if len(losses) == 0 {
		return
	}
	fmt.Fprintln(p.Out)
	for _, f := range losses {
		colour := yellow
		if f.Outcome == convert.Lost {
			colour = Red
		}
		fmt.Fprintf(p.Out, "%s  %s\n", p.Paint(colour, fmt.Sprintf("%-7s", f.Outcome)), render.Visible(f.Name()+": "+f.Note))
	}
}

func fields(n int) string {
	if n == 1 {
		return "1 field"
	}
	return fmt.Sprintf("%d fields", n)
}
