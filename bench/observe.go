package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// shim stands in for git on the PATH of a gitramp that is watched. It notes each call and the peak of gitramp's own memory so far (VmHWM of the one process; what
// wait4 reports is that of the largest process of the tree), and keeps what fast-import is fed.
const shim = `#!/bin/sh
log='%[1]s'
echo "$*" >>"$log/calls"
grep VmHWM /proc/$PPID/status >>"$log/peaks"
case " $* " in
*" fast-import "*) tee "$log/stream" | '%[2]s' "$@" ;;
*) exec '%[2]s' "$@" ;;
esac
`

// observed is what was seen of the gitramp process.
type observed struct {
	Processes []string `json:"gitProcesses"` // the git commands that it started
	Peak      float64  `json:"peakMiB"`      // resident
	stream    string   // the file with what it fed to fast-import
}

// observe runs gitramp once, outside of the timing, with the shim before git.
func (l *lab) observe(dir string, args ...string) (o observed, err error) {
	log, err := l.fresh("observed")
	if err != nil {
		return o, err
	}
	git, err := exec.LookPath("git")
	if err != nil {
		return o, err
	}
	file := filepath.Join(log, "bin", "git")
	if err := write(file, fmt.Sprintf(shim, log, git)); err != nil {
		return o, err
	}
	if err := os.Chmod(file, 0o755); err != nil {
		return o, err
	}
	cmd := l.command(dir, l.gitramp, args...)
	cmd.Env = append(cmd.Env[:len(cmd.Env):len(cmd.Env)], "PATH="+filepath.Dir(file)+string(os.PathListSeparator)+os.Getenv("PATH"))
	if _, err := measure(cmd); err != nil {
		return o, err
	}
	o.stream = filepath.Join(log, "stream")
	if o.Processes, err = verbs(filepath.Join(log, "calls")); err != nil {
		return o, err
	}
	o.Peak, err = peak(filepath.Join(log, "peaks"))
	return o, err
}

// verbs are the git commands of the calls, without the options.
func verbs(calls string) ([]string, error) {
	data, err := os.ReadFile(calls)
	if err != nil {
		return nil, err
	}
	var list []string
	for line := range strings.Lines(string(data)) {
		words := strings.Fields(line)
		for i := 0; i < len(words); i++ {
			if words[i] == "-c" {
				i++
			} else if !strings.HasPrefix(words[i], "-") {
				list = append(list, words[i])
				break
			}
		}
	}
	return list, nil
}

func peak(file string) (float64, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	var most float64
	for line := range strings.Lines(string(data)) {
		var kib float64
		if _, err := fmt.Sscanf(line, "VmHWM: %f kB", &kib); err != nil {
			return 0, fmt.Errorf("%s: %q: %w", file, line, err)
		}
		most = max(most, kib/1024)
	}
	return most, nil
}
