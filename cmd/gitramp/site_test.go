//go:build unix

package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// site is a bare repository that is pushed to, and clones of it, each in a directory beside it. Everything is dated by the test, so that the same verb makes the
// same commit wherever it is run.
type site struct {
	t   testing.TB
	dir string
}

const (
	siteSpec = `apiVersion: gitramp.dev/v1alpha1
kind: Canary
metadata: {name: shop}
spec:
  image: registry.example.com/shop:2.4.0
  stable: {image: registry.example.com/shop:2.3.1}
  port: 8080
  replicas: 4
  settle: 1m
  route: {host: shop.example.com, match: [{header: {name: X-Canary}}]}
  steps:
  - setWeight: 20
  - pause: {duration: 10m}
  - setWeight: 50
`
	siteBegan = 1790000000
	siteTurn  = 1000 // seconds from one verb to the next: no hold of the spec is longer
)

// newSite has the spec in a hub and in one clone, work.
func newSite(t testing.TB) *site {
	t.Helper()
	s := &site{t, t.TempDir()}
	s.git(".", 0, "init", "-q", "--template=", "--bare", "-b", "main", "hub.git")
	s.git(".", 0, "init", "-q", "--template=", "-b", "main", "work")
	for name, text := range map[string]string{"canary.yaml": siteSpec, "README.md": "read me\n"} {
		s.write("work/"+name, text)
	}
	s.git("work", 0, "add", ".")
	s.git("work", 0, "commit", "-q", "-m", "spec")
	s.git("work", 0, "remote", "add", "origin", "../hub.git")
	s.git("work", 0, "push", "-q", "-u", "origin", "main")
	return s
}

// copy is another site that is the same.
func (s *site) copy(t testing.TB) *site {
	t.Helper()
	c := &site{t, t.TempDir()}
	if err := os.CopyFS(c.dir, os.DirFS(s.dir)); err != nil {
		t.Fatal(err)
	}
	return c
}

func (s *site) at(name string) string { return filepath.Join(s.dir, filepath.FromSlash(name)) }

func (s *site) write(name, text string) {
	s.t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(s.at(name)), 0o755), os.WriteFile(s.at(name), []byte(text), 0o644)); err != nil {
		s.t.Fatal(err)
	}
}

// command is a program in one of the directories, at a turn.
func (s *site) command(dir string, turn int, argv ...string) *exec.Cmd {
	cmd := exec.Command(argv[0], argv[1:]...)
	when := fmt.Sprintf("@%d +0000", siteBegan+turn*siteTurn)
	cmd.Dir = s.at(dir)
	cmd.Env = append(chaosEnv(), "GIT_AUTHOR_DATE="+when, "GIT_COMMITTER_DATE="+when)
	return cmd
}

func (s *site) try(dir string, turn int, argv ...string) (string, error) {
	out, err := s.command(dir, turn, argv...).CombinedOutput()
	return strings.TrimSpace(string(out)), err
}

func (s *site) git(dir string, turn int, args ...string) string {
	s.t.Helper()
	out, err := s.try(dir, turn, append([]string{"git"}, args...)...)
	if err != nil {
		s.t.Fatalf("git %s in %s: %v\n%s", strings.Join(args, " "), s.at(dir), err, out)
	}
	return out
}

// verb is a gitramp that goes by the clock of a turn.
func verb(turn int, args ...string) []string {
	argv := append([]string{"gitramp"}, args...)
	if args[0] == "commit" {
		return argv
	}
	return append(argv, "--now", fmt.Sprint(siteBegan+turn*siteTurn))
}

func (s *site) gitramp(dir string, turn int, args ...string) string {
	s.t.Helper()
	out, err := s.try(dir, turn, verb(turn, args...)...)
	if err != nil {
		s.t.Fatalf("gitramp %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

// tip is where the branch is: no process is started for what is asked so often.
func (s *site) tip(dir string) string { return s.branch(dir, "main") }

// at1 is where a branch of a repository is, "" where it has none.
func (s *site) branch(dir, branch string) string {
	s.t.Helper()
	git := s.at(dir)
	if _, err := os.Stat(git + "/.git"); err == nil {
		git += "/.git"
	}
	data, err := os.ReadFile(git + "/refs/heads/" + branch)
	if err != nil && (branch == "main" || !os.IsNotExist(err)) {
		s.t.Fatal(err)
	}
	return strings.TrimSpace(string(data))
}

// result is what became of a program that something may have killed.
type result struct {
	code int // -1: killed
	out  string
}

// crash runs a program to its end and waits until everything that it started is gone too: each of them has inherited one end of a pipe.
func crash(t testing.TB, cmd *exec.Cmd) result {
	t.Helper()
	alive, inherited, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer alive.Close()
	file, err := os.Create(filepath.Join(t.TempDir(), "out")) // a pipe would be held by whoever outlives it
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	cmd.Stdout, cmd.Stderr = file, file
	cmd.ExtraFiles = []*os.File{nil, nil, nil, nil, nil, nil, inherited} // 9: gitramp hands a 3 of its own to its children
	err = cmd.Start()
	inherited.Close()
	if err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	_ = alive.SetReadDeadline(time.Now().Add(20 * time.Second))
	if _, err := alive.Read(make([]byte, 1)); errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("something that %s started is still alive", cmd)
	}
	data, err := os.ReadFile(file.Name())
	if err != nil {
		t.Fatal(err)
	}
	return result{cmd.ProcessState.ExitCode(), string(data)}
}

// files is everything below a directory, but for git's.
func (s *site) files(dir string) map[string]string {
	s.t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(s.at(dir), func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.Name() == ".git":
			return fs.SkipDir
		case d.IsDir():
			return nil
		}
		data, err := os.ReadFile(path)
		rel, relErr := filepath.Rel(s.at(dir), path)
		all[filepath.ToSlash(rel)] = string(data)
		return errors.Join(err, relErr)
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return all
}

// index is what is staged.
func (s *site) index(dir string) map[string]string {
	s.t.Helper()
	all := map[string]string{}
	for line := range strings.Lines(s.git(dir, 0, "ls-files", "-s")) {
		entry, name, _ := strings.Cut(strings.TrimSpace(line), "\t")
		all[name] = entry
	}
	return all
}

// leftovers are locks, half-written files and directories for the time of a run, in a repository or beside it.
func (s *site) leftovers() (left []string) {
	s.t.Helper()
	err := filepath.WalkDir(s.dir, func(path string, d fs.DirEntry, err error) error {
		name := d.Name()
		state := filepath.Base(filepath.Dir(path)) == "gitramp" && name != "lock" && !strings.Contains(path, "/refs/")
		if err == nil && strings.HasPrefix(name, "tmp_") && strings.HasPrefix(path, s.at("hub.git")+"/") {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil // of a receive-pack that was killed or could not clean up: the server's own gc takes it away
		}
		temporary := strings.HasPrefix(name, "tmp_") || strings.HasPrefix(name, ".gitramp-tmp") || strings.HasPrefix(name, "fast_import_crash")
		if err == nil && (state || temporary || strings.HasSuffix(name, ".lock") && name != "gitramp.lock") {
			rel, _ := filepath.Rel(s.dir, path)
			left = append(left, rel)
		}
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return left
}

// damage is what git fsck --strict says of a repository.
func (s *site) damage(dir string) string {
	out, err := s.try(dir, 0, "git", "fsck", "--strict", "--no-dangling", "--no-progress")
	var said bytes.Buffer
	for line := range strings.Lines(out) {
		if !strings.HasPrefix(line, "notice: ") {
			said.WriteString(line)
		}
	}
	if err != nil {
		fmt.Fprint(&said, err)
	}
	return said.String()
}
