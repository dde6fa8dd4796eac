// Command gitramp renders canary releases into git: one commit per step, for Argo CD or Flux to apply.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	os.Exit(run(asFunction(os.Args), os.Stdout, os.Stderr, nil))
}

// run is the whole program: arguments in, exit code out. ticks is when to say how far work has come; nil for the real clock.
func run(args []string, stdout, stderr io.Writer, ticks func() (<-chan time.Time, func())) (code int) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	out := &sink{to: stdout}
	c := &cli{out: out, terminal: stdout, err: stderr, ticks: ticks}
	defer func() {
		if r := recover(); r != nil {
			code = c.finish(fmt.Errorf("internal error, please report it: %v", r))
		}
	}()
	root := c.root()
	root.SetArgs(args)
	code = c.finish(errors.Join(root.ExecuteContext(ctx), out.err))
	if ctx.Err() != nil && code != exitDone {
		return exitInterrupted // whatever it was that the signal ended
	}
	return code
}

// sink remembers that what was printed did not arrive, so that a full disk is no success.
type sink struct {
	to  io.Writer
	err error
}

func (s *sink) Write(p []byte) (int, error) {
	n, err := s.to.Write(p)
	if s.err == nil {
		s.err = err
	}
	return n, err
}
