package convert

import (
	"regexp"
	"testing"

	"pgregory.net/rapid"
)

// TestSeconds: durations as Go and as a spec has them; what is finer than a second is rounded up, so that no step is shorter than it was.
func TestSeconds(t *testing.T) {
	for _, c := range []struct {
		text  string
		want  int64
		exact bool
	}{{"30", 30, true}, {"10m", 600, true}, {"1h30m", 5400, true}, {"1.5h", 5400, true}, {"90s", 90, true}, {"0.5s", 1, false}, {"1500ms", 2, false}, {"1m0.25s", 61, false}, {"30m1h", 5400, true}} {
		d, exact, err := seconds(c.text)
		if err != nil || int64(d) != c.want || exact != c.exact {
			t.Errorf("%s is %d, exact %v, %v; want %d, %v", c.text, d, exact, err, c.want, c.exact)
		}
	}
	for _, text := range []string{"", "-5s", "1y", "h", "10 m", "1e9h", "9000h", "99999999999999999999h"} {
		if d, _, err := seconds(text); err == nil {
			t.Errorf("%q is %d", text, d)
		}
	}
}

// TestPropWhole: a pattern that is searched for finds what the pattern that it becomes matches as a whole.
func TestPropWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pattern := rapid.StringMatching(`\^?(\(\?:)?[ab|.*]{0,5}\)?(\|\(?[ab]\)?)?\$?`).Draw(t, "pattern")
		search, err := regexp.Compile(pattern)
		if err != nil {
			t.Skip(err)
		}
		all, err := regexp.Compile(`^(?:` + whole(pattern) + `)$`)
		if err != nil {
			t.Fatalf("%q becomes %q: %v", pattern, whole(pattern), err)
		}
		for range 20 {
			s := rapid.StringMatching(`[abc]{0,5}`).Draw(t, "value")
			if search.MatchString(s) != all.MatchString(s) {
				t.Fatalf("%q finds %q: %v; %q: %v", pattern, s, search.MatchString(s), whole(pattern), all.MatchString(s))
			}
		}
	})
}
