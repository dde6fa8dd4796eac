//go:build unix

package main

import (
	"bytes"
	"io"
	"os"
	"strings"
	"testing"
	"time"
)

// TestProgress: whoever waits for long is told how many specs are read and how many apps are rendered. The clock of the test ticks once, when the work is done.
func TestProgress(t *testing.T) {
	spec, err := os.ReadFile("../../fixtures/seed/canary.yaml")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(chaosRepo(t, spec))
	for _, entry := range chaosEnv() {
		if name, value, _ := strings.Cut(entry, "="); strings.HasPrefix(name, "GIT_") {
			t.Setenv(name, value)
		}
	}
	for verb, want := range map[string]string{
		"validate": "gitramp: 10:31:07 1 of 1 specs are read\n",
		"commit":   "gitramp: 10:31:07 1 of 1 specs are read\ngitramp: 10:31:07 1 of 1 apps are rendered\n",
	} {
		var said bytes.Buffer
		c := &cli{out: io.Discard, err: &said, ticks: func() (<-chan time.Time, func()) {
			clock := make(chan time.Time)
			return clock, func() { clock <- time.Date(2026, 11, 23, 10, 31, 7, 0, time.UTC) }
		}}
		root := c.root()
		root.SetArgs([]string{verb, "canary.yaml"})
		if err := root.ExecuteContext(t.Context()); err != nil {
			t.Fatalf("%s: %v\n%s", verb, err, said.String())
		}
		if !strings.HasPrefix(said.String(), want) {
			t.Errorf("%s: it said %q, want %q", verb, said.String(), want)
		}
	}
}
