package render_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gitramp/gitramp/render"
)

// past makes records: time, lock, and what the commit says. A lock is phase, weight, stable, canary, attempt; "-" is that there is none.
func past(lines ...string) (records []render.Record) {
	for i, line := range lines {
		r := render.Record{Commit: fmt.Sprint("c", i)}
		var lock, stable, canary string
		l := render.Lock{WeightTotal: 100, Attempt: 1}
		fmt.Sscanf(line, "%d %s %d %s %s %d %s %s", &r.Date, &lock, &l.Weight, &stable, &canary, &l.Attempt, &r.Action, &r.Reason)
		l.Phase, l.Step.Name, l.Step.Index = render.Transition(lock), lock, int(r.Date)
		l.Stable = render.RevisionRef{Revision: stable}
		l.Previous = &render.RevisionRef{Revision: "0"}
		if canary != "-" {
			l.Canary = &render.RevisionRef{Revision: canary}
		}
		if lock != "-" {
			r.Lock = &l
		}
		records = append(records, r)
	}
	return records
}

func TestRollouts(t *testing.T) {
	for name, c := range map[string]struct {
		past []string
		want string
	}{
		"a release": {[]string{"1 idle 0 a - 1 install", "2 prepare 0 a b 1 prepare", "3 shift 20 a b 1 shift", "5 full 100 a b 1", "6 promote 100 b b 1", "7 restore 0 b b 1", "8 cleanup 0 b - 1"}, `
a installed 1-1
b promoted 2-8 from a: prepare 0% 2-3, shift 20% 3-5, full 100% 5-6, promote 100% 6-7, restore 0% 7-8`},
		"on its way": {[]string{"1 idle 0 a - 1", "2 prepare 0 a b 1"}, `
a installed 1-1
b running 2- from a: prepare 0% 2-`},
		"aborted, and tried again": {[]string{"1 idle 0 a - 1", "2 prepare 0 a b 1", "3 abort 0 a b 1 abort slow", "4 idle 0 a - 1 cleanup", "5 prepare 0 a b 2"}, `
a installed 1-1
b aborted 2-4 from a (slow): prepare 0% 2-3, abort 0% 3-4
b running 5- from a attempt 2: prepare 0% 5-`},
		"un-promoted": {[]string{"1 idle 0 a - 1", "2 promote 100 b b 1", "3 un-promote 100 a b 1 un-promote", "4 abort 0 a b 1 abort", "5 idle 0 a - 1"}, `
a installed 1-1
b aborted 2-5 from 0: promote 100% 2-3, un-promote 100% 3-4, abort 0% 4-5`},
		"superseded": {[]string{"1 idle 0 a - 1", "2 prepare 0 a b 1", "3 abort 0 a b 1 supersede", "4 idle 0 a - 1", "5 prepare 0 a c 1"}, `
a installed 1-1
b superseded 2-4 from a: prepare 0% 2-3, abort 0% 3-4
c running 5- from a: prepare 0% 5-`},
		"aborted with fewer pods": {[]string{"1 idle 0 a - 1", "2 shrink 50 a b 1", "3 grow 50 a b 1 grow slow", "4 abort 0 a b 1 abort", "5 idle 0 a - 1"}, `
a installed 1-1
b aborted 2-5 from a (slow): shrink 50% 2-3, grow 50% 3-4, abort 0% 4-5`},
		"superseded with fewer pods": {[]string{"1 idle 0 a - 1", "2 shrink 50 a b 1", "3 grow 50 a b 1 supersede", "4 abort 0 a b 1 abort", "5 idle 0 a - 1", "6 prepare 0 a c 1"}, `
a installed 1-1
b superseded 2-5 from a: shrink 50% 2-3, grow 50% 3-4, abort 0% 4-5
c running 6- from a: prepare 0% 6-`},
		"superseded with fewer pods, and that taken back": {[]string{"1 idle 0 a - 1", "2 shrink 50 a b 1", "3 grow 50 a b 1 supersede", "2 shrink 50 a b 1", "5 abort 0 a b 1 abort"}, `
a installed 1-1
b aborted 2- from a: shrink 50% 2-3, grow 50% 3-2, shrink 50% 2-5, abort 0% 5-`},
		"taken back to idle": {[]string{"1 idle 0 a - 1", "2 prepare 0 a b 1", "3 idle 0 a - 1"}, `
a installed 1-1
b reverted 2-3 from a: prepare 0% 2-3`},
		"taken back a step, and resumed": {[]string{"1 idle 0 a - 1", "2 prepare 0 a b 1", "3 shift 20 a b 1", "2 prepare 0 a b 1", "5 prepare 0 a b 2 resume"}, `
a installed 1-1
b reverted 2-5 from a: prepare 0% 2-3, shift 20% 3-2, prepare 0% 2-5
b running 5- from a attempt 2: prepare 0% 5-`},
		"a release taken back": {[]string{"1 idle 0 a - 1", "2 promote 100 b b 1", "3 cleanup 0 b - 1", "4 idle 0 a - 1"}, `
a installed 1-1
b promoted 2-3 from 0: promote 100% 2-3
a reverted 4-4 from b`},
		"removed": {[]string{"1 idle 0 a - 1", "2 delete 0 a - 1 delete", "3 - 0 - - 1 delete"}, `
a installed 1-1
a deleted 3-3 from a`},
		"removed on its way, and back": {[]string{"1 idle 0 a - 1", "2 prepare 0 a b 1", "3 - 0 - - 1", "4 prepare 0 a b 1"}, `
a installed 1-1
b reverted 2-3 from a: prepare 0% 2-3
a deleted 3-3 from a
b running 4-: prepare 0% 4-`},
		"history is cut off": {[]string{"3 shift 20 a b 1", "5 full 100 a b 1"}, `
b running 3-: shift 20% 3-5, full 100% 5-`},
	} {
		t.Run(name, func(t *testing.T) {
			var b strings.Builder
			for _, o := range render.Rollouts(past(c.past...)) {
				b.WriteString("\n" + toldRollout(o))
			}
			if d := cmp.Diff(c.want, b.String()); d != "" {
				t.Error(d)
			}
		})
	}
}

// TestRolloutsUnsafe: each reason for what was not proven safe is told once, that of the last commit too, and each stay has its own.
func TestRolloutsUnsafe(t *testing.T) {
	records := past("1 idle 0 a - 1", "2 prepare 0 a b 1", "3 shift 20 a b 1", "4 shift 50 a b 1", "5 idle 0 b - 1", "6 prepare 0 b c 1")
	for i, reason := range []string{"", "late", "", "late", "tired", ""} {
		records[i].Unsafe = reason
	}
	var got []string
	for _, o := range render.Rollouts(records) {
		text := fmt.Sprintf("%s %q", o.Revision, o.Unsafe)
		for _, s := range o.Stays {
			text += fmt.Sprintf(" %d%% %q", s.Weight, s.Unsafe)
		}
		got = append(got, text)
	}
	if d := cmp.Diff([]string{`a []`, `b ["late" "tired"] 0% "late" 20% "" 50% "late"`, `c [] 0% ""`}, got); d != "" {
		t.Error(d)
	}
}

func toldRollout(o render.Rollout) string {
	time := func(t int64) string { return strings.TrimSuffix(fmt.Sprint(t), "0") }
	text := fmt.Sprintf("%s %s %d-%s", o.Revision, o.Outcome, o.Began, time(o.Ended))
	if o.From != "" {
		text += " from " + o.From
	}
	if o.Attempt > 1 {
		text += fmt.Sprint(" attempt ", o.Attempt)
	}
	if o.Reason != "" {
		text += " (" + o.Reason + ")"
	}
	for i, s := range o.Stays {
		text += fmt.Sprintf("%s %s %d%% %d-%s", map[bool]string{true: ":", false: ","}[i == 0], s.Step, s.Weight, s.From, time(s.Until))
	}
	return text
}

func TestSharesAt(t *testing.T) {
	records := past("10 idle 0 a - 1", "20 shift 20 a b 1", "30 promote 100 b b 1", "40 un-promote 100 a b 1", "50 - 0 - - 1")
	for at, want := range map[int64]string{5: "none", 10: "a 100", 19: "a 100", 20: "a 80, b 20", 35: "b 100", 45: "a 0, b 100", 50: "none", 99: "none"} {
		shares, _, ok := render.SharesAt(records, at)
		got := "none"
		if ok {
			var parts []string
			for _, s := range shares {
				parts = append(parts, fmt.Sprintf("%s %d", s.Revision, s.Weight))
			}
			got = strings.Join(parts, ", ")
		}
		if got != want {
			t.Errorf("at %d: %s, want %s", at, got, want)
		}
	}
}
