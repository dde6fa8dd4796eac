package main

import (
	"bytes"
	"context"
	"io"
	"testing"
	"time"

	"github.com/gitramp/gitramp/cmd/internal/wizard"
	"github.com/gitramp/gitramp/render/starter"
)

// TestInterrupted: ^C while init asks is exit code 130 and one line, and what nobody answers is none.
func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	terminal, typing := io.Pipe()
	defer typing.Close()
	time.AfterFunc(50*time.Millisecond, cancel)
	err := wizard.Fill(ctx, &starter.Answers{}, t.TempDir(), func(string) bool { return false }, wizard.NewAsker(terminal, io.Discard))
	var said bytes.Buffer
	c := &cli{err: &said}
	if code := c.finish(err); code != 130 {
		t.Errorf("exit code %d, want 130", code)
	}
	if said.String() != "gitramp: interrupted, and nothing is written\n" {
		t.Errorf("said %q", said.String())
	}
}
