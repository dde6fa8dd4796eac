package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// asker asks on stderr and reads answers from stdin.
type asker struct {
	to    io.Writer
	lines chan string // closed at the end of the input
}

func newAsker(to io.Writer) *asker {
	a := &asker{to, make(chan string)}
	go func() {
		defer close(a.lines)
		for in := bufio.NewScanner(os.Stdin); in.Scan(); {
			a.lines <- in.Text()
		}
	}()
	return a
}

// ask returns the answer, or otherwise where there is none. Reading cannot be interrupted, so it is left behind when the context ends.
func (a *asker) ask(ctx context.Context, what, otherwise string) (string, error) {
	if otherwise != "" {
		what += " [" + otherwise + "]"
	}
	fmt.Fprintf(a.to, "gitramp: %s: ", what)
	select {
	case <-ctx.Done():
		fmt.Fprintln(a.to)
		return "", errInterrupted
	case line, ok := <-a.lines:
		if !ok {
			fmt.Fprintln(a.to)
			return "", errInterrupted
		}
		if line = strings.TrimSpace(line); line == "" {
			line = otherwise
		}
		return line, nil
	}
}

func (a *asker) say(text string) { fmt.Fprintln(a.to, "gitramp: "+text) }

func isTerminal(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }
