package show

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gitramp/gitramp/cmd/internal/message"
	"github.com/gitramp/gitramp/cmd/internal/rollout"
	"github.com/gitramp/gitramp/render"
)

// Withdrawn prints, for each app that was aborted, what its users get from now on and what is left of the canary: what the commit takes away, and what it does not.
func (p Printer) Withdrawn(out rollout.Outcome) {
	for _, res := range out.Results {
		m := res.Move
		if m == nil || m.Before == nil || m.After == nil {
			continue
		}
		after := m.After
		fmt.Fprintln(p.Out, p.Paint(Bold, m.Line()))
		switch m.Transition {
		case render.Grow:
			fmt.Fprintf(p.Out, "  prod:    gets back the pods that it gave up, before it gets more requests (--at-once does not wait for them)\n")
			fmt.Fprintf(p.Out, "  canary:  keeps %s of the requests, on %s, until the next commit\n", message.Percent(after.Weight, after.WeightTotal), apart(*after.Canary, after.Stable))
		case render.Unpromote:
			fmt.Fprintf(p.Out, "  prod:    takes %s back; it has no request by weight meanwhile\n", apart(after.Stable, *after.Canary))
			fmt.Fprintf(p.Out, "  canary:  keeps %s of the requests, on %s, until the next commit\n", message.Percent(after.Weight, after.WeightTotal), apart(*after.Canary, after.Stable))
		default:
			fmt.Fprintf(p.Out, "  weight:  %s -> 0%%: prod gets all requests, on %s\n", weightText(res.State), apart(after.Stable, *after.Canary))
			fmt.Fprintf(p.Out, "  rules:   %s\n", rulesText(res.State))
			if m.Unsafe != "" {
				fmt.Fprintf(p.Out, "  pods:    %s\n", m.Unsafe)
			}
			fmt.Fprintf(p.Out, "  left:    the canary's pods and objects, without a request, until advance deletes them\n")
		}
		fmt.Fprintf(p.Out, "  changed: %s\n", changedText(m))
		for _, d := range m.Drift {
			fmt.Fprintf(p.Out, "  edited:  %s %s since gitramp wrote it, and %s\n", d.Path, d.Problem, staysText(m, d.Path))
		}
		fmt.Fprintln(p.Out)
	}
}

func rulesText(s render.State) string {
	split := s.Split()
	if split == nil || len(split.Matches) == 0 {
		return "there was no header and no cookie rule"
	}
	var names []string
	for _, m := range split.Matches {
		if m.Header != nil {
			names = append(names, "header "+m.Header.Name)
		}
		if m.Cookie != nil {
			names = append(names, "cookie "+m.Cookie.Name)
		}
	}
	return strings.Join(names, ", ") + " withdrawn"
}

// weightText is the weight that the route has, whatever the lock says.
func weightText(s render.State) string {
	if split := s.Split(); split != nil && split.Total > 0 {
		return message.Percent(split.Weight, split.Total)
	}
	return message.Percent(s.Lock.Weight, s.Lock.WeightTotal)
}

func changedText(m *message.Move) string {
	var paths []string
	for _, ch := range m.Changes {
		if ch.Path != render.LockFile {
			paths = append(paths, ch.Path)
		}
	}
	if paths == nil {
		return "no manifest: no request reached the canary"
	}
	return strings.Join(paths, ", ")
}

// staysText says what becomes of an edit.
func staysText(m *message.Move, path string) string {
	for _, ch := range m.Changes {
		if ch.Path == path {
			return "stays so but for the canary's part"
		}
	}
	return "stays so"
}

// apart names a revision so that it is not taken for another one: by its images, and where both have the same ones by its name too.
func apart(ref, other render.RevisionRef) string {
	if ref.Revision != other.Revision && slices.Equal(ref.Images, other.Images) {
		return "revision " + ref.Revision + " (" + images(ref) + ")"
	}
	return images(ref)
}

func images(ref render.RevisionRef) string {
	var list []string
	for _, i := range ref.Images {
		list = append(list, i.Image)
	}
	return strings.Join(list, ", ")
}
