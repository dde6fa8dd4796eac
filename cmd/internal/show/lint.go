package show

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gitramp/gitramp/render"
	"github.com/gitramp/gitramp/render/lint"
)

// Lint prints findings for a terminal: one line each, then what each code means.
func (p Printer) Lint(r lint.Report) {
	var codes []string
	for _, f := range r.Findings {
		if f.Ignored != "" {
			continue
		}
		fmt.Fprintf(p.Out, "%s %s %s%s\n", p.Paint(Bold, fmt.Sprintf("%s:%d:%d:", f.File, f.Line, f.Column)), p.Paint(severityCode(f.Severity), f.Severity.String()), f.Code, ": "+sentence(f))
		codes = append(codes, f.Code)
	}
	for i := range lint.Checks {
		if c := &lint.Checks[i]; slices.Contains(codes, c.Code) {
			fmt.Fprintln(p.Out)
			p.Check(c)
		}
	}
	if codes != nil {
		fmt.Fprintln(p.Out)
	}
	fmt.Fprintln(p.Out, lintSummary(r))
}

// Check prints what a code means.
func (p Printer) Check(c *lint.Check) {
	fmt.Fprintf(p.Out, "%s %s\n  why:    %s\n  source: %s\n  fix:    %s\n", p.Paint(Bold, c.Code), c.Title, c.Why, c.Source, c.Fix)
}

func sentence(f lint.Finding) string {
	if f.Object == "" {
		return f.Message
	}
	return f.Object + ": " + f.Message
}

func severityCode(s lint.Severity) string {
	return map[lint.Severity]string{lint.Error: Red, lint.Warning: yellow, lint.Info: cyan}[s]
}

func lintSummary(r lint.Report) string {
	var parts []string
	for _, s := range []lint.Severity{lint.Error, lint.Warning, lint.Info} {
		parts = append(parts, several(r.Count(s), s.String()))
	}
	ignored := len(r.Findings) - r.Count(lint.Error) - r.Count(lint.Warning) - r.Count(lint.Info)
	if ignored > 0 {
		parts = append(parts, fmt.Sprintf("%d ignored", ignored))
	}
	text := fmt.Sprintf("%s; %s, %s, ", strings.Join(parts, ", "), several(r.Files, "file"), several(r.Objects, "object"))
	if r.Canaries == 0 {
		return text + "no canary among them"
	}
	if r.Canaries == 1 {
		return text + "1 canary"
	}
	return fmt.Sprintf("%s%d canaries", text, r.Canaries)
}

func several(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// finding is a finding for programs.
type finding struct {
	Code     string `json:"code"`
	Severity string `json:"severity"`
	File     string `json:"file"`
	Line     int    `json:"line"`
	Column   int    `json:"column"`
	Object   string `json:"object,omitempty"`
	Message  string `json:"message"`
	Why      string `json:"why"`
	Source   string `json:"source"`
	Fix      string `json:"fix"`
	Ignored  string `json:"ignored,omitempty"`
}

type lintData struct {
	APIVersion string    `json:"apiVersion"`
	Kind       string    `json:"kind"`
	Files      int       `json:"files"`
	Objects    int       `json:"objects"`
	Canaries   int       `json:"canaries"`
	Findings   []finding `json:"findings"`
}

// NewLint is a report for programs.
func NewLint(r lint.Report) any {
	d := lintData{render.APIVersion, "Lint", r.Files, r.Objects, r.Canaries, []finding{}}
	for _, f := range r.Findings {
		d.Findings = append(d.Findings, finding{f.Code, f.Severity.String(), f.File, f.Line, f.Column, f.Object, f.Message, f.Why, f.Source, f.Fix, f.Ignored})
	}
	return d
}

// GitHub prints findings as workflow commands, which GitHub shows beside the lines (actions/toolkit packages/core/src/command.ts).
func (p Printer) GitHub(r lint.Report) {
	data := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	property := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
	for _, f := range r.Findings {
		if f.Ignored != "" {
			continue
		}
		command := map[lint.Severity]string{lint.Error: "error", lint.Warning: "warning", lint.Info: "notice"}[f.Severity]
		fmt.Fprintf(p.Out, "::%s file=%s,line=%d,col=%d,title=%s::%s\n", command, property.Replace(f.Path), f.Line, f.Column, property.Replace(f.Code+" "+f.Title),
			data.Replace(sentence(f)+"\n"+f.Why+" ("+f.Source+")\n"+f.Fix))
	}
}
