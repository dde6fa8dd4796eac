package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// mutant is one edit, and the test that has to notice.
type mutant struct {
	name, file, pkg, pattern string
	old, new                 string
}

// parse reads mutants.txt: blocks with a blank line between them. A block is a name after "# ", the file, the package and the test as -run takes it, the lines
// that go after "-", and those that come after "+". Lines are compared without the white space around them.
func parse(text string) ([]mutant, error) {
	var list []mutant
	for _, block := range strings.Split(strings.TrimSpace(text), "\n\n") {
		lines := strings.Split(block, "\n")
		words := strings.Fields(lines[min(1, len(lines)-1)])
		if !strings.HasPrefix(lines[0], "# ") || len(words) != 3 {
			return nil, fmt.Errorf("mutants.txt: %q: want a name, and FILE PACKAGE TEST", lines[0])
		}
		m := mutant{name: lines[0][2:], file: words[0], pkg: words[1], pattern: words[2]}
		for _, line := range lines[2:] {
			switch {
			case strings.HasPrefix(line, "-"):
				m.old += line[1:] + "\n"
			case strings.HasPrefix(line, "+"):
				m.new += line[1:] + "\n"
			default:
				return nil, fmt.Errorf("mutants.txt: %s: %q begins with neither - nor +", m.name, line)
			}
		}
		list = append(list, m)
	}
	return list, nil
}

func (m mutant) test() string { return m.pkg + " " + m.pattern }

var (
	errSurvived = errors.New("SURVIVED")
	errBroken   = errors.New("does not compile")
)

// try edits the copy, runs the test, and takes the edit back.
func (m mutant) try(ctx context.Context, root string) error {
	path := filepath.Join(root, m.file)
	was, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	now, err := m.edit(string(was))
	if err != nil {
		return err
	}
	if err := os.WriteFile(path, []byte(now), 0o644); err != nil {
		return err
	}
	defer os.WriteFile(path, was, 0o644)
	out, err := m.run(ctx, root)
	switch {
	case err == nil:
		return errSurvived
	case bytes.Contains(out, []byte("[build failed]")), bytes.Contains(out, []byte("[setup failed]")):
		return fmt.Errorf("%w: %s", errBroken, bytes.TrimSpace(out))
	case !bytes.Contains(out, []byte("--- FAIL")) && !bytes.Contains(out, []byte("panic: ")):
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
}

// edit replaces lines that stand in the file exactly once.
func (m mutant) edit(text string) (string, error) {
	old := strings.Split(strings.TrimSuffix(m.old, "\n"), "\n")
	lines := strings.SplitAfter(text, "\n")
	at := -1
	for i := 0; i+len(old) <= len(lines); i++ {
		if !alike(lines[i:i+len(old)], old) {
			continue
		}
		if at >= 0 {
			return "", fmt.Errorf("its lines stand in %s more than once", m.file)
		}
		at = i
	}
	if at < 0 {
		return "", fmt.Errorf("its lines do not stand in %s", m.file)
	}
	return strings.Join(lines[:at], "") + m.new + strings.Join(lines[at+len(old):], ""), nil
}

func alike(lines, want []string) bool {
	for i := range want {
		if strings.TrimSpace(lines[i]) != strings.TrimSpace(want[i]) {
			return false
		}
	}
	return true
}

func (m mutant) run(ctx context.Context, root string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "go", "test", "-trimpath", m.pkg, "-run", m.pattern, "-count=1", "-timeout=5m")
	cmd.Dir = root
	return cmd.CombinedOutput()
}
