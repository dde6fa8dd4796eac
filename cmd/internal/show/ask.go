package show

import (
	"fmt"
	"sort"
	"strings"
	"text/tabwriter"

	"github.com/gitramp/gitramp/cmd/internal/message"
	"github.com/gitramp/gitramp/render"
	"github.com/gitramp/gitramp/render/ask"
	"github.com/gitramp/gitramp/render/route"
)

// Answer is a reply to one request for programs.
type Answer struct {
	APIVersion string    `json:"apiVersion,omitempty"`
	Kind       string    `json:"kind,omitempty"`
	App        string    `json:"app,omitempty"`
	Step       string    `json:"step,omitempty"`
	Request    *Request  `json:"request,omitempty"`
	Rule       string    `json:"rule"`
	File       string    `json:"file,omitempty"`
	Object     string    `json:"object,omitempty"`
	Field      string    `json:"field,omitempty"`
	Passed     []string  `json:"passed,omitempty"`
	Total      int       `json:"total"`
	Ways       []wayView `json:"ways"`
}

// Request is what was asked.
type Request struct {
	Method  string            `json:"method,omitempty"`
	Host    string            `json:"host"`
	Path    string            `json:"path"`
	Headers map[string]string `json:"headers,omitempty"`
}

type wayView struct {
	Track       string  `json:"track,omitempty"`
	Service     string  `json:"service,omitempty"`
	Status      int     `json:"status,omitempty"`
	Weight      int     `json:"weight"`
	Probability float64 `json:"probability"`
}

// NewAnswer is what explain-request prints as data.
func NewAnswer(app, step, method string, req route.Request, r ask.Reply) Answer {
	a := answer(r)
	a.APIVersion, a.Kind, a.App, a.Step = render.APIVersion, "RequestExplanation", app, step
	a.Request = &Request{method, req.Host, req.Path, req.Header}
	return a
}

func answer(r ask.Reply) Answer {
	a := Answer{Rule: r.Rule, File: r.File, Object: r.Object, Field: r.Field, Passed: r.Passed, Total: r.Total}
	for _, w := range r.Ways {
		a.Ways = append(a.Ways, wayView{w.Track, w.Service, w.Status, w.Weight, float64(w.Weight) / float64(r.Total)})
	}
	return a
}

// Answer prints where a request goes, and why.
func (p Printer) Answer(app, step, method string, req route.Request, r ask.Reply) {
	fmt.Fprintf(p.Out, "%s\n\n", p.Paint(Bold, fmt.Sprintf("%s at %s: %s %s", app, step, method, requestText(req))))
	w := tabwriter.NewWriter(p.Out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "TO\tPROBABILITY\tSERVICE")
	for _, way := range r.Ways {
		to := way.Track
		switch {
		case way.Service == "":
			to = fmt.Sprintf("status %d", way.Status)
		case to == "":
			to = "elsewhere"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\n", to, message.Percent(way.Weight, r.Total), way.Service)
	}
	w.Flush()
	fmt.Fprintln(p.Out)
	for _, passed := range r.Passed {
		fmt.Fprintf(p.Out, "passed:  %s\n", passed)
	}
	fmt.Fprintf(p.Out, "decided: %s\n", r.Rule)
	if r.Object != "" {
		fmt.Fprintf(p.Out, "by:      %s %s (%s)\n", r.Object, r.Field, r.File)
	}
}

// requestText is a request in one line.
func requestText(req route.Request) string {
	host := req.Host
	if host == "" {
		host = "*"
	}
	text := host + req.Path
	var names []string
	for name := range req.Header {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		text += fmt.Sprintf(", %s: %s", name, req.Header[name])
	}
	return text
}

// Migration is what another router would do otherwise.
type Migration struct {
	App, File, From, To string
	ask.Rewritten
	Steps, Requests int
	Differences     []ask.Difference
	Nature          []string
	Cookies         bool // decide: of one that comes twice each router reads another
}

// NewMigration is it for programs.
func NewMigration(m Migration) any {
	type difference struct {
		Step    string  `json:"step"`
		Request Request `json:"request"`
		From    Answer  `json:"from"`
		To      Answer  `json:"to"`
	}
	list := []difference{}
	for _, d := range m.Differences {
		list = append(list, difference{d.Step, Request{"", d.Request.Host, d.Request.Path, d.Request.Header}, answer(d.From), answer(d.To)})
	}
	return struct {
		APIVersion  string       `json:"apiVersion"`
		Kind        string       `json:"kind"`
		App         string       `json:"app"`
		From        string       `json:"from"`
		To          string       `json:"to"`
		Spec        string       `json:"spec"` // the part of it that changes, as YAML
		Without     []string     `json:"without,omitempty"`
		Steps       int          `json:"steps"`
		Requests    int          `json:"requests"`
		Differences []difference `json:"differences"`
		Nature      []string     `json:"nature"`
	}{render.APIVersion, "Migration", m.App, m.From, m.To, m.Part, m.Gone, m.Steps, m.Requests, list, m.Nature}
}

// Migration prints it for a terminal.
func (p Printer) Migration(m Migration) {
	without := ""
	if m.Gone != nil {
		without = ", without " + strings.Join(m.Gone, " and ")
	}
	fmt.Fprintf(p.Out, "%s\n\nIn %s%s:\n\n%s\n", p.Paint(Bold, fmt.Sprintf("%s: %s -> %s", m.App, m.From, m.To)), m.File, without, indent(m.Part))
	asked := fmt.Sprintf("%s of requests, all that the rules of both can tell apart, at %d steps", several(m.Requests, "kind"), m.Steps)
	if m.Differences == nil {
		fmt.Fprintf(p.Out, "No request%s is routed otherwise (%s).\n", map[bool]string{true: " that carries a cookie once"}[m.Cookies], asked)
	} else {
		fmt.Fprintf(p.Out, "Routed otherwise (of %s):\n\n", asked)
		w := tabwriter.NewWriter(p.Out, 0, 0, 2, ' ', 0)
		fmt.Fprintf(w, "REQUEST\tSTEP\t%s\t%s\n", strings.ToUpper(m.From), strings.ToUpper(m.To))
		for _, d := range m.Differences {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", requestText(d.Request), d.Step, replyText(d.From), replyText(d.To))
		}
		w.Flush()
	}
	fmt.Fprintf(p.Out, "\nDifferent by nature:\n")
	for _, note := range m.Nature {
		fmt.Fprintf(p.Out, "- %s\n", note)
	}
}

// replyText is a reply in a cell.
func replyText(r ask.Reply) string {
	var parts []string
	for _, w := range r.Ways {
		to := w.Track
		if w.Service == "" {
			to = fmt.Sprint(w.Status)
		}
		parts = append(parts, message.Percent(w.Weight, r.Total)+" "+to)
	}
	return strings.Join(parts, ", ") + " (" + r.Rule + ")"
}
