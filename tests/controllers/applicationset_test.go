package controllers

import (
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"text/template"

	"github.com/Masterminds/sprig/v3"
	"github.com/bmatcuk/doublestar/v4"
	"sigs.k8s.io/yaml"

	"github.com/gitramp/gitramp/render"
	"github.com/gitramp/gitramp/render/follow"
)

// TestApplicationSet: the ApplicationSet of a fleet makes, for each lock, what init writes for that app alone. Argo CD itself is not built: it is ten times what all
// else here is. What its generator does is little: it asks git ls-files for the pattern (or, where it is told so, doublestar), reads each file as YAML, adds where that
// lies (argoproj/argo-cd applicationset/generators/git.go) and executes each string as a template with sprig's functions (applicationset/utils/utils.go).
func TestApplicationSet(t *testing.T) {
	root := t.TempDir()
	apps := []follow.App{
		install(t, root, "seed", "deploy"),
		install(t, root, "gateway-filter", "deploy"),
		install(t, root, "all-fields", "live/here"),
	}
	if err := os.MkdirAll(filepath.Join(root, "deploy/other"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "deploy/other/kustomization.yaml"), []byte("resources: []\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	git(t, root, "init", "-q")
	git(t, root, "add", ".")
	branch := follow.Branch{URL: "https://forge.example.com/acme/deploy.git", Name: "main"}
	data, err := branch.ApplicationSet(apps)
	if err != nil {
		t.Fatal(err)
	}
	var set struct {
		Spec struct {
			GoTemplateOptions []string
			Generators        []struct {
				Git struct{ Files []struct{ Path string } }
			}
			SyncPolicy struct{ PreserveResourcesOnDeletion bool }
			Template   map[string]any
		}
	}
	if err := yaml.Unmarshal(data, &set); err != nil {
		t.Fatal(err)
	}
	if !set.Spec.SyncPolicy.PreserveResourcesOnDeletion { // else each Application gets a finalizer that deletes the app along with it (applicationset/utils/utils.go)
		t.Errorf("an Application that goes takes its app along:\n%s", data)
	}
	var made []any
	for _, f := range set.Spec.Generators[0].Git.Files {
		found := strings.FieldsFunc(git(t, root, "ls-files", "--full-name", "-z", "--", f.Path), func(r rune) bool { return r == 0 })
		globbed, err := doublestar.FilepathGlob(filepath.Join(root, f.Path))
		for i := range globbed {
			globbed[i] = strings.TrimPrefix(globbed[i], root+"/")
		}
		slices.Sort(globbed)
		if slices.Sort(found); err != nil || !slices.Equal(found, globbed) {
			t.Errorf("%s: git finds %v and globbing %v: %v", f.Path, found, globbed, err)
		}
		for _, name := range found {
			made = append(made, executed(t, set.Spec.Template, params(t, root, name), set.Spec.GoTemplateOptions))
		}
	}
	if len(made) != len(apps) {
		t.Fatalf("%d Applications are made of %d apps:\n%s", len(made), len(apps), data)
	}
	for _, a := range apps {
		if want := alone(t, branch, a); !slices.ContainsFunc(made, func(got any) bool { return reflect.DeepEqual(got, want) }) {
			t.Errorf("none is\n%v\nbut\n%v", want, made)
		}
	}
}

// install puts a golden tree where its app would be, below a directory.
func install(t *testing.T, root, fixture, below string) follow.App {
	t.Helper()
	trees, err := filepath.Glob("../../golden/" + fixture + "/02-*")
	if err != nil || len(trees) != 1 {
		t.Fatal(fixture, trees, err)
	}
	l := lockOf(t, trees[0])
	a := follow.App{Name: l.App, Namespace: l.Namespace, Path: path.Join(below, l.Namespace, l.App)}
	if err := os.CopyFS(filepath.Join(root, a.Path), os.DirFS(trees[0])); err != nil {
		t.Fatal(err)
	}
	return a
}

func git(t *testing.T, dir string, args ...string) string {
	t.Helper()
	out, err := exec.Command("git", append([]string{"-C", dir}, args...)...).Output()
	if err != nil {
		t.Fatalf("git %v: %v", args, err)
	}
	return string(out)
}

// params are what Argo CD's git files generator says of a file.
func params(t *testing.T, root, name string) map[string]any {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]any{}
	if err := yaml.Unmarshal(data, &all); err != nil {
		t.Fatal(err)
	}
	dir := path.Dir(name)
	all["path"] = map[string]any{"path": dir, "basename": path.Base(dir), "filename": render.LockFile, "segments": strings.Split(dir, "/")}
	return all
}

// executed is a value with every string of it executed as a template.
func executed(t *testing.T, v any, params map[string]any, options []string) any {
	t.Helper()
	switch v := v.(type) {
	case string:
		parsed, err := template.New("").Funcs(sprig.FuncMap()).Option(options...).Parse(v)
		var b strings.Builder
		if err == nil {
			err = parsed.Execute(&b, params)
		}
		if err != nil {
			t.Fatal(v, err)
		}
		return b.String()
	case map[string]any:
		all := map[string]any{}
		for key, value := range v {
			all[key] = executed(t, value, params, options)
		}
		return all
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = executed(t, v[i], params, options)
		}
		return list
	}
	return v
}

// alone is the Application that init writes for one app, as a template has it.
func alone(t *testing.T, branch follow.Branch, a follow.App) any {
	t.Helper()
	data, err := branch.Application(a, false)
	var object map[string]any
	if err == nil {
		err = yaml.Unmarshal(data, &object)
	}
	if err != nil {
		t.Fatal(err)
	}
	delete(object, "apiVersion")
	delete(object, "kind")
	delete(object["metadata"].(map[string]any), "namespace")
	return object
}
