package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
)

// The documents are run as a reader would run them. In a document
//
//   - a ```console block holds lines "$ COMMAND", run in one bash for the whole document, from an empty folder; the lines below a command are what it prints.
//     No line below it: anything may be printed. "..." stands for any lines, within a line for any words, and "(exit code 3)" at the end for a command that fails.
//   - a block whose first line is a comment with a file's name, "# canary.yaml", is written to that file.
//   - an inline `gitramp ...`, `make ...`, `git ...` or `go ...` has a verb and flags, or a target, that there are, and is run: its words are those of a command
//     of such a block, in any document, or of .ci/run, which runs what takes long in a cheap form. WORDS IN CAPITALS stand for others.
//
// Where a document runs "make install", gitramp is what that installed, and nothing else. A clone of https://github.com/gitramp/gitramp is one of this repository
// as it lies here.

// docCommand is one command of a document and what is to come of it.
type docCommand struct {
	line  int // of the document, from 1
	text  string
	file  string   // instead of a command: the file that text is written to
	want  []string // nil: anything
	lines [2]int   // of want in the document, from and to
	code  int
}

var (
	fence    = regexp.MustCompile("^```([a-z]*)$")
	fileName = regexp.MustCompile(`^# ([\w./-]+\.\w+)$`)
	exitLine = regexp.MustCompile(`^\(exit code (\d+)\)$`)
)

// read finds the commands of a document.
func read(text string) []docCommand {
	var list []docCommand
	lines := strings.Split(text, "\n")
	for i := 0; i < len(lines); i++ {
		open := fence.FindStringSubmatch(lines[i])
		if open == nil {
			continue
		}
		begin := i + 1
		for i++; i < len(lines) && lines[i] != "```"; i++ {
		}
		block := lines[begin:min(i, len(lines))]
		switch name := fileName.FindStringSubmatch(append(block, "")[0]); {
		case open[1] == "console":
			list = append(list, console(block, begin)...)
		case name != nil:
			list = append(list, docCommand{line: begin + 1, file: name[1], text: strings.Join(block, "\n") + "\n"})
		}
	}
	return list
}

func console(block []string, begin int) []docCommand {
	var list []docCommand
	for i, line := range block {
		if text, ok := strings.CutPrefix(line, "$ "); ok {
			list = append(list, docCommand{line: begin + i + 1, text: text, lines: [2]int{begin + i + 1, begin + i + 1}})
			continue
		}
		if len(list) == 0 {
			continue
		}
		c := &list[len(list)-1]
		if m := exitLine.FindStringSubmatch(line); m != nil {
			c.code, _ = strconv.Atoi(m[1])
			continue
		}
		c.want = append(c.want, line)
		c.lines[1] = begin + i + 1
	}
	return list
}

const doneMark = "\x1e"

// script is the document as one for bash.
func script(list []docCommand) string {
	var b strings.Builder
	for _, c := range list {
		if c.file != "" {
			fmt.Fprintf(&b, "mkdir -p \"$(dirname %[1]s)\" && cat >%[1]s <<'END-OF-DOCUMENT'\n%[2]sEND-OF-DOCUMENT\n", c.file, c.text)
		} else {
			fmt.Fprintf(&b, "%s\n", c.text)
		}
		fmt.Fprintf(&b, "printf '%s%%d%s' $?\n", doneMark, doneMark)
	}
	return b.String()
}

type outcome struct {
	printed string
	code    int
}

// perform runs the commands of a document in a folder of their own.
func perform(t *testing.T, list []docCommand) []outcome {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, ".script")
	if err := os.WriteFile(path, []byte(script(list)), 0o644); err != nil {
		t.Fatal(err)
	}
	home, work := filepath.Join(dir, ".home"), filepath.Join(dir, "work")
	for _, d := range []string{home, work} {
		if err := os.Mkdir(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("bash", "--norc", path)
	cmd.Dir = work
	cmd.Env = append(os.Environ(), "HOME="+home, "TERM=dumb", "LC_ALL=C.UTF-8", "CI=true", "GIT_CONFIG_NOSYSTEM=1", "GOBIN="+filepath.Join(dir, "bin"),
		"GIT_CONFIG_COUNT=2", "GIT_CONFIG_KEY_0=url."+origin(t, dir, list)+".insteadOf", "GIT_CONFIG_VALUE_0=https://github.com/gitramp/gitramp",
		"GIT_CONFIG_KEY_1=init.defaultBranch", "GIT_CONFIG_VALUE_1=main",
		"GIT_AUTHOR_NAME=Ada", "GIT_AUTHOR_EMAIL=ada@example.com", "GIT_COMMITTER_NAME=Ada", "GIT_COMMITTER_EMAIL=ada@example.com")
	if slices.ContainsFunc(list, func(c docCommand) bool { return c.text == "make install" }) {
		cmd.Env = append(cmd.Env, "PATH="+filepath.Join(dir, "bin")+string(os.PathListSeparator)+pathWithoutGitramp())
	}
	for _, name := range []string{"GOCACHE", "GOMODCACHE", "GOPATH"} {
		value, err := exec.Command("go", "env", name).Output()
		if err != nil {
			t.Fatal(err)
		}
		cmd.Env = append(cmd.Env, name+"="+strings.TrimSpace(string(value)))
	}
	out, err := cmd.CombinedOutput()
	parts := strings.Split(string(out), doneMark)
	if len(parts) != 2*len(list)+1 {
		t.Fatalf("the document ended early: %v\n%s", err, out)
	}
	results := make([]outcome, len(list))
	for i := range list {
		code, err := strconv.Atoi(parts[2*i+1])
		if err != nil {
			t.Fatal(err)
		}
		results[i] = outcome{parts[2*i], code}
	}
	return results
}

// pathWithoutGitramp is PATH without the folders that have a gitramp: the test's own, and one that is installed here.
func pathWithoutGitramp() string {
	dirs := slices.DeleteFunc(filepath.SplitList(os.Getenv("PATH")), func(dir string) bool {
		_, err := os.Stat(filepath.Join(dir, "gitramp"))
		return err == nil
	})
	return strings.Join(dirs, string(os.PathListSeparator))
}

// origin is a repository with the files of this one as they lie here, for who clones it.
func origin(t *testing.T, dir string, list []docCommand) string {
	t.Helper()
	if !slices.ContainsFunc(list, func(c docCommand) bool { return strings.Contains(c.text, "git clone") }) {
		return "nowhere"
	}
	to := filepath.Join(dir, ".origin")
	names, err := exec.Command("git", "-C", "../..", "ls-files", "-z", "--cached", "--others", "--exclude-standard").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range strings.Split(strings.TrimSuffix(string(names), "\x00"), "\x00") {
		copyFile(t, filepath.Join("../..", name), filepath.Join(to, name))
	}
	for _, args := range [][]string{{"init", "-q"}, {"add", "-A"}, {"-c", "user.name=a", "-c", "user.email=a@b.c", "commit", "-qm", "as it lies here"}} {
		if out, err := exec.Command("git", append([]string{"-C", to}, args...)...).CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	return to
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	info, err := os.Lstat(from)
	if os.IsNotExist(err) {
		return // deleted, and not committed yet
	}
	data, err2 := os.ReadFile(from)
	if err != nil || err2 != nil {
		t.Fatal(err, err2)
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, data, info.Mode().Perm()); err != nil {
		t.Fatal(err)
	}
}

// judge says what is wrong with what came of a command, "" for nothing.
func (c docCommand) judge(o outcome) string {
	if o.code != c.code {
		return fmt.Sprintf("exit code %d, want %d; it printed\n%s", o.code, c.code, o.printed)
	}
	if c.want == nil || matches(c.want, strings.Split(strings.TrimSuffix(o.printed, "\n"), "\n")) {
		return ""
	}
	return "it prints (-document +real)\n" + cmp.Diff(strings.Join(c.want, "\n")+"\n", o.printed)
}

// matches compares lines; "..." stands for any, and within a line for any words.
func matches(want, got []string) bool {
	for i, line := range want {
		if line == "..." {
			for skip := i; skip <= len(got); skip++ {
				if matches(want[i+1:], got[skip:]) {
					return true
				}
			}
			return false
		}
		if i >= len(got) || !matchesLine(line, got[i]) {
			return false
		}
	}
	return len(want) == len(got)
}

func documents(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("../../docs/*.md")
	if err != nil || len(files) < 5 {
		t.Fatal(files, err)
	}
	return append(files, "../../README.md", "../../CONTRIBUTING.md", "../../ARCHITECTURE.md", "../../SECURITY.md")
}

// TestDocuments runs every command of the documents, verbatim. -update writes what is printed where a document shows output in full.
func TestDocuments(t *testing.T) {
	for _, file := range documents(t) {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			list := read(string(text))
			if len(list) == 0 {
				return
			}
			results := perform(t, list)
			if *update {
				rewrite(t, file, string(text), list, results)
				return
			}
			for i, c := range list {
				if wrong := c.judge(results[i]); wrong != "" {
					t.Errorf("%s:%d: %s: %s", file, c.line, c.text, wrong)
				}
			}
		})
	}
}

// matchesLine compares a line. Columns are as wide as what is in them, so where words are left open spaces count as one.
func matchesLine(want, got string) bool {
	if strings.TrimRight(want, " ") == strings.TrimRight(got, " ") {
		return true
	}
	parts := strings.Split(regexp.QuoteMeta(strings.Join(strings.Fields(want), " ")), regexp.QuoteMeta("..."))
	return regexp.MustCompile("^"+strings.Join(parts, ".+")+"$").MatchString(strings.Join(strings.Fields(got), " ")) && (len(parts) > 1 || isHead(want))
}

// isHead says whether a line is the head of a table.
func isHead(line string) bool { return strings.ToUpper(line) == line && strings.Contains(line, "  ") }

// rewrite puts what was printed in the place of what a document says is.
func rewrite(t *testing.T, file, text string, list []docCommand, results []outcome) {
	t.Helper()
	lines := strings.Split(text, "\n")
	for i := len(list) - 1; i >= 0; i-- {
		if c := list[i]; c.want != nil && !strings.Contains(strings.Join(c.want, "\n"), "...") {
			now := strings.Split(strings.TrimSuffix(results[i].printed, "\n"), "\n")
			lines = slices.Concat(lines[:c.lines[0]], now, lines[c.lines[1]:])
		}
	}
	if err := os.WriteFile(file, []byte(strings.Join(lines, "\n")), 0o644); err != nil {
		t.Fatal(err)
	}
}

var inline = regexp.MustCompile("`(gitramp|make|git|go) ([^`]+)`")

// notForReaders are commands that are named for what other programs and tests do.
var notForReaders = []string{"git add", "git commit", "git fast-import", "git fsck --strict", "go install"}

// settings are files whose comments name commands.
var settings = []string{"../../.goreleaser.yaml", "../../Dockerfile", "../../action.yml", "../../.golangci.yml", "../../Makefile", "../../.ci/run", "../../.ci/tools", "../../.ci/e2e"}

// TestInlineCommands: what documents and settings name in passing is there, and what documents name is run.
func TestInlineCommands(t *testing.T) {
	makefile, err := os.ReadFile("../../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	root := (&cli{out: io.Discard, err: io.Discard}).root()
	commands := performed(t)
	count := 0
	for _, file := range append(documents(t), settings...) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for i, line := range strings.Split(string(text), "\n") {
			for _, m := range inline.FindAllStringSubmatch(line, -1) {
				count++
				if wrong := unknownWord(root, makefile, m[1], strings.Fields(m[2])); wrong != "" {
					t.Errorf("%s:%d: %s: %s", file, i+1, m[0], wrong)
				}
				if words := strings.Trim(m[0], "`"); filepath.Ext(file) == ".md" && !isPerformed(words, commands) && !slices.Contains(notForReaders, words) {
					t.Errorf("%s:%d: %s: nobody runs it: no console block of a document, nor .ci/run", file, i+1, m[0])
				}
			}
		}
	}
	if count < 10 {
		t.Errorf("only %d commands are found", count)
	}
}

// performed are the commands of all documents' console blocks and of .ci/run.
func performed(t *testing.T) []string {
	t.Helper()
	ci, err := os.ReadFile("../../.ci/run")
	if err != nil {
		t.Fatal(err)
	}
	commands := strings.Split(string(ci), "\n")
	for _, file := range documents(t) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range read(string(text)) {
			if c.file == "" {
				commands = append(commands, c.text)
			}
		}
	}
	return commands
}

var setting = regexp.MustCompile(`^[A-Z]+=`)

// isPerformed says whether one of the commands has the words, in their order. Settings of make are there to be changed, and words in capitals stand for others.
func isPerformed(text string, commands []string) bool {
	words := slices.DeleteFunc(strings.Fields(text), func(w string) bool {
		return setting.MatchString(w) || strings.ToUpper(w) == w && strings.ToLower(w) != w
	})
	return slices.ContainsFunc(commands, func(command string) bool {
		have := strings.Fields(command)
		if len(have) == 0 || have[0] != words[0] {
			return false
		}
		left := words
		for _, w := range have {
			if len(left) > 0 && left[0] == w {
				left = left[1:]
			}
		}
		return len(left) == 0
	})
}

func unknownWord(root *cobra.Command, makefile []byte, program string, words []string) string {
	if program == "make" {
		if !bytes.Contains(makefile, []byte("\n"+words[0]+":")) {
			return "there is no such target"
		}
		return ""
	}
	if program != "gitramp" {
		return ""
	}
	root.InitDefaultHelpCmd()
	cmd, _, err := root.Find(words)
	if err != nil || cmd == root {
		return "there is no such verb"
	}
	for _, word := range words {
		name, isFlag := strings.CutPrefix(word, "--")
		name, _, _ = strings.Cut(name, "=")
		if isFlag && cmd.Flags().Lookup(name) == nil && cmd.InheritedFlags().Lookup(name) == nil {
			return "there is no flag --" + name
		}
	}
	return ""
}

// TestDocumentsCanFail: the judge of the documents finds what is wrong with one.
func TestDocumentsCanFail(t *testing.T) {
	list := read("```yaml\n# a.txt\n1\n```\n\n```console\n$ cat a.txt\n# a.txt\n2\n$ false\n$ echo a; echo b; echo c\na\n...\nc\n$ sh -c 'exit 3'\n(exit code 3)\n$ cd /\n$ pwd\n/\n```\n")
	results := perform(t, list)
	want := []bool{true, false, false, true, true, true, true}
	for i, c := range list {
		if wrong := c.judge(results[i]); (wrong == "") != want[i] {
			t.Errorf("%s: judged %q, right is %v", c.text, wrong, want[i])
		}
	}
	root := (&cli{out: io.Discard, err: io.Discard}).root()
	for _, words := range []string{"gitramp plam", "gitramp plan --dif", "make tests"} {
		w := strings.Fields(words)
		if unknownWord(root, []byte("\ntest:\n"), w[0], w[1:]) == "" {
			t.Errorf("%s is taken for a command that there is", words)
		}
	}
	commands := []string{"", "gitramp render canary.yaml --to out", "make fuzz FUZZTIME=10s"}
	for words, want := range map[string]bool{"gitramp render --to": true, "gitramp render SPEC --to DIR": true, "make fuzz FUZZTIME=10m": true, "gitramp render --write": false,
		"make fuz": false, "render --to": false, "gitramp --to render": false} {
		if isPerformed(words, commands) != want {
			t.Errorf("%s is run: want %v", words, want)
		}
	}
}
