package doctor

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/gitramp/gitramp/cmd/internal/git"
	"github.com/gitramp/gitramp/render"
)

// kustomize build --enable-alpha-plugins without --enable-exec leaves the output of an exec function out and exits with 0 (kubernetes-sigs/kustomize#4399), kubectl
// has no such flag (kubernetes/kubectl#1498), and Flux runs no functions (fluxcd/pkg kustomize: DisabledPluginConfig). So whoever has gitramp as one is told what builds it without.

const (
	alphaFlag = "--enable-alpha-plugins"
	execFlag  = "--enable-exec"
	maxText   = 1 << 20
)

// functions is a repository in which gitramp is a function of some kustomization. What lies in it is anybody's: each file is read within the repository and within
// maxText, and each question about one is answered once.
type functions struct {
	top   *os.Root
	dirs  map[string]kustomization // by directory
	files []string                 // that may build one
	ours  map[string]bool          // by file: whether it configures gitramp as a function
	with  []string                 // the directories whose kustomization has gitramp as a function
	leads map[string]bool          // the directories whose kustomization is, or leads to, one of those
	list  []Finding
}

// kustomization is what counts of one.
type kustomization struct {
	file                                 string
	Resources, Components, Bases         []string
	Generators, Transformers, Validators []string
}

// lookForFunctions looks through the files of a repository; it finds nothing where gitramp is no function.
func lookForFunctions(ctx context.Context, root string) []Finding {
	top, err := os.OpenRoot(root)
	if err != nil {
		return []Finding{{"functions", false, err.Error(), "make that readable"}}
	}
	defer top.Close()
	f := &functions{top: top, dirs: map[string]kustomization{}, ours: map[string]bool{}, leads: map[string]bool{}}
	if err := f.walk(ctx); err != nil && ctx.Err() == nil {
		return []Finding{{"functions", false, err.Error(), "make that readable"}}
	}
	for _, dir := range slices.Sorted(maps.Keys(f.dirs)) {
		k := f.dirs[dir]
		if ctx.Err() == nil && slices.ContainsFunc(slices.Concat(k.Generators, k.Transformers, k.Validators), func(entry string) bool { return f.isOurs(dir, entry) }) {
			f.with = append(f.with, dir)
			f.list = append(f.list, Finding{k.file, true, "has gitramp as a function: kustomize build needs " + alphaFlag + " " + execFlag + " for it, and without the second leaves its output out and exits with 0", ""})
		}
	}
	f.follow()
	for _, name := range f.files {
		if ctx.Err() == nil && f.with != nil {
			f.look(name)
		}
	}
	return f.list
}

// builders are the names of files that run commands.
var builders = regexp.MustCompile(`(?i)^(.*makefile|.*\.mk|.*\.sh|.*\.bash|jenkinsfile.*|justfile|.*\.ya?ml|dockerfile.*|containerfile.*|tiltfile|.*\.groovy)$`)

func (f *functions) walk(ctx context.Context) error {
	return fs.WalkDir(f.top.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		switch base := d.Name(); {
		case err != nil:
			return err
		case d.IsDir() && (base == ".git" || base == "node_modules" || base == "vendor"):
			return fs.SkipDir
		case !d.Type().IsRegular():
		case slices.Contains(render.KustomizationNames(), base):
			k := kustomization{file: name}
			if yaml.Unmarshal(f.read(name), &k) == nil {
				f.dirs[path.Dir(name)] = k
			}
		case builders.MatchString(base):
			f.files = append(f.files, name)
		}
		return ctx.Err()
	})
}

// read is the text of a regular file of the repository, nil where it is none or too large. What a symlink in it leads to is read where that is in it too.
func (f *functions) read(name string) []byte {
	if info, err := f.top.Stat(name); err != nil || !info.Mode().IsRegular() { // to open a pipe is to wait for somebody
		return nil
	}
	file, err := f.top.Open(name)
	if err != nil {
		return nil
	}
	defer file.Close()
	if data, err := io.ReadAll(io.LimitReader(file, maxText+1)); err == nil && len(data) <= maxText {
		return data
	}
	return nil
}

// isOurs says whether an entry of a kustomization's generators, transformers or validators is gitramp: a file, a directory of such, or the YAML itself.
func (f *functions) isOurs(dir, entry string) bool {
	if strings.Contains(entry, "\n") {
		return runsUs([]byte(entry))
	}
	at := path.Join(dir, entry)
	if k, there := f.dirs[at]; there {
		return slices.ContainsFunc(k.Resources, func(name string) bool { return f.holdsOurs(path.Join(at, name)) })
	}
	return f.holdsOurs(at)
}

func (f *functions) holdsOurs(name string) bool {
	is, known := f.ours[name]
	if !known {
		is = runsUs(f.read(name))
		f.ours[name] = is
	}
	return is
}

// follow finds the kustomizations that lead to one with gitramp in it, from there up.
func (f *functions) follow() {
	above := map[string][]string{}
	for dir, k := range f.dirs {
		for _, name := range slices.Concat(k.Resources, k.Components, k.Bases) {
			at := path.Join(dir, name)
			above[at] = append(above[at], dir)
		}
	}
	for next := slices.Clone(f.with); len(next) > 0; next = next[1:] {
		if !f.leads[next[0]] {
			f.leads[next[0]] = true
			next = append(next, above[next[0]]...)
		}
	}
}

type document struct {
	APIVersion string `yaml:"apiVersion"`
	Kind       string
	Metadata   struct {
		Name        string
		Annotations map[string]string
	}
	Data map[string]string
	Spec struct{ Path string }
}

// separators are where a document of YAML begins or ends, in a block of text too (YAML 1.2.2, c-forbidden).
var separators = regexp.MustCompile(`(?m)^(?:---|\.\.\.)(?:[ \t\r]|$)`)

// documents are the objects of a file, but for those that cannot be read: a template is one.
func documents(data []byte) (docs []document) {
	for _, text := range separators.Split(string(data), -1) {
		var d document
		if yaml.Unmarshal([]byte(text), &d) == nil && d.Kind != "" {
			docs = append(docs, d)
		}
	}
	return docs
}

// runsUs says whether one of some function configurations is for gitramp, as a program. An image needs no flag.
func runsUs(data []byte) bool {
	return slices.ContainsFunc(documents(data), func(d document) bool {
		var function struct {
			Exec *struct{ Path string }
		}
		for _, key := range []string{"config.kubernetes.io/function", "config.k8s.io/function"} {
			if text := d.Metadata.Annotations[key]; text != "" && yaml.Unmarshal([]byte(text), &function) != nil {
				return false
			}
		}
		return function.Exec != nil && (strings.HasPrefix(d.APIVersion, "gitramp.dev/") || strings.HasPrefix(path.Base(function.Exec.Path), "gitramp"))
	})
}

// look looks for what builds one of the kustomizations without the flags.
func (f *functions) look(name string) {
	data := f.read(name)
	held := flags{bytes.Contains(data, []byte(alphaFlag)), bytes.Contains(data, []byte(execFlag))}
	for _, command := range commands(data) {
		if why := lacks(command.text, held); why != "" && f.reaches(command.text, name) {
			f.found(fmt.Sprintf("%s:%d", name, command.line), command.text, why)
		}
	}
	if ext := path.Ext(name); ext != ".yaml" && ext != ".yml" {
		return
	}
	for _, d := range documents(data) {
		f.argo(name, d)
		if strings.HasPrefix(d.APIVersion, "kustomize.toolkit.fluxcd.io/") && d.Kind == "Kustomization" && f.leads[path.Clean(d.Spec.Path)] {
			f.found(name, "Flux builds "+d.Spec.Path, "it runs no functions")
		}
	}
}

// argo looks at the options that Argo CD builds with: for all versions of kustomize, or for one.
func (f *functions) argo(name string, d document) {
	if d.Kind != "ConfigMap" || d.Metadata.Name != "argocd-cm" {
		return
	}
	for _, key := range slices.Sorted(maps.Keys(d.Data)) {
		if why := lacks("kustomize build "+d.Data[key], flags{}); why != "" && (key == "kustomize.buildOptions" || strings.HasPrefix(key, "kustomize.buildOptions.")) {
			f.found(name, "Argo CD builds with "+key+": "+d.Data[key], why)
		}
	}
}

// given is what a build may be given so as to be let in somewhere.
var given = regexp.MustCompile(`(\s(?:--token|--password|--env|-e)[= ])("[^"]*"|'[^']*'|\S+)`)

func (f *functions) found(what, build, why string) {
	fix := "commit what gitramp renders, and let that be built (gitramp render --write)"
	if strings.HasPrefix(why, "without") {
		fix = "give it " + alphaFlag + " " + execFlag + ", or " + fix
	}
	f.list = append(f.list, Finding{what, false, git.WithoutUsers(given.ReplaceAllString(build, "$1...")) + ": " + why, fix})
}

// command is a command of a script, with its line.
type command struct {
	line int
	text string
}

var builds = regexp.MustCompile(`\bkustomize\s+build\b[^|;&\n>)]*|\b(?:kubectl|oc)\s+kustomize\b[^|;&\n>)]*|\b(?:kubectl|oc)\s+(?:apply|create|diff|delete|replace)\s[^|;&\n>)]*(?:-k|--kustomize)\b[^|;&\n>)]*`)

// commands finds the builds in a text, in whatever language it is written. A line that goes on behind a backslash is one.
func commands(data []byte) (list []command) {
	var whole strings.Builder
	for i, line := range strings.Split(string(data), "\n") {
		if more, goesOn := strings.CutSuffix(strings.TrimRight(line, "\r"), "\\"); goesOn {
			whole.WriteString(more)
			continue
		}
		whole.WriteString(line)
		text := whole.String()
		whole.Reset()
		if !strings.HasPrefix(strings.TrimSpace(text), "#") {
			for _, found := range builds.FindAllString(text, -1) {
				found, _, _ = strings.Cut(found, `"}`) // of a line of YAML in braces
				list = append(list, command{i + 1, strings.Join(strings.Fields(strings.Trim(found, "`\"' ")), " ")})
			}
		}
	}
	return list
}

// flags are those that a file has somewhere, where a variable of a build may get them.
type flags struct{ alpha, exec bool }

// lacks says what becomes of a function in a build, "" where it runs.
func lacks(build string, held flags) string {
	has := func(flag string, held bool) bool {
		return strings.Contains(build, flag) && !strings.Contains(build, flag+"=false") || held && strings.Contains(build, "$")
	}
	switch alpha := has(alphaFlag, held.alpha); {
	case !strings.HasPrefix(build, "kustomize"):
		return "kubectl runs no exec function, it has no " + execFlag
	case alpha && has(execFlag, held.exec):
		return ""
	case alpha:
		return "without " + execFlag + " it leaves out what gitramp writes, and exits with 0"
	}
	return "without " + alphaFlag + " it fails: external plugins disabled"
}

// reaches says whether a build may come to a kustomization with gitramp in it: what it names is one that leads there, or nothing that lies here.
func (f *functions) reaches(build, file string) bool {
	for _, word := range strings.Fields(build)[1:] {
		word = strings.Trim(word, `"'`)
		for _, from := range []string{".", path.Dir(file)} {
			if dir := path.Join(from, word); f.dirs[dir].file != "" && !strings.HasPrefix(word, "-") {
				return f.leads[dir]
			}
		}
	}
	return true
}
