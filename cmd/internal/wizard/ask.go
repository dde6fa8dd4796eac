package wizard

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strings"
)

// Asker asks somebody, and reads the answers line by line.
type Asker struct {
	to    io.Writer
	lines chan string // closed at the end of the input
}

// NewAsker asks on to and reads from in.
func NewAsker(from io.Reader, to io.Writer) *Asker {
	a := &Asker{to, make(chan string)}
	go func() {
		defer close(a.lines)
		for in := bufio.NewScanner(from); in.Scan(); {
			a.lines <- in.Text()
		}
	}()
	return a
}

// ask returns the answer, or otherwise where there is none. Reading cannot be interrupted, so it is left behind when the context ends.
func (a *Asker) ask(ctx context.Context, what, otherwise string) (string, error) {
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
			return "", errEnded
		}
		if line = strings.TrimSpace(line); line == "" {
			line = otherwise
		}
		return line, nil
	}
}

func (a *Asker) say(text string) { fmt.Fprintln(a.to, "gitramp: "+text) }
