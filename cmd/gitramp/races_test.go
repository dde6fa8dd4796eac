//go:build unix

package main

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// racer is one gitramp of a round.
type racer struct {
	dir  string // its clone
	args []string
	result
}

// race lets gitramps go at once and returns when all are done.
func (s *site) race(turn int, racers []racer) {
	start := make(chan struct{})
	var all sync.WaitGroup
	for i := range racers {
		r := &racers[i]
		cmd := s.command(r.dir, turn, verb(turn, r.args...)...)
		cmd.Env = append(cmd.Env, fmt.Sprint("GIT_AUTHOR_NAME=a", i)) // else all of them make the very same commit
		all.Go(func() {
			<-start
			r.result = crash(s.t, cmd)
		})
	}
	close(start)
	all.Wait()
}

// clones makes n of them, as a CI job checks out: each at the tip of the hub.
func (s *site) clones(round, n int) (dirs []string) {
	s.t.Helper()
	for i := range n {
		dir := fmt.Sprintf("clone-%d-%d", round, i)
		s.git(".", 0, "clone", "-q", "--template=", "hub.git", dir)
		dirs = append(dirs, dir)
	}
	return dirs
}

func advance(dirs []string) (racers []racer) {
	for _, dir := range dirs {
		racers = append(racers, racer{dir: dir, args: []string{"advance", "--push"}})
	}
	return racers
}

// losing is what a loser of a race may say: it was done by another, it is not due any more, or the branch moved under it too often.
var losing = map[int]*regexp.Regexp{
	exitDone:     regexp.MustCompile(`(?m)^shop +\S+ +\S+ +done already by [0-9a-f]{10} \(a\d+ <a@example.com>\)`),
	exitWaiting:  regexp.MustCompile(`(?m)^shop +\S+ +\S+ +waits until \S+, in \S+: `),
	exitConflict: regexp.MustCompile(`(?m)^gitramp: origin/main (was moved while this run was at work|could not be moved: )`),
}

// made is what the one who moved an app says.
var made = regexp.MustCompile(`(?m)^shop +\S+ +\S+ +(install|prepare|shift|full|promote|restore|cleanup|retry|abort|withdraw|un-promote).* [0-9a-f]{10}$`)

// ended is the lock of an app that has no rollout on its way.
var ended = regexp.MustCompile(`(?m)^phase: (idle|install|cleanup)$`)

// round checks what became of gitramps that all meant the same transition: the hub has one commit more, one of them says that it made it, all others that they did not.
func (s *site) round(racers []racer, was string) (wrong []string) {
	bad := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	if n := s.git("hub.git", 0, "rev-list", "--count", was+"..main"); n != "1" {
		bad("%s commits, want 1", n)
	}
	if parent := s.git("hub.git", 0, "rev-parse", "main^"); parent != was {
		bad("the new commit stands on %s, want %s", parent, was)
	}
	winners := 0
	for _, r := range racers {
		words := losing[r.code]
		switch {
		case r.code == exitDone && made.MatchString(r.out):
			winners++
		case words == nil || !words.MatchString(r.out):
			bad("%s: exit code %d: %s", r.dir, r.code, r.out)
		}
	}
	if winners != 1 {
		bad("%d say that they made it", winners)
	}
	return wrong
}

// rounds is how many races are run: GITRAMP_RACES of small ones (make races), a tenth of it with 16.
func rounds() (small, big int) {
	small = 2
	if text := os.Getenv("GITRAMP_RACES"); text != "" {
		small, _ = strconv.Atoi(text)
	}
	return small, small / 10
}

// TestRaces lets clones of one repository, and processes in one clone, make the same transition at once: it is made once.
func TestRaces(t *testing.T) {
	small, big := rounds()
	s := newSite(t)
	s.gitramp("work", 1, "install", "canary.yaml", "--push")
	turn, began := 1, time.Now()
	codes := map[int]int{}
	race := func(racers []racer) {
		t.Helper()
		turn++
		if ended.MatchString(s.git("hub.git", 0, "show", "main:deploy/shop/gitramp.lock")) { // on to the next release
			s.git("work", turn, "pull", "-q", "--ff-only")
			s.write("work/canary.yaml", strings.Replace(siteSpec, "2.4.0", fmt.Sprintf("3.%d.0", turn), 1))
			s.git("work", turn, "commit", "-q", "-a", "-m", "another release")
			s.git("work", turn, "push", "-q")
			for _, r := range racers {
				s.git(r.dir, turn, "pull", "-q", "--ff-only")
			}
		}
		was := s.tip("hub.git")
		s.race(turn, racers)
		for _, wrong := range s.round(racers, was) {
			t.Errorf("turn %d: %s", turn, wrong)
		}
		for _, r := range racers {
			codes[r.code]++
		}
	}
	for i := range small {
		race(advance(s.clones(i, 2+i%3)))
		for _, dir := range s.dirs(i) {
			s.remove(dir)
		}
	}
	for i := range big {
		race(advance(s.clones(i, 16)))
		for _, dir := range s.dirs(i) {
			s.remove(dir)
		}
	}
	for i := range max(small/10, 1) { // processes in one clone, and another clone
		dirs := s.clones(i, 2)
		race(advance([]string{dirs[0], dirs[0], dirs[0], dirs[1]}))
		if left := s.leftovers(); left != nil {
			t.Errorf("left behind: %s", strings.Join(left, ", "))
		}
		for _, dir := range dirs {
			if damage := s.damage(dir); damage != "" {
				t.Errorf("fsck of %s: %s", dir, damage)
			}
			s.remove(dir)
		}
	}
	if merges := s.git("hub.git", 0, "rev-list", "--merges", "main"); merges != "" {
		t.Errorf("merges: %s", merges)
	}
	if damage := s.damage("hub.git"); damage != "" {
		t.Errorf("fsck: %s", damage)
	}
	t.Logf("%d rounds of 2 to 4 clones, %d of 16, %d of processes in one clone, in %v: exit codes %v", small, big, max(small/10, 1), time.Since(began).Round(time.Second), codes)
}

func (s *site) dirs(round int) (list []string) {
	for i := range 16 {
		list = append(list, fmt.Sprintf("clone-%d-%d", round, i))
	}
	return list
}

// exposed says whether a tree of the hub sends anybody to the canary of a rollout.
func (s *site) exposed(commit string) bool {
	out, err := s.try("hub.git", 0, "git", "show", commit+":deploy/shop/canary-ingress.yaml")
	if err != nil {
		return false
	}
	return !strings.Contains(out, `canary-weight: "0"`) || strings.Contains(out, "canary-by-header")
}

// TestAbortRaces lets advance, promote and abort go at once, with a person who commits something else, and advances on for a whole ramp's time: the abort is
// never lost, what the person did is not either, and from the commit of the abort on nobody is sent to the canary again.
func TestAbortRaces(t *testing.T) {
	small, _ := rounds()
	rounds := max(small/2, 1)
	began := time.Now()
	start := newSite(t)
	start.gitramp("work", 1, "install", "canary.yaml", "--push")
	start.gitramp("work", 2, "advance", "--push")
	start.gitramp("work", 3, "advance", "--push")
	codes := map[string]int{}
	for i := range rounds {
		s := start.copy(t)
		dirs := s.clones(i, 5)
		racers := append(advance(dirs[:2]), racer{dir: dirs[2], args: []string{"promote", "shop", "--push"}}, racer{dir: dirs[3], args: []string{"abort", "shop", "--push"}})
		if i%2 == 1 { // one more in a clone that another works in
			racers = append(racers, racer{dir: dirs[0], args: []string{"abort", "shop", "--push"}})
		}
		was := s.tip("hub.git")
		s.write(dirs[4]+"/notes.txt", "mine\n")
		s.git(dirs[4], 4, "add", "notes.txt")
		s.git(dirs[4], 4, "commit", "-q", "-m", "notes")
		person := make(chan string)
		go func() {
			defer close(person)
			for range 20 {
				if _, err := s.try(dirs[4], 4, "git", "push", "-q"); err == nil {
					return
				}
				if out, err := s.try(dirs[4], 4, "git", "pull", "-q", "--rebase"); err != nil {
					person <- out
					return
				}
			}
			person <- "the person never got through"
		}()
		s.race(4, racers)
		if out := <-person; out != "" {
			t.Error(out)
		}
		for _, r := range racers {
			codes[fmt.Sprint(r.args[0], " ", r.code)]++
			if r.args[0] == "abort" && r.code != exitDone || r.code != exitDone && r.code != exitWaiting && r.code != exitConflict {
				t.Errorf("round %d: %s: exit code %d: %s", i, r.args, r.code, r.out)
			}
		}
		s.git("work", 0, "pull", "-q")
		for turn := 5; turn < 8; turn++ { // a cron job that goes on
			if out, err := s.try("work", turn, verb(turn, "advance", "--push", "--exit-zero-on-wait")...); err != nil && !strings.Contains(out, "retry") {
				t.Errorf("round %d: %v: %s", i, err, out)
			}
		}
		if out := s.git("hub.git", 0, "show", "main:notes.txt"); out != "mine" {
			t.Errorf("round %d: what a person committed is lost: %s", i, out)
		}
		aborts := 0
		log := strings.Split(s.git("hub.git", 0, "log", "--reverse", "--first-parent", "--format=%H %s", was+"..main"), "\n")
		for _, line := range log {
			commit, subject, _ := strings.Cut(line, " ")
			if strings.HasPrefix(subject, "shop: abort") {
				aborts++
			}
			if aborts > 0 && s.exposed(commit) {
				t.Errorf("round %d: traffic to the canary after the abort:\n%s", i, strings.Join(log, "\n"))
				break
			}
		}
		if aborts != 1 || s.exposed("main") {
			t.Errorf("round %d: %d aborts:\n%s", i, aborts, strings.Join(log, "\n"))
		}
		if slices.ContainsFunc([]string{"hub.git", dirs[0], "work"}, func(dir string) bool { return s.damage(dir) != "" }) {
			t.Errorf("round %d: damaged", i)
		}
	}
	t.Logf("%d rounds in %v: exit codes %v", rounds, time.Since(began).Round(time.Second), codes)
}
