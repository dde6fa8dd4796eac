package git

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// hubbed has a remote, at the same commit.
func hubbed(t *testing.T) (f, hub *fixture) {
	t.Helper()
	f = seeded(t)
	hub = &fixture{t: t, dir: filepath.Join(t.TempDir(), "hub"), bin: f.bin, env: f.env}
	f.git("clone", "-q", "--bare", f.dir, hub.dir)
	f.git("remote", "add", "origin", hub.dir)
	f.git("fetch", "-q", "origin")
	return f, hub
}

func push(f *fixture) (string, error) {
	r, m := f.open(), Remote{Name: "origin", Branch: "main"}
	tip, err := r.Fetch(context.Background(), m)
	if err != nil {
		return "", err
	}
	return release(r, "main", Options{Date: day, Push: &m, Tip: tip})
}

// A run that dies before its push arrived is dropped; from then on the next brings the branch of this repository along.
func TestKilledAtEachStepOfAPush(t *testing.T) {
	t.Parallel()
	f, _ := hubbed(t)
	steps, err := f.child("GIT_TEST_PUSH=1")
	if err != nil || !strings.Contains(strings.Join(steps, " "), "journal pushed moved") {
		t.Fatal(steps, err)
	}
	for i, name := range steps {
		t.Run(fmt.Sprint(i+1, name), func(t *testing.T) {
			t.Parallel()
			f, hub := hubbed(t)
			if _, err := f.child("GIT_TEST_PUSH=1", fmt.Sprintf("GIT_TEST_DIE=%d", i+1)); err == nil {
				t.Fatal("it survived")
			}
			wait(t, f)
			tip := hub.git("rev-parse", "main")
			said, err := f.open().Recover(context.Background())
			if got := f.git("rev-parse", "main"); err != nil || got != tip {
				t.Errorf("the remote is at %s, we are at %s: %s, %v", tip, got, said, err)
			}
			f.sound()
			f.clean()
		})
	}
}

// Where nobody can tell whether a push arrived, nothing is dropped and the user's git is not locked out.
func TestPushThatNobodyCanTell(t *testing.T) {
	t.Parallel()
	f, hub := hubbed(t)
	f.child("GIT_TEST_PUSH=1", "GIT_TEST_DIE_AT=pushed")
	wait(t, f)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(os.Rename(hub.dir, hub.dir+".away"))
	said, err := f.open().Recover(context.Background())
	if err != nil || !strings.Contains(said, "whether it arrived cannot be told now") {
		t.Errorf("%s, %v", said, err)
	}
	f.git("add", "README.md")
	must(os.Rename(hub.dir+".away", hub.dir))
	said, err = f.open().Recover(context.Background())
	if err != nil || !strings.HasPrefix(said, "finished a run") || f.git("rev-parse", "main") != hub.git("rev-parse", "main") {
		t.Errorf("%s, %v", said, err)
	}
	f.sound()
	f.clean()
}

// What is pushed stays pushed: a branch of this repository that cannot move is said, and comes along with the next run.
func TestPushedAndNotAlong(t *testing.T) {
	t.Parallel()
	f, hub := hubbed(t)
	shim(t, f, `case "$*" in *update-ref*) echo "fatal: disk full" >&2; exit 128;; esac; exec "$GIT" "$@"`)
	_, err := push(f)
	tip := hub.git("rev-parse", "main")
	if err == nil || !strings.Contains(err.Error(), "origin/main is at "+short(tip)+", but main here is not") || !strings.Contains(err.Error(), "disk full") {
		t.Fatal(err)
	}
	f.bin = gitBin(t)
	said, err := f.open().Recover(context.Background())
	if err != nil || f.git("rev-parse", "main") != tip {
		t.Errorf("%s, %v", said, err)
	}
	f.sound()
	f.clean()
}

// A hook that keeps the branch of this repository where it is has its say once, not at every run from then on.
func TestPushedAndRefusedHere(t *testing.T) {
	t.Parallel()
	refuse := func(f *fixture) {
		f.write(".git/hooks/reference-transaction", "#!/bin/sh\n[ $1 = prepared ] && grep -q refs/heads/ && { echo not today >&2; exit 1; }\nexit 0\n")
		if err := os.Chmod(f.at(".git/hooks/reference-transaction"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	f, hub := hubbed(t)
	refuse(f)
	old := f.git("rev-parse", "main")
	var no *Refusal
	if _, err := push(f); !errors.As(err, &no) || !strings.Contains(err.Error(), "main here is not") || f.git("rev-parse", "main") != old || hub.git("rev-parse", "main") == old {
		t.Errorf("%v", err)
	}
	if said, err := f.open().Recover(context.Background()); said != "" || err != nil {
		t.Errorf("%s, %v", said, err)
	}
	f.clean()

	f, _ = hubbed(t)
	f.child("GIT_TEST_PUSH=1", "GIT_TEST_DIE_AT=pushed")
	wait(t, f)
	refuse(f)
	if said, err := f.open().Recover(context.Background()); err != nil || !strings.Contains(said, "main stays where it is: a hook refused") {
		t.Errorf("%s, %v", said, err)
	}
	if said, err := f.open().Recover(context.Background()); said != "" || err != nil {
		t.Errorf("%s, %v", said, err)
	}
	f.clean()
}

// A push that dies at its own note of where the remote's branch is has arrived.
func TestPushLeavesItsLock(t *testing.T) {
	t.Parallel()
	f, hub := hubbed(t)
	shim(t, f, `case "$*" in *push*) "$GIT" "$@"; touch .git/refs/remotes/origin/main.lock; kill -9 $$;; esac; exec "$GIT" "$@"`)
	tip, err := push(f)
	if err != nil || hub.git("rev-parse", "main") != tip || f.git("rev-parse", "main") != tip {
		t.Errorf("%s, %v", tip, err)
	}
	if _, err := os.Stat(f.at(".git/refs/remotes/origin/main.lock")); err == nil {
		t.Error("the lock is left")
	}
	f.sound()
	f.clean()
}
