package git

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

func pid() string { return strconv.Itoa(os.Getpid()) }

// shim puts a shell script in the place of git; $GIT is the real one.
func shim(t testing.TB, f *fixture, script string) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "git")
	syscall.ForkLock.RLock() // a process that another test begins meanwhile would hold the file open for writing, and then it cannot be run
	defer syscall.ForkLock.RUnlock()
	if err := os.WriteFile(name, []byte("#!/bin/sh\nGIT="+gitBin(t)+"\n"+script+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	f.bin = name
}

// What the package comment promises.
func TestProcessCount(t *testing.T) {
	t.Parallel()
	ordinary := []string{"var", "cat-file", "status", "fast-import", "update-ref", "restore"}
	without := func(names ...string) (rest []string) {
		for _, name := range ordinary {
			if !strings.Contains(strings.Join(names, " "), name) {
				rest = append(rest, name)
			}
		}
		return rest
	}
	cases := map[string]struct {
		f      *fixture
		branch string
		want   []string
	}{
		"checked out":     {seeded(t), "", ordinary},
		"unborn":          {empty(t), "", without("status")},
		"other":           {seeded(t), "other", without("status", "restore")},
		"bare":            {empty(t, "--bare"), "", append([]string{"rev-parse"}, without("status", "restore")...)},
		"other and named": {seeded(t), "main", ordinary},
	}
	for name, c := range cases {
		log := filepath.Join(t.TempDir(), "log")
		shim(t, c.f, `echo "$*" >>`+log+`; exec "$GIT" "$@"`)
		if _, err := release(c.f.open(), c.branch, Options{}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		data, _ := os.ReadFile(log)
		var ran []string
		for line := range strings.Lines(string(data)) {
			for _, word := range strings.Fields(line) {
				if strings.Contains(" rev-parse worktree symbolic-ref commit-tree "+strings.Join(ordinary, " ")+" ", " "+word+" ") {
					ran = append(ran, word)
					break
				}
			}
		}
		if strings.Count(string(data), "\n") != len(ran) || fmt.Sprint(ran) != fmt.Sprint(c.want) {
			t.Errorf("%s: ran %s, want %s\n%s", name, ran, c.want, data)
		}
	}
}

func BenchmarkRelease(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		f := empty(b)
		b.StartTimer()
		r, err := open(context.Background(), f.dir, f.bin, f.env)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := release(r, "", Options{}); err != nil {
			b.Fatal(err)
		}
		r.Close()
	}
}

// TestHalfAListIsNone: a list of a tree that git did not end is not taken for the whole.
func TestHalfAListIsNone(t *testing.T) {
	t.Parallel()
	f := seeded(t)
	tip, once := f.git("rev-parse", "HEAD"), filepath.Join(t.TempDir(), "once")
	want := strings.Count(f.git("ls-tree", "-r", "--name-only", "HEAD")+"\n", "\n")
	shim(t, f, `case " $* " in *" ls-tree "*) if ! test -e `+once+`; then : >`+once+`; "$GIT" "$@" | head -c 80 | tr '\n' ' '; printf '\0'; exit 1; fi ;; esac; exec "$GIT" "$@"`)
	rd, err := f.open().Reader(context.Background(), tip)
	if err != nil {
		t.Fatal(err)
	}
	if err := rd.list(context.Background()); err == nil {
		t.Fatal("half a list is no error")
	}
	if err := rd.list(context.Background()); err != nil {
		t.Fatal(err)
	}
	files := 0
	for _, m := range rd.all {
		if m.mode != modeTree {
			files++
		}
	}
	if files != want {
		t.Errorf("it lists %d files, want %d", files, want)
	}
}
