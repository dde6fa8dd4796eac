package node

import (
	"testing"

	"go.yaml.in/yaml/v3"
	"pgregory.net/rapid"
)

// TestPropEncoders: whatever was encoded before it, an object is encoded as if it were alone. Words are drawn from what is special to YAML or to the encoder.
func TestPropEncoders(t *testing.T) {
	words := []string{"app", "gitramp-slot-000", "gitramp-slot-001", "90817263000", "90817263", "yes", "on", "0", "007", "1e3", "12:30", "128Mi", "5m", "", " ", "a b",
		"a: b", "a:", "#", "/", "-", "~", "null", "é", "\n", "two\nlines\n", "\"", "'", "*", "&a", "{}", "0x1F", "1_000", "=", "<<", "a-b.c/d:e@f"}
	rapid.Check(t, func(t *rapid.T) {
		var e Encoders
		for range rapid.IntRange(2, 12).Draw(t, "objects") {
			word := func(label string) string { return rapid.SampledFrom(words).Draw(t, label) }
			n := Map(String("name"), String(word("name")), String("weight"), Quoted(word("weight")), String("replicas"), Int(rapid.IntRange(0, 99999).Draw(t, "replicas")),
				String("labels"), Map(String("app"), String(word("app"))), String("list"), Seq(String(word("a")), String(word("b"))))
			if rapid.Bool().Draw(t, "another shape") {
				Set(n, String(word("more")), "more")
			}
			got, err := e.Encode("kind", n)
			if err != nil {
				t.Fatal(err)
			}
			want, err := Encode(n)
			if err != nil || string(got) != string(want) {
				t.Fatalf("encoded after others:\n%s\nalone:\n%s(%v)", got, want, err)
			}
			var back yaml.Node
			if err := yaml.Unmarshal(got, &back); err != nil {
				t.Fatalf("%v\n%s", err, got)
			}
		}
	})
}

// TestPlainIsStrict: what a YAML 1.1 reader would take for something else is never written without quotes.
func TestPlainIsStrict(t *testing.T) {
	for _, s := range []string{"yes", "Yes", "ON", "off", "n", "Y", "true", "null", "~", "", "0", "010", "1e3", "0x1", "1_0", "12:30", "1.5", ".5", "-1", "+1", ".inf", "a:", "=", "<<", "2026-11-22", "12e03", "0o17"} {
		if Plain(s) {
			t.Errorf("%q is taken for plain", s)
		}
	}
	for _, s := range []string{"app", "demo-canary", "argoproj/rollouts-demo:green", "a.example.com", "/", "/v2", "128Mi", "100m", "app@sha256:00", "nginx", "yessir"} {
		if !Plain(s) {
			t.Errorf("%q is quoted without need", s)
		}
	}
}
