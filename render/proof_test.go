package render_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/gitramp/gitramp/render/prove"
)

// TestPropProven: whatever a valid spec asks for, its release is safe at the level of its router. Package prove goes by the objects, and knows nothing of the spec.
func TestPropProven(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := specs(t)
		in, err := prove.Release(release(t, parse(t, text), shared))
		if err != nil {
			t.Fatal(err)
		}
		result, err := prove.Prove(in, prove.Options{})
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		for _, s := range result.Stories {
			t.Errorf("%s\n%s", s, text)
		}
	})
}
