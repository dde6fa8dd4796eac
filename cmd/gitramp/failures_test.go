package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var testName = regexp.MustCompile(`^(?:Test[A-Z]\w+|[a-z]+_\w+)$`)

// TestFailures: docs/failures.md has every row of the failure model, and each test that it names is there.
func TestFailures(t *testing.T) {
	text, err := os.ReadFile("../../docs/failures.md")
	if err != nil {
		t.Fatal(err)
	}
	tests := testsOfTheRepository(t)
	rows, named := 0, 0
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(strings.Trim(line, "|\n"), " | ")
		if !strings.HasPrefix(line, "| F") && !strings.HasPrefix(line, "| | ") || strings.Contains(line, " fault ") {
			continue
		}
		if strings.HasPrefix(line, "| F") {
			if rows++; !strings.HasPrefix(line, fmt.Sprintf("| F%d |", rows)) {
				t.Errorf("F%d is missing before %q", rows, line)
			}
		}
		for _, name := range strings.Split(strings.Trim(cells[len(cells)-1], " |"), ", ") {
			switch {
			case name == "" && strings.Contains(line, "with gates"):
			case !testName.MatchString(name), !tests[name]:
				t.Errorf("%q is named, and there is no such test", name)
			default:
				named++
			}
		}
	}
	if rows != 23 || named < 50 {
		t.Errorf("%d rows, %d tests", rows, named)
	}
}

// testsOfTheRepository are the names of all Go tests and scripts.
func testsOfTheRepository(t *testing.T) map[string]bool {
	t.Helper()
	tests := map[string]bool{}
	declared := regexp.MustCompile(`(?m)^func (Test\w+)\(`)
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if script, ok := strings.CutSuffix(d.Name(), ".txtar"); ok {
			tests[script] = true
		}
		if !strings.HasSuffix(path, "_test.go") {
			return nil
		}
		source, err := os.ReadFile(path)
		for _, m := range declared.FindAllSubmatch(source, -1) {
			tests[string(m[1])] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return tests
}
