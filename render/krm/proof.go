package krm

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gitramp/gitramp/render"
	"github.com/gitramp/gitramp/render/prove"
)

// judge says of a step that is written what commit would refuse it for: its release is not proven safe, or the items stand at a step that is not next to it. It is
// written all the same, as by render, which shows what a step is and brings none into a cluster.
func (r *run) judge(own map[int]string) error {
	if r.step.Index > 0 {
		if err := r.proven(); err != nil {
			return err
		}
	}
	if !slices.Contains(slices.Collect(maps.Values(own)), "prod-deployment.yaml") {
		return nil // nobody knows where they stand
	}
	at, _, err := r.stands(own, r.release.Plan.Steps)
	if err == nil && gap(at, r.step) > 1 {
		r.doubt(fmt.Sprintf("value %q is not next to %s, where the items stand: steps between them are left out, and what a step waits for (pods, settle, somebody) was not waited for", r.step.ID(), at.ID()), true)
	}
	return err
}

// proven doubts a release that has no certificate.
func (r *run) proven() error {
	result, err := new(prove.Cache).Release(r.release, nil, prove.Options{})
	if err == nil && !result.Proven() {
		r.doubt("the release is not proven safe, and gitramp commit refuses it: "+strings.ReplaceAll(strings.TrimSpace(result.Stories[0].String()), "\n  ", "; "), r.step.Promoted())
	}
	return err
}

// doubt is a warning of the step. One that is passing goes by what was there before the call.
func (r *run) doubt(message string, passing bool) {
	doubt := Result{Severity: Warning, Message: message, Field: stepField, Current: r.step.ID(), File: r.file, of: r.config, passing: passing}
	if r.asker != stepField {
		doubt.Message, doubt.Field = r.asker+": "+message, ""
	}
	r.results = append(r.results, doubt)
}

// stands is the step that the own items are most like, of equals the one nearest to what was asked for, and what of them is not as it renders them.
func (r *run) stands(own map[int]string, steps []render.Step) (at render.Step, best Results, err error) {
	for i, st := range steps {
		written, err := r.objects(st)
		if err != nil {
			return at, nil, err
		}
		found := r.differences(own, written)
		if less := found.distance() - best.distance(); i == 0 || less < 0 || less == 0 && gap(st, r.step) < gap(at, r.step) {
			at, best = st, found
		}
	}
	return at, best, nil
}

// gap is how many commits lie between two steps.
func gap(a, b render.Step) int { return max(a.Index-b.Index, b.Index-a.Index) }
