// Package message is what commits say: a subject for the log, a text for people, and trailers.
//
// Nothing is ever decided by what it writes: the tree is the state.
package message

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gitramp/gitramp/render"
)

// mostConfig is how many changes of config are told one by one.
const mostConfig = 20

// mostLines is how many apps a message names one by one.
const mostLines = 100

// The trailers are a log for people, for `history` and for `git log --format='%(trailers)'`.
const (
	TrailerApp      = "Gitramp-App"
	TrailerAction   = "Gitramp-Action"
	TrailerRevision = "Gitramp-Revision"
	TrailerStep     = "Gitramp-Step"
	TrailerWeight   = "Gitramp-Weight"
	TrailerAttempt  = "Gitramp-Attempt"
	TrailerReason   = "Gitramp-Reason"
	TrailerUnsafe   = "Gitramp-Unsafe"
	TrailerDrift    = "Gitramp-Drift"
	TrailerTool     = "Gitramp-Tool"
)

// Move is one transition of one app, as a message tells it.
type Move struct {
	App        string
	Transition render.Transition
	Before     *render.Lock // nil where there was no tree
	After      *render.Lock // nil where there is none any more
	Rules      int          // header and cookie rules that the route has after it
	Changes    []render.Change
	Config     []render.ConfigChange // what pods read otherwise from it on
	Drift      []render.Drift        // that was there before, and stays
	Reason     string                // a person's
	Unsafe     string                // why it is made although it is not proven safe; "" where it is
	To         string                // with a rollback: the images that the spec asks for again
}

// lock is the one that the move is told by.
func (m Move) lock() *render.Lock {
	if m.After == nil {
		return m.Before
	}
	return m.After
}

// Subject is the first line of a commit that makes these moves.
func Subject(moves []Move) string {
	if len(moves) == 1 {
		return moves[0].Line()
	}
	counts := map[string]int{}
	var order []string
	for _, m := range moves {
		what := string(m.Transition)
		if m.Transition == render.Shift || m.Transition == render.Full {
			what = m.what()
		}
		if counts[what]++; counts[what] == 1 {
			order = append(order, what)
		}
	}
	if len(order) == 1 {
		return fmt.Sprintf("%d apps: %s", len(moves), order[0])
	}
	var parts []string
	for _, what := range order {
		parts = append(parts, fmt.Sprintf("%d %s", counts[what], what))
	}
	return fmt.Sprintf("%d apps: %s", len(moves), strings.Join(parts, ", "))
}

// Text is the whole message: what happens, why it is safe to stop here, and the trailers. tool is who writes.
func Text(moves []Move, tool string) string {
	var b strings.Builder
	b.WriteString(Subject(moves) + "\n\n")
	if len(moves) == 1 {
		moves[0].text(&b)
	} else {
		for i, m := range moves {
			if i == mostLines {
				fmt.Fprintf(&b, "and %d more\n", len(moves)-i)
				break
			}
			b.WriteString(m.Line() + "\n")
		}
		b.WriteString("\n")
		for _, m := range moves[:min(len(moves), mostLines)] {
			fmt.Fprintf(&b, "%s: %s\n", TrailerApp, m.App)
		}
		for _, m := range moves {
			if m.Unsafe != "" {
				fmt.Fprintf(&b, "%s: %s: %s\n", TrailerUnsafe, m.App, oneLine(m.Unsafe))
			}
		}
	}
	fmt.Fprintf(&b, "%s: %s\n", TrailerTool, tool)
	return b.String()
}

func (m Move) text(b *strings.Builder) {
	fmt.Fprintf(b, "%s\n\n", m.Explain())
	for _, line := range Config(m.Config) {
		fmt.Fprintf(b, "  %s\n", line)
	}
	if len(m.Config) > 0 {
		b.WriteByte('\n')
	}
	l := m.lock()
	trailers := [][2]string{{TrailerApp, m.App}, {TrailerAction, string(m.Transition)}, {TrailerRevision, m.ref().Revision},
		{TrailerStep, fmt.Sprintf("%d/%d", l.Step.Index, l.Step.Last)}, {TrailerWeight, m.weights()}}
	if m.Transition == render.Rollback {
		trailers = trailers[:2]
	}
	if l.Attempt > 1 {
		trailers = append(trailers, [2]string{TrailerAttempt, fmt.Sprint(l.Attempt)})
	}
	if m.Reason != "" {
		trailers = append(trailers, [2]string{TrailerReason, oneLine(m.Reason)})
	}
	if m.Unsafe != "" {
		trailers = append(trailers, [2]string{TrailerUnsafe, oneLine(m.Unsafe)})
	}
	for _, d := range m.Drift {
		trailers = append(trailers, [2]string{TrailerDrift, d.Path + " " + d.Problem})
	}
	for _, t := range trailers {
		fmt.Fprintf(b, "%s: %s\n", t[0], t[1])
	}
}

// Config tells what pods read otherwise, a line for each.
func Config(changes []render.ConfigChange) (lines []string) {
	for i, c := range changes {
		if i == mostConfig {
			return append(lines, fmt.Sprintf("and %d more", len(changes)-i))
		}
		lines = append(lines, c.String())
	}
	return lines
}

// oneLine keeps a person's words from ending a trailer, and from beginning another.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// Revision is the one that a move is about.
func (m Move) Revision() string { return m.ref().Revision }

// ref is the revision that a move is about.
func (m Move) ref() render.RevisionRef {
	for _, l := range []*render.Lock{m.After, m.Before} {
		if l != nil && l.Canary != nil {
			return *l.Canary
		}
	}
	return m.lock().Stable
}

// images is what is new of the revision that the move is about.
func (m Move) images() string {
	l := m.lock()
	before := l.Previous
	if l.Canary != nil && l.Phase != render.Promote && l.Phase != render.Restore {
		before = &l.Stable
	}
	return news(m.ref(), before)
}

// Line is one move in a line: demo: shift to 20% (step 2/8).
func (m Move) Line() string {
	l, at := m.lock(), "step"
	switch {
	case m.Transition == render.Delete, m.Transition == render.Rollback:
		return fmt.Sprintf("%s: %s", m.App, m.what())
	case l.Canary == nil && l.Phase != render.Cleanup && m.Transition != render.Install && m.Transition != render.Sync:
		return fmt.Sprintf("%s: %s (idle)", m.App, m.what())
	case l.Phase.GoesBack():
		at = "at step"
	}
	return fmt.Sprintf("%s: %s (%s %d/%d)", m.App, m.what(), at, l.Step.Index, l.Step.Last)
}

func (m Move) what() string {
	l := m.lock()
	switch m.Transition {
	case render.Shift, render.Full:
		if l.Weight == 0 {
			return "open to chosen users (weight 0)"
		}
		return "shift to " + Percent(l.Weight, l.WeightTotal)
	case render.Replan:
		if m.Before.Weight == l.Weight {
			return "replan at " + Percent(l.Weight, l.WeightTotal)
		}
		return "replan, shift to " + Percent(l.Weight, l.WeightTotal)
	case render.Install, render.Prepare, render.Promote, render.Supersede, render.Unpromote, render.Forget:
		return string(m.Transition) + " " + m.images()
	case render.Abort:
		return "abort " + m.images()
	case render.Grow:
		return "grow prod" + m.prodPods() + ", to abort " + m.images()
	case render.Shrink:
		return "shrink prod" + m.prodPods()
	case render.Scale, render.Header:
		return string(m.Transition) + " " + l.Step.Name
	case render.PromoteFull:
		return "promote in full"
	case render.Delete:
		if m.After != nil {
			return "delete prod's route"
		}
		return "delete the app"
	case render.Rollback:
		return "roll the spec back to " + m.To
	}
	return string(m.Transition)
}

func (m Move) weights() string {
	from, to := 0, 0
	if m.Before != nil {
		from = m.Before.Weight
	}
	if m.After != nil {
		to = m.After.Weight
	}
	if from == to {
		return fmt.Sprint(to)
	}
	return fmt.Sprintf("%d -> %d", from, to)
}

// Explain says what the commit does to the requests of the app's users.
func (m Move) Explain() string {
	l := m.lock()
	switch m.Transition {
	case render.Install:
		return "Prod runs " + m.images() + " and gets all requests."
	case render.Sync:
		return m.explainSync()
	case render.Prepare:
		return "The canary's pods start. No request reaches them yet."
	case render.Shift, render.Full:
		return m.explainShift()
	case render.Replan:
		return "The rollout goes on by the steps that the spec has today. " + m.explainShift()
	case render.Scale:
		return "The number of canary pods changes, and nothing else."
	case render.Shrink:
		return "Prod gives up the pods whose requests the canary has by now, and the canary gets those that the next weight needs. No request moves."
	case render.Header:
		return fmt.Sprintf("A header rule begins or ends, and nothing else: there are %d rules now.", m.Rules)
	case render.Promote:
		return "Prod takes the new revision while the canary has all the weight."
	case render.Restore:
		return "The canary's routing is withdrawn: prod, on the new revision, gets all requests."
	case render.Cleanup:
		return "The canary's objects are deleted. Nothing reaches them any more."
	case render.Supersede:
		if l.Phase == render.Grow {
			return "The spec asks for another revision. Prod gets back the pods that it gave up; when they have settled the canary's routing is withdrawn. " +
				"That one is tried when this is cleaned up."
		}
		return fmt.Sprintf("The spec asks for another revision, so the canary's routing is withdrawn: prod, on %s, gets all requests. "+
			"That one is tried when this is cleaned up.", news(l.Stable, nil))
	case render.Grow:
		return "Prod gets back the pods that it gave up, and no request moves yet. The canary's routing is withdrawn when they have settled."
	case render.Abort:
		return fmt.Sprintf("The canary's routing is withdrawn: prod, on %s, gets all requests. Its objects are deleted when this has settled.", news(l.Stable, nil))
	case render.Unpromote:
		return "Prod takes the revision back that it ran before, while the canary has all the weight."
	case render.Forget:
		return "The spec asks for what prod runs, so the abort is forgotten."
	case render.Rollback:
		return "The spec asks for what it asked for before. No manifest changes yet: gitramp advance goes there, by an abort or by a release without pauses."
	case render.PauseIt, render.ResumeIt:
		return m.explainPause()
	case render.PromoteFull:
		return "Pauses are waived from now on; every commit still settles."
	case render.Delete:
		if m.After == nil {
			return "Nothing is left of the app here."
		}
		return "Prod's route is withdrawn. Its pods are deleted when this has settled."
	}
	return ""
}

// prodPods says how many pods prod had and has, "" where that does not change.
func (m Move) prodPods() string {
	for _, ch := range m.Changes {
		fields, _ := render.FieldChanges(ch.Old, ch.New)
		for _, f := range fields {
			if ch.Path == "prod-deployment.yaml" && f.Field == "spec.replicas" {
				return " from " + f.Old + " to " + f.New + " pods"
			}
		}
	}
	return ""
}

// Overload says of an abort that does not wait for prod's pods what it does to them.
func (m Move) Overload() string {
	if grows := m.prodPods(); grows != "" {
		return "prod gets all requests while it grows" + grows + " (--at-once)"
	}
	return "prod gets all requests before its pods have settled (--at-once)"
}

func (m Move) explainPause() string {
	switch rolling := m.After.Canary != nil; {
	case m.Transition == render.PauseIt && rolling:
		return "Nothing moves but an abort, until somebody resumes."
	case m.Transition == render.PauseIt:
		return "No rollout begins until somebody resumes."
	case rolling:
		return "The rollout goes on from here."
	}
	return "The next rollout may begin."
}

func (m Move) explainSync() string {
	var files []string
	for _, ch := range m.Changes {
		if name, ok := strings.CutSuffix(ch.Path, ".yaml"); ok && ch.Path != render.KustomizationFile {
			files = append(files, name)
		}
	}
	if files == nil {
		return "The spec has moved; no manifest changes."
	}
	return "The manifests follow the spec, no revision changes: " + strings.Join(files, ", ") + "."
}

func (m Move) explainShift() string {
	l := m.lock()
	text := fmt.Sprintf("The canary gets %s of the requests, prod the rest.", Percent(l.Weight, l.WeightTotal))
	switch l.Weight {
	case 0:
		text = "The canary gets no request by weight."
	case l.WeightTotal:
		text = "The canary gets all requests."
	}
	if m.Rules > 0 {
		text += " Header and cookie rules come before the weight."
	}
	return text
}

// news is what a revision runs that the one before it does not: images, short, or the revision's name where it has the same images.
func news(ref render.RevisionRef, before *render.RevisionRef) string {
	var images []string
	for _, i := range ref.Images {
		if before == nil || !slices.Contains(before.Images, i) {
			images = append(images, Short(i.Image))
		}
	}
	if images == nil {
		return "revision " + ref.Revision
	}
	return strings.Join(images, ", ")
}

// Short is an image without its registry and folders, and with the head of its digest.
func Short(image string) string {
	image = image[strings.LastIndex(image, "/")+1:]
	if name, digest, ok := strings.Cut(image, "@sha256:"); ok {
		return name + "@" + digest[:12]
	}
	return image
}

// Percent is a weight as people say it: 20%, 0.5%.
func Percent(weight, total int) string {
	text := fmt.Sprintf("%.4f", 100*float64(weight)/float64(total))
	return strings.TrimRight(strings.TrimRight(text, "0"), ".") + "%"
}
