package render

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
)

// Duration is a length of time in whole seconds. The core has a type of its own because package time can also read the clock.
type Duration int64

// MaxDuration is the longest duration that a spec may ask for: a year.
const MaxDuration Duration = 365 * 24 * 60 * 60

var durationText = regexp.MustCompile(`^(?:([0-9]{1,9})h)?(?:([0-9]{1,9})m)?(?:([0-9]{1,9})s)?$`)

const durationAllowed = "whole seconds (30) or hours, minutes and seconds (90s, 10m, 1h30m), at most 8760h"

// ParseDuration reads seconds without a unit, as Argo Rollouts does, or hours, minutes and seconds in this order.
func ParseDuration(s string) (Duration, error) {
	if plainInt(s) {
		s += "s"
	}
	m := durationText.FindStringSubmatch(s)
	if m == nil || s == "" {
		return 0, fmt.Errorf("duration %q is invalid: allowed %s", s, durationAllowed)
	}
	var d int64
	for i, unit := range []int64{3600, 60, 1} {
		if m[i+1] == "" {
			continue
		}
		n, err := strconv.ParseInt(m[i+1], 10, 64)
		if err != nil || n > math.MaxInt32 {
			return 0, fmt.Errorf("duration %q is invalid: allowed %s", s, durationAllowed)
		}
		d += n * unit
	}
	if Duration(d) > MaxDuration {
		return 0, fmt.Errorf("duration %q is invalid: allowed %s", s, durationAllowed)
	}
	return Duration(d), nil
}

// String writes the shortest form: 30s, 10m, 1h30m, 0s.
func (d Duration) String() string {
	var b strings.Builder
	h, m, s := d/3600, d/60%60, d%60
	for _, part := range []struct {
		n    Duration
		unit byte
	}{{h, 'h'}, {m, 'm'}, {s, 's'}} {
		if part.n != 0 {
			b.WriteString(strconv.FormatInt(int64(part.n), 10))
			b.WriteByte(part.unit)
		}
	}
	if b.Len() == 0 {
		return "0s"
	}
	return b.String()
}

// MarshalText makes JSON and YAML show a duration as a spec does.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }
