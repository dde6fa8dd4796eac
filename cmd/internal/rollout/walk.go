package rollout

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gitramp/gitramp/cmd/internal/git"
)

// Walk carries the verb out, and again and again for so long as something can happen in that time, but for what the last one did, which is returned. A remote that does
// not answer meanwhile is asked again. What is noted is noted once.
func (r *Run) Walk(ctx context.Context, long time.Duration, moved func(Result)) (Outcome, error) {
	end := r.Now().Add(long)
	r.Note = once(r.Note)
	for {
		out, err := r.Do(ctx)
		again, ok := nextLook(out, r.Now(), end)
		switch {
		case errors.As(err, new(*git.Unreachable)) && r.Now().Before(end):
			r.Note("%s: looking again", err)
			out.Results, again = nil, lookAgain // what was to be made was not, or nobody knows
		case err != nil || long == 0 || !ok:
			return out, err
		}
		for _, res := range out.Results {
			if res.Move != nil {
				moved(res)
			}
		}
		if err := sleep(ctx, again); err != nil {
			return out, err
		}
	}
}

// once says the same only the first time.
func once(note func(format string, args ...any)) func(format string, args ...any) {
	said := map[string]bool{}
	return func(format string, args ...any) {
		if text := fmt.Sprintf(format, args...); !said[text] {
			said[text] = true
			note("%s", text)
		}
	}
}

// lookAgain is the longest that a waiting run does not look at the branch: somebody may have aborted.
const lookAgain = 30 * time.Second

// nextLook is when a run that may go on until end should look again; ok is false where nothing can happen by then.
func nextLook(out Outcome, now, end time.Time) (in time.Duration, ok bool) {
	if !now.Before(end) {
		return 0, false
	}
	for _, res := range out.Results {
		until := time.Unix(res.Decision.Until, 0)
		switch {
		case res.Move != nil:
			return 0, true
		case res.Decision.Until == 0 || until.After(end):
		case !ok || until.Sub(now) < in:
			in, ok = max(until.Sub(now), 0), true
		}
	}
	return min(in, lookAgain), ok
}
