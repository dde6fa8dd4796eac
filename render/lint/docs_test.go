package lint_test

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gitramp/gitramp/render/lint"
)

var update = flag.Bool("update", false, "write the codes into docs/lint.md")

const mark = "<!-- From here on made by make golden from render/lint/checks.go: change the checks there. -->\n"

// TestDocsAreFresh: docs/lint.md ends with the table of the checks.
func TestDocsAreFresh(t *testing.T) {
	const file = "../../docs/lint.md"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	head, _, ok := strings.Cut(string(text), mark)
	if !ok {
		t.Fatalf("%s has no line %s", file, mark)
	}
	want := head + mark + codes()
	if *update {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if string(text) != want {
		t.Errorf("%s is stale: make golden\n%s", file, cmp.Diff(string(text), want))
	}
}

func codes() string {
	var b strings.Builder
	b.WriteString("\n| code | severity | what |\n| --- | --- | --- |\n")
	for _, c := range lint.Checks {
		fmt.Fprintf(&b, "| [%s](#%s) | %s | %s |\n", c.Code, strings.ToLower(c.Code), c.Severity, c.Title)
	}
	for _, c := range lint.Checks {
		fmt.Fprintf(&b, "\n### %s\n\n%s\n\n%s\n\n%s\n", c.Code, wrapped(c.Title+". "+c.Why), wrapped("*Source:* "+c.Source+"."), wrapped("*Fix:* "+c.Fix))
	}
	return b.String()
}

// wrapped breaks a paragraph into lines of at most 160 characters.
func wrapped(text string) string {
	line, out := "", ""
	for _, word := range strings.Fields(text) {
		if line != "" && len(line)+1+len(word) > 160 {
			out, line = out+line+"\n", ""
		}
		line = strings.TrimPrefix(line+" "+word, " ")
	}
	return out + line
}

// TestTable: codes are in order and once, and each check says all that it has to.
func TestTable(t *testing.T) {
	last := ""
	for _, c := range lint.Checks {
		if !regexp.MustCompile(`^GR[0-3][0-9]{2}$`).MatchString(c.Code) || c.Code <= last {
			t.Errorf("%s comes after %s", c.Code, last)
		}
		last = c.Code
		for _, text := range []string{c.Why, c.Fix} {
			if !strings.HasSuffix(text, ".") {
				t.Errorf("%s: %q is no sentence", c.Code, text)
			}
		}
		if c.Title == "" || c.Source == "" || strings.HasSuffix(c.Title, ".") || strings.HasSuffix(c.Source, ".") {
			t.Errorf("%s: title %q, source %q", c.Code, c.Title, c.Source)
		}
	}
}
