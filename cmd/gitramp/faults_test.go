//go:build unix

package main

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// scenario is a verb that something happens to.
type scenario struct {
	name   string
	before [][]string // verbs, a turn each
	args   []string   // the verb
	local  bool       // no remote is there
	branch string     // that moves, at the remote alone; "" for main
}

var scenarios = []scenario{
	{name: "install", args: []string{"install", "canary.yaml", "--push"}},
	{name: "prepare", before: [][]string{{"install", "canary.yaml"}}, args: []string{"advance", "canary.yaml"}, local: true},
	{name: "shift", before: [][]string{{"install", "canary.yaml", "--push"}, {"advance", "--push"}}, args: []string{"advance", "--push"}},
	{name: "abort", before: [][]string{{"install", "canary.yaml", "--push"}, {"advance", "--push"}, {"advance", "--push"}}, args: []string{"abort", "shop", "--push"}},
	{name: "delete", before: [][]string{{"install", "canary.yaml"}, {"delete", "shop", "--yes"}}, args: []string{"delete", "shop", "--yes"}, local: true},
	{name: "rollback", before: [][]string{{"install", "canary.yaml", "--push"}, {"advance", "--push"}}, args: []string{"rollback", "shop", "--push"}},
	{name: "propose", before: [][]string{{"install", "canary.yaml", "--push"}}, args: []string{"advance", "--propose", "--push"}, branch: "gitramp/shop/480c71b88f/step-1"},
}

// tip is where the branch of the scenario is.
func (sc scenario) tip(s *site, dir string) string {
	if sc.branch == "" {
		return s.tip(dir)
	}
	return s.branch(dir, sc.branch)
}

// stage is a scenario that is set up: the verb is the only thing left to do. Beside it lies work of the user's own, staged, unstaged and unknown to git.
type stage struct {
	scenario
	turn     int
	start    *site
	old, new string
	files    map[string]string // of the work tree, when all is done
	index    map[string]string
	code     int // of the verb run a second time
}

func (sc scenario) set(t *testing.T) *stage {
	t.Helper()
	st := &stage{scenario: sc, start: newSite(t), turn: len(sc.before) + 1}
	if sc.local {
		st.start.git("work", 0, "remote", "remove", "origin")
		if err := os.RemoveAll(st.start.at("hub.git")); err != nil {
			t.Fatal(err)
		}
	}
	for i, args := range sc.before {
		st.start.gitramp("work", i+1, args...)
	}
	st.start.write("work/README.md", "dirty\n")
	st.start.write("work/src/staged.go", "package staged\n")
	st.start.git("work", 0, "add", "src/staged.go")
	st.start.write("work/src/staged.go", "package edited\n")
	st.start.write("work/notes.txt", "mine\n")
	st.old = st.tip(st.start, st.repositories()[0])
	s := st.start.copy(t)
	s.gitramp("work", st.turn, sc.args...)
	st.new, st.files, st.index = st.tip(s, st.repositories()[0]), s.files("work"), s.index("work")
	st.code = crash(t, s.command("work", st.turn, verb(st.turn, sc.args...)...)).code
	if st.old == st.new || st.code != exitDone && st.code != exitWaiting || st.tip(s, st.repositories()[0]) != st.new {
		t.Fatalf("%s: from %s to %s, and again: exit code %d", sc.name, st.old, st.new, st.code)
	}
	return st
}

// repositories are where the branch moves, in this order.
func (st *stage) repositories() []string {
	switch {
	case st.local:
		return []string{"work"}
	case st.branch != "":
		return []string{"hub.git"}
	}
	return []string{"hub.git", "work"}
}

// check holds a site against R0 after a fault, runs the verb again and holds it against it once more. What it returns is what is wrong.
func (y *tally) check(st *stage, s *site, kind string, got result) (wrong []string) {
	bad := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	if strings.Contains(got.out, "internal error") {
		bad("it panicked")
	}
	moved := true // of the repository before
	for _, dir := range st.repositories() {
		switch tip := st.tip(s, dir); {
		case tip != st.old && tip != st.new:
			bad("%s is at %s: neither old nor new", dir, tip)
		case tip == st.new && !moved:
			bad("%s is at the new tip before what it is pushed to", dir)
		case tip == st.old && got.code == exitDone:
			bad("%s is at the old tip, and the verb said that it is done", dir)
		default:
			moved = tip == st.new
		}
	}
	again := crash(s.t, s.command("work", st.turn, verb(st.turn, st.args...)...))
	for range 3 { // as whoever looks after the hub does, told by nothing but what the run again says
		locks := lockNamed.FindAllStringSubmatch(again.out, -1)
		if again.code != exitConflict || locks == nil {
			break
		}
		for _, lock := range locks {
			y.add("locks that a killed git left in the hub, and that the run again named: removed", 1)
			s.remove(strings.TrimPrefix(lock[1], s.dir))
		}
		again = crash(s.t, s.command("work", st.turn, verb(st.turn, st.args...)...))
	}
	if again.code != exitDone && again.code != st.code {
		bad("run again: exit code %d: %s", again.code, again.out)
	}
	for _, dir := range st.repositories() {
		if tip := st.tip(s, dir); tip != st.new {
			bad("run again: %s is at %s, want the new tip\n%s", dir, tip, again.out)
		}
		if damage := s.damage(dir); damage != "" {
			bad("fsck of %s: %s", dir, damage)
		}
	}
	if diff := slices.Concat(differ(st.files, s.files("work")), differ(st.index, s.index("work"))); diff != nil {
		bad("run again: files or index: %s", diff)
	}
	left := s.leftovers()
	if strings.HasSuffix(kind, " of git push") { // the server's, and in nobody's way yet
		left = slices.DeleteFunc(left, func(name string) bool { return strings.HasPrefix(name, "hub.git/") && strings.HasSuffix(name, ".lock") })
	}
	if len(left) > 0 {
		bad("left behind: %s", strings.Join(left, ", "))
	}
	return wrong
}

// lockNamed is a lock of the hub's that git says is in its way.
var lockNamed = regexp.MustCompile(`Unable to create '([^']*/hub\.git/[^']*\.lock)': File exists`)

// differ names what is not the same.
func differ(a, b map[string]string) (names []string) {
	both := maps.Clone(a)
	maps.Copy(both, b)
	for _, name := range slices.Sorted(maps.Keys(both)) {
		if was, is := a[name], b[name]; was != is {
			names = append(names, name)
		}
	}
	return names
}

// tally counts what was done, and keeps what was wrong.
type tally struct {
	sync.Mutex
	counts map[string]int
	wrong  int
}

func (y *tally) add(kind string, n int) {
	y.Lock()
	defer y.Unlock()
	if y.counts == nil {
		y.counts = map[string]int{}
	}
	y.counts[kind] += n
}

func (y *tally) String() string {
	var list []string
	faults, kills := 0, 0
	for _, kind := range slices.Sorted(maps.Keys(y.counts)) {
		n := y.counts[kind]
		list = append(list, fmt.Sprintf("%6d %s", n, kind))
		if !strings.HasPrefix(kind, "exit code") && !strings.HasPrefix(kind, "locks") {
			faults += n
		}
		if strings.HasPrefix(kind, "kills of") || strings.Contains(kind, "killed") && !strings.HasPrefix(kind, "locks") {
			kills += n
		}
	}
	return fmt.Sprintf("%s\n%6d faults, %d of them kills: %d violations", strings.Join(list, "\n"), faults, kills, y.wrong)
}

// said holds what an error says against what there is to say: where the exit code is 1 the file, or the git, and why.
func (y *tally) said(got result, errno string) (wrong []string) {
	y.add(fmt.Sprintf("exit code %d", got.code), 1)
	if !slices.Contains([]int{-1, exitDone, exitInternal, exitConflict, exitRefused, exitNetwork}, got.code) {
		wrong = append(wrong, "no exit code of a fault")
	}
	if got.code == exitInternal && errno != "" && !(strings.Contains(got.out, errno) && strings.ContainsAny(got.out, "/|")) {
		wrong = append(wrong, "it does not say where, or why: "+errno)
	}
	return wrong
}

// judge checks a site after a fault, and counts it.
func (y *tally) judge(t *testing.T, st *stage, s *site, kind, what, errno string, got result) {
	t.Helper()
	y.add(kind, 1)
	if wrong := append(y.said(got, errno), y.check(st, s, kind, got)...); wrong != nil {
		y.Lock()
		y.wrong++
		y.Unlock()
		t.Errorf("%s: %s: exit code %d: %s\n- %s", st.name, what, got.code, got.out, strings.Join(wrong, "\n- "))
	}
}

// thin leaves faults out of a sweep: GITRAMP_FAULTS says that every so-many-th is tried (make chaos).
func thin(n, every int) bool {
	if text := os.Getenv("GITRAMP_FAULTS"); text != "" {
		every, _ = strconv.Atoi(text)
	}
	return n%max(every, 1) != 0
}

// gitFaults are what may happen at a git that gitramp starts; $GIT is the real one, $PPID is gitramp.
var gitFaults = []struct {
	kind, script string
}{
	{"git fails before it works", `echo "fatal: write error: No space left on device" >&2; exit 128`},
	{"git fails after its work", `"$GIT" "$@"; echo "fatal: write error: Input/output error" >&2; exit 128`},
	{"git is killed at work", `M=$$; (sleep 0.00$((N*3%7+1)); kill -9 $M) >/dev/null 2>&1 & exec "$GIT" "$@"`},
	{"gitramp is killed before git works", `kill -9 $PPID; exit 1`},
	{"gitramp is killed while git works", `P=$PPID; (sleep 0.00$((N*3%7+1)); kill -9 $P) >/dev/null 2>&1 & exec "$GIT" "$@"`},
	{"gitramp and git are killed at work", `P=$PPID; M=$$; (sleep 0.00$((N*5%7+1)); kill -9 $P $M) >/dev/null 2>&1 & exec "$GIT" "$@"`},
	{"gitramp is killed after git worked", `"$GIT" "$@"; kill -9 $PPID`},
}

// TestFaults does to each verb what may go wrong on a machine, one thing at a time: at once after it, and when the verb has been run again, all is held against R0,
// which is that the branch is at its old or its new tip and that running again finishes the job.
func TestFaults(t *testing.T) {
	var y tally
	began := time.Now()
	t.Run("all", func(t *testing.T) {
		some := scenarios
		if os.Getenv("GITRAMP_FAULTS") == "" {
			some = scenarios[1:3]
		}
		for _, sc := range some {
			t.Run(sc.name, func(t *testing.T) {
				t.Parallel()
				st := sc.set(t)
				t.Run("gits", func(t *testing.T) { st.gitFaults(t, &y) })
				t.Run("syscalls", func(t *testing.T) { st.syscallFaults(t, &y) })
			})
		}
	})
	t.Logf("in %v:\n%s", time.Since(began).Round(time.Second), &y)
}

// gitFaults lets each git that the verb starts fail or die, and gitramp with it, before, during and after its work.
func (st *stage) gitFaults(t *testing.T, y *tally) {
	n := st.turn * 7
	for _, fault := range gitFaults {
		for k := 1; k <= 20; k++ {
			if n++; thin(n, 37) {
				continue
			}
			s := st.start.copy(t)
			s.shim(k, fault.script)
			got, calls := crash(t, s.shimmed(st)), s.calls()
			s.remove("bin")
			if len(calls) < k { // it does not start so many
				break
			}
			y.judge(t, st, s, fault.kind, fmt.Sprintf("%s at call %d: %s", fault.kind, k, calls[k-1]), "", got)
		}
	}
}

// shim puts a script in the place of git, which does something else than git when its k-th call is due.
func (s *site) shim(k int, script string) {
	s.t.Helper()
	real, err := exec.LookPath("git")
	if err != nil {
		s.t.Fatal(err)
	}
	s.write("bin/git", fmt.Sprintf("#!/bin/sh\nGIT=%s\necho \"$*\" >>%s\nN=$(wc -l <%[2]s)\n[ $N = %d ] || exec \"$GIT\" \"$@\"\n%s\n", real, s.at("bin/calls"), k, script))
	if err := os.Chmod(s.at("bin/git"), 0o755); err != nil {
		s.t.Fatal(err)
	}
}

// shimmed is the verb of a stage with that git.
func (s *site) shimmed(st *stage) *exec.Cmd {
	cmd := s.command("work", st.turn, verb(st.turn, st.args...)...)
	cmd.Env = append(cmd.Env, "PATH="+s.at("bin")+":"+os.Getenv("PATH"))
	return cmd
}

// calls are the arguments of each git that the shim was called for.
func (s *site) calls() []string {
	data, _ := os.ReadFile(s.at("bin/calls"))
	return strings.FieldsFunc(string(data), func(c rune) bool { return c == '\n' })
}

func (s *site) remove(names ...string) {
	s.t.Helper()
	for _, name := range names {
		if err := os.RemoveAll(s.at(name)); err != nil {
			s.t.Fatal(err)
		}
	}
}
