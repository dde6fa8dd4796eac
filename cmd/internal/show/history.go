package show

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/gitramp/gitramp/cmd/internal/message"
	"github.com/gitramp/gitramp/cmd/internal/rollout"
	"github.com/gitramp/gitramp/render"
)

// History is what became of an app's rollouts, the newest first, for programs.
type History struct {
	App       string    `json:"app"`
	Directory string    `json:"directory"`
	Cut       bool      `json:"shallow,omitempty"` // the history before these is not in this clone
	Rollouts  []Rollout `json:"rollouts"`
}

// Rollout is one try of a revision.
type Rollout struct {
	*Revision
	From     string         `json:"from,omitempty"` // the revision that prod ran before
	Attempt  int            `json:"attempt"`
	Rollback bool           `json:"rollback,omitempty"`
	Outcome  render.Outcome `json:"outcome"`
	Reason   string         `json:"reason,omitempty"`
	Unsafe   []string       `json:"unsafe,omitempty"` // the reasons for what was not proven safe
	Commit   string         `json:"commit"`           // that began it
	Author   string         `json:"author"`
	Began    string         `json:"began"`           // RFC 3339
	Ended    string         `json:"ended,omitempty"` // RFC 3339; not there while it is on its way
	Took     string         `json:"took"`
	Stays    []Stay         `json:"steps"`
}

// Stay is a time at one step.
type Stay struct {
	Step        string            `json:"step"`
	Phase       render.Transition `json:"phase"`
	Weight      int               `json:"weight"`
	WeightTotal int               `json:"weightTotal"`
	From        string            `json:"from"`            // RFC 3339
	Until       string            `json:"until,omitempty"` // RFC 3339; not there where it stands there still
	Took        string            `json:"took"`
	Commit      string            `json:"commit"`
	Author      string            `json:"author"`
	Unsafe      string            `json:"unsafe,omitempty"`
}

// NewHistory is an app's past as seen at a time.
func NewHistory(p *rollout.Past, now time.Time) History {
	h := History{App: p.Name, Directory: p.Dir, Cut: p.Cut, Rollouts: []Rollout{}}
	for _, o := range render.Rollouts(p.Records) {
		until := o.Ended
		if until == 0 {
			until = now.Unix()
		}
		v := Rollout{Revision: NewRevision(&o.RevisionRef), From: o.From, Attempt: o.Attempt, Rollback: o.Rollback, Outcome: o.Outcome, Reason: o.Reason, Unsafe: o.Unsafe,
			Commit: o.Commit, Author: p.Authors[o.Commit], Began: rfc3339(o.Began), Stays: []Stay{}}
		if v.Took = "-"; len(o.Stays) > 0 {
			v.Took = span(until - o.Began)
		}
		if o.Ended != 0 {
			v.Ended = rfc3339(o.Ended)
		}
		for _, s := range o.Stays {
			v.Stays = append(v.Stays, newStay(s, p, now))
		}
		if p.Cut && o.Commit == p.Records[0].Commit {
			if o.Outcome == render.Installed {
				continue // it stood there before, and nobody knows since when
			}
			v.unknown()
		}
		h.Rollouts = append(h.Rollouts, v)
	}
	slices.Reverse(h.Rollouts)
	return h
}

// unknown takes away what a shallow clone cannot know of its first rollout: the commit that it is cut off at only holds what was there.
func (o *Rollout) unknown() {
	o.Commit, o.Author, o.Began, o.Took = "", "", "", "-"
	if len(o.Stays) > 0 {
		s := &o.Stays[0]
		s.Commit, s.Author, s.From, s.Took = "", "", "", "-"
	}
}

func newStay(s render.Stay, p *rollout.Past, now time.Time) Stay {
	v := Stay{Step: s.Step, Phase: s.Phase, Weight: s.Weight, WeightTotal: s.Total, From: rfc3339(s.From), Commit: s.Commit, Author: p.Authors[s.Commit], Unsafe: s.Unsafe}
	until := s.Until
	if until == 0 {
		until = now.Unix()
	} else {
		v.Until = rfc3339(until)
	}
	v.Took = span(until - s.From)
	if s.Phase.GoesBack() {
		v.Step = string(s.Phase)
	}
	return v
}

// span is a time as a spec would write it.
func span(seconds int64) string { return render.Duration(max(seconds, 0)).String() }

// Histories prints rollouts, the newest first; those of a single app with their steps.
func (p Printer) Histories(list []History) {
	for i, h := range list {
		if i > 0 {
			fmt.Fprintln(p.Out)
		}
		fmt.Fprintf(p.Out, "%s\n\n", p.Paint(Bold, h.App+" ("+h.Directory+")"))
		p.table(func(w io.Writer) { p.rollouts(w, h.Rollouts, len(list) == 1) })
		if h.Cut {
			fmt.Fprintln(p.Out, "The clone is shallow: what was before is not here.")
		}
	}
}

func (p Printer) rollouts(w io.Writer, list []Rollout, steps bool) {
	fmt.Fprintf(w, "%s\tIMAGES\tREVISION\tBEGAN\tTOOK\tBY\tCOMMIT\tNOTE\n", p.Paint(plain, "OUTCOME"))
	for _, o := range list {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%.10s\t%s\n", p.Paint(outcomeCode(o.Outcome), string(o.Outcome)), o.shortImages(), o.Name, o.Began, o.Took,
			personal(o.Author), o.Commit, o.note())
		for _, s := range o.Stays {
			if steps {
				fmt.Fprintf(w, "%s\t%s\t\t%s\t%s\t%s\t%.10s\t%s\n", p.Paint(plain, "  "+s.Step), message.Percent(s.Weight, s.WeightTotal), s.From, s.Took, personal(s.Author), s.Commit,
					s.note())
			}
		}
	}
}

// note is what is special about a rollout.
func (o Rollout) note() string {
	var parts []string
	if o.Attempt > 1 {
		parts = append(parts, fmt.Sprintf("attempt %d", o.Attempt))
	}
	if o.Rollback {
		parts = append(parts, "a rollback")
	}
	if o.Reason != "" {
		parts = append(parts, o.Reason)
	}
	for _, reason := range o.Unsafe {
		parts = append(parts, "unsafe: "+reason)
	}
	return strings.Join(parts, ", ")
}

func (s Stay) note() string {
	if s.Unsafe == "" {
		return ""
	}
	return "unsafe: " + s.Unsafe
}

func outcomeCode(o render.Outcome) string {
	switch o {
	case render.Promoted, render.Installed:
		return Green
	case render.Aborted, render.Superseded, render.Reverted, render.Deleted:
		return Red
	}
	return cyan
}

// SharesAt is which revision of an app had which share at a time, for programs.
type SharesAt struct {
	App       string            `json:"app"`
	Directory string            `json:"directory"`
	Commit    string            `json:"commit,omitempty"` // that held then
	Since     string            `json:"since,omitempty"`  // RFC 3339
	Phase     render.Transition `json:"phase,omitempty"`
	Step      string            `json:"step,omitempty"`
	Shares    []Share           `json:"shares"` // none where the app was not there
}

// Share is the part of the requests without a matching header or cookie.
type Share struct {
	*Revision
	Weight      int `json:"weight"`
	WeightTotal int `json:"weightTotal"`
}

// NewSharesAt looks a time up in an app's past.
func NewSharesAt(p *rollout.Past, at time.Time) SharesAt {
	v := SharesAt{App: p.Name, Directory: p.Dir, Shares: []Share{}}
	shares, r, ok := render.SharesAt(p.Records, at.Unix())
	if !ok {
		return v
	}
	v.Commit, v.Since, v.Phase, v.Step = r.Commit, rfc3339(r.Date), r.Lock.Phase, r.Lock.Step.Name
	for _, s := range shares {
		v.Shares = append(v.Shares, Share{NewRevision(&s.RevisionRef), s.Weight, s.Total})
	}
	return v
}

// Shares prints which revision had which share.
func (p Printer) Shares(list []SharesAt) {
	p.table(func(w io.Writer) {
		fmt.Fprintln(w, "APP\tSHARE\tIMAGES\tREVISION\tSTEP\tSINCE\tCOMMIT")
		for _, v := range list {
			if len(v.Shares) == 0 {
				fmt.Fprintf(w, "%s\tnot installed then\t\t\t\t\t\n", v.App)
			}
			for _, s := range v.Shares {
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%.10s\n", v.App, message.Percent(s.Weight, s.WeightTotal), s.shortImages(), s.Name, v.Step, v.Since, v.Commit)
			}
		}
	})
}
