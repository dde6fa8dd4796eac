package main

import (
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "write what is printed into the scripts")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"gitramp": func() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr, never)) },
	})
}

// never is a clock for progress that does not tick: what a script expects does not depend on how busy the machine is.
func never() (<-chan time.Time, func()) { return nil, func() {} }

// TestScript runs testdata/script/<verb>_<what>.txtar. Beside testscript's own commands there are
//
//	exits CODE PROGRAM ARGUMENT...   the exit code; with any other than 0, nothing may have been written
//	ends CODE PROGRAM ARGUMENT...    the exit code alone: a fetch was made, or other apps went on
//	replace FILE OLD NEW             changes text that stands in a file exactly once
//	lines stdout|stderr COUNT        how much was printed
//
// Each script has a home, an identity and a clock of git's of its own.
func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup:               setup,
		Cmds:                map[string]func(*testscript.TestScript, bool, []string){"exits": exits, "ends": ends, "replace": replace, "lines": lines},
	})
}

func setup(env *testscript.Env) error {
	home := filepath.Join(env.WorkDir, ".home")
	if err := os.Mkdir(home, 0o755); err != nil {
		return err
	}
	fixtures, err := filepath.Abs("../../fixtures")
	if err != nil {
		return err
	}
	for _, kv := range [][2]string{
		{"HOME", home}, {"FIXTURES", fixtures}, {"TERM", "dumb"}, {"LC_ALL", "C"}, {"TZ", "UTC"}, {"GIT_CONFIG_NOSYSTEM", "1"},
		{"GIT_AUTHOR_NAME", "Ada"}, {"GIT_AUTHOR_EMAIL", "ada@example.com"}, {"GIT_AUTHOR_DATE", "2026-11-22T10:00:00Z"},
		{"GIT_COMMITTER_NAME", "Ada"}, {"GIT_COMMITTER_EMAIL", "ada@example.com"}, {"GIT_COMMITTER_DATE", "2026-11-22T10:00:00Z"},
	} {
		env.Setenv(kv[0], kv[1])
	}
	return os.WriteFile(filepath.Join(home, ".gitconfig"), []byte("[init]\n\tdefaultBranch = main\n"), 0o644)
}

// exits checks the exit code, and that whoever failed wrote nothing: no file, no object, no ref.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM ARGUMENT...")
	}
	before := everything(ts)
	ends(ts, neg, args)
	if args[0] == "0" {
		return
	}
	after := everything(ts)
	for name, was := range before {
		if after[name] != was {
			ts.Fatalf("failed with %s, and changed %s", args[0], name)
		}
	}
	for name := range after {
		if before[name] == "" {
			ts.Fatalf("failed with %s, and made %s", args[0], name)
		}
	}
}

// ends checks the exit code, and nothing else.
func ends(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: ends CODE PROGRAM ARGUMENT...")
	}
	err := ts.Exec(args[1], args[2:]...)
	code := 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		code = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if strconv.Itoa(code) != args[0] {
		ts.Fatalf("exit code %d, want %s", code, args[0])
	}
}

// everything is each file and directory of the script, repositories included. What stays in the common git directory for the next run (the file that is
// locked) is no change.
func everything(ts *testscript.TestScript) map[string]string {
	all := map[string]string{}
	root := ts.Getenv("WORK")
	ts.Check(filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if _, err := os.Stat(filepath.Join(filepath.Dir(path), "objects")); err == nil && d.Name() == "gitramp" {
			return fs.SkipDir
		}
		all[path], err = fingerprint(path, d)
		return err
	}))
	return all
}

func fingerprint(path string, d fs.DirEntry) (string, error) {
	info, err := d.Info()
	if err != nil {
		return "", err
	}
	switch {
	case info.Mode()&fs.ModeSymlink != 0:
		to, err := os.Readlink(path)
		return "symlink to " + to, err
	case !info.Mode().IsRegular():
		return info.Mode().String(), nil
	}
	data, err := os.ReadFile(path)
	return fmt.Sprintf("%s %x", info.Mode(), sha256.Sum256(data)), err
}

func replace(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: replace FILE OLD NEW")
	}
	text := ts.ReadFile(args[0])
	if n := strings.Count(text, args[1]); n != 1 {
		ts.Fatalf("%q stands %d times in %s", args[1], n, args[0])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.Replace(text, args[1], args[2], 1)), 0o644))
}

func lines(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 || args[0] != "stdout" && args[0] != "stderr" {
		ts.Fatalf("usage: lines stdout|stderr COUNT")
	}
	if n := strings.Count(ts.ReadFile(args[0]), "\n"); strconv.Itoa(n) != args[1] {
		ts.Fatalf("%d lines on %s, want %s", n, args[0], args[1])
	}
}
