package show

import (
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"

	"github.com/gitramp/gitramp/cmd/internal/message"
	"github.com/gitramp/gitramp/render"
)

// nasty draws text of what Markdown, terminals and forges make something of.
func nasty(t *rapid.T) string {
	parts := rapid.SliceOf(rapid.OneOf(rapid.SampledFrom([]string{"`", "``", "\n", "\r", "|", "@a", "#1", "<b>", "</details>", "\x1b[1m", "\u202e", "\u2028", "\xff", " ", "\\", "- ", "/merge", "~~~", "\x00"}),
		rapid.String())).Draw(t, "parts")
	return strings.Join(parts, "")
}

func longestRun(s string) (longest int) {
	run := 0
	for _, c := range s {
		if run++; c != '`' {
			run = 0
		}
		longest = max(longest, run)
	}
	return longest
}

// A span ends where its own fence comes again, and nowhere before; nothing in it ends the line or the cell that it stands in.
func TestPropCode(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := code(nasty(t))
		inner := strings.TrimLeft(s, "`")
		fence := s[:len(s)-len(inner)]
		inner, closed := strings.CutSuffix(inner, fence)
		if !closed || fence == "" || inner == "" || longestRun(inner) >= len(fence) || strings.HasSuffix(inner, "`") || strings.Contains(inner, "|") ||
			strings.ContainsFunc(inner, func(c rune) bool { return !unicode.IsPrint(c) }) || len(inner) > longestValue+8 {
			t.Fatalf("%q", s)
		}
	})
}

// A block ends with its own fence, at the end.
func TestPropBlock(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := block("diff", nasty(t))
		first, rest, _ := strings.Cut(s, "\n")
		fence := strings.TrimSuffix(first, "diff")
		inner, closed := strings.CutSuffix(rest, "\n"+fence+"\n")
		if !closed || longestRun(fence) != len(fence) || len(fence) < 3 || longestRun(inner) >= len(fence) ||
			strings.ContainsFunc(inner, func(c rune) bool { return c != '\n' && !unicode.IsPrint(c) }) {
			t.Fatalf("%q", s)
		}
	})
}

// A sentence of gitramp's own stays as it is; all else in it is code.
func TestProse(t *testing.T) {
	for text, want := range map[string]string{
		"Prod runs shop:2.4.0 and gets all requests.":         "Prod runs `shop:2.4.0` and gets all requests.",
		"The canary gets 20% of the requests, prod the rest.": "The canary gets 20% of the requests, prod the rest.",
		"The canary gets 0.5% of it (step 2/7).":              "The canary gets `0.5%` of it (step `2/7)`.",
		"closes #1, says @admin":                              "closes `#1`, says `@admin`",
		"www.evil.example":                                    "`www.evil.example`",
		"/merge":                                              "`/merge`",
		"a\u202eb":                                            "`a\\u202eb`",
		"<b>x</b>":                                            "`<b>x</b>`",
		"prod, on shop@0123456789ab, gets all. Its pods settle": "prod, on `shop@0123456789ab`, gets all. Its pods settle",
	} {
		if got := prose(text); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}

func TestTitle(t *testing.T) {
	for text, want := range map[string]string{
		"web/shop: shift to 20% (step 2/7)":   "web/shop: shift to 20% (step 2/7)",
		"shop: prepare app@0123 (step 1/7)":   "shop: prepare app@0123 (step 1/7)",
		"@admin: closes #1 `x` <b>\n\nSecond": "admin: closes 1 x b Second",
		"shop: \x1b[31mred\u202e @all":        "shop: 31mred all",
	} {
		if got := title(text); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}

// A text fits into what forges take, and says what is left out.
func TestLongDiff(t *testing.T) {
	for _, line := range []string{"+ a line\n", "\n", "+ " + strings.Repeat("\u202e", 50) + "\n", "+ " + strings.Repeat("`", 200) + "\n"} {
		got := withDiff("head\n", strings.Repeat(line, 100000), "foot\n")
		if size(got) > longestBody || size(got) < longestBody/3 || !strings.HasSuffix(got, "</details>\nfoot\n") || !strings.Contains(got, "\nThe rest is left out: it is in the branch.\n") {
			t.Errorf("%q: %d bytes: …%s", line[:min(9, len(line))], size(got), got[max(0, len(got)-200):])
		}
	}
	if got := withDiff("head\n", "+ a line\n", "foot\n"); strings.Contains(got, "left out") || !strings.Contains(got, "```diff\n+ a line\n```\n") {
		t.Error(got)
	}
	m := &message.Move{Changes: []render.Change{{Path: "prod-deployment.yaml", Op: render.Changed, Old: []byte("a: 1\n"), New: manyFields(5000)}}}
	var b strings.Builder
	(&Proposal{Changes: edits(m)}).changes(&b)
	if b.Len() > longestHead+2000 || !strings.HasSuffix(b.String(), " more\n") {
		t.Errorf("%d bytes: …%s", b.Len(), b.String()[b.Len()-200:])
	}
}

func manyFields(n int) []byte {
	var b strings.Builder
	for i := range n {
		b.WriteString("f" + strings.Repeat("x", i%7) + strings.Repeat("y", i/7) + ": 1\n")
	}
	return []byte(b.String())
}
