package show

import (
	"fmt"
	"strings"

	"github.com/gitramp/gitramp/cmd/internal/app"
	"github.com/gitramp/gitramp/render"
	"github.com/gitramp/gitramp/render/prove"
)

// Proof is a proof for programs.
type Proof struct {
	APIVersion string `json:"apiVersion,omitempty"`
	Kind       string `json:"kind,omitempty"`
	App        string `json:"app,omitempty"`
	Namespace  string `json:"namespace,omitempty"`
	Spec       string `json:"spec,omitempty"`
	Proven     bool   `json:"proven"`
	Router     string `json:"router"`
	Level      string `json:"level"`
	Explored   struct {
		Trees        int `json:"trees"`
		Pairs        int `json:"pairs"`
		Applications int `json:"applications"`
		Readiness    int `json:"readiness"`
		Requests     int `json:"requests"`
	} `json:"explored"`
	Assumptions     []string      `json:"assumptions"`
	Counterexamples []prove.Story `json:"counterexamples"`
}

// NewProof is the result of a proof.
func NewProof(r prove.Result) Proof {
	v := Proof{Proven: r.Proven(), Router: r.Router, Level: r.Level, Assumptions: append([]string{}, r.Assumptions...), Counterexamples: append([]prove.Story{}, r.Stories...)}
	e := &v.Explored
	e.Trees, e.Pairs, e.Applications, e.Readiness, e.Requests = r.Trees, r.Pairs, r.Mixes, r.Readiness, r.Requests
	return v
}

// ProofOf is the result of the proof of an app, on its own.
func ProofOf(a *app.App, r prove.Result) Proof {
	v := NewProof(r)
	v.APIVersion, v.Kind, v.App, v.Namespace, v.Spec = render.APIVersion, "Proof", a.Spec.Metadata.Name, a.Spec.Metadata.Namespace, a.File
	return v
}

// Proof prints a proof for a terminal.
func (p Printer) Proof(a *app.App, r prove.Result) {
	fmt.Fprintln(p.Out, p.Paint(Bold, verdict(a, r)))
	if r.Router != "" {
		fmt.Fprintf(p.Out, "  explored %s\n", explored(r))
	}
	for _, line := range r.Assumptions {
		fmt.Fprintf(p.Out, "  assumed  %s\n", line)
	}
	for _, s := range r.Stories {
		rule, rest, _ := strings.Cut(s.String(), "\n")
		fmt.Fprintf(p.Out, "\n%s\n%s\n", p.Paint(Red, rule), rest)
	}
}

// ProofMarkdown prints a proof for a pull request.
func (p Printer) ProofMarkdown(a *app.App, r prove.Result) {
	fmt.Fprintf(p.Out, "### %s\n", verdict(a, r))
	if r.Router != "" {
		fmt.Fprintf(p.Out, "\nExplored: %s.\n", explored(r))
	}
	if len(r.Assumptions) > 0 {
		fmt.Fprint(p.Out, "\nAssumed:\n\n")
	}
	for _, line := range r.Assumptions {
		fmt.Fprintf(p.Out, "- %s\n", line)
	}
	for _, s := range r.Stories {
		fmt.Fprintf(p.Out, "\n```text\n%s\n```\n", s)
	}
}

func verdict(a *app.App, r prove.Result) string {
	switch {
	case r.Proven():
		return fmt.Sprintf("%s: proven safe (%s, %s)", a.Name(), r.Router, r.Level)
	case r.Router == "":
		return fmt.Sprintf("%s: not proven safe: %s", a.Name(), rules(r))
	}
	return fmt.Sprintf("%s: not proven safe (%s, %s): %s", a.Name(), r.Router, r.Level, rules(r))
}

func explored(r prove.Result) string {
	return fmt.Sprintf("%d trees, %d pairs of them, %d sets of applied objects, %d states of pods, %d kinds of requests", r.Trees, r.Pairs, r.Mixes, r.Readiness, r.Requests)
}

// rules are those that are broken.
func rules(r prove.Result) string {
	var list []string
	for _, s := range r.Stories {
		list = append(list, s.Rule)
	}
	return strings.Join(list, ", ")
}

// ProofLine is a proof in the summary of a plan.
func ProofLine(r prove.Result) string {
	if !r.Proven() {
		return fmt.Sprintf("Not proven safe: %s. gitramp prove tells how that comes about.", rules(r))
	}
	return fmt.Sprintf("Proven safe for %s: %d pairs of trees, %d sets of applied objects, %d states of pods, %d kinds of requests, under %d assumptions.",
		r.Level, r.Pairs, r.Mixes, r.Readiness, r.Requests, len(r.Assumptions))
}
