package show

import (
	"fmt"
	"io"

	"github.com/gitramp/gitramp/cmd/internal/rollout"
	"github.com/gitramp/gitramp/render"
)

// Verified is what verify found of one app, for programs.
type Verified struct {
	App        string            `json:"app"`
	Directory  string            `json:"directory"`
	Commit     string            `json:"commit,omitempty"`
	Transition render.Transition `json:"transition,omitempty"` // that the commit made
	Step       string            `json:"step,omitempty"`
	OK         bool              `json:"ok"`
	Findings   []VerifyFinding   `json:"findings"`
	Notes      []string          `json:"notes,omitempty"`
}

// VerifyFinding is something that is not as gitramp would have left it.
type VerifyFinding struct {
	Path    string `json:"path"`
	Line    int    `json:"line,omitempty"`
	Field   string `json:"field,omitempty"`
	Old     string `json:"old,omitempty"`
	New     string `json:"new,omitempty"`
	Problem string `json:"problem"`
}

// NewVerified makes views of what was found.
func NewVerified(list []*rollout.Verified) []Verified {
	views := []Verified{}
	for _, r := range list {
		v := Verified{r.App, r.Dir, r.Commit, r.Transition, r.Step, len(r.Findings) == 0, []VerifyFinding{}, r.Notes}
		for _, f := range r.Findings {
			v.Findings = append(v.Findings, VerifyFinding(f))
		}
		views = append(views, v)
	}
	return views
}

// Verified prints a line for each app or commit, and below it what is wrong there.
func (p Printer) Verified(views []Verified) {
	p.table(func(w io.Writer) {
		for _, v := range views {
			verdict := p.Paint(Green, "ok")
			if !v.OK {
				verdict = p.Paint(Red, "wrong")
			}
			what := v.Step
			if v.Commit != "" && v.Transition != "" && string(v.Transition) != v.Step {
				what = fmt.Sprintf("%s (%s)", v.Step, v.Transition)
			}
			if v.Commit != "" {
				verdict += fmt.Sprintf("\t%.10s", v.Commit)
			}
			fmt.Fprintf(w, "%s\t%s\t%s\n", verdict, v.App, what)
		}
	})
	for _, v := range views {
		for _, note := range v.Notes {
			fmt.Fprintf(p.Out, "%s: %s\n", v.Directory, v.at(note))
		}
		for _, f := range v.Findings {
			fmt.Fprintln(p.Out, p.Paint(Red, f.text(v)))
		}
	}
}

// at adds the commit, where one was looked at.
func (v Verified) at(text string) string {
	if v.Commit == "" {
		return text
	}
	return fmt.Sprintf("%s (%.10s)", text, v.Commit)
}

// text is a finding as file:line: field: what is wrong with it.
func (f VerifyFinding) text(v Verified) string {
	place := f.Path
	if f.Line > 0 {
		place += fmt.Sprintf(":%d", f.Line)
	}
	if f.Field == "" {
		return place + ": " + v.at(f.Problem)
	}
	old, now := f.Old, f.New
	if old == "" {
		old = "(none)"
	}
	if now == "" {
		now = "(none)"
	}
	return fmt.Sprintf("%s: %s: %s: %s -> %s", place, f.Field, v.at(f.Problem), old, now)
}
