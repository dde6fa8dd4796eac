package show

import (
	"fmt"
	"io"
	"strings"

	"github.com/gitramp/gitramp/cmd/internal/message"
	"github.com/gitramp/gitramp/cmd/internal/rollout"
	"github.com/gitramp/gitramp/render"
	"github.com/gitramp/gitramp/render/prove"
)

// Proposal is a transition that waits for somebody to merge it.
type Proposal struct {
	Branch   string `json:"branch"`
	Base     string `json:"base"`               // that it is for
	Replaces string `json:"replaces,omitempty"` // the commit that the branch held before
	State    string `json:"state"`              // new, updated, unchanged
	Title    string `json:"title"`
	Body     string `json:"body"` // Markdown
	Summary  string `json:"summary"`
	Changes  []Edit `json:"changes"`
}

// Withdrawal is a proposal that was deleted.
type Withdrawal struct {
	Branch string `json:"branch"`
	Commit string `json:"commit"` // that it held
}

// Edit is a field that a transition changes, or a file.
type Edit struct {
	File  string    `json:"file"`
	Op    render.Op `json:"op"`
	Line  int       `json:"line,omitempty"`
	Field string    `json:"field,omitempty"`
	Old   string    `json:"old,omitempty"`
	New   string    `json:"new,omitempty"`
}

// longestBody is how long the text of a proposal may be: GitHub takes 65,536 characters, and a push option 65,516 bytes, in which newlines count twice and
// base64 takes four for three.
const longestBody = 48000

// longestHead is up to where fields that change are named one by one.
const longestHead = 24000

// newProposal is what a result says of itself before its text is written.
func newProposal(res rollout.Result) *Proposal {
	p := &Proposal{Branch: res.Proposal.Branch, Replaces: res.Proposal.Old, State: "new"}
	switch {
	case res.Proposal.Kept:
		p.State, p.Replaces = "unchanged", ""
	case p.Replaces != "":
		p.State = "updated"
	}
	return p
}

// Describe writes title and body of a result's proposal, for base. tool is who writes.
func (p *Proposal) Describe(res rollout.Result, base, tool string) error {
	m := res.Move
	p.Base, p.Title, p.Summary, p.Changes = base, title(m.Line()), m.Explain(), edits(m)
	steps, proof, err := certified(res)
	if err != nil {
		return err
	}
	var b strings.Builder
	b.WriteString(prose(p.Summary) + "\n\n")
	weights(&b, m)
	b.WriteString(steps)
	p.changes(&b)
	b.WriteString(proof)
	wayOut(&b, res, base)
	foot := fmt.Sprintf("\n---\nMade by %s, on the branch %s. It makes this anew, or takes it back, when the app or its spec has moved.\n", code(tool), code(p.Branch))
	p.Body = withDiff(b.String(), Unified(m.Changes), foot)
	return nil
}

// withDiff puts a text together, with as much of a diff as there is room for.
func withDiff(head, diff, foot string) string {
	room := longestBody - size(head) - size(foot) - 200
	text, cut := "", ""
	for keep := min(len(diff), longestBody); ; keep = len(diff) * 3 / 4 {
		if keep < len(diff) {
			diff, cut = diff[:strings.LastIndex(diff[:keep], "\n")+1], "\nThe rest is left out: it is in the branch.\n"
		}
		if text = block("diff", diff); size(text) <= room || diff == "" {
			break
		}
	}
	if diff == "" && cut == "" {
		return head + foot
	}
	return head + "\n<details><summary>The manifests as a diff</summary>\n\n" + text + cut + "\n</details>\n" + foot
}

// size is how long a text is where newlines count twice.
func size(s string) int { return len(s) + strings.Count(s, "\n") }

// weights shows what the requests do.
func weights(b *strings.Builder, m *message.Move) {
	row := func(when string, l *render.Lock) {
		if l == nil {
			fmt.Fprintf(b, "| %s | | | |\n", when)
			return
		}
		canary := ""
		if l.Canary != nil {
			canary = code(images(*l.Canary))
		}
		fmt.Fprintf(b, "| %s | %s %s | %s | %s |\n", when, bar(l.Weight, l.WeightTotal), message.Percent(l.Weight, l.WeightTotal), code(images(l.Stable)), canary)
	}
	b.WriteString("| | requests to the canary | prod runs | the canary runs |\n| --- | --- | --- | --- |\n")
	row("now", m.Before)
	row("when merged", m.After)
}

// edits lists what a transition changes, without gitramp's own bookkeeping and the list of files that follows from the others.
func edits(m *message.Move) []Edit {
	list := []Edit{}
	for _, ch := range m.Changes {
		if ch.Path == render.LockFile || ch.Path == render.PreviousFile || ch.Path == render.KustomizationFile {
			continue
		}
		fields, ok := render.FieldChanges(ch.Old, ch.New)
		if ch.Op != render.Changed || !ok || len(fields) == 0 {
			list = append(list, Edit{File: ch.Path, Op: ch.Op})
			continue
		}
		for _, f := range fields {
			list = append(list, Edit{ch.Path, ch.Op, f.Line, f.Field, f.Old, f.New})
		}
	}
	return list
}

func (p *Proposal) changes(b *strings.Builder) {
	b.WriteString("\n### What changes\n\n")
	if len(p.Changes) == 0 {
		b.WriteString("No manifest.\n")
	}
	for i, e := range p.Changes {
		switch {
		case b.Len() > longestHead:
			fmt.Fprintf(b, "- and %d more\n", len(p.Changes)-i)
			return
		case e.Field == "":
			fmt.Fprintf(b, "- %s: %s\n", code(e.File), e.Op)
		default:
			fmt.Fprintf(b, "- %s: %s: %s → %s\n", code(e.File), code(e.Field), value(e.Old), value(e.New))
		}
	}
}

func value(s string) string {
	if s == "" {
		return "nothing"
	}
	return code(s)
}

// certified is the table of the steps and the certificate of the release that a transition belongs to; both are empty for what goes back, which needs none.
func certified(res rollout.Result) (steps, proof string, err error) {
	a, m := res.App, res.Move
	if a == nil || m.After == nil || m.After.Phase.GoesBack() || m.Transition == render.Forget || m.Transition == render.Cleanup && res.Decision.Step.Name == "" {
		return "", "\n### Why it is safe\n\nThis takes requests away from the canary, or deletes what gets none: no proof is asked for.\n", nil
	}
	if err := a.Compile(); err != nil {
		return "", "", err
	}
	defer a.Forget()
	release := a.Release
	if m.Transition == render.Replan {
		release = release.Replanned()
		a.Release = release
	}
	r, err := a.Prove(prove.Options{})
	return stepTable(release.Plan, m.After), certificate(r, m.Unsafe), err
}

func stepTable(plan render.Plan, at *render.Lock) string {
	var b strings.Builder
	b.WriteString("\n### Steps\n\n| | step | transition | requests to the canary | pods | hold before the next step |\n| --- | --- | --- | --- | --- | --- |\n")
	for _, st := range plan.Steps {
		mark := ""
		switch {
		case st.Index < at.Step.Index:
			mark = "✓"
		case st.Index == at.Step.Index:
			mark = "▶"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s %s | %s | %s |\n", mark, code(st.ID()), st.Transition, bar(st.Weight, plan.Total), message.Percent(st.Weight, plan.Total), pods(st), holdText(plan, st))
	}
	return b.String()
}

func certificate(r prove.Result, unsafe string) string {
	var b strings.Builder
	b.WriteString("\n### Why it is safe\n\n" + prose(ProofLine(r)) + "\n")
	if unsafe != "" {
		fmt.Fprintf(&b, "\n**It is proposed all the same (--unsafe)**: %s\n", code(unsafe))
	}
	if len(r.Assumptions) > 0 {
		b.WriteString("\n<details><summary>What is assumed</summary>\n\n")
		for _, line := range r.Assumptions {
			fmt.Fprintf(&b, "- %s\n", prose(line))
		}
		b.WriteString("\n</details>\n")
	}
	for _, s := range r.Stories[:min(len(r.Stories), 3)] {
		text := s.String()
		b.WriteString("\n" + block("text", text[:min(len(text), 2000)]))
	}
	return b.String()
}

// wayOut says what merging means, and what to do instead.
func wayOut(b *strings.Builder, res rollout.Result, base string) {
	fmt.Fprintf(b, "\n### Merge it, or not\n\n- **Merging is the approval and the deployment**: what applies %s applies this.", code(base))
	if l := res.Move.After; l != nil && l.Hold.Settle > 0 {
		hold := l.Hold
		hold.Manual = false
		fmt.Fprintf(b, " The next one is proposed when this one's hold is over: %s", holdWords(hold))
		if l.Hold.Manual {
			b.WriteString("; merging that is what ends the pause until somebody promotes")
		}
		b.WriteString(".")
	}
	fmt.Fprintf(b, "\n- **Not yet**: leave it open; %s keeps everything where it is, and takes this back.\n", code("gitramp pause "+res.Dir+" --push"))
	if l := res.Move.After; l != nil && l.Canary != nil && !l.Phase.GoesBack() {
		when := "before or after"
		if was := res.Move.Before; was == nil || was.Canary == nil {
			when = "once it is merged" // before, there is nothing to abort
		}
		fmt.Fprintf(b, "- **Abort**, %s: %s, or ask for the old image in the spec again. A %s takes this step back (%s where the merge made a merge commit).\n",
			when, code("gitramp abort "+res.Dir+" --reason '...' --push"), code("git revert"), code("-m 1"))
	}
}

// ProposalsMarkdown prints title and body of each proposal.
func (p Printer) ProposalsMarkdown(views []Transition) {
	for _, v := range views {
		switch {
		case v.Proposal != nil:
			fmt.Fprintf(p.Out, "# %s\n\n%s\n", v.Proposal.Title, v.Proposal.Body)
		default:
			fmt.Fprintf(p.Out, "%s: %s\n\n", code(v.App), prose(v.result))
		}
		for _, w := range v.Withdrawn {
			fmt.Fprintf(p.Out, "%s is withdrawn.\n\n", code(w.Branch))
		}
	}
}

// Proposals prints what became of the proposals of the apps.
func (p Printer) Proposals(views []Transition) {
	p.table(func(w io.Writer) {
		fmt.Fprintln(w, "APP\tSTEP\tRESULT\tBRANCH\tCOMMIT")
		for _, v := range views {
			step, result, branch := "-", v.result, "-"
			if v.Step != nil {
				step = fmt.Sprintf("%02d-%s", v.Step.Index, v.Step.Name)
			}
			if v.Proposal != nil {
				result, branch = v.Proposal.State+": "+v.Subject[len(v.App)+2:], v.Proposal.Branch
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%.10s\n", v.App, step, result, branch, v.Commit)
			for _, gone := range v.Withdrawn {
				fmt.Fprintf(w, "%s\t%s\twithdrawn\t%s\t%.10s\n", v.App, step, gone.Branch, gone.Commit)
			}
		}
	})
}
