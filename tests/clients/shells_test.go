package clients

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"
)

// gitramp builds the program and puts it in front of the PATH.
func gitramp(t *testing.T) string {
	t.Helper()
	bin := t.TempDir()
	cmd := exec.Command("go", "build", "-o", filepath.Join(bin, "gitramp"), "./cmd/gitramp")
	cmd.Dir = "../.."
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	return bin
}

// need skips a test without its program, and says why .ci/tools could not get that. In CI what could be had and is not there fails it.
func need(t *testing.T, what string) {
	t.Helper()
	if _, err := exec.LookPath(what); err != nil {
		missing(t, what)
	}
}

func missing(t *testing.T, what string) {
	t.Helper()
	verdicts, _ := os.ReadFile("../../out/clients/missing") // nothing, where .ci/tools did not run
	for _, line := range strings.Split(string(verdicts), "\n") {
		if why, is := strings.CutPrefix(line, what+": "); is {
			t.Skipf("%s is not tried: %s", what, why)
		}
	}
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s is not installed here, and CI=true (.ci/tools installs it)", what)
	}
	t.Skipf("%s is not tried: it is not installed here (.ci/tools installs it)", what)
}

// inShell runs a script of a shell in the seed's folder.
func inShell(t *testing.T, argv ...string) string {
	t.Helper()
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir = "../../fixtures/seed"
	var said strings.Builder
	cmd.Stderr = &said // bash complains that nobody pressed TAB
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s%s", argv[0], err, out, said.String())
	}
	return string(out)
}

// TestCompletionInBash asks bash's completion as readline would.
func TestCompletionInBash(t *testing.T) {
	const framework = "/usr/share/bash-completion/bash_completion"
	if _, err := os.Stat(framework); err != nil {
		missing(t, "bash-completion")
	}
	gitramp(t)
	ask := func(words ...string) string {
		line := strings.Join(words, " ")
		return inShell(t, append([]string{"bash", "--norc", "-c", `. ` + framework + `
source <(gitramp completion bash)
COMP_LINE="$1"; COMP_POINT=${#COMP_LINE}; COMP_TYPE=9; COMP_KEY=9
shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
__start_gitramp
printf '%s\n' "${COMPREPLY[@]}"`, "bash", line}, words...)...)
	}
	for _, c := range []struct{ words, want string }{
		{"gitramp diff canary.yaml weight-7", "weight-70"},
		{"gitramp render --step pro", "promote"},
		{"gitramp diff canary.yaml clea", "cleanup"},
		{"gitramp diff canary.yaml 02-w", "02-weight-"},
		{"gitramp validate can", "canary.yaml"},
	} {
		words := strings.Fields(c.words)
		if got := strings.TrimSpace(ask(words...)); !strings.HasPrefix(got, c.want) {
			t.Errorf("%s<TAB>: %q, want %s", c.words, got, c.want)
		}
	}
}

// TestCompletionInFish asks fish.
func TestCompletionInFish(t *testing.T) {
	need(t, "fish")
	gitramp(t)
	for line, want := range map[string]string{
		"gitramp diff canary.yaml weight-7": "weight-70\tshift, 70%",
		"gitramp render --step pro":         "promote\tpromote, 100%",
		"gitramp validate can":              "canary.yaml",
		"gitramp explain spec.steps.p":      "spec.steps.pause",
		"gitramp comm":                      "commit\tWrite a whole release as commits, one for each step",
	} {
		if got := inShell(t, "fish", "--no-config", "-c", "gitramp completion fish | source; complete -C '"+line+"'"); !strings.Contains(got, want) {
			t.Errorf("%s<TAB>: %q, want %q", line, got, want)
		}
	}
}

// TestCompletionInZsh types into zsh on a terminal: its completion works nowhere else.
func TestCompletionInZsh(t *testing.T) {
	need(t, "zsh")
	gitramp(t)
	cmd := exec.Command("zsh", "-f", "-i")
	cmd.Dir = "../../fixtures/seed"
	cmd.Env = append(os.Environ(), "TERM=dumb", "PS1=% ", "HOME="+t.TempDir())
	tty, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 40, Cols: 200})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Process.Kill(); _ = tty.Close() }()
	seen := make(chan string, 1000)
	go func() {
		buffer := make([]byte, 4096)
		for {
			n, err := tty.Read(buffer)
			if err != nil {
				close(seen)
				return
			}
			seen <- string(buffer[:n])
		}
	}()
	var all strings.Builder
	until := func(what string) {
		t.Helper()
		end := time.After(30 * time.Second)
		for !strings.Contains(all.String(), what) {
			select {
			case text, ok := <-seen:
				if !ok {
					t.Fatalf("zsh ended; it said\n%s", all.String())
				}
				all.WriteString(text)
			case <-end:
				t.Fatalf("no %q; zsh said\n%s", what, all.String())
			}
		}
		all.Reset()
	}
	say := func(text string) {
		t.Helper()
		if _, err := io.WriteString(tty, text); err != nil {
			t.Fatal(err)
		}
	}
	say("autoload -U compinit && compinit -u && source <(gitramp completion zsh) && echo rea''dy\n")
	until("ready")
	say("gitramp diff canary.yaml weight-7\t")
	until("weight-70")
	say("\x15gitramp validate can\t")
	until("validate canary.yaml")
	say("\x15gitramp explain spec.steps.pau\t")
	until("spec.steps.pause")
}

// TestCompletionInPowerShell parses and asks in pwsh, which few machines have.
func TestCompletionInPowerShell(t *testing.T) {
	need(t, "pwsh")
	gitramp(t)
	got := inShell(t, "pwsh", "-NoProfile", "-Command", `gitramp completion powershell | Out-String | Invoke-Expression
(TabExpansion2 -inputScript 'gitramp diff canary.yaml weight-7' -cursorColumn 33).CompletionMatches.CompletionText
(TabExpansion2 -inputScript 'gitramp validate can' -cursorColumn 20).CompletionMatches.CompletionText`)
	if !strings.Contains(got, "weight-70") || !strings.Contains(got, "canary.yaml") {
		t.Errorf("TAB: %q", got)
	}
}

// TestManPages reads every page with man, which warns of what it cannot set.
func TestManPages(t *testing.T) {
	need(t, "man")
	gitramp(t)
	pages := t.TempDir()
	run(t, "gitramp", "man", "--to", pages)
	files, err := filepath.Glob(pages + "/*.1")
	if err != nil || len(files) < 8 {
		t.Fatalf("%d pages: %v", len(files), err)
	}
	for _, file := range files {
		cmd := exec.Command("man", "-l", "--warnings", file)
		cmd.Env = append(os.Environ(), "MANPAGER=cat", "LC_ALL=C.UTF-8", "MANWIDTH=100")
		var warnings strings.Builder
		cmd.Stderr = &warnings
		text, err := cmd.Output()
		if err != nil || warnings.Len() > 0 {
			t.Errorf("%s: %v\n%s", filepath.Base(file), err, warnings.String())
		}
		for _, section := range []string{"NAME", "SYNOPSIS", "DESCRIPTION"} {
			if !strings.Contains(string(text), "\n"+section+"\n") {
				t.Errorf("%s has no %s:\n%s", filepath.Base(file), section, text)
			}
		}
	}
}
