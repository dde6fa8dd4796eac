package main

import (
	"encoding/json"
	"os"

	"go.yaml.in/yaml/v3"
	"golang.org/x/term"

	"github.com/gitramp/gitramp/cmd/internal/progress"
	"github.com/gitramp/gitramp/cmd/internal/show"
	"github.com/gitramp/gitramp/render"
)

func (c *cli) printJSON(v any) error {
	e := json.NewEncoder(c.out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// printItems prints one object, or several as a list of that kind; none where -o asks for neither JSON nor YAML and they are printed already.
func printItems[T any](c *cli, kind string, views []T) error {
	if views == nil {
		return nil
	}
	var data any = views[0]
	if len(views) > 1 {
		data = map[string]any{"apiVersion": render.APIVersion, "kind": kind, "items": views}
	}
	if c.output == "yaml" {
		return c.printYAML(data)
	}
	return c.printJSON(data)
}

// printYAML prints what printJSON would, as YAML with the fields in the same order: JSON is YAML, so its nodes only have to lose their style.
func (c *cli) printYAML(v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	var n yaml.Node
	if err := yaml.Unmarshal(data, &n); err != nil {
		return err
	}
	blockStyle(&n)
	e := yaml.NewEncoder(c.out)
	e.SetIndent(2)
	e.CompactSeqIndent()
	if err := e.Encode(&n); err != nil {
		return err
	}
	return e.Close()
}

func blockStyle(n *yaml.Node) {
	n.Style = 0
	for _, child := range n.Content {
		blockStyle(child)
	}
}

// colours is whether to colour what goes to stdout.
func (c *cli) colours() bool {
	switch {
	case c.color != "auto":
		return c.color == "always"
	case os.Getenv("NO_COLOR") != "" || os.Getenv("PRE_COMMIT") == "1":
		return false
	case os.Getenv("CLICOLOR_FORCE") != "" && os.Getenv("CLICOLOR_FORCE") != "0":
		return true
	}
	return os.Getenv("CLICOLOR") != "0" && onTerminal(c.terminal)
}

// onTerminal says whether a writer is a terminal that can do more than print.
func onTerminal(w any) bool {
	f, ok := w.(*os.File)
	return ok && os.Getenv("TERM") != "dumb" && isTerminal(f)
}

// count begins to say on stderr how far work has come that takes long.
func (c *cli) count(what string, total int) *progress.Counter {
	return progress.Start(progress.Options{To: c.err, Redraw: onTerminal(c.err) && os.Getenv("CI") == "", Ticks: c.ticks}, what, total)
}

func (c *cli) printer() show.Printer {
	return show.Printer{Out: c.out, Colour: c.colours()}
}

func isTerminal(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }
