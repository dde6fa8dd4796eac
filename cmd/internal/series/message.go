package series

import (
	"fmt"
	"strings"

	"github.com/gitramp/gitramp/cmd/internal/show"
	"github.com/gitramp/gitramp/render"
)

// mostLines is how many apps a message names one by one.
const mostLines = 100

// The trailers are a log for people and for `git log --format='%(trailers)'`. Nothing is ever decided by them: the tree is the state.
const (
	trailerApp      = "Gitramp-App"
	trailerAction   = "Gitramp-Action"
	trailerRevision = "Gitramp-Revision"
	trailerStep     = "Gitramp-Step"
	trailerWeight   = "Gitramp-Weight"
	trailerTool     = "Gitramp-Tool"
)

// subject is the first line of a commit's message.
func (c *commit) subject() string {
	if len(c.moves) == 1 {
		return c.moves[0].line()
	}
	counts := map[string]int{}
	var order []string
	for _, m := range c.moves {
		what := string(m.transition)
		if m.transition == render.Shift || m.transition == render.Full {
			what = m.what()
		}
		if counts[what]++; counts[what] == 1 {
			order = append(order, what)
		}
	}
	if len(order) == 1 {
		return fmt.Sprintf("%d apps: %s", len(c.moves), order[0])
	}
	var parts []string
	for _, what := range order {
		parts = append(parts, fmt.Sprintf("%d %s", counts[what], what))
	}
	return fmt.Sprintf("%d apps: %s", len(c.moves), strings.Join(parts, ", "))
}

// message is the whole message: what happens, why it is safe to stop here, and the trailers.
func (c *commit) message() string {
	var b strings.Builder
	b.WriteString(c.subject() + "\n\n")
	if len(c.moves) == 1 {
		m := c.moves[0]
		fmt.Fprintf(&b, "%s\n\n", m.explain())
		for _, t := range [][2]string{{trailerApp, m.app}, {trailerAction, string(m.transition)}, {trailerRevision, m.revision},
			{trailerStep, fmt.Sprintf("%d/%d", m.index, m.last)}, {trailerWeight, m.weights()}} {
			fmt.Fprintf(&b, "%s: %s\n", t[0], t[1])
		}
	} else {
		for i, m := range c.moves {
			if i == mostLines {
				fmt.Fprintf(&b, "and %d more\n", len(c.moves)-i)
				break
			}
			b.WriteString(m.line() + "\n")
		}
		b.WriteString("\n")
		for _, m := range c.moves[:min(len(c.moves), mostLines)] {
			fmt.Fprintf(&b, "%s: %s\n", trailerApp, m.app)
		}
	}
	fmt.Fprintf(&b, "%s: %s\n", trailerTool, c.tool)
	return b.String()
}

// line is one move in a line: demo: shift to 20% (step 2/8).
func (m move) line() string {
	return fmt.Sprintf("%s: %s (step %d/%d)", m.app, m.what(), m.index, m.last)
}

func (m move) what() string {
	switch m.transition {
	case render.Shift, render.Full:
		if m.to == 0 {
			return "open to chosen users (weight 0)"
		}
		return "shift to " + show.Percent(m.to, m.total)
	case render.Install, render.Prepare, render.Promote:
		return string(m.transition) + " " + m.images
	case render.Scale, render.Header:
		return string(m.transition) + " " + m.step
	}
	return string(m.transition)
}

func (m move) weights() string {
	if m.from == m.to {
		return fmt.Sprint(m.to)
	}
	return fmt.Sprintf("%d -> %d", m.from, m.to)
}

// explain says what the commit does to the requests of the app's users.
func (m move) explain() string {
	switch m.transition {
	case render.Install:
		return "Prod runs " + m.images + " and gets all requests."
	case render.Sync:
		if m.files == nil {
			return "The spec has moved; no manifest changes."
		}
		return "The manifests follow the spec, no revision changes: " + strings.Join(m.files, ", ") + "."
	case render.Prepare:
		return "The canary's pods start. No request reaches them yet."
	case render.Shift, render.Full:
		return m.explainShift()
	case render.Scale:
		return "The number of canary pods changes, and nothing else."
	case render.Header:
		return fmt.Sprintf("A header rule begins or ends, and nothing else: there are %d rules now.", m.rules)
	case render.Promote:
		return "Prod takes the new revision while the canary has all the weight."
	case render.Restore:
		return "The canary's routing is withdrawn: prod, on the new revision, gets all requests."
	case render.Cleanup:
		return "The canary's objects are deleted. Nothing reaches them any more."
	}
	return ""
}

func (m move) explainShift() string {
	text := fmt.Sprintf("The canary gets %s of the requests, prod the rest.", show.Percent(m.to, m.total))
	switch m.to {
	case 0:
		text = "The canary gets no request by weight."
	case m.total:
		text = "The canary gets all requests."
	}
	if m.rules > 0 {
		text += " Header and cookie rules come before the weight."
	}
	return text
}
