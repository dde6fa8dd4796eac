//go:build unix

package main

import (
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestChaos kills a running commit, with every git that it started, after a random time: the branch is at the old or at the new tip, the repository is sound,
// and running again finishes the job and leaves nothing behind. GITRAMP_CHAOS is the number of rounds (make chaos).
func TestChaos(t *testing.T) {
	rounds := 8
	if text := os.Getenv("GITRAMP_CHAOS"); text != "" {
		rounds, _ = strconv.Atoi(text)
	}
	bin := filepath.Join(t.TempDir(), "gitramp")
	command(t, ".", "go", "build", "-o", bin, ".")
	spec, err := os.ReadFile("../../fixtures/ten-replicas/canary.yaml")
	if err != nil {
		t.Fatal(err)
	}
	// How long a whole run takes here says in which time to kill.
	repo := chaosRepo(t, spec)
	began := time.Now()
	command(t, repo, bin, "commit", "canary.yaml")
	whole := time.Since(began)
	commits := command(t, repo, "git", "rev-list", "--count", "HEAD")

	seed := time.Now().UnixNano()
	random := rand.New(rand.NewPCG(uint64(seed), 0))
	moved := 0
	for round := range rounds {
		repo := chaosRepo(t, spec)
		kill(t, repo, bin, time.Duration(random.Int64N(int64(whole)+1)))
		switch got := command(t, repo, "git", "rev-list", "--count", "HEAD"); got {
		case "1":
		case commits:
			moved++
		default:
			t.Fatalf("round %d of seed %d: %s commits after the kill, want 1 or %s", round, seed, got, commits)
		}
		command(t, repo, "git", "fsck", "--strict")
		command(t, repo, bin, "commit", "canary.yaml")
		if got := command(t, repo, "git", "rev-list", "--count", "HEAD"); got != commits {
			t.Fatalf("round %d of seed %d: %s commits after the second run, want %s", round, seed, got, commits)
		}
		if dirt := command(t, repo, "git", "status", "--porcelain"); dirt != "" {
			t.Fatalf("round %d of seed %d: the work tree is left behind:\n%s", round, seed, dirt)
		}
		noLeftovers(t, repo)
	}
	t.Logf("%d kills within %v: the branch was at the new tip %d times, at the old one %d times", rounds, whole, moved, rounds-moved)
}

func chaosRepo(t *testing.T, spec []byte) string {
	t.Helper()
	repo := t.TempDir()
	if err := os.WriteFile(filepath.Join(repo, "canary.yaml"), spec, 0o644); err != nil {
		t.Fatal(err)
	}
	command(t, repo, "git", "init", "-q")
	command(t, repo, "git", "add", ".")
	command(t, repo, "git", "commit", "-q", "-m", "spec")
	return repo
}

// kill runs commit as the leader of a process group and kills the group after the delay.
func kill(t *testing.T, repo, bin string, delay time.Duration) {
	t.Helper()
	cmd := exec.Command(bin, "commit", "canary.yaml")
	cmd.Dir, cmd.Env, cmd.SysProcAttr = repo, chaosEnv(), &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(delay)
	_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // it may have ended by itself
	_ = cmd.Wait()
}

func noLeftovers(t *testing.T, repo string) {
	t.Helper()
	err := filepath.WalkDir(repo, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if strings.HasSuffix(path, ".lock") && d.Name() != "gitramp.lock" || d.Name() == "journal" || strings.HasPrefix(d.Name(), ".gitramp-tmp") {
			t.Errorf("%s is left behind", path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if refs := command(t, repo, "git", "for-each-ref", "refs/gitramp"); refs != "" {
		t.Errorf("refs are left behind:\n%s", refs)
	}
}

func chaosEnv() []string {
	return append(os.Environ(), "GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.com",
		"GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1")
}

func command(t *testing.T, dir string, argv ...string) string {
	t.Helper()
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir, cmd.Env = dir, chaosEnv()
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(argv, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}
