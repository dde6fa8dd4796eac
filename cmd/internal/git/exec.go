package git

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
)

// kept are the variables that a child may see: what a user's git needs to find its config, identity, signing key and terminal. Everything else goes,
// above all GIT_DIR, GIT_INDEX_FILE and their like, which are set when we are called from a hook. GIT_CONFIG_NOSYSTEM is passed on but not set: the
// machine's config is as much the user's as the global one (identity and signing often come from there).
var kept = []string{
	"PATH", "HOME", "USER", "LOGNAME", "EMAIL", "TZ", "TMPDIR", "TERM", "DISPLAY", "WAYLAND_DISPLAY", "DBUS_SESSION_BUS_ADDRESS",
	"GNUPGHOME", "GPG_TTY", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM",
}

// reaching are the variables that git needs beside them to talk to a remote: how to connect, and how to log in.
var reaching = []string{
	"GIT_ASKPASS", "GIT_SSH", "GIT_SSH_COMMAND", "GIT_SSH_VARIANT", "GIT_PROXY_COMMAND", "GIT_SSL_CAINFO", "GIT_SSL_CAPATH", "GIT_SSL_CERT", "GIT_SSL_KEY",
	"GIT_SSL_NO_VERIFY", "GIT_HTTP_PROXY_AUTHMETHOD", "SSL_CERT_FILE", "SSL_CERT_DIR", "http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY",
	"no_proxy", "NO_PROXY",
}

// reach picks them out of an environment, with the configuration that a CI job hands to git in numbered variables.
func reach(environ []string) []string {
	var env []string
	for _, entry := range environ {
		name, _, _ := strings.Cut(entry, "=")
		if slices.Contains(reaching, name) || strings.HasPrefix(name, "GIT_CONFIG_KEY_") || strings.HasPrefix(name, "GIT_CONFIG_VALUE_") || name == "GIT_CONFIG_COUNT" {
			env = append(env, entry)
		}
	}
	return env
}

func clean(environ []string) []string {
	env := []string{"LANG=C", "LC_ALL=C", "GIT_TERMINAL_PROMPT=0", "GIT_OPTIONAL_LOCKS=0"}
	for _, entry := range environ {
		name, _, _ := strings.Cut(entry, "=")
		prefixed := slices.ContainsFunc([]string{"XDG_", "SSH_", "GIT_AUTHOR_", "GIT_COMMITTER_"}, func(p string) bool { return strings.HasPrefix(name, p) })
		if prefixed || slices.Contains(kept, name) {
			env = append(env, entry)
		}
	}
	return env
}

// getenv is what a child sees under that name.
func (r *Repo) getenv(name string) string {
	for _, entry := range slices.Backward(r.env) {
		if value, ok := strings.CutPrefix(entry, name+"="); ok {
			return value
		}
	}
	return ""
}

// call is one git command. The zero value of all but args will do.
type call struct {
	args  []string
	flags []string // -c key=value for this command
	dir   string   // "": the repository's
	env   []string // on top of the cleaned one
	stdin string
	hooks bool     // let the user's hooks run
	globs bool     // pathspecs may have magic
	net   bool     // the child may talk to a remote: it gets what it needs to reach and to log in to it
	lock  *os.File // inherited, so that the flock lives as long as the child
	locks []string // files by which it locks refs: those that it leaves are removed
}

func (r *Repo) command(ctx context.Context, c call) (*exec.Cmd, *tail) {
	args := []string{"--literal-pathspecs", "-c", "core.fsmonitor=false", "-c", "protocol.ext.allow=never"}
	if c.globs {
		args = args[1:]
	}
	if !c.hooks {
		args = append(args, "-c", "core.hooksPath=/dev/null")
	}
	for _, flag := range c.flags {
		args = append(args, "-c", flag)
	}
	cmd := exec.CommandContext(ctx, r.git, append(args, c.args...)...)
	cmd.Dir, cmd.Env = r.dir, append(slices.Clone(r.env), c.env...)
	if c.net {
		cmd.Env = append(cmd.Env, r.reach...)
	}
	if c.dir != "" {
		cmd.Dir = c.dir
	}
	if c.lock != nil {
		cmd.ExtraFiles = []*os.File{c.lock}
	}
	// A terminated git removes its lock files; a killed one cannot.
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 5 * r.patience
	said := &tail{}
	cmd.Stderr = said
	return cmd, said
}

// run runs one command to its end and returns what it wrote.
func (r *Repo) run(ctx context.Context, c call) (string, error) {
	out, _, err := r.hear(ctx, c)
	return out, err
}

// hear is run for what is told on stderr alone: that a file cannot be removed is no failure to git.
func (r *Repo) hear(ctx context.Context, c call) (out, warned string, err error) {
	cmd, said := r.command(ctx, c)
	var buf bytes.Buffer
	cmd.Stdin, cmd.Stdout = strings.NewReader(c.stdin), &buf
	before := look(c.locks)
	err = failure(c.args, cmd.Run(), said)
	if died(err, said) {
		if stuck := r.unlockRefs(c, before); stuck != nil {
			err = stuck
		}
	}
	return buf.String(), said.String(), err
}

// died says that a git may have left its locks: it was killed, or could not remove them.
func died(err error, said *tail) bool {
	var end *Error
	return errors.As(err, &end) && (end.Code < 0 || end.Code > 128) || strings.Contains(said.String(), "unable to unlink")
}

// lines runs one command to its end and hands out what it wrote, up to each NUL.
func (r *Repo) lines(ctx context.Context, c call, each func(line string)) error {
	cmd, said := r.command(ctx, c)
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	widen(out)
	in := bufio.NewReaderSize(out, 64<<10)
	line, err := in.ReadString(0)
	for ; err == nil; line, err = in.ReadString(0) {
		each(line[:len(line)-1])
	}
	if end := failure(c.args, cmd.Wait(), said); end != nil || errors.Is(err, io.EOF) {
		return end
	}
	return err
}

// failure turns what os/exec says about a command into an *Error with what git said.
func failure(args []string, err error, said *tail) error {
	if errors.Is(err, exec.ErrWaitDelay) {
		return nil // it ended well, and only left something running that holds its stderr: a hook's background job
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return &Error{Args: args, Code: exit.ExitCode(), Stderr: said.String()}
	}
	return err
}
