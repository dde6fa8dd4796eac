package doctor

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// kustomize build --enable-alpha-plugins without --enable-exec leaves the output of an exec function out and exits with 0 (kubernetes-sigs/kustomize#4399), kubectl
// has no such flag (kubernetes/kubectl#1498), and Flux runs no functions (fluxcd/pkg kustomize: DisabledPluginConfig). So whoever has gitramp as one is told what builds it without.

const (
	alphaFlag = "--enable-alpha-plugins"
	execFlag  = "--enable-exec"
	maxText   = 1 << 20
)

// functions is a repository in which gitramp is a function of some kustomization.
type functions struct {
	root  string
	dirs  map[string]kustomization // by directory
	files []string                 // that may build one
	with  []string                 // the directories whose kustomization has gitramp as a function
	list  []Finding
}

// kustomization is what counts of one.
type kustomization struct {
	file                                 string
	Resources, Components, Bases         []string
	Generators, Transformers, Validators []string
}

// lookForFunctions looks through the files of a repository; it finds nothing where gitramp is no function.
func lookForFunctions(root string) []Finding {
	f := &functions{root: root, dirs: map[string]kustomization{}}
	if err := f.walk(); err != nil {
		return []Finding{{"functions", false, err.Error(), "make that readable"}}
	}
	for dir, k := range f.dirs {
		if slices.ContainsFunc(slices.Concat(k.Generators, k.Transformers, k.Validators), func(entry string) bool { return f.isOurs(dir, entry) }) {
			f.with = append(f.with, dir)
		}
	}
	if f.with == nil {
		return nil
	}
	slices.Sort(f.with)
	for _, dir := range f.with {
		f.list = append(f.list, Finding{f.dirs[dir].file, true, "has gitramp as a function: kustomize build needs " + alphaFlag + " " + execFlag + " for it, and without the second leaves its output out and exits with 0", ""})
	}
	for _, name := range f.files {
		f.look(name)
	}
	return f.list
}

var kustomizationNames = []string{"kustomization.yaml", "kustomization.yml", "Kustomization"}

// builders are the names of files that run commands.
var builders = regexp.MustCompile(`(?i)^(.*makefile|.*\.mk|.*\.sh|.*\.bash|jenkinsfile.*|justfile|.*\.ya?ml|dockerfile.*|containerfile.*|tiltfile|.*\.groovy)$`)

func (f *functions) walk() error {
	return filepath.WalkDir(f.root, func(name string, d fs.DirEntry, err error) error {
		switch base := d.Name(); {
		case err != nil:
			return err
		case d.IsDir() && (base == ".git" || base == "node_modules" || base == "vendor") && name != f.root:
			return fs.SkipDir
		case !d.Type().IsRegular():
		case slices.Contains(kustomizationNames, base):
			rel, _ := filepath.Rel(f.root, name)
			k := kustomization{file: filepath.ToSlash(rel)}
			if yaml.Unmarshal(f.read(k.file), &k) == nil {
				f.dirs[path.Dir(k.file)] = k
			}
		case builders.MatchString(base):
			rel, _ := filepath.Rel(f.root, name)
			f.files = append(f.files, filepath.ToSlash(rel))
		}
		return nil
	})
}

// read is the text of a file, nil where it is none or too large.
func (f *functions) read(name string) []byte {
	at := filepath.Join(f.root, filepath.FromSlash(name))
	if info, err := os.Stat(at); err != nil || info.Size() > maxText {
		return nil
	}
	data, _ := os.ReadFile(at)
	return data
}

// isOurs says whether an entry of a kustomization's generators, transformers or validators is gitramp: a file, a directory of such, or the YAML itself.
func (f *functions) isOurs(dir, entry string) bool {
	if strings.Contains(entry, "\n") {
		return runsUs([]byte(entry))
	}
	at := path.Join(dir, entry)
	if k, there := f.dirs[at]; there {
		return slices.ContainsFunc(k.Resources, func(name string) bool { return runsUs(f.read(path.Join(at, name))) })
	}
	return runsUs(f.read(at))
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

// documents are the objects of a file, as far as it can be read.
func documents(data []byte) (docs []document) {
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	for {
		var n yaml.Node
		if err := decoder.Decode(&n); errors.Is(err, io.EOF) || err != nil {
			return docs
		}
		var d document
		if n.Decode(&d) == nil {
			docs = append(docs, d)
		}
	}
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
	for _, command := range commands(data) {
		if why := lacks(command.text, data); why != "" && f.reaches(command.text, name) {
			f.found(fmt.Sprintf("%s:%d", name, command.line), command.text, why)
		}
	}
	if ext := path.Ext(name); ext != ".yaml" && ext != ".yml" {
		return
	}
	for _, d := range documents(data) {
		f.argo(name, d)
		if strings.HasPrefix(d.APIVersion, "kustomize.toolkit.fluxcd.io/") && d.Kind == "Kustomization" && f.reachable(path.Clean(d.Spec.Path), nil) {
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
		if why := lacks("kustomize build "+d.Data[key], nil); why != "" && (key == "kustomize.buildOptions" || strings.HasPrefix(key, "kustomize.buildOptions.")) {
			f.found(name, "Argo CD builds with "+key+": "+d.Data[key], why)
		}
	}
}

func (f *functions) found(what, build, why string) {
	fix := "commit what gitramp renders, and let that be built (gitramp render --write)"
	if strings.HasPrefix(why, "without") {
		fix = "give it " + alphaFlag + " " + execFlag + ", or " + fix
	}
	f.list = append(f.list, Finding{what, false, build + ": " + why, fix})
}

// command is a command of a script, with its line.
type command struct {
	line int
	text string
}

var builds = regexp.MustCompile(`\bkustomize\s+build\b[^|;&\n>)]*|\b(?:kubectl|oc)\s+kustomize\b[^|;&\n>)]*|\b(?:kubectl|oc)\s+(?:apply|create|diff|delete|replace)\s[^|;&\n>)]*(?:-k|--kustomize)\b[^|;&\n>)]*`)

// commands finds the builds in a text, in whatever language it is written. A line that goes on behind a backslash is one.
func commands(data []byte) (list []command) {
	text := ""
	for i, line := range strings.Split(string(data), "\n") {
		if more, goesOn := strings.CutSuffix(strings.TrimRight(line, "\r"), "\\"); goesOn {
			text += more
			continue
		}
		text += line
		if !strings.HasPrefix(strings.TrimSpace(text), "#") {
			for _, found := range builds.FindAllString(text, -1) {
				found, _, _ = strings.Cut(found, `"}`) // of a line of YAML in braces
				list = append(list, command{i + 1, strings.Join(strings.Fields(strings.Trim(found, "`\"' ")), " ")})
			}
		}
		text = ""
	}
	return list
}

// lacks says what becomes of a function in a build, "" where it runs. Flags that a variable may hold are looked for in the whole file.
func lacks(build string, file []byte) string {
	has := func(flag string) bool {
		return strings.Contains(build, flag) && !strings.Contains(build, flag+"=false") || strings.Contains(build, "$") && bytes.Contains(file, []byte(flag))
	}
	switch {
	case !strings.HasPrefix(build, "kustomize"):
		return "kubectl runs no exec function, it has no " + execFlag
	case has(alphaFlag) && has(execFlag):
		return ""
	case has(alphaFlag):
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
				return f.reachable(dir, nil)
			}
		}
	}
	return true
}

// reachable says whether the kustomization of a directory is, or leads to, one with gitramp in it.
func (f *functions) reachable(dir string, above []string) bool {
	if slices.Contains(f.with, dir) {
		return true
	}
	k := f.dirs[dir]
	return !slices.Contains(above, dir) && slices.ContainsFunc(slices.Concat(k.Resources, k.Components, k.Bases), func(name string) bool {
		at := path.Join(dir, name)
		return f.dirs[at].file != "" && f.reachable(at, append(above, dir))
	})
}
