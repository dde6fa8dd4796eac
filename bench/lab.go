package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
)

const kustomizePackage = "sigs.k8s.io/kustomize/kustomize/v5"

// lab is a temporary directory with the programs to measure, and the environment that all of them get.
type lab struct {
	ctx       context.Context
	runs      int
	dir, home string
	gitramp   string
	bin       string // the directory of kustomize and of noop
	env       []string
	made      int // directories so far
}

// cost is what a process and all its descendants needed.
type cost struct {
	cpu  float64 // seconds, user+sys
	peak float64 // MiB, resident, of the largest process; at least ours at its start, which a child inherits
}

func newLab(ctx context.Context, o options) (*lab, error) {
	dir, err := os.MkdirTemp("", "gitramp-bench-")
	if err != nil {
		return nil, err
	}
	l := &lab{ctx: ctx, runs: o.runs, dir: dir, gitramp: o.gitramp, bin: filepath.Join(dir, "bin")}
	if err := l.build(); err != nil {
		l.close()
		return nil, err
	}
	return l, nil
}

func (l *lab) close() { os.RemoveAll(l.dir) }

// build makes the programs, all with the flags of a release, and the home.
func (l *lab) build() error {
	noop, home := l.path("noop.go"), l.path("home")
	if err := write(noop, "package main\n\nfunc main() {}\n"); err != nil {
		return err
	}
	if err := write(filepath.Join(home, ".gitconfig"), "[user]\n\tname = bench\n\temail = bench@example.com\n[init]\n\tdefaultBranch = main\n"); err != nil {
		return err
	}
	programs := [][2]string{{"kustomize", kustomizePackage}, {"noop", noop}}
	if l.gitramp == "" {
		l.gitramp = filepath.Join(l.bin, "gitramp")
		programs = append(programs, [2]string{"gitramp", "./cmd/gitramp"})
	}
	for _, p := range programs {
		cmd := exec.CommandContext(l.ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", filepath.Join(l.bin, p[0]), p[1])
		if p[0] == "gitramp" {
			cmd.Dir = ".."
		}
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w\n%s", cmd, err, out)
		}
	}
	var err error
	if l.gitramp, err = filepath.Abs(l.gitramp); err != nil {
		return err
	}
	const date = "1790000000 +0000" // one for all, so that the same work gives the same commit ids
	l.env = []string{
		"HOME=" + home, "PATH=" + l.bin + string(os.PathListSeparator) + os.Getenv("PATH"), "LC_ALL=C", "GIT_CONFIG_NOSYSTEM=1",
		"GIT_AUTHOR_DATE=" + date, "GIT_COMMITTER_DATE=" + date,
	}
	return nil
}

// path names something in the lab's directory.
func (l *lab) path(parts ...string) string {
	return filepath.Join(append([]string{l.dir}, parts...)...)
}

// fresh makes an empty directory.
func (l *lab) fresh(name string) (string, error) {
	l.made++
	dir := l.path(fmt.Sprintf("%s-%d", name, l.made))
	return dir, os.Mkdir(dir, 0o755)
}

func (l *lab) command(dir, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(l.ctx, name, args...)
	cmd.Dir, cmd.Env = dir, l.env
	return cmd
}

// measure runs a command to its end.
func measure(cmd *exec.Cmd) (cost, error) {
	var said bytes.Buffer
	cmd.Stderr = &said
	if err := cmd.Run(); err != nil {
		return cost{}, fmt.Errorf("%s: %w\n%s", cmd, err, said.Bytes())
	}
	s := cmd.ProcessState
	return cost{(s.UserTime() + s.SystemTime()).Seconds(), float64(s.SysUsage().(*syscall.Rusage).Maxrss) / 1024}, nil
}

// output runs a command outside of the timing and returns what it prints.
func (l *lab) output(dir, name string, args ...string) (string, error) {
	var out bytes.Buffer
	cmd := l.command(dir, name, args...)
	cmd.Stdout = &out
	_, err := measure(cmd)
	return strings.TrimSuffix(out.String(), "\n"), err
}

// git runs several commands of git outside of the timing.
func (l *lab) git(dir string, commands ...string) error {
	for _, c := range commands {
		if _, err := l.output(dir, "git", strings.Fields(c)...); err != nil {
			return err
		}
	}
	return nil
}

func write(file, text string) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, []byte(text), 0o644)
}

// machine says what the numbers were measured on.
func (l *lab) machine() (machine, error) {
	m := machine{CPU: "unknown", Cores: runtime.NumCPU(), Go: runtime.Version()}
	info, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(info)) {
		if key, value, _ := strings.Cut(line, ":"); strings.TrimSpace(key) == "model name" {
			m.CPU = strings.TrimSpace(value)
			break
		}
	}
	git, err := l.output(".", "git", "version")
	if err != nil {
		return m, err
	}
	m.Git = strings.TrimPrefix(git, "git version ")
	m.Kustomize, err = l.output(".", filepath.Join(l.bin, "kustomize"), "version")
	return m, err
}
