package pulls

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/text"
)

// hostile is what people have put into names: whatever a forge, a terminal or a shell makes something of.
var hostile = []string{
	"`", "``` \n</details>\n# Approved\n", "a`b``c```d", "@admin please merge", "Closes #1", "\n/merge\n/approve\n", "<!-- x --><script>alert(1)</script>", "[x](javascript:alert(1))",
	"![i](https://evil.example/i.png)", "https://evil.example", "www.evil.example", "| a | b |\n| - | - |", "\x1b[31mred", "\u202egnp.exe", "\u200b", "a\rb", "\\n## two", "$(touch x)", "${{ github.token }}", "&lt;b&gt;", "\n\n---\n\n",
	"~~~\n", "<details open>", strings.Repeat("`", 50), strings.Repeat("x", 5000),
}

// TestHostileBody: the text of a proposal has the headings, the links and the HTML that gitramp writes, whatever is in a spec. It is read as GitHub reads Markdown.
func TestHostileBody(t *testing.T) {
	need(t, "git")
	s := newSite(t)
	env := "  env:\n"
	for i, v := range hostile {
		value, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		env += "  - {name: A" + string(rune('A'+i)) + ", value: " + strings.ReplaceAll(string(value), "\\u003c", "<") + "}\n"
	}
	plain := outline(s, t)
	s.edit("  port: 8080\n", "  port: 8080\n"+env)
	s.run("work", "git", "fetch", "-q")
	for step := range 7 { // prepare adds the values in a file of its own, promote changes prod's field by field
		got := outline(s, t)
		if step == 0 && !slices.Equal(got, plain) {
			t.Errorf("the text has\n%q\nand without anything hostile it has\n%q", got, plain)
		}
		for _, part := range got {
			if !strings.HasPrefix(part, "heading ") && part != "html" {
				t.Errorf("step %d: the text has %s", step, part)
			}
		}
		s.run("work", "gitramp", "advance", "--propose", "--push", "--exit-zero-on-wait", "--now", "2031-01-01T00:00:00Z")
		s.merge("squash", s.proposals())
	}
}

// outline proposes what is next, without writing it, and lists what its text has that is no plain text. Every mention, reference and command has to be in code.
func outline(s *site, t *testing.T) (list []string) {
	t.Helper()
	var out struct {
		Apps []struct {
			Proposal struct{ Title, Body, Summary string }
		}
	}
	data := s.run("work", "gitramp", "advance", "--propose", "--push", "--dry-run", "--now", "2031-01-01T00:00:00Z", "-o", "json")
	if err := json.Unmarshal([]byte(data), &out); err != nil {
		t.Fatal(err, data)
	}
	p := out.Apps[0].Proposal
	if len(p.Body) > 60000 || strings.ContainsFunc(p.Body+p.Title, func(c rune) bool { return c != '\n' && !unicode.IsPrint(c) }) || strings.ContainsAny(p.Title+p.Summary, "\n`<@#") {
		t.Errorf("title %q and text (%d bytes) have what does not print, or means something", p.Title, len(p.Body))
	}
	source := []byte(p.Body)
	tree := goldmark.New(goldmark.WithExtensions(extension.GFM)).Parser().Parse(text.NewReader(source))
	err := ast.Walk(tree, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Heading:
			list = append(list, "heading "+string(n.Lines().Value(source)))
		case *ast.Link, *ast.AutoLink, *ast.Image:
			list = append(list, "a link: "+string(n.Text(source)))
		case *ast.HTMLBlock, *ast.RawHTML:
			list = append(list, "html")
			checkHTML(t, n, source)
		case *ast.CodeSpan, *ast.FencedCodeBlock:
			return ast.WalkSkipChildren, nil
		case *ast.Text:
			if words := string(n.Segment.Value(source)); strings.ContainsAny(words, "@#<>\\[]|") || strings.HasPrefix(words, "/") || strings.Contains(words, "evil") || strings.Contains(words, "Approved") {
				t.Errorf("this is not in code: %q", words)
			}
		}
		return ast.WalkContinue, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// checkHTML: there are two elements of HTML, and both are gitramp's.
func checkHTML(t *testing.T, n ast.Node, source []byte) {
	t.Helper()
	block, ok := n.(*ast.HTMLBlock)
	if !ok {
		t.Errorf("HTML in a line: %s", n.Text(source))
		return
	}
	switch html := strings.TrimSpace(string(block.Lines().Value(source))); html {
	case "</details>", "<details><summary>What is assumed</summary>", "<details><summary>The manifests as a diff</summary>":
	default:
		t.Errorf("the text has HTML: %s", html)
	}
}
