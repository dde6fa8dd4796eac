package clients

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// ci is a script of .ci in a place of its own.
func ci(t *testing.T, name string) (dir, script string) {
	t.Helper()
	dir = t.TempDir()
	put(t, dir, ".ci/"+name, get(t, "../../.ci/"+name))
	return dir, filepath.Join(dir, ".ci", name)
}

// TestTools: what cannot be had is named with the reason, on the screen and for the tests. What could be had and was not got is said, and is no excuse.
func TestTools(t *testing.T) {
	const located, fetched = "E: Unable to locate package fish", "E: Failed to fetch http://deb.debian.org"
	for name, c := range map[string]struct {
		fake          map[string]string // programs
		missing, said []string
		not           []string // among what is missing
	}{
		"without apt-get": {nil, []string{"fish: it is not installed, and there is no apt-get", "jq: ", "kpt: the module proxy does not have", "pwsh: Debian has no PowerShell"},
			[]string{"not tried here: fish: ", "kubectl is not built: main.go:3: no"}, []string{"kubectl: "}},
		"without root": {map[string]string{"apt-get": "exit 0", "id": "echo 1000"}, []string{"zsh: it is not installed, and apt-get needs root"}, nil, nil},
		"with apt-get": {map[string]string{"apt-get": `case "$*" in *fish) echo "` + located + `";; *zsh) echo "` + fetched + `";; *) exit 0;; esac; exit 100`, "id": "echo 0"},
			[]string{"fish: apt-get has no package fish: " + located}, []string{"zsh is not installed: apt-get: " + fetched}, []string{"zsh: ", "jq: "}},
	} {
		dir, script := ci(t, "tools")
		bin := t.TempDir()
		for _, needed := range []string{"dirname", "mkdir", "rm", "grep", "tail", "tr", "sed", "id"} {
			path, err := exec.LookPath(needed)
			if err == nil {
				err = os.Symlink(path, filepath.Join(bin, needed))
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		fake := map[string]string{"go": "case \"$*\" in *kpt) echo 'reading https://proxy/x.zip: 403 Forbidden';; *) echo 'main.go:3: no';; esac; exit 1"}
		for name, text := range c.fake {
			fake[name] = text
		}
		for name, text := range fake {
			_ = os.Remove(filepath.Join(bin, name))
			if err := os.WriteFile(filepath.Join(bin, name), []byte("#!/bin/sh\n"+text+"\n"), 0o755); err != nil {
				t.Fatal(err)
			}
		}
		cmd := exec.Command("/bin/sh", script)
		cmd.Env = []string{"PATH=" + bin}
		said, err := cmd.CombinedOutput()
		if err != nil {
			t.Errorf("%s: %v\n%s", name, err, said)
		}
		missing := "\n" + get(t, dir+"/out/clients/missing")
		for _, want := range c.missing {
			if !strings.Contains(missing, "\n"+want) {
				t.Errorf("%s: what is missing has no %q:\n%s%s", name, want, missing, said)
			}
		}
		for _, want := range c.said {
			if !strings.Contains(string(said), want) {
				t.Errorf("%s: no %q in\n%s", name, want, said)
			}
		}
		for _, excuse := range c.not {
			if strings.Contains(missing, "\n"+excuse) {
				t.Errorf("%s: %q is an excuse:\n%s", name, excuse, missing)
			}
		}
	}
}

// TestE2E: what is skipped and what fails says why, what passes says nothing, all folders are run, and one failure is one of all.
func TestE2E(t *testing.T) {
	const head = "package x\n\nimport \"testing\"\n\nfunc TestPass(t *testing.T) { t.Log(\"noise\") }\n\n"
	for name, c := range map[string]struct {
		body  string
		fails bool
		want  []string
	}{
		"skip":  {"func TestSkip(t *testing.T) {\n\tt.Run(\"a\", func(t *testing.T) { t.Skip(\"no fish\") })\n\tt.Run(\"b\", func(t *testing.T) { t.Log(\"noise\") })\n}\n", false, []string{"skipped: TestSkip/a\n", ": no fish\n"}},
		"fail":  {"func TestFail(t *testing.T) { t.Error(\"it is wrong\") }\n", true, []string{"failed: TestFail\n", ": it is wrong\n", "FAIL\tx"}},
		"panic": {"func TestPanic(t *testing.T) { panic(\"oh no\") }\n", true, []string{"oh no", "FAIL\tx"}},
		"build": {"func TestBuild(t *testing.T) { no }\n", true, []string{"undefined: no", "FAIL\tx"}},
	} {
		dir, script := ci(t, "e2e")
		for folder, body := range map[string]string{"a": c.body, "b": ""} {
			put(t, dir, folder+"/go.mod", "module x\n\ngo 1.26.0\n")
			put(t, dir, folder+"/x_test.go", head+body)
		}
		cmd := exec.Command("bash", script, "a", "b")
		cmd.Env = append(os.Environ(), "GO=go")
		out, err := cmd.CombinedOutput()
		said := string(out)
		if (err != nil) != c.fails || strings.Contains(said, "noise") || !strings.Contains(said, "ok  \tx") {
			t.Errorf("%s: %v\n%s", name, err, said)
		}
		for _, want := range c.want {
			if !strings.Contains(said, want) {
				t.Errorf("%s: no %q in\n%s", name, want, said)
			}
		}
	}
}
