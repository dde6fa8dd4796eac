//go:build unix

package main

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// mutating are the system calls by which files come, change and go, with what other architectures call them. Few reads are among them: openat does both.
var mutating = []struct {
	name, calls string
	most        int // how often one process or thread is followed into it
}{
	{"open", "openat", 30},
	{"write", "write,pwrite64,writev", 20},
	{"rename", "?rename,?renameat,renameat2", 20},
	{"link", "?link,linkat", 20},
	{"unlink", "?unlink,unlinkat,?rmdir", 20},
	{"mkdir", "?mkdir,mkdirat", 20},
	{"sync", "fsync,fdatasync", 20},
	{"truncate", "ftruncate", 20},
	{"mode", "?chmod,fchmod,fchmodat,utimensat", 20},
}

// errnos are what a system call answers, and what is said of it.
var errnos = []struct{ name, text string }{
	{"ENOSPC", "no space left on device"}, {"EIO", "input/output error"}, {"EROFS", "read-only file system"}, {"EACCES", "permission denied"},
}

// writers are the gits that change something.
var writers = regexp.MustCompile(` (fetch|push|fast-import|update-ref|restore) `)

// tracing says why strace cannot be used here.
func tracing(t *testing.T) {
	t.Helper()
	path, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("no strace here (.ci/tools installs it): faults of single system calls are not tried")
	}
	if out, err := exec.Command(path, "-f", "-o", "/dev/null", "true").CombinedOutput(); err != nil {
		t.Skipf("strace may not trace here: faults of single system calls are not tried: %s", out)
	}
}

// strace is the argv before a program that makes the n-th call of a set fail, or be the last thing that a process does. It counts for each process, and for each
// thread of gitramp: which is why a call may fail in several of them.
func strace(log, calls, what string, n int, own bool) []string {
	inject := fmt.Sprintf("inject=%s:error=%s:when=%d", calls, what, n)
	if what == "KILL" {
		inject = fmt.Sprintf("inject=%s:signal=KILL:when=%d", calls, n)
	}
	argv := []string{"strace", "-f", "-q", "-o", log, "-e", "trace=" + calls, "-e", inject}
	if own {
		argv = append(argv, "-b", "execve") // the gits that gitramp starts are let go
	}
	return argv
}

// syscallFaults makes single system calls of gitramp, and of each git that changes something, fail or be their last.
func (st *stage) syscallFaults(t *testing.T, y *tally) {
	tracing(t)
	n := st.turn * 7
	for call, who := range st.calls(t) {
		if who == "" {
			continue
		}
		for g, group := range mutating {
			for k := 1; k <= group.most; k++ {
				kinds := []string{errnos[(n+g+k)%len(errnos)].name, "KILL"}
				if call > 0 {
					kinds = kinds[n%2 : n%2+1]
				}
				for i, what := range only(kinds) {
					if i == 0 || !every() { // a call that is tried is tried with all that can happen to it
						n++
					}
					if thin(n, 499) {
						continue
					}
					if fault := fmt.Sprintf("%s at %s %d of %s", what, group.name, k, who); chosen(fault) && !st.inject(t, y, call, who, fault, group.calls, what, k) {
						k = group.most // it does not call so often
					}
				}
			}
		}
	}
}

// chosen says whether a fault is tried: GITRAMP_FAULT, an expression such as "KILL at unlink 1 of git update-ref", leaves all others out.
func chosen(fault string) bool {
	return regexp.MustCompile(os.Getenv("GITRAMP_FAULT")).MatchString(fault)
}

// every says that all that can happen to a call does, one after the other, and not one error and one death in turn: GITRAMP_FAULTS_ALL (make chaos ALL=1), or one
// fault is chosen.
func every() bool { return os.Getenv("GITRAMP_FAULTS_ALL") != "" || os.Getenv("GITRAMP_FAULT") != "" }

// only gives way to all kinds of faults where every one of them is asked for.
func only(kinds []string) []string {
	if !every() {
		return kinds
	}
	kinds = []string{"KILL"}
	for _, e := range errnos {
		kinds = append(kinds, e.name)
	}
	return kinds
}

// calls are who may be injected into: gitramp itself, and at its number each git that changes something, "" for the others.
func (st *stage) calls(t *testing.T) []string {
	s := st.start.copy(t)
	s.shim(0, "")
	crash(t, s.shimmed(st))
	list := []string{"gitramp"}
	for _, line := range s.calls() {
		who := strings.TrimRight(writers.FindString(line+" "), " ")
		if who != "" {
			who = "git" + who
		}
		list = append(list, who)
	}
	return list
}

func (st *stage) inject(t *testing.T, y *tally, call int, who, fault, calls, what string, k int) bool {
	t.Helper()
	s := st.start.copy(t)
	log := s.at("strace.log")
	argv := strace(log, calls, what, k, call == 0)
	cmd := s.command("work", st.turn, append(slices.Clone(argv), verb(st.turn, st.args...)...)...)
	if call > 0 {
		s.shim(call, "exec "+strings.Join(argv, " ")+` "$GIT" "$@"`)
		cmd = s.shimmed(st)
	}
	got := crash(t, cmd)
	data, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(data), "(INJECTED)") && !strings.Contains(string(data), "killed by SIGKILL") {
		return false
	}
	if wakeup.MatchString(injected(string(data))) {
		return true // the Go runtime wakes a thread of its own: that cannot fail on any machine, and fails hard where it is made to
	}
	s.remove("bin", "strace.log")
	kind := map[bool]string{false: "errors of ", true: "kills of "}[what == "KILL"] + who
	if os.Getenv("GITRAMP_FAULTS_VERBOSE") != "" {
		t.Logf("OUTCOME %s: %d: %s", fault, got.code, got.out)
	}
	errno := ""
	if i := slices.IndexFunc(errnos, func(e struct{ name, text string }) bool { return e.name == what }); i >= 0 && call == 0 && !strings.Contains(fault, " at write ") { // a write may be one into a pipe, or of the very words
		errno = errnos[i].text
	}
	y.judge(t, st, s, kind, fault+"\n"+injected(string(data)), errno, got)
	return true
}

// wakeup is a write into an eventfd of the Go runtime.
var wakeup = regexp.MustCompile(`write\(\d+, "\\1(\\0){7}", 8\)`)

// injected are the lines of a log that say what was done.
func injected(log string) string {
	var lines []string
	for line := range strings.Lines(log) {
		if strings.Contains(line, "(INJECTED)") || strings.Contains(line, "killed by") {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "")
}
