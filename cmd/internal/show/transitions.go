package show

import (
	"fmt"
	"io"
	"time"

	"github.com/gitramp/gitramp/cmd/internal/message"
	"github.com/gitramp/gitramp/cmd/internal/rollout"
	"github.com/gitramp/gitramp/render"
)

// Transition is what became of one app, for programs.
type Transition struct {
	App         string            `json:"app"`
	Directory   string            `json:"directory,omitempty"`
	Spec        string            `json:"spec,omitempty"`
	Transition  render.Transition `json:"transition,omitempty"` // that was made, or would be
	Phase       render.Transition `json:"phase,omitempty"`      // of the tree now
	Step        *LockStep         `json:"step,omitempty"`
	Weight      int               `json:"weight"`
	WeightTotal int               `json:"weightTotal,omitempty"`
	Commit      string            `json:"commit,omitempty"`
	Subject     string            `json:"subject,omitempty"`
	Waiting     *Waiting          `json:"waiting,omitempty"`
	Refused     string            `json:"refused,omitempty"`
	Error       string            `json:"error,omitempty"`
	By          *By               `json:"by,omitempty"`
	Proposal    *Proposal         `json:"proposal,omitempty"`  // what was written in the place of the transition
	Withdrawn   []Withdrawal      `json:"withdrawn,omitempty"` // proposals that were deleted

	result string
}

// LockStep is a step as a lock has it.
type LockStep struct {
	Index int    `json:"index"`
	Name  string `json:"name"`
	Last  int    `json:"last"`
}

// Waiting is what a hold waits for.
type Waiting struct {
	For   string `json:"for"`
	Until string `json:"until,omitempty"` // RFC 3339
}

// By is somebody else's commit that did what was to be done.
type By struct {
	Commit  string `json:"commit"`
	Author  string `json:"author,omitempty"`
	Subject string `json:"subject,omitempty"`
}

// Transitions makes views of an outcome.
func Transitions(out rollout.Outcome, now time.Time) []Transition {
	views := []Transition{}
	for _, res := range out.Results {
		views = append(views, transition(res, now))
	}
	return views
}

func transition(res rollout.Result, now time.Time) Transition {
	v := Transition{App: res.Name, Directory: res.Dir, Spec: res.File, Commit: res.Commit}
	l, d := res.State.Lock, res.Decision
	switch {
	case res.Proposal != nil:
		v.Subject, v.Proposal = res.Move.Line(), newProposal(res)
	case res.Move != nil:
		l, v.Transition, v.Subject = res.Move.After, res.Move.Transition, res.Move.Line()
	}
	if l != nil {
		v.Phase, v.Step, v.Weight, v.WeightTotal = l.Phase, &LockStep{l.Step.Index, l.Step.Name, l.Step.Last}, l.Weight, l.WeightTotal
	}
	for _, m := range res.Withdrawn {
		v.Withdrawn = append(v.Withdrawn, Withdrawal{m.Branch, m.Old})
	}
	switch {
	case res.Err != nil:
		v.Error, v.result = res.Err.Error(), "error, see below"
	case res.By != nil:
		v.By = &By{res.By.ID, res.By.Author, res.By.Subject()}
		v.result = fmt.Sprintf("done already by %.10s (%s)", res.By.ID, res.By.Author)
	case res.Move != nil:
		v.result = v.Subject[len(res.Name)+2:]
	case d.Refused != "":
		v.Refused, v.result = d.Refused, "refused, see below"
	case d.Waiting != "":
		v.Waiting = NewWaiting(d)
		v.result = WaitText(d, now)
	default:
		v.result = "nothing to do"
	}
	return v
}

// NewWaiting is what a decision waits for.
func NewWaiting(d render.Decision) *Waiting {
	w := &Waiting{For: d.Waiting}
	if d.Until != 0 {
		w.Until = time.Unix(d.Until, 0).UTC().Format(time.RFC3339)
	}
	return w
}

// WaitText says what a decision waits for, and how long that is from now.
func WaitText(d render.Decision, now time.Time) string {
	if d.Until == 0 {
		return "waits: " + d.Waiting
	}
	at := time.Unix(d.Until, 0).UTC()
	return fmt.Sprintf("waits until %s, in %s: %s", at.Format(time.RFC3339), render.Duration(at.Sub(now).Round(time.Second)/time.Second), d.Waiting)
}

// Transitions prints what became of the apps.
func (p Printer) Transitions(views []Transition) {
	p.table(func(w io.Writer) {
		fmt.Fprintln(w, "APP\tSTEP\tWEIGHT\tRESULT\tCOMMIT")
		for _, v := range views {
			step, weight := "-", "-"
			if v.Step != nil {
				step, weight = fmt.Sprintf("%02d-%s", v.Step.Index, v.Step.Name), message.Percent(v.Weight, v.WeightTotal)
				if v.Phase.GoesBack() || v.Phase == render.Delete {
					step = string(v.Phase)
				}
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%.10s\n", v.App, step, weight, v.result, v.Commit)
		}
	})
}
