// Package release looks at what a release is made of: that two builds are the same, what the binaries say of themselves, and the files of the tools that make them. It
// is a module of its own, so that none of those tools is a dependency of gitramp.
package release

import (
	"bytes"
	"crypto/sha256"
	"debug/buildinfo"
	"debug/elf"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"text/template"

	"github.com/goreleaser/goreleaser/v2/pkg/config"
	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/linter"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"
	"golang.org/x/mod/zip"
)

// release is .goreleaser.yaml as goreleaser itself reads it: a field that it does not know is an error.
func release(t *testing.T) config.Build {
	t.Helper()
	project, err := config.Load("../../.goreleaser.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if len(project.Builds) != 1 || len(project.SBOMs) != 1 || len(project.Archives) != 1 {
		t.Fatalf("%+v", project)
	}
	return project.Builds[0]
}

// TestGoreleaser: what is misspelt in the file would be found.
func TestGoreleaser(t *testing.T) {
	release(t)
	data, err := os.ReadFile("../../.goreleaser.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := config.LoadReader(bytes.NewReader(bytes.Replace(data, []byte("ldflags"), []byte("ldflag"), 1))); err == nil {
		t.Error("a field that there is not is taken")
	}
}

// argv is the go build of a release at a tag, "" for a snapshot.
func argv(t *testing.T, tag string) []string {
	t.Helper()
	b := release(t)
	args := append([]string{"build"}, b.Flags...)
	for _, flags := range b.Ldflags {
		var out strings.Builder
		if err := template.Must(template.New("").Parse(flags)).Execute(&out, map[string]any{"IsSnapshot": tag == "", "Tag": tag}); err != nil {
			t.Fatal(err)
		}
		args = append(args, "-ldflags="+out.String())
	}
	return append(args, "-o", "gitramp", b.Main)
}

// clone is what is committed here, in a place of its own.
func clone(t *testing.T, name string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), name)
	run(t, ".", nil, "git", "clone", "-q", "../..", dir)
	return dir
}

func run(t *testing.T, dir string, env []string, argv ...string) string {
	t.Helper()
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), append([]string{"GOFLAGS=", "CGO_ENABLED=0", "GOWORK=off"}, env...)...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s%s", strings.Join(argv, " "), err, out, stderr.Bytes())
	}
	return string(out)
}

// TestReproducible: two builds of one commit, in two places and with two caches, are the same to the bit. The binary needs no loader, and is called as the tag is;
// one of no tag, as the commit.
func TestReproducible(t *testing.T) {
	if testing.Short() {
		t.Skip("a build with a cache of its own takes minutes: make e2e")
	}
	var sums [2][32]byte
	for i, name := range []string{"a", "an other/place"} {
		dir := clone(t, name)
		var env []string
		if i == 1 {
			env = append(env, "GOCACHE="+t.TempDir(), "TZ=Pacific/Auckland", "LC_ALL=C")
		}
		run(t, dir, env, append([]string{"go"}, argv(t, "v9.8.7")...)...)
		data, err := os.ReadFile(filepath.Join(dir, "gitramp"))
		if err != nil {
			t.Fatal(err)
		}
		sums[i] = sha256.Sum256(data)
		t.Logf("%x  %s", sums[i], dir)
		isStatic(t, filepath.Join(dir, "gitramp"))
		says(t, filepath.Join(dir, "gitramp"), "v9.8.7")
		if bytes.Contains(data, []byte(dir)) {
			t.Errorf("the binary says where it was built: %s", dir)
		}
	}
	if sums[0] != sums[1] {
		t.Error("two builds of one commit differ")
	}
	dir := clone(t, "snapshot")
	run(t, dir, nil, append([]string{"go"}, argv(t, "")...)...)
	says(t, filepath.Join(dir, "gitramp"), "devel-"+run(t, dir, nil, "git", "rev-parse", "HEAD")[:10])
}

func says(t *testing.T, binary, version string) {
	t.Helper()
	if got := run(t, ".", nil, binary, "version"); got != "gitramp "+version+"\n" {
		t.Errorf("it calls itself %q, want %s", got, version)
	}
}

func isStatic(t *testing.T, binary string) {
	t.Helper()
	f, err := elf.Open(binary)
	if err != nil {
		t.Logf("it is no ELF file, so whether it is static is not looked at: %v", err)
		return
	}
	defer f.Close()
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP {
			t.Error("it needs a loader")
		}
	}
}

// TestNoELF: where binaries are of another kind, what is tested of them goes on.
func TestNoELF(t *testing.T) {
	goesOn := false
	t.Run("mach-o", func(t *testing.T) {
		isStatic(t, "release_test.go")
		goesOn = true
	})
	if !goesOn {
		t.Error("the test of a binary that is no ELF file ends before its sums are compared")
	}
}

// TestGoInstall: what go install makes of a released module is called as the release. The module is the files here, in a proxy of this test's own, at a version
// that is named after them: go takes it for granted that what a version holds never changes, and remembers it.
func TestGoInstall(t *testing.T) {
	proxy, version, src := t.TempDir(), module.Version{Path: "github.com/gitramp/gitramp", Version: "v0.98.7"}, clone(t, "src")
	files := sha256.New()
	if err := zip.CreateFromDir(files, version, src); err != nil {
		t.Fatal(err)
	}
	version.Version += fmt.Sprintf("-files.h%.6x", files.Sum(nil))
	at := filepath.Join(proxy, version.Path, "@v")
	if err := os.MkdirAll(at, 0o755); err != nil {
		t.Fatal(err)
	}
	archive, err := os.Create(filepath.Join(at, version.Version+".zip"))
	if err != nil {
		t.Fatal(err)
	}
	if err := zip.CreateFromDir(archive, version, src); err != nil {
		t.Fatal(err)
	}
	mod, err := os.ReadFile(filepath.Join(src, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	info := `{"Version":"` + version.Version + `","Time":"2026-11-27T00:00:00Z"}`
	for name, text := range map[string]string{version.Version + ".mod": string(mod), version.Version + ".info": info, "list": version.Version + "\n"} {
		if err := os.WriteFile(filepath.Join(at, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	bin := t.TempDir()
	// Its own module cache would fetch all dependencies again: only what this test made is taken out of the shared one afterwards.
	cache := strings.TrimSpace(run(t, ".", nil, "go", "env", "GOMODCACHE"))
	t.Cleanup(func() {
		dir := filepath.Join(cache, version.String())
		_ = filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error { return os.Chmod(path, 0o755) })
		_ = os.RemoveAll(dir)
		for _, file := range []string{".mod", ".info", ".zip", ".ziphash", ".lock"} {
			_ = os.Remove(filepath.Join(cache, "cache/download", version.Path, "@v", version.Version+file))
		}
	})
	run(t, bin, []string{"GOBIN=" + bin, "GOPROXY=file://" + proxy + "," + strings.TrimSpace(run(t, ".", nil, "go", "env", "GOPROXY")), "GONOSUMDB=" + version.Path},
		"go", "install", version.Path+"/cmd/gitramp@"+version.Version)
	says(t, filepath.Join(bin, "gitramp"), version.Version)
}

// TestSBOM: the bill of materials that a release has names each module that the binary was linked of.
func TestSBOM(t *testing.T) {
	project, err := config.Load("../../.goreleaser.yaml")
	if err != nil {
		t.Fatal(err)
	}
	dir := clone(t, "src")
	run(t, dir, nil, append([]string{"go"}, argv(t, "v9.8.7")...)...)
	binary, document := filepath.Join(dir, "gitramp"), filepath.Join(dir, "sbom.json")
	sbom := project.SBOMs[0]
	args := []string{sbom.Cmd}
	for _, arg := range sbom.Args {
		args = append(args, strings.NewReplacer("$artifact", binary, "$document", document).Replace(arg))
	}
	run(t, dir, nil, args...)
	data, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	var bom struct {
		BomFormat  string
		Components []struct{ Name, Version string }
	}
	if err := json.Unmarshal(data, &bom); err != nil || bom.BomFormat != "CycloneDX" {
		t.Fatalf("%v\n%.500s", err, data)
	}
	info, err := buildinfo.ReadFile(binary)
	if err != nil || len(info.Deps) == 0 {
		t.Fatal(info, err)
	}
	for _, dep := range info.Deps {
		if !slices.Contains(bom.Components, struct{ Name, Version string }{dep.Path, dep.Version}) {
			t.Errorf("%s %s is not in the bill of materials", dep.Path, dep.Version)
		}
	}
}

// TestDockerfile reads the Dockerfile with BuildKit's own parser, and makes the build that it says: without a registry here no image is built. Every image runs as a
// number that is not root's and starts what was copied into it; but for the one with git they have nothing else in them. docs/krm.md names the one that is a function.
func TestDockerfile(t *testing.T) {
	data, err := os.ReadFile("../../Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := parser.Parse(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range parsed.Warnings {
		t.Errorf("line %v: %s", w.Location, w.Short)
	}
	stages, _, err := instructions.Parse(parsed.AST, linter.New(&linter.Config{Warn: func(rule, description, url, message string, _ []parser.Range) { t.Errorf("%s: %s", rule, message) }}))
	if err != nil || len(stages) != 4 {
		t.Fatal(len(stages), err)
	}
	starts := map[string]string{}
	for _, stage := range stages[1:] {
		user, holds := "", ""
		for _, c := range stage.Commands {
			switch c := c.(type) {
			case *instructions.UserCommand:
				user = c.User
			case *instructions.CopyCommand:
				holds = c.DestPath
			case *instructions.EntrypointCommand:
				starts[stage.Name] = strings.Join(c.CmdLine, " ")
			case *instructions.RunCommand:
				if stage.Name != "git" {
					t.Errorf("%q has more in it than the binary: %v", stage.Name, c)
				}
			}
		}
		if !regexp.MustCompile(`^[1-9]\d*:[1-9]\d*$`).MatchString(user) {
			t.Errorf("%q: runs as %q", stage.Name, user)
		}
		if holds != "/usr/local/bin/"+starts[stage.Name] || (stage.BaseName == "scratch") == (stage.Name == "git") {
			t.Errorf("%q: starts %q, and holds %s and %s", stage.Name, starts[stage.Name], holds, stage.BaseName)
		}
	}
	if want := map[string]string{"git": "gitramp", "fn": "gitramp-fn", "": "gitramp"}; !maps.Equal(starts, want) || stages[3].Name != "" {
		t.Errorf("the images start %v, want %v, and the last has no name", starts, want)
	}
	for version, want := range map[string]string{"v9.8.7": "v9.8.7", "": "devel-"} {
		makes(t, stages[0], version, want)
	}
}

// makes does what the first stage runs last, in a clone.
func makes(t *testing.T, stage instructions.Stage, version, want string) {
	t.Helper()
	script := ""
	for _, c := range stage.Commands {
		if c, ok := c.(*instructions.RunCommand); ok {
			script = strings.Join(c.CmdLine, " ")
		}
	}
	dir := clone(t, "src")
	script = strings.ReplaceAll(script, "-o /gitramp", "-o "+dir+"/gitramp")
	run(t, dir, []string{"VERSION=" + version, "GIT_CONFIG_GLOBAL=" + filepath.Join(t.TempDir(), "config")}, "sh", "-ec", script)
	isStatic(t, dir+"/gitramp")
	if want == "devel-" {
		want += run(t, dir, nil, "git", "rev-parse", "HEAD")[:10]
	}
	says(t, dir+"/gitramp", want)
}

// TestOneGo: what the image is built with, and the binaries, and what is looked at for vulnerabilities, is one Go, and no older than the module asks for.
func TestOneGo(t *testing.T) {
	found := map[string]string{}
	for file, pattern := range map[string]string{"Dockerfile": `golang:([\d.]+)-`, ".goreleaser.yaml": `GOTOOLCHAIN=go([\d.]+)`, "Makefile": `RELEASE_GO \?= go([\d.]+)`, "go.mod": `(?m)^go ([\d.]+)$`} {
		data, err := os.ReadFile("../../" + file)
		m := regexp.MustCompile(pattern).FindSubmatch(data)
		if err != nil || m == nil {
			t.Fatalf("%s names no Go: %v", file, err)
		}
		found[file] = string(m[1])
	}
	if found["Dockerfile"] != found[".goreleaser.yaml"] || found["Makefile"] != found["Dockerfile"] || semver.Compare("v"+found["Makefile"], "v"+found["go.mod"]) < 0 {
		t.Error(found)
	}
}
