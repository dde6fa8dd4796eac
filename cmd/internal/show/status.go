package show

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/gitramp/gitramp/cmd/internal/message"
	"github.com/gitramp/gitramp/cmd/internal/rollout"
	"github.com/gitramp/gitramp/render"
)

// The words of `kubectl argo rollouts get`.
const (
	healthy     = "Healthy"
	progressing = "Progressing"
	paused      = "Paused"
	degraded    = "Degraded"
	missing     = "Missing" // Argo CD's
)

// Status is where one app stands, for programs.
type Status struct {
	App         string                `json:"app"`
	Namespace   string                `json:"namespace,omitempty"`
	Directory   string                `json:"directory,omitempty"`
	Spec        string                `json:"spec,omitempty"`
	Status      string                `json:"status"` // Healthy, Progressing, Paused or Degraded, as Argo Rollouts has them; Missing where nothing is installed
	Phase       render.Transition     `json:"phase,omitempty"`
	Step        *LockStep             `json:"step,omitempty"`
	Attempt     int                   `json:"attempt,omitempty"`
	Weight      int                   `json:"weight"`
	WeightTotal int                   `json:"weightTotal,omitempty"`
	Since       string                `json:"since,omitempty"`  // RFC 3339
	Commit      string                `json:"commit,omitempty"` // that began the step
	Author      string                `json:"author,omitempty"`
	Subject     string                `json:"subject,omitempty"`
	Stable      *Revision             `json:"stable,omitempty"`
	Canary      *Revision             `json:"canary,omitempty"`
	Previous    *Revision             `json:"previous,omitempty"`
	Config      []render.ConfigChange `json:"config,omitempty"`  // what the canary's pods read otherwise than the stable ones
	Waits       render.Waits          `json:"waits,omitzero"`    // objects of the base that change later
	Aborted     string                `json:"aborted,omitempty"` // revision
	PausedBy    bool                  `json:"paused,omitempty"`  // by gitramp pause
	Full        bool                  `json:"full,omitempty"`    // every pause is waived
	Rollback    bool                  `json:"rollback,omitempty"`
	Orphaned    bool                  `json:"orphaned,omitempty"` // its spec is gone
	Next        render.Transition     `json:"next,omitempty"`     // that advance would make now
	Waiting     *Waiting              `json:"waiting,omitempty"`
	Refused     string                `json:"refused,omitempty"`
	Error       string                `json:"error,omitempty"`
	Drift       []Drifted             `json:"drift,omitempty"`
	Steps       []StatusStep          `json:"steps,omitempty"` // of the plan that it goes by

	message    string
	since      int64
	superseded bool
}

// Revision is a revision and what its containers run.
type Revision struct {
	Name   string            `json:"revision"`
	Images map[string]string `json:"images"`

	ref render.RevisionRef
}

// NewRevision is nil where there is none.
func NewRevision(ref *render.RevisionRef) *Revision {
	if ref == nil {
		return nil
	}
	return &Revision{ref.Revision, imageMap(ref.Images), *ref}
}

// Drifted is a file that is not what gitramp wrote.
type Drifted struct {
	Path    string `json:"path"`
	Problem string `json:"problem"`
}

// StatusStep is a step of the plan, and whether the tree is before it, at it or beyond it.
type StatusStep struct {
	Index      int               `json:"index"`
	Name       string            `json:"name"`
	Transition render.Transition `json:"transition"`
	Weight     int               `json:"weight"`
	Pods       replicasView      `json:"replicas"`
	State      string            `json:"state"` // done, current, pending

	hold string
}

// Statuses makes views of what was looked at.
func Statuses(out rollout.Outcome, now time.Time) []Status {
	views := []Status{}
	for _, res := range out.Results {
		views = append(views, status(res, now))
	}
	return views
}

func status(res rollout.Result, now time.Time) Status {
	v := Status{App: res.Name, Directory: res.Dir, Spec: res.File, Orphaned: res.Gone, since: res.SinceDate}
	if l := res.State.Lock; l != nil {
		v.App, v.Namespace, v.Phase, v.Step, v.Attempt = l.App, l.Namespace, l.Phase, &LockStep{l.Step.Index, l.Step.Name, l.Step.Last}, l.Attempt
		v.Weight, v.WeightTotal, v.Stable, v.Canary, v.Previous = l.Weight, l.WeightTotal, NewRevision(&l.Stable), NewRevision(l.Canary), NewRevision(l.Previous)
		v.Aborted, v.PausedBy, v.Full, v.Rollback = l.Aborted, l.Paused, l.Full, l.Rollback
		for _, d := range res.State.Drift {
			v.Drift = append(v.Drift, Drifted{d.Path, d.Problem})
		}
		v.Steps = statusSteps(res)
		if l.Templates == render.BaseSet { // no other has config
			if revs, err := res.State.Revisions(); err == nil {
				v.Config = revs.ConfigChanges()
			}
		}
		if res.App != nil {
			v.Waits, _ = res.App.Spec.Waits(res.State) // where it cannot be told, what comes next is told to be wrong
		}
	}
	if c := res.Began; c != nil {
		v.Since, v.Commit, v.Author, v.Subject = rfc3339(res.SinceDate), c.ID, c.Author, c.Subject()
	}
	v.judge(res, now)
	return v
}

// judge puts what comes next into one word and one sentence.
func (v *Status) judge(res rollout.Result, now time.Time) {
	l, d := res.State.Lock, res.Decision
	switch {
	case res.Err != nil:
		v.Status, v.Error = degraded, res.Err.Error()
		v.message, _, _ = strings.Cut(v.Error, "\n")
	case l == nil:
		v.Status, v.Refused, v.message = missing, d.Refused, d.Refused
	case d.Refused != "":
		v.Status, v.Refused, v.message = degraded, d.Refused, d.Refused
	case d.Waiting != "":
		v.Waiting, v.message = NewWaiting(d), WaitText(d, now)
		v.Status = paused
		if d.Until != 0 || d.Waiting == render.NotApplied {
			v.Status = progressing
		}
	case d.Transition != "":
		v.Status, v.Next = progressing, d.Transition
		v.message = "advance: " + string(d.Transition)
		if name := d.Step.Name; name != "" && name != string(d.Transition) {
			v.message += " to " + name
		}
	default:
		v.Status, v.message = healthy, "prod runs what the spec asks for"
	}
	if v.superseded = res.Superseded(); v.superseded {
		return
	}
	if l != nil && (l.Phase.GoesBack() || l.Phase == render.Delete || l.Canary == nil && l.Aborted != "" && d.Waiting != "") {
		v.Status = degraded
	}
}

func statusSteps(res rollout.Result) []StatusStep {
	l := res.State.Lock
	if res.App == nil || res.App.Release == nil || l.Canary == nil {
		return nil
	}
	var list []StatusStep
	plan := res.App.Release.Plan
	for _, st := range plan.Steps {
		state := "pending"
		switch {
		case st.Index < l.Step.Index:
			state = "done"
		case st.Index == l.Step.Index:
			state = "current"
		}
		list = append(list, StatusStep{st.Index, st.Name, st.Transition, st.Weight, replicasView{st.Prod, st.Canary}, state, holdText(plan, st)})
	}
	return list
}

// personal is a person's name without the address.
func personal(ident string) string {
	name, _, _ := strings.Cut(ident, " <")
	return name
}

func rfc3339(seconds int64) string { return time.Unix(seconds, 0).UTC().Format(time.RFC3339) }

// colour is the one that a status is read by.
func (v Status) colour() string {
	return map[string]string{healthy: Green, progressing: cyan, paused: yellow, degraded: Red, missing: yellow}[v.Status]
}

// at names the step that the tree stands at.
func (v Status) at() string {
	switch {
	case v.Step == nil:
		return "-"
	case v.superseded:
		return fmt.Sprintf("%s (%d/%d)", render.Supersede, v.Step.Index, v.Step.Last)
	case v.Phase.GoesBack():
		return fmt.Sprintf("%s (%d/%d)", v.Phase, v.Step.Index, v.Step.Last)
	case v.Canary == nil:
		return string(v.Phase)
	}
	return fmt.Sprintf("%s (%d/%d)", v.Step.Name, v.Step.Index, v.Step.Last)
}

func (v Status) weight() string {
	if v.Step == nil {
		return "-"
	}
	return bar(v.Weight, v.WeightTotal) + " " + message.Percent(v.Weight, v.WeightTotal)
}

// Statuses prints one app at length, several as a table.
func (p Printer) Statuses(views []Status, where string, now time.Time) {
	if len(views) == 1 {
		p.status(views[0], where, now)
		return
	}
	p.table(func(w io.Writer) {
		fmt.Fprintf(w, "APP\t%s\tSTEP\t%s\tSINCE\tSTABLE\tCANARY\tNEXT\n", p.Paint(plain, "STATUS"), p.Paint(plain, "WEIGHT"))
		for _, v := range views {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", v.name(), p.Paint(v.colour(), v.Status), v.at(), p.Paint(cyan, v.weight()), age(v.since, now),
				v.Stable.shortImages(), v.Canary.shortImages(), v.message)
		}
	})
}

func (v Status) name() string {
	if v.Namespace == "" {
		return v.App
	}
	return v.Namespace + "/" + v.App
}

// age is how long ago something was, as people say it.
func age(since int64, now time.Time) string {
	if since == 0 {
		return "-"
	}
	d := now.Sub(time.Unix(since, 0))
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%ds", max(0, int(d.Seconds())))
	case d < time.Hour:
		return fmt.Sprintf("%dm", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
	}
	return fmt.Sprintf("%dd", int(d.Hours())/24)
}

// shortImages are the images without their registries, "-" where there is no revision.
func (r *Revision) shortImages() string {
	if r == nil {
		return "-"
	}
	var list []string
	for _, i := range r.ref.Images {
		list = append(list, message.Short(i.Image))
	}
	return strings.Join(list, ", ")
}

// status prints one app at length, in the order of `kubectl argo rollouts get rollout`.
func (p Printer) status(v Status, where string, now time.Time) {
	w := tabwriter.NewWriter(p.Out, 0, 0, 2, ' ', 0)
	line := func(key, format string, args ...any) { fmt.Fprintf(w, "%s:\t%s\n", key, fmt.Sprintf(format, args...)) }
	line("Name", "%s", v.name())
	line("Status", "%s", p.Paint(v.colour(), v.Status))
	line("Message", "%s", v.message)
	if v.Step != nil {
		line("Step", "%s", v.at())
		line("Weight", "%s", p.Paint(cyan, v.weight()))
	}
	if v.Attempt > 1 {
		line("Attempt", "%d", v.Attempt)
	}
	for _, flag := range []struct {
		is   bool
		text string
	}{{v.PausedBy, "paused by a person"}, {v.Full, "every pause is waived"}, {v.Rollback, "a rollback: there are no pauses"},
		{v.Phase == render.Grow, "prod gets its pods back before its requests (gitramp abort --at-once does not wait)"}} {
		if flag.is {
			line("Note", "%s", flag.text)
		}
	}
	if v.Commit != "" {
		line("Since", "%s, %s ago", v.Since, age(v.since, now))
		line("Commit", "%.10s by %s: %s", v.Commit, personal(v.Author), v.Subject)
	}
	for i, r := range []*Revision{v.Stable, v.Canary, v.Previous} {
		if r != nil {
			line([]string{"Stable", "Canary", "Previous"}[i], "%s (%s)", images(r.ref), r.Name)
		}
	}
	for _, text := range message.Config(v.Config) {
		line("Config", "%s", text)
	}
	if list := v.Waits.Promote; list != nil {
		line("Waits", "for promote: %s", strings.Join(list, ", "))
	}
	if list := v.Waits.Cleanup; list != nil {
		line("Waits", "for cleanup, as the base has changed since prepare: %s", strings.Join(list, ", "))
	}
	if v.Aborted != "" {
		line("Aborted", "%s", v.Aborted)
	}
	line("Spec", "%s%s", v.Spec, map[bool]string{true: " (gone)"}[v.Orphaned])
	line("Directory", "%s on %s", v.Directory, where)
	for _, d := range v.Drift {
		line("Edited", "%s %s since gitramp wrote it", d.Path, d.Problem)
	}
	w.Flush()
	p.steps(v)
}

// steps prints the plan with what is done of it.
func (p Printer) steps(v Status) {
	if v.Steps == nil || v.Phase.GoesBack() {
		return
	}
	fmt.Fprintln(p.Out)
	w := tabwriter.NewWriter(p.Out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "   STEP\t%s\tPODS\tHOLD BEFORE THE NEXT STEP\n", p.Paint(plain, "CANARY WEIGHT"))
	for _, st := range v.Steps {
		sign := map[string]string{"done": "✓", "current": ">", "pending": " "}[st.State]
		pods := fmt.Sprint(st.Pods.Prod)
		if st.Pods.Canary > 0 {
			pods += fmt.Sprintf(" + %d", st.Pods.Canary)
		}
		fmt.Fprintf(w, "%s  %02d-%s\t%s\t%s\t%s\n", sign, st.Index, st.Name, p.Paint(cyan, bar(st.Weight, v.WeightTotal)+" "+message.Percent(st.Weight, v.WeightTotal)), pods, st.hold)
	}
	w.Flush()
}
