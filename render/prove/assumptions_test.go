package prove_test

import (
	"slices"
	"testing"

	"github.com/gitramp/gitramp/render/prove"
)

// TestAssumptions: a certificate says what it takes for granted, at either level, and nothing that it has not to.
func TestAssumptions(t *testing.T) {
	const lag, few = "a router sends no request to a pod later than 5s after it is deleted", "whom a header or cookie picks out are few: the load on pods is that of everybody else"
	for _, c := range []struct {
		name, spec string
		want       []string
	}{
		{"all pairs", shop, []string{
			"a tree has settled before the controller goes on to any other one",
			"nothing of an earlier release is still applied when this one begins: a controller that slept through the end of that one is not gone through",
			"load on pods is held against the plan between neighbours alone: a controller that skips commits may give a pod more until all pods are ready",
			lag, few,
		}},
		{"neighbours", gateway, []string{"each commit is applied and has settled before the next one (settle, or a witness): no commit is skipped", lag, few}},
	} {
		if got := proven(t, input(t, c.spec), prove.Options{}).Assumptions; !slices.Equal(got, c.want) {
			t.Errorf("%s: %q\nwant %q", c.name, got, c.want)
		}
	}
}
