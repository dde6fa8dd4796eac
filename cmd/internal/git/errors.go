package git

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
)

// Error is a git command that ended with an error: what ran, its exit status (-1: killed), and what git said.
type Error struct {
	Args   []string
	Code   int
	Stderr string // sanitised, at most 4 KiB
}

func (e *Error) Error() string {
	text := fmt.Sprintf("git %s: exit %d", strings.Join(e.Args, " "), e.Code)
	if e.Code < 0 {
		text = fmt.Sprintf("git %s: killed", strings.Join(e.Args, " "))
	}
	if e.Stderr != "" {
		text += ": " + e.Stderr
	}
	return text
}

// Conflict says that the repository is not in the state this run read or needs: raced, edited by hand, locked by somebody else. Exit code 5.
type Conflict struct {
	Text  string
	Err   error    // what git said, if it did
	Files []string // what of the user's work tree it is about, relative to its top
}

func (e *Conflict) Error() string {
	if e.Files != nil {
		return e.Text + ": " + list(e.Files)
	}
	return join(e.Text, e.Err)
}
func (e *Conflict) Unwrap() error { return e.Err }

// Refusal says that git, a hook or signing said no. Exit code 6.
type Refusal struct {
	Text string
	Err  error
}

func (e *Refusal) Error() string { return join(e.Text, e.Err) }
func (e *Refusal) Unwrap() error { return e.Err }

// Usage says that a directory, branch or path cannot be used. Exit code 2.
type Usage struct{ Text string }

func (e *Usage) Error() string { return e.Text }

// Outside says that a path leads out of the repository, or into another one: through a symlink, or a submodule. Exit code 3.
type Outside struct{ Text string }

func (e *Outside) Error() string { return e.Text }

func join(text string, err error) string {
	if err == nil {
		return text
	}
	if said := (*Error)(nil); errors.As(err, &said) && said.Stderr != "" {
		return text + ": " + said.Stderr // what ran is no news to a user
	}
	return text + ": " + err.Error()
}

// sanitise makes what another program said safe to print: no control characters but newline and tab.
func sanitise(s string) string {
	s = strings.Map(func(c rune) rune {
		if unicode.IsPrint(c) || c == '\n' || c == '\t' {
			return c
		}
		return -1
	}, strings.ToValidUTF8(s, "?"))
	return strings.TrimSpace(s)
}

// tail keeps the first and the last 2 KiB of what a child says on stderr: a hook's words come first, git's verdict last.
type tail struct{ buf []byte }

const tailHalf = 2<<10 - 4

func (t *tail) Write(p []byte) (int, error) {
	t.buf = append(t.buf, p...)
	if len(t.buf) > 4*tailHalf {
		t.cut()
	}
	return len(p), nil
}

func (t *tail) cut() {
	if len(t.buf) > 2*tailHalf {
		t.buf = append(t.buf[:tailHalf:tailHalf], t.buf[len(t.buf)-tailHalf:]...)
	}
}

func (t *tail) String() string {
	t.cut()
	return sanitise(string(t.buf))
}
